//! Columns by name: exact first, then ignoring case, invisible characters and the kind
//! of blanks. Names may repeat; all positions of a name are kept. The columns that the
//! tool itself has added to a file are found if no other column has that name.

use std::collections::HashMap;

use crate::mapping::nearest::nearest;
use crate::mapping::syntax::ColumnName;
use crate::model::invisible::visible_name;
use crate::model::row::Headers;

/// The columns that the tool's own files add (refused.csv, done.csv). They are not the
/// user's, so they are not reported as unused.
const OWN: [&str; 13] = [
    "_line",
    "_code",
    "_column",
    "_value",
    "_hint",
    "_key",
    "_raw",
    "_step",
    "_fate",
    "_ticket_id",
    "_operation",
    "_link",
    "_remark",
];

/// The headers of an input, ready to be looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderIndex {
    names: Vec<String>,
    own: Vec<String>,
    exact: HashMap<String, Vec<usize>>,
    folded: HashMap<String, Vec<usize>>,
}

impl HeaderIndex {
    /// Indexes the headers of an input.
    pub(crate) fn new(headers: &Headers) -> HeaderIndex {
        let mut index = HeaderIndex {
            names: headers.names().to_vec(),
            own: headers.own().to_vec(),
            ..HeaderIndex::default()
        };
        for (idx, name) in headers.names().iter().enumerate() {
            index.exact.entry(name.clone()).or_default().push(idx);
            index.folded.entry(folded_name(name)).or_default().push(idx);
        }
        for (idx, name) in headers.own().iter().enumerate() {
            let positions = vec![headers.len() + idx];
            if !index.folded.contains_key(name) {
                let _none = index.folded.insert(name.clone(), positions);
            }
        }
        index
    }

    /// How many columns there are, without the tool's own.
    pub(crate) fn source_len(&self) -> usize {
        self.names.len()
    }

    /// Positions of a name, in file order; empty when the file lacks it.
    pub(crate) fn positions(&self, name: &str) -> &[usize] {
        match self.exact.get(name) {
            Some(positions) => positions,
            None => self
                .folded
                .get(&folded_name(name))
                .map_or(&[], Vec::as_slice),
        }
    }

    /// Positions of the columns that a mapping means, in file order.
    pub(crate) fn find(&self, column: &ColumnName) -> Vec<usize> {
        match column {
            ColumnName::Name(name) => self.positions(name).to_vec(),
            ColumnName::Pattern(pattern) => (0..self.names.len())
                .filter(|idx| pattern.is_match(&visible_name(self.name(*idx))))
                .collect(),
        }
    }

    /// The time zone that the pattern matches in the name of a column: its group `tz`.
    pub(crate) fn zone(&self, column: &ColumnName, idx: usize) -> Option<String> {
        let ColumnName::Pattern(pattern) = column else {
            return None;
        };
        let name = visible_name(self.name(idx));
        let zone = pattern.captures(&name)?.name("tz")?;
        Some(zone.as_str().to_owned())
    }

    /// All names in file order, without the tool's own.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The name at a position, as the file writes it.
    pub(crate) fn name(&self, idx: usize) -> &str {
        let own = || self.own.get(idx.checked_sub(self.names.len())?);
        let name = self.names.get(idx).or_else(own);
        name.map_or("", String::as_str)
    }

    /// The header most similar to a name.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names.iter().map(String::as_str))
    }

    /// Names of the columns whose position is not in `used`, without the tool's own. A
    /// column without a name is called by its number.
    pub(crate) fn unused(&self, used: &[bool]) -> Vec<String> {
        let is_unused = |idx: usize| !used.get(idx).copied().unwrap_or(false);
        self.names
            .iter()
            .enumerate()
            .filter(|(idx, name)| is_unused(*idx) && !OWN.contains(&name.as_str()))
            .map(|(idx, name)| match name.trim() {
                "" => format!("column {} (without a name)", idx + 1),
                _ => name.clone(),
            })
            .collect()
    }
}

fn folded_name(name: &str) -> String {
    visible_name(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn index(names: &[&str]) -> HeaderIndex {
        HeaderIndex::new(&Headers::new(
            names.iter().map(|name| (*name).to_owned()).collect(),
        ))
    }

    #[test]
    fn exact_names_come_before_loose_ones() {
        let index = index(&[
            "\u{feff} ID ",
            "id",
            "Status [list]",
            "Status",
            "Label",
            "Label",
        ]);
        assert_eq!(index.positions("id"), [1]);
        assert_eq!(index.positions("Id"), [0, 1]);
        assert_eq!(index.positions("status"), [3]);
        assert_eq!(index.positions("Label"), [4, 5]);
        assert!(index.positions("Priority").is_empty());
        assert_eq!(index.nearest("Stauts"), Some("Status"));
    }

    #[test]
    fn letters_that_nobody_sees_make_no_other_column() {
        let index = index(&["\u{a0}Id\u{200b}", "Ticket\u{a0}\u{ad}subject"]);
        assert_eq!(index.positions("id"), [0]);
        assert_eq!(index.positions("Ticket subject"), [1]);
        assert_eq!(index.positions("Ticket\u{202f} subject"), [1]);
        let pattern = ColumnName::Pattern(Regex::new("^Ticket subject$").expect("a pattern"));
        assert_eq!(index.find(&pattern), [1]);
    }

    #[test]
    fn own_columns_are_found_behind_those_of_the_file() {
        let headers = Headers::new(["Id", "_link"].map(str::to_owned).to_vec());
        let own = ["_ticket_id", "_link"].map(str::to_owned);
        let index = HeaderIndex::new(&headers.with_own(own.to_vec()));
        assert_eq!(index.positions("_ticket_id"), [2]);
        assert_eq!(index.name(2), "_ticket_id");
        assert_eq!(index.positions("_link"), [1], "the file's own comes first");
        assert_eq!((index.source_len(), index.names().len()), (2, 2));
    }

    #[test]
    fn patterns_find_columns_and_the_zone_in_their_names() {
        let index = index(&["Id", " Created at (America/New_York)", "Updated at (UTC)"]);
        let pattern = |text: &str| ColumnName::Pattern(Regex::new(text).expect("a pattern"));
        let dates = pattern(r"^(Created|Updated) at \((?<tz>[^)]+)\)$");
        assert_eq!(index.find(&dates), [1, 2]);
        assert_eq!(index.zone(&dates, 1).as_deref(), Some("America/New_York"));
        assert_eq!(index.zone(&dates, 0), None);
        let plain = pattern("^Updated");
        assert_eq!((index.find(&plain), index.zone(&plain, 2)), (vec![2], None));
    }

    #[test]
    fn unused_columns_leave_out_our_own() {
        let index = index(&["Id", "", "_line", "_hint", "_mine", "Id"]);
        let used = [true, false, false, false, false, false];
        assert_eq!(
            index.unused(&used),
            ["column 2 (without a name)", "_mine", "Id"]
        );
    }
}
