//! Files of comments: where they are, and how many of their comments belong to no row.

use std::path::Path;
use std::sync::Arc;

use super::console::Console;
use crate::error::Error;
use crate::import::notes::comments::{CommentInput, Gathered};
use crate::import::read::Sources;
use crate::mapping::{Comments, CompiledMapping, MappingFile};
use crate::model::count::{count, counted};

/// The mapping with the file of comments given on the command line. A mapping that
/// names several says itself where they are.
pub fn with_typed(mapping: MappingFile, typed: Option<&Path>) -> Result<MappingFile, Error> {
    match (typed, mapping.count_comment_files()) {
        (None, _) => Ok(mapping),
        (Some(_), 1) => Ok(mapping.with_comments(Comments::There)),
        (Some(_), 0) => Err(Error::usage(format!(
            "--comments names a file, and the mapping {} reads no comments from one",
            mapping.name()
        ))
        .advise("add [[notes]] with `file` to it, or leave --comments out")),
        (Some(_), several) => Err(Error::usage(format!(
            "--comments names one file, and the mapping {} reads comments from {several}",
            mapping.name()
        ))
        .advise("put the files next to the mapping, under the names that it has for them")),
    }
}

/// Reads the files of comments that the mapping names.
///
/// # Errors
/// When one does not exist, can't be read, or lacks a column.
pub fn open(
    mapping: &MappingFile,
    compiled: &Arc<CompiledMapping>,
    typed: Option<&Path>,
    console: &Console,
) -> Result<Vec<CommentInput>, Error> {
    let mut inputs = Vec::new();
    for file in compiled.comment_files() {
        let path = match typed {
            Some(path) => path.to_owned(),
            None => mapping.beside(&file.file).map_err(|why| {
                Error::usage(format!("can't read the comments in {}: {why}", file.file))
                    .advise("put the file next to the mapping, or name it with --comments FILE")
            })?,
        };
        let input = CommentInput::open(file, Sources::find(&[path], None)?)?;
        for facts in input.input().facts() {
            console.say(&format!(
                "reading comments from {}: {}",
                facts.name, facts.words
            ));
        }
        inputs.push(input);
    }
    Ok(inputs)
}

/// Says how many comments there are, and where to find those that belong to no row.
pub fn words(gathered: &Gathered) -> String {
    let Gathered {
        comments,
        left,
        files,
    } = gathered;
    let all = counted(*comments, "comment");
    if *left == 0 {
        return format!("{all} of tickets of the input");
    }
    let files: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let files = match files.is_empty() {
        true => String::new(),
        false => format!(": {}", files.join(", ")),
    };
    format!(
        "{all} of tickets of the input; {} left out, whose ticket is not in it, or that can't be read{files}",
        count(*left)
    )
}
