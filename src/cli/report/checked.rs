//! The page that a check writes: of files alone, or against a mapping.

use std::path::Path;

use jiff::Timestamp;

use super::head;
use crate::cli::console::Console;
use crate::cli::output::new_file;
use crate::error::{Cause, Error};
use crate::import::read::Input;
use crate::journal::now;
use crate::model::check::CheckReport;
use crate::model::count::counted_as;
use crate::model::run_report::{ReportHead, ReportedFile};
use crate::output::{Privacy, Target};
use crate::report::{Surveyed, check_html, survey_html};

/// Where the page of a check goes, and what it is about.
pub struct CheckPage {
    target: Target,
    inputs: Vec<ReportedFile>,
    begun: Timestamp,
}

impl CheckPage {
    /// Where the page goes, decided before anything is read; with `force` an existing page is
    /// replaced.
    ///
    /// # Errors
    /// When there is one already, or when the path is not that of a file.
    pub fn at(path: &Path, force: bool) -> Result<CheckPage, Error> {
        let target = new_file(path, &["html", "htm"], force)?;
        if let Target::Stdout(_) = target {
            let words = "--report takes a file: the check itself goes to standard output";
            return Err(Error::usage(words).advise("name a .html file"));
        }
        Ok(CheckPage {
            target,
            inputs: Vec::new(),
            begun: now(),
        })
    }

    /// Records what is read, with its hashes.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn about(&mut self, input: &Input) -> Result<(), Error> {
        let mut files = head::files(&input.fingerprints()?);
        for (file, facts) in files.iter_mut().zip(input.facts()) {
            // The name as typed: standard input is read from a file of ours.
            file.name = facts.name;
        }
        self.inputs = files;
        Ok(())
    }

    fn head(&self, state: String) -> ReportHead {
        let name = match self.inputs.first() {
            Some(file) => Path::new(&file.name),
            None => Path::new("check"),
        };
        ReportHead {
            inputs: self.inputs.clone(),
            ..head::bare(name, &state, (self.begun, now()))
        }
    }

    fn keep(&self, page: Result<String, impl Into<Cause>>, console: &Console) -> Result<(), Error> {
        self.target
            .write(&page.map_err(head::unmade)?, Privacy::Private)?;
        if let Target::File(path) = &self.target {
            console.say(&format!("the report: {}", path.display()));
        }
        Ok(())
    }

    /// Writes the page of a check against a mapping, given by its path and text, and against a
    /// portal.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(
        &self,
        report: &CheckReport,
        path: &Path,
        text: &str,
        portal: (u64, String),
        console: &Console,
    ) -> Result<(), Error> {
        let head = ReportHead {
            portal: Some(portal),
            mapping: Some(head::text_file(path.display().to_string(), text)),
            ..self.head(refused_words(report.refused))
        };
        self.keep(check_html(&head, report), console)
    }

    /// Writes the page of files that were checked without a mapping; `refused` is how many of their
    /// rows no mapping could read.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write_survey(
        &self,
        refused: u64,
        surveyed: impl FnOnce(ReportHead) -> Surveyed,
        console: &Console,
    ) -> Result<(), Error> {
        let surveyed = surveyed(self.head(refused_words(refused)));
        self.keep(survey_html(&surveyed), console)
    }
}

fn refused_words(rows: u64) -> String {
    match rows {
        0 => "no row would be refused".to_owned(),
        rows => format!("{} be refused", counted_as(rows, "row would", "rows would")),
    }
}
