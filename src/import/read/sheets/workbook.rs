//! Spreadsheets (.xlsx, .xlsm, .xlsb, .xls, .ods) → one CSV text per sheet, on disk: from
//! there on a sheet is read like any other text, and a row's offset can be returned to.
//! Each row of the sheet is one record, so a record's number gives the row.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, Once};

use calamine::{
    Data, DataRef, Ods, OdsError, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError,
    Xlsx, XlsxError,
};
use tempfile::{NamedTempFile, TempPath};

use super::bounds::{self, MOST_IN_MEMORY};
use super::cell::shown;
use super::old_workbook::cells_fit;
use crate::error::Error;
use crate::import::read::trouble::unusable;

/// What old workbooks, and encrypted ones, begin with.
const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Maximum number of cells of a sheet; the formats allow far more than any export has.
const MOST_CELLS: u64 = 200_000_000;

/// A sheet as a text on disk, removed with its last reference.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// Its name.
    pub(crate) name: String,
    /// The row of the sheet that the text begins with, from 1.
    pub(crate) first_row: u64,
    /// How many columns its widest row has.
    pub(crate) width: usize,
    /// Bytes of the text.
    pub(crate) size: u64,
    path: Arc<TempPath>,
}

impl Sheet {
    /// Where the text is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The kind of a workbook file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Xlsx,
    Xlsb,
    Ods,
    Xls,
}

impl Kind {
    /// Recognised by the file's first bytes, and for a zip archive by its members.
    pub(crate) fn of(head: &[u8], members: &[String]) -> Option<Kind> {
        let has = |wanted: &str| members.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        match () {
            () if head.starts_with(OLE) => Some(Kind::Xls),
            () if has("xl/workbook.xml") => Some(Kind::Xlsx),
            () if has("xl/workbook.bin") => Some(Kind::Xlsb),
            () if has("mimetype") && has("content.xml") => Some(Kind::Ods),
            () => None,
        }
    }
}

/// Which sheet of which file, and where its text goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The file's name in messages.
    pub(crate) file: &'a str,
    /// The sheet's name, or its number from 1; otherwise the only one with rows.
    pub(crate) sheet: Option<&'a str>,
    /// The folder for the text; otherwise the system's temporary folder.
    pub(crate) folder: Option<&'a Path>,
}

/// Writes the wanted sheet of a workbook as CSV.
///
/// # Errors
/// When it is damaged, encrypted or malicious; when the sheet does not exist, or none of
/// several was chosen.
pub(crate) fn convert(kind: Kind, file: File, wanted: Wanted<'_>) -> Result<Sheet, Error> {
    quietly(|| read(kind, file, wanted)).unwrap_or_else(|| {
        Err(unusable(wanted.file, "the workbook is damaged")
            .advise("open it in a spreadsheet and save it again, or export it again"))
    })
}

/// Runs something that may panic, as readers of old workbooks do on a damaged file; in that case
/// returns nothing, and prints nothing.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                usual(info);
            }
        }));
    });
    IS_QUIET.set(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_QUIET.set(false);
    done.ok()
}

thread_local! {
    /// Whether panics of this thread are hidden from the user.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

fn read(kind: Kind, mut file: File, wanted: Wanted<'_>) -> Result<Sheet, Error> {
    let trouble = |error: io::Error| unusable(wanted.file, error);
    let size = file.metadata().map_err(trouble)?.len();
    match kind {
        Kind::Xls if size > MOST_IN_MEMORY => return Err(bounds::too_large(wanted.file)),
        Kind::Xls => {
            let _start = file.seek(SeekFrom::Start(0)).map_err(trouble)?;
            let mut bytes = Vec::new();
            let _len = file.read_to_end(&mut bytes).map_err(trouble)?;
            if !cells_fit(&bytes) {
                return Err(bounds::harmful(wanted.file));
            }
        }
        Kind::Xlsx | Kind::Xlsb => bounds::check(&file, wanted.file, true)?,
        Kind::Ods => bounds::check(&file, wanted.file, false)?,
    }
    let _start = file.seek(SeekFrom::Start(0)).map_err(trouble)?;
    let file = BufReader::new(file);
    let book: Box<dyn Book> = match kind {
        Kind::Xlsx => Box::new(Xlsx::new(file).map_err(|error| damaged(wanted.file, &error))?),
        Kind::Xlsb => Box::new(Xlsb::new(file).map_err(|error| damaged(wanted.file, &error))?),
        Kind::Ods => Box::new(Ods::new(file).map_err(|error| damaged(wanted.file, &error))?),
        Kind::Xls => old(file, wanted.file)?,
    };
    write(book, wanted)
}

/// An old workbook; an encrypted new one looks the same from outside.
fn old(mut file: BufReader<File>, name: &str) -> Result<Box<dyn Book>, Error> {
    if let Err(error @ XlsxError::Password) = Xlsx::new(&mut file) {
        return Err(damaged(name, &error));
    }
    let _start = file
        .seek(SeekFrom::Start(0))
        .map_err(|error| unusable(name, error))?;
    let book = Xls::new(file).map_err(|error| damaged(name, &error))?;
    Ok(Box::new(book))
}

/// What is wrong with a file that is an encrypted workbook, or not a workbook.
fn damaged<E: Trouble>(name: &str, error: &E) -> Error {
    match error.is_password() {
        true => unusable(name, "the workbook is encrypted")
            .advise("save it without a password, or save the sheet as \"CSV UTF-8\""),
        false => unusable(name, format!("the workbook is damaged: {error}"))
            .advise("open it in a spreadsheet and save it again, or export it again"),
    }
}

/// The errors of the workbook readers.
trait Trouble: std::fmt::Display {
    fn is_password(&self) -> bool;
}

impl Trouble for XlsxError {
    fn is_password(&self) -> bool {
        matches!(self, XlsxError::Password)
    }
}

impl Trouble for XlsError {
    fn is_password(&self) -> bool {
        matches!(self, XlsError::Password)
    }
}

impl Trouble for XlsbError {
    fn is_password(&self) -> bool {
        matches!(self, XlsbError::Password)
    }
}

impl Trouble for OdsError {
    fn is_password(&self) -> bool {
        matches!(self, OdsError::Password)
    }
}

/// Receives a cell: its row and column, from 0, and its text. False if it wants no more.
type Taker<'t> = dyn FnMut((u32, u32), String) -> io::Result<bool> + 't;

/// A workbook of any kind.
trait Book {
    /// The names of its sheets of cells, hidden ones last and marked.
    fn sheets(&self) -> Vec<(String, bool)>;

    /// Passes on the cells of a sheet that have content, row by row.
    fn cells(&mut self, sheet: &str, file: &str, take: &mut Taker<'_>) -> Result<(), Error>;
}

/// Sheets of cells, visible ones first.
fn sheets_of(all: &[calamine::Sheet]) -> Vec<(String, bool)> {
    let tables = all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let mut sheets: Vec<(String, bool)> = tables
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    sheets.sort_by_key(|(_, is_hidden)| *is_hidden);
    sheets
}

/// New workbooks are read cell by cell.
impl<R: Read + Seek> Book for Xlsx<R> {
    fn sheets(&self) -> Vec<(String, bool)> {
        sheets_of(self.sheets_metadata())
    }

    fn cells(&mut self, sheet: &str, file: &str, take: &mut Taker<'_>) -> Result<(), Error> {
        let trouble = |error: XlsxError| damaged(file, &error);
        let mut reader = self.worksheet_cells_reader(sheet).map_err(trouble)?;
        let formats: Vec<Option<String>> = reader
            .styles()
            .iter()
            .map(|style| Some(style.number_format.as_ref()?.format_code.clone()))
            .collect();
        while let Some((cell, style)) = reader.next_cell_with_style_id().map_err(trouble)? {
            if matches!(cell.get_value(), DataRef::Empty) {
                continue;
            }
            let format = formats.get(style).and_then(Option::as_deref);
            let text = shown(cell.get_value(), format);
            let more = take(cell.get_position(), text);
            if !more.map_err(|error| unwritten(file, error))? {
                break;
            }
        }
        Ok(())
    }
}

impl<R: Read + Seek> Book for Xlsb<R> {
    fn sheets(&self) -> Vec<(String, bool)> {
        sheets_of(self.sheets_metadata())
    }

    fn cells(&mut self, sheet: &str, file: &str, take: &mut Taker<'_>) -> Result<(), Error> {
        let trouble = |error: XlsbError| damaged(file, &error);
        let mut reader = self.worksheet_cells_reader(sheet).map_err(trouble)?;
        while let Some(cell) = reader.next_cell().map_err(trouble)? {
            let more = take(cell.get_position(), shown(cell.get_value(), None));
            if !more.map_err(|error| unwritten(file, error))? {
                break;
            }
        }
        Ok(())
    }
}

/// The other kinds are read as a whole.
macro_rules! whole_book {
    ($book:ident) => {
        impl<R: Read + Seek> Book for $book<R> {
            fn sheets(&self) -> Vec<(String, bool)> {
                sheets_of(self.sheets_metadata())
            }

            fn cells(
                &mut self,
                sheet: &str,
                file: &str,
                take: &mut Taker<'_>,
            ) -> Result<(), Error> {
                let range = self
                    .worksheet_range(sheet)
                    .map_err(|error| damaged(file, &error))?;
                whole(&range, take).map_err(|error| unwritten(file, error))
            }
        }
    };
}

whole_book!(Xls);
whole_book!(Ods);

fn whole(range: &calamine::Range<Data>, take: &mut Taker<'_>) -> io::Result<()> {
    let (top, left) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let place = |start: u32, at: usize| u32::try_from(at).map(|at| start.saturating_add(at));
        let row = place(top, row).map_err(io::Error::other)?;
        let column = place(left, column).map_err(io::Error::other)?;
        if !take((row, column), shown(&borrowed(value), None))? {
            break;
        }
    }
    Ok(())
}

/// A cell in the form that the streaming readers return.
fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(truth) => DataRef::Bool(*truth),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

fn unwritten(file: &str, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::FileTooLarge => bounds::too_large(file),
        _ => Error::unexpected(format!("can't keep the rows of {file}")).because(error),
    }
}

/// Chooses the sheet and writes it.
fn write(mut book: Box<dyn Book>, wanted: Wanted<'_>) -> Result<Sheet, Error> {
    let sheets = book.sheets();
    let name = match wanted.sheet {
        Some(typed) => named(&sheets, typed, wanted.file)?,
        None => only(&mut *book, &sheets, wanted.file)?,
    };
    let kept = |error: io::Error| unwritten(wanted.file, error);
    let file = match wanted.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(kept)?;
            NamedTempFile::new_in(folder)
        }
        None => NamedTempFile::new(),
    };
    let file = file.map_err(kept)?;
    let mut text = SheetText::new(file.as_file());
    book.cells(&name, wanted.file, &mut |place, cell| {
        text.take(place, &cell)
    })?;
    let Some(first_row) = text.first_row else {
        let words = format!("its sheet \"{name}\" is empty");
        return Err(unusable(wanted.file, words).advise("name another sheet by --sheet"));
    };
    let width = text.width;
    text.finish().map_err(kept)?;
    let size = file.as_file().metadata().map_err(kept)?.len();
    Ok(Sheet {
        name,
        first_row: u64::from(first_row) + 1,
        width,
        size,
        path: Arc::new(file.into_temp_path()),
    })
}

/// The sheet that was typed: by its name, whatever its case, or its number.
fn named(sheets: &[(String, bool)], typed: &str, file: &str) -> Result<String, Error> {
    let exact = sheets.iter().find(|(name, _)| name == typed);
    let folded = typed.trim().to_lowercase();
    let alike = || {
        let mut all = sheets.iter();
        all.find(|(name, _)| name.trim().to_lowercase() == folded)
    };
    let numbered = || {
        let number = typed.trim().parse::<usize>().ok()?;
        sheets.get(number.checked_sub(1)?)
    };
    let found = exact.or_else(alike).or_else(numbered);
    found.map(|(name, _)| name.clone()).ok_or_else(|| {
        let words = format!("it has no sheet \"{typed}\"");
        unusable(file, words).advise(format!("its sheets are {}", list(sheets.iter())))
    })
}

/// The only visible sheet with content; if there are several the user has to choose.
fn only(book: &mut dyn Book, sheets: &[(String, bool)], file: &str) -> Result<String, Error> {
    let mut filled: Vec<&(String, bool)> = Vec::new();
    for sheet in sheets {
        let mut has_cells = false;
        book.cells(&sheet.0, file, &mut |_, cell| {
            has_cells = !cell.trim().is_empty();
            Ok(!has_cells)
        })?;
        if has_cells {
            filled.push(sheet);
        }
    }
    if filled.iter().any(|(_, is_hidden)| !is_hidden) {
        filled.retain(|(_, is_hidden)| !is_hidden);
    }
    match filled.as_slice() {
        [(name, _)] => Ok(name.clone()),
        [] => Err(unusable(file, "none of its sheets holds anything").advise("export it again")),
        several => Err(unusable(
            file,
            format!("{} of its sheets hold something", several.len()),
        )
        .advise(format!(
            "say which one is meant by --sheet: {}",
            list(several.iter().copied())
        ))),
    }
}

fn list<'a>(sheets: impl Iterator<Item = &'a (String, bool)>) -> String {
    let names = sheets.map(|(name, is_hidden)| match is_hidden {
        true => format!("\"{name}\" (hidden)"),
        false => format!("\"{name}\""),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The CSV text of a sheet while it is written: rows in their order, each a record.
struct SheetText<'f> {
    out: BufWriter<&'f File>,
    first_row: Option<u32>,
    /// The row that is being written.
    row: u32,
    /// The last column written; none yet in a new row.
    column: Option<u32>,
    width: usize,
    cells: u64,
}

impl SheetText<'_> {
    fn new(file: &File) -> SheetText<'_> {
        SheetText {
            out: BufWriter::with_capacity(1 << 16, file),
            first_row: None,
            row: 0,
            column: None,
            width: 0,
            cells: 0,
        }
    }

    fn take(&mut self, (row, column): (u32, u32), cell: &str) -> io::Result<bool> {
        if cell.is_empty() {
            return Ok(true);
        }
        if self.first_row.is_none() {
            self.first_row = Some(row);
            self.row = row;
        }
        let is_behind = self.column.is_none_or(|last| column > last);
        if row < self.row || (row == self.row && !is_behind) {
            return Err(io::Error::other("its cells are in no order"));
        }
        self.go_to(row)?;
        for _between in self.column.unwrap_or_default()..column {
            self.out.write_all(b",")?;
        }
        self.column = Some(column);
        write_cell(&mut self.out, cell)?;
        self.width = self.width.max(column as usize + 1);
        self.cells += 1;
        match self.cells > MOST_CELLS {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(true),
        }
    }

    /// Ends the preceding rows; an empty one is a record with one empty cell.
    fn go_to(&mut self, row: u32) -> io::Result<()> {
        while self.row < row {
            let end: &[u8] = match self.column.take() {
                None => b"\"\"\n",
                Some(_) => b"\n",
            };
            self.out.write_all(end)?;
            self.row += 1;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

fn write_cell(out: &mut impl Write, text: &str) -> io::Result<()> {
    let is_plain = !text.contains(['"', ',', '\n', '\r']);
    match is_plain {
        true => out.write_all(text.as_bytes()),
        false => write!(out, "\"{}\"", text.replace('"', "\"\"")),
    }
}
