//! `tickethaul undo`: undoes what a run did, as far as nobody else has changed it since.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::console::Console;
use super::exit::Exit;
use super::families::known;
use super::find_runs::{self, find, is_run, no_run};
use super::past_run::PastRun;
use super::portal::{Portal, call_error};
use super::registry::{Kind, NewEntry};
use super::report;
use super::run_args::stop_on_signal;
use super::running::new_run;
use super::settings::PortalArgs;
use super::undo_output::{Part, UndoOutput};
use crate::error::Error;
use crate::hubspot::{Client, SchemaParts};
use crate::import::resume::folder::{RunFolder, has_begun};
use crate::import::settle::log::log_calls;
use crate::import::stop::StopSwitch;
use crate::journal::{
    Durability, Header, Journal, Past, Reading, RunOptions, RunState, UndoneRun, now,
};
use crate::model::count::counted;
use crate::model::outcome::{Change, Fate};
use crate::model::shell;
use crate::model::stop::Stop;
use crate::model::visible::one_line;
use crate::report::Snapshot;
use crate::review::family::{Member, descendants, taken_back};
use crate::review::undo::co_creators::CoCreators;
use crate::review::undo::files::FileUsers;
use crate::review::undo::outcome_file;
use crate::review::undo::run::{KIND, Undo, Undone};

/// Undo what a run did: tickets that it created go into the recycle bin, after their notes and files;
/// values that it changed are set back, links that it made are removed. What somebody else has changed
/// since is left as it is and listed in undo.csv. Links that the run removed are not made again, and
/// tickets that it archived can't be restored
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The run, by name or folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Only say what would be done
    #[arg(long, visible_alias = "dry-run")]
    plan: bool,
    /// Don't ask; required without a terminal
    #[arg(long)]
    yes: bool,
    /// The run folder of the undo; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR", conflicts_with = "plan")]
    run_dir: Option<PathBuf>,
    /// Leave no report.html in the run folder; `tickethaul report` makes one later
    #[arg(long, conflicts_with = "plan")]
    no_report: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// How the journal of an undo says that it is one of created tickets alone.
const CREATED_ONLY: &str = "created-only";

/// Undoes a run, or continues an undo that stopped.
pub async fn run(args: UndoArgs, console: &Console) -> Result<Exit, Error> {
    take_back(args, Part::All, console).await
}

/// Tickets that a run created, which are to be archived.
pub struct CreatedBy<'a> {
    /// The run, as it is named.
    pub run: &'a Path,
    /// The run folder of the undo, if one is named.
    pub run_dir: Option<&'a Path>,
    /// Whether to go ahead without asking.
    pub yes: bool,
    /// Whether a report stays in the run folder.
    pub leaves_report: bool,
}

/// Archives the tickets that a run created, whoever has changed them since.
pub async fn delete_created(
    created: &CreatedBy<'_>,
    portal: PortalArgs,
    console: &Console,
) -> Result<Exit, Error> {
    let args = UndoArgs {
        run: created.run.to_owned(),
        plan: false,
        yes: created.yes,
        run_dir: created.run_dir.map(Path::to_owned),
        no_report: !created.leaves_report,
        portal,
    };
    take_back(args, Part::Created, console).await
}

async fn take_back(mut args: UndoArgs, part: Part, console: &Console) -> Result<Exit, Error> {
    let given = args.run_dir.as_deref().filter(|path| has_begun(path));
    if let Some(begun) = given {
        let folder = RunFolder::open(begun)?;
        let past = Reading::open(folder.path())?.past()?;
        let leaves = !args.no_report;
        return resume(folder, past, &args.run, &mut args.portal, leaves, console).await;
    }
    if !args.plan {
        expect_answer(&args, part, console)?;
    }
    let run = PastRun::open(Some(&args.run), &mut args.portal, console).await?;
    check(&run)?;
    say_where(&run, &args.run, console);
    say_relatives(&run, console)?;
    let busy = RunFolder::open(&run.path)?;
    if args.plan {
        return show(run, part, &args.portal, console).await;
    }
    let what = words(&run, part, &run.rows.journal.tickets()?);
    if !console.confirmed(args.yes, &what) {
        run.portal.close().await;
        return Ok(Exit::Fine);
    }
    let folder = RunFolder::create(KIND, args.run_dir.as_deref())?;
    let began = begin(&run, part, &folder, &args.portal, console)?;
    let (portal, report) = (&args.portal, !args.no_report);
    let ended = carry_out(run, began, part, &folder, portal, report, console).await;
    drop(busy);
    ended
}

/// The folder of a run that was given by name.
fn say_where(run: &PastRun, named: &Path, console: &Console) {
    if run.path.is_absolute() && named.is_relative() {
        let folder = run.path.display().to_string();
        console.say(&format!("the run in {}", one_line(&folder)));
    }
}

/// Checks that there is such a run, and somebody to ask, before the portal is called.
fn expect_answer(args: &UndoArgs, part: Part, console: &Console) -> Result<(), Error> {
    let there = find(&args.run)?;
    if !is_run(&there) {
        return Err(no_run(&there));
    }
    let what = match part {
        Part::All => "undo the run",
        Part::Created => "archive the tickets of the run",
    };
    console.expect_answer(args.yes, what)
}

/// Shows what an undo would do, and what it would leave.
async fn show(
    run: PastRun,
    part: Part,
    portal: &PortalArgs,
    console: &Console,
) -> Result<Exit, Error> {
    let contacts = run.past.figures.contacts_created;
    let rows = undo(run, None, part, portal, console).await?;
    let face = UndoOutput {
        undone: &rows,
        file: None,
        part,
        contacts,
    };
    Ok(match say(&face, console) {
        Exit::Refused => Exit::Fine,
        other => other,
    })
}

/// Continues an undo; `run` is the run that it undoes. With `leaves_report` a report stays in the
/// run folder.
pub async fn resume(
    folder: RunFolder,
    past: Past,
    run: &Path,
    portal: &mut PortalArgs,
    leaves_report: bool,
    console: &Console,
) -> Result<Exit, Error> {
    let run = PastRun::open(Some(run), portal, console).await?;
    let undoes = past.header.undoes.as_ref();
    let undoes = undoes.and_then(|undone| real(&undone.folder));
    if past.header.operation != KIND || undoes != real(&run.path) {
        let message = format!("{} is not an undo of that run", folder.path().display());
        return Err(Error::usage(message).advise("name another folder with --run-dir"));
    }
    // The summary is written last.
    if past.figures.state == RunState::Finished && folder.has_summary() {
        run.portal.close().await;
        return Ok(finished(&folder, &past, console));
    }
    check(&run)?;
    let _busy = RunFolder::open(&run.path)?;
    let journal = Journal::open(folder.path(), past.figures.settled, Durability::Full)?;
    let last = past.contiguous.map_or(0, |row| row.seq);
    let began = Began {
        journal,
        run: past.header.run.clone(),
        settled: past.beyond.iter().copied().chain(1..=last).collect(),
        begun: past.unknown.keys().copied().collect(),
        notes: past.figures.notes_archived,
    };
    let is_kept = |(name, _): (&str, &str)| name == CREATED_ONLY;
    let part = match past.header.run_options.iter().any(is_kept) {
        true => Part::Created,
        false => Part::All,
    };
    carry_out(run, began, part, &folder, portal, leaves_report, console).await
}

/// Says that an undo has nothing left to do.
fn finished(folder: &RunFolder, past: &Past, console: &Console) -> Exit {
    let file = folder.path().join(outcome_file::NAME);
    console.say(&format!(
        "the undo {} is finished: {} says what became of each row",
        folder.name(),
        file.display()
    ));
    match past.refusals.is_empty() {
        true => Exit::Fine,
        false => Exit::Refused,
    }
}

/// The run that an undo undoes, if the user's registry says the same.
pub fn run_of(folder: &Path, past: &Past) -> Result<PathBuf, Error> {
    let undoes = past.header.undoes.as_ref();
    let undoes = undoes
        .map(|undone| undone.folder.clone())
        .unwrap_or_default();
    let entry = find_runs::vouched(folder, &past.header.run);
    match entry.is_some_and(|entry| entry.target.as_ref() == Some(&undoes)) {
        true => Ok(undoes),
        false => Err(Error::must_fix(format!(
            "the undo {} undoes {}, which only its run folder says: it may come from somebody else",
            folder.display(),
            undoes.display()
        ))
        .advise(format!(
            "if that is yours, run `tickethaul undo {} --run-dir {}`",
            shell::path(&undoes),
            shell::path(folder)
        ))),
    }
}

/// Says what an undo of this run alone leaves in place: what retries of its refused rows did.
fn say_relatives(run: &PastRun, console: &Console) -> Result<(), Error> {
    let known = known([run.path.as_path()]);
    for retry in descendants(&run.past.header.run, &known) {
        let done = Reading::open(&retry.folder)?
            .overview()?
            .tally
            .of(Fate::Done);
        let undone = taken_back(&retry.lineage.run, &known)?.len() as u64;
        if done > undone {
            let folder = one_line(&retry.folder.display().to_string()).into_owned();
            console.say(&format!(
                "{folder}, a retry of its refused rows, did {} more: `tickethaul undo {}` takes that back",
                counted(done - undone, "row"),
                shell::path(&retry.folder)
            ));
        }
    }
    Ok(())
}

fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// Refuses a run with rows whose outcome is unknown, or that wait for links or notes.
fn check(run: &PastRun) -> Result<(), Error> {
    let (unknown, waiting) = (run.past.unknown.len() as u64, run.past.figures.waiting);
    let what = match (unknown, waiting) {
        (0, 0) => return Ok(()),
        (0, waiting) => format!(
            "{} of the run wrote a ticket whose links or notes are still to come",
            counted(waiting, "row")
        ),
        (unknown, _) => format!(
            "of {} of the run it is not known whether they were carried out",
            counted(unknown, "row")
        ),
    };
    Err(Error::must_fix(what).advise(format!(
        "finish it first: `tickethaul resume {}`",
        shell::path(&run.path)
    )))
}

/// What is about to be done, at most: what others have changed stays.
fn words(run: &PastRun, part: Part, tickets: &BTreeMap<Change, u64>) -> String {
    let portal = run.portal.name_in_question();
    let mut parts = match part {
        Part::All => parts_words(tickets),
        Part::Created => {
            let created = tickets.get(&Change::Created).copied().unwrap_or(0);
            vec![format!(
                "archive {} that the run created, even where others changed them since",
                counted(created, "ticket")
            )]
        }
    };
    let files = run.past.figures.files.made;
    if files > 0 {
        parts.push(format!(
            "delete {} that it uploaded",
            counted(files, "file")
        ));
    }
    let what = match parts.is_empty() {
        true => "undo what the run did".to_owned(),
        false => parts.join(", "),
    };
    match part {
        Part::All => format!("{what}, but for what others changed since, in {portal}"),
        Part::Created => format!("{what}, in {portal}"),
    }
}

/// What is done with tickets.
fn parts_words(tickets: &BTreeMap<Change, u64>) -> Vec<String> {
    let tickets = |change| tickets.get(&change).copied().unwrap_or(0);
    let (created, updated) = (tickets(Change::Created), tickets(Change::Updated));
    let linked = tickets(Change::Linked);
    let mut parts = Vec::new();
    if created > 0 {
        parts.push(format!(
            "archive {} that the run created",
            counted(created, "ticket")
        ));
    }
    if updated > 0 {
        let values = if updated == 1 { "its" } else { "their" };
        parts.push(format!(
            "give {} that it updated {values} former values",
            counted(updated, "ticket")
        ));
    }
    if linked > 0 {
        parts.push(format!("cut links of {}", counted(linked, "ticket")));
    }
    parts
}

/// Begins a new undo in its run folder.
fn begin(
    run: &PastRun,
    part: Part,
    folder: &RunFolder,
    portal: &PortalArgs,
    console: &Console,
) -> Result<Began, Error> {
    let header = header(run, part)?;
    // A resume believes only this record, so a new undo needs it.
    record(&header, folder, portal, console);
    let journal = Journal::create(folder.path(), &header, None, Durability::Full)?;
    Ok(Began {
        journal,
        run: header.run,
        settled: HashSet::new(),
        begun: HashSet::new(),
        notes: 0,
    })
}

fn header(run: &PastRun, part: Part) -> Result<Header, Error> {
    let folder = real(&run.path).ok_or_else(|| Error::unexpected("the run folder is gone"))?;
    Ok(Header {
        run: new_run()?,
        parent: None,
        operation: KIND.to_owned(),
        run_options: match part {
            Part::All => RunOptions::default(),
            Part::Created => RunOptions::new([(CREATED_ONLY.to_owned(), "true".to_owned())]),
        },
        undoes: Some(UndoneRun {
            run: run.past.header.run.clone(),
            folder,
        }),
        plan: None,
        ..run.past.header.clone()
    })
}

fn record(header: &Header, folder: &RunFolder, portal: &PortalArgs, console: &Console) {
    let [token_file, oauth_file] = portal.secret_files();
    let new = NewEntry {
        run: &header.run,
        folder: folder.path(),
        kind: Kind::Import,
        operation: KIND,
        begun: now(),
        portal: header.portal.clone(),
        token_file,
        oauth_file,
        target: header.undoes.as_ref().map(|undone| &*undone.folder),
    };
    find_runs::record(&new, console);
}

/// An undo with its journal.
struct Began {
    journal: Journal,
    run: String,
    settled: HashSet<u64>,
    begun: HashSet<u64>,
    notes: u64,
}

async fn carry_out(
    run: PastRun,
    began: Began,
    part: Part,
    folder: &RunFolder,
    portal: &PortalArgs,
    leaves_report: bool,
    console: &Console,
) -> Result<Exit, Error> {
    log_calls(&run.portal.client, folder.path());
    let places = run.rows.places.clone();
    let contacts = run.past.figures.contacts_created;
    let undone = undo(run, Some(began), part, portal, console).await?;
    let file = outcome_file::write(folder.path(), &places)?;
    let journal = Reading::open(folder.path())?;
    let mut undone = undone.of_journal(&journal.past()?);
    undone.count_files(journal.deletions()?.iter().map(|file| file.state));
    let face = UndoOutput {
        undone: &undone,
        file: Some(&file),
        part,
        contacts,
    };
    folder.write_summary(&face.json())?;
    let exit = say(&face, console);
    if leaves_report {
        report::leave(folder.path(), console);
    }
    Ok(exit)
}

async fn undo(
    run: PastRun,
    began: Option<Began>,
    part: Part,
    portal_args: &PortalArgs,
    console: &Console,
) -> Result<Undone, Error> {
    let PastRun {
        portal,
        rows,
        mapping,
        path,
        past,
    } = run;
    let writable = writable(&portal).await?;
    let stop = StopSwitch::default();
    stop_on_signal(stop.clone());
    let mut others = known([path.as_path()]);
    let own = began.as_ref().map(|began| began.run.clone());
    others.retain(|one| Some(&one.lineage.run) != own.as_ref());
    let taken_back = taken_back(&past.header.run, &others)?;
    let (claims, users) = entangled(&past.header.run, &others);
    let notes = began.as_ref().map_or(0, |began| began.notes);
    let (journal, id, settled, begun) = match began {
        Some(began) => (Some(began.journal), began.run, began.settled, began.begun),
        None => (None, String::new(), HashSet::new(), HashSet::new()),
    };
    let phase = if journal.is_some() {
        "undoing"
    } else {
        "looking"
    };
    let work = Snapshot::new(phase, "row", Some(past.figures.tally.of(Fate::Done)));
    let hear = board(work, &portal.client, console);
    let undo = Undo {
        client: portal.client.clone(),
        rows,
        mapping,
        writable,
        journal,
        settled,
        begun,
        taken_back,
        claims,
        users,
        notes,
        shown: HashMap::new(),
        going: HashSet::new(),
        files: BTreeMap::new(),
        run: id,
        horizon: portal_args.horizon(),
        created_only: part == Part::Created,
        stop,
        hear,
    };
    let undone = undo.run().await;
    portal.close().await;
    undone
}

/// Shows how many rows of the run have been processed.
fn board(work: Snapshot, client: &Client, console: &Console) -> Box<dyn Fn(u64)> {
    let board = console.board(client);
    board.at(work.at(0));
    Box::new(move |rows| board.at(work.at(rows)))
}

/// What other runs have in common with one: tickets that they say they created too, and files
/// that their notes name.
fn entangled(run: &str, others: &[Member]) -> (CoCreators, FileUsers) {
    let member = others.iter().find(|one| one.lineage.run == run);
    member.map_or_else(Default::default, |member| {
        (
            CoCreators::against(member, others),
            FileUsers::against(member, others),
        )
    })
}

/// Ticket properties that anybody can set.
async fn writable(portal: &Portal) -> Result<BTreeSet<String>, Error> {
    let schema = portal.client.schema(SchemaParts::default()).await;
    let schema = schema.map_err(call_error)?;
    let names = schema
        .tickets
        .values()
        .filter(|property| !property.read_only);
    Ok(names.map(|property| property.name.clone()).collect())
}

fn say(face: &UndoOutput<'_>, console: &Console) -> Exit {
    console.result(&face.json());
    console.say_lines(&face.words());
    if let Some(stop) = &face.undone.stop {
        console.if_quiet(&format!("undo stopped: {stop}"));
    } else if face.left() > 0 {
        let file = face
            .file
            .map_or_else(String::new, |file| format!(": {}", file.display()));
        let left = counted(face.left(), "row");
        console.if_quiet(&format!("{left} not undone, or in part{file}"));
    }
    match &face.undone.stop {
        Some(Stop::Later(_)) => Exit::Later,
        Some(Stop::MustFix(_) | Stop::TooManyRefused(_)) => Exit::MustFix,
        None if face.left() > 0 => Exit::Refused,
        None => Exit::Fine,
    }
}
