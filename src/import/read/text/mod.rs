//! Bytes of any encoding → UTF-8, as a stream. As long as there is only ASCII the
//! encoding stays open; the first byte beyond it decides for the whole file, and
//! nothing has to be read twice.
//!
//! What can't be decoded becomes the byte 0xFF, which UTF-8 never holds: the row that
//! holds it is refused as not being text, and the rows around it are read.

pub(crate) mod encoding;
#[cfg(test)]
pub(crate) mod pieces;

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use crate::model::dialect::Encoding;
use encoding::{Opening, SAMPLE, of_sample};

/// How much is read for a decoder at once.
const CHUNK: usize = 64 * 1024;
/// Room for the decoded text; a character grows to three bytes at most.
const ROOM: usize = 3 * CHUNK;
/// Stands for bytes that can't be decoded.
const NO_TEXT: u8 = 0xFF;

/// A text as UTF-8.
pub(super) struct Text<R> {
    input: R,
    state: State,
    /// UTF-8, of which `at..end` has not been passed on yet.
    ready: Vec<u8>,
    at: usize,
    end: usize,
}

enum State {
    /// Only ASCII so far.
    Open,
    /// Passed on unchanged; the reader finds what is not valid.
    Utf8,
    /// Decoded.
    Foreign(Box<Foreign>),
}

/// A text that is being decoded.
struct Foreign {
    encoding: Encoding,
    decoder: Decoder,
    /// Raw bytes of the file, not decoded yet.
    bytes: Vec<u8>,
    input_ended: bool,
    flushed: bool,
}

impl State {
    /// The state of a text of this encoding, of which `bytes` were read already.
    fn of(encoding: Encoding, bytes: Vec<u8>) -> (State, Vec<u8>) {
        if encoding == Encoding::UTF_8 {
            return (State::Utf8, bytes);
        }
        let foreign = Foreign {
            encoding,
            decoder: encoding.codec().new_decoder_without_bom_handling(),
            bytes,
            input_ended: false,
            flushed: false,
        };
        (State::Foreign(Box::new(foreign)), vec![0; ROOM])
    }
}

impl<R: Read> Text<R> {
    /// A text with this beginning; `input` starts after the byte order mark.
    pub(super) fn new(input: R, opening: Opening) -> Text<R> {
        let (state, ready) = match opening.encoding {
            None => (State::Open, Vec::new()),
            Some(encoding) => State::of(encoding, Vec::new()),
        };
        Text {
            input,
            state,
            ready,
            at: 0,
            end: 0,
        }
    }

    /// The encoding; none if there was only ASCII so far.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        match &self.state {
            State::Open => None,
            State::Utf8 => Some(Encoding::UTF_8),
            State::Foreign(foreign) => Some(foreign.encoding),
        }
    }

    /// Passes ASCII on; at the first other byte, reads ahead and decides.
    fn read_open(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        if out[..count].is_ascii() {
            return Ok(count);
        }
        let ascii = out[..count].iter().take_while(|byte| byte.is_ascii());
        let first = ascii.count();
        let mut sample = out[first..count].to_vec();
        let ahead = SAMPLE.saturating_sub(sample.len()) as u64;
        let _len = (&mut self.input).take(ahead).read_to_end(&mut sample)?;
        let encoding = of_sample(&sample);
        self.end = if encoding == Encoding::UTF_8 {
            sample.len()
        } else {
            0
        };
        (self.state, self.ready) = State::of(encoding, sample);
        match first {
            0 => self.read(out),
            _ => Ok(first),
        }
    }

    fn give_ready(&mut self, out: &mut [u8]) -> usize {
        let ready = &self.ready[self.at..self.end];
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.at += count;
        count
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end {
            match &mut self.state {
                State::Open => return self.read_open(out),
                State::Utf8 => return self.input.read(out),
                State::Foreign(foreign) => {
                    self.at = 0;
                    self.end = foreign.decode_some(&mut self.input, &mut self.ready)?;
                }
            }
        }
        Ok(self.give_ready(out))
    }
}

impl Foreign {
    /// Decodes until something is ready, and returns how much; nothing at the end.
    fn decode_some(&mut self, input: &mut impl Read, ready: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 && !self.flushed {
            if self.bytes.is_empty() && !self.input_ended {
                let count = input.take(CHUNK as u64).read_to_end(&mut self.bytes)?;
                self.input_ended = count == 0;
            }
            written = self.decode(ready);
        }
        Ok(written)
    }

    /// Decodes what was read.
    fn decode(&mut self, ready: &mut [u8]) -> usize {
        let (mut taken, mut written) = (0, 0);
        // One byte is kept free for the mark.
        let room = ready.len() - 1;
        while written < room {
            let (result, read, decoded) = self.decoder.decode_to_utf8_without_replacement(
                &self.bytes[taken..],
                &mut ready[written..room],
                self.input_ended,
            );
            taken += read;
            written += decoded;
            match result {
                DecoderResult::Malformed(_, _) => {
                    ready[written] = NO_TEXT;
                    written += 1;
                }
                DecoderResult::InputEmpty => {
                    self.flushed = self.input_ended;
                    break;
                }
                DecoderResult::OutputFull => break,
            }
        }
        let _taken = self.bytes.drain(..taken);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::encoding::opening;
    use super::pieces::Pieces;
    use super::*;

    /// Decodes as the first `looked` bytes suggest.
    fn decode(bytes: &[u8], looked: usize, piece: usize) -> (Vec<u8>, Option<&'static str>) {
        let opening = opening(&bytes[..looked.min(bytes.len())], None);
        let mut text = Text::new(Pieces(&bytes[opening.mark..], piece), opening);
        let (mut all, mut space) = (Vec::new(), [0; 5]);
        loop {
            match text.read(&mut space).expect("reading from memory") {
                0 => return (all, text.encoding().map(Encoding::name)),
                count => all.extend_from_slice(&space[..count]),
            }
        }
    }

    #[test]
    fn the_first_byte_beyond_ascii_decides_wherever_it_stands() {
        let ascii = "Id,Subject\n".repeat(50);
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("Größe, Café, 5 €");
        let bytes = [ascii.as_bytes(), &latin].concat();
        let expected = format!("{ascii}Größe, Café, 5 €");
        for piece in [1, 7, 1_000] {
            let (text, encoding) = decode(&bytes, 10, piece);
            assert_eq!(String::from_utf8_lossy(&text), expected);
            assert_eq!(encoding, Some("windows-1252"));
            let (text, encoding) = decode(expected.as_bytes(), 10, piece);
            assert_eq!(String::from_utf8_lossy(&text), expected);
            assert_eq!(encoding, Some("UTF-8"));
        }
        assert_eq!(decode(ascii.as_bytes(), 10, 7), (ascii.into_bytes(), None));
    }

    #[test]
    fn what_is_no_text_is_marked_and_the_rest_is_read() {
        let units: Vec<u8> = [0xFEFF, 0x61, 0xD800, 0x62, 0x20AC]
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .chain([0x63])
            .collect();
        let (text, encoding) = decode(&units, 100, 3);
        assert_eq!(text, b"a\xFFb\xE2\x82\xAC\xFF");
        assert_eq!(encoding, Some("UTF-16LE"));
        let broken = "é".repeat(9).into_bytes();
        let broken = [&broken, b"\xE9,".as_slice(), &broken].concat();
        assert_eq!(decode(&broken, 5, 4).0, broken);
    }

    proptest::proptest! {
        #[test]
        fn texts_come_back_from_every_encoding(text in "[a-z,ü€\n\u{1F600}]{0,80}", piece in 1_usize..40) {
            let utf16 = |unit: u16| unit.to_be_bytes();
            let bytes: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(utf16).collect();
            let (decoded, _) = decode(&bytes, 100, piece);
            proptest::prop_assert_eq!(String::from_utf8_lossy(&decoded), text.as_str());
            let (decoded, _) = decode(text.as_bytes(), 1, piece);
            proptest::prop_assert_eq!(decoded, text.into_bytes());
        }
    }
}
