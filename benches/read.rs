//! How fast files are read, beside the `csv` crate over the same bytes: 500-byte rows
//! in UTF-8 and UTF-16, plain and gzipped.
//!
//! `cargo bench --bench read`, or `-- 100` for 100 MB instead of 500; a case's name runs
//! that one alone. The best of five passes counts; the files are in a temporary folder.

#![expect(clippy::print_stdout, reason = "what a benchmark is for")]

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use encoding_rs_io::DecodeReaderBytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tickethaul::import::read::{Input, Sources};
use tickethaul::model::dialect::Dialect;

const MEGABYTES: u64 = 500;
const PASSES: u32 = 5;
const ROW: usize = 500;

fn main() -> io::Result<()> {
    let asked = std::env::args().find_map(|arg| arg.parse().ok());
    let bytes = asked.unwrap_or(MEGABYTES) * 1_000_000;
    let folder = tempfile::tempdir()?;
    let files = Files::write(folder.path(), bytes)?;
    println!("{} rows of {ROW} bytes", files.rows);
    let plain = |path: &Path| File::open(path);
    let unzipped = |path: &Path| File::open(path).map(MultiGzDecoder::new);
    let cases = [
        Case::new("UTF-8", &files.utf8, bare(plain)),
        Case::new("UTF-8 gz", &files.utf8_gz, bare(unzipped)),
        Case::new(
            "UTF-16",
            &files.utf16,
            bare(move |path| plain(path).map(DecodeReaderBytes::new)),
        ),
        Case::new(
            "UTF-16 gz",
            &files.utf16_gz,
            bare(move |path| unzipped(path).map(DecodeReaderBytes::new)),
        ),
    ];
    let named = |case: &Case| std::env::args().any(|arg| arg == case.name);
    let any_named = cases.iter().any(named);
    for case in cases.iter().filter(|case| !any_named || named(case)) {
        case.run(files.rows)?;
    }
    Ok(())
}

/// A pass over a file that tells how many rows it found.
type Pass = Box<dyn Fn(&Path) -> io::Result<u64>>;

struct Case<'a> {
    name: &'a str,
    path: &'a Path,
    bare: Pass,
}

impl<'a> Case<'a> {
    fn new(name: &'a str, path: &'a Path, bare: Pass) -> Case<'a> {
        Case { name, path, bare }
    }

    fn run(&self, rows: u64) -> io::Result<()> {
        let (mut bare, mut ours) = (Duration::MAX, Duration::MAX);
        for _ in 0..PASSES {
            bare = bare.min(time(|| (self.bare)(self.path), rows)?);
            ours = ours.min(time(|| read(self.path), rows)?);
        }
        println!(
            "{:10} csv crate {:6.2} s   tickethaul {:6.2} s   ratio {:.2}",
            self.name,
            bare.as_secs_f64(),
            ours.as_secs_f64(),
            ours.as_secs_f64() / bare.as_secs_f64()
        );
        Ok(())
    }
}

fn time(pass: impl Fn() -> io::Result<u64>, rows: u64) -> io::Result<Duration> {
    let start = Instant::now();
    assert_eq!(pass()?, rows, "every row is read");
    Ok(start.elapsed())
}

/// The `csv` crate alone, over what `open` makes of a file.
fn bare<R: Read + 'static>(open: impl Fn(&Path) -> io::Result<R> + 'static) -> Pass {
    Box::new(move |path| {
        let mut reader = csv::Reader::from_reader(open(path)?);
        let mut record = csv::ByteRecord::new();
        let mut rows = 0;
        while reader.read_byte_record(&mut record)? {
            rows += 1;
        }
        Ok(rows)
    })
}

/// What an import does: detect, decode, cut, number and own every row.
fn read(path: &Path) -> io::Result<u64> {
    let sources = Sources::find(&[path.to_owned()], None).map_err(io::Error::other)?;
    let mut input = Input::open(sources, &Dialect::default()).map_err(io::Error::other)?;
    let mut rows = 0;
    while let Some(reading) = input.next_row().map_err(io::Error::other)? {
        rows += 1;
        let _row = std::hint::black_box(reading);
    }
    Ok(rows)
}

/// One content in four forms.
struct Files {
    rows: u64,
    utf8: PathBuf,
    utf8_gz: PathBuf,
    utf16: PathBuf,
    utf16_gz: PathBuf,
}

impl Files {
    fn write(folder: &Path, bytes: u64) -> io::Result<Files> {
        let files = Files {
            rows: bytes / ROW as u64,
            utf8: folder.join("utf8.csv"),
            utf8_gz: folder.join("utf8.csv.gz"),
            utf16: folder.join("utf16.csv"),
            utf16_gz: folder.join("utf16.csv.gz"),
        };
        let plain = |path: &Path| File::create(path).map(BufWriter::new);
        let zipped = |path: &Path| {
            let file = File::create(path)?;
            Ok::<_, io::Error>(GzEncoder::new(BufWriter::new(file), Compression::fast()))
        };
        let (mut utf8, mut utf16) = (plain(&files.utf8)?, plain(&files.utf16)?);
        let (mut utf8_gz, mut utf16_gz) = (zipped(&files.utf8_gz)?, zipped(&files.utf16_gz)?);
        utf16.write_all(b"\xFF\xFE")?;
        utf16_gz.write_all(b"\xFF\xFE")?;
        for number in 0..=files.rows {
            let text = if number == 0 { header() } else { row(number) };
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            utf8.write_all(text.as_bytes())?;
            utf8_gz.write_all(text.as_bytes())?;
            utf16.write_all(&units)?;
            utf16_gz.write_all(&units)?;
        }
        utf8.flush()?;
        utf16.flush()?;
        utf8_gz.finish()?.flush()?;
        utf16_gz.finish()?.flush()?;
        Ok(files)
    }
}

fn header() -> String {
    "Id,Subject,Status,Priority,Requester,Requester email,Created at,Tags,Description\n".to_owned()
}

/// A ticket: short cells, and a description that is quoted, on three lines in one of
/// ten rows.
fn row(number: u64) -> String {
    let line_break = if number.is_multiple_of(10) { "\n" } else { " " };
    let start = format!(
        "{number},Printer on floor {} does not answer,open,normal,Zoë Müller,\
         zoe.mueller@example.com,2024-05-{:02} 14:27:00,printer network,\"",
        number % 40,
        number % 28 + 1
    );
    let sentence =
        format!("It hums, but prints nothing.{line_break}We tried \"\"restart\"\" twice, thanks. ");
    let mut text = start;
    while text.len() + sentence.len() < ROW - 2 {
        text.push_str(&sentence);
    }
    while text.len() < ROW - 2 {
        text.push('.');
    }
    text.push_str("\"\n");
    text
}
