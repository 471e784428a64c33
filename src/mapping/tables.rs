//! Value and people files: CSV files of two columns, next to a mapping. They are read once, when
//! the mapping is, so that a mapping stays the same while it is used. The only place of this room
//! that touches files.
//!
//! A mapping may come from somebody else, and messages about a file quote words of it. So only
//! regular files next to or below the mapping are read, none that a link leads to elsewhere, and
//! little of a file that is not a table is quoted.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::mapping::errors::{Problem, Problems};
use crate::mapping::nearest::{fold, nearest};
use crate::mapping::syntax::{At, Document, TableSpec};
use crate::model::visible::short;

/// In bytes; larger files are not tables that people fill in.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How many columns of a file a message names, and how much of each name.
const SHOWN: (usize, usize) = (8, 40);

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

/// Why a file is not a table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It can't be opened or read.
    #[error("it can't be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is not one of the mapping's files.
    #[error("it is not next to or below the mapping")]
    Elsewhere,
    /// It is a folder, a pipe or a device.
    #[error("it is not a regular file")]
    NoFile,
    /// It is larger than a table that a person fills in.
    #[error("it has more than {} MiB", LARGEST >> 20)]
    TooLarge,
    /// It is not CSV.
    #[error("{0}")]
    NoTable(#[from] csv::Error),
    /// It lacks one of the two columns.
    #[error("it has no column `{name}`{}", known_words(known))]
    NoColumn { name: String, known: Vec<String> },
}

impl Tables {
    /// Reads every file that a mapping names, from the mapping's folder. What is wrong
    /// with one is reported where the mapping names it.
    /// If `known` gives hashes, a file with another hash is not parsed: nothing of it is ever
    /// shown.
    pub(crate) fn load(
        document: &Document,
        folder: &Path,
        known: Option<&BTreeMap<String, String>>,
        problems: &Problems,
    ) -> Tables {
        let mut tables = Tables::default();
        for At { value: spec, span } in document.tables() {
            let text = place(folder, &spec.file).and_then(|path| contents(&path));
            if let (Some(known), Ok(text)) = (known, &text) {
                let hash = blake3::hash(text).to_hex().to_string();
                if known.get(&spec.file) != Some(&hash) {
                    let _same = tables.hashes.insert(spec.file.clone(), hash);
                    continue;
                }
            }
            match text.and_then(|text| Ok((lines_of(&text, spec)?, text))) {
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
    "the file must be next to the mapping and a CSV with the columns that `from` and `to` name";

impl Fault {
    fn nearest(&self) -> Option<&str> {
        match self {
            Fault::NoColumn { name, known } => nearest(name, known.iter().map(String::as_str)),
            Fault::Unreadable(_)
            | Fault::Elsewhere
            | Fault::NoFile
            | Fault::TooLarge
            | Fault::NoTable(_) => None,
        }
    }
}

/// Column of a value file that holds lines of several properties.
const PROPERTY: &str = "property";

/// Where a file is that a mapping in `folder` names.
pub(crate) fn place(folder: &Path, file: &str) -> Result<PathBuf, Fault> {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(file).components().all(inside) {
        return Err(Fault::Elsewhere);
    }
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let path = folder.join(file).canonicalize()?;
    match path.starts_with(folder.canonicalize()?) {
        true => Ok(path),
        false => Err(Fault::Elsewhere),
    }
}

/// Opening a pipe would wait for somebody to write to it, and devices have no end.
fn contents(path: &Path) -> Result<Vec<u8>, Fault> {
    if !fs::metadata(path)?.is_file() {
        return Err(Fault::NoFile);
    }
    let mut text = Vec::new();
    let _len = File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
    match text.len() as u64 > LARGEST {
        true => Err(Fault::TooLarge),
        false => Ok(text),
    }
}

/// The columns of a table are named by words; a file with other names is not a table, and may be a
/// secret.
fn known_words(known: &[String]) -> String {
    let is_name = |name: &String| !name.contains(|c: char| c.is_control() || c == '=');
    if !known.iter().all(is_name) {
        return ", and its first line names no columns".to_owned();
    }
    let (most, longest) = SHOWN;
    let shown = known.iter().take(most).map(|name| short(name, longest));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match known.len().saturating_sub(most) {
        0 => format!(", its columns are {shown}"),
        more => format!(", its columns are {shown} and {more} more"),
    }
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

/// Spreadsheets in half of Europe save with `;`.
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

    #[test]
    fn little_of_a_file_that_is_no_table_is_repeated() {
        let secret = "HOME=/root\u{0}HUBSPOT_ACCESS_TOKEN=pat-na1-secret\u{0}";
        assert_eq!(
            lines(secret, "from", "to"),
            Err("it has no column `from`, and its first line names no columns".to_owned())
        );
        let long = format!("{},b\n", "a".repeat(10_000));
        let said = lines(&long, "from", "to").expect_err("no table");
        assert!(said.len() < 150, "{said}");
        let many = vec!["a"; 1_000].join(",");
        let said = lines(&many, "from", "to").expect_err("no table");
        assert!(said.ends_with("a and 992 more"), "{said}");
    }

    #[test]
    fn only_files_beside_or_below_a_mapping_are_its_own() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("mine");
        fs::create_dir_all(folder.join("below")).expect("a folder");
        for file in ["people.csv", "mine/people.csv", "mine/below/people.csv"] {
            fs::write(root.path().join(file), "from,to\n").expect("written");
        }
        for own in ["people.csv", "./people.csv", "below/people.csv"] {
            let path = place(&folder, own).unwrap_or_else(|fault| panic!("{own}: {fault}"));
            assert!(contents(&path).is_ok(), "{own}");
        }
        let absolute = folder.join("people.csv");
        for other in [
            "../people.csv",
            "below/../people.csv",
            "/proc/self/environ",
            &absolute.to_string_lossy(),
        ] {
            let refused = place(&folder, other);
            assert!(matches!(refused, Err(Fault::Elsewhere)), "{other}");
        }
        assert!(matches!(
            place(&folder, "below").and_then(|path| contents(&path)),
            Err(Fault::NoFile)
        ));
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_and_no_device_is_read() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("mine");
        fs::create_dir(&folder).expect("a folder");
        fs::write(root.path().join("people.csv"), "from,to\n").expect("written");
        symlink("../people.csv", folder.join("out.csv")).expect("a link");
        symlink("/dev/zero", folder.join("zero.csv")).expect("a link");
        for link in ["out.csv", "zero.csv"] {
            let refused = place(&folder, link);
            assert!(matches!(refused, Err(Fault::Elsewhere)), "{link}");
        }
        assert!(matches!(
            contents(Path::new("/dev/zero")),
            Err(Fault::NoFile)
        ));
    }
}
