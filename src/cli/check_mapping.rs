//! `tickethaul check -m`: what an import would do with every row, found without sending
//! anything. The portal's definitions come from where `schema` finds them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::check::CheckArgs;
use super::exit::Exit;
use super::fit::{Definitions, Intent};
use super::import::{mapping_error, parse_mapping, wanted};
use super::input::say_reading;
use super::output::new_file;
use super::preview::preview_of;
use super::schema::{Lacking, REMEDY};
use super::talk::Talk;
use crate::error::Error;
use crate::hubspot::Rate;
use crate::import::check::{Allowance, Check, check, write_values};
use crate::import::read::Input;
use crate::mapping::{CompiledMapping, MappingErrors, MappingFile};
use crate::model::check::CheckReport;
use crate::model::count::counted;
use crate::output::{Privacy, Target};
use crate::report::{check_json, check_words};

/// Where neither the portal nor the user told. HubSpot: calls of a private app in ten
/// seconds, from the Professional tier on.
const USUAL_RATE: (u32, Duration) = (190, Duration::from_secs(10));

/// Checks every row of the input against a mapping.
pub async fn run(args: &CheckArgs, path: &Path, talk: &Talk) -> Result<Exit, Error> {
    let csv = |path: &PathBuf| new_file(path, &["csv"], args.force);
    let refused_to = args.output.as_ref().map(csv).transpose()?;
    let values_to = args.write_values.as_ref().map(csv).transpose()?;
    let mapping = match parse_mapping(path)? {
        Ok(mapping) => mapping,
        Err(errors) => return Err(mapping_error(&all_mistakes(errors, args, talk).await, talk)),
    };
    let input = args.input.open(mapping.dialect(), None)?;
    let intent = intent(args, &mapping, &input);
    let copy = args.from.read(intent.parts(), talk).await?;
    say_reading(&input, talk);
    let wanted = wanted(&mapping, args.op);
    let lacking = Lacking::of(&wanted, &copy.schema, &copy.archived);
    say_lacking(&lacking, talk);
    let assumed = lacking.assumed(&wanted, &copy.schema);
    let definitions = Definitions::Copy(&copy);
    let (compiled, _links) = intent.fit(&assumed, definitions, talk).await?;
    let readers = intent.compile(&assumed, talk)?;
    let rates = [args.from.portal.rate(), copy.burst].into_iter().flatten();
    let rate = rates.min_by(|one, other| a_second(one).total_cmp(&a_second(other)));
    let allowance = Allowance {
        rate: rate.map_or(USUAL_RATE, |rate| (rate.calls, rate.window)),
        daily_calls: copy.daily_calls,
    };
    let shown = preview_of(args.op.operation(), input.again(), &compiled, &copy.schema)?;
    let mut report = check(
        input,
        &Check {
            operation: args.op.operation(),
            mapping: &compiled,
            readers: Arc::new(readers),
            pipelines: &copy.schema.pipelines,
            allowance,
            refused_to: refused_to.as_ref(),
        },
    )?;
    report.clashes = lacking.clashes;
    talk.show(&check_words(&report));
    if !shown.is_empty() {
        talk.show(&format!("\n{shown}"));
    }
    if !report.clashes.is_empty() {
        talk.say(REMEDY);
    }
    talk.result(&check_json(&report));
    if let Some(Target::File(path)) = &refused_to {
        let (rows, path) = (report.refused, path.display());
        let rows = counted(rows, "row");
        talk.say(&format!("{path}: {rows} that would be refused"));
    }
    if let Some(target) = &values_to {
        propose(target, &report, &compiled, talk)?;
    }
    Ok(match (report.refused, report.clashes.as_slice()) {
        (0, []) => Exit::Fine,
        _ => Exit::Found,
    })
}

fn say_lacking(lacking: &Lacking, talk: &Talk) {
    if lacking.can_be_created() {
        talk.say(&format!(
            "the portal lacks {}; it counts as there, `schema apply` creates it",
            lacking.names()
        ));
    }
}

fn a_second(rate: &Rate) -> f64 {
    f64::from(rate.calls) / rate.window.as_secs_f64()
}

/// A mapping with mistakes is still held against file and portal, as far as those can
/// be had, so that all its mistakes are told at once.
async fn all_mistakes(errors: MappingErrors, args: &CheckArgs, talk: &Talk) -> MappingErrors {
    let insisted = errors.rest().map(|mapping| mapping.dialect().clone());
    let Ok(input) = args.input.open(&insisted.unwrap_or_default(), None) else {
        return errors;
    };
    let mapping = errors.rest();
    let parts = mapping.map(|mapping| intent(args, mapping, &input).parts());
    match args.from.read(parts.unwrap_or_default(), talk).await {
        Ok(copy) => {
            errors.and_against(input.headers(), &copy.schema, args.op.operation().purpose())
        }
        Err(_) => errors,
    }
}

/// What an import with the same options would intend.
fn intent<'a>(args: &CheckArgs, mapping: &'a MappingFile, input: &'a Input) -> Intent<'a> {
    Intent {
        mapping,
        headers: input.headers(),
        operation: args.op.operation(),
        no_key: false,
    }
}

/// Writes the value file, and says how the mapping takes it.
fn propose(
    target: &Target,
    report: &CheckReport,
    mapping: &CompiledMapping,
    talk: &Talk,
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
    talk.say(&format!(
        "{}: {} to fill in under `to`, beside the lines that the mapping has; then put it \
         next to the mapping and write there",
        path.display(),
        counted(lines, "value"),
    ));
    let mut told = Vec::new();
    for column in &report.unmapped {
        if !told.contains(&column.property.as_str()) {
            told.push(&column.property);
            let keep = if column.has_map {
                ""
            } else {
                ", unmapped = \"keep\""
            };
            talk.say(&format!(
                "  {}: map = {{ file = \"{file}\" }}{keep}",
                column.property
            ));
        }
    }
    Ok(())
}
