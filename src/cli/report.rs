//! `tickethaul report`: a run as a page, made of what its folder holds; every run of rows
//! leaves one in its folder.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::console::Console;
use super::exit::Exit;
use super::find_runs::{find, is_run, no_run};
use super::output::new_file;
use super::past_run::last;
use super::reopen::places_of;
use super::run_status::State;
use crate::error::Error;
use crate::export::is_export;
use crate::import::settle::log::calls_over_time;
use crate::journal::{Header, Past, PastRow, PortalPath, Reading, RefusedRows};
use crate::model::count::counted;
use crate::model::outcome::RowEnd;
use crate::model::place::Places;
use crate::model::run_report::{
    RefusedExample, ReportedFile, ReportedFindings, ReportedRefusals, ReportedTicket, RunReport,
};
use crate::output::{Privacy, Target, read_regular, write_anew};
use crate::report::run_html;
use crate::review::finding::Difference;
use crate::review::findings_file;
use crate::review::undo::run::KIND;

/// Name of the page in a run folder.
const NAME: &str = "report.html";
/// Refused rows that are shown of each reason.
const EXAMPLES: usize = 100;
/// Tickets that are shown.
const TICKETS: usize = 20;
/// A longer summary is none of ours.
const LONGEST: u64 = 16 << 20;

/// Show a run as a page: counts, refused rows by reason, values left blank, calls over time, the
/// first tickets
///
/// The page needs no network and no script. A run leaves one in its folder as it ends.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run, by name or folder [default: the last one of this folder]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Where the page goes instead of the run folder; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a page that is there
    #[arg(long, requires = "output")]
    force: bool,
}

/// Writes the report of a run.
pub fn run(args: &ReportArgs, console: &Console) -> Result<Exit, Error> {
    let folder = match &args.run {
        Some(run) => find(run)?,
        None => last()?,
    };
    let refused = |what| {
        let message = format!("{} is {what}", folder.display());
        Err(Error::usage(message).advise("name the run of an import; `tickethaul runs` lists them"))
    };
    if is_export(&folder) {
        return refused("an export, of which there is no report");
    }
    if !is_run(&folder) {
        return Err(no_run(&folder));
    }
    let page = match page(&folder)? {
        Some(page) => page,
        None => return refused("the run of an undo: undo.csv in it says what became of each row"),
    };
    let written = match &args.output {
        None => keep(&folder, &page)?,
        Some(path) => match new_file(path, &["html", "htm"], args.force)? {
            Target::File(path) => {
                Target::File(path.clone()).write(&page, Privacy::Private)?;
                path
            }
            stream => {
                stream.write(&page, Privacy::Usual)?;
                return Ok(Exit::Fine);
            }
        },
    };
    console.say(&format!("written to {}", written.display()));
    console.result(&json!({"report": written.display().to_string()}));
    Ok(Exit::Fine)
}

/// Leaves the report of a run in its folder. The run is what counts: a page that can't be
/// written is only mentioned.
pub fn leave(folder: &Path, console: &Console) {
    let written = page(folder).and_then(|page| page.map(|page| keep(folder, &page)).transpose());
    match written {
        Ok(Some(path)) => console.say(&format!("the run as a page: {}", path.display())),
        Ok(None) => {}
        Err(error) => console.say(&format!("there is no {NAME} of the run: {error}")),
    }
}

fn keep(folder: &Path, page: &str) -> Result<PathBuf, Error> {
    let path = folder.join(NAME);
    let building = folder.join(format!("{NAME}.new"));
    let write = || {
        drop(write_anew(&building, page.as_bytes())?);
        fs::rename(&building, &path)
    };
    write().map_err(|error| {
        Error::must_fix(format!("can't write {}: {error}", path.display()))
            .advise("name a file elsewhere with -o")
    })?;
    Ok(path)
}

/// The page of a run; none where it takes another one back.
fn page(folder: &Path) -> Result<Option<String>, Error> {
    let reading = Reading::open(folder)?;
    let past = reading.past()?;
    if past.header.operation == KIND {
        return Ok(None);
    }
    let report = gathered(folder, &reading, past)?;
    let page = run_html(&report);
    page.map(Some)
        .map_err(|error| Error::unexpected(format!("can't make the page: {error}")))
}

fn gathered(folder: &Path, reading: &Reading, past: Past) -> Result<RunReport, Error> {
    let places = places_of(&past.header.inputs);
    let refused = reading.refused_rows(EXAMPLES)?;
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    let mut values: Vec<_> = past.values.clone().into_iter().collect();
    values.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    Ok(RunReport {
        run: name.to_string_lossy().into_owned(),
        parent: past.header.parent.clone(),
        operation: past.header.operation.clone(),
        portal_id: past.header.portal_id,
        portal: portal_words(&past.header.portal),
        state: State::of_run(folder, past.state).word().to_owned(),
        times: past.times,
        inputs: files(&past.header),
        mapping: mapping(&past.header),
        facts: facts(&past),
        refusals: refused
            .into_iter()
            .map(|group| refusals(group, &places))
            .collect(),
        values,
        calls: calls_over_time(folder).ok().flatten(),
        tickets: tickets(folder, reading, &places)?,
        verified: verified(folder)?,
        refused_file: refused_file(folder),
        tool: env!("CARGO_PKG_VERSION"),
        remarks: past.remarks.into_iter().collect(),
        tally: past.tally,
    })
}

/// What the last verification found; none where nobody verified.
fn verified(folder: &Path) -> Result<Option<Vec<ReportedFindings>>, Error> {
    let unreadable = |error| {
        let folder = folder.display();
        Error::must_fix(format!("can't read verify.csv of {folder}: {error}"))
    };
    let found = findings_file::counted(folder).map_err(unreadable)?;
    let meant = |(word, number): (String, u64)| ReportedFindings {
        meaning: Difference::meaning(&word),
        word,
        number,
    };
    Ok(found.map(|found| found.into_iter().map(meant).collect()))
}

fn portal_words(portal: &PortalPath) -> String {
    match portal {
        PortalPath::Sandbox(_) => "the embedded sandbox".to_owned(),
        PortalPath::Url(url) => url.clone(),
        PortalPath::Named { name, url } => format!("{name}, {url}"),
    }
}

fn files(header: &Header) -> Vec<ReportedFile> {
    let files = header.inputs.iter().map(|input| ReportedFile {
        name: input.name(),
        bytes: input.size,
        hash: input.hash.clone(),
    });
    files.collect()
}

fn mapping(header: &Header) -> ReportedFile {
    let text = header.mapping_text.as_bytes();
    ReportedFile {
        name: header.mapping_path.display().to_string(),
        bytes: text.len() as u64,
        hash: blake3::hash(text).to_hex().to_string(),
    }
}

/// What came to be beside tickets.
fn facts(past: &Past) -> Vec<String> {
    let mut facts = Vec::new();
    for (change, rows) in &past.changes {
        facts.push(format!("{} {}", counted(*rows, "ticket"), change.word()));
    }
    for (number, what) in [
        (past.contacts_created, "contact"),
        (past.notes.made, "note"),
    ] {
        if number > 0 {
            facts.push(format!("{} created", counted(number, what)));
        }
    }
    if past.files.made > 0 {
        facts.push(format!("{} uploaded", counted(past.files.made, "file")));
    }
    for (number, what) in [(past.notes.there, "note"), (past.files.there, "file")] {
        if number > 0 {
            facts.push(format!("{} there before", counted(number, what)));
        }
    }
    facts
}

fn refusals(group: RefusedRows, places: &Places) -> ReportedRefusals {
    let examples = group.first.into_iter().filter_map(|row| {
        let PastRow { row, key, end, .. } = row;
        let RowEnd::Refused(refusal) = end else {
            return None;
        };
        Some(RefusedExample {
            place: places.cell(row.address),
            key: key.unwrap_or_default(),
            column: refusal.column,
            value: refusal.value,
            hint: refusal.hint,
        })
    });
    ReportedRefusals {
        code: group.code,
        rows: group.rows,
        examples: examples.collect(),
    }
}

fn tickets(
    folder: &Path,
    reading: &Reading,
    places: &Places,
) -> Result<Vec<ReportedTicket>, Error> {
    let address = ticket_address(folder);
    let rows = reading.done_after(0, TICKETS)?.into_iter();
    let tickets = rows.map(|row| ReportedTicket {
        place: places.cell(row.row.address),
        url: address
            .as_ref()
            .map(|address| format!("{address}{}", row.ticket)),
        key: row.key,
        id: row.ticket,
        change: row.change.word(),
    });
    Ok(tickets.collect())
}

/// What stands before a ticket's id in its address, as the summary has it.
fn ticket_address(folder: &Path) -> Option<String> {
    let text = read_regular(&folder.join("summary.json"), LONGEST).ok()?;
    let summary: Value = serde_json::from_slice(&text).ok()?;
    let address = summary["ticket_address"].as_str()?;
    // A folder is data: a page leads nowhere but to a web address.
    address.starts_with("https://").then(|| address.to_owned())
}

fn refused_file(folder: &Path) -> String {
    let is_json = folder.join("refused.jsonl").is_file();
    let name = if is_json {
        "refused.jsonl"
    } else {
        "refused.csv"
    };
    name.to_owned()
}
