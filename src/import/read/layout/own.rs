//! Our own files as input (protocol R6): where the columns that we added are, and what they say
//! about a row.

use crate::import::read::record::Record;
use crate::import::settle::files::{DONE_COLUMNS, IDMAP_COLUMNS, REFUSED_COLUMNS};
use crate::model::invisible::{trim_invisible, visible_name};
use crate::model::row::{Kept, KeptEnd};

/// How many columns we added to the file of refused rows before it had steps.
const FIRST_REFUSED_COLUMNS: usize = 7;

/// How many columns we added to done.csv before it had remarks.
const FIRST_DONE_COLUMNS: usize = 4;

/// Columns of done.csv, one of which is enough to recognise it.
const DONE_TELLING: [&str; 2] = ["_fate", "_ticket_id"];

/// Positions of the cells in a file that we wrote, by meaning; all none in other files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnCells {
    pub(crate) line: Option<usize>,
    code: Option<usize>,
    key: Option<usize>,
    value: Option<usize>,
    raw: Option<usize>,
    fate: Option<usize>,
    operation: Option<usize>,
}

/// Positions of the columns that we added to a file: the last ones of their names, since
/// the source may have had such names itself. Empty if the file is not ours.
pub(crate) fn added(names: &[String]) -> Vec<usize> {
    let at = |column: &&str| names.iter().rposition(|name| name == column);
    let all = |columns: &[&str]| columns.iter().map(at).collect::<Option<Vec<usize>>>();
    let mut ours = Vec::new();
    if all(&REFUSED_COLUMNS[..FIRST_REFUSED_COLUMNS]).is_some() {
        ours.extend(REFUSED_COLUMNS.iter().filter_map(at));
    }
    if all(&DONE_COLUMNS[..FIRST_DONE_COLUMNS]).is_some() {
        ours.extend(DONE_COLUMNS.iter().filter_map(at));
    }
    ours.sort_unstable();
    ours
}

/// Why one of our files can no longer be trusted: some of the columns that we added are gone
/// or renamed, so that the outcome of its rows can't be known (R7). None if the file is
/// complete, or not ours. `refused` is the name of the file of refused rows.
pub(crate) fn damage(names: &[String], refused: &str) -> Option<String> {
    let folded: Vec<String> = names
        .iter()
        .map(|name| visible_name(name).to_lowercase())
        .collect();
    let sets = [
        (refused, &REFUSED_COLUMNS[..FIRST_REFUSED_COLUMNS], &[][..]),
        (
            "done.csv",
            &DONE_COLUMNS[..FIRST_DONE_COLUMNS],
            &DONE_TELLING[..],
        ),
    ];
    let damaged = sets.into_iter().find_map(|(file, columns, telling)| {
        let there = |wanted: &&&str| folded.iter().any(|name| name == *wanted);
        let exact = |wanted: &&&str| names.iter().any(|name| name == *wanted);
        let whole = columns.iter().filter(exact).count() == columns.len();
        let some = columns.iter().filter(there).count() > 1;
        let is_ours = some || telling.iter().any(|name| there(&name));
        (is_ours && !whole).then(|| lacking(file, columns, names))
    });
    damaged.or_else(|| {
        // Other tables have ticket keys and ids too.
        let there = |wanted: &str| folded.iter().any(|name| name == wanted);
        let is_ours = there("ticket_id") && (there("fate") || (there("operation") && there("key")));
        let whole = IDMAP_COLUMNS
            .iter()
            .all(|wanted| names.iter().any(|name| name == wanted));
        (is_ours && !whole).then(|| lacking("idmap.csv", &IDMAP_COLUMNS, names))
    })
}

/// Which columns a file lacks, and which were renamed.
fn lacking(file: &str, columns: &[&str], names: &[String]) -> String {
    let mut lacks = Vec::new();
    let mut called = Vec::new();
    for wanted in columns {
        if names.iter().any(|name| name == wanted) {
            continue;
        }
        let alike = |name: &&String| visible_name(name).eq_ignore_ascii_case(wanted);
        match names.iter().find(alike) {
            Some(name) => called.push(format!("\"{name}\" should be called {wanted}")),
            None => lacks.push(*wanted),
        }
    }
    let mut words = Vec::new();
    if !lacks.is_empty() {
        words.push(format!("it lacks {}", lacks.join(", ")));
    }
    words.extend(called);
    format!(
        "it is the {file} of a run, and damaged: {}",
        words.join("; ")
    )
}

impl OwnCells {
    /// For a file with these names, some of which we added.
    pub(crate) fn new(names: &[String], added: &[usize]) -> OwnCells {
        let cell = |wanted: &str| added.iter().copied().find(|&idx| names[idx] == wanted);
        // idmap.csv is entirely ours, so nothing was added to it; users may have added their own
        // columns.
        let at = |wanted: &str| names.iter().position(|name| name == wanted);
        let is_idmap = IDMAP_COLUMNS.iter().all(|wanted| at(wanted).is_some());
        let of_idmap = |wanted: &str| at(wanted).filter(|_| is_idmap);
        OwnCells {
            line: cell("_line"),
            code: cell("_code"),
            key: cell("_key"),
            value: cell("_value"),
            raw: cell("_raw"),
            fate: cell("_fate").or_else(|| of_idmap("fate")),
            operation: cell("_operation").or_else(|| of_idmap("operation")),
        }
    }

    /// What an earlier run wrote about a row; none if it wrote nothing.
    pub(crate) fn kept(&self, record: Record<'_>) -> Option<Box<Kept>> {
        let text = |cell: Option<usize>| {
            let text = std::str::from_utf8(record.get(cell?)).ok()?;
            let text = trim_invisible(text);
            (!text.is_empty()).then(|| text.into())
        };
        let end = || KeptEnd {
            fate: text(self.fate).unwrap_or_default(),
            operation: text(self.operation).unwrap_or_default(),
        };
        let kept = Kept {
            line: text(self.line),
            code: text(self.code),
            key: text(self.key),
            value: text(self.value),
            end: self.fate.and(self.operation).map(|_both| end()),
        };
        (kept != Kept::default()).then(|| Box::new(kept))
    }

    /// The record in `_raw`, if there is one.
    pub(crate) fn raw<'r>(&self, record: Record<'r>) -> Option<&'r [u8]> {
        let raw = record.get(self.raw?);
        (!raw.trim_ascii().is_empty()).then_some(raw)
    }

    /// What a record was refused for before it could be cut into cells.
    pub(crate) fn code<'r>(&self, record: Record<'r>) -> &'r [u8] {
        self.code
            .map_or(&[][..], |code| record.get(code).trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damage_of(names: &[&str]) -> Option<String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        damage(&names, "refused.csv")
    }

    #[test]
    fn files_of_ours_that_lost_columns_are_told_from_files_of_others() {
        for names in [
            &["Id", "S"][..],
            &["Id", "_raw"],
            &["Id", "_key"],
            &["Id", "_link", "S"],
            &["_time", "_value", "_field"],
            &["_id", "_index", "_source"],
            &["key", "ticket_id"],
            &["ticket_id", "operation"],
            &["hs_object_id"],
            &["key", "ticket_id", "fate", "operation"],
            &["note", "key", "ticket_id", "fate", "operation"],
            &[
                "Id", "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
            ],
            &["Id", "_fate", "_ticket_id", "_operation", "_link"],
            &[
                "Id",
                "_fate",
                "_ticket_id",
                "_operation",
                "_link",
                "_remark",
            ],
        ] {
            assert_eq!(damage_of(names), None, "{names:?}");
        }
        for (names, words) in [
            (
                &["Id", "_line", "_code", "_column", "_value", "_hint", "_raw"][..],
                "it is the refused.csv of a run, and damaged: it lacks _key",
            ),
            (
                &[
                    "Id", "_LINE", "_Code", "_column", "_value", "_hint", "_key", "_raw",
                ],
                "it is the refused.csv of a run, and damaged: \"_LINE\" should be called _line; \"_Code\" should \
                 be called _code",
            ),
            (
                &["Id", "_code", "_key"],
                "it is the refused.csv of a run, and damaged: it lacks _line, _column, _value, _hint, _raw",
            ),
            (
                &["Id", "_ticket_id"],
                "it is the done.csv of a run, and damaged: it lacks _fate, _operation, _link",
            ),
            (
                &["Id", "_Fate", "_ticket_id", "_operation", "_link"],
                "it is the done.csv of a run, and damaged: \"_Fate\" should be called _fate",
            ),
            (
                &["key", "ticket_id", "Fate", "operation"],
                "it is the idmap.csv of a run, and damaged: \"Fate\" should be called fate",
            ),
            (
                &["ticket_id", "fate"],
                "it is the idmap.csv of a run, and damaged: it lacks key, operation",
            ),
        ] {
            assert_eq!(damage_of(names).as_deref(), Some(words), "{names:?}");
        }
    }
}
