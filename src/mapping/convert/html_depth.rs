//! How deeply the elements of an HTML text nest, found before it is parsed: the parser
//! scans all open elements repeatedly, so its time is quadratic in their number.
//!
//! It counts what the parser would hold open, so comments and attributes are read in
//! the same way. Where the parser may or may not see a tag, depending on its context,
//! opening tags are counted and closing ones are not: so the result may be too large,
//! but hardly too small.

/// Elements without a required end tag: the next of their kind closes them, or they are empty.
const FLAT: [&str; 30] = [
    "br", "img", "hr", "input", "meta", "link", "p", "li", "td", "th", "tr", "option", "dd", "dt",
    "tbody", "thead", "tfoot", "html", "head", "body", "area", "base", "col", "colgroup", "embed",
    "param", "source", "track", "wbr", "frame",
];

/// Elements that stop the search for a matching open element.
const WALLS: [&str; 8] = [
    "table", "caption", "object", "applet", "marquee", "template", "svg", "math",
];

/// Elements whose content is plain text, unless they are part of a drawing.
const LETTERS: [&str; 8] = [
    "style", "script", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
];

const DATA: (&str, &str) = ("![CDATA[", "]]>");

/// The most elements open at once; counting ends beyond `enough`.
pub(super) fn depth(text: &str, enough: usize) -> usize {
    let mut open = Open::default();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = open.tag(&rest[start + 1..]);
        if open.deepest > enough {
            break;
        }
    }
    open.deepest
}

/// The elements that are open.
#[derive(Default)]
struct Open<'t> {
    names: Vec<&'t str>,
    deepest: usize,
}

impl<'t> Open<'t> {
    /// Handles what follows a `<`, and returns the rest after it.
    fn tag(&mut self, text: &'t str) -> &'t str {
        if let Some(comment) = text.strip_prefix("!--") {
            return behind_comment(comment);
        }
        if let Some(data) = text.strip_prefix(DATA.0) {
            let end = data.find(DATA.1).unwrap_or(data.len());
            return self.letters(data, end);
        }
        let (closes, inside) = match text.strip_prefix('/') {
            Some(inside) => (true, inside),
            None => (false, text),
        };
        let name = name(inside);
        if name.is_empty() {
            return match closes || text.starts_with(['!', '?']) {
                true => text.split_once('>').map_or("", |(_, behind)| behind),
                false => text,
            };
        }
        let behind = behind_tag(&inside[name.len()..]);
        if !closes && is_one_of(&LETTERS, name) {
            return self.letters(behind, end_of(name, behind));
        }
        match closes {
            true => self.close(name),
            false => self.open(name),
        }
        behind
    }

    fn open(&mut self, name: &'t str) {
        if !is_one_of(&FLAT, name) {
            self.names.push(name);
            self.deepest = self.deepest.max(self.names.len());
        }
    }

    /// A tag that closes nothing is ignored.
    fn close(&mut self, name: &str) {
        let inner = self
            .names
            .iter()
            .rposition(|open| open.eq_ignore_ascii_case(name) || is_one_of(&WALLS, open));
        if let Some(idx) = inner.filter(|&idx| self.names[idx].eq_ignore_ascii_case(name)) {
            self.names.truncate(idx);
        }
    }

    /// Handles text that may contain tags: opening ones are counted.
    fn letters(&mut self, text: &'t str, end: usize) -> &'t str {
        let (letters, behind) = text.split_at(end);
        for tag in letters.split('<').skip(1).map(name) {
            if !tag.is_empty() {
                self.open(tag);
            }
        }
        behind
    }
}

/// The name of a tag; empty if the text is not a tag.
fn name(text: &str) -> &str {
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return "";
    }
    let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>');
    &text[..text.find(is_end).unwrap_or(text.len())]
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Where the content of a plain-text element ends. Something like a comment may contain
/// its closing tag.
fn end_of(element: &str, text: &str) -> usize {
    let end = |from: usize| {
        let mut tags = text[from..].match_indices("</");
        let ends = |at: usize| name(&text[from + at + 2..]).eq_ignore_ascii_case(element);
        tags.find(|(at, _)| ends(*at))
            .map_or(text.len(), |(at, _)| from + at)
    };
    let first = end(0);
    match text[..first].find("<!--") {
        None => first,
        Some(comment) => match text[comment..].find("-->") {
            None => text.len(),
            Some(behind) => end((comment + behind).max(first)),
        },
    }
}

fn behind_comment(text: &str) -> &str {
    if let Some(behind) = text.strip_prefix('>').or_else(|| text.strip_prefix("->")) {
        return behind;
    }
    let ends = ["-->", "--!>"].map(|end| text.find(end).map(|at| at + end.len()));
    let end = ends.into_iter().flatten().min();
    end.map_or("", |end| &text[end..])
}

/// The rest after a tag: a `>` inside a quoted attribute value does not end it, and a
/// quote counts only after a `=`.
fn behind_tag(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut at, mut named) = (0, false);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'>' => return &text[at..],
            b'=' if named => {
                at = behind_value(bytes, at);
                named = false;
            }
            b'/' => named = false,
            byte if byte.is_ascii_whitespace() => {}
            _ => named = true,
        }
    }
    ""
}

fn behind_value(bytes: &[u8], from: usize) -> usize {
    let find = |from: usize, is_end: &dyn Fn(&u8) -> bool| {
        let found = bytes[from..].iter().position(is_end);
        found.map_or(bytes.len(), |idx| from + idx)
    };
    let start = find(from, &|byte| !byte.is_ascii_whitespace());
    match bytes.get(start) {
        Some(quote @ (b'"' | b'\'')) => {
            let end = find(start + 1, &|byte| byte == quote);
            (end + 1).min(bytes.len())
        }
        _ => find(start, &|byte| byte.is_ascii_whitespace() || *byte == b'>'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_nested_counts_as_deep() {
        for (text, expected) in [
            ("<div>a<br>b</div><p><li>", 1),
            ("a < b </x> <Ü> <", 0),
            ("<DIV><b>a</B></div><div>", 2),
            ("<!-- <ul><ul> --><i>", 1),
            ("<!--><i><b>", 2),
            ("<a title='</a><b>' href=/x/>y</a><i>", 1),
            ("<a =\">\"><b>", 2),
            ("<style>p > a {}</style><i>", 1),
            ("<!DOCTYPE html><?x <b> ><i>", 1),
        ] {
            assert_eq!(depth(text, 100), expected, "{text}");
        }
    }

    #[test]
    fn nothing_hides_what_is_open() {
        for piece in [
            "<ul><li></q>",
            "<b></q>",
            "<div></x>",
            "<ul><!--</ul>-->",
            "<ul title=\"</ul>\">",
            "<ul title='>'></x title='</ul>'>",
            "<ul><style></ul></style>",
            "<ul><svg><style></ul></style>",
            "<svg><style><div></style>",
            "<div><table><tr><td></div>",
            "<ul><![CDATA[></ul>]]>",
            "<b id=1><p>",
            "<ul><script><!--<script></script></ul></script>-->",
        ] {
            assert!(depth(&piece.repeat(200), 100) > 100, "{piece}");
        }
    }
}
