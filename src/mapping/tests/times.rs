//! Times before and after: clock changes, days, and where a zone may come from.

use crate::mapping::Mapped;
use crate::mapping::tests::sample::{HEAD, compiled, row};

/// `cell → value (remark)` for one column, one row a line.
fn before_and_after(header: &str, entry: &str, property: &str, rows: &[(&str, &str)]) -> String {
    let text = format!("{HEAD}{entry}\n");
    let mapping = compiled(&text, &["Id", "Subject", header, "Zone"]);
    let mapping = mapping.unwrap_or_else(|errors| panic!("{errors}"));
    let lines = rows.iter().map(|(cell, zone)| {
        let zone_shown = if zone.is_empty() {
            String::new()
        } else {
            format!(" [{zone}]")
        };
        let after = match mapping.map(&row(&["1", "s", cell, zone])) {
            Mapped::Ticket(draft) => {
                let found = draft
                    .properties
                    .iter()
                    .find(|(name, _)| **name == *property);
                let value = found.map_or("nothing", |(_, value)| value);
                match draft.remarks.first() {
                    Some(remark) => format!("{value} ({})", remark.remark.words()),
                    None => value.to_owned(),
                }
            }
            Mapped::Refused { issue, .. } => issue.hint(),
            Mapped::Skipped => "skipped".to_owned(),
        };
        format!("{cell}{zone_shown} → {after}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_clock_change_skips_and_repeats_hours() {
    let shown = before_and_after(
        "C",
        "createdate = { column = \"C\", timezone = \"America/New_York\" }",
        "createdate",
        &[
            ("2024-03-10 01:59:59", ""),
            ("2024-03-10 02:00:00", ""),
            ("2024-03-10 02:30:00", ""),
            ("2024-03-10 03:00:00", ""),
            ("2024-11-03 00:59:59", ""),
            ("2024-11-03 01:00:00", ""),
            ("2024-11-03 01:30:00", ""),
            ("2024-11-03 02:00:00", ""),
        ],
    );
    insta::assert_snapshot!("clock_changes", shown);
}

#[test]
fn plain_forms_may_stand_among_formats() {
    let entry = r#"createdate = { column = "C", format = ["iso", "%d/%b/%y %I:%M %p", "%Y-%m-%d %H:%M:%S%.f"] }"#;
    let rows = [
        ("2024-07-01T09:00:00.000+0000", ""),
        ("25/Feb/26 10:17 PM", ""),
        ("19/Apr/26 7:53 PM", ""),
        ("2026-02-25 16:38:58.679", ""),
        ("2026-02-25 16:38", ""),
        ("16/02/2017 15:26", ""),
    ];
    insta::assert_snapshot!(
        "plain_among_formats",
        before_and_after("C", entry, "createdate", &rows)
    );
}

#[test]
fn a_day_stays_that_day() {
    let days = [
        ("2024-03-31", ""),
        ("2024-03-31T23:30:00-11:00", ""),
        ("2024-03-31T00:30:00+13:00", ""),
        ("1711843200", ""),
    ];
    let entry = "due_day = { column = \"D\", timezone = \"Pacific/Auckland\" }";
    insta::assert_snapshot!("days", before_and_after("D", entry, "due_day", &days));
    // In a property with a time, a day is its midnight in the zone.
    let entry = "createdate = { column = \"D\", timezone = \"Pacific/Auckland\" }";
    insta::assert_snapshot!(
        "days_with_a_time",
        before_and_after("D", entry, "createdate", &days)
    );
}

#[test]
fn the_name_of_a_column_may_give_the_zone() {
    let entry = r#"createdate = { column = '/^Started \((?<tz>[^)]+)\)$/', timezone = "UTC" }"#;
    let rows = [("2024-07-01 09:00:00", ""), ("2024-07-01 09:00:00Z", "")];
    for (header, expected) in [
        ("Started (America/New_York)", "2024-07-01T13:00:00.000Z"),
        ("Started (Asia/Kathmandu)", "2024-07-01T03:15:00.000Z"),
    ] {
        let shown = before_and_after(header, entry, "createdate", &rows);
        assert_eq!(
            shown,
            format!(
                "2024-07-01 09:00:00 → {expected}\n2024-07-01 09:00:00Z → 2024-07-01T09:00:00.000Z"
            )
        );
    }
}

#[test]
fn each_row_may_give_its_zone() {
    let entry = r#"createdate = { column = "C", format = "%d/%m/%Y %H:%M", timezone = { column = "Zone" } }"#;
    let rows = [
        ("10/03/2024 02:30", "America/New_York"),
        ("10/03/2024 02:30", "asia/tokyo"),
        ("10/03/2024 02:30", "UTC"),
        ("10/03/2024 02:30", ""),
        ("10/03/2024 02:30", "Europe/Berln"),
        ("", "Mars"),
    ];
    insta::assert_snapshot!(
        "zone_of_each_row",
        before_and_after("C", entry, "createdate", &rows)
    );
}
