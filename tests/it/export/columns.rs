//! Columns of an export apart from requested properties: the record's own times, former
//! values with who set them; and columns that it lacks: properties missing in the
//! portal, or without a value in any ticket.

use jiff::Timestamp;
use serde_json::json;

use crate::support::FilledPortal;

#[test]
fn the_records_own_times_are_columns() {
    let desk = FilledPortal::new("--rate off --switch created_at_follows_createdate=no");
    let old = |n: usize| json!({"subject": format!("T {n}"), "createdate": "2020-05-01T00:00:00Z"});
    let ids = desk.create(3, old);
    desk.archive(&ids[..1]);
    let args = "--properties createdate --record-times";
    desk.export((args, "--archived include -o a.csv")).expect(0);
    let rows = desk.here.rows("a.csv");
    assert_eq!(rows.len(), 3);
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(row["createdate"], "2020-05-01T00:00:00Z");
        assert!(!row["created_at"].starts_with("2020"), "{row:?}");
        let [updated, created] = ["updated_at", "created_at"].map(|at| time(&row[at]));
        assert!(updated >= created, "{row:?}");
        let is_archived = place == 0;
        assert_eq!(row["archived"], is_archived.to_string());
        assert_eq!(!row["archived_at"].is_empty(), is_archived, "{row:?}");
    }
    desk.export("--properties subject --archived only -o b.csv")
        .expect(0);
    let archived = desk.column("b.csv", "archived_at");
    assert_eq!(archived.len(), 1);
    assert!(time(&archived[0]) >= time(&rows[0]["created_at"]));
}

/// A time in a cell. Their texts do not sort, since they have no zeros at their ends.
fn time(cell: &str) -> Timestamp {
    cell.parse().expect(cell)
}

#[test]
fn a_property_that_went_is_an_error_or_an_empty_column() {
    let (desk, ids) = FilledPortal::with_tickets(3);
    let args = "--properties old_property,subject --with contacts.old_too";
    let nightly = (args, "-o a.csv");
    desk.export(nightly).expect(64).says("old_property");
    for _night in 0..2 {
        desk.export((&nightly, "--missing-properties null"))
            .expect(0)
            .says("the portal does not have old_property, contacts.old_too: empty columns");
    }
    assert_eq!(desk.ids("a.csv"), ids);
    assert_eq!(desk.column("a.csv", "old_property"), ["", "", ""]);
    assert_eq!(desk.column("a.csv", "contacts.old_too"), ["", "", ""]);
    let parts = "--partition-by old_property -o lake";
    desk.export((args, "--missing-properties null", parts))
        .expect(64)
        .says("old_property");
}

#[test]
fn empty_columns_can_be_left_out() {
    let (desk, _ids) = FilledPortal::with_tickets(3);
    desk.export("--all-properties --values both --skip-empty -o a.csv")
        .expect(0);
    let text = desk.here.read("a.csv");
    let headers: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    assert!(headers.contains(&"subject") && headers.contains(&"hs_pipeline_stage_label"));
    assert!(!headers.contains(&"closed_date"), "{headers:?}");
    for row in desk.here.rows("a.csv") {
        assert!(row.values().all(|cell| !cell.is_empty()), "{row:?}");
    }
    let schema = desk.here.json("a.csv.schema.json");
    assert_eq!(
        schema["columns"].as_array().map(Vec::len),
        Some(headers.len())
    );
}

#[test]
fn days_are_counted_from_the_export() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let now = jiff::Timestamp::now();
    let ago = |hours: i64| (now - jiff::SignedDuration::from_hours(hours)).to_string();
    let made = |n: usize| json!({"subject": "S", "createdate": ago([1, 30, 24 * 20][n])});
    let ids = desk.create(3, made);
    for (filter, count) in [
        ("createdate >= now - 12h", 1),
        ("createdate >= today - 7d", 2),
        ("createdate >= today - 1mo and createdate < today-7d", 1),
        ("createdate between today - 1y and today", 3),
    ] {
        let args = [
            "--properties",
            "subject",
            "--where",
            filter,
            "-o",
            "a.csv",
            "--replace",
        ];
        desk.export(args).expect(0);
        assert_eq!(desk.ids("a.csv").len(), count, "{filter}");
    }
    assert_eq!(desk.ids("a.csv"), ids);
    desk.export("--properties subject --where 'createdate > today - 3x'")
        .expect(64)
        .says("today - 7d");
}
