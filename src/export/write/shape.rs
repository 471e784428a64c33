//! The formats of files, and their metadata.

use std::io;

use serde::{Deserialize, Serialize};

use super::pack::Packing;
use crate::export::cell::Misfit;

/// The form of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Comma-separated values with a header.
    #[default]
    Csv,
    /// A JSON object a line.
    Jsonl,
    /// The same, with everything attached to a ticket in it.
    Case,
    /// Typed columns; compressed by itself.
    Parquet,
}

/// Which export a file belongs to: Parquet files contain this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Id of the run.
    pub run: String,
    /// HubSpot portal id.
    pub portal: u64,
    /// The portal's time when reading began, as text; "" if it is not known.
    pub extracted_at: String,
}

impl About {
    /// Names and values of these facts.
    pub fn pairs(&self) -> [(&'static str, String); 4] {
        [
            ("tickethaul.version", env!("CARGO_PKG_VERSION").to_owned()),
            ("tickethaul.run", self.run.clone()),
            ("tickethaul.portal", self.portal.to_string()),
            ("tickethaul.extracted_at", self.extracted_at.clone()),
        ]
    }
}

/// Format and compression, with options of single formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The form.
    pub form: Form,
    /// How a text form is compressed.
    pub packing: Packing,
    /// Puts a `'` before texts in CSV that a spreadsheet would take for formulas.
    pub escape_formulas: bool,
}

impl Shape {
    /// The ending of files of this shape.
    pub fn ending(self) -> String {
        let form = match self.form {
            Form::Csv => "csv",
            Form::Jsonl | Form::Case => "jsonl",
            Form::Parquet => "parquet",
        };
        let packing = match self.packing {
            _ if self.form == Form::Parquet => "",
            Packing::None => "",
            Packing::Gzip => ".gz",
            Packing::Zstd => ".zst",
        };
        format!("{form}{packing}")
    }
}

/// Why a row was not written.
#[derive(Debug)]
pub enum WriteError {
    /// One of its values does not fit; nothing of the row was written.
    Misfit(Misfit),
    /// The file can't be written.
    Io(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> WriteError {
        WriteError::Io(error)
    }
}
