//! A folder of parts with Hive-style names: `createdate_month=2026-09/part-0.parquet`.
//! It is built beside its place and renamed when it is whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::rows::{Rows, Shape, WriteError};
use super::sink::{FileFacts, Sink};
use crate::export::columns::Column;
use crate::export::project::{Cell, instant_of};
use crate::output::{PartFile, Privacy, part_of};

/// Files that are open at the same time; beyond that the one that was not written to
/// for longest is ended, and the next of its part begins when it is needed.
const OPEN: usize = 100;

/// What Hive and its readers take for no value.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// What tickets are parted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartBy {
    /// Internal name of a property.
    pub property: String,
    /// What of its value.
    pub unit: Unit,
    /// Days are days there.
    pub zone: TimeZone,
}

/// What of a value is the same in a part.
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
    fn part(&self, value: Option<&str>) -> String {
        let zone = &self.zone;
        let (suffix, word) = match self.unit {
            Unit::Value => ("", value.map(escaped)),
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
}

fn day(value: Option<&str>, zone: &TimeZone) -> Option<Date> {
    let value = value?;
    if value.len() == 10 {
        return value.parse().ok();
    }
    Some(instant_of(value)?.to_zoned(zone.clone()).date())
}

/// As Hive writes values in names of folders: signs of paths as `%XX`.
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

/// An open folder of parts.
pub struct Parts {
    building: PathBuf,
    path: PathBuf,
    _claim: PartFile,
    by: PartBy,
    shape: Shape,
    columns: Vec<Column>,
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
    /// Begins a folder; one that stands there is replaced at the end.
    pub fn open(path: PathBuf, by: PartBy, shape: Shape) -> io::Result<Parts> {
        let claim = PartFile::claim(path.clone(), Privacy::Usual)?;
        bring_back(&path)?;
        let building = part_of(&path, "parts");
        if building.exists() {
            fs::remove_dir_all(&building)?;
        }
        fs::create_dir(&building)?;
        Ok(Parts {
            building,
            path,
            _claim: claim,
            by,
            shape,
            columns: Vec::new(),
            open: BTreeMap::new(),
            begun: BTreeMap::new(),
            ended: Vec::new(),
            writes: 0,
        })
    }

    /// The folder while it is built; what is put there appears with it.
    pub fn root(&self) -> &Path {
        &self.building
    }

    /// Says what columns the files have, before the first row.
    pub fn begin_with(&mut self, columns: &[Column]) {
        self.columns = columns.to_vec();
    }

    /// Writes a row into the part of this value.
    pub fn write(&mut self, value: Option<&str>, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        let name = self.by.part(value);
        if !self.open.contains_key(&name) {
            self.make_room()?;
            let rows = self.begin(&name)?;
            let part = Part {
                rows,
                written_at: 0,
            };
            let _none = self.open.insert(name.clone(), part);
        }
        self.writes += 1;
        match self.open.get_mut(&name) {
            Some(part) => {
                part.written_at = self.writes;
                part.rows.write(cells)
            }
            None => Ok(()),
        }
    }

    fn begin(&mut self, name: &str) -> io::Result<Rows> {
        let folder = self.building.join(name);
        fs::create_dir_all(&folder)?;
        let number = self.begun.entry(name.to_owned()).or_default();
        let file = folder.join(format!("part-{number}.{}", self.shape.ending()));
        *number += 1;
        Rows::open_one_of_many(self.shape, &self.columns, Sink::file(file)?)
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

    fn end(&mut self, name: &str) -> io::Result<()> {
        if let Some(part) = self.open.remove(name) {
            self.ended.push(part.rows.finish()?);
        }
        Ok(())
    }

    /// Ends all parts; `beside` puts more into the folder, the manifest last. Then the
    /// folder appears under its name, if `replaceable` has nothing against what stands
    /// there.
    pub fn finish(
        mut self,
        beside: impl FnOnce(&Path, &[FileFacts]) -> io::Result<()>,
        replaceable: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let names: Vec<String> = self.open.keys().cloned().collect();
        names.iter().try_for_each(|name| self.end(name))?;
        let root = self.building.as_path();
        for file in &mut self.ended {
            let inside = file.path.take().and_then(|path| {
                let inside = path.strip_prefix(root).ok()?;
                Some(inside.to_owned())
            });
            file.path = inside;
        }
        self.ended.sort_by(|left, right| left.path.cmp(&right.path));
        beside(root, &self.ended)?;
        replaceable(&self.path)?;
        replace(root, &self.path)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Not there once it has become the export.
        let _gone = fs::remove_dir_all(&self.building);
    }
}

/// Ends what a process that was killed while it replaced the folder left: the old one
/// comes back where the new one did not appear.
fn bring_back(path: &Path) -> io::Result<()> {
    let old = part_of(path, "old");
    match (old.exists(), path.exists()) {
        (false, _) => Ok(()),
        (true, false) => fs::rename(old, path),
        (true, true) => fs::remove_dir_all(old),
    }
}

/// Puts the new folder where the old one is, which goes when the new one stands.
fn replace(built: &Path, path: &Path) -> io::Result<()> {
    if !path.exists() {
        return fs::rename(built, path);
    }
    let old = part_of(path, "old");
    fs::rename(path, &old)?;
    fs::rename(built, path)?;
    fs::remove_dir_all(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_half_replaced_comes_back() {
        let around = tempfile::tempdir().expect("a folder");
        let lake = around.path().join("lake");
        let old = part_of(&lake, "old");
        fs::create_dir(&old).expect("a folder");
        fs::write(old.join("part"), "text").expect("a file");
        bring_back(&lake).expect("renamed");
        assert!(lake.join("part").is_file() && !old.exists());
        fs::create_dir(&old).expect("a folder");
        bring_back(&lake).expect("removed");
        assert!(lake.join("part").is_file() && !old.exists());
    }

    #[test]
    fn parts_have_names_that_hive_reads() {
        let by = |unit| PartBy {
            property: "p".to_owned(),
            unit,
            zone: TimeZone::get("Europe/Berlin").expect("a zone"),
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
            (Unit::Value, Some(""), "p=__HIVE_DEFAULT_PARTITION__"),
        ];
        for (unit, value, expected) in cases {
            assert_eq!(by(unit).part(value), expected);
        }
    }
}
