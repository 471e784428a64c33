//! `tickethaul check`: what a file is, and which of its rows would be refused before
//! any mapping. Calls no portal and writes nothing. With a mapping the check is that of
//! `check_mapping`.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use comfy_table::Table;
use indicatif::HumanCount;
use serde_json::{Value, json};

use super::check_mapping;
use super::exit::Exit;
use super::import::Op;
use super::input::{InputArgs, say_others};
use super::schema::SchemaFrom;
use super::talk::Talk;
use crate::error::Error;
use crate::import::read::{LineEnds, TextFacts};
use crate::import::survey::{ColumnSurvey, Survey, survey};
use crate::model::dialect::{Dialect, delimiter_word};

/// Letters of an example in the table.
const EXAMPLE: usize = 30;

/// Read CSV files to their end and show what they are, or with a mapping what an import would do;
/// exit code 4 where rows would be refused
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// The mapping: every row is mapped as an import would map it, and nothing is sent
    #[arg(short, long, value_name = "MAPPING")]
    pub mapping: Option<PathBuf>,
    /// What the import would do with the rows
    #[arg(long, value_enum, default_value_t = Op::Create, requires = "mapping")]
    pub op: Op,
    /// Write the rows that would be refused to a new .csv file, in the form of refused.csv
    #[arg(short, long, value_name = "FILE", requires = "mapping")]
    pub output: Option<PathBuf>,
    /// Write the values that the mapping has no counterpart for to a new .csv file; filled
    /// in, it is what `map = { file = "…" }` takes
    #[arg(long, value_name = "FILE", requires = "mapping")]
    pub write_values: Option<PathBuf>,
    /// Replace the files of -o and --write-values where they are there already
    #[arg(long, requires = "mapping")]
    pub force: bool,
    #[command(flatten)]
    pub from: SchemaFrom,
}

/// Runs a check.
pub async fn run(args: &CheckArgs, talk: &Talk) -> Result<Exit, Error> {
    match &args.mapping {
        Some(mapping) => check_mapping::run(args, mapping, talk).await,
        None => look(args, talk),
    }
}

/// Looks at the files alone.
fn look(args: &CheckArgs, talk: &Talk) -> Result<Exit, Error> {
    let mut input = args.input.open(&Dialect::default(), None)?;
    say_others(&input, talk);
    let survey = survey(&mut input)?;
    talk.show(&words(&survey));
    talk.result(&survey_json(&survey));
    Ok(match survey.refusals.is_empty() {
        true => Exit::Fine,
        false => Exit::Found,
    })
}

/// The survey for people.
fn words(survey: &Survey) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        let _infallible = writeln!(text, "{words}");
    };
    for facts in &survey.texts {
        line(format!("{}: {}", facts.name, facts_words(facts)));
    }
    survey.notices.iter().cloned().for_each(&mut line);
    line(rows_words(survey));
    for group in &survey.refusals {
        let rows = counted(group.rows, "row");
        line(format!(
            "{rows} would be refused: {}; first {}",
            group.code, group.example
        ));
    }
    if !survey.repeated.is_empty() {
        line(format!(
            "several columns are called {}",
            survey.repeated.join(", ")
        ));
    }
    line(String::new());
    for row in table(survey).lines() {
        line(row.trim_end().to_owned());
    }
    text.trim_end().to_owned()
}

/// How many rows there are, and which an import skips.
fn rows_words(survey: &Survey) -> String {
    let skipped: Vec<String> = [
        (survey.ghosts, "all-empty"),
        (survey.headers_again, "the header once more"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} {what}", HumanCount(count)))
    .collect();
    let rows = counted(survey.rows, "row");
    match skipped.is_empty() {
        true => rows,
        false => format!("{rows}; skipped: {}", skipped.join(", ")),
    }
}

/// Encoding, delimiter and line ends as found in the whole text.
fn facts_words(facts: &TextFacts) -> String {
    let mut words = vec![match facts.byte_order_mark {
        true => format!("{} with BOM", facts.encoding.name()),
        false => facts.encoding.name().to_owned(),
    }];
    words.push(format!("delimiter {}", delimiter_word(facts.delimiter)));
    let ends = line_ends(facts.line_ends);
    let kinds: Vec<String> = match ends.as_slice() {
        [(name, _)] => vec![format!("line ends {name}")],
        _ => ends
            .iter()
            .map(|(name, count)| format!("{} {name}", counted(*count, "line end")))
            .collect(),
    };
    words.extend(kinds);
    if facts.line_ends.none > 0 {
        words.push("no final line end".to_owned());
    }
    words.push(counted(facts.records, "record"));
    words.join(", ")
}

/// The kinds of line ends that there are, with their counts.
fn line_ends(ends: LineEnds) -> Vec<(&'static str, u64)> {
    [("LF", ends.lf), ("CRLF", ends.crlf), ("CR", ends.cr)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn table(survey: &Survey) -> Table {
    let mut table = Table::new();
    let _same = table
        .load_style(comfy_table::presets::NOTHING)
        .set_header(["column", "filled", "kind", "examples"]);
    for (idx, column) in survey.columns.iter().enumerate() {
        let name = match column.name.as_str() {
            "" => format!("column {} (without a name)", idx + 1),
            name => name.to_owned(),
        };
        let examples: Vec<String> = column.examples.iter().map(|text| short(text)).collect();
        let _same = table.add_row([
            name,
            percent(column, survey.rows),
            column.kind().words(),
            examples.join(" | "),
        ]);
    }
    table
}

/// The start of a value, on one line.
fn short(value: &str) -> String {
    let line: String = value
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    match line.char_indices().nth(EXAMPLE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// The share of filled rows; never rounded up to all or down to none.
fn percent(column: &ColumnSurvey, rows: u64) -> String {
    let share = column.filled * 100 / rows.max(1);
    match share {
        0 if column.filled > 0 => "< 1 %".to_owned(),
        share => format!("{share} %"),
    }
}

fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", HumanCount(count)),
    }
}

/// The survey for scripts.
fn survey_json(survey: &Survey) -> Value {
    let texts: Vec<Value> = survey.texts.iter().map(text_json).collect();
    let columns: Vec<Value> = survey.columns.iter().map(column_json).collect();
    let refusals: Vec<Value> = survey
        .refusals
        .iter()
        .map(|group| json!({"code": group.code, "rows": group.rows, "example": group.example}))
        .collect();
    json!({
        "version": 1,
        "files": texts,
        "records": survey.records,
        "rows": survey.rows,
        "ghost_rows": survey.ghosts,
        "repeated_header_rows": survey.headers_again,
        "refusals": refusals,
        "repeated_headers": survey.repeated,
        "columns": columns,
        "notices": survey.notices,
    })
}

fn text_json(facts: &TextFacts) -> Value {
    json!({
        "name": facts.name,
        "encoding": facts.encoding.name(),
        "byte_order_mark": facts.byte_order_mark,
        "delimiter": char::from(facts.delimiter).to_string(),
        "line_ends": {
            "lf": facts.line_ends.lf,
            "crlf": facts.line_ends.crlf,
            "cr": facts.line_ends.cr,
        },
        "final_line_end": facts.line_ends.none == 0,
        "records": facts.records,
    })
}

fn column_json(column: &ColumnSurvey) -> Value {
    let kind = column.kind();
    json!({
        "name": column.name,
        "filled": column.filled,
        "kind": kind.word(),
        "formats": kind.formats(),
        "examples": column.examples,
    })
}
