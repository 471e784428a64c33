//! What a run or a plan was started with, opened again: its operation, input, mapping and portal,
//! all unchanged.

use std::fs;
use std::path::Path;

use super::mapping_file::mapping_text;
use crate::error::Error;
use crate::hubspot::Account;
use crate::import::flow::Operation;
use crate::import::read::{Input, Sources};
use crate::import::resume::guard::{Began, same_inputs, same_mapping, same_tables};
use crate::journal::{CommentReading, Header, InputFile};
use crate::mapping::{Comments, MappingFile};
use crate::model::dialect::Encoding;
use crate::model::place::Places;

/// What the run does with its rows.
pub(super) fn operation(header: &Header) -> Result<Operation, Error> {
    let word = &header.operation;
    Operation::named(word).ok_or_else(|| {
        Error::must_fix(format!(
            "this tickethaul can't {word} rows: use a newer one"
        ))
    })
}

/// The text of a mapping, if it still exists.
pub(super) fn text_of(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    mapping_text(path).ok()
}

/// Input and mapping of the run or plan in a folder, unchanged. Comments from separate
/// files are kept in that folder; the files are not read again.
pub(super) fn open_input(
    header: &Header,
    folder: &Path,
    began: Began,
) -> Result<(Input, MappingFile), Error> {
    let mapping = mapping_of(header, began)?;
    let mapping = mapping.with_comments(match CommentReading::is_there(folder) {
        true => Comments::There,
        false => Comments::Absent,
    });
    Ok((rows_of(header, &mapping, began)?, mapping))
}

/// Mapping of a run or a plan, unchanged.
pub(super) fn mapping_of(header: &Header, began: Began) -> Result<MappingFile, Error> {
    let now = text_of(&header.mapping_path);
    same_mapping(header, now.as_deref(), began)?;
    first_mapping(header, began)
}

/// Input of the run, unchanged, and the mapping that it was started with.
pub(super) fn input_of(header: &Header) -> Result<(Input, MappingFile), Error> {
    let mapping = first_mapping(header, Began::Run)?;
    // The journal knows what is in the notes: the file of comments is no longer needed.
    let mapping = mapping.with_comments(Comments::Absent);
    Ok((rows_of(header, &mapping, Began::Run)?, mapping))
}

/// The mapping as it was; the tables that it names are unchanged.
pub(super) fn first_mapping(header: &Header, began: Began) -> Result<MappingFile, Error> {
    let name = header.mapping_path.to_string_lossy();
    let mapping = MappingFile::parse_known(&name, &header.mapping_text, &header.tables);
    let mapping = mapping.map_err(Error::must_fix)?;
    same_tables(header, mapping.tables(), began)?;
    Ok(mapping)
}

/// Input of a run or a plan, unchanged.
pub(super) fn rows_of(
    header: &Header,
    mapping: &MappingFile,
    began: Began,
) -> Result<Input, Error> {
    let mut dialect = mapping.dialect().clone();
    let encoding = header.encoding.as_deref().and_then(Encoding::named);
    dialect.encoding = encoding.or(dialect.encoding);
    dialect.delimiter = header.delimiter.or(dialect.delimiter);
    for input in &header.inputs {
        // A run folder could name anything, such as a device that never ends.
        if fs::metadata(&input.path).is_ok_and(|found| !found.is_file()) {
            let message = format!("the input {} is not a regular file", input.path.display());
            return Err(Error::must_fix(message));
        }
    }
    let inputs = header.inputs.iter();
    let inputs = inputs.map(|input| (input.path.as_path(), input.member.as_deref()));
    let input = Input::open(Sources::known(inputs), &dialect);
    let is_gone = header.inputs.iter().any(|input| !input.path.exists());
    let input = input.map_err(|error| match is_gone {
        true => error.advise("bring it back to where it was: its rows are read from there"),
        false => error,
    })?;
    same_inputs(&input, &header.inputs, began)?;
    Ok(input)
}

/// Refuses a portal other than that of the run or plan.
pub(super) fn same_portal(header: &Header, account: &Account, began: Began) -> Result<(), Error> {
    let before = header.portal_id;
    let what = match began {
        Began::Run => "run",
        Began::Plan => "plan",
    };
    match account.portal_id == before {
        true => Ok(()),
        false => Err(Error::must_fix(format!(
            "the {what} belongs to portal {before}, the token to portal {}",
            account.portal_id
        ))),
    }
}

/// The names of the inputs of a run or a plan.
pub(super) fn places_of(inputs: &[InputFile]) -> Places {
    Places::new(inputs.iter().map(InputFile::name))
}
