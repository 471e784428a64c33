//! `report`: a run as a page. It is written into the run folder, can be made again from
//! there, and says what the folder says.

use crate::filled_portal::FilledPortal;
use crate::rehearsal::{Rehearsal, project};
use crate::reviewed::{desk, file, import};

/// The shipped sample, with seven bad rows, in a portal of its own.
fn sample(more: &[&str]) -> Rehearsal {
    let here = Rehearsal::new();
    let rows = project("samples/zendesk-tickets.csv");
    let rows = rows.to_str().expect("a path");
    let args = ["import", rows, "-m", "zendesk", "--run-dir", "run"];
    let ended = here.run_embedded(&[&args[..], more].concat());
    let _ended = ended.expect(3);
    here
}

fn contains(page: &str, words: &str) {
    assert!(page.contains(words), "{words} in\n{page}");
}

#[test]
fn a_run_leaves_a_page_with_its_counts_reasons_and_tickets() {
    let here = sample(&[]);
    let page = here.read("run/report.html").replace("&#x2f;", "/");
    let refused = here.rows("run/refused.csv");
    contains(&page, "<strong>finished</strong>");
    contains(&page, &format!("{} rows were not taken", refused.len()));
    for row in &refused {
        contains(&page, &format!("<strong>{}</strong>", row["_code"]));
        contains(&page, &format!("<td>{}</td>", row["_line"]));
    }
    let first = &here.rows("run/done.csv")[0];
    contains(&page, &format!("/record/0-5/{}\"", first["_ticket_id"]));
    contains(&page, "tickethaul retry run");
    contains(&page, "calls: 0 met the portal's rate limit");
}

#[test]
fn a_run_that_is_told_to_leaves_no_page_and_one_can_be_made_later() {
    let here = sample(&["--no-report"]);
    assert!(!here.path("run/report.html").exists());
    let _ended = here.run(["report", "run", "-o", "page.html"]).expect(0);
    let page = here.read("page.html");
    contains(&page, "<!doctype html>");
    let again = here.run(["report", "run", "-o", "page.html"]).expect(64);
    let _said = again.says("--force");
    let printed = here.run(["report", "run", "-o", "-"]).expect(0);
    assert_eq!(printed.stdout.trim_end(), page.trim_end());
    let _ended = here.run(["report", "run"]).expect(0);
    assert_eq!(here.read("run/report.html"), page);
}

#[test]
fn what_a_verification_found_is_on_the_page() {
    let desk: FilledPortal = desk(&[]);
    let _file = desk.here.write("in.csv", file(1..=5, "Subject", "text"));
    let _ended = import(&desk, "create", "in.csv", "run").expect(0);
    assert!(!desk.here.read("run/report.html").contains("Verified"));
    let verify = ["verify", "run"];
    let _ended = desk.here.run_against(&desk.sandbox, &verify).expect(0);
    let _ended = desk.here.run(["report", "run"]).expect(0);
    let page = desk.here.read("run/report.html");
    contains(&page, "every one that was compared is as the run left it");
}

#[test]
fn what_is_no_run_of_rows_is_told_apart() {
    let here = sample(&[]);
    let rows = project("samples/zendesk-tickets.csv");
    let rows = rows.to_str().expect("a path");
    let plan = ["plan", rows, "-m", "zendesk", "-o", "plan"];
    let _ended = here.run_embedded(&plan).expect(0);
    let _ended = here.run(["report", "plan"]).expect(64).says("plan");
    let _ended = here.run(["report", "nosuch"]).expect(64);
}
