//! `tickethaul plan` and `import --dry-run`: what an import would do, row by row, without
//! writing anything to the portal. A plan that is kept can be applied, and shown again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::comments;
use super::console::Console;
use super::exit::Exit;
use super::families::rivals;
use super::file_args::{FileArgs, absolute};
use super::find_runs;
use super::import_args::{ImportArgs, Op};
use super::input::{InputArgs, say_reading};
use super::plan_output_args::PlanOutputArgs;
use super::portal::{Portal, call_error};
use super::prepare_import::{Fit, fit, header, open_mapping};
use super::registry::{Kind, NewEntry};
use super::reopen::places_of;
use super::report;
use super::run_args::RunArgs;
use super::schema::lacking_groups;
use super::settings::PortalArgs;
use crate::error::Error;
use crate::hubspot::CallError;
use crate::import::check::{Allowance, Setting};
use crate::import::notes::comments::{Rest, gather};
use crate::import::notes::{self, attachments::Finder};
use crate::import::read::Input;
use crate::import::resume::folder::RunFolder;
use crate::journal::{Header, PlanReading, PlanWriter, PlannedRow, RunOptions, now};
use crate::mapping::{CompiledMapping, MappingFile};
use crate::model::place::Places;
use crate::model::plan::{PlanReport, PlannedAction, ShownRow};
use crate::model::schema::ObjectType;
use crate::model::shell;
use crate::model::ticket::Missing;
use crate::output::read_regular;
use crate::report::{Snapshot, plan_json, plan_words, row_json, row_words};
use crate::review::plan::folder::{JSON, PlanFolder, WORDS};
use crate::review::plan::run::{Planned, Planning, plan};

/// Rows of an action that are shown.
const SHOWN: [(PlannedAction, usize); 4] = [
    (PlannedAction::Update, 5),
    (PlannedAction::Create, 3),
    (PlannedAction::Archive, 3),
    (PlannedAction::Link, 3),
];

/// In bytes; a longer report is not ours.
const LONGEST: u64 = 64 << 20;

/// Show what an import would do with every row, reading the portal and writing nothing; a
/// plan kept in a folder can be carried out by `tickethaul apply`
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The mapping: how columns become properties; a file, or the name of a built-in one.
    /// Left out, FILE is the folder of a plan, which is shown
    #[arg(short, long, value_name = "MAPPING")]
    mapping: Option<PathBuf>,
    /// What to do with the rows
    #[arg(long, value_enum, default_value_t = Op::Create)]
    op: Op,
    /// Keep the plan in this new folder, for `tickethaul apply`
    #[arg(short, long, value_name = "PLAN")]
    output: Option<PathBuf>,
    /// Plan as if the key property and the `[[property]]` entries existed; `apply` creates
    /// those that the portal lacks
    #[arg(long)]
    create_properties: bool,
    /// Leave no report.html in the folder of the plan; `tickethaul report` makes one later
    #[arg(long, requires = "output")]
    no_report: bool,
    #[command(flatten)]
    face: PlanOutputArgs,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Plans an import, or shows a plan that was kept.
pub async fn run(
    args: PlanArgs,
    run_options: RunOptions,
    console: &Console,
) -> Result<Exit, Error> {
    let Some(mapping) = args.mapping else {
        return kept(&args.input, &args.face, console);
    };
    let import = ImportArgs {
        input: args.input,
        mapping,
        op: args.op,
        blind: false,
        diff: false,
        create_properties: args.create_properties,
        run_dir: args.output.clone(),
        limit: None,
        no_key: false,
        yes: false,
        dry_run: true,
        face: args.face,
        files: args.files,
        run_args: RunArgs::default(),
        portal: args.portal,
    };
    let exit = make(
        &import,
        args.output.as_deref(),
        absolute(run_options),
        console,
    )
    .await?;
    if let Some(folder) = args.output.filter(|_| !args.no_report) {
        report::leave(&folder, console);
    }
    Ok(exit)
}

/// Makes a plan; without a folder it is only shown.
pub async fn make(
    args: &ImportArgs,
    output: Option<&Path>,
    run_options: RunOptions,
    console: &Console,
) -> Result<Exit, Error> {
    let mapping = open_mapping(args, console).await?;
    let mut folder = match output {
        Some(path) => PlanFolder::create(path)?,
        None => PlanFolder::passing()?,
    };
    let opened = Opened {
        args,
        mapping: &mapping,
        output,
    };
    let made = match opened.planned(folder.path(), run_options, console).await {
        Ok(made) => made,
        Err(error) => {
            folder.abandon();
            return Err(error);
        }
    };
    let words = plan_words(&made.report);
    let kept = output.map(|path| path.display().to_string());
    let json = plan_json(&made.report, kept.as_deref());
    let asked = args.face.show.as_ref().map(|key| {
        let reading = PlanReading::open(folder.path())?;
        rows_of_key(&reading, key, &made.places)
    });
    if output.is_some() {
        folder.keep(&words, &format!("{json:#}"))?;
        record(&made.header, &folder, &args.portal, console);
    }
    match asked.transpose()? {
        Some(rows) => show_rows(&rows, console),
        None => {
            console.show(&words);
            console.result(&json);
        }
    }
    if let Some(folder) = output.map(shell::path) {
        console.say(&format!(
            "the plan is kept: `tickethaul apply {folder}` does exactly this, `tickethaul plan {folder} --show KEY` shows a row"
        ));
    }
    let writes = made.report.writes() + made.report.effects.notes.notes;
    Ok(exit(&args.face, writes, made.report.refused()))
}

/// A plan as it was made.
struct Made {
    report: PlanReport,
    header: Header,
    places: Places,
}

/// What is planned, by which mapping, and where it is kept, if anywhere.
#[derive(Clone, Copy)]
struct Opened<'a> {
    args: &'a ImportArgs,
    mapping: &'a MappingFile,
    output: Option<&'a Path>,
}

impl Opened<'_> {
    /// Opens input and portal, and plans every row into a folder.
    async fn planned(
        self,
        folder: &Path,
        run_options: RunOptions,
        console: &Console,
    ) -> Result<Made, Error> {
        let (args, mapping) = (self.args, self.mapping);
        let spool = self.output.map(|path| RunFolder::parent_of(Some(path)));
        let input = args.input.open(mapping.dialect(), spool)?;
        let portal = Portal::open(&args.portal, console).await?;
        say_reading(&input, console);
        let made = match fit(args, mapping, &input, &portal, console).await {
            Ok(fit) => {
                let making = Making {
                    opened: self,
                    args,
                    fit: &fit,
                    portal: &portal,
                    folder,
                };
                making.made(input, run_options, console).await
            }
            Err(error) => Err(error),
        };
        portal.close().await;
        made
    }
}

/// The exit code of a plan: 0, unless `--detailed-exitcode` is given.
fn exit(face: &PlanOutputArgs, writes: u64, refused: u64) -> Exit {
    match face.detailed_exitcode {
        false => Exit::Fine,
        true if refused > 0 => Exit::Refused,
        true if writes > 0 => Exit::Changes,
        true => Exit::Fine,
    }
}

/// A plan while it is made.
struct Making<'a> {
    opened: Opened<'a>,
    args: &'a ImportArgs,
    fit: &'a Fit,
    portal: &'a Portal,
    folder: &'a Path,
}

impl Making<'_> {
    /// Plans every row, and sums it up. Comments are gathered first.
    async fn made(
        &self,
        mut input: Input,
        run_options: RunOptions,
        console: &Console,
    ) -> Result<Made, Error> {
        input.keep_stdin(self.folder)?;
        let compiled = &self.fit.compiled;
        let comments = self.args.input.comments();
        let beside = comments::open(self.opened.mapping, compiled, comments, console)?;
        if compiled.has_comment_files() {
            let rest = match self.opened.output {
                Some(_) => Rest::Written,
                None => Rest::Counted,
            };
            let gathered = gather(&mut input, compiled, beside, self.folder, rest)?;
            console.say(&comments::words(&gathered));
        }
        let header = Header {
            inputs: input.fingerprints()?,
            ..header(
                self.args,
                run_options,
                self.opened.mapping,
                &self.portal.account,
                self.fit,
            )?
        };
        let places = input.places();
        let begin = self.portal.client.calls();
        let planned = self.plan(input, &header, console).await?;
        Ok(Made {
            report: self.report(planned, begin, &places).await?,
            header,
            places,
        })
    }

    /// Writes what is done with every row into the folder.
    async fn plan(
        &self,
        input: Input,
        header: &Header,
        console: &Console,
    ) -> Result<Planned<'_>, Error> {
        let lacking = &self.fit.lacking;
        let properties = lacking.properties.iter().map(|new| &new.name);
        let options = lacking.options.iter().map(|(name, _)| name);
        let lacks: Vec<String> = properties.clone().chain(options).cloned().collect();
        let mapping = &self.fit.compiled;
        let operation = self.args.op.operation();
        let knows_keys = mapping
            .id_property()
            .is_none_or(|key| !properties.clone().any(|name| name == key));
        let values = self.portal.client.value_rules().await.map_err(call_error)?;
        let values = values.unwrap_or_default();
        let sources = self.args.files.sources()?;
        if sources.is_some() && mapping.has_files() && operation.writes_notes() {
            // The plan may be applied by somebody else, so a missing scope is only reported.
            let checked = self.portal.client.check_files().await;
            if let Err(CallError::Denied(error)) = checked {
                console.say(&format!(
                    "to apply this plan: {}",
                    notes::denied_files(CallError::Denied(error))
                ));
            }
        }
        let patience = self.portal.client.deadline();
        let finder = sources.map(|sources| Arc::new(Finder::new(sources, patience)));
        let binds = self.opened.output.is_some();
        let planning = Planning {
            values: self.args.portal.rules_that_bind(&values, operation),
            client: &self.portal.client,
            operation,
            mapping: Arc::clone(mapping),
            kinds: &self.fit.links,
            pipelines: &self.fit.complete.pipelines,
            rivals: rivals(header)?,
            knows_keys,
            limit: self.args.limit,
            files: finder.map(|finder| (finder, binds)),
        };
        let writer = PlanWriter::create(self.folder, header, &lacks)?;
        let board = console.board(&self.portal.client);
        let course = Course {
            bytes: input.size(),
            limit: self.args.limit,
        };
        board.at(course.snapshot(0, 0));
        let hear = |rows, bytes| board.at(course.snapshot(rows, bytes));
        plan(&planning, input, writer, hear).await
    }

    /// Sums up the plan. `begin`: the calls made before the first row.
    async fn report(
        &self,
        planned: Planned<'_>,
        begin: u64,
        places: &Places,
    ) -> Result<PlanReport, Error> {
        let operation = self.args.op.operation();
        let usage = self.portal.client.daily_usage().await;
        let allowance = Allowance {
            rate: self.args.portal.reckoned_rate(self.portal.client.burst()),
            daily_calls: usage.ok().flatten().map(|usage| usage.limit),
        };
        let sums = planned.sums;
        Ok(PlanReport {
            operation: operation.word(),
            portal: self.portal.name(),
            portal_id: self.portal.account.portal_id,
            blind: self.args.blind,
            read: planned.read,
            actions: sums.actions.clone(),
            properties: sums.properties.clone(),
            refusals: sums.refusals(),
            held_in_bin: sums.held_in_bin,
            links: sums.links.clone(),
            left_out: sums.left_out,
            others: sums.others.clone(),
            remarks: sums.remarks.clone(),
            lacking: self.fit.lacking.names(),
            effects: sums
                .into_effects(operation, allowance, self.setting(begin), planned.files)
                .map_err(|error| Error::unexpected("can't sum up the plan").because(error))?,
            shown: self.shown(places)?,
            notices: planned.notices,
        })
    }

    /// The first rows of each action.
    fn shown(&self, places: &Places) -> Result<Vec<ShownRow>, Error> {
        let reading = PlanReading::open(self.folder)?;
        let mut shown = Vec::new();
        for (action, most) in SHOWN {
            let rows = reading.first(action, most)?.into_iter();
            shown.extend(rows.map(|row| shown_row(row, places)));
        }
        Ok(shown)
    }

    /// What a run does before its first row: the calls that this plan has made so far are
    /// those that a run begins with.
    fn setting(&self, begin: u64) -> Setting {
        let Fit {
            compiled, lacking, ..
        } = self.fit;
        let kinds: BTreeSet<ObjectType> = compiled.links().map(|link| link.to).collect();
        let new = lacking.properties.len();
        let properties = match new {
            0 => 0,
            new => 2 + new + lacking_groups(&lacking.properties, &[]).len(),
        };
        Setting {
            begin,
            properties: (properties + 2 * lacking.options.len()) as u64,
            kinds: kinds.len() as u64,
            by_key: compiled.id_property().is_some(),
            blind: self.args.blind,
            creates_others: creates_others(compiled),
            held: None,
        }
    }
}

/// How much there is to be planned.
struct Course {
    bytes: u64,
    limit: Option<u64>,
}

impl Course {
    /// How far the plan is after so many rows, which end at this byte.
    fn snapshot(&self, rows: u64, bytes: u64) -> Snapshot {
        let snapshot = Snapshot::of_bytes("planning", rows, bytes, self.bytes);
        let limit = self.limit.filter(|limit| *limit > 0);
        let by_limit = limit.map_or(0.0, |limit| rows as f64 / limit as f64);
        Snapshot {
            share: snapshot.share.map(|by_bytes| by_bytes.max(by_limit)),
            ..snapshot
        }
    }
}

/// Whether records other than contacts may be created.
fn creates_others(compiled: &CompiledMapping) -> bool {
    compiled
        .links()
        .any(|link| link.missing == Missing::Create && !link.by.is_email_of(link.to))
}

fn shown_row(row: PlannedRow, places: &Places) -> ShownRow {
    ShownRow {
        place: places.cell(row.row.address),
        key: row.key.unwrap_or_default().into(),
        action: row.action,
        ticket: row.ticket,
        changes: row.changes,
        links: row.links,
        refusal: row.refusal,
    }
}

fn rows_of_key(reading: &PlanReading, key: &str, places: &Places) -> Result<Vec<ShownRow>, Error> {
    let rows: Vec<ShownRow> = reading
        .of_key(key)?
        .into_iter()
        .map(|row| shown_row(row, places))
        .collect();
    match rows.is_empty() {
        false => Ok(rows),
        true => Err(Error::usage(format!("no row of the plan has the key {key}"))
            .advise("give the key as it stands in the portal, with the prefix that the mapping puts before it")),
    }
}

fn show_rows(rows: &[ShownRow], console: &Console) {
    let words: Vec<String> = rows.iter().map(|row| row_words(row, true)).collect();
    console.show(&words.join("\n"));
    console.result(&Value::Array(rows.iter().map(row_json).collect()));
}

/// Records a plan in the registry, where `runs` finds it and `apply` looks up its portal.
fn record(header: &Header, folder: &PlanFolder, portal: &PortalArgs, console: &Console) {
    let [token_file, oauth_file] = portal.secret_files();
    let new = NewEntry {
        run: &header.run,
        folder: folder.path(),
        kind: Kind::Plan,
        operation: &header.operation,
        begun: now(),
        portal: header.portal.clone(),
        token_file,
        oauth_file,
        target: None,
    };
    find_runs::record(&new, console);
}

/// Whether a path is that of one file.
fn is_plain(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text != "-" && !text.contains(['*', '?', '['])
}

/// The folder of a plan, given in place of an input.
fn folder_of(input: &InputArgs) -> Result<&Path, Error> {
    match input.files.as_slice() {
        [folder] if PlanReading::is_there(folder) => Ok(folder),
        [file] if !file.exists() && is_plain(file) => {
            let message = format!("there is no file or plan {}", file.display());
            Err(Error::usage(message).advise("name an input with -m, or the folder of a plan"))
        }
        _ => Err(Error::usage("no mapping is named")
            .advise("add -m MAPPING; or name the folder of one plan, to show it")),
    }
}

/// Shows a plan that was kept.
fn kept(input: &InputArgs, face: &PlanOutputArgs, console: &Console) -> Result<Exit, Error> {
    let folder = folder_of(input)?;
    let reading = PlanReading::open(folder)?;
    let text = |name: &str| {
        let path = folder.join(name);
        let bytes = read_regular(&path, LONGEST);
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        text.map_err(|error| {
            Error::must_fix(format!("can't read {}", path.display())).because(error)
        })
    };
    let report: Value = serde_json::from_str(&text(JSON)?).unwrap_or_default();
    let notes = report["import"]["notes"]["notes"].as_u64().unwrap_or(0);
    match &face.show {
        Some(key) => {
            let header = reading.header()?;
            let rows = rows_of_key(&reading, key, &places_of(&header.inputs))?;
            show_rows(&rows, console);
        }
        None => match console.is_json() {
            true => console.result(&report),
            false => console.show(text(WORDS)?.trim_end()),
        },
    }
    if let Some(run) = reading.applied()? {
        let folder = run.folder.display();
        console.say(&format!("applied by the run {folder}"));
    }
    let actions = reading.actions()?.into_iter();
    let writes = actions.filter(|(action, _)| action.writes());
    let writes: u64 = writes.map(|(_, rows)| rows).sum();
    Ok(exit(face, writes + notes, reading.refused()?))
}
