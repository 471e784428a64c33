//! A file that is met for the first time: checked, and a mapping proposed for it.

use super::{Ended, Rehearsal, Row};

/// A file, the proposal for it, and what was said with it.
pub struct Met {
    /// Where it lies.
    pub here: Rehearsal,
    /// What was said.
    pub init: Ended,
    /// The proposal.
    pub mapping: String,
}

/// `map init` on a file.
#[track_caller]
pub fn meet(file: impl AsRef<[u8]>) -> Met {
    let here = Rehearsal::new();
    here.write("in.csv", file);
    let init = here.run("map init in.csv -o m.toml").expect(0);
    here.run("map check m.toml").expect(0);
    let mapping = here.read("m.toml");
    Met {
        here,
        init,
        mapping,
    }
}

impl Met {
    /// The proposal, unedited, imported; then what stands in the portal, by subject.
    #[track_caller]
    pub fn import(&self, code: i32) -> Ended {
        self.here
            .run_embedded("import in.csv -m m.toml --run-dir run")
            .expect(code)
    }

    /// The tickets of the portal.
    #[track_caller]
    pub fn tickets(&self, properties: &str) -> Vec<Row> {
        let export = ["export", "--properties", properties, "-o", "out.csv"];
        self.here.run_embedded(export).expect(0);
        let mut rows = self.here.rows("out.csv");
        rows.sort();
        rows
    }

    /// Checks that the proposal has a line.
    #[track_caller]
    pub fn has(&self, line: &str) -> &Met {
        assert!(
            self.mapping.contains(line),
            "lacks {line}\n{}",
            self.mapping
        );
        self
    }

    /// Checks that something was said with it.
    #[track_caller]
    pub fn said(&self, words: &str) -> &Met {
        assert!(
            self.init.stderr.contains(words),
            "not said: {words}\n{}",
            self.init.stderr
        );
        self
    }
}

/// What `check` says of a file.
#[track_caller]
pub fn check(file: impl AsRef<[u8]>, code: i32) -> String {
    let here = Rehearsal::new();
    here.write("in.csv", file);
    let ended = here.run("check in.csv").expect(code);
    ended.stdout + &ended.stderr
}

/// The cells of a column.
pub fn values(rows: &[Row], column: &str) -> Vec<String> {
    rows.iter().map(|row| row[column].clone()).collect()
}
