//! Limits of XML archives, checked before the workbook reader, which keeps some members in
//! memory, opens them: the members are unpacked once and inspected on the way.

use std::fs::File;
use std::io::{self, Read};

use zip::ZipArchive;

use crate::error::Error;
use crate::import::read::trouble::unusable;

/// Bytes of the members that are kept in memory, unpacked.
pub(crate) const MOST_IN_MEMORY: u64 = 512 << 20;
/// Bytes of a sheet that is streamed, unpacked. A sheet of a million rows has some GiB.
const MOST_STREAMED: u64 = 16 << 30;
/// Bytes of XML between two tags. A cell has at most 32,767 characters.
const LONGEST: usize = 4 << 20;
/// Members of an archive.
const MOST_MEMBERS: usize = 10_000;

/// Members whose content is read.
const XML: [&str; 3] = [".xml", ".rels", ".bin"];

/// Checks the members of a workbook; the caller says whether its sheets are streamed.
///
/// # Errors
/// When it is damaged, encrypted, or holds more than a workbook can.
pub(crate) fn check(file: &File, name: &str, sheets_are_streamed: bool) -> Result<(), Error> {
    let damaged = |error: &dyn std::fmt::Display| {
        unusable(name, format!("the workbook is damaged: {error}"))
            .advise("open it in a spreadsheet and save it again, or export it again")
    };
    let file = file.try_clone().map_err(|error| unusable(name, error))?;
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(&error))?;
    if archive.len() > MOST_MEMBERS {
        return Err(harmful(name));
    }
    let mut in_memory = 0;
    for idx in 0..archive.len() {
        let member = archive.by_index(idx).map_err(|error| damaged(&error))?;
        let path = member.name().map_err(|error| damaged(&error))?;
        let path = path.to_lowercase();
        if !XML.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        let is_streamed = sheets_are_streamed && path.contains("worksheets/");
        let most = if is_streamed {
            MOST_STREAMED
        } else {
            MOST_IN_MEMORY - in_memory
        };
        let seen =
            look(member.take(most + 1), path.ends_with(".bin")).map_err(|error| damaged(&error))?;
        let Some(seen) = seen else {
            return Err(harmful(name));
        };
        if seen > most {
            return Err(too_large(name));
        }
        in_memory += if is_streamed { 0 } else { seen };
    }
    Ok(())
}

/// Unpacks a member and counts its bytes; none if it is harmful: an endless text, or a claim to
/// hold more than it has bytes for.
fn look(mut member: impl Read, is_binary: bool) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; 1 << 16];
    let mut count = 0_u64;
    let mut run = 0;
    let mut claimed = 0;
    loop {
        let len = member.read(&mut buffer)?;
        let bytes = &buffer[..len];
        if len == 0 {
            return Ok((claimed <= count).then_some(count));
        }
        if count == 0 {
            claimed = claim(bytes);
        }
        count += len as u64;
        let marks = memchr::memchr(b'<', bytes).zip(memchr::memrchr(b'<', bytes));
        let before = marks.map_or(len, |(first, _)| first);
        if run + before > LONGEST && !is_binary {
            return Ok(None);
        }
        run = marks.map_or(run + len, |(_, last)| len - last);
    }
}

/// How many texts a member's head claims to have: memory is allocated for them.
fn claim(head: &[u8]) -> u64 {
    const KEY: &[u8] = b"uniqueCount";
    let Some(at) = memchr::memmem::find(head, KEY) else {
        return 0;
    };
    let digits: Vec<u8> = head[at + KEY.len()..]
        .iter()
        .copied()
        .skip_while(|byte| !byte.is_ascii_digit())
        .take_while(u8::is_ascii_digit)
        .collect();
    String::from_utf8(digits)
        .ok()
        .filter(|digits| !digits.is_empty())
        .map_or(0, |digits| digits.parse().unwrap_or(u64::MAX))
}

/// A workbook that would not fit into memory.
pub(crate) fn too_large(name: &str) -> Error {
    unusable(name, "the workbook holds more than is read of one")
        .advise("save its sheet as \"CSV UTF-8\", which is read in any size")
}

/// A workbook that is too large to be real.
pub(crate) fn harmful(name: &str) -> Error {
    unusable(name, "the workbook claims to hold more than it can")
        .advise("the file is damaged, or made to do harm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_and_texts_without_end_are_refused() {
        let seen = |text: &[u8]| look(text, false).expect("memory does not fail");
        assert_eq!(seen(b"<sst uniqueCount=\"2\"><si/><si/></sst>"), Some(37));
        assert_eq!(
            seen(b"<sst uniqueCount=\"18446744073709551615\"><si/></sst>"),
            None
        );
        assert_eq!(seen(b"<sst uniqueCount='99999999999999999999999'/>"), None);
        let long = [b"<t>".to_vec(), vec![b'a'; LONGEST + 1], b"</t>".to_vec()].concat();
        assert_eq!(seen(&long), None);
        assert_eq!(
            look(long.as_slice(), true).expect("read"),
            Some(long.len() as u64)
        );
    }
}
