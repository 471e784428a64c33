//! `tickethaul check -m`: what an import would do with every row, found without sending
//! anything. The portal's definitions come from where `schema` finds them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check_args::CheckArgs;
use super::comments;
use super::compile_mapping::{Definitions, Intent, joined_words};
use super::console::Console;
use super::exit::Exit;
use super::input::say_reading;
use super::local_time::second;
use super::mapping_file::{mapping_error, parse_mapping};
use super::output::new_file;
use super::portal::{Portal, call_error};
use super::portal_facts;
use super::prepare_import::wanted;
use super::preview::preview_of;
use super::report::CheckPage;
use super::schema::{Lacking, PortalCopy, REMEDY, lacking_groups};
use crate::error::Error;
use crate::hubspot::records::association_types::from_ticket;
use crate::import::check::{Allowance, Check, Setting, check, held, write_values};
use crate::import::notes::comments::{CommentInput, Gathered, Rest, gather};
use crate::import::read::Input;
use crate::mapping::{CompiledMapping, MappingErrors, MappingFile};
use crate::model::check::{CheckReport, Held};
use crate::model::count::counted;
use crate::model::schema::ObjectType;
use crate::model::ticket::Missing;
use crate::output::{Privacy, Target, Temporary};
use crate::report::{Snapshot, check_json, check_words};

/// Checks every row of the input against a mapping.
pub async fn run(args: &CheckArgs, path: &Path, console: &Console) -> Result<Exit, Error> {
    let mut targets = Targets::of(args)?;
    let mapping = mapping_of(args, path, console).await?;
    let input = args.input.open(mapping.dialect(), None)?;
    if let Some(Target::File(path)) = &targets.refused {
        expect_ending(path, &input)?;
    }
    if let Some(page) = &mut targets.page {
        page.about(&input)?;
    }
    let intent = intent(args, &mapping, &input);
    let (mut copy, portal) = args.from.read_keeping(intent.parts(), console).await?;
    let used = |name: &str| mapping.property_names().contains(&name);
    copy.schema = portal_facts::completed(
        copy.schema,
        copy.portal_id,
        args.op.operation(),
        used,
        console,
    );
    let looked = Looked {
        intent,
        input: &input,
        copy: &copy,
        portal: portal.as_ref(),
    };
    let against = looked.against(args, console).await;
    let asked = asked_words(portal.as_ref(), &copy);
    if let Some(portal) = portal {
        portal.close().await;
    }
    let against = against?;
    say_reading(&input, console);
    let beside = comments::open(&mapping, &against.compiled, args.input.comments(), console)?;
    let compiled = Arc::clone(&against.compiled);
    let (report, shown) = checked(args, input, beside, against, &copy, &targets, console)?;
    show(&report, &shown, console);
    targets.written(&report, &compiled, console)?;
    if let Some(page) = &targets.page {
        let portal = (copy.portal_id, asked);
        page.write(&report, path, mapping.text(), portal, console)?;
    }
    Ok(match (report.refused, report.clashes.as_slice()) {
        (0, []) => Exit::Fine,
        _ => Exit::Found,
    })
}

/// The mapping, or everything that is wrong with it.
async fn mapping_of(
    args: &CheckArgs,
    path: &Path,
    console: &Console,
) -> Result<MappingFile, Error> {
    match parse_mapping(path)? {
        Ok(mapping) => comments::with_typed(mapping, args.input.comments()),
        Err(errors) => {
            let errors = all_mistakes(errors, args, console).await;
            Err(mapping_error(&errors, console))
        }
    }
}

/// The files that a check writes, if asked for.
struct Targets {
    /// The rows that would be refused.
    refused: Option<Target>,
    /// Values that the mapping does not know.
    values: Option<Target>,
    /// All of it as a page.
    page: Option<CheckPage>,
}

impl Targets {
    fn of(args: &CheckArgs) -> Result<Targets, Error> {
        let new = |path: &PathBuf, endings| new_file(path, endings, args.force);
        let refused = args.output.as_ref();
        let values = args.write_values.as_ref();
        Ok(Targets {
            refused: refused
                .map(|path| new(path, &["csv", "jsonl"]))
                .transpose()?,
            values: values.map(|path| new(path, &["csv"])).transpose()?,
            page: page_of(args)?,
        })
    }

    /// Says what the file of refused rows holds, and writes the file of values.
    fn written(
        &self,
        report: &CheckReport,
        compiled: &CompiledMapping,
        console: &Console,
    ) -> Result<(), Error> {
        if let Some(Target::File(path)) = &self.refused {
            let (rows, path) = (report.refused, path.display());
            let rows = counted(rows, "row");
            console.say(&format!("{path}: {rows} that would be refused"));
        }
        match &self.values {
            Some(target) => propose(target, report, compiled, console),
            None => Ok(()),
        }
    }
}

/// What was asked of the portal.
fn asked_words(portal: Option<&Portal>, copy: &PortalCopy) -> String {
    match portal {
        Some(_) => "its definitions and keys as they are now".to_owned(),
        None => format!("a copy of its definitions, of {}", second(copy.pulled)),
    }
}

/// Where the page of a check goes, if one is wanted.
pub(super) fn page_of(args: &CheckArgs) -> Result<Option<CheckPage>, Error> {
    let path = args.report.as_deref();
    path.map(|path| CheckPage::at(path, args.force)).transpose()
}

/// Checks every row; returns the report and what the first tickets would be.
fn checked(
    args: &CheckArgs,
    mut input: Input,
    beside: Vec<CommentInput>,
    against: Against,
    copy: &PortalCopy,
    targets: &Targets,
    console: &Console,
) -> Result<(CheckReport, String), Error> {
    let operation = args.op.operation();
    let compiled = &against.compiled;
    let folder = tempfile::tempdir()
        .map_err(|error| Error::unexpected("can't make a temporary folder").because(error))?;
    let _temporary = Temporary::new(folder.path());
    let gathered = gather(&mut input, compiled, beside, folder.path(), Rest::Counted)?;
    let shown = preview_of(operation, input.again(), compiled, &copy.schema)?;
    let (board, size) = (console.board_alone(), input.size());
    let hear = |rows, bytes| board.at(Snapshot::of_bytes("checking", rows, bytes, size));
    let mut report = check(
        input,
        &Check {
            operation,
            mapping: compiled,
            readers: Arc::new(against.readers),
            pipelines: &copy.schema.pipelines,
            rules: args.from.portal.rules_that_bind(&copy.rules, operation),
            allowance: allowance(args, copy),
            setting: against.setting,
            refused_to: targets.refused.as_ref(),
            hear: &hear,
        },
    )?;
    report.clashes = against.lacking.clashes;
    report.notices.extend(notices(compiled, &gathered));
    Ok((report, shown))
}

/// What the user should know of columns that are put together, and of comments in files.
fn notices(compiled: &CompiledMapping, gathered: &Gathered) -> Vec<String> {
    let mut notices = joined_words(compiled);
    if compiled.has_comment_files() {
        notices.push(comments::words(gathered));
    }
    notices
}

/// The calls that the portal allows an import, by which its duration is estimated.
fn allowance(args: &CheckArgs, copy: &PortalCopy) -> Allowance {
    Allowance {
        rate: args.from.portal.reckoned_rate(copy.burst),
        daily_calls: copy.daily_calls,
    }
}

fn show(report: &CheckReport, shown: &str, console: &Console) {
    console.show(&check_words(report));
    if !shown.is_empty() {
        console.show(&format!("\n{shown}"));
    }
    if !report.clashes.is_empty() {
        console.say(REMEDY);
    }
    console.result(&check_json(report));
}

/// Refuses a file name that does not fit the refused rows, which keep the form of the input.
fn expect_ending(path: &Path, input: &Input) -> Result<(), Error> {
    let (rows, ending) = match input.is_json() {
        true => ("JSON objects", "jsonl"),
        false => ("records of a table", "csv"),
    };
    let fits = |found: &std::ffi::OsStr| found.eq_ignore_ascii_case(ending);
    match path.extension().is_some_and(fits) {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "{} can't take the refused rows: they are {rows}",
            path.display()
        ))
        .advise(format!("end its name with .{ending}"))),
    }
}

/// What a mapping is checked against.
struct Looked<'a> {
    intent: Intent<'a>,
    input: &'a Input,
    copy: &'a PortalCopy,
    portal: Option<&'a Portal>,
}

/// A mapping that fits, and what an import finds out before its first row.
struct Against {
    compiled: Arc<CompiledMapping>,
    readers: CompiledMapping,
    lacking: Lacking,
    setting: Setting,
}

impl Looked<'_> {
    /// Fits the mapping, counts what an import has to ask for and create, and looks up
    /// keys if the portal can be called.
    async fn against(&self, args: &CheckArgs, console: &Console) -> Result<Against, Error> {
        let (intent, copy) = (self.intent, self.copy);
        let wanted = wanted(intent.mapping, args.op);
        let lacking = Lacking::of(&wanted, &copy.schema, &copy.archived);
        say_lacking(&lacking, console);
        let assumed = lacking.assumed(&wanted, &copy.schema);
        let definitions = Definitions::Copy(copy);
        let (compiled, _links) = intent.fit(&assumed, definitions, console).await?;
        let readers = intent.compile(&assumed, console)?;
        // Tickets can't be read by a property that is not unique; that clash is reported.
        let known = |name: &str| copy.schema.tickets.get(name);
        let is_known = |name: &str| known(name).is_some_and(|property| property.unique);
        let held = match self.portal {
            Some(portal) if compiled.id_property().is_some_and(is_known) => {
                let found = held(&portal.client, self.input.again(), &compiled).await?;
                found.map_err(call_error)?
            }
            // No ticket has a property that the portal does not define.
            Some(_) if compiled.id_property().is_some() => Some(Held {
                looked_up: 0,
                all: true,
                found: 0,
            }),
            _ => None,
        };
        let setting = self.setting(&compiled, &lacking, held);
        Ok(Against {
            compiled: Arc::new(compiled),
            readers,
            lacking,
            setting,
        })
    }

    fn setting(
        &self,
        compiled: &CompiledMapping,
        lacking: &Lacking,
        held: Option<Held>,
    ) -> Setting {
        let parts = self.intent.parts();
        let labelled: BTreeSet<ObjectType> = compiled
            .links()
            .filter(|link| link.label.is_some() || from_ticket(link.to).is_none())
            .map(|link| link.to)
            .collect();
        let keyed = compiled
            .links()
            .filter(|link| link.by.property().is_some() && !link.by.is_email_of(link.to));
        let kinds: BTreeSet<ObjectType> = compiled.links().map(|link| link.to).collect();
        let creates = compiled
            .links()
            .any(|link| link.missing == Missing::Create && !link.by.is_email_of(link.to));
        let owners = match parts.owners {
            true => 2 + self.copy.schema.owners.len() / 100,
            false => 0,
        };
        let parts = usize::from(parts.contacts) + usize::from(parts.custom);
        let begin = 3 + parts + owners + labelled.len() + keyed.count();
        let new = lacking.properties.len();
        let properties = match new {
            0 => 0,
            new => 2 + new + lacking_groups(&lacking.properties, &self.copy.groups).len(),
        };
        Setting {
            begin: begin as u64,
            properties: (properties + 2 * lacking.options.len()) as u64,
            kinds: kinds.len() as u64,
            by_key: compiled.id_property().is_some(),
            blind: false,
            creates_others: creates,
            held,
        }
    }
}

fn say_lacking(lacking: &Lacking, console: &Console) {
    if lacking.can_be_created() {
        console.say(&format!(
            "the portal lacks {}; it counts as there, `schema apply` creates it",
            lacking.names()
        ));
    }
}

/// A mapping with mistakes is still checked against file and portal as far as possible,
/// so that all its mistakes are reported at once.
async fn all_mistakes(errors: MappingErrors, args: &CheckArgs, console: &Console) -> MappingErrors {
    let insisted = errors.rest().map(|mapping| mapping.dialect().clone());
    let Ok(input) = args.input.open(&insisted.unwrap_or_default(), None) else {
        return errors;
    };
    let mapping = errors.rest();
    let parts = mapping.map(|mapping| intent(args, mapping, &input).parts());
    match args.from.read(parts.unwrap_or_default(), console).await {
        Ok(copy) => {
            errors.and_against(input.headers(), &copy.schema, args.op.operation().purpose())
        }
        Err(_) => errors,
    }
}

/// What an import with the same options would do.
fn intent<'a>(args: &CheckArgs, mapping: &'a MappingFile, input: &'a Input) -> Intent<'a> {
    Intent {
        mapping,
        headers: input.headers(),
        operation: args.op.operation(),
        no_key: false,
    }
}

/// Writes the value file, and says how the mapping can use it.
fn propose(
    target: &Target,
    report: &CheckReport,
    mapping: &CompiledMapping,
    console: &Console,
) -> Result<(), Error> {
    let opened = target.open(Privacy::Usual);
    let lines = opened.and_then(|to| write_values(to, &report.unmapped, mapping));
    let lines = lines.map_err(|error| target.unwritten(&error))?;
    let Target::File(path) = target else {
        return Ok(());
    };
    let file = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    console.say(&format!(
        "{}: {} to fill in under `to`, in addition to the mapping's lines; then put it \
         next to the mapping and write there",
        path.display(),
        counted(lines, "value"),
    ));
    let mut named = Vec::new();
    for column in &report.unmapped {
        if !named.contains(&column.property.as_str()) {
            named.push(&column.property);
            let keep = if column.has_map {
                ""
            } else {
                ", unmapped = \"keep\""
            };
            console.say(&format!(
                "  {}: map = {{ file = \"{file}\" }}{keep}",
                column.property
            ));
        }
    }
    Ok(())
}
