//! Files as help desks and people hand them over: packed, piped, several at once, too
//! large, half broken. Small ones are here; large ones are generated when needed.

use std::fs::{self};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::{Ended, Rehearsal, keyed};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline = { value = "Support Pipeline" }
hs_pipeline_stage = { value = "New" }
"#
);

const TWO_ROWS: &str = "Id,Subject,Note\n1,Printer,\"a, b\"\n2,Größe,\n";

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("packed");
    packer.finish().expect("packed")
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("packed")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (idx, (name, bytes)) in members.iter().enumerate() {
        let method = match idx % 2 {
            0 => CompressionMethod::Deflated,
            _ => CompressionMethod::Stored,
        };
        let options = SimpleFileOptions::default().compression_method(method);
        packer.start_file(*name, options).expect("a member");
        packer.write_all(bytes).expect("packed");
    }
    packer.finish().expect("packed").into_inner()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// `check --json` of these files.
#[track_caller]
fn check(here: &Rehearsal, files: &[&str], code: i32) -> Value {
    here.run(("check --json", files)).expect(code).json()
}

fn import(here: &Rehearsal, files: &[&str], run: &str) -> Ended {
    here.tool(("import -m m.toml", ["--run-dir", run], files))
        .embedded()
        .mapping(MAPPING)
        .run()
}

#[test]
fn packed_files_are_read_as_what_is_in_them() {
    let here = Rehearsal::new();
    let text = TWO_ROWS.as_bytes();
    let two_members = [
        gz(b"Id,Subject,Note\n1,Printer,\"a, b\"\n"),
        gz(b"2,Gr\xC3\xB6\xC3\x9Fe,\n"),
    ];
    let table: [(&str, Vec<u8>, &str); 6] = [
        ("plain.csv", text.to_vec(), "UTF-8"),
        ("t.csv.gz", gz(text), "UTF-8"),
        ("joined.gz", two_members.concat(), "UTF-8"),
        ("t.zst", zst(text), "UTF-8"),
        ("utf16.gz", gz(&utf16(TWO_ROWS)), "UTF-16BE"),
        ("no-name", zip(&[("a/b/t.CSV", text)]), "UTF-8"),
    ];
    for (name, bytes, encoding) in table {
        here.write(name, bytes);
        let found = check(&here, &[name], 0);
        assert_eq!(found["rows"], 2, "{name}");
        assert_eq!(found["files"][0]["encoding"], encoding, "{name}");
        assert_eq!(found["columns"][1]["examples"][1], "Größe", "{name}");
    }
}

#[test]
fn every_csv_of_an_archive_is_read_and_the_rest_is_told() {
    let here = Rehearsal::new();
    let members: [(&str, &[u8]); 5] = [
        ("export/Tickets_1.csv", b"Id,Subject\n1,a\n"),
        ("export/readme.txt", b"hello"),
        ("export/Tickets_2.csv", b"subject;id\r\nb;2\r\n"),
        ("__MACOSX/export/._Tickets_1.csv", b"\0\0\0"),
        ("export/Tickets_3.tsv", b"Id\tSubject\n1\tthe first again\n"),
    ];
    here.write("e.zip", zip(&members));
    let ended = import(&here, &["e.zip"], "run").expect(3);
    for words in [
        "reading e.zip/export/Tickets_2.csv: UTF-8, `;`, CRLF",
        "no CSV or JSON, not read: e.zip/export/readme.txt, e.zip/__MACOSX/export/._Tickets_1.csv",
        "3 rows read",
        "line 2 of e.zip/export/Tickets_3.tsv",
    ] {
        assert!(ended.stderr.contains(words), "{words}\n{}", ended.stderr);
    }
    let refused = here.rows("run/refused.csv");
    assert_eq!(refused[0]["_line"], "e.zip/export/Tickets_3.tsv:2");
    assert!(
        refused[0]["_hint"].contains("line 2 of e.zip/export/Tickets_1.csv has the same key"),
        "{}",
        refused[0]["_hint"]
    );
    let subjects: Vec<_> = here
        .rows("run/done.csv")
        .iter()
        .map(|row| row["Subject"].clone())
        .collect();
    assert_eq!(subjects, ["a", "b"]);
}

#[test]
fn damaged_and_foreign_archives_are_told() {
    let here = Rehearsal::new();
    let rows = format!(
        "{TWO_ROWS}{}",
        "3,xyz,some more text for the packer\n".repeat(60_000)
    );
    let packed = gz(rows.as_bytes());
    let mut wrong = zip(&[("t.csv", rows.as_bytes())]);
    let at = wrong.len() / 2;
    wrong[at] ^= 0x55;
    let table: [(&str, Vec<u8>, &str); 5] = [
        (
            "cut.gz",
            packed[..packed.len() / 2].to_vec(),
            "cut.gz: the archive is damaged",
        ),
        (
            "cut.zst",
            zst(rows.as_bytes())[..60].to_vec(),
            "cut.zst: the archive is damaged",
        ),
        (
            "wrong.zip",
            wrong,
            "wrong.zip/t.csv: the archive is damaged",
        ),
        (
            "book.xlsx",
            zip(&[("[Content_Types].xml", b"<x/>")]),
            "it is an office document, and no spreadsheet",
        ),
        (
            "none.zip",
            zip(&[("a.pdf", b"%PDF")]),
            "the archive holds no CSV file, only a.pdf",
        ),
    ];
    for (name, bytes, words) in table {
        here.write(name, bytes);
        here.run(["check", name]).expect(64).says(words);
    }
}

#[test]
fn standard_input_is_kept_in_the_run_folder() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    let piped = here.write("piped", gz(TWO_ROWS.as_bytes()));
    let with_input = |args: &str| here.tool(args).stdin("piped").run();
    let run = "import - -m m.toml --run-dir runs/one --portal sandbox --sandbox-data data";
    with_input(run)
        .expect(0)
        .says("reading standard input: UTF-8");
    assert_eq!(here.rows("runs/one/done.csv").len(), 2);
    let kept = fs::read(here.path("runs/one/input-stdin")).expect("kept");
    assert_eq!(kept, fs::read(&piped).expect("the input"));
    with_input("check --json -").expect(0).prints("\"rows\": 2");
    with_input("check - -").expect(64).says("named twice");
    let left: Vec<PathBuf> = list(&here.path("runs"));
    assert_eq!(left, [here.path("runs/one")], "nothing else is left behind");
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn several_files_and_globs_are_one_run() {
    let here = Rehearsal::new();
    here.write("t1.csv", "Id,Subject\n1,a\n");
    here.write("t2.csv", "\u{feff}subject;ID\nb;2\n");
    here.write("u1.csv", "Id,Title\n3,c\n");
    import(&here, &["t*.csv"], "run")
        .expect(0)
        .says("2 rows read")
        .says("t2.csv: UTF-8 with BOM, `;`, LF");
    let other = import(&here, &["t1.csv", "u1.csv"], "other").expect(64);
    let words = "u1.csv has other columns than t1.csv: it lacks \"Subject\"; it has \"Title\"";
    assert!(other.stderr.contains(words), "{}", other.stderr);
    import(&here, &["t1.csv", "t?.csv"], "twice")
        .expect(64)
        .says("t1.csv is named twice");
    import(&here, &["x*.csv"], "none")
        .expect(64)
        .says("x*.csv: there is no such file");
}

#[test]
fn the_mapping_and_the_command_line_can_insist() {
    let here = Rehearsal::new();
    let source = "[source]\nencoding = \"latin-1\"\nquote = \"'\"\nescape = \"\\\\\"\nheader = [\"Id\", \"Subject\"]\n";
    here.write("s.toml", format!("{MAPPING}{source}"));
    here.write("f.csv", b"1;'caf\xC3\xA9; it\\'s'\n".as_slice());
    here.run_embedded("import f.csv -m s.toml --run-dir run")
        .expect(0);
    assert_eq!(here.rows("run/done.csv")[0]["Subject"], "cafÃ©; it's");
    let found = check(
        &here,
        &["f.csv", "--encoding", "utf-8", "--delimiter", ","],
        0,
    );
    assert_eq!(found["columns"][0]["name"], "1;'café; it\\'s'");
}

#[test]
fn letters_beyond_ascii_decide_wherever_they_first_stand() {
    let here = Rehearsal::new();
    let ascii = "1234,Printer,\n".repeat(40_000);
    let bytes = [b"Id,Subject,Note\n", ascii.as_bytes(), b"9,Gr\xF6\xDFe,\n"].concat();
    here.write("f.csv", bytes);
    let found = check(&here, &["f.csv"], 0);
    assert_eq!(found["files"][0]["encoding"], "windows-1252");
    assert_eq!(found["rows"], 40_001);
    assert_eq!(found["columns"][1]["examples"][1], "Größe");
    assert!(
        found["notices"][0]
            .as_str()
            .is_some_and(|words| words.contains("windows-1252"))
    );
}

#[test]
fn our_refused_rows_come_back_from_a_spreadsheet() {
    let here = Rehearsal::new();
    here.write("f.csv", "Id;Subject;Note\n1;ü;x\n2;;y\n3;a;b;c\n");
    import(&here, &["f.csv"], "run").expect(3);
    let saved = here
        .read("run/refused.csv")
        .replace("2,,y", "2,ä,y")
        .replace(",,,4", "3,a,b,4");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(saved.as_bytes());
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b'\t')
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for record in reader.records() {
        writer
            .write_record(&record.expect("a record"))
            .expect("written");
    }
    let text = String::from_utf8(writer.into_inner().expect("flushed")).expect("text");
    here.write(
        "refused.zip",
        zip(&[("refused.csv", &utf16(&format!("\u{feff}{text}")))]),
    );
    import(&here, &["refused.zip"], "again").expect(0);
    let done = here.rows("again/done.csv");
    let subjects: Vec<_> = done.iter().map(|row| row["Subject"].as_str()).collect();
    assert_eq!(subjects, ["ä", "a"]);
    assert!(!done[0].contains_key("_raw"));
}

#[test]
fn a_cell_of_ten_megabytes_costs_its_row() {
    let here = Rehearsal::new();
    let big = "a line of the log\n".repeat(600_000);
    here.write("f.csv", format!("Id,Subject\n1,\"{big}\"\n2,b\n"));
    let found = check(&here, &["f.csv"], 0);
    assert_eq!(found["rows"], 2);
    import(&here, &["f.csv"], "run").expect(3);
    let refused = &here.rows("run/refused.csv")[0];
    assert_eq!(
        (refused["_code"].as_str(), refused["Subject"].as_str()),
        ("TOO_LONG", big.as_str())
    );
    assert_eq!(here.rows("run/done.csv").len(), 1);
}

#[test]
fn a_quote_that_never_closes_costs_its_line_in_a_long_file() {
    let here = Rehearsal::new();
    let rows = "1234,Printer on fire,\n".repeat(1_000_000);
    here.write(
        "f.csv",
        format!("Id,Subject,Note\n0,\"never closed,\n{rows}"),
    );
    let found = check(&here, &["f.csv"], 4);
    assert_eq!(
        (&found["records"], &found["rows"]),
        (&Value::from(1_000_001), &Value::from(1_000_000))
    );
    assert_eq!(found["refusals"][0]["code"], "UNCLOSED_QUOTE");
    assert!(
        found["refusals"][0]["example"]
            .as_str()
            .is_some_and(|words| words.starts_with("line 2:"))
    );
}

/// The tool gets no more than 600 MB of address space, half of what the line takes.
#[cfg(unix)]
#[test]
fn a_line_of_a_gigabyte_is_refused_in_bounded_memory() {
    let here = Rehearsal::new();
    let mut packer = zstd::Encoder::new(Vec::new(), 1).expect("a packer");
    packer.write_all(b"Id,Subject\n1,a\n2,").expect("packed");
    let piece = vec![b'x'; 1_000_000];
    for _ in 0..1_000 {
        packer.write_all(&piece).expect("packed");
    }
    packer.write_all(b"\n3,c\n").expect("packed");
    here.write("f.zst", packer.finish().expect("packed"));
    let limited = "ulimit -v 600000 && exec \"$0\" check --json f.zst";
    let mut command = Command::new("sh");
    command
        .args(["-c", limited, env!("CARGO_BIN_EXE_tickethaul")])
        .current_dir(here.path(""))
        .stdin(Stdio::null());
    let found = here.finish(command).expect(4).json();
    assert_eq!(
        (&found["records"], &found["rows"]),
        (&Value::from(3), &Value::from(2))
    );
    assert_eq!(found["refusals"][0]["code"], "RECORD_TOO_LONG");
}

#[test]
fn check_shows_what_a_file_is() {
    let here = Rehearsal::new();
    let text = "Id;Label;Label;Created;\r\n1;a;b;19/02/2020;\r\n2;;b;20/02/2020;\r\n;;;;\r\n\
                Id;Label;Label;Created;\r\n3;x\r\n";
    here.write("f.csv", format!("\u{feff}{text}"));
    let ended = here.run("check f.csv").expect(4);
    let expected = "\
f.csv: UTF-8 with BOM, delimiter `;`, line ends CRLF, 5 records
2 rows; skipped: 1 all-empty, 1 a repeated header
1 row would be refused: RAGGED_ROW; first line 6: the record has 2 cells, the header has 5 columns; correct the record in _raw, or fill in the columns of this row; most often a quote, a delimiter or a line break inside a text is not quoted.
several columns are called Label

 column                     filled  kind            examples
 Id                         100 %   whole number    1 | 2
 Label                      50 %    text            a
 Label                      100 %   text            b
 Created                    100 %   date, %d/%m/%Y  19/02/2020 | 20/02/2020
 column 5 (without a name)  0 %     empty
";
    assert_eq!(ended.stdout, expected);
}
