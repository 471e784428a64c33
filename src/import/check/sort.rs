//! Sorting more than memory holds: fixed-size records are sorted in pieces, each piece
//! is written to a temporary file, and the pieces are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::vec;

/// Records that are kept in memory; of four numbers each, they take 8 MiB.
const PIECE: usize = 1 << 18;

/// Accepts records of `N` numbers in any order.
pub struct Sorter<const N: usize> {
    piece: Vec<[u64; N]>,
    most: usize,
    spilled: Vec<File>,
}

impl<const N: usize> Sorter<N> {
    /// A sorter without records.
    pub fn new() -> Sorter<N> {
        Sorter::with_piece(PIECE)
    }

    fn with_piece(most: usize) -> Sorter<N> {
        Sorter {
            piece: Vec::new(),
            most,
            spilled: Vec::new(),
        }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// When the folder of temporary files is full or can't be written.
    pub fn push(&mut self, record: [u64; N]) -> io::Result<()> {
        self.piece.push(record);
        match self.piece.len() < self.most {
            true => Ok(()),
            false => self.spill(),
        }
    }

    /// All records in ascending order.
    pub fn sorted(mut self) -> io::Result<Sorted<N>> {
        if self.spilled.is_empty() {
            self.piece.sort_unstable();
            let piece = std::mem::take(&mut self.piece);
            return Sorted::new(vec![Piece::Held(piece.into_iter())]);
        }
        self.spill()?;
        // The piece's memory is freed before the merge allocates its own.
        self.piece = Vec::new();
        let spilled = std::mem::take(&mut self.spilled).into_iter();
        Sorted::new(
            spilled
                .map(|file| Piece::Spilled(BufReader::new(file)))
                .collect(),
        )
    }

    fn spill(&mut self) -> io::Result<()> {
        self.piece.sort_unstable();
        let mut file = tempfile::tempfile()?;
        let mut writer = BufWriter::new(&mut file);
        for number in self.piece.iter().flatten() {
            writer.write_all(&number.to_le_bytes())?;
        }
        writer.flush()?;
        drop(writer);
        file.rewind()?;
        self.spilled.push(file);
        self.piece.clear();
        Ok(())
    }
}

/// A sorted piece.
enum Piece<const N: usize> {
    Held(vec::IntoIter<[u64; N]>),
    Spilled(BufReader<File>),
}

impl<const N: usize> Piece<N> {
    fn next(&mut self) -> io::Result<Option<[u64; N]>> {
        let reader = match self {
            Piece::Held(records) => return Ok(records.next()),
            Piece::Spilled(reader) => reader,
        };
        let mut record = [0; N];
        for (idx, number) in record.iter_mut().enumerate() {
            let mut bytes = [0; size_of::<u64>()];
            match reader.read_exact(&mut bytes) {
                Err(error) if idx == 0 && error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                read => read?,
            }
            *number = u64::from_le_bytes(bytes);
        }
        Ok(Some(record))
    }
}

/// Records in ascending order, merged from the pieces.
pub struct Sorted<const N: usize> {
    pieces: Vec<Piece<N>>,
    heads: BinaryHeap<Reverse<([u64; N], usize)>>,
}

impl<const N: usize> Sorted<N> {
    fn new(mut pieces: Vec<Piece<N>>) -> io::Result<Sorted<N>> {
        let mut heads = BinaryHeap::with_capacity(pieces.len());
        for (idx, piece) in pieces.iter_mut().enumerate() {
            heads.extend(piece.next()?.map(|record| Reverse((record, idx))));
        }
        Ok(Sorted { pieces, heads })
    }

    /// The next record, or nothing at the end.
    pub fn next(&mut self) -> io::Result<Option<[u64; N]>> {
        let Some(mut head) = self.heads.peek_mut() else {
            return Ok(None);
        };
        let Reverse((record, idx)) = *head;
        match self.pieces[idx].next()? {
            Some(next) => *head = Reverse((next, idx)),
            None => drop(PeekMut::pop(head)),
        }
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_come_back_in_order_however_many_pieces_there_are(
            records in proptest::collection::vec(any::<[u64; 2]>(), 0..60),
            piece in 1..20usize,
        ) {
            let mut sorter = Sorter::with_piece(piece);
            for record in &records {
                sorter.push(*record).expect("taken");
            }
            let mut sorted = sorter.sorted().expect("sorted");
            let mut found = Vec::new();
            while let Some(record) = sorted.next().expect("read back") {
                found.push(record);
            }
            let mut expected = records;
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
