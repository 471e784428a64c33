//! Whether the first record of a file names its columns, or is a row like the others.

use crate::mapping::convert::{DateFormat, ISO, SPREADSHEET, plain_reading};
use crate::mapping::propose::belief::Belief;
use crate::mapping::propose::column::Column;
use crate::mapping::propose::kind::Kind;
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::words::{PRIORITIES, STAGES, Words, meaning};

/// The belief that there is no header, with names for the columns; none if the first
/// record may well be one. An address, a date, or a value of its own column is not a
/// name; two of them, or one and a number, are enough.
pub fn missing_header(survey: &Survey) -> Option<Belief<Vec<String>>> {
    let mut signs = Vec::new();
    let mut sure = 0;
    for column in &survey.columns {
        if let Some((sign, is_sure)) = sign(column) {
            sure += u32::from(is_sure);
            signs.push(sign);
        }
    }
    if sure == 0 || signs.len() < 2 || survey.rows < 2 {
        return None;
    }
    let shown: Vec<&str> = signs.iter().take(3).map(String::as_str).collect();
    let reason = format!("the first line looks like a row ({})", shown.join(", "));
    Some(Belief::sure(names(survey), reason))
}

/// What in a column's name looks like a value, and whether names never have it.
fn sign(column: &Column) -> Option<(String, bool)> {
    let name = column.header.trim();
    if name.is_empty() {
        return None;
    }
    let is_value = || {
        let choices = column.choices();
        let few = choices.len() as u64 * 3 <= column.filled * 2 || choices.len() <= 3;
        few && column.filled > 2 && choices.iter().any(|(value, _)| *value == name)
    };
    let is_number = || name.bytes().all(|byte| byte.is_ascii_digit());
    match column.kind().claim {
        Kind::Dates(found) if found.formats.iter().any(|format| reads(format, name)) => {
            Some((format!("the date {name}"), true))
        }
        Kind::Email if name.contains('@') => Some((format!("the address {name}"), true)),
        Kind::Link if name.contains("://") => Some((format!("the link {name}"), true)),
        Kind::Whole | Kind::Code if is_number() => Some((format!("the number {name}"), false)),
        _ if is_value() => Some((format!("{name}, a value of its column"), true)),
        _ => None,
    }
}

fn reads(format: &str, text: &str) -> bool {
    match format {
        ISO => plain_reading(text).is_some(),
        SPREADSHEET => false,
        _ => DateFormat::new(format).is_ok_and(|format| format.read(text).is_some()),
    }
}

/// Names for the columns by what they hold, each once.
fn names(survey: &Survey) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (idx, column) in survey.columns.iter().enumerate() {
        let wanted = by_content(column, survey.rows, &names);
        let is_taken = wanted.is_none_or(|wanted| names.iter().any(|name| name == wanted));
        names.push(match (is_taken, wanted) {
            (false, Some(wanted)) => wanted.to_owned(),
            _ => format!("column {}", idx + 1),
        });
    }
    names
}

fn by_content(column: &Column, rows: u64, taken: &[String]) -> Option<&'static str> {
    let is_taken = |name: &str| taken.iter().any(|other| other == name);
    let is_unique = column.distinct.share() >= 1.0 && column.filled == rows;
    let knows =
        |words: &'static Words| column.known_share(|value| meaning(words, value).is_some()) > 0.6;
    match column.kind().claim {
        Kind::Dates(_) if !is_taken("created") => Some("created"),
        Kind::Dates(_) => Some("updated"),
        Kind::Email => Some("email"),
        Kind::Link => Some("link"),
        _ if is_unique
            && column.mean_length() <= 20.0
            && !is_taken("id")
            && !taken.iter().any(|name| name == "subject") =>
        {
            Some("id")
        }
        _ if knows(&STAGES) => Some("status"),
        _ if knows(&PRIORITIES) => Some("priority"),
        Kind::Text
            if !is_taken("subject")
                && column.mean_length() >= 8.0
                && column.distinct.share() > 0.5 =>
        {
            Some("subject")
        }
        Kind::Text if column.mean_length() >= 40.0 => Some("description"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::{Cells, Headers};

    fn missing(records: &[&str]) -> Option<Vec<String>> {
        let cells = |record: &str| record.split(',').map(str::to_owned).collect::<Vec<_>>();
        let (header, rows) = records.split_first()?;
        let mut survey = Survey::new(&Headers::new(cells(header)));
        for (line, row) in (2..).zip(rows) {
            survey.add(&Cells::new(cells(row).iter().map(String::as_str)), line);
        }
        missing_header(&survey).map(|belief| belief.claim)
    }

    #[test]
    fn a_first_row_is_told_from_a_header() {
        let expected = ["id", "subject", "created", "status", "priority"];
        assert_eq!(
            missing(&[
                "4001,Cannot log in to the portal,2024-02-11T08:20:31Z,open,P1",
                "4002,Invoice shows wrong total,2024-02-11T09:02:10Z,closed,P3",
                "4003,Printer on floor 2 offline,2024-02-12T14:40:00Z,open,P2",
                "4004,VPN drops every hour,2024-02-13T07:31:55Z,open,P1",
            ])
            .as_deref(),
            Some(&expected.map(str::to_owned)[..])
        );
        assert!(
            missing(&[
                "14.03.2024 07:30,ann@x.example,Router dead",
                "15.03.2024 09:12,bob@x.example,Switch on fire",
                "16.03.2024 11:00,ann@x.example,No light",
            ])
            .is_some()
        );
        for records in [
            &["Id,Subject,Status", "1,a,open", "2,b,closed"][..],
            &["Product,2023,2024", "a,1,2", "b,3,4", "c,5,6"],
            &["Status,Status", "Status,open", "open,closed"],
            &["Id,Created", "1,2024-01-01", "2,2024-01-02"],
            &["a,b"],
        ] {
            assert_eq!(missing(records), None, "{records:?}");
        }
    }
}
