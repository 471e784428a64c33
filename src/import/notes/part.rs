//! Notes as they are sent (protocol H4): a text longer than HubSpot accepts becomes
//! numbered parts, each of them complete HTML. Also what a note says without its markup,
//! by which it is compared with what the portal returns.

use crate::model::note::Note;

/// HubSpot: `hs_note_body` and similar properties take 65,536 characters, counted here in UTF-16
/// units.
const LONGEST: usize = 65_536;

/// The longest key that is written as it is; longer ones are hashed. With the number of a
/// part and of a second try it stays below 100.
const LONGEST_KEY: usize = 88;

/// A note, or a part of one, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its key, with the number of the part if there are several.
    pub(super) key: String,
    /// Its text as HTML, without a mark.
    pub(super) body: String,
}

/// The parts of a note; a single one if it is short enough. They have room for a mark,
/// whether one is needed or not, so they are the same however the portal stores keys.
pub(super) fn parts(note: &Note) -> Vec<Part> {
    let key = short(&note.key);
    let room = units(&marked_body("", &format!("{key}#99999")));
    if units(&note.body) + room <= LONGEST {
        return vec![Part {
            key,
            body: note.body.clone(),
        }];
    }
    let pieces = cut(&note.body, LONGEST - room - units(&head(99_999, 99_999)));
    let n_pieces = pieces.len();
    let part = |(number, piece): (usize, String)| Part {
        key: format!("{key}#{number}"),
        body: head(number, n_pieces) + &piece,
    };
    (1..).zip(pieces).map(part).collect()
}

/// The first line of a part.
fn head(number: usize, of: usize) -> String {
    format!("<p>[part {number} of {of}]</p>")
}

/// A key as a property can hold it.
fn short(key: &str) -> String {
    match key.chars().count() <= LONGEST_KEY {
        true => key.to_owned(),
        false => blake3::hash(key.as_bytes()).to_hex()[..32].to_owned(),
    }
}

/// The mark of a key, as it is in a text.
pub(super) fn mark(key: &str) -> String {
    let key = key.replace('&', "&amp;");
    format!("[{}]", key.replace('<', "&lt;").replace('>', "&gt;"))
}

/// A text with the mark of a key as its last line.
pub(super) fn marked_body(body: &str, key: &str) -> String {
    format!("{body}<p>{}</p>", mark(key))
}

/// Whether a text ends in the mark of a key, whatever tags a portal has put around it.
pub(super) fn ends_in_mark(body: &str, key: &str) -> bool {
    let mut rest = match body.rsplit_once(&mark(key)) {
        Some((_, behind)) => behind.trim_start(),
        None => return false,
    };
    while let Some(end) = rest.starts_with('<').then(|| tag_end(rest)).flatten() {
        rest = rest[end..].trim_start();
    }
    rest.is_empty()
}

/// Length as HubSpot counts it.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Cuts HTML into texts of at most `most` units. Tags that are open at a cut are closed
/// there and opened again after it.
fn cut(html: &str, most: usize) -> Vec<String> {
    let mut cutter = Cutter {
        most,
        parts: Vec::new(),
        part: String::new(),
        units: 0,
        is_empty: true,
        open: Vec::new(),
    };
    let mut rest = html;
    while !rest.is_empty() {
        let (token, after) = rest.split_at(token_end(rest));
        cutter.take(token);
        rest = after;
    }
    cutter.end_part();
    cutter.parts
}

/// Where the first tag, entity or character of a text ends.
fn token_end(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    match text.as_bytes()[0] {
        b'<' => tag_end(text).unwrap_or(first),
        b'&' => {
            let entity = text.bytes().take(12).position(|byte| byte == b';');
            entity.map_or(first, |end| end + 1)
        }
        _ => first,
    }
}

/// The end of a tag, whose attributes may hold `>` in their quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Tags without an end tag.
const VOID: [&str; 6] = ["br", "hr", "img", "wbr", "col", "input"];

struct Cutter {
    most: usize,
    parts: Vec<String>,
    part: String,
    units: usize,
    /// Whether the part has nothing but tags that were opened again.
    is_empty: bool,
    /// Tags that are open, each with its name.
    open: Vec<(String, String)>,
}

impl Cutter {
    fn take(&mut self, token: &str) {
        let name = tag_name(token);
        let closes = token.starts_with("</");
        if name.is_some() && closes {
            self.close(token, name.as_deref().unwrap_or_default());
            return;
        }
        let opens = name.filter(|name| !VOID.contains(&name.as_str()) && !token.ends_with("/>"));
        let closing = opens.as_ref().map_or(0, |name| name.len() + 3);
        let length = units(token);
        if self.units + length + closing + self.closers() > self.most {
            self.end_part();
            self.begin_part();
            if self.units + length + closing + self.closers() > self.most {
                // A tag that no part has room for; its content is kept.
                return;
            }
        }
        self.push(token);
        self.is_empty = false;
        self.open.extend(opens.map(|name| (token.to_owned(), name)));
    }

    fn close(&mut self, token: &str, name: &str) {
        // The end of a tag that was left out, or never began, is left out too.
        if self.open.last().is_some_and(|(_, open)| open == name) {
            let _open = self.open.pop();
            self.push(token);
        }
    }

    fn push(&mut self, text: &str) {
        self.part.push_str(text);
        self.units += units(text);
    }

    /// The length of the end tags of all open tags.
    fn closers(&self) -> usize {
        self.open.iter().map(|(_, name)| name.len() + 3).sum()
    }

    fn end_part(&mut self) {
        let mut part = std::mem::take(&mut self.part);
        for (_, name) in self.open.iter().rev() {
            part.push_str(&format!("</{name}>"));
        }
        if !self.is_empty {
            self.parts.push(part);
        }
        self.units = 0;
        self.is_empty = true;
    }

    fn begin_part(&mut self) {
        let opened: usize = self.open.iter().map(|(tag, _)| units(tag)).sum();
        if opened + self.closers() > self.most / 2 {
            // Nesting that would fill the part by itself is dropped.
            self.open.clear();
        }
        let tags: String = self.open.iter().map(|(tag, _)| tag.as_str()).collect();
        self.push(&tags);
    }
}

/// The name of a tag in lower case; none if the token is not a tag.
fn tag_name(token: &str) -> Option<String> {
    let inner = token.strip_prefix('<')?.strip_suffix('>')?;
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let end = inner.find(|letter: char| !letter.is_ascii_alphanumeric());
    let name = &inner[..end.unwrap_or(inner.len())];
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

/// Hash of what a note says: without tags, blanks and its mark, since portals may wrap a
/// text, or turn line breaks into tags.
pub fn text_hash(html: &str, key: &str) -> [u8; 16] {
    let html = html.replace(&mark(key), "");
    let mut hasher = blake3::Hasher::new();
    let mut rest = html.as_str();
    while !rest.is_empty() {
        let (token, after) = rest.split_at(token_end(rest));
        rest = after;
        if tag_name(token).is_some() {
            continue;
        }
        let text = decoded(token);
        let letters: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let _same = hasher.update(letters.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

/// Whether a text that the portal returns says what was written.
pub fn same_text(written: [u8; 16], html: &str, key: &str) -> bool {
    text_hash(html, key) == written
}

fn decoded(token: &str) -> String {
    let Some(name) = token
        .strip_prefix('&')
        .and_then(|rest| rest.strip_suffix(';'))
    else {
        return token.to_owned();
    };
    let number = match name.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok(),
        Some(number) => number.parse().ok(),
        None => None,
    };
    let letter = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => number.and_then(char::from_u32),
    };
    letter.map_or_else(|| token.to_owned(), String::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn note(body: &str) -> Note {
        Note {
            key: "zd:7:9".to_owned(),
            body: body.to_owned(),
            ..Note::default()
        }
    }

    #[test]
    fn a_short_note_is_one_part_with_its_own_key() {
        let parts = parts(&note("<p>Hi</p>"));
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].key, "zd:7:9");
        assert_eq!(short(&"x".repeat(200)).len(), 32);
    }

    #[test]
    fn a_long_note_is_cut_into_numbered_parts_that_are_whole() {
        let body = format!(
            "<div class=\"a>b\"><b>{}</b></div>",
            "𝄞 &amp; ".repeat(30_000)
        );
        let parts = parts(&note(&body));
        assert!(parts.len() > 3);
        for (number, part) in (1..).zip(&parts) {
            assert_eq!(part.key, format!("zd:7:9#{number}"));
            let marked = marked_body(&part.body, &part.key);
            assert!(units(&marked) <= LONGEST, "{}", units(&marked));
            assert!(part.body.ends_with("</b></div>"));
            assert!(part.body.contains("<div class=\"a>b\"><b>"));
        }
    }

    #[test]
    fn what_a_portal_makes_of_a_text_says_the_same() {
        let written = text_hash("<p>a &lt;b&gt;\nc</p>", "k");
        for back in [
            "<div dir=\"auto\"><p>a &lt;b&gt; c</p></div>",
            "<p>a &#60;b><br>c</p>",
            "a&nbsp;&lt;b&gt;c<p>[k]</p>",
        ] {
            assert!(same_text(written, back, "k"), "{back}");
        }
        assert!(!same_text(written, "<p>a &lt;b&gt; d</p>", "k"));
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_lost(
            html in "(<b>|</b>|<i class=\"x\">|</i>|<br>|&amp;|&lt;|[a-z ]{1,9}|é|𝄞){0,60}",
            most in 60_usize..120
        ) {
            let parts = cut(&html, most);
            for part in &parts {
                prop_assert!(units(part) <= most, "{}", part);
            }
            prop_assert_eq!(text_hash(&parts.concat(), "k"), text_hash(&html, "k"));
        }
    }
}
