//! Spreadsheets as inputs: their rows end as those of the CSV that holds the same, for
//! every command; sheets are chosen, runs resumed, and what does harm is refused.

use std::fmt::Write as _;

use proptest::prelude::*;
use tickethaul::import::read::{Input, Sources};
use tickethaul::model::dialect::Dialect;

use crate::support::sheets::{Cell, ods, packed, xlsx};
use crate::support::{Rehearsal, project, rows_of};

/// The tickets of the tests, with a cell of each kind; the second lacks its last ones.
fn tickets() -> Vec<Vec<Cell<'static>>> {
    use Cell::{Day, No, Number, Padded, Text, Time};
    vec![
        [
            "Ticket ID",
            "Subject",
            "Status",
            "Zip",
            "Created at",
            "Due date",
            "Hours",
        ]
        .map(Text)
        .to_vec(),
        vec![
            Number(100_004.0),
            Text("Door, \"left\"\nhinge"),
            Text("open"),
            Padded(4103.0),
            Time(45_731.25),
            Day(45_740.0),
            Number(2.5),
        ],
        vec![
            Number(100_005.0),
            Text("Mail"),
            Text("closed"),
            Padded(80_331.0),
            Time(45_732.75),
        ],
        vec![],
        vec![
            Number(123_456_789_012.0),
            Text(" spaced "),
            Text("open"),
            No,
            Time(45_733.0),
            Day(45_741.0),
            Number(0.1 + 0.2),
        ],
        vec![
            Number(100_007.0),
            No,
            Text("open"),
            Padded(1.0),
            Time(45_733.5),
            No,
            No,
        ],
    ]
}

/// The same as CSV.
const TWIN: &str = "Ticket ID,Subject,Status,Zip,Created at,Due date,Hours\n\
    100004,\"Door, \"\"left\"\"\nhinge\",open,04103,2025-03-15 06:00:00,2025-03-24,2.5\n\
    100005,Mail,closed,80331,2025-03-16 18:00:00,,\n,,,,,,\n\
    123456789012, spaced ,open,,2025-03-17 00:00:00,2025-03-25,0.3\n\
    100007,,open,00001,2025-03-17 12:00:00,,\n";

const PROPERTIES: &str =
    "subject,hs_pipeline_stage,createdate,source_ticket_id,source_due_date,source_status";

fn cells(rows: &[crate::support::Row], columns: &[&str]) -> Vec<Vec<String>> {
    let mut cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|name| row[*name].clone()).collect())
        .collect();
    cells.sort();
    cells
}

/// What `map init`, an import with the proposal and an export make of a file.
#[track_caller]
fn hauled(name: &str, bytes: &[u8]) -> (String, Vec<Vec<String>>, Vec<Vec<String>>) {
    let here = Rehearsal::new();
    here.write(name, bytes);
    here.run(["map", "init", name, "-o", "m.toml"]).expect(0);
    let import = ["import", name, "-m", "m.toml", "--run-dir", "run"];
    here.run_embedded(import)
        .expect(3)
        .says("5 rows read")
        .says("3 done");
    let refused = cells(
        &here.rows("run/refused.csv"),
        &["_line", "_code", "Ticket ID", "Zip"],
    );
    let export = ["export", "--properties", PROPERTIES, "-o", "out.csv"];
    here.run_embedded(export).expect(0);
    let names: Vec<&str> = PROPERTIES.split(',').collect();
    (
        here.read("m.toml").replace(name, "FILE"),
        cells(&here.rows("out.csv"), &names),
        refused,
    )
}

#[test]
fn a_workbook_ends_as_the_csv_that_holds_the_same() {
    let rows = tickets();
    let workbook = hauled("in.xlsx", &xlsx(&[("Tickets", 1, &rows)]));
    let twin = hauled("in.csv", TWIN.as_bytes());
    assert_eq!(workbook.0, twin.0, "the proposals");
    assert_eq!(workbook.1, twin.1, "the tickets");
    // In a sheet the line is its row, whatever breaks its cells have.
    assert_eq!(workbook.2, [["6", "MISSING_VALUE", "100007", "00001"]]);
    assert_eq!(twin.2, [["7", "MISSING_VALUE", "100007", "00001"]]);
    // It is known by what it holds, and its first rows may be empty.
    let renamed = hauled("in.csv", &xlsx(&[("Empty", 1, &[]), ("Tickets", 4, &rows)]));
    assert_eq!(renamed.1, twin.1);
    assert_eq!(renamed.2, [["9", "MISSING_VALUE", "100007", "00001"]]);
}

#[test]
fn what_is_refused_of_a_workbook_goes_back_in_as_csv() {
    let here = Rehearsal::new();
    here.write("in.xlsx", xlsx(&[("Tickets", 1, &tickets())]));
    here.run("map init in.xlsx -o m.toml").expect(0);
    here.run_embedded("import in.xlsx -m m.toml --run-dir one")
        .expect(3)
        .says("sheet \"Tickets\"");
    let text = here
        .read("one/refused.csv")
        .replace("100007,,", "100007,Found,");
    here.write("fixed.csv", text);
    here.run_embedded("import fixed.csv -m m.toml --run-dir two")
        .expect(0)
        .says("1 done");
    here.run_embedded("import one/done.csv -m m.toml --run-dir three")
        .says("3 exists");
    here.run_embedded("delete one/done.csv --yes --run-dir four")
        .expect(0);
}

#[test]
fn a_run_of_a_workbook_resumes_with_its_sheet() {
    let here = Rehearsal::new();
    let others = [vec![Cell::Text("Agent")], vec![Cell::Text("Ann")]];
    let rows = tickets();
    here.write(
        "in.xlsx",
        xlsx(&[("Agents", 1, &others), ("All tickets", 1, &rows)]),
    );
    let asked = here.run("check in.xlsx").expect(64);
    asked
        .says("2 of its sheets hold something")
        .says("--sheet: \"Agents\", \"All tickets\"");
    here.run("check in.xlsx --sheet Nothing")
        .expect(64)
        .says("its sheets are \"Agents\", \"All tickets\"");
    here.run("map init in.xlsx --sheet 'all tickets' -o m.toml")
        .expect(0);
    here.run_embedded("import in.xlsx --sheet 2 -m m.toml --run-dir run --limit 2")
        .says("2 done");
    here.run_embedded("resume run --no-limit")
        .expect(3)
        .says("3 done")
        .says("1 refused");
    assert_eq!(rows_of(&here.path("run/done.csv")).len(), 3);
    // A workbook that was saved again is another one.
    let _ended = here.run_embedded("import in.xlsx --sheet 2 -m m.toml --run-dir new --limit 1");
    here.write(
        "in.xlsx",
        xlsx(&[("Agents", 1, &others), ("All tickets", 2, &rows)]),
    );
    here.run_embedded("resume new --no-limit")
        .expect(7)
        .says("is not the file that the run began with");
    here.write("in.csv", TWIN);
    here.run("check in.csv --sheet 1")
        .expect(64)
        .says("no input is a spreadsheet");
}

#[test]
fn other_kinds_of_workbooks_are_read_and_their_files_associate_and_delete() {
    let here = Rehearsal::new();
    let texts = [
        vec!["Ticket ID", "Subject", "Created at"],
        vec!["0017", "one", "2025-03-15"],
        vec!["0018", "two & more", "2025-03-16"],
    ];
    here.write("in.ods", ods("Tickets", &texts));
    here.run("map init in.ods -o m.toml").expect(0);
    here.run_embedded("import in.ods -m m.toml --run-dir run")
        .expect(0)
        .says("2 done");
    let delete = "delete in.ods --sheet Tickets -m m.toml --yes --run-dir gone";
    here.run_embedded(delete).expect(0).says("2 done");
    // Written by another program.
    let old =
        std::fs::read(project("tests/it/import/old-workbook.xls")).expect("a file of the project");
    here.write("old.xls", old);
    let told = here.run("check old.xls").expect(0).stdout;
    assert!(told.contains("sheet \"Tickets\", 2 records"), "{told}");
    assert!(
        told.contains("100004 | 100005") && told.contains("2025-03-15 06:00:00"),
        "{told}"
    );
    assert!(told.contains("date, ISO 8601"), "{told}");
}

#[test]
fn workbooks_that_do_harm_are_refused_in_words() {
    let here = Rehearsal::new();
    let good = xlsx(&[("Tickets", 1, &tickets())]);
    let part = |name: &str, text: &str| {
        let parts = [
            ("[Content_Types].xml", "<Types/>"),
            ("xl/workbook.xml", "<workbook/>"),
            (name, text),
        ];
        packed(&parts.map(|(name, text)| (name.to_owned(), text.to_owned())))
    };
    let endless = format!("<sst><si><t>{}</t></si></sst>", "a".repeat(5 << 20));
    // What an encrypted workbook looks like from outside: a compound file.
    let mut compound = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    compound.resize(2048, 0);
    for (name, bytes, words) in [
        (
            "claim.xlsx",
            part(
                "xl/sharedStrings.xml",
                "<sst uniqueCount=\"18446744073709551615\"/>",
            ),
            "claims to hold more than it can",
        ),
        (
            "endless.xlsx",
            part("xl/sharedStrings.xml", &endless),
            "claims to hold more than it can",
        ),
        (
            "empty.xlsx",
            xlsx(&[("One", 1, &[])]),
            "none of its sheets holds anything",
        ),
        ("cut.xlsx", good[..good.len() / 2].to_vec(), "damaged"),
        ("compound.xls", compound, "the workbook is"),
        (
            "word.docx",
            packed(&[
                ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
                ("word/document.xml".to_owned(), "<w/>".to_owned()),
            ]),
            "no spreadsheet",
        ),
    ] {
        here.write(name, bytes);
        here.run(["check", name]).expect(64).says(words);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_damage_of_a_workbook_is_a_panic(at in 0.0..1.0_f64, byte: u8, cut: bool) {
        let mut bytes = xlsx(&[("Tickets", 1, &tickets())]);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the file")]
        let at = (at * bytes.len() as f64) as usize;
        match cut {
            true => bytes.truncate(at),
            false => bytes[at] = byte,
        }
        let here = Rehearsal::new();
        here.write("in.xlsx", bytes);
        // A panic fails the run.
        let ended = here.run("check in.xlsx");
        prop_assert!(matches!(ended.code, 0 | 4 | 64 | 1), "{}: {}", ended.code, ended.stderr);
    }
}

#[test]
fn titles_totals_and_stray_cells_of_a_sheet_are_no_tickets() {
    let mut rows = vec![vec![Cell::Text("Report of March")], vec![]];
    rows.extend(tickets().into_iter().take(3));
    rows.push(vec![
        Cell::Text("Total"),
        Cell::No,
        Cell::No,
        Cell::No,
        Cell::No,
        Cell::No,
        Cell::Number(2.5),
    ]);
    let here = Rehearsal::new();
    here.write("in.xlsx", xlsx(&[("March", 2, &rows)]));
    let init = here.run("map init in.xlsx -o m.toml").expect(0);
    let mut told = init.stderr;
    let _ok = write!(told, "{}", here.read("m.toml"));
    assert!(
        told.contains("skip_lines = 2\n") && told.contains("skip_last = 1\n"),
        "{told}"
    );
    here.run_embedded("import in.xlsx -m m.toml --run-dir run")
        .expect(0)
        .says("2 done");
}

#[test]
fn no_damage_of_an_old_workbook_is_a_panic() {
    let good =
        std::fs::read(project("tests/it/import/old-workbook.xls")).expect("a file of the project");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("in.xls");
    let mut chance = fastrand::Rng::with_seed(11);
    for _damaged in 0..300 {
        let mut bytes = good.clone();
        for _place in 0..chance.usize(1..12) {
            let at = chance.usize(..bytes.len() - 4);
            let wrong = [
                [0; 4],
                [0xFF; 4],
                [0xFE, 0xFF, 0xFF, 0xFF],
                [chance.u8(..); 4],
            ];
            let wrong = chance.choice(wrong).expect("one of them");
            bytes[at..at + 4].copy_from_slice(&wrong);
        }
        std::fs::write(&path, bytes).expect("written");
        // What is damaged is an error; a panic ends the test.
        let sources = Sources::find(std::slice::from_ref(&path), None).expect("it is there");
        if let Err(error) = Input::open(sources, &Dialect::default()) {
            assert!(error.to_string().starts_with("can't read"), "{error}");
        }
    }
}

/// What an import of a file with many rows comes to: keys of done rows, and refused rows.
fn fates(name: &str, bytes: &[u8]) -> [Vec<Vec<String>>; 2] {
    let here = Rehearsal::new();
    here.write(name, bytes);
    here.run(["map", "init", name, "-o", "m.toml"]).expect(0);
    let args = ["import", name, "-m", "m.toml", "--run-dir", "run"];
    here.run_embedded((&args, "--create-properties")).expect(3);
    [
        cells(&here.rows("run/done.csv"), &["Ticket ID", "_fate", "Zip"]),
        cells(
            &here.rows("run/refused.csv"),
            &["_line", "_code", "Ticket ID", "Subject", "Zip"],
        ),
    ]
}

#[test]
#[ignore = "a hundred thousand rows twice take minutes; run once for each change of the reader of workbooks"]
fn a_workbook_of_a_hundred_thousand_rows_has_the_fates_of_its_twin() {
    let subjects: Vec<String> = (0..100_000)
        .map(|n| format!("Subject {}", n % 5_000))
        .collect();
    let head = ["Ticket ID", "Subject", "Status", "Zip", "Created at"];
    let mut rows = vec![head.map(Cell::Text).to_vec()];
    let mut twin = head.join(",") + "\n";
    for (n, subject) in (0_u32..).zip(&subjects) {
        // Some lack their subject, some have the key of the row before.
        let (id, zip) = (500_000 + n - u32::from(n % 1_009 == 7), 1 + n % 90_000);
        let subject = if n % 997 == 5 { "" } else { subject.as_str() };
        let day = 40_000 + n % 5_000;
        rows.push(vec![
            Cell::Number(f64::from(id)),
            if subject.is_empty() {
                Cell::No
            } else {
                Cell::Text(subject)
            },
            Cell::Text(if n % 3 == 0 { "open" } else { "closed" }),
            Cell::Padded(f64::from(zip)),
            Cell::Time(f64::from(day) + 0.5),
        ]);
        let first = jiff::civil::date(1899, 12, 30);
        let date = first.saturating_add(jiff::Span::new().days(day));
        let status = if n % 3 == 0 { "open" } else { "closed" };
        twin += &format!("{id},{subject},{status},{zip:05},{date} 12:00:00\n");
    }
    let [done, refused] = fates("in.xlsx", &xlsx(&[("Tickets", 1, &rows)]));
    let [twin_done, twin_refused] = fates("in.csv", twin.as_bytes());
    assert!(refused.len() > 150 && done.len() + refused.len() == 100_000);
    assert!(done == twin_done, "rows that are done");
    assert_eq!(refused, twin_refused);
}
