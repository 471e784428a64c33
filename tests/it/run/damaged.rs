//! The files of a run used as input after people or spreadsheets damaged them: the
//! damage is reported, and nothing is done by what is left of them.

use crate::support::{Args, Ended, FilledPortal, Row, keyed, write_rows};

const MAPPING: &str = keyed!(
    "desk_id",
    prefix = "desk-",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "1" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "skip"
"#
);

/// A portal into which `text` was imported, as run `run`.
fn imported(text: &str, code: i32) -> FilledPortal {
    let desk = FilledPortal::new("--rate off");
    desk.tool("import in.csv -m m.toml --create-properties --run-dir run")
        .rows(text)
        .mapping(MAPPING)
        .run()
        .expect(code);
    desk
}

fn import(desk: &FilledPortal, operation: &str, file: &str, run: &str, more: impl Args) -> Ended {
    let words = format!("import {file} -m m.toml --op {operation} --run-dir {run}");
    desk.run((&words, more))
}

/// Ids and subjects of all tickets.
fn tickets(desk: &FilledPortal) -> Vec<(String, String)> {
    desk.export("--properties subject -o all.csv --force")
        .expect(0);
    let rows = desk.here.rows("all.csv").into_iter();
    rows.map(|row| (row["hs_object_id"].clone(), row["subject"].clone()))
        .collect()
}

/// Writes a file of a run with cells changed.
fn edited(desk: &FilledPortal, from: &str, change: impl Fn(&mut Row)) {
    let mut rows = desk.here.rows(from);
    rows.iter_mut().for_each(change);
    write_rows(&desk.here.path("edited.csv"), &desk.here.path(from), &rows);
}

/// Writes a file of a run without some columns, and with others called otherwise.
fn without(desk: &FilledPortal, from: &str, gone: &[&str], called: &[(&str, &str)]) {
    let rows = desk.here.rows(from);
    let text = desk.here.read(from);
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    let left = || header.iter().filter(|name| !gone.contains(name));
    let name = |name: &str| {
        let renamed = called.iter().find(|(was, _)| *was == name);
        renamed.map_or(name, |(_, now)| now).to_owned()
    };
    let mut writer = csv::Writer::from_path(desk.here.path("edited.csv")).expect("a file");
    writer
        .write_record(left().map(|column| name(column)))
        .expect("written");
    for row in rows {
        writer
            .write_record(left().map(|column| &row[*column]))
            .expect("written");
    }
    writer.flush().expect("written");
}

#[test]
fn a_refused_csv_that_lost_columns_or_their_names_is_refused_before_the_first_row() {
    let desk = imported("Id,Subject,Mail\n100004,one,\n100004,two,\n", 3);
    let held = tickets(&desk);
    let none: &[(&str, &str)] = &[];
    let cases = [
        (&["_key"][..], none, "it lacks _key"),
        (&["_code"], &[], "it lacks _code"),
        (
            &["_line", "_column", "_value", "_hint", "_raw"],
            &[],
            "it lacks _line, _column, _value, _hint, _raw",
        ),
        (&[], &[("_key", "_KEY")], "\"_KEY\" should be called _key"),
        (
            &["_raw"],
            &[("_code", "_Code")],
            "it lacks _raw; \"_Code\" should be called _code",
        ),
    ];
    for (gone, called, said) in cases {
        without(&desk, "run/refused.csv", gone, called);
        for operation in ["create", "update", "upsert"] {
            let ended = import(&desk, operation, "edited.csv", "again", "").expect(64);
            let ended = ended.says("it is the refused.csv of a run, and damaged");
            ended.says(said).says("take all of them out");
            assert!(!desk.here.path("again").exists(), "nothing was begun");
        }
    }
    assert_eq!(tickets(&desk), held);
    // Without any of them it is a file like any other.
    let all = [
        "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
    ];
    without(&desk, "run/refused.csv", &all, &[]);
    import(&desk, "create", "edited.csv", "plain", "").expect(0);
    assert_eq!(desk.here.rows("plain/done.csv")[0]["_fate"], "exists");
}

#[test]
fn a_row_that_was_refused_for_its_key_stays_so_where_our_cells_were_emptied_or_rewritten() {
    let desk = imported("Id,Subject,Mail\n100004,one,\n100004,two,\n", 3);
    let held = tickets(&desk);
    let cases = [
        ("_key", "", "OWN_CELL_LOST", "the cell _key"),
        (
            "_key",
            "1.00E+05",
            "OWN_CELL_LOST",
            "rewritten by a spreadsheet",
        ),
        ("_key", "100,004", "OWN_CELL_LOST", "the cell _key"),
        ("_key", "100004.0", "OWN_CELL_LOST", "the cell _key"),
        ("_code", "", "OWN_CELL_LOST", "the cell _code"),
        (
            "_code",
            "repeated_key",
            "REPEATED_KEY",
            "its key is unchanged",
        ),
    ];
    for (nth, (column, cell, code, hint)) in cases.into_iter().enumerate() {
        edited(&desk, "run/refused.csv", |row| {
            row.insert(column.to_owned(), cell.to_owned());
        });
        for operation in ["update", "upsert"] {
            let run = format!("{operation}{nth}");
            import(&desk, operation, "edited.csv", &run, "").expect(3);
            let refused = desk.here.rows(&format!("{run}/refused.csv"));
            assert_eq!(refused[0]["_code"], code, "{column} {cell}");
            assert!(refused[0]["_hint"].contains(hint), "{refused:?}");
            assert_eq!(tickets(&desk), held, "{column} {cell}");
        }
    }
}

#[test]
fn a_deletion_wants_to_know_of_every_row_whether_the_run_created_its_ticket() {
    let desk = imported("Id,Subject,Mail\n1,one,\n2,two,\n", 0);
    let rows = "Id,Subject,Mail\n1,one,\n2,two,\n3,three,\n";
    desk.here.write("more.csv", rows);
    import(&desk, "create", "more.csv", "more", "").expect(0);
    let held = tickets(&desk);
    let refused = |words: &str| {
        for command in [
            &["delete", "edited.csv"][..],
            &["import", "edited.csv", "-m", "m.toml", "--op", "archive"],
        ] {
            let ended = desk.run((command, "--yes --run-dir gone"));
            if ended.code == 64 {
                ended.says(words);
            } else {
                // A plain file has no column of keys for the mapping.
                assert!(
                    ended.stderr.contains("no column \"Id\""),
                    "{}",
                    ended.stderr
                );
            }
            assert!(!desk.here.path("gone").exists(), "nothing was begun");
            assert_eq!(tickets(&desk), held, "{words}");
        }
    };
    for (gone, called, words) in [
        (&["_fate"][..], &[][..], "it lacks _fate"),
        (
            &["_fate", "_operation", "_link", "_remark"],
            &[],
            "it lacks _fate, _operation, _link",
        ),
        (
            &[],
            &[("_fate", "_Fate")],
            "\"_Fate\" should be called _fate",
        ),
        (&[], &[("_operation", "_op")], "it lacks _operation"),
    ] {
        without(&desk, "more/done.csv", gone, called);
        refused(words);
    }
    for (gone, called, words) in [
        (&["fate"][..], &[][..], "it lacks fate"),
        (
            &["fate", "operation"],
            &[],
            "does not say which of its tickets the run created",
        ),
        (&[], &[("fate", "FATE")], "\"FATE\" should be called fate"),
    ] {
        without(&desk, "more/idmap.csv", gone, called);
        desk.run("delete edited.csv --yes --run-dir gone")
            .expect(64)
            .says(words);
        assert_eq!(tickets(&desk), held, "{words}");
    }
    for (column, cell) in [
        ("_fate", ""),
        ("_fate", "Done"),
        ("_operation", ""),
        ("_operation", "made"),
    ] {
        edited(&desk, "more/done.csv", |row| {
            if row["Id"] == "2" {
                row.insert(column.to_owned(), cell.to_owned());
            }
        });
        let rows = desk.here.rows("edited.csv");
        let at = rows.iter().position(|row| row["Id"] == "2").expect("a row");
        refused(&format!("line {}: the column {}", at + 2, &column[1..]));
    }
    // People may add columns of their own.
    let idmap = desk.here.read("more/idmap.csv");
    let noted: Vec<String> = idmap.lines().map(|line| format!("{line},note")).collect();
    desk.here.write("noted.csv", noted.join("\n"));
    let ended = desk.run("delete noted.csv --yes --run-dir taken").expect(0);
    ended.says("2 rows are left alone");
    assert_eq!(tickets(&desk).len(), 2);
}

#[test]
fn keys_as_spreadsheets_and_people_mark_them_make_no_second_ticket() {
    let desk = imported("Id,Subject,Mail\n100004,one,\n", 0);
    let cells = [
        ("\"=\"\"100004\"\"\"", "KEY_REWRITTEN"),
        ("'100004", "KEY_REWRITTEN"),
        ("######", "KEY_REWRITTEN"),
        ("+100004", "KEY_REWRITTEN"),
        ("１００００４", "KEY_REWRITTEN"),
        ("desk-100004", "KEY_PREFIXED"),
    ];
    let rows: String = cells
        .iter()
        .map(|(cell, _)| format!("{cell},again,\n"))
        .collect();
    desk.here
        .write("odd.csv", format!("Id,Subject,Mail\n{rows}"));
    let template = MAPPING.replace(
        "column = \"Id\"\nprefix = \"desk-\"",
        "template = \"desk-{{ col('Id') }}\"",
    );
    desk.here.write("template.toml", template);
    for mapping in ["m.toml", "template.toml"] {
        for operation in ["create", "upsert"] {
            let run = format!("{operation}-{mapping}");
            let args = format!("import odd.csv -m {mapping} --op {operation} --run-dir {run}");
            desk.run(args).expect(3);
            let codes = desk.column(&format!("{run}/refused.csv"), "_code");
            assert_eq!(codes, cells.map(|(_, code)| code), "{run}");
        }
    }
    assert_eq!(tickets(&desk).len(), 1);
    let written = MAPPING.replace("[key]", "[key]\nas_written = true");
    desk.here.write("m.toml", written);
    import(&desk, "create", "odd.csv", "written", "").expect(0);
    assert_eq!(tickets(&desk).len(), 7);
}

#[test]
fn a_record_in_raw_is_told_its_own_reason() {
    let desk = imported("Id,Subject,Mail\n1,one,two,\n2,b,\n3,c,\n", 3);
    let cases = [
        (
            "1,\"one,two\",",
            "other",
            "RAW_AND_CELLS",
            "the cells next to it say something else",
        ),
        ("1,one,\n9,two,", "", "RAGGED_ROW", "_raw holds 2 records"),
        ("1;one, and, two, three;", "", "RAGGED_ROW", "cut at"),
        ("", "", "RAGGED_ROW", "nothing is left of the record"),
        ("1,one,two,", "", "RAGGED_ROW", "the record has 4 cells"),
    ];
    for (nth, (raw, subject, code, hint)) in cases.into_iter().enumerate() {
        edited(&desk, "run/refused.csv", |row| {
            row.insert("_raw".to_owned(), raw.to_owned());
            row.insert("Subject".to_owned(), subject.to_owned());
        });
        let run = format!("again{nth}");
        import(&desk, "create", "edited.csv", &run, "").expect(3);
        let refused = desk.here.rows(&format!("{run}/refused.csv"));
        assert_eq!(refused.len(), 1, "{raw}");
        assert_eq!(
            (&*refused[0]["_code"], &*refused[0]["_raw"]),
            (code, raw),
            "{raw}"
        );
        assert!(refused[0]["_hint"].contains(hint), "{refused:?}");
        assert_eq!(refused[0]["Subject"], subject, "what was filled in stays");
    }
    // Both say the same.
    edited(&desk, "run/refused.csv", |row| {
        for (column, cell) in [
            ("_raw", "1,\"one,two\","),
            ("Subject", "one,two"),
            ("Id", "1"),
        ] {
            row.insert(column.to_owned(), cell.to_owned());
        }
    });
    import(&desk, "create", "edited.csv", "same", "").expect(0);
}

#[test]
fn a_new_key_that_a_ticket_has_already_and_links_left_out_are_remarks() {
    let desk = imported(
        "Id,Subject,Mail\n1,one,nobody@x.example\n2,two,\n1,three,\n",
        3,
    );
    let mut done = desk.here.rows("run/done.csv");
    done.sort_by(|one, other| one["Id"].cmp(&other["Id"]));
    let left = "Mail \"nobody@x.example\": the portal has no such record, link left out";
    assert_eq!(done[0]["_remark"], left);
    assert_eq!(done[1]["_remark"], "");
    edited(&desk, "run/refused.csv", |row| {
        row.insert("Id".to_owned(), "2".to_owned());
    });
    let ended = import(&desk, "upsert", "edited.csv", "upsert", "").expect(0);
    ended.says("whose new key a ticket had already");
    let done = desk.here.rows("upsert/done.csv");
    assert_eq!(done[0]["_operation"], "update");
    assert!(
        done[0]["_remark"].contains("\"desk-2\": new key of the row"),
        "{done:?}"
    );
    edited(&desk, "run/refused.csv", |row| {
        row.insert("Id".to_owned(), "3".to_owned());
    });
    import(&desk, "upsert", "edited.csv", "new", "").expect(0);
    assert_eq!(desk.here.rows("new/done.csv")[0]["_remark"], "");
}
