//! The result of an undo, or of its dry run: lines for people, and one JSON object for
//! programs.

use std::path::Path;

use serde_json::{Value, json};

use crate::model::count::{count, counted, counted_as};
use crate::model::visible::one_line;
use crate::review::undo::run::Undone;

/// An undo as it is shown.
pub struct UndoOutput<'a> {
    /// Its result.
    pub undone: &'a Undone,
    /// undo.csv; none in a dry run.
    pub file: Option<&'a Path>,
    /// Which part of the run is undone.
    pub part: Part,
    /// Contacts that the run created, which stay.
    pub contacts: u64,
}

impl UndoOutput<'_> {
    /// Rows with something left as it is.
    pub fn left(&self) -> u64 {
        self.undone.left.values().sum()
    }

    fn done(&self, word: &str) -> u64 {
        self.undone.done.get(word).copied().unwrap_or(0)
    }

    /// For programs; fields may be added, never changed.
    pub fn json(&self) -> Value {
        let examples = self.undone.examples.iter().map(
            |(place, left)| json!({"line": place, "code": left.code(), "words": left.words()}),
        );
        json!({
            "archived": self.done("archived"),
            "restored": self.done("restored"),
            "unlinked": self.done("unlinked"),
            "unchanged": self.done("unchanged"),
            "partly": self.done("partly"),
            "undone_before": self.done("before"),
            "noted": self.done("noted"),
            "notes": self.undone.notes,
            "files": self.undone.files,
            "files_left": self.undone.files_left,
            "left": self.undone.left,
            "contacts_left": self.contacts,
            "examples": examples.collect::<Vec<_>>(),
            "unknown": self.undone.unknown,
            "file": self.file.map(|path| path.display().to_string()),
            "stop": self.undone.stop.as_ref().map(ToString::to_string),
        })
    }

    /// For people: several lines, without a final line break.
    pub fn words(&self) -> String {
        let head = match (self.file, self.part) {
            (Some(_), Part::All) => "undone",
            (Some(_), Part::Created) => "deleted",
            (None, _) => "this is what an undo would do; nothing was changed",
        };
        let mut lines = vec![head.to_owned()];
        lines.extend(self.done_words());
        lines.extend(self.left_words());
        lines.extend(self.more_words());
        lines.join("\n")
    }

    fn done_words(&self) -> Vec<String> {
        let unchanged = match self.part {
            Part::All => "tickets are as they were before the run",
            Part::Created => "tickets are in the recycle bin already",
        };
        let mut lines: Vec<String> = [
            (
                "archived",
                "tickets that the run created go into the recycle bin",
            ),
            (
                "restored",
                "tickets get back the values that the run changed",
            ),
            ("unlinked", "tickets lose the links that the run made"),
            (
                "noted",
                "tickets lose nothing but the notes that the run made",
            ),
            (
                "partly",
                "tickets get back what nobody else has changed since",
            ),
            ("unchanged", unchanged),
            (
                "before",
                "rows were undone by an earlier undo, and are skipped",
            ),
        ]
        .into_iter()
        .filter(|(word, _)| self.done(word) > 0)
        .map(|(word, meaning)| line(self.done(word), word, meaning))
        .collect();
        lines.extend(self.gone_words());
        lines
    }

    /// Notes and files that are deleted.
    fn gone_words(&self) -> Vec<String> {
        let gone = [
            (self.undone.notes, "note", "go", "into the recycle bin"),
            (self.undone.files, "file", "are", "deleted"),
        ];
        let gone = gone.into_iter().filter(|(number, ..)| *number > 0);
        let words = gone.map(|(number, noun, verb, how)| {
            let made = if noun == "file" { "uploaded" } else { "made" };
            let (noun, verb) = match (number, verb) {
                (1, "go") => (noun.to_owned(), "goes"),
                (1, _) => (noun.to_owned(), "is"),
                (_, verb) => (format!("{noun}s"), verb),
            };
            line(number, &noun, &format!("that the run {made} {verb} {how}"))
        });
        words.collect()
    }

    fn left_words(&self) -> Vec<String> {
        let left = self.left();
        if left == 0 {
            return Vec::new();
        }
        let mut lines = vec![line(
            left,
            "left",
            "rows of which all or something stays as it is",
        )];
        let codes = self.undone.left.iter();
        lines.extend(codes.map(|(code, rows)| format!("             {} {code}", count(*rows))));
        let examples = self.undone.examples.iter();
        lines.extend(examples.map(|(place, left)| {
            format!("             line {place}: {}", one_line(&left.words()))
        }));
        let more = left.saturating_sub(self.undone.examples.len() as u64);
        if more > 0 {
            lines.push(format!("             and {}", counted(more, "more row")));
        }
        lines
    }

    /// Files that are left, and why.
    fn files_left_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (code, why) in [
            (
                "FILE_USED",
                "since notes that stay, or those of another run, name",
            ),
            ("FILE_CHANGED", "since somebody changed"),
        ] {
            if let Some(files) = self.undone.files_left.get(code) {
                let stays = counted_as(*files, "file stays", "files stay");
                let it = if *files == 1 { "it" } else { "them" };
                lines.push(format!("{stays} ({code}), {why} {it}"));
            }
        }
        lines
    }

    fn more_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.undone.hidden.is_empty() {
            let kinds: Vec<_> = self
                .undone
                .hidden
                .iter()
                .map(|kind| kind.plural())
                .collect();
            lines.push(format!(
                "the token may not read {}: whether somebody linked such records was not checked",
                kinds.join(", ")
            ));
        }
        lines.extend(self.files_left_words());
        if self.contacts > 0 {
            lines.push(format!(
                "{} that the run created",
                counted_as(self.contacts, "contact stays", "contacts stay")
            ));
        }
        if let Some(file) = self.file {
            lines.push(format!("each row: {}", file.display()));
        }
        if let Some(stop) = &self.undone.stop {
            lines.push(format!("stopped: {}; `tickethaul resume` continues", stop));
        }
        lines
    }
}

fn line(rows: u64, word: &str, meaning: &str) -> String {
    format!("{:>12} {word:<10} {meaning}", count(rows))
}

/// Which part of a run is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it, as far as nobody else has changed it.
    All,
    /// The tickets that it created, whoever has changed them since.
    Created,
}
