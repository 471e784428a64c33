//! What a text is, found from its head: encoding, delimiter, line ends, header, layout.
//! Everything that makes a file unusable is found here, before the first row.

use std::io::{self, Read};
use std::sync::Arc;

use super::delimited::cut::RecordReader;
use super::delimited::delimiter::{delimiter_of, hinted_delimiter};
use super::delimited::oddity::{Oddity, oddities, oddities_of_sheet};
use super::delimited::raw::RawMarks;
use super::json::{Columns, Form, ObjectReader, Objects};
use super::layout::own::damage;
use super::layout::{Layout, Sampled};
use super::part::{Part, Taken};
use super::record::{Cut, Found, Grammar, LineEnds, Position, Record};
use super::text::Text;
use super::text::encoding::{Opening, opening};
use super::trouble::{broken_off, refuse_other_kinds, unusable};
use crate::error::Error;
use crate::import::settle::files::{REFUSED, REFUSED_COLUMNS};
use crate::model::dialect::{Dialect, Encoding, delimiter_word};
use crate::model::formula::formula_text;
use crate::model::invisible::{is_invisible, trim_invisible};
use crate::model::place::RowAddress;
use crate::model::visible::spelled;

/// How much of a text is inspected.
const HEAD: usize = 256 * 1024;

/// A text that is being read.
type Opened = Text<Box<dyn Read + Send>>;

/// Records of an opened text.
pub(super) enum Records {
    /// Of CSV.
    Cells(Box<RecordReader<Opened>>),
    /// Of JSON.
    Objects(Box<ObjectReader<Opened>>),
}

impl Records {
    /// Finds the next record; nothing at the end of the text.
    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        match self {
            Records::Cells(cells) => cells.next(),
            Records::Objects(objects) => objects.next(),
        }
    }

    /// What is in the record that was found last.
    pub(super) fn record(&self) -> Record<'_> {
        match self {
            Records::Cells(cells) => cells.record(),
            Records::Objects(objects) => objects.record(),
        }
    }

    /// How the records so far ended.
    pub(super) fn line_ends(&self) -> LineEnds {
        match self {
            Records::Cells(cells) => cells.line_ends(),
            Records::Objects(objects) => objects.line_ends(),
        }
    }

    /// The encoding; none if there was only ASCII so far.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        match self {
            Records::Cells(cells) => cells.input().encoding(),
            Records::Objects(objects) => objects.input().encoding(),
        }
    }
}

/// A text that has been inspected and can be read.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) part: Part,
    pub(super) opening: Opening,
    pub(super) grammar: Grammar,
    pub(super) layout: Layout,
    /// Lines above the header that the mapping leaves out.
    skip_lines: u64,
    /// Records at the end that are not rows.
    pub(super) skip_last: usize,
    /// Whether `="0017"` is the text 0017.
    pub(super) text_formulas: bool,
    /// Records before the first row: the header, and an Excel hint.
    preamble: usize,
    /// Set if the text is JSON.
    pub(super) objects: Option<Objects>,
    /// An oddity of the head that is not acted upon.
    pub(super) oddities: Vec<Oddity>,
    /// Line ends of the head.
    pub(super) line_ends: LineEnds,
    is_guess: bool,
    /// How records in `_raw` are written, if this is our refused.csv.
    pub(super) raw_marks: RawMarks,
    /// Column names that contain invisible characters, with these written out.
    odd_names: Vec<String>,
}

impl Planned {
    /// Inspects a text. What `dialect` specifies is not detected; our own files are always read as
    /// we wrote them (protocol R6), or as a spreadsheet saved them.
    pub(super) fn look(part: &Part, dialect: &Dialect) -> Result<Planned, Error> {
        let detected = Dialect::default();
        let sheets = of_sheets(dialect);
        let dialect = match part.sheet() {
            Some(_) => &sheets,
            None => dialect,
        };
        if *dialect != detected
            && let Ok(mut planned) = Planned::look_as(part, &detected)
            && (planned.layout.is_ours() || planned.is_surely_json(dialect))
        {
            planned.raw_marks = RawMarks::new(dialect);
            return Ok(planned);
        }
        Planned::look_as(part, dialect)
    }

    fn look_as(part: &Part, dialect: &Dialect) -> Result<Planned, Error> {
        let failed = |error: io::Error| broken_off(part.name(), error);
        let (raw, is_whole) = raw_head(part).map_err(failed)?;
        let is_sheet = part.sheet().is_some();
        let opening = match is_sheet {
            true => UTF_8,
            false => opening(&raw, dialect.encoding),
        };
        let head = decoded(&raw, opening).map_err(failed)?;
        if head.is_empty() {
            return Err(unusable(part.name(), "it is empty").advise("export it again"));
        }
        if !is_sheet && let Some(form) = Form::of(&head) {
            return Planned::of_objects(part, opening, form, dialect);
        }
        if !is_sheet {
            refuse_other_kinds(part.name(), &head)?;
        }
        Planned::of_table(part, opening, &head, is_whole, dialect)
    }

    /// A text of records; `is_whole` says whether its start is the whole text.
    fn of_table(
        part: &Part,
        opening: Opening,
        head: &[u8],
        is_whole: bool,
        dialect: &Dialect,
    ) -> Result<Planned, Error> {
        let body = &head[behind_lines(head, dialect.skip_lines)..];
        let hinted = hinted_delimiter(body).filter(|_| part.sheet().is_none());
        let marks = Grammar {
            delimiter: b',',
            quote: dialect.quote,
            escape: dialect.escape,
        };
        let detect = || delimiter_of(body, is_whole, marks);
        let grammar = Grammar {
            delimiter: dialect.delimiter.or(hinted).unwrap_or_else(detect),
            ..marks
        };
        let mut planned = Planned {
            preamble: usize::from(hinted.is_some()),
            ..Planned::new(part, opening, grammar, dialect)
        };
        // What the user has specified is not guessed.
        if hinted.is_none() && dialect.header.is_none() && dialect.skip_lines == 0 {
            planned.oddities = match part.sheet() {
                Some(sheet) => oddities_of_sheet(body, is_whole, sheet.width),
                None => oddities(body, is_whole, planned.grammar),
            };
        }
        planned.lay_out(body, is_whole, dialect)?;
        Ok(planned)
    }

    /// So far only how to cut the text is known.
    fn new(part: &Part, opening: Opening, grammar: Grammar, dialect: &Dialect) -> Planned {
        Planned {
            part: part.clone(),
            opening,
            grammar,
            layout: Layout::new(Vec::new(), &[]),
            skip_lines: dialect.skip_lines,
            skip_last: dialect.skip_last,
            text_formulas: dialect.text_formulas,
            preamble: 0,
            objects: None,
            oddities: Vec::new(),
            line_ends: LineEnds::default(),
            is_guess: dialect.encoding.is_none() && opening.mark == 0,
            raw_marks: RawMarks::new(dialect),
            odd_names: Vec::new(),
        }
    }

    /// Finds the columns: those of the header, or those that the dialect names.
    fn lay_out(&mut self, body: &[u8], is_whole: bool, dialect: &Dialect) -> Result<(), Error> {
        let part = self.part.clone();
        let names = match &dialect.header {
            Some(names) => names.clone(),
            None => self.read_header(dialect.max_columns)?,
        };
        if dialect.header.is_none() {
            check_whole(&part, &names, REFUSED[0])?;
        }
        let (mut rows, line_ends) = self.sample(body, is_whole);
        let names = match part.sheet() {
            None => names,
            Some(sheet) => {
                rows.clear();
                check_width(part.name(), sheet.width, dialect.max_columns)?;
                widened(names, sheet.width)
            }
        };
        if let Some(names) = &dialect.header {
            check_given(&part, names, &rows)?;
        }
        self.layout = Layout::new(names, &rows);
        self.line_ends = line_ends;
        Ok(())
    }

    /// A JSON text, which is read to its end for the columns of its objects.
    fn of_objects(
        part: &Part,
        opening: Opening,
        form: Form,
        dialect: &Dialect,
    ) -> Result<Planned, Error> {
        let failed = |error: io::Error| broken_off(part.name(), error);
        let (text, _offset) = opened(part, opening, &Arc::default()).map_err(failed)?;
        let objects = Objects::look(text, form, dialect.max_columns).map_err(failed)?;
        check_width(part.name(), objects.columns.len(), dialect.max_columns)?;
        check_whole(part, objects.columns.names(), REFUSED[1])?;
        Ok(Planned {
            part: part.clone(),
            opening,
            grammar: Grammar::usual(b','),
            layout: Layout::new(objects.columns.names().to_vec(), &[]),
            skip_lines: 0,
            skip_last: 0,
            text_formulas: false,
            preamble: 0,
            objects: Some(objects),
            oddities: Vec::new(),
            line_ends: LineEnds::default(),
            is_guess: dialect.encoding.is_none() && opening.mark == 0,
            raw_marks: RawMarks::new(&Dialect::default()),
            odd_names: Vec::new(),
        })
    }

    /// Whether the text is JSON, of which a dialect can only give the encoding.
    fn is_surely_json(&self, dialect: &Dialect) -> bool {
        self.objects.is_some() && dialect.encoding.is_none()
    }

    /// Sets the objects' columns to those of all texts of the run.
    pub(super) fn with_columns(&mut self, columns: &Arc<Columns>) {
        if let Some(objects) = &mut self.objects {
            objects.columns = Arc::clone(columns);
            self.layout = Layout::new(columns.names().to_vec(), &[]);
        }
    }

    /// Opens the text after its header; bytes read from it are counted in `taken`.
    pub(super) fn open(&self, taken: &Arc<Taken>) -> io::Result<Records> {
        let (text, byte) = opened(&self.part, self.opening, taken)?;
        if let Some(Objects { form, columns }) = &self.objects {
            let place = Position { byte, line: 1 };
            let objects = ObjectReader::new(text, *form, Arc::clone(columns), place);
            return Ok(Records::Objects(Box::new(objects)));
        }
        Ok(Records::Cells(Box::new(self.cells(text, byte)?)))
    }

    /// CSV records after the header.
    fn cells<R: Read>(&self, text: R, byte: u64) -> io::Result<RecordReader<R>> {
        let mut records = RecordReader::new(text, self.grammar, byte);
        records.skip_lines(self.skip_lines)?;
        for _ in 0..self.preamble {
            let _header = records.next()?;
        }
        Ok(records)
    }

    /// Whether a row's offset is a position in the file itself.
    pub(super) fn is_seekable(&self) -> bool {
        self.part.is_plain() && self.opening.encoding == Some(Encoding::UTF_8)
    }

    /// Opens a seekable text at a row.
    pub(super) fn open_at(&self, taken: &Arc<Taken>, row: RowAddress) -> io::Result<Records> {
        let input = self.part.open_at(taken, row.byte)?;
        let text = Text::new(input, self.opening);
        let RowAddress { byte, line, .. } = row;
        if let Some(Objects { form, columns }) = &self.objects {
            let place = Position { byte, line };
            let objects = ObjectReader::new(text, *form, Arc::clone(columns), place);
            return Ok(Records::Objects(Box::new(objects)));
        }
        let cells = RecordReader::starting(text, self.grammar, byte, line);
        Ok(Records::Cells(Box::new(cells)))
    }

    /// The difference between a record's number and its row in the sheet.
    pub(super) fn line_of_record(&self) -> Option<u64> {
        let sheet = self.part.sheet()?;
        Some(sheet.first_row - 1 + self.skip_lines + self.preamble as u64)
    }

    /// `UTF-8, `;`, CRLF`.
    pub(super) fn words(&self) -> String {
        if let Some(sheet) = self.part.sheet() {
            return format!("sheet \"{}\"", sheet.name);
        }
        let form = match &self.objects {
            Some(objects) => objects.form.words(),
            None => delimiter_word(self.grammar.delimiter),
        };
        let mut words = vec![self.encoding_words(), form.to_owned()];
        words.extend(line_end_words(self.line_ends).map(str::to_owned));
        words.join(", ")
    }

    /// Reports column names that contain invisible characters.
    pub(super) fn odd_names_words(&self) -> Option<String> {
        let names = self.odd_names.iter().map(|name| format!("\"{name}\""));
        let names: Vec<String> = names.collect();
        (!names.is_empty()).then(|| {
            format!(
                "{}: invisible characters in the names of columns are ignored: {}",
                self.part.name(),
                names.join(", ")
            )
        })
    }

    fn encoding_words(&self) -> String {
        match self.opening.encoding {
            None => Encoding::UTF_8.name().to_owned(),
            Some(encoding) if self.opening.mark > 0 => format!("{} with BOM", encoding.name()),
            Some(encoding) if self.is_guess && encoding != Encoding::UTF_8 => {
                format!("{} (detected)", encoding.name())
            }
            Some(encoding) => encoding.name().to_owned(),
        }
    }

    fn read_header(&mut self, most: usize) -> Result<Vec<String>, Error> {
        let name = self.part.name();
        let failed = |error: io::Error| broken_off(name, error);
        let opened = opened(&self.part, self.opening, &Arc::default());
        let records = opened.and_then(|(text, byte)| self.cells(text, byte));
        let mut records = records.map_err(failed)?;
        let found = records.next().map_err(failed)?;
        self.preamble += 1;
        match found.map(|found| found.cut) {
            None => return Err(unusable(name, "it holds no header").advise("export it again")),
            Some(Cut::Whole) => {}
            Some(Cut::Unclosed | Cut::NoText | Cut::NoObject | Cut::TooDeep) => {
                return Err(unusable(name, "a quote in its header never closes")
                    .advise("open the file in an editor and correct its first line"));
            }
            Some(Cut::TooLong) => {
                return Err(unusable(name, "its first line is too long for a header")
                    .advise("export the tickets as CSV, with a header line"));
            }
        }
        let header = records.record();
        check_width(name, header.len(), most)?;
        self.odd_names = header.iter().filter_map(odd_name).collect();
        let names = header.iter().map(|cell| match self.text_formulas {
            true => column_name(formula_text(cell).unwrap_or(cell)),
            false => column_name(cell),
        });
        self.named(names.collect())
    }

    /// The names of a header, unless there are none to read.
    fn named(&self, names: Option<Vec<String>>) -> Result<Vec<String>, Error> {
        let name = self.part.name();
        match names {
            None => Err(unusable(name, "its header holds bytes that are not text")
                .advise("state its encoding, such as windows-1252, or save it as \"CSV UTF-8\"")),
            Some(names) if names.iter().all(String::is_empty) => {
                let line = if self.skip_lines > 0 {
                    "line where it should start"
                } else {
                    "first line"
                };
                Err(
                    unusable(name, format!("its {line} names no columns")).advise(
                        "say how many lines are above the header: skip_lines = N under [source]",
                    ),
                )
            }
            Some(names) => Ok(names),
        }
    }

    /// The shape of the head's rows, without empty ones, and its line ends.
    fn sample(&self, head: &[u8], is_whole: bool) -> (Vec<Sampled>, LineEnds) {
        let mut reader = RecordReader::new(head, self.grammar, 0);
        let mut rows = Vec::new();
        let mut records = 0;
        while let Ok(Some(found)) = reader.next() {
            let record = reader.record();
            records += 1;
            if records > self.preamble
                && found.cut == Cut::Whole
                && !record.text.trim_ascii().is_empty()
            {
                rows.push(Sampled {
                    cells: record.len(),
                    ends_empty: record.iter().last().is_some_and(<[u8]>::is_empty),
                });
            }
        }
        if !is_whole {
            let _cut_off = rows.pop();
        }
        (rows, reader.line_ends())
    }
}

/// A text from its beginning, after its byte order mark, and the offset of that.
fn opened(part: &Part, opening: Opening, taken: &Arc<Taken>) -> io::Result<(Opened, u64)> {
    let mut input = part.open(taken)?;
    let mut mark = [0; 4];
    input.read_exact(&mut mark[..opening.mark])?;
    let is_utf8 = opening.encoding == Some(Encoding::UTF_8);
    let offset = if is_utf8 { opening.mark } else { 0 };
    Ok((Text::new(input, opening), offset as u64))
}

/// The raw head, unpacked, and whether it is the whole text.
fn raw_head(part: &Part) -> io::Result<(Vec<u8>, bool)> {
    let mut head = Vec::new();
    let input = part.open(&Arc::default())?;
    let count = input.take(HEAD as u64).read_to_end(&mut head)?;
    Ok((head, count < HEAD))
}

/// Where a text continues after this many lines, as the reader of records counts them.
fn behind_lines(head: &[u8], lines: u64) -> usize {
    let mut at = 0;
    for _line in 0..lines {
        let Some(end) = memchr::memchr2(b'\r', b'\n', &head[at..]) else {
            return head.len();
        };
        let is_pair = head[at + end..].starts_with(b"\r\n");
        at += end + 1 + usize::from(is_pair);
    }
    at
}

/// The head as UTF-8.
fn decoded(raw: &[u8], opening: Opening) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let _len = Text::new(&raw[opening.mark..], opening).read_to_end(&mut head)?;
    Ok(head)
}

/// The name of a column, without invisible characters around it; none if it is not
/// text.
fn column_name(cell: &[u8]) -> Option<String> {
    let name = trim_invisible(std::str::from_utf8(cell).ok()?);
    (!name.contains('\0')).then(|| name.to_owned())
}

/// Checks that one of our files still has all columns that we added to it.
fn check_whole(part: &Part, names: &[String], refused: &str) -> Result<(), Error> {
    match damage(names, refused) {
        None => Ok(()),
        Some(words) => Err(unusable(part.name(), words).advise(
            "give the file back as the run wrote it, with all of these columns, or take all \
             of them out to use it as a file like any other",
        )),
    }
}

/// Checks the number of columns. Our own files have a few more than the file that they came from.
fn check_width(name: &str, columns: usize, most: usize) -> Result<(), Error> {
    if columns <= most.saturating_add(REFUSED_COLUMNS.len()) {
        return Ok(());
    }
    let words = format!("its header has {columns} columns, and at most {most} are read");
    Err(unusable(name, words)
        .advise("if that is not a mistake, set a higher `max_columns` in [source] of the mapping"))
}

/// A name with its invisible characters written out; none if it has none. Line breaks
/// and tabs don't count.
fn odd_name(cell: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(cell).ok()?;
    let is_odd_blank =
        |letter: char| letter.is_whitespace() && !letter.is_ascii() && letter != '\u{3000}';
    let is_odd = |letter: char| is_invisible(letter) || is_odd_blank(letter);
    name.contains(is_odd).then(|| spelled(name).into_owned())
}

/// The text of a sheet.
const UTF_8: Opening = Opening {
    encoding: Some(Encoding::UTF_8),
    mark: 0,
};

/// The part of a dialect that applies to sheets, whose texts we write ourselves.
fn of_sheets(dialect: &Dialect) -> Dialect {
    Dialect {
        header: dialect.header.clone(),
        max_columns: dialect.max_columns,
        skip_lines: dialect.skip_lines,
        skip_last: dialect.skip_last,
        text_formulas: dialect.text_formulas,
        ..Dialect::default()
    }
}

/// Names for all columns with content, as when a spreadsheet saves them as CSV.
fn widened(mut names: Vec<String>, width: usize) -> Vec<String> {
    names.resize(names.len().max(width), String::new());
    names
}

/// Checks the given names: a file without a header needs as many as most rows have cells.
fn check_given(part: &Part, names: &[String], rows: &[Sampled]) -> Result<(), Error> {
    let fits = |row: &&Sampled| row.cells == names.len();
    let other = rows.iter().find(|row| !fits(row));
    match other.filter(|_| rows.iter().filter(fits).count() * 2 <= rows.len()) {
        None => Ok(()),
        Some(row) => Err(unusable(
            part.name(),
            format!(
                "`header` names {} columns, its rows have {}",
                names.len(),
                row.cells
            ),
        )
        .advise("name each column of the file, in its order")),
    }
}

/// The kind of line ends, if there are any.
fn line_end_words(ends: LineEnds) -> Option<&'static str> {
    match (ends.lf > 0, ends.crlf > 0, ends.cr > 0) {
        (false, false, false) => None,
        (true, false, false) => Some("LF"),
        (false, true, false) => Some("CRLF"),
        (false, false, true) => Some("CR"),
        _ => Some("mixed line ends"),
    }
}
