//! What can be typed behind `tickethaul export`, and what it means for an export's
//! job. Single words are read in `words`; whether the portal has what is asked for is
//! checked in `wanted`.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::words::{
    OthersWord, by_ending, date_format, datetime_format, expression, ids, others, part_by, seconds,
    zone,
};
use crate::cli::settings::PortalArgs;
use crate::error::Error;
use crate::export::columns::{Dates, Headers, Values};
use crate::export::filter::{self, Expression};
use crate::export::{Archived, Form, PartBy, Shape, Target, Which};
use crate::hubspot::Search;
use crate::model::schema::{OWNER_PROPERTY, Schema};

/// Export tickets: all of them or chosen ones, as CSV, JSON lines or Parquet
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Properties by internal name; hs_object_id always comes first
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        required_unless_present_any = ["all_properties", "mapping"]
    )]
    pub properties: Vec<String>,
    /// Every property that the portal defines for tickets, by name
    #[arg(long, conflicts_with = "properties")]
    pub all_properties: bool,
    /// The columns that a mapping reads, in its words: a CSV that `tickethaul import`
    /// takes with the same mapping
    #[arg(
        short,
        long,
        value_name = "MAPPING",
        conflicts_with_all = [
            "properties", "all_properties", "headers", "values", "zone", "datetime_format",
            "date_format", "escape_formulas",
        ]
    )]
    pub mapping: Option<PathBuf>,
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
    #[arg(long, value_name = "A,B.C,…", value_delimiter = ',', value_parser = others)]
    pub with: Vec<OthersWord>,
    /// Put them into files of their own, a row for each record of a ticket, such as
    /// tickets.contacts.csv beside tickets.csv
    #[arg(long, requires_all = ["with", "output"])]
    pub with_files: bool,
    /// What these properties were, since when and set by what, as far as HubSpot
    /// remembers: a file of its own, such as tickets.history.csv beside tickets.csv
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', requires = "output")]
    pub history: Vec<String>,
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
        if form != Form::Csv && self.mapping.is_some() {
            return Err(Error::usage("a mapping reads CSV, and no other form")
                .advise("name a .csv file, or the columns by --properties"));
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
            (Some(path), Some(by)) => {
                let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
                Target::Folder(path.clone(), PartBy { zone, ..by.clone() })
            }
        }
    }

    /// Whether something is done with owners, which need a scope of their own: a filter
    /// asks for them, or they are shown by name.
    pub fn shows_owners(&self) -> bool {
        let mut named = self.properties.iter().chain(&self.history);
        let is_read = self.all_properties || named.any(|name| name.trim() == OWNER_PROPERTY);
        let mut parts = self.partition_by.iter();
        let is_shown = is_read || parts.any(|by| by.property == OWNER_PROPERTY);
        let filter = self.filter.as_ref();
        (is_shown && self.values() != Values::Ids)
            || filter.is_some_and(|filter| filter.names(OWNER_PROPERTY))
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
