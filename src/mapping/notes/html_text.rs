//! Plain texts as HTML, and the text of HTML without a parser.

/// Elements that begin a new line when an HTML text is made plain without a parser.
const LINES: [&str; 16] = [
    "br",
    "p",
    "div",
    "li",
    "tr",
    "ul",
    "ol",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "pre",
    "hr",
    "dt",
];

/// The text of an attribute's value.
pub(super) fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    push_decoded(value, &mut text);
    text
}

/// A plain text as HTML: a blank line begins a paragraph.
pub(super) fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for paragraph in text.split("\n\n") {
        let paragraph = paragraph.trim_matches('\n').trim_end();
        if paragraph.is_empty() {
            continue;
        }
        html.push_str("<p>");
        html.push_str(&escaped(paragraph).replace('\n', "<br>"));
        html.push_str("</p>");
    }
    html
}

/// An escaped text, without markup. Control characters, which HTML does not allow, are
/// left out.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 16);
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' | '\t' => html.push(letter),
            letter if letter.is_control() => {}
            letter => html.push(letter),
        }
    }
    html
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether nothing of it is visible.
pub(super) fn is_blank(html: &str) -> bool {
    let mut inside = false;
    let rest = html.replace("&nbsp;", " ");
    !rest.chars().any(|letter| {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            letter => return !inside && !letter.is_whitespace() && letter != '\u{200b}',
        }
        false
    })
}

/// The text of HTML, without a parser: one pass, and no memory except for the text.
pub(super) fn stripped(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        push_decoded(&rest[..start], &mut text);
        let tag = &rest[start + 1..];
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = behind(comment, "-->");
            continue;
        }
        let is_tag = |first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?');
        if !tag.starts_with(is_tag) {
            text.push('<');
            rest = tag;
            continue;
        }
        let inside = tag.strip_prefix('/').unwrap_or(tag);
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric());
        let name = inside[..end.unwrap_or(inside.len())].to_ascii_lowercase();
        rest = behind(tag, ">");
        if LINES.contains(&name.as_str()) && !text.ends_with('\n') {
            text.push('\n');
        }
        if matches!(name.as_str(), "script" | "style") && !tag.starts_with('/') {
            rest = behind_element(rest, &name);
        }
    }
    push_decoded(rest, &mut text);
    text.trim().to_owned()
}

/// What follows a mark; empty if there is none.
fn behind<'t>(text: &'t str, mark: &str) -> &'t str {
    text.find(mark).map_or("", |at| &text[at + mark.len()..])
}

/// What follows the end of an element whose content is not markup.
fn behind_element<'t>(text: &'t str, name: &str) -> &'t str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let is_end = rest.get(..name.len());
        if is_end.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return behind(rest, ">");
        }
    }
    ""
}

/// Adds a text with the usual entities decoded.
fn push_decoded(text: &str, to: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        to.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(10).position(|byte| byte == b';');
        let letter = end.and_then(|end| decoded(&rest[1..end]));
        match (letter, end) {
            (Some(letter), Some(end)) => {
                to.push(letter);
                rest = &rest[end + 1..];
            }
            _ => {
                to.push('&');
                rest = &rest[1..];
            }
        }
    }
    to.push_str(rest);
}

fn decoded(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_out_of_markup() {
        for (html, expected) in [
            ("<p>a<br/>b</p><P>c", "a\nb\nc"),
            (
                "1 < 2 &gt; &#x30; &bogus; & &#1114112;",
                "1 < 2 > 0 &bogus; & &#1114112;",
            ),
            ("<SCRIPT>x</sCript >y<!-- z -->", "y"),
            ("<script>never closed", ""),
        ] {
            assert_eq!(stripped(html), expected, "{html}");
        }
    }
}
