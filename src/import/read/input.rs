//! All files of a run as one stream of rows. Every file is inspected when the input is
//! opened, so that unreadable files are reported before anything is sent; each is
//! opened again when its turn comes.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::delimited::oddity::Oddity;
use super::json::Columns;
use super::layout::Difference;
use super::part::{Part, Taken};
use super::plan::Planned;
use super::record::{LineEnds, Record};
use super::row_comments::RowComments;
use super::rows::{Damaged, Reading, Rows};
use super::sources::{Sources, Spool};
use super::trouble::{broken_off, unusable};
use crate::error::Error;
use crate::journal::{InputFile, RowEntry};
use crate::mapping::CompiledMapping;
use crate::model::dialect::{Dialect, Encoding};
use crate::model::place::{Places, RowAddress};
use crate::model::row::Headers;

/// Inputs whose headers have been read; their rows are returned one by one.
pub struct Input {
    files: Vec<InputText>,
    headers: Headers,
    spool: Option<Spool>,
    others: Vec<String>,
    current: Option<Rows>,
    /// Position of the file that is read next.
    next_file: usize,
    next_seq: u64,
    taken: Arc<Taken>,
    /// Where the last row that was read is.
    last: Option<RowAddress>,
    peeked: Option<Reading>,
    notices: Vec<String>,
    /// Comments from separate files, if any.
    beside: Option<RowComments>,
}

/// A text of the input, and what was found while it was read.
struct InputText {
    planned: Planned,
    encoding: Option<Encoding>,
    line_ends: LineEnds,
    records: u64,
    damaged: Damaged,
}

/// What a text of the input is, as far as it was read.
#[derive(Clone, Debug)]
pub struct TextFacts {
    /// Its name in messages.
    pub name: String,
    /// Encoding, delimiter and line ends of its head in words.
    pub words: String,
    /// The sheet, if it is one of a spreadsheet.
    pub sheet: Option<String>,
    /// The form of its objects in words, if it is JSON.
    pub json: Option<&'static str>,
    /// Its encoding.
    pub encoding: Encoding,
    /// Whether it begins with a byte order mark.
    pub byte_order_mark: bool,
    /// What separates its cells.
    pub delimiter: u8,
    /// How its records end.
    pub line_ends: LineEnds,
    /// Records after the header.
    pub records: u64,
}

impl Input {
    /// Inspects every file and reads its header.
    ///
    /// # Errors
    /// When one is missing, a folder, empty, not CSV, or has different columns than the
    /// first: the user has to name other files.
    pub fn open(sources: Sources, dialect: &Dialect) -> Result<Input, Error> {
        let mut files: Vec<InputText> = Vec::new();
        let mut others = Vec::new();
        for source in &sources.files {
            let sheet = source.sheet.as_deref().or(sources.sheet.as_deref());
            let folder = sources.folder.as_deref();
            let parts = Part::all_of(&source.path, &source.name, sheet, folder)?;
            let skipped = parts.others.into_iter();
            others.extend(skipped.map(|other| format!("{}/{other}", source.name)));
            for part in &parts.texts {
                let mut planned = Planned::look(part, dialect)?;
                if let Some(first) = files.first() {
                    arrange(&mut planned, &first.planned)?;
                }
                files.push(InputText::new(planned));
            }
        }
        unite(&mut files);
        let has_sheet = |file: &InputText| file.planned.part.sheet().is_some();
        if sources.sheet.is_some() && !files.iter().any(has_sheet) {
            return Err(
                Error::usage("--sheet names a sheet, and no input is a spreadsheet")
                    .advise("leave it out"),
            );
        }
        let first = files.first().map(InputText::headers);
        let notices = files
            .iter()
            .filter_map(|file| file.planned.odd_names_words());
        let notices = notices.collect();
        Ok(Input {
            headers: first.ok_or_else(|| Error::usage("no input file is named"))?,
            files,
            spool: sources.spool,
            others,
            current: None,
            next_file: 0,
            next_seq: 1,
            taken: Arc::default(),
            last: None,
            peeked: None,
            notices,
            beside: None,
        })
    }

    /// Inspects every file again, by another dialect.
    ///
    /// # Errors
    /// As `open` does.
    pub fn reopened(self, dialect: &Dialect) -> Result<Input, Error> {
        let mut files: Vec<InputText> = Vec::new();
        for file in &self.files {
            let mut planned = Planned::look(&file.planned.part, dialect)?;
            if let Some(first) = files.first() {
                arrange(&mut planned, &first.planned)?;
            }
            files.push(InputText::new(planned));
        }
        unite(&mut files);
        let first = files.first().map(InputText::headers);
        Ok(Input {
            headers: first.unwrap_or_default(),
            files,
            current: None,
            next_file: 0,
            next_seq: 1,
            taken: Arc::default(),
            last: None,
            peeked: None,
            notices: Vec::new(),
            ..self
        })
    }

    /// The columns, in the first file's order, without those that the tool itself adds
    /// to its files.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The names of the inputs.
    pub fn places(&self) -> Places {
        Places::new(self.files.iter().map(|file| file.name().to_owned()))
    }

    /// The columns of the first file as they are, including those that the tool added.
    pub(super) fn file_columns(&self) -> &[String] {
        let first = self.files.first();
        first.map_or(&[], |file| &*file.planned.layout.names)
    }

    /// The raw record of the row that was read last.
    pub(super) fn last_record(&self) -> Option<Record<'_>> {
        self.current.as_ref().map(|rows| rows.records.record())
    }

    /// Members of archives that are not read.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// What each text is, as far as it was read.
    pub fn facts(&self) -> Vec<TextFacts> {
        self.files.iter().map(InputText::facts).collect()
    }

    /// Oddities of the inputs that are not acted upon, with the first text that has each.
    pub fn oddities(&self) -> Vec<(&str, &Oddity)> {
        let mut odd: Vec<(&str, &Oddity)> = Vec::new();
        for file in &self.files {
            for oddity in &file.planned.oddities {
                if !odd.iter().any(|(_, known)| *known == oddity) {
                    odd.push((file.name(), oddity));
                }
            }
        }
        odd
    }

    /// Whether the rows are JSON objects.
    pub fn is_json(&self) -> bool {
        self.headers.are_of_objects()
    }

    /// Whether rows read so far have backslashes before quotes, which are not escapes in
    /// the dialect.
    pub fn has_escapes(&self) -> bool {
        self.files.iter().any(|file| file.damaged.has_backslashes())
    }

    /// Size of all inputs in bytes, on disk.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.planned.part.size).sum()
    }

    /// How many of these bytes the rows read so far represent. A file is read ahead of its rows,
    /// far ahead if it is packed.
    pub fn offset(&self) -> u64 {
        let disk = self.taken.disk.load(Ordering::Relaxed);
        let Some(last) = self.last.filter(|_| self.current.is_some()) else {
            return disk;
        };
        let text = self.taken.text.load(Ordering::Relaxed).max(1);
        let before = self.size_before(last.file as usize);
        let ahead = u128::from(disk.saturating_sub(before));
        let part = ahead * u128::from(last.byte.min(text)) / u128::from(text);
        before + u64::try_from(part).unwrap_or_default()
    }

    /// The same inputs again, from the start.
    pub fn again(&self) -> Input {
        let files = self.files.iter();
        Input {
            files: files
                .map(|file| InputText::new(file.planned.clone()))
                .collect(),
            headers: self.headers.clone(),
            spool: None,
            others: Vec::new(),
            current: None,
            next_file: 0,
            next_seq: 1,
            taken: Arc::default(),
            last: None,
            peeked: None,
            notices: Vec::new(),
            beside: self.beside.as_ref().map(RowComments::again),
        }
    }

    /// From now on adds comments to rows, from the folder in which they were stored;
    /// `mapping` says what names a row.
    ///
    /// # Errors
    /// When there are none in the folder, or they can't be read.
    pub fn join_comments(
        &mut self,
        folder: &Path,
        mapping: &Arc<CompiledMapping>,
    ) -> Result<(), Error> {
        let mut beside = RowComments::open(folder, mapping)?;
        if let Some(reading) = self.peeked.take() {
            self.peeked = Some(beside.join(reading)?);
        }
        self.beside = Some(beside);
        Ok(())
    }

    /// Rows read so far, from the first of the run.
    pub fn rows_read(&self) -> u64 {
        self.next_seq - 1 - u64::from(self.peeked.is_some())
    }

    /// Goes back to a row that was read before; it is returned next. In a plain UTF-8 file that is
    /// a seek; other texts are read again up to that point.
    ///
    /// # Errors
    /// When the text can't be read, or is shorter than it was.
    pub fn seek_to(&mut self, row: RowEntry) -> Result<(), Error> {
        let address = row.address;
        self.peeked = None;
        self.last = None;
        self.next_file = address.file as usize;
        let before = self.size_before(self.next_file);
        self.taken.disk.store(before, Ordering::Relaxed);
        let jumps = self
            .files
            .get(self.next_file)
            .is_some_and(|file| file.planned.is_seekable());
        let jump = jumps.then_some(address);
        if !self.open_at(jump)? {
            return Err(Error::must_fix("the run has fewer inputs than it had"));
        }
        if let Some(rows) = self.current.as_mut().filter(|_| !jumps) {
            let name = self.files[self.next_file - 1].name();
            for _passed in 1..address.record {
                let _row = rows.next(0).map_err(|error| broken_off(name, error))?;
            }
        }
        self.next_seq = row.seq;
        Ok(())
    }

    fn size_before(&self, file: usize) -> u64 {
        let before = self.files.iter().take(file);
        before.map(|file| file.planned.part.size).sum()
    }

    /// Size and time of every input; the hashes are left empty.
    pub fn stamps(&self) -> Result<Vec<InputFile>, Error> {
        let stamp = |file: &InputText| {
            let part = &file.planned.part;
            stamp(&part.path, part.member.clone()).map_err(|error| unusable(part.name(), error))
        };
        self.files.iter().map(stamp).collect()
    }

    /// Size, time and hash of every input, for the journal's header.
    pub fn fingerprints(&self) -> Result<Vec<InputFile>, Error> {
        let mut known = HashMap::new();
        let mut all = Vec::new();
        for InputText { planned, .. } in &self.files {
            let part = &planned.part;
            let print = match known.get(&part.path) {
                Some(print) => InputFile::clone(print),
                None => {
                    let print =
                        fingerprint(&part.path).map_err(|error| unusable(part.name(), error))?;
                    let _new = known.insert(part.path.clone(), print.clone());
                    print
                }
            };
            all.push(InputFile {
                member: part.member.clone(),
                ..print
            });
        }
        Ok(all)
    }

    /// Moves what came from standard input into the run folder for good.
    pub fn keep_stdin(&mut self, folder: &Path) -> Result<(), Error> {
        let Some(spool) = self.spool.take() else {
            return Ok(());
        };
        let old = spool.path().to_owned();
        let kept = spool.keep(folder).map_err(|error| {
            let folder = folder.display();
            Error::unexpected(format!("can't keep standard input in {folder}")).because(error)
        })?;
        let moved = self.files.iter_mut().map(|file| &mut file.planned.part);
        for part in moved.filter(|part| part.path == old) {
            part.path.clone_from(&kept);
        }
        Ok(())
    }

    /// Whether there is any record after the headers.
    pub fn has_rows(&mut self) -> Result<bool, Error> {
        if self.peeked.is_none() {
            self.peeked = self.read()?;
        }
        Ok(self.peeked.is_some())
    }

    /// The next record, or nothing at the end of the last file.
    pub fn next_row(&mut self) -> Result<Option<Reading>, Error> {
        match self.peeked.take() {
            Some(reading) => Ok(Some(reading)),
            None => self.read(),
        }
    }

    /// What the user should know about the rows read since the last call of this.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    fn read(&mut self) -> Result<Option<Reading>, Error> {
        loop {
            let Some(rows) = &mut self.current else {
                match self.open_next()? {
                    true => continue,
                    false => return Ok(None),
                }
            };
            let file = &mut self.files[self.next_file - 1];
            let failed = |error: io::Error| broken_off(file.name(), error);
            let reading = rows.next(self.next_seq).map_err(failed)?;
            self.notices.extend(file.follow(rows));
            match reading {
                None => {
                    self.notices.extend(rows.damaged.notices(file.name()));
                    self.current = None;
                }
                Some(reading) => {
                    self.next_seq += 1;
                    self.last = file.place(&reading);
                    return match &mut self.beside {
                        Some(beside) => beside.join(reading).map(Some),
                        None => Ok(Some(reading)),
                    };
                }
            }
        }
    }

    fn open_next(&mut self) -> Result<bool, Error> {
        self.open_at(None)
    }

    /// Opens the next text after its header, or at a row.
    fn open_at(&mut self, row: Option<RowAddress>) -> Result<bool, Error> {
        let Some(InputText { planned, .. }) = self.files.get(self.next_file) else {
            return Ok(false);
        };
        let failed = |error: io::Error| broken_off(planned.part.name(), error);
        let file = u32::try_from(self.next_file).map_err(Error::unexpected)?;
        self.current = Some(Rows {
            records: match row {
                None => planned.open(&self.taken).map_err(failed)?,
                Some(row) => planned.open_at(&self.taken, row).map_err(failed)?,
            },
            grammar: planned.grammar,
            layout: planned.layout.clone(),
            raw_marks: planned.raw_marks,
            file,
            count: row.map_or(0, |row| row.record - 1),
            damaged: Damaged::default(),
            skip_last: planned.skip_last,
            text_formulas: planned.text_formulas,
            usual_end: planned.line_ends.usual(),
            line_of_record: planned.line_of_record(),
            held: VecDeque::new(),
        });
        self.next_file += 1;
        Ok(true)
    }
}

impl InputText {
    /// Where a row is, if that can be counted in bytes of the file: those of UTF-16 are counted
    /// after decoding.
    fn place(&self, reading: &Reading) -> Option<RowAddress> {
        let wide = [Encoding::UTF_16LE, Encoding::UTF_16BE];
        let is_wide = self
            .encoding
            .is_some_and(|encoding| wide.contains(&encoding));
        (!is_wide).then(|| reading.address())
    }

    fn new(planned: Planned) -> InputText {
        InputText {
            encoding: planned.opening.encoding,
            planned,
            line_ends: LineEnds::default(),
            records: 0,
            damaged: Damaged::default(),
        }
    }

    fn name(&self) -> &str {
        self.planned.part.name()
    }

    fn headers(&self) -> Headers {
        let headers = self.planned.layout.headers();
        match self.planned.objects {
            Some(_) => headers.of_objects(),
            None => headers,
        }
    }

    fn facts(&self) -> TextFacts {
        TextFacts {
            name: self.name().to_owned(),
            words: self.planned.words(),
            sheet: self.planned.part.sheet().map(|sheet| sheet.name.clone()),
            json: self.planned.objects.as_ref().map(|text| text.form.words()),
            encoding: self.encoding.unwrap_or(Encoding::UTF_8),
            byte_order_mark: self.planned.opening.mark > 0,
            delimiter: self.planned.grammar.delimiter,
            line_ends: self.line_ends,
            records: self.records,
        }
    }

    /// Adopts what reading has found out. The first character beyond ASCII may come long after the
    /// head; if it shows an encoding other than UTF-8, that is reported.
    fn follow(&mut self, rows: &Rows) -> Option<String> {
        self.records = rows.count;
        self.damaged = rows.damaged;
        self.line_ends = rows.records.line_ends();
        if self.encoding.is_some() {
            return None;
        }
        self.encoding = rows.records.encoding();
        let other = self
            .encoding
            .filter(|&encoding| encoding != Encoding::UTF_8)?;
        Some(format!(
            "{}: the first letters beyond ASCII are {} (detected)",
            self.name(),
            other.name()
        ))
    }
}

/// Objects of all files have the columns of all of them.
fn unite(files: &mut [InputText]) {
    let mut all = Columns::default();
    let objects = files
        .iter()
        .filter_map(|file| file.planned.objects.as_ref());
    for name in objects.flat_map(|objects| objects.columns.names()) {
        all.add(name);
    }
    let all = Arc::new(all);
    for file in files {
        file.planned.with_columns(&all);
    }
}

/// Brings a later file's columns into the first one's order.
fn arrange(planned: &mut Planned, first: &Planned) -> Result<(), Error> {
    match (&planned.objects, &first.objects) {
        (Some(_), Some(_)) => return Ok(()),
        (None, None) => {}
        _ => {
            let (name, first) = (planned.part.name(), first.part.name());
            let words = format!("{name} and {first} can't be one input: only one of them is JSON");
            return Err(Error::usage(words).advise("import them one after the other"));
        }
    }
    let headers = first.layout.headers();
    planned
        .layout
        .arrange(&headers)
        .map_err(|difference| other_columns(planned.part.name(), first.part.name(), &difference))
}

fn other_columns(name: &str, first: &str, difference: &Difference) -> Error {
    let list = |names: &[String]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        quoted.join(", ")
    };
    let mut words = Vec::new();
    if !difference.lacks.is_empty() {
        words.push(format!("it lacks {}", list(&difference.lacks)));
    }
    if !difference.has.is_empty() {
        words.push(format!("it has {}", list(&difference.has)));
    }
    let words = words.join("; ");
    Error::usage(format!("{name} has other columns than {first}: {words}"))
        .advise("files of one run need the same columns, in any order; run this one by itself")
}

fn fingerprint(path: &Path) -> io::Result<InputFile> {
    let mut hasher = blake3::Hasher::new();
    let _bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(InputFile {
        hash: hasher.finalize().to_hex().to_string(),
        ..stamp(path, None)?
    })
}

/// Times are kept to the millisecond, as the journal keeps them.
fn stamp(path: &Path, member: Option<String>) -> io::Result<InputFile> {
    let metadata = path.metadata()?;
    let modified = Timestamp::try_from(metadata.modified()?).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(InputFile {
        path: std::path::absolute(path)?,
        member,
        size: metadata.len(),
        modified: Timestamp::from_millisecond(modified.as_millisecond()).unwrap_or(modified),
        hash: String::new(),
    })
}
