//! What can be typed behind `tickethaul export`, and what it means for an export's
//! job. Whether the portal has what is asked for is checked in `export`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::settings::PortalArgs;
use crate::error::Error;
use crate::export::columns::{Headers, Values, With};
use crate::export::filter::{self, Expression};
use crate::export::output::Target;
use crate::export::project::Dates;
use crate::export::run::{Archived, Which};
use crate::export::write::{Form, Packing, PartBy, Shape, Unit};
use crate::hubspot::Search;
use crate::model::schema::{ObjectType, Schema};

/// Objects that tickets are linked to.
const OTHERS: [ObjectType; 4] = [
    ObjectType::Contacts,
    ObjectType::Companies,
    ObjectType::Deals,
    ObjectType::Notes,
];

/// Export tickets: all of them or chosen ones, as CSV, JSON lines or Parquet
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Properties by internal name; hs_object_id always comes first
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        required_unless_present = "all_properties"
    )]
    pub properties: Vec<String>,
    /// Every property that the portal defines for tickets, by name
    #[arg(long, conflicts_with = "properties")]
    pub all_properties: bool,
    /// The file; it appears when the export is whole [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Form of the output [default: by the ending of the file, else csv]; the ending
    /// .gz or .zst compresses
    #[arg(long, value_enum)]
    format: Option<FormName>,
    /// Make OUTPUT a folder of parts with Hive-style names, such as
    /// createdate_month=2026-09, by a property or the year, month or day of one
    #[arg(long, value_name = "month(PROPERTY)", value_parser = part_by, requires = "output")]
    pub partition_by: Option<PartBy>,
    /// Tickets in the recycle bin: left out, included, or only they
    #[arg(long, value_enum, default_value_t = ArchivedName::No)]
    archived: ArchivedName,
    /// Only the tickets that pass a test, such as
    /// "hs_pipeline_stage = Closed and createdate >= 2026-01-01"
    ///
    /// =, !=, <, <=, >, >=, between … and …, in (…), not in (…), is set, is not set,
    /// has and lacks (words, with * for any letters), joined by and, or and brackets.
    /// Days begin in --zone. It is a search: what changed in the last seconds may be
    /// missing.
    #[arg(long = "where", value_name = "FILTER", value_parser = expression, conflicts_with = "ids_from")]
    filter: Option<Expression>,
    /// The first N tickets only
    #[arg(long, value_name = "N", conflicts_with = "ids_from")]
    limit: Option<u64>,
    /// Only the tickets whose ids stand in a file, one a line
    #[arg(long, value_name = "FILE")]
    ids_from: Option<PathBuf>,
    /// Other records of each ticket: contacts, companies, deals or notes for their
    /// ids, contacts.email and the like for their properties
    #[arg(long, value_name = "A,B.C,…", value_delimiter = ',', value_parser = with)]
    pub with: Vec<With>,
    /// Headers by internal name or by label
    #[arg(long, value_enum, default_value_t = HeadersName::Names, help_heading = "Values")]
    headers: HeadersName,
    /// Pipelines, stages, owners and options as they are stored, as people see them,
    /// or both side by side
    #[arg(long, value_enum, default_value_t = ValuesName::Ids, help_heading = "Values")]
    values: ValuesName,
    /// Zone of datetimes, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = zone, help_heading = "Values")]
    zone: Option<TimeZone>,
    /// Format of datetimes, such as "%d.%m.%Y %H:%M" [default: ISO 8601]
    #[arg(long, value_name = "FORMAT", value_parser = datetime_format, help_heading = "Values")]
    datetime_format: Option<String>,
    /// Format of dates, such as %d.%m.%Y [default: ISO 8601]
    #[arg(long, value_name = "FORMAT", value_parser = date_format, help_heading = "Values")]
    date_format: Option<String>,
    /// Put a ' before texts in CSV that a spreadsheet would take for formulas
    #[arg(long, help_heading = "Values")]
    escape_formulas: bool,
    /// Where the pages of the export lie until it is finished
    /// [default: tickethaul-runs/<time>-export-<letters>]
    #[arg(long, value_name = "DIR", requires = "output")]
    pub run_dir: Option<PathBuf>,
    /// Stop after so many seconds, with exit code 5; `tickethaul resume` goes on
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_duration: Option<Duration>,
    /// Calls in flight, at most; below that it is as many as keep the portal's
    /// allowance busy
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,
    #[command(flatten)]
    pub portal: PortalArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormName {
    Csv,
    Jsonl,
    Parquet,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ArchivedName {
    No,
    Include,
    Only,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HeadersName {
    Names,
    Labels,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ValuesName {
    Ids,
    Labels,
    Both,
}

impl ExportArgs {
    /// Form and compression, from the options and the file's ending.
    pub fn shape(&self) -> Result<Shape, Error> {
        let (form, packing) = self
            .output
            .as_deref()
            .map_or_else(Default::default, by_ending);
        let form = match self.format {
            None => form,
            Some(FormName::Csv) => Form::Csv,
            Some(FormName::Jsonl) => Form::Jsonl,
            Some(FormName::Parquet) => Form::Parquet,
        };
        let formatted = self.datetime_format.is_some() || self.date_format.is_some();
        if form == Form::Parquet && formatted {
            return Err(
                Error::usage("dates in Parquet are typed and have no format")
                    .advise("leave --datetime-format and --date-format out"),
            );
        }
        Ok(Shape {
            form,
            packing,
            escape_formulas: self.escape_formulas,
        })
    }

    /// Where it goes.
    pub fn target(&self) -> Target {
        match (&self.output, &self.partition_by) {
            (None, _) => Target::Stream(Box::new(io::stdout())),
            (Some(path), None) => Target::File(path.clone()),
            (Some(path), Some(by)) => Target::Folder(path.clone(), by.clone()),
        }
    }

    /// Which tickets; those of a filter as the portal's definitions say.
    pub fn which(&self, schema: &Schema) -> Result<Which, Error> {
        if let Some(path) = &self.ids_from {
            return Ok(Which::Ids(ids(path)?));
        }
        Ok(match (&self.filter, self.limit) {
            (Some(filter), limit) => Which::Found(self.search(filter, schema)?, limit),
            (None, Some(limit)) => Which::First(limit),
            (None, None) => Which::All,
        })
    }

    fn search(&self, filter: &Expression, schema: &Schema) -> Result<Search, Error> {
        if self.archived() != Archived::No {
            return Err(Error::usage("search finds no archived tickets")
                .advise("leave --where or --archived out"));
        }
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        filter::search(filter, schema, &zone)
            .map_err(|error| Error::usage(format!("--where: {error}")))
    }

    /// What of the recycle bin.
    pub fn archived(&self) -> Archived {
        match self.archived {
            ArchivedName::No => Archived::No,
            ArchivedName::Include => Archived::Include,
            ArchivedName::Only => Archived::Only,
        }
    }

    /// What headers are made of.
    pub fn headers(&self) -> Headers {
        match self.headers {
            HeadersName::Names => Headers::Names,
            HeadersName::Labels => Headers::Labels,
        }
    }

    /// How values with labels are written.
    pub fn values(&self) -> Values {
        match self.values {
            ValuesName::Ids => Values::Ids,
            ValuesName::Labels => Values::Labels,
            ValuesName::Both => Values::Both,
        }
    }

    /// How moments are written.
    pub fn dates(&self) -> Dates {
        Dates {
            zone: self.zone.clone(),
            instant_format: self.datetime_format.clone(),
            day_format: self.date_format.clone(),
        }
    }
}

/// `tickets.csv.gz` is CSV behind gzip; any other name is plain CSV.
fn by_ending(path: &Path) -> (Form, Packing) {
    let ending = |path: &Path| {
        let ending = path.extension().unwrap_or_default();
        ending.to_string_lossy().to_lowercase()
    };
    let (packing, inner) = match ending(path).as_str() {
        "gz" => (Packing::Gzip, path.with_extension("")),
        "zst" => (Packing::Zstd, path.with_extension("")),
        _ => (Packing::None, path.to_owned()),
    };
    let form = match ending(&inner).as_str() {
        "jsonl" | "ndjson" => Form::Jsonl,
        "parquet" => Form::Parquet,
        _ => Form::Csv,
    };
    (form, packing)
}

/// Ids in ascending order, each once. What is no id is told with its line; a first
/// line that is no number is a header.
fn ids(path: &Path) -> Result<Vec<u64>, Error> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("can't read the ids in {shown}: {error}")))?;
    let mut ids = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let word = line.split(',').next().unwrap_or_default();
        let word = word.trim().trim_start_matches('\u{feff}').trim_matches('"');
        match word.parse() {
            Ok(id) => ids.push(id),
            Err(_) if word.is_empty() || index == 0 => {}
            Err(_) => {
                let line = index + 1;
                return Err(Error::usage(format!(
                    "{shown}, line {line}: `{word}` is no record id"
                )));
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn with(text: &str) -> Result<With, String> {
    let (name, property) = match text.trim().split_once('.') {
        Some((name, property)) => (name, Some(property.to_owned())),
        None => (text.trim(), None),
    };
    let object = OTHERS.into_iter().find(|object| object.plural() == name);
    match object {
        Some(object) => Ok(With { object, property }),
        None => Err("contacts, companies, deals or notes is expected, or a property of theirs such as contacts.email".to_owned()),
    }
}

fn expression(text: &str) -> Result<Expression, filter::Syntax> {
    filter::parse(text)
}

fn part_by(text: &str) -> Result<PartBy, String> {
    let (unit, property) = match text.trim().strip_suffix(')') {
        None => (Unit::Value, text.trim()),
        Some(call) => match call.split_once('(') {
            Some(("year", property)) => (Unit::Year, property),
            Some(("month", property)) => (Unit::Month, property),
            Some(("day", property)) => (Unit::Day, property),
            _ => return Err("year(…), month(…), day(…) or a property is expected".to_owned()),
        },
    };
    Ok(PartBy {
        property: property.trim().to_owned(),
        unit,
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a number of seconds above 0 is expected".to_owned())
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "an IANA zone such as Europe/Berlin is expected".to_owned())
}

fn datetime_format(text: &str) -> Result<String, String> {
    let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let written = strtime::format(text, &sample).map_err(|error| error.to_string());
    written.map(|_| text.to_owned())
}

fn date_format(text: &str) -> Result<String, String> {
    let sample = jiff::civil::date(2026, 1, 1);
    let written = strtime::format(text, sample).map_err(|error| error.to_string());
    written.map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_form_and_compression() {
        let cases = [
            ("a.csv", Form::Csv, Packing::None),
            ("a.txt", Form::Csv, Packing::None),
            ("a.jsonl", Form::Jsonl, Packing::None),
            ("a.b.ndjson.ZST", Form::Jsonl, Packing::Zstd),
            ("a.parquet", Form::Parquet, Packing::None),
            ("a.csv.gz", Form::Csv, Packing::Gzip),
            ("a.gz", Form::Csv, Packing::Gzip),
        ];
        for (name, form, packing) in cases {
            assert_eq!(by_ending(Path::new(name)), (form, packing), "{name}");
        }
    }

    #[test]
    fn parts_are_by_a_value_or_a_piece_of_a_date() {
        let by = part_by("month(createdate)").expect("known");
        assert_eq!((by.property.as_str(), by.unit), ("createdate", Unit::Month));
        let by = part_by("hs_pipeline").expect("known");
        assert_eq!(
            (by.property.as_str(), by.unit),
            ("hs_pipeline", Unit::Value)
        );
        assert!(part_by("week(createdate)").is_err());
    }

    #[test]
    fn other_records_are_named_in_the_plural() {
        let property = with("contacts.email").expect("known").property;
        assert_eq!(property.as_deref(), Some("email"));
        assert!(with("contact").is_err() && with("tickets").is_err());
    }

    #[test]
    fn formats_that_can_not_be_written_are_told() {
        assert!(datetime_format("%d.%m.%Y %H:%M %Z").is_ok());
        assert!(datetime_format("%!").is_err());
        assert!(date_format("%H:%M").is_err(), "a date has no time");
    }
}
