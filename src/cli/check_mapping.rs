//! `tickethaul check -m`: what an import would do with every row, found without sending
//! anything. The portal's definitions come from where `schema` finds them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::check::CheckArgs;
use super::exit::Exit;
use super::fit::{Definitions, Fit, Intent, Unfit};
use super::import::{mapping_error, parse_mapping};
use super::input::say_reading;
use super::talk::Talk;
use crate::error::Error;
use crate::hubspot::Rate;
use crate::import::check::{Allowance, Check, check, write_values};
use crate::import::read::Input;
use crate::mapping::{CompiledMapping, MappingErrors, MappingFile};
use crate::model::check::CheckReport;
use crate::report::{check_json, check_words};

/// Where neither the portal nor the user told. HubSpot: calls of a private app in ten
/// seconds, from the Professional tier on.
const USUAL_RATE: (u32, Duration) = (190, Duration::from_secs(10));

/// Checks every row of the input against a mapping.
pub async fn run(args: &CheckArgs, path: &Path, talk: &Talk) -> Result<Exit, Error> {
    let mapping = match parse_mapping(path)? {
        Ok(mapping) => mapping,
        Err(errors) => return Err(mapping_error(&all_mistakes(errors, args, talk).await, talk)),
    };
    let input = args.input.open(mapping.dialect(), None)?;
    say_reading(&input, talk);
    let operation = args.op.operation();
    let intent = intent(args, &mapping, &input);
    let copy = args.from.read(intent.parts(), talk).await?;
    let definitions = Definitions::Copy(&copy);
    let fit = match intent.fit(&copy.schema, definitions, talk).await {
        Ok(fit) => fit,
        Err(Unfit::Portal(error)) => {
            talk.error(&error);
            return Ok(Exit::Found);
        }
        Err(Unfit::Unusable(error)) => return Err(error),
    };
    say_lacking(&fit, talk);
    let readers = intent.compile(&fit.schema, talk)?;
    let compiled = fit.compiled;
    let rates = [args.from.portal.rate(), copy.burst].into_iter().flatten();
    let rate = rates.min_by(|one, other| a_second(one).total_cmp(&a_second(other)));
    let allowance = Allowance {
        rate: rate.map_or(USUAL_RATE, |rate| (rate.calls, rate.window)),
        daily_calls: copy.daily_calls,
    };
    let report = check(
        input,
        &Check {
            operation,
            mapping: &compiled,
            readers: Arc::new(readers),
            pipelines: &copy.schema.pipelines,
            allowance,
            refused_to: args.output.as_deref(),
        },
    )?;
    talk.show(&check_words(&report));
    talk.result(&check_json(&report));
    if let Some(path) = &args.write_values {
        propose(path, &report, &compiled, talk)?;
    }
    Ok(match report.refused {
        0 => Exit::Fine,
        _ => Exit::Found,
    })
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
    let parts = errors
        .rest()
        .map(|mapping| intent(args, mapping, &input).parts());
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

/// Properties that the portal lacks count as created.
fn say_lacking(fit: &Fit, talk: &Talk) {
    if !fit.lacking.is_empty() {
        talk.say(&format!(
            "properties of the mapping that the portal lacks: {}; they count as there, `schema apply` creates them",
            fit.lacking.len()
        ));
    }
}

/// Writes the value file, and says how the mapping takes it.
fn propose(
    path: &Path,
    report: &CheckReport,
    mapping: &CompiledMapping,
    talk: &Talk,
) -> Result<(), Error> {
    let lines = write_values(path, &report.unmapped, mapping).map_err(|error| {
        Error::usage(format!("can't write {}: {error}", path.display())).advise("name another file")
    })?;
    let file = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    talk.say(&format!(
        "{}: {lines} values to fill in under `to`, beside the lines that the mapping has; then put it \
         next to the mapping and write there",
        path.display()
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
