//! Records → rows. A record that can't be cut into the header's columns is refused here as a whole;
//! a stray quote costs only its own line, not the rows below it.

use std::collections::VecDeque;
use std::io;

use super::delimited::cut::LONGEST;
use super::delimited::quotes::{Damage, are_rows, are_sound, damage};
use super::delimited::raw::{RawMarks, raw_text};
use super::layout::Layout;
use super::plan::Records;
use super::record::{Cut, Found, Grammar, LineEnd, Record};
use crate::import::flow::RowOutcome;
use crate::model::formula::formula_text;
use crate::model::invisible::trim_invisible;
use crate::model::issue::{Problem, Reason, excerpt};
use crate::model::json::DEEPEST;
use crate::model::outcome::RowEnd;
use crate::model::place::RowAddress;
use crate::model::row::{Cells, SourceRow};

/// The code in refused.csv for a record of which only the beginning is kept.
const RECORD_TOO_LONG: &[u8] = b"RECORD_TOO_LONG";
/// DOS's end-of-file character; alone on its line it is not a row.
const END_OF_FILE: &[u8] = b"\x1A";

/// The result of one record.
#[derive(Debug)]
pub enum Reading {
    /// A row, cut into the run's columns.
    Row(SourceRow),
    /// An empty row, a repeated header, or a record that can't be a row.
    Fallen(Box<RowOutcome>),
}

impl Reading {
    /// Number of the row in the run.
    pub fn seq(&self) -> u64 {
        match self {
            Reading::Row(source) => source.seq,
            Reading::Fallen(outcome) => outcome.source.seq,
        }
    }

    /// Where it is.
    pub fn address(&self) -> RowAddress {
        match self {
            Reading::Row(source) => source.address,
            Reading::Fallen(outcome) => outcome.source.address,
        }
    }

    fn with_seq(mut self, seq: u64) -> Reading {
        match &mut self {
            Reading::Row(source) => source.seq = seq,
            Reading::Fallen(outcome) => outcome.source.seq = seq,
        }
        self
    }

    /// The same record, left out.
    fn left_out(self) -> Reading {
        match self {
            Reading::Row(source) => skipped(source),
            Reading::Fallen(outcome) => skipped(outcome.source),
        }
    }

    /// About how much memory its texts take.
    pub fn bytes(&self) -> usize {
        match self {
            Reading::Row(row) => {
                let object = row.object.as_ref().map_or(0, |object| object.len());
                let comments = row.comments.iter().map(|one| one.cells.text_len());
                row.cells.text_len() + object + comments.sum::<usize>()
            }
            Reading::Fallen(outcome) => {
                let raw = outcome.raw.as_ref().map_or(0, String::len);
                raw + outcome.source.cells.text_len()
            }
        }
    }
}

/// The rows of one text.
pub(super) struct Rows {
    pub(super) records: Records,
    pub(super) grammar: Grammar,
    pub(super) layout: Layout,
    /// How records in `_raw` are written, if the file is our refused.csv.
    pub(super) raw_marks: RawMarks,
    /// Position of the text in the run's list of inputs.
    pub(super) file: u32,
    /// How many records were read.
    pub(super) count: u64,
    /// Counts of records whose quotes change their texts.
    pub(super) damaged: Damaged,
    /// Records at the end that are not rows.
    pub(super) skip_last: usize,
    /// Whether `="0017"` is the text 0017.
    pub(super) text_formulas: bool,
    /// How most of its records end, if known.
    pub(super) usual_end: Option<LineEnd>,
    /// What to add to a record's number for its row, if the text is a sheet.
    pub(super) line_of_record: Option<u64>,
    /// Records that may be among the last.
    pub(super) held: VecDeque<Reading>,
}

/// Records whose quotes change their texts, by what is wrong, and the line of the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Damaged {
    backslash: (u64, u64),
    early_end: (u64, u64),
}

impl Damaged {
    fn count(&mut self, damage: Option<Damage>, line: u64) {
        let (count, first) = match damage {
            Some(Damage::Backslash) => &mut self.backslash,
            Some(Damage::EarlyEnd) => &mut self.early_end,
            None => return,
        };
        *count += 1;
        if *count == 1 {
            *first = line;
        }
    }

    /// Whether backslashes are among what is wrong.
    pub(super) fn has_backslashes(&self) -> bool {
        self.backslash.0 > 0
    }

    /// The message about them.
    pub(super) fn notices(&self, name: &str) -> Vec<String> {
        let rows = |count: u64| {
            if count == 1 {
                "1 row".to_owned()
            } else {
                format!("{count} rows")
            }
        };
        let mut notices = Vec::new();
        let (count, line) = self.backslash;
        if count > 0 {
            notices.push(format!(
                "{name}: in {} `\\\"` is inside quoted cells, first in line {line}: their texts come out \
                 damaged; `escape = \"\\\\\"` under [source] reads them",
                rows(count)
            ));
        }
        let (count, line) = self.early_end;
        if count > 0 {
            notices.push(format!(
                "{name}: in {} a cell begins with a quote that closes before the cell's end, first in line \
                 {line}: the quotes are lost; write them twice inside a quoted cell, or say `quote = \"\"` under \
                 [source] if cells are never quoted",
                rows(count)
            ));
        }
        notices
    }
}

impl Rows {
    /// The next row; `seq` is its number in the run. If records at the end are not
    /// rows, as many are read ahead, and left out once nothing follows them.
    pub(super) fn next(&mut self, seq: u64) -> io::Result<Option<Reading>> {
        if self.skip_last == 0 {
            return self.next_record(seq);
        }
        while self.held.len() <= self.skip_last {
            match self.next_record(seq)? {
                Some(reading) => self.held.push_back(reading),
                None => {
                    let last = self.held.pop_front();
                    return Ok(last.map(|reading| reading.left_out().with_seq(seq)));
                }
            }
        }
        Ok(self.held.pop_front().map(|reading| reading.with_seq(seq)))
    }

    /// A row with its place; its cells are filled in later.
    fn bare_row(&self, seq: u64, found: Found) -> SourceRow {
        SourceRow {
            seq,
            address: RowAddress {
                file: self.file,
                record: self.count,
                line: match self.line_of_record {
                    Some(above) => above + self.count,
                    None => found.place.line,
                },
                byte: found.place.byte,
            },
            cells: Cells::default(),
            kept: None,
            object: None,
            comments: Vec::new(),
        }
    }

    fn next_record(&mut self, seq: u64) -> io::Result<Option<Reading>> {
        let Some(found) = self.records.next()? else {
            return Ok(None);
        };
        if self.records.record().raw == END_OF_FILE {
            return self.next_record(seq);
        }
        self.count += 1;
        self.look_at_quotes(found);
        let row = self.bare_row(seq, found);
        if self.line_of_record.is_none() && self.gives_swallowed_back(found) {
            let raw = self.records.record().raw;
            return Ok(Some(self.uncut(row, Reason::UnclosedQuote, raw)));
        }
        let is_torn = self.is_torn(found)?;
        let record = self.records.record();
        let whole = |reason| refused(row.clone(), reason, text_of(record.raw));
        Ok(Some(match found.cut {
            Cut::Whole if self.is_json() => self.object(row, record),
            Cut::Whole if is_torn => self.uncut(row, Reason::TornRow, record.raw),
            Cut::Whole => self.judge(row, record),
            Cut::Unclosed => self.uncut(row, Reason::UnclosedQuote, record.raw),
            Cut::NoText => whole(Reason::NotText),
            Cut::NoObject => whole(Reason::NoObject),
            Cut::TooDeep => whole(Reason::NestedTooDeep { limit: DEEPEST }),
            Cut::TooLong => {
                let start = excerpt(&String::from_utf8_lossy(record.raw));
                refused(row, Reason::RecordTooLong { limit: LONGEST }, start)
            }
        }))
    }

    /// Counts the record if its quotes change its texts. A record without any quote is
    /// as long as its cells and their delimiters.
    fn look_at_quotes(&mut self, found: Found) {
        let record = self.records.record();
        if !self.is_json() && record.raw.len() >= record.text.len() + record.len() {
            let damage = damage(record.raw, self.grammar);
            self.damaged.count(damage, found.place.line);
        }
    }

    /// Whether the text is JSON.
    fn is_json(&self) -> bool {
        matches!(self.records, Records::Objects(_))
    }

    /// Whether a stray quote has joined the rows below the record's first line to it;
    /// these are then read again.
    fn gives_swallowed_back(&mut self, found: Found) -> bool {
        let Records::Cells(records) = &mut self.records else {
            return false;
        };
        let record = records.record();
        let width = self.layout.width();
        let is_odd = || record.len() != width || !are_sound(record.raw, self.grammar);
        found.multi_line
            && (found.cut != Cut::Whole || is_odd())
            && are_rows(records.behind_first_line(), self.grammar, width)
            && records.back_to_second_line()
    }

    /// A row of a JSON object, which is kept with it unchanged.
    fn object(&self, mut row: SourceRow, record: Record<'_>) -> Reading {
        row.kept = self.layout.own.kept(record);
        if let Some(raw) = self.layout.own.raw(record) {
            return refused(row, Reason::NoObject, text_of(raw));
        }
        row.object = Some(text_of(record.raw).into());
        match self.cells(record) {
            Ok(cells) => row.cells = cells,
            Err(torn) => return self.no_text(row, record, torn, Reason::NotText),
        }
        if memchr::memchr(0, record.text).is_some() {
            let torn = (0..record.len()).find(|&idx| record.get(idx).contains(&0));
            return self.no_text(row, record, torn.unwrap_or(0), Reason::NulCharacter);
        }
        match row.cells.are_blank(self.layout.columns.len()) {
            true => skipped(row),
            false => Reading::Row(row),
        }
    }

    /// Whether a line break inside an unquoted text cuts the record short. Otherwise its last cell
    /// would be taken as complete.
    fn is_torn(&mut self, found: Found) -> io::Result<bool> {
        let width = self.layout.width();
        let Records::Cells(records) = &mut self.records else {
            return Ok(false);
        };
        let is_full = found.cut == Cut::Whole && records.record().len() == width;
        match self.usual_end {
            Some(usual) if is_full && width > 1 => records.goes_on(usual, self.grammar, width),
            _ => Ok(false),
        }
    }

    fn judge(&self, mut row: SourceRow, record: Record<'_>) -> Reading {
        if record.text.trim_ascii().is_empty() {
            return skipped(row);
        }
        let width = self.layout.width();
        // The rows of a sheet end with their last filled cell.
        let is_short = self.line_of_record.is_some() && record.len() < width;
        if record.len() != width && !is_short {
            let cells = record.len();
            let reason = Reason::RaggedRow {
                cells,
                columns: width,
            };
            return self.uncut(row, reason, record.raw);
        }
        row.kept = self.layout.own.kept(record);
        row.stand_where_it_stood();
        if self.take_corrected(&mut row, record) {
            return match self.is_filled_otherwise(&row, record) {
                true => self.two_repairs(row, record),
                false => Reading::Row(row),
            };
        }
        match self.cells(record) {
            Ok(cells) => row.cells = cells,
            Err(torn) => return self.no_text(row, record, torn, Reason::NotText),
        }
        if memchr::memchr(0, record.text).is_some() {
            let torn = (0..width).find(|&idx| record.get(idx).contains(&0));
            return self.no_text(row, record, torn.unwrap_or(0), Reason::NulCharacter);
        }
        if row.cells.are_blank(self.layout.columns.len()) {
            return self.blank(row, record);
        }
        match self.is_header(record) {
            true => skipped(row),
            false => Reading::Row(row),
        }
    }

    /// Uses the cells of a record that somebody corrected in `_raw`; it takes precedence
    /// over the cells next to it.
    fn take_corrected(&self, row: &mut SourceRow, record: Record<'_>) -> bool {
        let own = &self.layout.own;
        let Some(raw) = own.raw(record).filter(|raw| !raw.contains(&0)) else {
            return false;
        };
        // Only the beginning of an overlong record is there.
        if own.code(record) == RECORD_TOO_LONG {
            return false;
        }
        let Some(corrected) = self.raw_marks.corrected(raw, &self.layout.headers()) else {
            return false;
        };
        let columns = corrected.cells.len();
        let added = self.layout.cells[columns..].iter();
        let added = added.map(|cell| cell.map_or(&b""[..], |idx| record.get(idx)));
        let added = added.map(|cell| std::str::from_utf8(cell).unwrap_or_default());
        let cells = corrected.cells.iter().map(String::as_str);
        row.cells = Cells::new(cells.chain(added));
        if let (Some(kept), Some(line)) = (&mut row.kept, corrected.line) {
            kept.line = Some(line);
            row.stand_where_it_stood();
        }
        !row.cells.are_blank(columns)
    }

    /// Whether the cells next to a record that was corrected in `_raw` were filled in
    /// too, and differ.
    fn is_filled_otherwise(&self, row: &SourceRow, record: Record<'_>) -> bool {
        let columns = self.layout.columns.iter();
        let beside = || columns.clone().map(|&idx| trimmed(record.get(idx)));
        let is_filled = beside().any(|cell| !cell.is_empty());
        let mut both = beside().zip(row.cells.iter());
        is_filled && both.any(|(beside, corrected)| beside != trim_invisible(corrected))
    }

    /// Refuses a row that was corrected both in `_raw` and in its cells, keeping both.
    fn two_repairs(&self, mut row: SourceRow, record: Record<'_>) -> Reading {
        let columns = self.layout.columns.iter();
        row.cells = Cells::new(columns.map(|&idx| trimmed(record.get(idx))));
        let raw = self.layout.own.raw(record).unwrap_or_default();
        refused(
            row,
            Reason::RawAndCells,
            String::from_utf8_lossy(raw).into_owned(),
        )
    }

    /// The cells of a row, or the cell that is not text.
    fn cells(&self, record: Record<'_>) -> Result<Cells, usize> {
        if self.layout.is_plain
            && !self.text_formulas
            && record.len() == self.layout.width()
            && let Some(text) =
                encoding_rs::UTF_8.decode_without_bom_handling_and_without_replacement(record.text)
            && let Some(cells) = Cells::packed(&text, record.ends)
        {
            return Ok(cells);
        }
        let mut torn = None;
        let cells = Cells::new(self.layout.cells.iter().map(|cell| {
            let Some(idx) = *cell else { return "" };
            std::str::from_utf8(self.cell(record, idx)).unwrap_or_else(|_| {
                torn = torn.or(Some(idx));
                ""
            })
        }));
        torn.map_or(Ok(cells), Err)
    }

    /// A cell's intended text.
    fn cell<'r>(&self, record: Record<'r>, idx: usize) -> &'r [u8] {
        let cell = record.get(idx);
        match self.text_formulas {
            true => formula_text(cell).unwrap_or(cell),
            false => cell,
        }
    }

    /// No cell of the source is filled: an empty row, or a record that our refused.csv
    /// holds only as raw text.
    fn blank(&self, row: SourceRow, record: Record<'_>) -> Reading {
        let own = &self.layout.own;
        let Some(raw) = own.raw(record) else {
            return match emptied(own.code(record)) {
                Some(code) => refused(row, Reason::RawEmptied { code }, String::new()),
                None => skipped(row),
            };
        };
        let columns = self.layout.columns.len();
        let reason = match own.code(record) {
            b"UNCLOSED_QUOTE" => Reason::UnclosedQuote,
            RECORD_TOO_LONG => Reason::RecordTooLong { limit: LONGEST },
            _ => self
                .raw_marks
                .trouble(raw, &self.layout.headers())
                .unwrap_or_else(|| Reason::RaggedRow {
                    cells: self.raw_marks.width(raw),
                    columns,
                }),
        };
        refused(row, reason, String::from_utf8_lossy(raw).into_owned())
    }

    /// Refuses a record whose cells can't be named; it is kept whole.
    fn uncut(&self, row: SourceRow, reason: Reason, raw: &[u8]) -> Reading {
        let names = &self.layout.names;
        refused(row, reason, raw_text(raw, self.grammar, names))
    }

    /// Files that were joined from several repeat the header.
    fn is_header(&self, record: Record<'_>) -> bool {
        let mut cells = record.iter().zip(&self.layout.names);
        cells.all(|(cell, name)| is_name(cell, name))
    }

    /// Refuses a row, keeping the cells that are text.
    fn no_text(
        &self,
        mut row: SourceRow,
        record: Record<'_>,
        at: usize,
        reason: Reason,
    ) -> Reading {
        let cells = self.layout.columns.iter();
        let texts: Vec<_> = cells
            .map(|&idx| String::from_utf8_lossy(record.get(idx)))
            .collect();
        row.cells = Cells::new(texts.iter().map(AsRef::as_ref));
        let problem = Problem::new(reason)
            .column(self.layout.names[at].clone())
            .value(&String::from_utf8_lossy(record.get(at)));
        fallen(RowOutcome::early(row, RowEnd::Refused(problem.into())))
    }
}

/// Whether a cell of a header line is this name, which is kept without invisible
/// characters around it.
fn is_name(cell: &[u8], name: &str) -> bool {
    cell == name.as_bytes()
        || (cell.len() > name.len()
            && std::str::from_utf8(cell).is_ok_and(|cell| trim_invisible(cell) == name))
}

/// A cell without invisible characters around it; empty if it is not text.
fn trimmed(cell: &[u8]) -> &str {
    std::str::from_utf8(cell).map_or("", trim_invisible)
}

/// The code of a row that had nothing but its record in `_raw`, which somebody has emptied.
fn emptied(code: &[u8]) -> Option<&'static str> {
    let codes = ["RAGGED_ROW", "UNCLOSED_QUOTE", "RECORD_TOO_LONG"];
    codes.into_iter().find(|one| one.as_bytes() == code)
}

fn text_of(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).into_owned()
}

fn skipped(row: SourceRow) -> Reading {
    fallen(RowOutcome::early(row, RowEnd::Skipped))
}

/// Refuses a record whose cells can't be named, with the text for refused.csv.
fn refused(row: SourceRow, reason: Reason, raw: String) -> Reading {
    let refusal = Problem::new(reason).into();
    let mut outcome = RowOutcome::early(row, RowEnd::Refused(refusal));
    outcome.raw = Some(raw);
    fallen(outcome)
}

fn fallen(outcome: RowOutcome) -> Reading {
    Reading::Fallen(Box::new(outcome))
}
