//! A table in parts with Hive-style names: `createdate_month=2026-09/<run>-0000.parquet`.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::rows::Rows;
use super::shape::{About, Shape, WriteError};
use super::sink::{FileFacts, Sink};
use crate::export::cell::{Cell, instant_of};
use crate::export::columns::Column;

/// Files that are open at the same time; beyond that the least recently used one is closed, and its
/// part gets another file when needed.
const OPEN: usize = 100;

/// Hive's name for the part without a value.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// What tickets are split by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartBy {
    /// Internal name of a property.
    pub property: String,
    /// Which unit of its value.
    pub unit: Unit,
    /// The zone in which days begin and end.
    pub zone: TimeZone,
    /// What people see for stored values, if parts are named by it.
    pub labels: HashMap<String, String>,
    /// Whether the portal does not have the property any more: tickets stay where they are.
    pub lost: bool,
}

/// What values in the same part have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// All of it.
    Value,
    /// Its year.
    Year,
    /// Its month.
    Month,
    /// Its day.
    Day,
}

impl PartBy {
    /// Name of the part that a value belongs to.
    pub fn part(&self, value: Option<&str>) -> String {
        let zone = &self.zone;
        let (suffix, word) = match self.unit {
            Unit::Value => ("", value.map(|value| escaped(&self.shown(value)))),
            Unit::Year => (
                "_year",
                day(value, zone).map(|d| d.strftime("%Y").to_string()),
            ),
            Unit::Month => (
                "_month",
                day(value, zone).map(|d| d.strftime("%Y-%m").to_string()),
            ),
            Unit::Day => (
                "_day",
                day(value, zone).map(|d| d.strftime("%Y-%m-%d").to_string()),
            ),
        };
        let word = word.filter(|word| !word.is_empty());
        format!(
            "{}{suffix}={}",
            self.property,
            word.as_deref().unwrap_or(NO_VALUE)
        )
    }

    /// What people see for a value, for each of several; what has no label stays.
    fn shown(&self, value: &str) -> String {
        let label = |value: &str| self.labels.get(value).cloned();
        label(value).unwrap_or_else(|| {
            let each = value.split(';');
            let each = each.map(|one| label(one).unwrap_or_else(|| one.to_owned()));
            each.collect::<Vec<String>>().join(";")
        })
    }
}

fn day(value: Option<&str>, zone: &TimeZone) -> Option<Date> {
    let value = value?;
    if value.len() == 10 {
        return value.parse().ok();
    }
    Some(instant_of(value)?.to_zoned(zone.clone()).date())
}

/// As Hive writes values in folder names: characters special in paths as `%XX`.
fn escaped(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    let mut name = String::new();
    for c in value.chars() {
        match plain(c) {
            true => name.push(c),
            false => c
                .to_string()
                .bytes()
                .for_each(|byte| name.push_str(&format!("%{byte:02X}"))),
        }
    }
    name
}

/// The open files of one table of a data set, a folder for each part.
pub struct Parts {
    /// The folder of the table.
    root: PathBuf,
    shape: Shape,
    columns: Vec<Column>,
    about: About,
    open: BTreeMap<String, Part>,
    /// Files begun in each part.
    begun: BTreeMap<String, usize>,
    ended: Vec<FileFacts>,
    writes: u64,
}

struct Part {
    rows: Rows,
    written_at: u64,
}

impl Parts {
    /// No file exists before its first row.
    pub fn open(root: PathBuf, shape: Shape, columns: &[Column], about: &About) -> Parts {
        Parts {
            root,
            shape,
            columns: columns.to_vec(),
            about: about.clone(),
            open: BTreeMap::new(),
            begun: BTreeMap::new(),
            ended: Vec::new(),
            writes: 0,
        }
    }

    /// Writes a row into a part; "" is the table's folder itself.
    pub fn write(&mut self, name: &str, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        if !self.open.contains_key(name) {
            self.make_room()?;
            let rows = self.begin(name)?;
            let part = Part {
                rows,
                written_at: 0,
            };
            let _none = self.open.insert(name.to_owned(), part);
        }
        self.writes += 1;
        match self.open.get_mut(name) {
            Some(part) => {
                part.written_at = self.writes;
                part.rows.write(cells)
            }
            None => Ok(()),
        }
    }

    /// Whether there is a file.
    pub fn has_files(&self) -> bool {
        !(self.open.is_empty() && self.ended.is_empty())
    }

    /// Begins the file of a part that may stay without rows.
    pub fn begin_empty(&mut self, name: &str) -> io::Result<()> {
        let rows = self.begin(name)?;
        let part = Part {
            rows,
            written_at: 0,
        };
        let _none = self.open.insert(name.to_owned(), part);
        Ok(())
    }

    /// Begins a file. Names sort like the rows in them: the files of a part follow one another in
    /// id order.
    fn begin(&mut self, name: &str) -> io::Result<Rows> {
        let folder = self.root.join(name);
        fs::create_dir_all(&folder)?;
        let number = self.begun.entry(name.to_owned()).or_default();
        let (run, ending) = (&self.about.run, self.shape.ending());
        let file = folder.join(format!("{run}-{number:04}.{ending}"));
        *number += 1;
        let sink = Sink::file(file)?;
        Rows::open_one_of_many(self.shape, &self.columns, sink, &self.about)
    }

    fn make_room(&mut self) -> io::Result<()> {
        if self.open.len() < OPEN {
            return Ok(());
        }
        let mut parts = self.open.iter();
        let first = parts.next();
        let longest = parts.fold(first, |longest, part| match longest {
            Some(other) if other.1.written_at <= part.1.written_at => Some(other),
            _ => Some(part),
        });
        let name = longest.map(|(name, _)| name.clone()).unwrap_or_default();
        self.end(&name)
    }

    /// Finishes the file of a part; further rows of the part go into another.
    pub fn end(&mut self, name: &str) -> io::Result<()> {
        if let Some(part) = self.open.remove(name) {
            self.ended.push(part.rows.finish()?);
        }
        Ok(())
    }

    /// Finishes all files; returns what is known about each.
    pub fn finish(mut self) -> io::Result<Vec<FileFacts>> {
        let names: Vec<String> = self.open.keys().cloned().collect();
        names.iter().try_for_each(|name| self.end(name))?;
        Ok(self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_names_that_hive_reads() {
        let by = |unit| PartBy {
            property: "p".to_owned(),
            unit,
            zone: TimeZone::get("Europe/Berlin").expect("a zone"),
            labels: [("7", "In work"), ("a", "A/1"), ("b", "B")]
                .map(|(value, label)| (value.to_owned(), label.to_owned()))
                .into(),
            lost: false,
        };
        let cases = [
            (Unit::Month, Some("2026-08-31T22:30:00Z"), "p_month=2026-09"),
            (Unit::Day, Some("2026-08-31"), "p_day=2026-08-31"),
            (Unit::Year, Some("1788256800123"), "p_year=2026"),
            (Unit::Year, None, "p_year=__HIVE_DEFAULT_PARTITION__"),
            (
                Unit::Year,
                Some("soon"),
                "p_year=__HIVE_DEFAULT_PARTITION__",
            ),
            (Unit::Value, Some("a/b=ü"), "p=a%2Fb%3Dü"),
            (Unit::Value, Some("7"), "p=In work"),
            (Unit::Value, Some("a;b;c"), "p=A%2F1%3BB%3Bc"),
            (Unit::Value, Some(""), "p=__HIVE_DEFAULT_PARTITION__"),
        ];
        for (unit, value, expected) in cases {
            assert_eq!(by(unit).part(value), expected);
        }
    }
}
