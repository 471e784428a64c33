//! Files → the CSV texts in them: a plain file holds one, `.gz` and `.zst` files hold one
//! each, a zip archive may hold several. What a file is depends on its first bytes, never
//! on its name. Texts are streamed; nothing is unpacked to disk except the sheet of a
//! spreadsheet, which becomes a text there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::CrcReader;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use super::sheets::workbook;
use super::sheets::workbook::{Kind, Sheet, Wanted};
use super::trouble::{plain, unusable};
use crate::error::Error;

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// CSV texts that an archive may hold: each is opened and inspected before the first is
/// read.
const MOST_MEMBERS: usize = 2_000;
/// How many times its own size an archive may unpack to: more than any table's, and no
/// less than deflate can achieve.
const MOST_RATIO: u64 = 1_100;
/// Extensions of archive members that are treated as CSV or JSON.
const CSV_NAMES: [&str; 7] = [".csv", ".tsv", ".tab", ".psv", ".json", ".jsonl", ".ndjson"];

/// A CSV text on disk. It can be opened repeatedly.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file.
    pub path: PathBuf,
    /// The member, if the file is an archive; the sheet of a spreadsheet.
    pub member: Option<String>,
    /// Its size on disk, or that of its text, in bytes.
    pub size: u64,
    name: String,
    packing: Packing,
    sheet: Option<Sheet>,
}

/// How the text is packed.
#[derive(Clone, Copy, Debug)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
    Member(Member),
}

/// A member of an archive, from the archive's directory.
#[derive(Clone, Copy, Debug)]
struct Member {
    start: u64,
    deflated: bool,
    checksum: u32,
    unpacked: u64,
}

/// The texts of one file, and what else was in it.
#[derive(Debug, Default)]
pub struct Parts {
    /// The texts, in the archive's order.
    pub texts: Vec<Part>,
    /// Names of members that are not CSV.
    pub others: Vec<String>,
}

impl Part {
    /// The texts of a file; `name` is its name in messages. For a spreadsheet the text
    /// is the wanted sheet, written to `folder` or the system's temporary folder.
    ///
    /// # Errors
    /// When it can't be opened, is a folder, empty, an archive without CSV, or a
    /// spreadsheet with several sheets of which none was chosen.
    pub fn all_of(
        path: &Path,
        name: &str,
        sheet: Option<&str>,
        folder: Option<&Path>,
    ) -> Result<Parts, Error> {
        let (mut file, size) = open_file(path, name)?;
        let mut head = Vec::new();
        let read = (&mut file).take(8).read_to_end(&mut head);
        let _len = read.map_err(|error| unusable(name, error))?;
        let wanted = Wanted {
            file: name,
            sheet,
            folder,
        };
        let packing = match head.as_slice() {
            [] => return Err(unusable(name, "it is empty").advise("export it again")),
            head if ZIP.iter().any(|magic| head.starts_with(magic)) => {
                return members(file, path, wanted);
            }
            head if Kind::of(head, &[]) == Some(Kind::Xls) => {
                return sheet_of(Kind::Xls, file, path, wanted);
            }
            head if head.starts_with(GZIP) => Packing::Gzip,
            head if head.starts_with(ZSTD) => Packing::Zstd,
            _ => Packing::Plain,
        };
        let part = Part {
            path: path.to_owned(),
            member: None,
            size,
            name: name.to_owned(),
            packing,
            sheet: None,
        };
        Ok(Parts {
            texts: vec![part],
            others: Vec::new(),
        })
    }

    /// Its name in messages: `tickets.csv`, `export.zip/tickets.csv`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sheet, if the file is a spreadsheet.
    pub(super) fn sheet(&self) -> Option<&Sheet> {
        self.sheet.as_ref()
    }

    /// The file that the text is in.
    fn text_path(&self) -> &Path {
        self.sheet.as_ref().map_or(&self.path, Sheet::path)
    }

    /// Opens the text, unpacked; bytes read from it are counted in `taken`.
    pub fn open(&self, taken: &Arc<Taken>) -> io::Result<Box<dyn Read + Send>> {
        let file = Counted::disk(File::open(self.text_path())?, taken);
        let text: Box<dyn Read + Send> = match self.packing {
            Packing::Plain => Box::new(file),
            Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
            Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(file)?),
            Packing::Member(member) => self.open_member(file, member)?,
        };
        taken.text.store(0, Ordering::Relaxed);
        Ok(Box::new(Counted::text(text, taken)))
    }

    /// True for a file that is not an archive.
    pub fn is_plain(&self) -> bool {
        matches!(self.packing, Packing::Plain)
    }

    /// Opens a plain file at an offset; what lies before counts as taken.
    pub fn open_at(&self, taken: &Arc<Taken>, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(self.text_path())?;
        let _at = file.seek(SeekFrom::Start(offset))?;
        let _before = taken.disk.fetch_add(offset, Ordering::Relaxed);
        taken.text.store(offset, Ordering::Relaxed);
        let file = Counted::disk(file, taken);
        Ok(Box::new(Counted::text(file, taken)))
    }

    fn open_member(
        &self,
        mut file: Counted<File>,
        member: Member,
    ) -> io::Result<Box<dyn Read + Send>> {
        let _at = file.inner.seek(SeekFrom::Start(member.start))?;
        let packed = file.take(self.size);
        let text: Box<dyn Read + Send> = match member.deflated {
            true => Box::new(DeflateDecoder::new(packed)),
            false => Box::new(packed),
        };
        Ok(Box::new(Checked {
            inner: CrcReader::new(text),
            checksum: member.checksum,
            left: member.unpacked,
        }))
    }
}

/// The sheet that is wanted from a spreadsheet.
fn sheet_of(kind: Kind, file: File, path: &Path, wanted: Wanted<'_>) -> Result<Parts, Error> {
    let sheet = workbook::convert(kind, file, wanted)?;
    let part = Part {
        path: path.to_owned(),
        member: Some(sheet.name.clone()),
        size: sheet.size,
        name: wanted.file.to_owned(),
        packing: Packing::Plain,
        sheet: Some(sheet),
    };
    Ok(Parts {
        texts: vec![part],
        others: Vec::new(),
    })
}

/// The CSV members of a zip archive, or the sheet of a spreadsheet, which is one too.
fn members(file: File, path: &Path, wanted: Wanted<'_>) -> Result<Parts, Error> {
    let name = wanted.file;
    let again = file.try_clone().map_err(|error| unusable(name, error))?;
    let damaged = |error| unusable(name, format!("the archive is damaged: {error}"));
    let metadata = file.metadata().map_err(|error| unusable(name, error))?;
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let names = (0..archive.len()).map(|idx| {
        let entry = archive.by_index_raw(idx)?;
        entry.name().map(|name| name.into_owned())
    });
    let names: Result<Vec<String>, _> = names.collect();
    if let Some(kind) = Kind::of(&[], &names.map_err(damaged)?) {
        return sheet_of(kind, again, path, wanted);
    }
    let mut parts = Parts::default();
    for idx in 0..archive.len() {
        let entry = archive.by_index_raw(idx).map_err(damaged)?;
        let member = entry.name().map_err(damaged)?.into_owned();
        if entry.is_dir() || !is_csv_name(&member) {
            parts.others.extend((!entry.is_dir()).then_some(member));
            continue;
        }
        let name = format!("{name}/{member}");
        parts.texts.push(Part {
            path: path.to_owned(),
            size: entry.compressed_size(),
            packing: Packing::Member(packed(&entry, &name)?),
            name,
            member: Some(member),
            sheet: None,
        });
    }
    if parts.texts.is_empty() {
        return Err(without_csv(name, &parts.others));
    }
    refuse_bombs(name, &parts.texts, metadata.len())?;
    Ok(parts)
}

/// Where a member is in its archive, and how it is packed.
fn packed<R: Read + ?Sized>(entry: &ZipFile<'_, R>, name: &str) -> Result<Member, Error> {
    if entry.encrypted() {
        return Err(unusable(name, "it is encrypted").advise("unpack the archive first"));
    }
    let deflated = match entry.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        other => {
            return Err(
                unusable(name, format!("it is packed by {other}, which is not read"))
                    .advise("unpack the archive first"),
            );
        }
    };
    let start = entry.data_start();
    Ok(Member {
        start: start.ok_or_else(|| unusable(name, "its place in the archive is not known"))?,
        deflated,
        checksum: entry.crc32(),
        unpacked: entry.size(),
    })
}

/// A file, and how many bytes it has.
fn open_file(path: &Path, name: &str) -> Result<(File, u64), Error> {
    let file = File::open(path).map_err(|error| unusable(name, plain(&error)))?;
    let metadata = file.metadata().map_err(|error| unusable(name, error))?;
    if metadata.is_dir() {
        return Err(unusable(name, "it is a folder").advise("name a CSV file in it"));
    }
    if !metadata.is_file() {
        return Err(unusable(name, "it is a pipe or a device")
            .advise("give its content to standard input and name the file -"));
    }
    Ok((file, metadata.len()))
}

/// Archives can be crafted to unpack to thousands of times their size: with very many
/// members, or with members that share their bytes.
fn refuse_bombs(name: &str, texts: &[Part], size: u64) -> Result<(), Error> {
    if texts.len() > MOST_MEMBERS {
        let words = format!(
            "the archive holds {} CSV files, and at most {MOST_MEMBERS} are read",
            texts.len()
        );
        return Err(unusable(name, words).advise("unpack it, and name the files by a glob"));
    }
    let sum = |bytes: &dyn Fn(&Part) -> u64| {
        let bytes = texts.iter().map(bytes);
        bytes.fold(0_u64, u64::saturating_add)
    };
    let unpacked = sum(&|part| match part.packing {
        Packing::Member(member) => member.unpacked,
        _ => 0,
    });
    if sum(&|part| part.size) > size || unpacked / MOST_RATIO > size {
        let words = format!("its {size} bytes claim to unpack to {unpacked}");
        return Err(unusable(name, words).advise("the archive is damaged, or made to do harm"));
    }
    Ok(())
}

/// A macOS resource file is not the user's, whatever its extension.
fn is_csv_name(member: &str) -> bool {
    let name = member.to_lowercase();
    CSV_NAMES.iter().any(|end| name.ends_with(end)) && !name.starts_with("__macosx/")
}

fn without_csv(name: &str, others: &[String]) -> Error {
    let has = |wanted: &str| others.iter().any(|other| other == wanted);
    if has("[Content_Types].xml") || has("mimetype") {
        return unusable(name, "it is an office document, and no spreadsheet")
            .advise("export the tickets as CSV, or as a spreadsheet (.xlsx, .xls, .ods)");
    }
    let found = match others {
        [] => "it is an empty archive".to_owned(),
        [one] => format!("the archive holds no CSV file, only {one}"),
        [first, ..] => format!("the archive holds no CSV file, only {first} and the like"),
    };
    unusable(name, found).advise(
        "files in an archive must be called .csv, .tsv, .tab or .psv, or .json, .jsonl or .ndjson",
    )
}

/// What was read from the inputs so far. Readers are ahead of the rows by their buffers.
#[derive(Debug, Default)]
pub struct Taken {
    /// Bytes of all inputs, as they lie on disk.
    pub disk: AtomicU64,
    /// Bytes of the text of the last one that was opened, unpacked.
    pub text: AtomicU64,
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    taken: Arc<Taken>,
    sum: fn(&Taken) -> &AtomicU64,
}

impl<R> Counted<R> {
    fn disk(inner: R, taken: &Arc<Taken>) -> Counted<R> {
        Counted {
            inner,
            taken: Arc::clone(taken),
            sum: |taken| &taken.disk,
        }
    }

    fn text(inner: R, taken: &Arc<Taken>) -> Counted<R> {
        Counted {
            inner,
            taken: Arc::clone(taken),
            sum: |taken| &taken.text,
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        let _before = (self.sum)(&self.taken).fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Checks an archive member's checksum and size at its end.
struct Checked {
    inner: CrcReader<Box<dyn Read + Send>>,
    checksum: u32,
    left: u64,
}

impl Read for Checked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        let damaged = |words| Err(io::Error::new(io::ErrorKind::InvalidData, words));
        let Some(left) = self.left.checked_sub(count as u64) else {
            return damaged("it holds more than the archive says");
        };
        self.left = left;
        let ended = count == 0 && !out.is_empty();
        match ended && self.inner.crc().sum() != self.checksum {
            true => damaged("its checksum is wrong"),
            false => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: usize, packed: u64, unpacked: u64) -> Vec<Part> {
        let member = Member {
            start: 0,
            deflated: true,
            checksum: 0,
            unpacked,
        };
        let part = Part {
            path: PathBuf::new(),
            member: Some("a.csv".to_owned()),
            size: packed,
            name: "a.zip/a.csv".to_owned(),
            packing: Packing::Member(member),
            sheet: None,
        };
        vec![part; count]
    }

    #[test]
    fn archives_that_stand_for_too_much_are_refused() {
        for (count, packed, unpacked, size, words) in [
            (2, 400, 300_000, 1_000, None),
            (MOST_MEMBERS + 1, 0, 0, 1_000_000, Some("2001 CSV files")),
            (
                3,
                400,
                400,
                1_000,
                Some("its 1000 bytes claim to unpack to 1200"),
            ),
            (2, 400, u64::MAX, 1_000, Some("claim to unpack to")),
            (1, 400, 2_000_000, 1_000, Some("claim to unpack to 2000000")),
        ] {
            let told = refuse_bombs("a.zip", &members(count, packed, unpacked), size);
            match (told, words) {
                (Ok(()), None) => {}
                (Err(error), Some(words)) => {
                    assert!(error.to_string().contains(words), "{error}");
                }
                (told, words) => panic!("{told:?}, {words:?} of {count} members"),
            }
        }
    }

    #[test]
    fn a_member_gives_no_more_than_the_archive_tells() {
        let text: Box<dyn Read + Send> = Box::new(io::repeat(b'a'));
        let mut member = Checked {
            inner: CrcReader::new(text),
            checksum: 0,
            left: 100_000,
        };
        let error = io::copy(&mut member, &mut io::sink()).expect_err("it has no end");
        assert_eq!(error.to_string(), "it holds more than the archive says");
    }
}
