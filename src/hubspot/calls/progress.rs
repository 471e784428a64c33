//! Makes sure that paged lists come to an end: a portal, or something in between, whose
//! pages go in circles would otherwise be asked for ever.

use std::collections::HashSet;

use crate::hubspot::error::CallError;

/// How many pages in a row may bring nothing new although there is a next page: what
/// was on them may be gone meanwhile.
const BARREN: usize = 10;

/// The progress of one list.
pub(crate) struct Progress {
    /// Whose list it is, for people: `the portal's owners`.
    what: String,
    /// More than any portal has.
    most: usize,
    cursors: HashSet<String>,
    ids: HashSet<String>,
    barren: usize,
}

impl Progress {
    /// A list that is about to be read; read after "the portal's reply can't be read: ".
    pub(crate) fn of(what: impl Into<String>, most: usize) -> Progress {
        Progress {
            what: what.into(),
            most,
            cursors: HashSet::new(),
            ids: HashSet::new(),
            barren: 0,
        }
    }

    /// Adds the ids of a page and the cursor after it; returns for each id whether it
    /// is new.
    ///
    /// # Errors
    /// If the list would never end.
    pub(crate) fn take<'a>(
        &mut self,
        ids: impl Iterator<Item = &'a str>,
        after: Option<&str>,
    ) -> Result<Vec<bool>, CallError> {
        let new: Vec<bool> = ids.map(|id| self.ids.insert(id.to_owned())).collect();
        self.barren = match new.contains(&true) {
            true => 0,
            false => self.barren + 1,
        };
        let Some(after) = after else { return Ok(new) };
        let what = &self.what;
        if !self.cursors.insert(after.to_owned()) {
            return Err(CallError::Garbled(format!(
                "{what} go round in pages: the cursor `{after}` came twice"
            )));
        }
        if self.barren >= BARREN {
            return Err(CallError::Garbled(format!(
                "{what} have no end: {BARREN} pages in a row brought nothing new"
            )));
        }
        if self.ids.len() > self.most {
            return Err(CallError::Garbled(format!(
                "{what} have no end: more than {} came, and more are to follow",
                self.most
            )));
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads pages until the end, or until giving up; returns the new ids.
    fn read(mut page: impl FnMut(usize) -> (Vec<String>, Option<String>)) -> Result<usize, String> {
        let mut progress = Progress::of("the portal's owners", 1_000);
        let mut count = 0;
        for call in 0..5_000 {
            let (ids, after) = page(call);
            let new = progress.take(ids.iter().map(String::as_str), after.as_deref());
            let new = new.map_err(|error| error.to_string())?;
            count += new.into_iter().filter(|is_new| *is_new).count();
            if after.is_none() {
                return Ok(count);
            }
        }
        panic!("it goes on");
    }

    fn ids(numbers: std::ops::Range<usize>) -> Vec<String> {
        numbers.map(|id| id.to_string()).collect()
    }

    #[test]
    fn a_list_that_ends_is_read_whole_and_each_id_counts_once() {
        let last = |call: usize| (call < 9).then(|| format!("c{call}"));
        let read = read(|call| (ids(call * 10..call * 10 + 15), last(call)));
        assert_eq!(read, Ok(105));
    }

    #[test]
    fn a_list_without_an_end_is_given_up() {
        let cycle = |call: usize| Some(["a", "b", "c"][call % 3].to_owned());
        let counter = |call: usize| Some(call.to_string());
        let read = |page: &dyn Fn(usize) -> (Vec<String>, Option<String>)| read(page);
        for (ended, words) in [
            (
                read(&|call| (ids(call..call + 1), cycle(call))),
                "the cursor `a` came twice",
            ),
            (
                read(&|call| (ids(0..3), cycle(call))),
                "the cursor `a` came twice",
            ),
            (
                read(&|call| (ids(0..3), counter(call))),
                "brought nothing new",
            ),
            (
                read(&|call| (ids(0..0), counter(call))),
                "brought nothing new",
            ),
            (
                read(&|call| (ids(call * 9..call * 9 + 9), counter(call))),
                "more than 1000 came",
            ),
        ] {
            let error = ended.expect_err(words);
            assert!(error.contains(words), "{error}");
        }
    }
}
