//! Things around the rows of an export and in its cells that are not data: totals below
//! them, formulas that keep zeros, invisible characters. They are reported, and a proposal
//! imports the rows and nothing else.

use crate::support::Rehearsal;
use crate::support::first_contact::{check, meet, values};

const ROWS: &str = "Id,Subject,Status,Agent,Created\n\
    D-1,Printer,open,Ann,2025-03-14 08:00:00\nD-2,Mail,closed,Bob,2025-03-15 09:00:00\n\
    D-3,Door,open,Ann,2025-03-16 10:00:00\n";

#[test]
fn totals_below_the_rows_are_left_out() {
    for (footer, records, shown) in [
        ("Total,,,,3\n", 1, "Total 3"),
        (
            "\nGenerated on 2025-03-17 by Ann\n",
            1,
            "Generated on 2025-03-17 by Ann",
        ),
        ("3 records\n", 1, "3 records"),
        (",,,,\nGrand total,3,,,\nPage 1 of 1\n", 3, ""),
        ("\nVertraulich; nur intern\n", 1, "Vertraulich; nur intern"),
    ] {
        let met = meet(format!("{ROWS}{footer}"));
        met.has(&format!("skip_last = {records}\n"))
            .said(&format!("`skip_last = {records}` under [source] leaves"))
            .said(shown);
        let _ended = met.import(0);
        let rows = met.tickets("subject,createdate");
        assert_eq!(
            values(&rows, "subject"),
            ["Printer", "Mail", "Door"],
            "{footer}"
        );
        assert_eq!(values(&rows, "createdate").len(), 3);
        assert!(
            values(&rows, "createdate")
                .iter()
                .all(|time| time.starts_with("2025-03-1"))
        );
    }
}

#[test]
fn a_poor_last_row_is_no_footer() {
    for last in [
        "D-4,New one,,,\n",
        "D-4,,,,\n",
        "D-4,Total loss of data,open,Ann,2025-03-16 10:00:00\n",
        "D-4,\"Total\",,,\n",
    ] {
        let told = check(format!("{ROWS}{last}"), 0);
        assert!(
            told.contains("\n4 rows\n") && !told.contains("skip_last"),
            "{last}\n{told}"
        );
    }
    // A line that an unquoted break made is no footer either.
    let told = check(
        format!("{ROWS}D-4,one,open,Ann,2025-03-16 10:00:00\nbehind a break\n"),
        4,
    );
    assert!(
        told.contains("RAGGED_ROW") && !told.contains("skip_last"),
        "{told}"
    );
}

#[test]
fn a_mapping_leaves_out_what_it_says_and_resumes_there() {
    let here = Rehearsal::new();
    let met = meet(format!("{ROWS}Total,,,,3\n"));
    here.tool("import in.csv -m m.toml --run-dir run --limit 2")
        .embedded()
        .rows(format!("{ROWS}Total,,,,3\n"))
        .mapping(&met.mapping)
        .run()
        .says("2 done");
    here.run_embedded("resume run --no-limit")
        .expect(0)
        .says("3 done");
    let wrong = here.write(
        "w.toml",
        met.mapping.replace("skip_last = 1", "skip_last = 200"),
    );
    here.run(["map", "check", wrong.to_str().expect("UTF-8")])
        .expect(64)
        .says("at most 100 records at the end can be left out");
}

#[test]
fn texts_written_as_formulas_are_the_texts() {
    let met = meet(
        "\u{feff}=\"Ticket ID\";=\"Subject\";Zip\n=\"0017\";=\"one\";=\"04103\"\n\
         =\"0018\";=\"two\";=\"10115\"\n",
    );
    met.has("text_formulas = true\n")
        .said("`text_formulas = true` under [source]");
    let _ended = met.import(0);
    let rows = met.tickets("subject,source_ticket_id");
    assert_eq!(values(&rows, "source_ticket_id"), ["0017", "0018"]);
    assert_eq!(values(&rows, "subject"), ["one", "two"]);
    // Quoted, as CSV writers do it.
    let quoted = meet("Id,Subject\n\"=\"\"0017\"\"\",one\n\"=\"\"0018\"\"\",two\n");
    let _ended = quoted.has("text_formulas = true\n").import(0);
    assert_eq!(
        values(&quoted.tickets("source_ticket_id"), "source_ticket_id"),
        ["0017", "0018"]
    );
    // A formula that joins texts, and one cell among others, are what they are.
    let told = check(
        "Id,Subject\n1,\"=\"\"a\"\"&B1\"\n2,\"=\"\"b\"\"\"\n3,c\n",
        0,
    );
    assert!(!told.contains("text_formulas"), "{told}");
}

#[test]
fn check_reads_cells_without_what_cannot_be_seen() {
    let told = check(
        "\u{feff}Id,Subject,Created\n\u{feff}1,a,\u{a0}2025-03-14\n2\u{200b},b,2025-03-15\n\u{2060}3,c,2025-03-16\u{200b}\n",
        0,
    );
    assert!(
        told.contains("whole number") && told.contains("date, ISO 8601"),
        "{told}"
    );
}

#[test]
fn numbers_that_two_styles_read_are_told() {
    let here = Rehearsal::new();
    let mapping = |decimal: &str| {
        format!(
            "version = 1\n[key]\nproperty = \"source_ticket_id\"\ncolumn = \"Id\"\n[properties]\n\
             subject = \"Subject\"\nhs_pipeline_stage = {{ value = \"New\" }}\n\
             source_hours = {{ column = \"Hours\"{decimal} }}\n\
             [[property]]\nname = \"source_ticket_id\"\nlabel = \"ID\"\ntype = \"string\"\nunique = true\n\
             [[property]]\nname = \"source_hours\"\nlabel = \"Hours\"\ntype = \"number\"\n"
        )
    };
    here.write("m.toml", mapping(""));
    here.write("said.toml", mapping(", decimal = \".\""));
    here.write(
        "in.csv",
        "Id;Subject;Hours\n1;a;9,99\n2;b;1.000\n3;c;12\n4;d;0.125\n",
    );
    let told = here
        .run_embedded("import in.csv -m m.toml --run-dir run")
        .expect(3);
    told.says("1 number such as 1.000, read with a decimal point");
    here.run_embedded("import in.csv -m said.toml --op upsert --run-dir two")
        .expect(3)
        .says_nothing_of("such as 1.000");
}

#[test]
fn columns_named_after_the_ticket_and_short_descriptions_are_found() {
    let met = meet(
        "\u{a0}Id ,Ticket\u{a0}subject,Case status,Description,Request created at\n\
         1,one,open,short,2025-03-14 08:00:00\n2,two,closed,too,2025-03-15 08:00:00\n",
    );
    let _ended = met.import(0);
    let rows = met.tickets("subject,content,createdate,hs_pipeline_stage");
    assert_eq!(values(&rows, "subject"), ["one", "two"]);
    assert_eq!(values(&rows, "content"), ["short", "too"]);
    assert_eq!(values(&rows, "hs_pipeline_stage"), ["3", "4"]);
    assert!(rows[0]["createdate"].starts_with("2025-03-14"));
    // Day numbers are dates for both commands, where the name says so.
    let told = check("Id,Subject,Created\n1,a,45366\n2,b,45366.5\n", 0);
    assert!(told.contains("day numbers of a spreadsheet"), "{told}");
    let told = check("Id,Subject,Score\n1,a,45366\n2,b,45366.5\n", 0);
    assert!(!told.contains("day numbers"), "{told}");
}
