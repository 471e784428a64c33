//! What an import with an unedited proposal would lose of the file, or do that is not in
//! it. All of it is reported before anything is sent.

use crate::mapping::propose::column::Column;
use crate::mapping::propose::kind::place;
use crate::mapping::propose::page::{Page, is_log};
use crate::mapping::propose::rest::Rest;
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::target::TARGETS;
use crate::mapping::propose::words::{STAGES, meaning};

/// Lists of ServiceNow end here unless somebody raised the limit.
const CUT_AT: u64 = 10_000;

/// What a mapping made of matches would lose, and what it asks.
pub(crate) fn of_mapping(page: &Page<'_>) -> Vec<String> {
    let mut losses = Vec::new();
    let rows = rows(page.survey.rows);
    if !page.ticket("subject").is_some_and(|one| page.stands(one)) {
        losses.push(
            "no subject: which column is it? The line is commented out, and an import without it ends \
             before it sends anything"
                .to_owned(),
        );
    }
    match page.ticket("createdate") {
        Some(one) if page.stands(one) => {}
        Some(_) => losses.push(format!(
            "createdate is commented out, choose its line: else {rows} would be dated today"
        )),
        None if !page.dated_columns().is_empty() => losses.push(format!(
            "no creation date: which column is it? The lines are commented out, and {rows} would be \
             dated today"
        )),
        None => losses.push(format!(
            "no column is the creation date: {rows} would be dated today"
        )),
    }
    losses.extend(closed_undated(page));
    losses.extend(
        page.found
            .iter()
            .filter_map(|one| unknown_values(page, one.target, one.column)),
    );
    if page.key_match().is_none() {
        losses.push(
            "no column holds the tickets' ids: a row that is edited later becomes another ticket"
                .to_owned(),
        );
    }
    losses.extend(
        page.key_match()
            .and_then(|one| of_ids(&page.survey.columns[one.column])),
    );
    let has = |property: &str| page.found.iter().any(|one| one.property == property);
    losses.extend((!has("source_comments")).then(|| {
        "the file has no column of comments: exports as CSV rarely hold the conversation, nor attachments".to_owned()
    }));
    losses
}

/// What is wrong with a column of ids.
fn of_ids(column: &Column) -> Option<String> {
    let name = &column.header;
    if let Some(first) = &column.damaged.first {
        return Some(format!(
            "ids of \"{name}\" are damaged, {}: a spreadsheet has made numbers of them; export the file again",
            place(first)
        ));
    }
    let repeats = column.distinct.share() < 1.0;
    match is_log(column) {
        true => Some(format!(
            "\"{name}\" comes in several rows: one row of each ticket counts, the others are skipped ([rows] one_per)"
        )),
        false if repeats => Some(format!(
            "some ids of \"{name}\" come more than once: their later rows are refused"
        )),
        false => None,
    }
}

fn closed_undated(page: &Page<'_>) -> Option<String> {
    let stage = page
        .ticket("hs_pipeline_stage")
        .filter(|one| page.stands(one))?;
    let closed = closed_rows(&page.survey.columns[stage.column]);
    let is_dated = page
        .ticket("closed_date")
        .is_some_and(|one| page.stands(one));
    (closed > 0 && !is_dated).then(|| {
        format!(
            "{} in a closed stage would be closed today: no column is their closing date",
            rows(closed)
        )
    })
}

/// Rows whose status means a closed stage.
pub(crate) fn closed_rows(column: &Column) -> u64 {
    let choices = column.choices().into_iter();
    let closed = choices.filter(|(value, _)| meaning(&STAGES, value) == Some("Closed"));
    closed.map(|(_, count)| count).sum()
}

fn unknown_values(page: &Page<'_>, target: usize, column: usize) -> Option<String> {
    let target = &TARGETS[target];
    if target.property != "hs_pipeline_stage" {
        return None;
    }
    let column = &page.survey.columns[column];
    let unknown = column
        .choices()
        .into_iter()
        .filter(|(value, _)| meaning(&STAGES, value).is_none());
    let (values, count) = unknown.fold((0, 0), |(values, sum), (_, count)| {
        (values + 1, sum + count)
    });
    (values > 0).then(|| {
        format!(
            "{} of \"{}\" not known: {} would be refused until the map has them",
            if values == 1 {
                "1 value".to_owned()
            } else {
                format!("{values} values")
            },
            column.header,
            rows(count)
        )
    })
}

/// What is lost of the rows, whatever the mapping.
pub(crate) fn of_rows(survey: &Survey, system: Option<&str>, rest: &Rest<'_>) -> Vec<String> {
    let mut losses = Vec::new();
    let unused = rest.with_content();
    if unused > 0 {
        let columns = if unused == 1 {
            "1 column".to_owned()
        } else {
            format!("{unused} columns")
        };
        losses.push(format!(
            "{columns} with content would be left out; their lines are in the mapping, commented \
             out"
        ));
    }
    if survey.rows == CUT_AT && matches!(system, None | Some("servicenow")) {
        losses.push(
            "the file has exactly 10,000 rows: ServiceNow and others cut exports off there, so look \
             whether it is whole"
                .to_owned(),
        );
    }
    losses
}

/// `1 ticket`, `12 tickets`.
fn rows(count: u64) -> String {
    match count {
        1 => "1 ticket".to_owned(),
        _ => format!("{count} tickets"),
    }
}
