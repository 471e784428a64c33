//! Value and people files: CSV files of two columns that stand beside a mapping.
//! They are read once, when the mapping is, so that a mapping stays the same while
//! it is used. The only place of this room that touches files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use crate::mapping::errors::{Problem, Problems};
use crate::mapping::nearest::{fold, nearest};
use crate::mapping::shape::{At, Document, TableSpec};

/// Larger files are no tables that people fill in; in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The files of a mapping, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    read: HashMap<TableSpec, Vec<TableLine>>,
    hashes: BTreeMap<String, String>,
}

/// A filled-in line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableLine {
    /// A text of the source.
    pub(crate) from: String,
    /// What it becomes; never blank.
    pub(crate) to: String,
}

/// Why a file is no table.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// It can't be opened or read.
    #[error("it can't be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is no file of lines that a person has filled in.
    #[error("it has more than {} MiB", LARGEST >> 20)]
    TooLarge,
    /// It is no CSV.
    #[error("{0}")]
    NoTable(#[from] csv::Error),
    /// It lacks one of the two columns.
    #[error("it has no column `{name}`, its columns are {}", known.join(", "))]
    NoColumn { name: String, known: Vec<String> },
}

impl Tables {
    /// Reads every file that a mapping names, from the mapping's folder. What is wrong
    /// with one is reported where the mapping names it.
    pub(crate) fn load(document: &Document, folder: &Path, problems: &Problems) -> Tables {
        let mut tables = Tables::default();
        for At { value: spec, span } in document.tables() {
            let path = folder.join(&spec.file);
            match contents(&path).and_then(|text| Ok((lines_of(&text, spec)?, text))) {
                Ok((lines, text)) => {
                    let hash = blake3::hash(&text).to_hex().to_string();
                    let _same = tables.hashes.insert(spec.file.clone(), hash);
                    let _same = tables.read.insert(spec.clone(), lines);
                }
                Err(fault) => {
                    let problem =
                        Problem::new(&span, format!("`{}` can't be used: {fault}", spec.file));
                    problems.report(problem.suggest(fault.nearest(), HELP));
                }
            }
        }
        tables
    }

    /// The files that were read, as the mapping names them, with BLAKE3 in hex.
    pub(crate) fn hashes(&self) -> &BTreeMap<String, String> {
        &self.hashes
    }

    /// The lines of a file; none for one that was never loaded.
    pub(crate) fn lines(&self, spec: &TableSpec) -> &[TableLine] {
        self.read.get(spec).map_or(&[], Vec::as_slice)
    }
}

const HELP: &str =
    "a file stands beside the mapping and is a CSV with the columns that `from` and `to` name";

impl Fault {
    fn nearest(&self) -> Option<&str> {
        match self {
            Fault::NoColumn { name, known } => nearest(name, known.iter().map(String::as_str)),
            Fault::Unreadable(_) | Fault::TooLarge | Fault::NoTable(_) => None,
        }
    }
}

/// Column of a value file that holds lines of several properties.
const PROPERTY: &str = "property";

fn contents(path: &Path) -> Result<Vec<u8>, Fault> {
    if fs::metadata(path)?.len() > LARGEST {
        return Err(Fault::TooLarge);
    }
    Ok(fs::read(path)?)
}

/// Lines whose `to` is blank were not filled in yet and say nothing.
fn lines_of(text: &[u8], spec: &TableSpec) -> Result<Vec<TableLine>, Fault> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text);
    let headers = reader.headers()?.clone();
    let [from, to] = [column(&headers, &spec.from)?, column(&headers, &spec.to)?];
    let whose = column(&headers, PROPERTY).ok().zip(spec.property.as_ref());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record?;
        let cell = |idx| record.get(idx).unwrap_or("").trim();
        let is_ours = whose.is_none_or(|(idx, name)| cell(idx).is_empty() || cell(idx) == name);
        let (from, to) = (cell(from), cell(to));
        if is_ours && !from.is_empty() && !to.is_empty() {
            lines.push(TableLine {
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
    }
    Ok(lines)
}

/// Spreadsheets of half of Europe save with `;`.
fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or(text);
    let count = |mark: u8| header.iter().filter(|byte| **byte == mark).count();
    if count(b';') > count(b',') {
        b';'
    } else {
        b','
    }
}

fn column(headers: &csv::StringRecord, name: &str) -> Result<usize, Fault> {
    let found = headers.iter().position(|header| fold(header) == fold(name));
    found.ok_or_else(|| Fault::NoColumn {
        name: name.to_owned(),
        known: headers.iter().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, from: &str, to: &str) -> Result<Vec<(String, String)>, String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("written");
        let spec = TableSpec {
            file: String::new(),
            from: from.to_owned(),
            to: to.to_owned(),
            property: Some("stage".to_owned()),
        };
        let read = contents(file.path()).and_then(|text| lines_of(&text, &spec));
        let lines = read.map_err(|fault| fault.to_string())?;
        let lines = lines.into_iter().map(|line| (line.from, line.to));
        Ok(lines.collect())
    }

    #[test]
    fn two_columns_are_found_by_name_and_blanks_say_nothing() {
        let expected = vec![
            ("Ann".to_owned(), "a@x.example".to_owned()),
            ("B, C".to_owned(), "b@x.example".to_owned()),
        ];
        for text in [
            "Name,Count,Email\nAnn,3, a@x.example \nNobody,1,\n\"B, C\",2,b@x.example\n",
            "\u{feff}name;count;EMAIL\r\nAnn;3;a@x.example\r\nNobody;1\r\nB, C;2;b@x.example\r\n",
        ] {
            assert_eq!(lines(text, "Name", "Email"), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn lines_of_other_properties_are_passed_over() {
        let text = "property,from,to\nstage,open,New\nowner,open,Ann\n,closed,Closed\n";
        let line = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let expected = vec![line("open", "New"), line("closed", "Closed")];
        assert_eq!(lines(text, "from", "to"), Ok(expected));
    }

    #[test]
    fn a_file_that_is_no_table_says_why() {
        assert_eq!(
            lines("Name,Mail\n", "Name", "Email"),
            Err("it has no column `Email`, its columns are Name, Mail".to_owned())
        );
        assert!(lines("from,to\n\u{0}", "from", "to").is_ok());
        let missing = contents(Path::new("no such file"));
        assert!(matches!(missing, Err(Fault::Unreadable(_))));
    }
}
