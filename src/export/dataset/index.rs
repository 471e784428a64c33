//! What a data set knows about each of its tickets: the part that it is in, and hashes of what was
//! written, by which a run detects changes. In `_state.ids`, 32 bytes a ticket: id, part, flags,
//! hash of the row, hash of the links, little-endian.

use std::io::{self, ErrorKind, Read, Write};

/// Begins the file.
const HEAD: &[u8; 8] = b"thids\x01\0\0";

/// Bytes of an entry.
const BYTES: usize = 32;

/// Entries that are written at once.
const AT_ONCE: usize = 1_000;

const ARCHIVED: u32 = 1;
const MISFIT: u32 = 2;

/// One ticket of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Record id.
    pub id: u64,
    /// Place of its part among the set's parts.
    pub part: u32,
    /// Whether it lies in the recycle bin.
    pub archived: bool,
    /// Whether one of its values does not fit its column: every run tries it again.
    pub misfit: bool,
    /// Hash of what was read for it.
    pub row: u64,
    /// Hash of its links.
    pub links: u64,
}

/// Writes entries, which are in id order.
pub fn write(entries: &[Entry], to: &mut impl Write) -> io::Result<()> {
    to.write_all(HEAD)?;
    let mut bytes = Vec::with_capacity(AT_ONCE * BYTES);
    for entries in entries.chunks(AT_ONCE) {
        bytes.clear();
        for entry in entries {
            let archived = if entry.archived { ARCHIVED } else { 0 };
            let misfit = if entry.misfit { MISFIT } else { 0 };
            bytes.extend(entry.id.to_le_bytes());
            bytes.extend(entry.part.to_le_bytes());
            bytes.extend((archived | misfit).to_le_bytes());
            bytes.extend(entry.row.to_le_bytes());
            bytes.extend(entry.links.to_le_bytes());
        }
        to.write_all(&bytes)?;
    }
    Ok(())
}

/// The entries in a file of this many bytes. They take a large share of a run's memory, so they are
/// never held twice.
///
/// # Errors
/// `InvalidData` when it is not one of ours, or ids don't ascend.
pub fn read(mut file: impl Read, bytes: u64) -> io::Result<Vec<Entry>> {
    let damaged = || io::Error::new(ErrorKind::InvalidData, "it is damaged");
    let cut = |error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => damaged(),
        _ => error,
    };
    let rest = bytes.checked_sub(HEAD.len() as u64);
    let rest = rest.filter(|rest| rest.is_multiple_of(BYTES as u64));
    let many = rest.ok_or_else(damaged)? / BYTES as u64;
    let mut head = [0; HEAD.len()];
    file.read_exact(&mut head).map_err(cut)?;
    let mut entries: Vec<Entry> = Vec::new();
    entries.reserve_exact(usize::try_from(many).map_err(|_| damaged())?);
    for _ in 0..many {
        let mut bytes = [0; BYTES];
        file.read_exact(&mut bytes).map_err(cut)?;
        entries.push(entry(&bytes));
    }
    let ascends = entries.is_sorted_by(|left, right| left.id < right.id);
    match head == *HEAD && ascends {
        true => Ok(entries),
        false => Err(damaged()),
    }
}

fn entry(bytes: &[u8; BYTES]) -> Entry {
    let number = |at: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(eight)
    };
    let half = |at: usize| {
        let mut four = [0; 4];
        four.copy_from_slice(&bytes[at..at + 4]);
        u32::from_le_bytes(four)
    };
    Entry {
        id: number(0),
        part: half(8),
        archived: half(12) & ARCHIVED != 0,
        misfit: half(12) & MISFIT != 0,
        row: number(16),
        links: number(24),
    }
}

/// The entry of a ticket, if it is in the set.
pub fn of(entries: &[Entry], id: u64) -> Option<&Entry> {
    let place = entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
    entries.get(place)
}

/// A hash of the size that an entry holds.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_damage_is_seen() {
        let entry = |id: u64| Entry {
            id,
            part: 7,
            archived: id.is_multiple_of(2),
            misfit: id == 3,
            row: u64::MAX - id,
            links: id,
        };
        let entries: Vec<Entry> = (1..=5).map(entry).collect();
        let written = |entries: &[Entry]| {
            let mut bytes = Vec::new();
            write(entries, &mut bytes).expect("written");
            bytes
        };
        let read = |bytes: &[u8]| read(bytes, bytes.len() as u64);
        let bytes = written(&entries);
        assert_eq!(read(&bytes).expect("read"), entries);
        assert_eq!(of(&entries, 3), Some(&entries[2]));
        assert_eq!(of(&entries, 9), None);
        for cut in 0..bytes.len() {
            let whole = (cut >= 8) && (cut - 8).is_multiple_of(32);
            assert_eq!(read(&bytes[..cut]).is_ok(), whole, "{cut}");
        }
        let twice = [entries[0], entries[0]];
        assert!(read(&written(&twice)).is_err());
    }
}
