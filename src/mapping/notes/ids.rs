//! What distinguishes the comments of one ticket, so that none is written twice
//! (protocol H3): the ids of the source, or a hash of what a comment says.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::listed::listed;
use crate::mapping::row_context::Findings;
use crate::model::attachment::Attachment;
use crate::model::issue::{Problem, Reason};
use crate::model::key::FoldedKey;
use crate::model::note::{Activity, Note};

/// In bytes. Longer ids, such as those of e-mails, are hashed, so that a key stays
/// below the 100 characters that a unique property certainly takes.
const LONGEST: usize = 60;

/// A comment without its key.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The id of the source.
    pub(crate) id: Option<String>,
    /// Hash of what it says.
    pub(crate) hash: [u8; 16],
    /// Milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// HTML.
    pub(crate) body: String,
    /// What it becomes.
    pub(crate) activity: Activity,
    /// Further properties.
    pub(crate) more: Vec<(Arc<str>, String)>,
    /// Its files.
    pub(crate) files: Vec<Attachment>,
    /// Its column.
    pub(crate) place: Arc<str>,
}

impl Draft {
    /// The same with a list of its files in place of a text.
    pub(crate) fn files_only(self) -> Draft {
        Draft {
            body: listed(&self.files),
            activity: Activity::Note,
            more: Vec::new(),
            ..self
        }
    }
}

/// The content of a comment as in the source.
pub(crate) struct Said<'e> {
    pub(crate) at: &'e str,
    pub(crate) author: &'e str,
    pub(crate) body: &'e str,
}

impl Said<'_> {
    /// Equal comments, equal hash.
    pub(crate) fn hash(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        for text in [self.at, self.author, self.body] {
            let _same = hasher.update(&(text.len() as u64).to_le_bytes());
            let _same = hasher.update(text.as_bytes());
        }
        short(hasher)
    }
}

/// The comments of a ticket with their keys, earliest first; those with the same time
/// keep their order. A repeated comment with the same id counts once; two with one id
/// and different content are a problem.
pub(crate) fn identified(
    mut drafts: Vec<Draft>,
    ticket: &str,
    findings: &mut Findings,
) -> Vec<Note> {
    drafts.sort_by_key(|draft| draft.at_ms);
    let mut equal: HashMap<(Activity, [u8; 16]), u32> = HashMap::new();
    // Portals may treat two keys that differ only by case as the same (protocol K2).
    let mut known = Ids::new();
    let mut notes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let id = match draft.id.as_deref().map(written) {
            Some(id) => match is_new(&mut known, &draft, &id) {
                Ok(true) => id,
                Ok(false) => continue,
                Err(problem) => {
                    findings.problems.push(*problem);
                    continue;
                }
            },
            None => {
                let count = equal.entry((draft.activity, draft.hash)).or_default();
                *count += 1;
                match *count {
                    1 => hex(draft.hash),
                    more => format!("{}-{more}", hex(draft.hash)),
                }
            }
        };
        notes.push(Note {
            key: format!("{ticket}:{}{id}", draft.activity.mark()),
            at_ms: draft.at_ms,
            body: draft.body,
            activity: draft.activity,
            more: draft.more,
            files: draft.files,
        });
    }
    notes
}

/// Ids by kind and folded form: the hash of the content, and how the id is spelled.
type Ids = HashMap<(Activity, FoldedKey), ([u8; 16], String)>;

/// Whether a comment is the first of its id; a problem if another one differs.
fn is_new(known: &mut Ids, draft: &Draft, id: &str) -> Result<bool, Box<Problem>> {
    match known.entry((draft.activity, FoldedKey::of(id))) {
        Entry::Vacant(entry) => {
            let _new = entry.insert((draft.hash, id.to_owned()));
            Ok(true)
        }
        Entry::Occupied(entry) => match entry.get() {
            (hash, other) if *hash == draft.hash && other == id => Ok(false),
            (_, other) => {
                let other = other.clone();
                let problem = Problem::new(Reason::RepeatedNote { other }).column(&*draft.place);
                Err(Box::new(problem.value(id)))
            }
        },
    }
}

/// An id as in a key: text, without invisible characters.
fn written(id: &str) -> String {
    if id.len() <= LONGEST && !id.chars().any(char::is_control) {
        return id.to_owned();
    }
    let mut hasher = blake3::Hasher::new();
    let _same = hasher.update(id.as_bytes());
    hex(short(hasher))
}

fn short(hasher: blake3::Hasher) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

fn hex(hash: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(id: Option<&str>, at_ms: i64, body: &str) -> Draft {
        let said = Said {
            at: &at_ms.to_string(),
            author: "a",
            body,
        };
        Draft {
            id: id.map(str::to_owned),
            hash: said.hash(),
            at_ms,
            body: body.to_owned(),
            activity: Activity::Note,
            more: Vec::new(),
            files: Vec::new(),
            place: Arc::from("Comment"),
        }
    }

    fn keys(drafts: Vec<Draft>) -> (Vec<String>, Vec<String>) {
        let mut findings = Findings::default();
        let notes = identified(drafts, "z-7", &mut findings);
        let problems = findings.problems.iter().map(ToString::to_string);
        (
            notes.into_iter().map(|note| note.key).collect(),
            problems.collect(),
        )
    }

    #[test]
    fn ids_of_the_source_make_keys_in_the_order_of_time() {
        let drafts = vec![draft(Some("9"), 2, "b"), draft(Some("8"), 1, "a")];
        assert_eq!(keys(drafts).0, ["z-7:8", "z-7:9"]);
    }

    #[test]
    fn equal_comments_without_ids_are_counted_apart() {
        let drafts = || {
            vec![
                draft(None, 1, "ok"),
                draft(None, 1, "ok"),
                draft(None, 1, "no"),
            ]
        };
        let (found, problems) = keys(drafts());
        assert_eq!((found.len(), problems.len()), (3, 0));
        assert_eq!(found[1], format!("{}-2", found[0]));
        assert!(found[0] != found[2] && found[0].len() == "z-7:".len() + 32);
        let mut turned = drafts();
        turned.reverse();
        let (mut again, _none) = keys(turned);
        again.sort();
        let mut sorted = found;
        sorted.sort();
        assert_eq!(again, sorted, "the order of equal ones is nothing");
    }

    #[test]
    fn a_comment_that_comes_twice_is_one_and_two_of_one_id_are_a_problem() {
        let (found, problems) = keys(vec![draft(Some("9"), 1, "a"), draft(Some("9"), 1, "a")]);
        assert_eq!((found.len(), problems.len()), (1, 0));
        for (one, other) in [("9", "9"), ("Ab", "aB")] {
            let (found, problems) =
                keys(vec![draft(Some(one), 1, "a"), draft(Some(other), 1, "b")]);
            assert_eq!((found.len(), problems.len()), (1, 1));
            assert!(
                problems[0].contains("give each comment an id of its own"),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn comments_and_calls_are_counted_apart() {
        let call = Draft {
            activity: Activity::Call,
            ..draft(Some("9"), 2, "b")
        };
        let (found, problems) = keys(vec![draft(Some("9"), 1, "a"), call]);
        assert_eq!(found, ["z-7:9", "z-7:call:9"]);
        assert!(problems.is_empty());
    }

    #[test]
    fn ids_that_are_no_ids_are_hashed() {
        let long = "x".repeat(61);
        let (found, _none) = keys(vec![
            draft(Some(&long), 1, "a"),
            draft(Some("a\u{7}"), 2, "b"),
        ]);
        assert!(
            found.iter().all(|key| key.len() == "z-7:".len() + 32),
            "{found:?}"
        );
    }
}
