//! Random inputs: the reader and the mapping parser handle them all without a panic, in
//! bounded time, and lose no row. A thousand of each with every test run; a million
//! with `cargo test --release --test it fuzz -- --ignored`.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseResult;
use tempfile::NamedTempFile;

use crate::support::fuzz::{FEW, MANY, fuzz};
use tickethaul::import::read::{Input, Reading, Sources};
use tickethaul::mapping::{For, MappingFile};
use tickethaul::model::dialect::{DELIMITERS, Dialect, Encoding};
use tickethaul::model::row::Headers;
use tickethaul::model::schema::Schema;

/// What files are made of, and what breaks them.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let marks: Vec<&[u8]> = vec![
        b",",
        b";",
        b"\t",
        b"|",
        b"\"",
        b"\"\"",
        b"\\\"",
        b"'",
        b"\n",
        b"\r\n",
        b"\r",
        b"\n\n",
        b" ",
        b"a",
        b"1",
        b"Id,Subject,Note\n",
        b"1,a,b\n",
        b"2,\"c,d\n",
        b"3,\"e\nf\",g\n",
        b"sep=;\n",
        b"_line,_code,_column,_value,_hint,_key,_raw\n",
        b"_fate,_ticket_id,_operation,_link",
        b"\0",
        b"\x1a",
        b"\x07",
        b"\xE9",
        b"\xFF",
        b"\xC3\xA9",
        b"\xE2\x82\xAC",
        b"\xED\xA0\x80",
        b"\xF0\x9F\x98\x80",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\xFE\xFF",
        b"I\0d\0,\0",
        b"\n\0",
        b"\0\n",
    ];
    prop_oneof![
        60 => select(marks).prop_map(<[u8]>::to_vec),
        1 => (1_usize..40_000).prop_map(|len| vec![b'x'; len]),
    ]
}

/// How the bytes are packed: as they are, as an archive, or as a damaged one.
#[derive(Clone, Debug)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
    Damaged(Index, u8),
}

fn packing() -> impl Strategy<Value = Packing> {
    prop_oneof![
        12 => Just(Packing::Plain),
        1 => Just(Packing::Gzip),
        1 => Just(Packing::Zstd),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Packing::Damaged(at, byte)),
    ]
}

impl Packing {
    fn pack(&self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Packing::Plain => bytes.to_vec(),
            Packing::Zstd => zstd::encode_all(bytes, 1).expect("packed"),
            Packing::Gzip => {
                let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
                packer.write_all(bytes).expect("packed");
                packer.finish().expect("packed")
            }
            Packing::Damaged(at, byte) => {
                let mut packed = Packing::Gzip.pack(bytes);
                let at = at.index(packed.len());
                packed[at] = *byte;
                packed
            }
        }
    }
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let encodings = select(vec![
        None,
        None,
        Some(Encoding::UTF_8),
        Some(Encoding::UTF_16LE),
        Some(Encoding::WINDOWS_1252),
        Encoding::named("shift_jis"),
    ]);
    let delimiters = prop_oneof![3 => Just(None), 1 => select(&DELIMITERS[..]).prop_map(Some)];
    let quotes = select(vec![
        Some(b'"'),
        Some(b'"'),
        Some(b'"'),
        Some(b'\''),
        Some(b','),
        None,
    ]);
    let escapes = select(vec![None, None, Some(b'\\'), Some(b'"')]);
    let headers = prop_oneof![5 => Just(None), 1 => vec("[a-c]?", 1..4).prop_map(Some)];
    (encodings, delimiters, quotes, escapes, headers).prop_map(
        |(encoding, delimiter, quote, escape, header)| Dialect {
            encoding,
            delimiter,
            quote,
            escape,
            header,
            ..Dialect::default()
        },
    )
}

/// Reads a file to its end: rows are numbered without a gap, places go forward, no
/// more rows come out than there are bytes, and whole rows fill the header.
fn read_all(bytes: &[u8], dialect: &Dialect) -> TestCaseResult {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    let sources = Sources::find(&[file.path().to_owned()], None).expect("a file that is there");
    let Ok(mut input) = Input::open(sources, dialect) else {
        return Ok(());
    };
    // What an earlier run has added stands behind the columns.
    let columns = input.headers().len() + input.headers().own().len();
    let mut seq = 0;
    let mut last = (0, 0);
    while let Ok(Some(reading)) = input.next_row() {
        let source = match &reading {
            Reading::Row(row) => {
                prop_assert_eq!(row.cells.len(), columns);
                row
            }
            Reading::Fallen(outcome) => &outcome.source,
        };
        seq += 1;
        prop_assert_eq!(source.seq, seq);
        prop_assert_eq!(source.address.record, seq);
        // A row of a refused.csv stands where it stood in the first file.
        let line = match source.kept {
            Some(_) => last.1,
            None => source.address.line,
        };
        let place = (source.address.byte, line);
        prop_assert!(
            seq == 1 || place.0 > last.0 && place.1 >= last.1,
            "{:?} {:?}",
            last,
            place
        );
        last = place;
        prop_assert!(seq < 10_000_000, "no end");
    }
    Ok(())
}

fn fuzz_read(cases: u32) {
    let inputs = (vec(pieces(), 0..40), packing(), dialects());
    fuzz(cases, &inputs, |(pieces, packing, dialect)| {
        read_all(&packing.pack(&pieces.concat()), &dialect)
    });
}

/// Lines of mappings, right and wrong, and single letters that break them.
fn mapping_lines() -> impl Strategy<Value = String> {
    let preset = include_str!("../../../mappings/zendesk.toml");
    let lines: Vec<String> = preset.lines().map(str::to_owned).collect();
    let marks: Vec<&str> = vec![
        "[source]",
        "[key]",
        "[rows]",
        "[properties]",
        "[[associate]]",
        "[[property]]",
        "version = 1",
        "version = \"x\"",
        "subject = { column = [] }",
        "subject = { template = \"{{\" }",
        "header = [\"a\", 1]",
        "quote = \"\"",
        "encoding = \"utf-7\"",
        "a.b.c = {}",
        "\"",
        "'''",
        "[",
        "]",
        "{",
        "}",
        "=",
        "\\",
        "#",
        "\u{feff}",
        "é",
        "\u{0}",
    ];
    prop_oneof![
        3 => select(lines),
        2 => select(marks).prop_map(str::to_owned),
        1 => "[a-z]{1,8} = [\\[{\"'0-9a-z.]{0,8}",
    ]
}

/// Parses a mapping and holds it against a few columns; what is wrong can be shown.
fn parse_mapping(text: &str) {
    let headers = ["Id", "Subject", "Status"].map(str::to_owned).to_vec();
    let found = MappingFile::parse("m.toml", text)
        .and_then(|file| file.compile(&Headers::new(headers), &Schema::default(), For::Create));
    if let Err(errors) = found {
        assert!(!errors.render(false).is_empty());
    }
}

fn fuzz_mapping(cases: u32) {
    fuzz(cases, &vec(mapping_lines(), 0..30), |lines| {
        parse_mapping(&lines.join("\n"));
        Ok(())
    });
}

#[test]
fn any_file_is_read_or_refused() {
    fuzz_read(FEW);
}

#[test]
fn any_mapping_is_parsed_or_explained() {
    fuzz_mapping(FEW);
}

#[test]
#[ignore = "takes minutes; run it in release"]
fn a_million_files_are_read_or_refused() {
    fuzz_read(MANY);
}

#[test]
#[ignore = "takes minutes; run it in release"]
fn a_million_mappings_are_parsed_or_explained() {
    fuzz_mapping(MANY);
}
