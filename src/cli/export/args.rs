//! The arguments of `tickethaul export`, and the selection that they make. Single words
//! are parsed in `words`; `resolve` says what a selection means, and `wanted` whether
//! the portal has what is asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::words::{
    ENDINGS, Since, by_ending, checked, date_format, datetime_format, expression, ids, others,
    part_by, since, zone,
};
use crate::cli::run_args::{from_one, seconds};
use crate::cli::settings::PortalArgs;
use crate::error::Error;
use crate::export::activities::ATTACHMENTS;
use crate::export::columns::{Headers, Values};
use crate::export::{Archived, Form, Packing, Replace, Selection};
use crate::mapping::MappingFile;
use crate::model::schema::ObjectType;
use crate::output::Place;

/// What a data set is split by unless something else is given.
const PARTS: &str = "month(createdate)";

/// Export tickets: all of them or chosen ones, as CSV, JSON lines or Parquet
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Properties by internal name; hs_object_id always comes first
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    properties: Vec<String>,
    /// Every property that the portal defines for tickets, by name
    #[arg(long, conflicts_with = "properties")]
    all_properties: bool,
    /// The columns that a mapping reads, under their names in the source: a CSV that
    /// `tickethaul import` accepts with the same mapping
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
    /// The file, or the folder of a data set; it appears when the export is whole, in place of what the same export
    /// wrote before [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Format of the output [default: by the file's extension]; an added .gz or .zst
    /// compresses it
    #[arg(long, value_enum)]
    format: Option<FormName>,
    /// Replace an export of other tickets, columns or parts that is at OUTPUT, or a data set
    /// in which files were changed or removed
    #[arg(long, requires = "output")]
    replace: bool,
    /// Replace the file at OUTPUT even if no export wrote it or it was changed since;
    /// to replace an export of other tickets, columns or parts, --replace is enough
    #[arg(long, requires = "output")]
    force: bool,
    /// Make OUTPUT a data set: a folder of tables in parts with Hive-style names, such as
    /// tickets/createdate_month=2026-09, by a property or the year, month or day of one
    /// [default with --since last: month(createdate)]
    #[arg(long, value_name = "month(PROPERTY)", value_parser = checked(part_by), requires = "output")]
    pub partition_by: Option<String>,
    /// Make OUTPUT a data set and bring it up to date: `last` adds what changed since the
    /// last run, the first time all tickets. A span or moment (7d, 2026-01-31, today)
    /// writes a file of what changed since then
    #[arg(long, value_name = "last|7d|TIME", value_parser = checked(since), requires = "output")]
    since: Option<String>,
    /// With --since last: read all tickets again, to include changes that no date shows,
    /// such as calculated values
    #[arg(long, requires = "since")]
    pub reconcile: bool,
    /// With --since last: keep a line for every version of a ticket; none is removed
    #[arg(long, requires = "since", conflicts_with = "with")]
    append: bool,
    /// Tickets in the recycle bin: left out, included, or nothing else
    #[arg(long, value_enum, default_value_t = ArchivedName::No)]
    archived: ArchivedName,
    /// Columns created_at and updated_at: when HubSpot created and last changed the
    /// record, which may differ from createdate
    #[arg(long)]
    record_times: bool,
    /// Leave out the columns of properties that no ticket has a value of
    #[arg(long, conflicts_with = "mapping")]
    skip_empty: bool,
    /// A property that the portal does not have: an error, or an empty column
    #[arg(long, value_enum, default_value_t = MissingName::Error, conflicts_with = "mapping")]
    missing_properties: MissingName,
    /// Only the tickets that pass a test, such as
    /// "hs_pipeline_stage = Closed and createdate >= 2026-01-01"
    ///
    /// =, !=, <, <=, >, >=, between … and …, in (…), not in (…), is set, is not set,
    /// has and lacks (words, with * for any letters), joined by and, or and brackets.
    /// Days begin in --zone; today - 7d, now - 12h (h, d, w, mo, y) are counted from the
    /// time of the export. It is a search: what changed in the last seconds may be
    /// missing.
    #[arg(long = "where", value_name = "FILTER", value_parser = checked(expression), conflicts_with = "ids_from")]
    filter: Option<String>,
    /// The first N tickets only
    #[arg(long, value_name = "N", value_parser = from_one, allow_negative_numbers = true, conflicts_with = "ids_from")]
    limit: Option<u64>,
    /// Only the tickets whose ids are in a file, one per line
    #[arg(long, value_name = "FILE")]
    pub ids_from: Option<PathBuf>,
    /// Linked records of each ticket: contacts, companies, deals or a custom object by its
    /// name or type id (2-…) for their ids; contacts.email and the like for their properties;
    /// notes, emails, calls, meetings, tasks, communications for a table of them beside the
    /// tickets, such as tickets.notes.csv: time, owner, text, attachments
    #[arg(long, value_name = "A,B.C,…", value_delimiter = ',', value_parser = checked(others))]
    with: Vec<String>,
    /// Put all of them into separate files, a row for each record of a ticket with the types and
    /// labels of the link, such as tickets.contacts.csv beside tickets.csv
    #[arg(long, alias = "with-files", requires_all = ["with", "output"])]
    link_tables: bool,
    /// Download the files of the notes, e-mails and the like that --with names, into this folder,
    /// as TICKET/FILE-NAME; a separate table, such as tickets.attachments.csv, lists them.
    /// Existing files are not downloaded again
    #[arg(long, value_name = "DIR", requires_all = ["with", "output"])]
    pub attachments: Option<PathBuf>,
    /// Former values of these properties, since when and set by what, as far as HubSpot
    /// remembers: a separate file, such as tickets.history.csv beside tickets.csv
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', requires = "output")]
    history: Vec<String>,
    /// Headers by internal name, by label, or by names that SQL takes without quotes
    #[arg(long, value_enum, default_value_t = HeadersName::Names, help_heading = "Values")]
    headers: HeadersName,
    /// Pipelines, stages, owners and options as stored, as people see them, or both
    /// side by side
    #[arg(long, value_enum, default_value_t = ValuesName::Ids, help_heading = "Values")]
    values: ValuesName,
    /// Time zone of datetimes, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = checked(zone), help_heading = "Values")]
    zone: Option<String>,
    /// Format of datetimes, such as "%d.%m.%Y %H:%M" [default: ISO 8601]
    #[arg(long, value_name = "FORMAT", value_parser = datetime_format, help_heading = "Values")]
    datetime_format: Option<String>,
    /// Format of dates, such as %d.%m.%Y [default: ISO 8601]
    #[arg(long, value_name = "FORMAT", value_parser = date_format, help_heading = "Values")]
    date_format: Option<String>,
    /// In CSV, put a ' before texts that a spreadsheet would take for formulas
    #[arg(long, help_heading = "Values")]
    escape_formulas: bool,
    /// Where the pages of the export are kept until it is finished, and its report from then
    /// on; one that holds a finished export is used again
    /// [default: tickethaul-runs/<time>-export-<letters>]
    #[arg(long, value_name = "DIR", requires = "output")]
    pub run_dir: Option<PathBuf>,
    /// Leave no report.html in the run folder; `tickethaul report` makes one later
    #[arg(long, requires = "output")]
    no_report: bool,
    /// Stop after this many seconds, with exit code 5; `tickethaul resume` continues
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_duration: Option<Duration>,
    /// Most calls in flight; fewer if that is enough to use the portal's allowance
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
    /// JSON lines, each a ticket with everything from --with, --history and
    /// --attachments: `tickethaul import -m case` reads them
    Case,
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
    Snake,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MissingName {
    Error,
    Null,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ValuesName {
    Ids,
    Labels,
    Both,
}

impl From<ArchivedName> for Archived {
    fn from(name: ArchivedName) -> Archived {
        match name {
            ArchivedName::No => Archived::No,
            ArchivedName::Include => Archived::Include,
            ArchivedName::Only => Archived::Only,
        }
    }
}

impl From<HeadersName> for Headers {
    fn from(name: HeadersName) -> Headers {
        match name {
            HeadersName::Names => Headers::Names,
            HeadersName::Labels => Headers::Labels,
            HeadersName::Snake => Headers::Snake,
        }
    }
}

impl From<ValuesName> for Values {
    fn from(name: ValuesName) -> Values {
        match name {
            ValuesName::Ids => Values::Ids,
            ValuesName::Labels => Values::Labels,
            ValuesName::Both => Values::Both,
        }
    }
}

impl ExportArgs {
    /// Refuses an export that names no columns.
    pub fn expect_columns(&self) -> Result<(), Error> {
        let named = self.properties.iter().any(|name| !name.trim().is_empty());
        if named || self.all_properties || self.mapping.is_some() {
            return Ok(());
        }
        Err(Error::usage("nothing says which properties to export").advise(
            "name them with --properties, take every one with --all-properties, or those that a mapping reads with -m MAPPING",
        ))
    }

    /// What is asked for.
    pub fn selection(
        &self,
        mapping: Option<&MappingFile>,
        ids: Option<&[u64]>,
    ) -> Result<Selection, Error> {
        let selection = self.selected(mapping, ids)?;
        refuse_contradictions(&selection)?;
        refuse_parts_of_changes(&selection)?;
        if self.is_last() {
            self.refuse_no_data_set(&selection)?;
        } else if self.reconcile || self.append {
            return Err(Error::usage(
                "--reconcile and --append go with --since last",
            ));
        }
        Ok(selection)
    }

    fn selected(
        &self,
        mapping: Option<&MappingFile>,
        ids: Option<&[u64]>,
    ) -> Result<Selection, Error> {
        let (format, compression) = self.form()?;
        Ok(Selection {
            all_properties: self.all_properties,
            properties: trimmed(&self.properties),
            mapping: mapping.map(|mapping| hash(mapping.text().as_bytes())),
            archived: self.archived.into(),
            filter: self.filter.clone(),
            limit: self.limit,
            ids_from: ids.map(|ids| {
                let ids = ids.iter().flat_map(|id| id.to_le_bytes());
                hash(&ids.collect::<Vec<u8>>())
            }),
            with: trimmed(&self.with),
            link_tables: self.link_tables,
            attachments: self.attachments.is_some(),
            history: trimmed(&self.history),
            headers: self.headers.into(),
            values: self.values.into(),
            zone: self.zone.clone(),
            datetime_format: self.datetime_format.clone(),
            date_format: self.date_format.clone(),
            escape_formulas: self.escape_formulas,
            format,
            compression,
            partition_by: match (&self.partition_by, self.is_last()) {
                (None, true) => Some(PARTS.to_owned()),
                (by, _) => by.clone(),
            },
            record_times: self.record_times,
            skip_empty: self.skip_empty,
            append: self.append,
            since: self.since.clone().filter(|_| !self.is_last()),
        })
    }

    /// Whether a report stays in the run folder.
    pub fn leaves_report(&self) -> bool {
        !self.no_report
    }

    /// Whether a data set is updated.
    pub fn is_last(&self) -> bool {
        let since = self.since.as_deref().map(since);
        matches!(since, Some(Ok(Since::Last)))
    }

    /// Refuses what can't be updated.
    fn refuse_no_data_set(&self, selection: &Selection) -> Result<(), Error> {
        let filter = selection.filter.as_deref();
        let filter = filter.and_then(|text| expression(text).ok());
        let relative = filter.as_ref().and_then(|filter| filter.relative());
        let not = |what: &str, advice: &str| {
            Err(
                Error::usage(format!("--since last brings a data set up to date, {what}"))
                    .advise(advice.to_owned()),
            )
        };
        if let Some(condition) = relative {
            let property = &condition.property;
            let what = format!(
                "and a date of {property} that moves from day to day selects other tickets every time"
            );
            return not(&what, "name a fixed date in --where");
        }
        if selection.limit.is_some() || selection.ids_from.is_some() {
            return not(
                "which has no first tickets or chosen ids",
                "leave --limit and --ids-from out",
            );
        }
        if selection.archived == Archived::Only {
            return not("of live tickets", "leave --archived out, or include them");
        }
        let file = self.output.as_deref().is_some_and(|path| {
            let ending = path.extension().unwrap_or_default();
            let ending = ending.to_string_lossy().to_lowercase();
            ENDINGS.contains(&ending.as_str()) || ["gz", "zst"].contains(&ending.as_str())
        });
        match file {
            true => not(
                "which is a folder",
                "name a folder with -o, and the form of its files with --format",
            ),
            false => Ok(()),
        }
    }

    /// Format and compression, from the options and the file's extension. Devices and
    /// pipes have none.
    fn form(&self) -> Result<(Form, Packing), Error> {
        let file = self.output.as_deref();
        let file = file.filter(|path| !matches!(Place::of(path), Place::Stdout | Place::Device));
        let (form, packing) = file.map_or_else(Default::default, by_ending);
        let form = match self.format {
            None => form,
            Some(FormName::Csv) => Form::Csv,
            Some(FormName::Jsonl) => Form::Jsonl,
            Some(FormName::Parquet) => Form::Parquet,
            Some(FormName::Case) => Form::Case,
        };
        match (form, packing) {
            (Form::Parquet, Packing::Gzip | Packing::Zstd) => {
                Err(Error::usage("Parquet is compressed by itself")
                    .advise("end the name with .parquet, without .gz or .zst"))
            }
            form => Ok(form),
        }
    }

    /// Whether the format was given, so that the extension need not name it.
    pub fn says_form(&self) -> bool {
        self.format.is_some()
    }

    /// Whether properties that the portal does not have become empty columns.
    pub fn missing_as_null(&self) -> bool {
        self.missing_properties == MissingName::Null
    }

    /// What may be replaced.
    pub fn replace(&self) -> Replace {
        match (self.force, self.replace) {
            (true, true) => Replace::Anything,
            (true, false) => Replace::Files,
            (false, true) => Replace::Export,
            (false, false) => Replace::Same,
        }
    }

    /// The ids that were chosen, if any were.
    pub fn ids(&self) -> Result<Option<Vec<u64>>, Error> {
        self.ids_from.as_deref().map(ids).transpose()
    }
}

fn refuse_contradictions(selection: &Selection) -> Result<(), Error> {
    let formatted = selection.datetime_format.is_some() || selection.date_format.is_some();
    if selection.format == Form::Parquet && formatted {
        return Err(
            Error::usage("dates in Parquet are typed and have no format")
                .advise("leave --datetime-format and --date-format out"),
        );
    }
    if selection.format != Form::Csv && selection.mapping.is_some() {
        return Err(Error::usage("a mapping reads CSV, and no other form")
            .advise("name a .csv file, or the columns by --properties"));
    }
    if selection.filter.is_some() && selection.archived != Archived::No {
        return Err(Error::usage("search finds no archived tickets")
            .advise("leave --where or --archived out"));
    }
    if selection.format == Form::Case && selection.partition_by.is_some() {
        return Err(Error::usage(
            "a data set has tables, and a case is all of a ticket in one line",
        )
        .advise("name a file such as cases.jsonl, or leave --format case out"));
    }
    if selection.format == Form::Case && selection.link_tables {
        return Err(
            Error::usage("a case has linked records in it, and no tables beside it")
                .advise("leave --link-tables or --format case out"),
        );
    }
    if selection.attachments && !selection.with.iter().any(|with| names_files(with)) {
        return Err(Error::usage("nothing that --with names has attachments")
            .advise("name notes, emails or other activities as well"));
    }
    if selection.attachments && selection.partition_by.is_some() {
        return Err(
            Error::usage("a data set takes no attachments along").advise(beside_the_set(selection))
        );
    }
    Ok(())
}

/// Advice on how to download the files of a data set separately.
fn beside_the_set(selection: &Selection) -> String {
    let with = selection.with.iter().filter(|with| names_files(with));
    let with: Vec<&str> = with.map(String::as_str).collect();
    format!(
        "leave --attachments out, and download them beside the set: tickethaul export --properties \
         subject --with {} --attachments DIR -o files.csv. It fetches what is not in DIR yet, and \
         files.attachments.csv says which file is whose",
        with.join(",")
    )
}

/// Whether a word of `--with` names a kind of record that has files.
fn names_files(with: &str) -> bool {
    match with.split_once('.') {
        Some((_, property)) => property.trim() == ATTACHMENTS,
        None => ObjectType::named(with.trim()).is_some_and(ObjectType::is_activity),
    }
}

/// A data set holds all tickets, so it can't be written from changes alone.
fn refuse_parts_of_changes(selection: &Selection) -> Result<(), Error> {
    match (&selection.since, &selection.partition_by) {
        (Some(since), Some(by)) => Err(Error::usage(format!(
            "--since {since} writes a file of what changed since then, and --partition-by {by} a data set of all tickets"
        ))
        .advise("leave --partition-by out, or bring a data set up to date with --since last")),
        _ => Ok(()),
    }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Trimmed words, each once.
fn trimmed(words: &[String]) -> Vec<String> {
    let mut trimmed: Vec<String> = Vec::new();
    for word in words.iter().map(|word| word.trim()) {
        if !trimmed.iter().any(|known| known == word) {
            trimmed.push(word.to_owned());
        }
    }
    trimmed
}
