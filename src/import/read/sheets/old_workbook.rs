//! The cell positions of an old workbook (.xls), checked before the workbook reader opens
//! it: the reader allocates memory for a whole sheet at once, and a cell in an impossible
//! column would take all of it.

/// Columns of an old sheet.
const COLUMNS: u32 = 256;
/// Rows of an old sheet.
const ROWS: u32 = 65_536;
/// How many times the whole stream may be scanned: once for each sheet.
const MOST_PASSES: usize = 64;

/// Whether all cells are within an old sheet. A file that is not such a workbook, or is
/// encrypted, has none: the reader reports what is wrong with it.
pub(crate) fn cells_fit(file: &[u8]) -> bool {
    let Some(stream) = workbook_stream(file) else {
        return true;
    };
    let mut starts = vec![0];
    let mut record = 0;
    while let Some((id, payload, next)) = record_at(&stream, record) {
        match id {
            FILE_PASS => return true,
            BOUND_SHEET => starts.extend(long(payload, 0).map(|at| at as usize)),
            _ => {}
        }
        record = next;
    }
    starts.sort_unstable();
    starts.dedup();
    starts.len() <= MOST_PASSES && starts.into_iter().all(|start| records_fit(&stream, start))
}

const FILE_PASS: u16 = 0x2F;
const BOUND_SHEET: u16 = 0x85;
const DIMENSIONS: u16 = 0x200;
/// Records that hold one cell, or begin with the first of several.
const CELLS: [u16; 10] = [
    0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E,
];
/// Those with several cells end with the column of the last.
const SEVERAL: [u16; 2] = [0xBD, 0xBE];

fn records_fit(stream: &[u8], start: usize) -> bool {
    let mut at = start;
    while let Some((id, payload, next)) = record_at(stream, at) {
        let column_fits =
            |place: usize| short(payload, place).is_none_or(|at| u32::from(at) < COLUMNS);
        let fits = match id {
            DIMENSIONS if payload.len() >= 14 => {
                long(payload, 4).is_none_or(|rows| rows <= ROWS)
                    && long(payload, 0).is_none_or(|rows| rows <= ROWS)
                    && short(payload, 10).is_none_or(|columns| u32::from(columns) <= COLUMNS)
            }
            DIMENSIONS => short(payload, 6).is_none_or(|columns| u32::from(columns) <= COLUMNS),
            id if SEVERAL.contains(&id) => {
                column_fits(2) && column_fits(payload.len().saturating_sub(2))
            }
            id if CELLS.contains(&id) => column_fits(2),
            _ => true,
        };
        if !fits {
            return false;
        }
        at = next;
    }
    true
}

/// A record: its kind, what is in it, and where the next one begins.
fn record_at(stream: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let rest = stream.get(at..)?;
    let (id, len) = (short(rest, 0)?, short(rest, 2)?);
    let end = 4 + usize::from(len);
    let payload = rest.get(4..end.min(rest.len()))?;
    Some((id, payload, at + end))
}

/// The workbook stream of a compound file, assembled from its sectors.
fn workbook_stream(file: &[u8]) -> Option<Vec<u8>> {
    let shift = short(file, 30).filter(|shift| matches!(shift, 9 | 12))?;
    let sectors = Sectors {
        bytes: file.get(1 << shift..)?,
        size: 1 << shift,
        next: table(file, 1 << shift)?,
    };
    let folder = sectors.chain(long(file, 48)?);
    let entries = folder.chunks_exact(128);
    let named = |wanted: &str| {
        entries.clone().find(|entry| {
            let name: Vec<u8> = wanted.encode_utf16().flat_map(u16::to_le_bytes).collect();
            entry.starts_with(&name) && entry[name.len()..].starts_with(&[0, 0])
        })
    };
    let book = named("Workbook").or_else(|| named("Book"))?;
    let (start, size) = (long(book, 116)?, long(book, 120)?);
    let mut stream = match size < long(file, 56)? {
        false => sectors.chain(start),
        true => {
            let root = entries.clone().next()?;
            let links = sectors.chain(long(file, 60)?);
            let small = Sectors {
                bytes: &sectors.chain(long(root, 116)?),
                size: 64,
                next: (0..links.len() / 4)
                    .filter_map(|idx| long(&links, 4 * idx))
                    .collect(),
            };
            small.chain(start)
        }
    };
    stream.truncate(size as usize);
    Some(stream)
}

/// Sectors of one size, and which follows which.
struct Sectors<'a> {
    bytes: &'a [u8],
    size: usize,
    next: Vec<u32>,
}

impl Sectors<'_> {
    /// The sectors from this one on; never more than exist.
    fn chain(&self, start: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = start;
        for _piece in 0..=self.bytes.len() / self.size {
            let from = (at as usize).saturating_mul(self.size);
            let Some(rest) = self.bytes.get(from..) else {
                break;
            };
            bytes.extend_from_slice(&rest[..rest.len().min(self.size)]);
            match self.next.get(at as usize) {
                Some(next) => at = *next,
                None => break,
            }
        }
        bytes
    }
}

/// Which sector follows which: the table's own sectors are listed in the head of the
/// file, and in a chain of further lists.
fn table(file: &[u8], size: usize) -> Option<Vec<u32>> {
    let sector = |number: u32| {
        let from = (number as usize).checked_add(1)?.checked_mul(size)?;
        file.get(from..from.checked_add(size)?)
    };
    let mut parts: Vec<u32> = (0..109)
        .filter_map(|idx| long(file, 76 + 4 * idx))
        .collect();
    let mut list = long(file, 68)?;
    for _list in 0..file.len() / size {
        let Some(bytes) = sector(list) else { break };
        let last = size / 4 - 1;
        parts.extend((0..last).filter_map(|idx| long(bytes, 4 * idx)));
        list = long(bytes, 4 * last)?;
    }
    let parts = parts.into_iter().filter_map(sector);
    let links = parts.flat_map(|bytes| (0..size / 4).filter_map(|idx| long(bytes, 4 * idx)));
    Some(links.take(file.len() / size + 1).collect())
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
