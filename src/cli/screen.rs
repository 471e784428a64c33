//! A terminal that data is written to: characters that could control it are made visible.

use std::io::{self, Write};

use crate::model::visible::visible;

/// Makes control characters visible on their way through. A character may arrive in pieces.
pub struct Screen<W> {
    out: W,
    /// The beginning of a character whose other bytes have not arrived yet.
    begun: Vec<u8>,
}

impl<W: Write> Screen<W> {
    /// A screen that writes to `out`.
    pub fn new(out: W) -> Screen<W> {
        Screen {
            out,
            begun: Vec::new(),
        }
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.begun.len(),
        };
        let rest = self.begun.split_off(whole);
        let text = String::from_utf8_lossy(&self.begun);
        let written = self.out.write_all(visible(&text).as_bytes());
        drop(text);
        self.begun = rest;
        written.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_pieces_are_whole() {
        let text = "Grüße\u{9b}2J, 全角\u{202e}\u{1b}[2J\n";
        for size in 1..5 {
            let mut out = Vec::new();
            let mut screen = Screen::new(&mut out);
            for piece in text.as_bytes().chunks(size) {
                screen.write_all(piece).expect("written");
            }
            let expected = "Grüße⟪U+009B⟫2J, 全角⟪U+202E⟫␛[2J\n";
            assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
        }
    }
}
