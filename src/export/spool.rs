//! Pages are stored in one file as they arrive and read again in id order: so output is in order
//! although pages are not, memory use is constant, and an interrupted export can continue.
//!
//! `<name>.rows` holds a JSON line for each ticket, `<name>.pages` a JSON line for each page,
//! written after its rows. A truncated line, or one whose rows are incomplete, ends the valid part;
//! the rest is read from the portal again. What a line holds is up to `Kept`: tickets as they are
//! listed, or what they are linked to.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::output::open_regular;

/// What a spool keeps: data of one ticket.
pub trait Kept: Serialize + DeserializeOwned {
    /// Id of the ticket.
    fn id(&self) -> u64;
}

/// A ticket as it was read: its id, and its values in the order of the requested properties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Record id.
    pub id: u64,
    /// Values; none if nothing is set.
    pub values: Vec<Option<String>>,
    /// True for a ticket in the recycle bin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// When the record was created, changed and archived.
    #[serde(default)]
    pub times: Times,
    /// Former and present values of each property whose history was requested, in their order;
    /// empty if none was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Vec<Version>>,
}

impl Kept for Ticket {
    fn id(&self) -> u64 {
        self.id
    }
}

/// Times of a record, as the portal writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// When it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// When it went to the recycle bin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<String>,
}

/// A value that a property of a ticket has or had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The value; "" if it was cleared.
    pub value: String,
    /// Since when, as the portal writes it.
    pub at: String,
    /// What set it, as HubSpot calls it: `CRM_UI`, `INTEGRATION`…
    pub source: String,
    /// Which one of that source: an app, an import, a workflow.
    #[serde(default)]
    pub source_id: String,
    /// Id of the user who set it, if a user did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// Where a page belongs, and how to continue after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageMark {
    /// First id of the range that it is part of.
    pub range: u64,
    /// Its first and last id.
    pub ids: (u64, u64),
    /// Cursor of the range after it; none once the range is complete.
    pub after: Option<String>,
    /// Number of tickets.
    pub tickets: usize,
}

/// A page in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    mark: PageMark,
    offset: u64,
    bytes: u64,
    hash: String,
}

/// The open spool.
#[derive(Debug)]
pub struct Spool {
    rows: File,
    pages: File,
    rows_path: PathBuf,
    entries: Vec<Entry>,
    end: u64,
}

impl Spool {
    /// Opens the spool of this name in a folder, and keeps the valid part of what an earlier
    /// process wrote.
    pub fn open(folder: &Path, name: &str) -> io::Result<Spool> {
        let rows_path = folder.join(format!("{name}.rows"));
        let mut rows = open(&rows_path)?;
        let mut pages = open(&folder.join(format!("{name}.pages")))?;
        let (entries, whole) = whole_entries(&mut rows, &mut pages)?;
        let end = entries.last().map_or(0, |last| last.offset + last.bytes);
        rows.set_len(end)?;
        pages.set_len(whole)?;
        let _end = rows.seek(SeekFrom::End(0))?;
        let _end = pages.seek(SeekFrom::End(0))?;
        Ok(Spool {
            rows,
            pages,
            rows_path,
            entries,
            end,
        })
    }

    /// The pages so far, in the order in which they arrived.
    pub fn marks(&self) -> impl Iterator<Item = &PageMark> {
        self.entries.iter().map(|entry| &entry.mark)
    }

    /// Tickets so far.
    pub fn tickets(&self) -> u64 {
        self.marks().map(|mark| mark.tickets as u64).sum()
    }

    /// Bytes of its rows.
    pub fn bytes(&self) -> u64 {
        self.end
    }

    /// Adds the tickets of one page, in id order; an empty page is skipped.
    pub fn add<T: Kept>(
        &mut self,
        range: u64,
        after: Option<String>,
        tickets: &[T],
    ) -> io::Result<()> {
        let (Some(first), Some(last)) = (tickets.first(), tickets.last()) else {
            return Ok(());
        };
        let mark = PageMark {
            range,
            ids: (first.id(), last.id()),
            after,
            tickets: tickets.len(),
        };
        let mut lines = Vec::new();
        for ticket in tickets {
            serde_json::to_writer(&mut lines, ticket)?;
            lines.push(b'\n');
        }
        let entry = Entry {
            mark,
            offset: self.end,
            bytes: lines.len() as u64,
            hash: blake3::hash(&lines).to_hex().to_string(),
        };
        self.rows.write_all(&lines)?;
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        self.pages.write_all(&line)?;
        self.end += entry.bytes;
        self.entries.push(entry);
        Ok(())
    }

    /// Forgets everything.
    pub fn clear(&mut self) -> io::Result<()> {
        for file in [&mut self.rows, &mut self.pages] {
            file.set_len(0)?;
            file.rewind()?;
        }
        self.entries.clear();
        self.end = 0;
        Ok(())
    }

    /// All tickets in id order, a page in memory at a time.
    pub fn read<T: Kept>(&self) -> io::Result<InOrder<T>> {
        let mut pages: Vec<(u64, u64, u64)> = self
            .entries
            .iter()
            .map(|entry| (entry.mark.ids.0, entry.offset, entry.bytes))
            .collect();
        pages.sort_unstable_by(|left, right| right.cmp(left));
        Ok(InOrder {
            rows: File::open(&self.rows_path)?,
            pages,
            page: Vec::new().into_iter(),
        })
    }
}

/// Tickets of a spool in id order.
#[derive(Debug)]
pub struct InOrder<T> {
    rows: File,
    /// First id, place and length of the pages that are left, the next one last.
    pages: Vec<(u64, u64, u64)>,
    page: std::vec::IntoIter<T>,
}

impl<T: Kept> Iterator for InOrder<T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<io::Result<T>> {
        loop {
            if let Some(ticket) = self.page.next() {
                return Some(Ok(ticket));
            }
            let (_, offset, bytes) = self.pages.pop()?;
            match read_page(&mut self.rows, offset, bytes) {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Tickets in the spool of this name, according to its pages; for display only.
pub fn tickets_in(folder: &Path, name: &str) -> u64 {
    let pages = folder.join(format!("{name}.pages"));
    let Ok(pages) = open_regular(&pages, OpenOptions::new().read(true)) else {
        return 0;
    };
    // More than any of our exports has.
    let lines = BufReader::new(pages.take(1 << 30)).lines();
    let lines = lines.map_while(Result::ok);
    let pages = lines.map_while(|line| serde_json::from_str::<Entry>(&line).ok());
    pages.map(|entry| entry.mark.tickets as u64).sum()
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let _same = options.read(true).write(true).create(true).truncate(false);
    open_regular(path, &mut options)
}

/// The entries whose rows are complete, and the length of their lines.
fn whole_entries(rows: &mut File, pages: &mut File) -> io::Result<(Vec<Entry>, u64)> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut whole = 0;
    let mut lines = BufReader::new(pages);
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = lines.read_until(b'\n', &mut line)? as u64;
        let Ok(entry) = serde_json::from_slice::<Entry>(&line) else {
            return Ok((entries, whole));
        };
        let expected = entries.last().map_or(0, |last| last.offset + last.bytes);
        let held = line.ends_with(b"\n") && entry.offset == expected && is_whole(rows, &entry)?;
        if !held {
            return Ok((entries, whole));
        }
        whole += bytes;
        entries.push(entry);
    }
}

fn is_whole(rows: &mut File, entry: &Entry) -> io::Result<bool> {
    if rows.metadata()?.len() < entry.offset + entry.bytes {
        return Ok(false);
    }
    let bytes = read_bytes(rows, entry.offset, entry.bytes)?;
    Ok(blake3::hash(&bytes).to_hex().as_str() == entry.hash)
}

fn read_bytes(rows: &mut File, offset: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let _at = rows.seek(SeekFrom::Start(offset))?;
    let mut read = Vec::new();
    let _bytes = rows.take(bytes).read_to_end(&mut read)?;
    Ok(read)
}

fn read_page<T: Kept>(rows: &mut File, offset: u64, bytes: u64) -> io::Result<Vec<T>> {
    let lines = read_bytes(rows, offset, bytes)?;
    let tickets = serde_json::Deserializer::from_slice(&lines).into_iter();
    tickets
        .map(|ticket| ticket.map_err(io::Error::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: u64) -> Ticket {
        Ticket {
            id,
            values: vec![Some(format!("line\n{id}")), None],
            archived: id.is_multiple_of(2),
            times: Times::default(),
            history: vec![vec![Version::default()]],
        }
    }

    fn ids(spool: &Spool) -> Vec<u64> {
        let tickets = spool.read::<Ticket>().expect("readable");
        tickets.map(|ticket| ticket.expect("a ticket").id).collect()
    }

    #[test]
    fn pages_come_back_in_id_order_and_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spool = Spool::open(folder.path(), "live").expect("new");
        for page in [&[7, 9][..], &[1, 2, 3], &[], &[5]] {
            let tickets: Vec<Ticket> = page.iter().copied().map(ticket).collect();
            spool.add(1, None, &tickets).expect("written");
        }
        assert_eq!(ids(&spool), [1, 2, 3, 5, 7, 9]);
        let mut tickets = spool.read::<Ticket>().expect("readable");
        let second = tickets.nth(1).expect("a second");
        assert_eq!(second.expect("a ticket"), ticket(2));
    }

    #[test]
    fn wherever_a_file_is_cut_whole_pages_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spool = Spool::open(folder.path(), "live").expect("new");
        for page in 0..3 {
            let tickets = [ticket(page * 10), ticket(page * 10 + 1)];
            spool
                .add(0, Some(page.to_string()), &tickets)
                .expect("written");
        }
        for name in ["live.rows", "live.pages"] {
            let whole = std::fs::read(folder.path().join(name)).expect("a file");
            for cut in (0..whole.len()).rev() {
                let other = tempfile::tempdir().expect("a folder");
                for file in ["live.rows", "live.pages"] {
                    let from = folder.path().join(file);
                    let _bytes = std::fs::copy(from, other.path().join(file)).expect("copied");
                }
                std::fs::write(other.path().join(name), &whole[..cut]).expect("cut");
                let mut spool = Spool::open(other.path(), "live").expect("opens");
                let left = ids(&spool);
                assert!(left.len() < 6 && left.len().is_multiple_of(2), "{left:?}");
                spool.add(0, None, &[ticket(90)]).expect("goes on");
                drop(spool);
                let spool = Spool::open(other.path(), "live").expect("opens");
                assert_eq!(ids(&spool), [left, vec![90]].concat());
            }
        }
    }
}
