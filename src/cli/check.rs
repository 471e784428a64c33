//! `tickethaul check`: what a file is, and which of its rows would be refused before
//! any mapping. Calls no portal and writes nothing. With a mapping the check is that of
//! `check_mapping`.

use std::fmt::Write;

use comfy_table::Table;
use serde_json::{Value, json};

use super::check_args::CheckArgs;
use super::check_mapping::{self, page_of};
use super::console::Console;
use super::exit::Exit;
use super::input::say_others;
use crate::error::Error;
use crate::import::read::{LineEnds, TextFacts};
use crate::import::survey::{DialectSurvey, Survey, survey_dialect};
use crate::mapping::propose::{Column, Survey as Cells};
use crate::model::column_report::{FrequentValue, ReportedColumn, ReportedColumns};
use crate::model::count::{count, counted};
use crate::model::dialect::{Dialect, delimiter_word};
use crate::model::run_report::ReportHead;
use crate::model::visible::one_line;
use crate::report::Surveyed;

/// Characters of an example in the table.
const EXAMPLE: usize = 30;

/// Runs a check.
pub async fn run(args: &CheckArgs, console: &Console) -> Result<Exit, Error> {
    match &args.mapping {
        Some(mapping) => check_mapping::run(args, mapping, console).await,
        None => look(args, console),
    }
}

/// Looks at the files alone.
fn look(args: &CheckArgs, console: &Console) -> Result<Exit, Error> {
    if args.input.comments().is_some() {
        let message = "--comments names a file for a mapping, and there is none";
        return Err(Error::usage(message)
            .advise("add -m MAPPING, or look at the file of comments by itself"));
    }
    let mut page = page_of(args)?;
    let given = args.input.dialect(&Dialect::default());
    let input = args.input.open(&given, None)?;
    if let Some(page) = &mut page {
        page.about(&input)?;
    }
    say_others(&input, console);
    let sounded = survey_dialect(input, &given)?;
    let survey = &sounded.survey;
    console.show(&words(&sounded));
    console.result(&survey_json(&sounded));
    if let Some(page) = page {
        let refused = survey.refusals.iter().map(|group| group.rows).sum();
        page.write_survey(refused, |head| surveyed(&sounded, head), console)?;
    }
    Ok(match survey.refusals.is_empty() {
        true => Exit::Fine,
        false => Exit::Found,
    })
}

/// The survey for its page.
fn surveyed(sounded: &DialectSurvey, head: ReportHead) -> Surveyed {
    let survey = &sounded.survey;
    let texts = survey.texts.iter();
    let texts = texts.map(|facts| format!("{}: {}", facts.name, facts_words(facts)));
    let said = sounded.findings.iter().chain(&survey.notices).cloned();
    let repeated = (!survey.repeated.is_empty())
        .then(|| format!("several columns are called {}", survey.repeated.join(", ")));
    let columns = survey.cells.columns().iter().enumerate();
    let columns = columns.map(|(idx, column)| ReportedColumn {
        name: name(column, idx),
        kind: kind_words(column, &survey.cells),
        filled: column.filled(),
        different: None,
        values: column
            .examples()
            .map(|value| FrequentValue {
                value: value.to_owned(),
                times: None,
            })
            .collect(),
    });
    Surveyed {
        head,
        facts: texts
            .chain(said)
            .chain([rows_words(survey)])
            .chain(repeated)
            .collect(),
        refusals: survey.refusals.clone(),
        columns: ReportedColumns {
            rows: survey.cells.rows(),
            columns: columns.collect(),
        },
    }
}

/// The name of a column, or its position if it has none.
fn name(column: &Column, idx: usize) -> String {
    match column.name() {
        "" => format!("column {} (without a name)", idx + 1),
        name => one_line(name).into_owned(),
    }
}

/// The survey for people.
fn words(sounded: &DialectSurvey) -> String {
    let survey = &sounded.survey;
    let mut text = String::new();
    let mut line = |words: String| {
        let _infallible = writeln!(text, "{words}");
    };
    for facts in &survey.texts {
        let name = one_line(&facts.name);
        line(format!("{name}: {}", facts_words(facts)));
    }
    let said = sounded.findings.iter().chain(&survey.notices);
    said.map(|notice| one_line(notice).into_owned())
        .for_each(&mut line);
    line(rows_words(survey));
    for group in &survey.refusals {
        let rows = counted(group.rows, "row");
        line(format!(
            "{rows} would be refused: {}; first {}",
            group.code,
            one_line(&group.example)
        ));
    }
    if !survey.repeated.is_empty() {
        line(format!(
            "several columns are called {}",
            one_line(&survey.repeated.join(", "))
        ));
    }
    line(String::new());
    for row in table(survey).lines() {
        line(row.trim_end().to_owned());
    }
    text.trim_end().to_owned()
}

/// How many rows there are, and which ones an import skips.
fn rows_words(survey: &Survey) -> String {
    let skipped: Vec<String> = [
        (survey.ghosts, "all-empty"),
        (survey.headers_again, "a repeated header"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(number, what)| format!("{} {what}", count(number)))
    .collect();
    let rows = counted(survey.cells.rows(), "row");
    match skipped.is_empty() {
        true => rows,
        false => format!("{rows}; skipped: {}", skipped.join(", ")),
    }
}

/// Encoding, delimiter and line ends as found in the whole text.
fn facts_words(facts: &TextFacts) -> String {
    if let Some(sheet) = &facts.sheet {
        let records = counted(facts.records, "record");
        return format!("sheet \"{}\", {records}", one_line(sheet));
    }
    let mut words = vec![match facts.byte_order_mark {
        true => format!("{} with BOM", facts.encoding.name()),
        false => facts.encoding.name().to_owned(),
    }];
    if let Some(json) = facts.json {
        words.push(json.to_owned());
        words.push(counted(facts.records, "record"));
        return words.join(", ");
    }
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

/// The kinds of line ends found, with their counts.
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
    for (idx, column) in survey.cells.columns().iter().enumerate() {
        let examples: Vec<String> = column.examples().map(short).collect();
        let _same = table.add_row([
            name(column, idx),
            percent(column, survey.cells.rows()),
            kind_words(column, &survey.cells),
            examples.join(" | "),
        ]);
    }
    table
}

/// What its values are, or what nearly all of them are.
fn kind_words(column: &Column, cells: &Cells) -> String {
    let kind = column.kind();
    if let Some(dates) = cells.dates_of_numbers(column) {
        return format!("{}: {dates}", kind.claim.words());
    }
    let words = kind.claim.words();
    match kind.against {
        Some(against) => format!(
            "{words}; {}, not \"{}\" in line {}",
            kind.reason,
            short(&against.value),
            against.line
        ),
        None => words,
    }
}

/// The start of a value, on one line.
fn short(value: &str) -> String {
    let line: String = value
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let line = match line.char_indices().nth(EXAMPLE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    };
    one_line(&line).into_owned()
}

/// The share of filled rows; never rounded up to all or down to none.
fn percent(column: &Column, rows: u64) -> String {
    let share = column.filled() * 100 / rows.max(1);
    match share {
        0 if column.filled() > 0 => "< 1 %".to_owned(),
        share => format!("{share} %"),
    }
}

/// The survey for scripts.
fn survey_json(sounded: &DialectSurvey) -> Value {
    let survey = &sounded.survey;
    let texts: Vec<Value> = survey.texts.iter().map(text_json).collect();
    let columns: Vec<Value> = survey.cells.columns().iter().map(column_json).collect();
    let refusals: Vec<Value> = survey
        .refusals
        .iter()
        .map(|group| json!({"code": group.code, "rows": group.rows, "example": group.example}))
        .collect();
    json!({
        "version": 1,
        "files": texts,
        "records": survey.records,
        "rows": survey.cells.rows(),
        "ghost_rows": survey.ghosts,
        "repeated_header_rows": survey.headers_again,
        "refusals": refusals,
        "repeated_headers": survey.repeated,
        "columns": columns,
        "notices": sounded.findings.iter().chain(&survey.notices).collect::<Vec<_>>(),
    })
}

fn text_json(facts: &TextFacts) -> Value {
    json!({
        "name": facts.name,
        "sheet": facts.sheet,
        "encoding": facts.encoding.name(),
        "byte_order_mark": facts.byte_order_mark,
        "json": facts.json,
        "delimiter": facts.json.is_none().then(|| char::from(facts.delimiter).to_string()),
        "line_ends": {
            "lf": facts.line_ends.lf,
            "crlf": facts.line_ends.crlf,
            "cr": facts.line_ends.cr,
        },
        "final_line_end": facts.line_ends.none == 0,
        "records": facts.records,
    })
}

fn column_json(column: &Column) -> Value {
    let kind = column.kind();
    let against = kind.against.as_ref();
    json!({
        "name": column.name(),
        "filled": column.filled(),
        "kind": kind.claim.word(),
        "formats": kind.claim.formats(),
        "examples": column.examples().collect::<Vec<_>>(),
        "words": kind.claim.words(),
        "reason": kind.reason,
        "against": against.map(|cell| json!({"line": cell.line, "value": cell.value})),
    })
}
