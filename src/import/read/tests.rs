//! Files of every kind and what their rows become; files that are not CSV and the
//! messages about them.

use std::path::{Path, PathBuf};

use super::*;
use crate::error::Error;
use crate::model::dialect::{Dialect, Encoding};
use crate::model::outcome::RowEnd;

/// Reads files in this order.
fn read_files(files: &[(&str, &[u8])], dialect: &Dialect) -> Result<Vec<String>, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, bytes)| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            path
        })
        .collect();
    let mut input = Input::open(Sources::find(&paths, None)?, dialect)?;
    let mut all = vec![input.headers().names().join("|")];
    let columns = input.headers().len();
    while let Some(reading) = input.next_row()? {
        all.push(words(&reading, columns));
    }
    Ok(all)
}

fn read(bytes: &[u8], dialect: &Dialect) -> Vec<String> {
    read_files(&[("f.csv", bytes)], dialect).unwrap_or_else(|error| vec![error.to_string()])
}

/// `line: cells`, without those that we added, or the outcome of the row.
fn words(reading: &Reading, columns: usize) -> String {
    let (row, outcome) = match reading {
        Reading::Row(row) => (row, None),
        Reading::Fallen(outcome) => (&outcome.source, Some(outcome)),
    };
    let cells = row.cells.iter().take(columns).collect::<Vec<_>>();
    let cells = cells.join("|");
    let what = match outcome.map(|outcome| (&outcome.end, &outcome.raw)) {
        None => cells,
        Some((RowEnd::Refused(issue), raw)) => {
            let code = &issue.code;
            format!("{code} {}", raw.as_ref().unwrap_or(&cells))
        }
        Some((end, _)) => end.fate().word().to_owned(),
    };
    format!("{}: {what}", row.address.line)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn files_and_what_their_rows_become() {
    let ghosts = format!("Id,S\n1,a\n{}", ",\n".repeat(3));
    let table: [(&[u8], &[&str]); 28] = [
        // encodings
        (b"\xEF\xBB\xBFId,Subject\n1,a\n", &["Id|Subject", "2: 1|a"]),
        (&utf16("\u{feff}Id\tS\r\n1\tGröße\r\n"), &["Id|S", "2: 1|Größe"]),
        (&utf16("Id,S\n1,a€\n"), &["Id|S", "2: 1|a€"]),
        (b"Id,Gr\xF6\xDFe\n1,\x80\n", &["Id|Größe", "2: 1|€"]),
        ("Id,S\n1,é\n2,é\n".as_bytes(), &["Id|S", "2: 1|é", "3: 2|é"]),
        (
            b"Id,S\n1,\xC3\xA9\n2,\xC3\xA9\n3,\xE9\n",
            &["Id|S", "2: 1|é", "3: 2|é", "4: NOT_TEXT 3|\u{fffd}"],
        ),
        // delimiters and line ends
        (b"Id;Subject\r\n1;a,b\r\n", &["Id|Subject", "2: 1|a,b"]),
        (b"Id|S\r1|a\r2|b", &["Id|S", "2: 1|a", "3: 2|b"]),
        (b"sep=;\r\nId;S\r\n1;a\r\n", &["Id|S", "3: 1|a"]),
        (b"Id,S\n1,a\r\n2,b\r3,c", &["Id|S", "2: 1|a", "3: 2|b", "4: 3|c"]),
        // shapes
        (
            b"Id,S\n1,a,b\n2\n3,c\n",
            &["Id|S", "2: RAGGED_ROW Id,S\n1,a,b", "3: RAGGED_ROW Id,S\n2", "4: 3|c"],
        ),
        (b"Id,S,\n1,a,\n2,b,\n", &["Id|S|", "2: 1|a|", "3: 2|b|"]),
        (b"Id,S,\n1,a\n2,b\n", &["Id|S", "2: 1|a", "3: 2|b"]),
        (b"Id,S\n1,a,\n2,b,\n3,c\n", &["Id|S|", "2: 1|a|", "3: 2|b|", "4: RAGGED_ROW Id,S,\n3,c"]),
        (b"Id,S,S\n1,a,b\n", &["Id|S|S", "2: 1|a|b"]),
        (ghosts.as_bytes(), &["Id|S", "2: 1|a", "3: skipped", "4: skipped", "5: skipped"]),
        (
            b"Id,S\n\n , \n,,,,\n   \n1,\"x\ny\"\n",
            &["Id|S", "3: skipped", "4: skipped", "5: skipped", "6: 1|x\ny"],
        ),
        (b"Id, S \n1,a\nId,S\n\xEF\xBB\xBFId,S\n2,b\n", &["Id|S", "2: 1|a", "3: skipped", "4: skipped", "5: 2|b"]),
        (b"Id,S\n", &["Id|S"]),
        // quotes
        (b"Id,S\n1,\"a \"\"b\"\" c\"\n", &["Id|S", "2: 1|a \"b\" c"]),
        (b"Id,S\n1,5\" screen\n", &["Id|S", "2: 1|5\" screen"]),
        (
            b"Id,S,T\n1,\"a,b\n2,c,d\n3,e,f\n",
            &["Id|S|T", "2: UNCLOSED_QUOTE Id,S,T\n1,\"a,b", "3: 2|c|d", "4: 3|e|f"],
        ),
        (
            b"Id,S,T\n1,\"a,b\n2,c,d\n3,\"e\",f\n",
            &["Id|S|T", "2: UNCLOSED_QUOTE Id,S,T\n1,\"a,b", "3: 2|c|d", "4: 3|e|f"],
        ),
        (
            b"Id,S,T\n1,x, y,\"line one\nline two, and\nthree\"\n2,c,d\n",
            &["Id|S|T", "2: RAGGED_ROW Id,S,T\n1,x, y,\"line one\nline two, and\nthree\"", "5: 2|c|d"],
        ),
        (
            b"Id,S,T\n1,\"a\n2,\"c\",d\n",
            &["Id|S|T", "2: UNCLOSED_QUOTE Id,S,T\n1,\"a", "3: 2|c|d"],
        ),
        // what is not text
        (b"Id,S\n1,a\0b\n2,c\x07d\n", &["Id|S", "2: NUL_CHARACTER 1|a\0b", "3: 2|c\x07d"]),
        // our own files: a corrected record counts, else the cells; of two repairs neither is
        // chosen
        (
            b"Id,S,_line,_code,_column,_value,_hint,_key,_raw\n1,a,2,X,,,,k,\"1,b\"\n,,3,RAGGED_ROW,,,,,\"7,\"\"8,9\"\"\"\n3,c,4,RAGGED_ROW,,,,,\"3,c,d\"\n",
            &["Id|S", "2: RAW_AND_CELLS 1,b", "3: 7|8,9", "4: 3|c"],
        ),
        (
            b"Id,S,_line,_code,_column,_value,_hint,_key,_raw\n1,a,2,X,,,,k,\n,,3,RAGGED_ROW,,,,,\"7;8;9\"\n,,3,UNCLOSED_QUOTE,,,,,\"7,\"\"8\"\n",
            &["Id|S", "2: 1|a", "3: RAGGED_ROW 7;8;9", "3: UNCLOSED_QUOTE 7,\"8"],
        ),
    ];
    for (bytes, expected) in table {
        let found = read(bytes, &Dialect::default());
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn what_somebody_insists_on_is_not_detected() {
    let insist = Dialect {
        encoding: Some(Encoding::WINDOWS_1252),
        delimiter: Some(b';'),
        quote: Some(b'\''),
        escape: Some(b'\\'),
        header: Some(vec!["Id".to_owned(), "S".to_owned()]),
        ..Dialect::default()
    };
    assert_eq!(
        read(b"1;'a\\'b;'\n2;\xC3\xA9,\n", &insist),
        ["Id|S", "1: 1|a'b;", "2: 2|Ã©,"]
    );
    let refused = b"Id,S,_line,_code,_column,_value,_hint,_key,_raw\n1,\xC3\xA9,2,X,,,,k,\n";
    assert_eq!(
        read(refused, &insist),
        ["Id|S", "2: 1|é"],
        "our own dialect wins"
    );
    let wrong = read(b"1;2;3\n4;5;6\n", &insist);
    assert!(
        wrong[0].contains("`header` names 2 columns, its rows have 3"),
        "{wrong:?}"
    );
    let unquoted = Dialect {
        quote: None,
        ..Dialect::default()
    };
    assert_eq!(
        read(b"Id\tS\n1\t\"a\n2\tb\"\n", &unquoted),
        ["Id|S", "2: 1|\"a", "3: 2|b\""]
    );
}

#[test]
fn a_row_that_an_unquoted_line_break_cuts_short_is_refused_with_the_rest_of_its_text() {
    for (file, expected) in [
        (
            &b"Id,S,N\r\n1,one,a\nb\r\n2,two,c\r\n3,x,\"d\ne\"\r\n"[..],
            &[
                "2: RAGGED_ROW Id,S,N\n1,one,a",
                "3: RAGGED_ROW Id,S,N\nb",
                "4: 2|two|c",
                "5: 3|x|d\ne",
            ][..],
        ),
        (
            b"Id\tS\tN\r\n1\tone\ta\rb\r\n2\ttwo\tc\r\n3\tx\td\r\n",
            &[
                "2: RAGGED_ROW Id\tS\tN\n1\tone\ta",
                "3: RAGGED_ROW Id\tS\tN\nb",
                "4: 2|two|c",
                "5: 3|x|d",
            ],
        ),
        (
            b"Id,S,N\n1,one,a\r\nb\n2,two,c\n3,x,d\n",
            &[
                "2: RAGGED_ROW Id,S,N\n1,one,a",
                "3: RAGGED_ROW Id,S,N\nb",
                "4: 2|two|c",
                "5: 3|x|d",
            ],
        ),
        // Two files put together.
        (
            b"Id,S,N\r\n1,one,a\r\n2,two,b\r\n3,x,c\n4,y,d\n",
            &["2: 1|one|a", "3: 2|two|b", "4: 3|x|c", "5: 4|y|d"],
        ),
    ] {
        let found = read(file, &Dialect::default());
        assert_eq!(found[1..], *expected, "{}", String::from_utf8_lossy(file));
    }
}

#[test]
fn several_files_are_one_run_in_the_first_ones_order() {
    let files: [(&str, &[u8]); 3] = [
        ("a.csv", b"Id,S,T\n1,a,b\n"),
        ("b.csv", b"t;s;id\r\ny;x;2\r\n"),
        (
            "c.csv",
            b"S,T,Id,_fate,_ticket_id,_operation,_link\nx,y,3,done,1,create,\n",
        ),
    ];
    let found = read_files(&files, &Dialect::default()).expect("readable");
    assert_eq!(found, ["Id|S|T", "2: 1|a|b", "2: 2|x|y", "2: 3|x|y"]);
    let other: (&str, &[u8]) = ("d.csv", b"Id,S,U\n1,a,b\n");
    let told = read_files(&[files[0], other], &Dialect::default()).expect_err("other columns");
    let told = told.to_string();
    assert!(told.contains("d.csv has other columns than"), "{told}");
    assert!(told.ends_with("it lacks \"T\"; it has \"U\""), "{told}");
}

#[test]
fn what_is_no_csv_file_is_told_in_plain_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("f");
    let told = |path: &Path| {
        let sources = Sources::find(&[path.to_owned()], None);
        let input = sources.and_then(|sources| Input::open(sources, &Dialect::default()));
        input.err().map(|error| error.to_string()).expect("refused")
    };
    assert!(told(&file).ends_with("there is no such file"));
    assert!(told(folder.path()).ends_with("it is a folder"));
    assert!(told(&folder.path().join("*.csv")).ends_with("there is no such file"));
    let table: [(&[u8], &str); 14] = [
        (b"", "it is empty"),
        (b"\xEF\xBB\xBF", "it is empty"),
        (b"\n\n", "it holds no header"),
        (b",,\n1,2,3\n", "its first line names no columns"),
        (b"a,\"b\n1,2\n", "a quote in its header never closes"),
        (b"a,b\0\n1,2\n", "its header holds bytes that are not text"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06",
            "it is not a text file",
        ),
        (b"%PDF-1.7\n", "it is a PDF"),
        (b"<!DOCTYPE html>\n<html>", "it is a web page"),
        (b"[{id: 1}]", "it is JSON"),
        (
            b"\x28\xB5\x2F\xFDxx",
            "the archive is damaged: incomplete frame",
        ),
        (
            b"\x1F\x8Bxxxxxxxxxxxx",
            "the archive is damaged: invalid gzip header",
        ),
        (
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "it is an empty archive",
        ),
        (
            b"PK\x03\x04nothing else",
            "the archive is damaged: invalid Zip archive: Could not find EOCD",
        ),
    ];
    for (bytes, expected) in table {
        std::fs::write(&file, bytes).expect("written");
        let told = told(&file);
        assert!(told.ends_with(expected), "{told}");
    }
}
