//! What an import would do as a page: a plan, or a check against a mapping. Both are read
//! from their JSON, so that a plan that was kept is shown as it was when it was made.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::chart::bar;
use super::page::{Cell, Page, Part, Table, beginning};
use super::refused::{Reason, add_refused};
use crate::model::check::CheckReport;
use crate::model::count::{count, counted, counted_as};
use crate::model::plan::PlannedAction;
use crate::model::run_report::ReportHead;
use crate::report::check_json::check_json;
use crate::report::plan::meaning;

/// Values of a row that are shown.
const VALUES: usize = 12;
/// Letters of such a value that are shown.
const LETTERS: usize = 120;
/// Texts of a column without a counterpart that are shown.
const TEXTS: usize = 100;

/// What an import would do, as `plan_json` or `check_json` says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Forecast {
    operation: String,
    read: u64,
    rows: Map<String, Value>,
    clashes: Vec<String>,
    notices: Vec<String>,
    refusals: Vec<RefusedRows>,
    remarks: Vec<Remarked>,
    unmapped: Vec<Unmapped>,
    unused_columns: Vec<String>,
    properties: Map<String, Value>,
    links: Map<String, Value>,
    links_left_out: u64,
    created_for_links: Map<String, Value>,
    keys_in_recycle_bin: u64,
    first: Vec<PlannedRow>,
    in_words: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RefusedRows {
    code: String,
    rows: u64,
    examples: Vec<RefusedRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RefusedRow {
    line: String,
    column: String,
    value: String,
    hint: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Remarked {
    what: String,
    count: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Unmapped {
    property: String,
    column: String,
    values: Vec<UnmappedText>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UnmappedText {
    value: String,
    count: u64,
    suggestion: Option<String>,
    refused: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlannedRow {
    line: String,
    key: String,
    action: String,
    ticket: String,
    changes: Vec<PlannedChange>,
    links: Vec<PlannedLink>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlannedChange {
    property: String,
    before: Option<String>,
    after: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlannedLink {
    to: String,
    value: String,
    action: String,
}

impl Forecast {
    /// Reads the JSON of a plan or a check.
    ///
    /// # Errors
    /// When it is neither.
    pub fn of(found: &Value) -> serde_json::Result<Forecast> {
        Forecast::deserialize(found)
    }

    fn rows(&self, word: &str) -> u64 {
        self.rows.get(word).and_then(Value::as_u64).unwrap_or(0)
    }
}

/// The page of a plan.
///
/// # Errors
/// When the template is broken, which a test rules out.
pub fn plan_html(head: &ReportHead, found: &Forecast) -> Result<String, minijinja::Error> {
    let read = counted(found.read, "row");
    let portal = head.portal.as_ref();
    let portal = portal.map_or_else(String::new, |(id, _)| format!(" portal {id}"));
    let lead = format!(
        "{read} to {} into{portal}; the plan wrote nothing",
        found.operation
    );
    let mut page = Page::new(head, "plan", lead);
    let kinds = PlannedAction::ALL.map(|action| (action.word(), meaning(action)));
    add_rows(&mut page, found, &kinds);
    add_changes(&mut page, found);
    add_links(&mut page, found);
    add_rest(page, found).html()
}

/// The page of a check against a mapping.
///
/// # Errors
/// When the template is broken, which a test rules out.
pub fn check_html(head: &ReportHead, report: &CheckReport) -> Result<String, minijinja::Error> {
    let found = Forecast::of(&check_json(report)).unwrap_or_default();
    let lead = format!(
        "{} checked as an import would {} them; nothing was sent",
        counted(found.read, "row"),
        report.effects.operation
    );
    let mut page = Page::new(head, "check", lead);
    if !found.clashes.is_empty() {
        let words = "An import would stop before its first row. The rows below are judged as \
                     if the portal were as the mapping wants it.";
        let parts = vec![Part::words(words), Part::items(found.clashes.clone())];
        page.section("The portal and the mapping differ", parts);
    }
    let kinds = [
        ("ready", "rows would go in"),
        (
            "skipped",
            "rows are empty, repeat the header, or are left out by the mapping's [rows]",
        ),
        ("refused", "rows would be refused; reasons below"),
    ];
    add_rows(&mut page, &found, &kinds);
    add_unmapped(&mut page, &found.unmapped);
    add_rest(page, &found).html()
}

/// How many rows of each kind there are.
fn add_rows(page: &mut Page, found: &Forecast, kinds: &[(&'static str, &'static str)]) {
    let shares: Vec<(&'static str, u64)> = kinds
        .iter()
        .map(|(word, _)| (*word, found.rows(word)))
        .collect();
    let rows = kinds.iter().filter(|(word, _)| found.rows(word) > 0);
    let rows = rows.map(|(word, meaning)| {
        [
            Cell::from(count(found.rows(word))),
            Cell::marked(word),
            Cell::from(*meaning),
        ]
    });
    let table = Table::new("Rows", &["#Rows", "Kind", "What that means"])
        .caption(format!("{} read", counted(found.read, "row")))
        .rows(rows);
    let mut parts = vec![
        Part::chart(bar("Rows by what would be done", &shares)),
        Part::from(table),
    ];
    if !found.notices.is_empty() {
        parts.push(Part::items(found.notices.clone()));
    }
    page.section("What would be done with the rows", parts);
}

/// What updates would change, by property.
fn add_changes(page: &mut Page, found: &Forecast) {
    if found.properties.is_empty() {
        return;
    }
    let number = |counts: &Value, name: &str| counts[name].as_u64().unwrap_or(0);
    let mut properties: Vec<(&String, [u64; 3])> = found
        .properties
        .iter()
        .map(|(name, counts)| {
            let counts = ["changed", "filled", "cleared"].map(|what| number(counts, what));
            (name, counts)
        })
        .collect();
    properties.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
    let rows = properties.into_iter().map(|(name, counts)| {
        let [changed, filled, cleared] = counts.map(|number| Cell::from(count(number)));
        [Cell::from(name.as_str()), changed, filled, cleared]
    });
    let columns = ["Property", "#Changed", "#Filled", "#Cleared"];
    let table = Table::new("Updates by property", &columns).rows(rows);
    page.section("Updates by property", vec![Part::from(table)]);
}

fn add_links(page: &mut Page, found: &Forecast) {
    let mut items = Vec::new();
    let many = |number: &Value| number.as_u64().unwrap_or(0);
    for (kind, number) in &found.links {
        let created = found.created_for_links.get(kind).map_or(0, many);
        let created = match created {
            0 => String::new(),
            created => format!(", {} of them to records that are created", count(created)),
        };
        items.push(format!(
            "{} to {kind}{created}",
            counted(many(number), "link")
        ));
    }
    if found.links_left_out > 0 {
        items.push(format!(
            "{} left out: the portal has no such record",
            counted_as(found.links_left_out, "link is", "links are")
        ));
    }
    if found.keys_in_recycle_bin > 0 {
        items.push(format!(
            "{} the key of one in the recycle bin (KEY_IN_RECYCLE_BIN)",
            counted_as(
                found.keys_in_recycle_bin,
                "new ticket has",
                "new tickets have"
            )
        ));
    }
    if !items.is_empty() {
        page.section("Links and keys", vec![Part::items(items)]);
    }
}

/// Texts that the mapping has no counterpart for.
fn add_unmapped(page: &mut Page, columns: &[Unmapped]) {
    let parts = columns.iter().map(|column| {
        let name = match &*column.column {
            "" => column.property.clone(),
            name => format!("{name} for {}", column.property),
        };
        let rows = column.values.iter().take(TEXTS).map(|value| {
            let fate = match value.refused {
                true => "refused",
                false => "blank or replaced as mapped",
            };
            [
                Cell::from(count(value.count)),
                Cell::from(value.value.as_str()),
                Cell::from(fate),
                Cell::from(value.suggestion.clone().unwrap_or_default()),
            ]
        });
        let table = Table::new(
            format!("Texts of {name}"),
            &["#Times", "Text", "What becomes of it", "Nearest"],
        )
        .caption("The most frequent; `check --write-values` writes them all")
        .rows(rows);
        let texts = counted(column.values.len(), "text");
        Part::from(table).folded(&name, texts, false)
    });
    page.section("Without a counterpart", parts.collect());
}

/// What both have.
fn add_rest(mut page: Page, found: &Forecast) -> Page {
    let rows: u64 = found.refusals.iter().map(|group| group.rows).sum();
    let lead = format!("{} can't go in, or not as a whole.", counted(rows, "row"));
    let reasons = found.refusals.iter().map(reason).collect();
    add_refused(&mut page, "Would be refused, by reason", lead, reasons);
    let remarks = found.remarks.iter();
    let remarks = remarks.map(|remark| format!("{} {}", count(remark.count), remark.what));
    let mut items: Vec<String> = remarks.collect();
    if !found.unused_columns.is_empty() {
        let columns = found.unused_columns.join(", ");
        items.push(format!("columns that nothing uses: {columns}"));
    }
    if !items.is_empty() {
        page.section("What becomes of values", vec![Part::items(items)]);
    }
    add_first(&mut page, &found.first);
    if let Some((first, rest)) = found.in_words.split_first() {
        let mut parts = vec![Part::words(first.as_str())];
        if !rest.is_empty() {
            parts.push(Part::items(rest.to_vec()));
        }
        page.section("What it sets off and costs", parts);
    }
    page
}

fn reason(group: &RefusedRows) -> Reason {
    let examples = group.examples.iter().map(|row| {
        let key = String::new();
        [
            row.line.clone(),
            key,
            row.column.clone(),
            row.value.clone(),
            row.hint.clone(),
        ]
    });
    Reason {
        code: group.code.clone(),
        words: String::new(),
        rows: group.rows,
        examples: examples.collect(),
    }
}

/// The first rows of which something is done.
fn add_first(page: &mut Page, rows: &[PlannedRow]) {
    if rows.is_empty() {
        return;
    }
    let rows = rows.iter().map(|row| {
        [
            Cell::from(row.line.as_str()),
            Cell::from(row.key.as_str()),
            Cell::from(row.action.as_str()),
            Cell::from(row.ticket.as_str()),
            Cell::values(changes(row)),
        ]
    });
    let columns = ["Line", "Key", "Action", "Ticket", "…Values"];
    let table = Table::new("The first rows", &columns)
        .caption("What tickets hold, and what they would be given")
        .rows(rows);
    page.section("The first of them", vec![Part::from(table)]);
}

/// What is done for a row, value by value.
fn changes(row: &PlannedRow) -> Vec<(String, String)> {
    let is_new = PlannedAction::named(&row.action) == Some(PlannedAction::Create);
    let shown = |value: &str| match value {
        "" => "(empty)".to_owned(),
        value => beginning(value.to_owned(), LETTERS),
    };
    let changes = row.changes.iter().take(VALUES).map(|change| {
        let after = shown(&change.after);
        let words = match is_new {
            true => after,
            false => format!(
                "{} → {after}",
                shown(change.before.as_deref().unwrap_or_default())
            ),
        };
        (format!("{}:", change.property), words)
    });
    let more = row.changes.len().saturating_sub(VALUES);
    let more = (more > 0).then(|| {
        (
            String::new(),
            format!("and {}", counted(more, "more value")),
        )
    });
    let links = row.links.iter().take(VALUES).map(|link| {
        let what = format!("link to {}:", link.to);
        (what, format!("{}, {}", link.value, link.action))
    });
    changes.chain(more).chain(links).collect()
}
