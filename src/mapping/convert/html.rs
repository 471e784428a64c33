//! HTML texts as people read them: descriptions of web help desks are often written
//! in it.

use std::borrow::Cow;

use html2text::config;
use regex::Regex;
use std::sync::LazyLock;

/// Lines are never broken for their length; HubSpot does that on screen.
const WIDTH: usize = 100_000;

/// A tag, or a character written by its name or number. Without one, a text is none
/// of HTML and its line breaks are its own.
static MARKUP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"</?[A-Za-z][^>]*>|<!|&(#\d+|#x[0-9A-Fa-f]+|\w+);").ok());

/// The text of an HTML text: paragraphs and lists in lines of their own, addresses of
/// links as footnotes, nothing of scripts and styles. A text without any markup stays
/// as it is.
pub(crate) fn plain_text(text: &str) -> Cow<'_, str> {
    if !MARKUP.as_ref().is_some_and(|markup| markup.is_match(text)) {
        return Cow::Borrowed(text);
    }
    let plain = config::plain_no_decorate()
        .no_table_borders()
        .no_link_wrapping()
        .allow_width_overflow()
        .link_footnotes(true)
        .string_from_read(text.as_bytes(), WIDTH);
    // What the renderer gives up on is still better read with its tags than lost.
    match plain {
        Ok(plain) => Cow::Owned(plain.trim_end().to_owned()),
        Err(_) => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_becomes_lines() {
        for (html, expected) in [
            (
                "<p>Hello <b>you</b> &amp; me</p><p>Bye</p>",
                "Hello you & me\n\nBye",
            ),
            ("one<br>two<br/>three", "one\ntwo\nthree"),
            ("<ul><li>a</li><li>b</li></ul>", "* a\n* b"),
            (
                "see <a href='https://x.example/1'>this</a>",
                "see [this][1]\n\n[1]: https://x.example/1",
            ),
            ("<style>p{}</style><script>x()</script>left", "left"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
            ("3 &lt; 4", "3 < 4"),
        ] {
            assert_eq!(plain_text(html), expected, "{html}");
        }
    }

    #[test]
    fn plain_texts_stay_as_they_are() {
        for text in ["a < b\n  c > d", "AT&T\nR & D", "<3", ""] {
            assert_eq!(plain_text(text), text);
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        let tags = [
            "<p>",
            "</p>",
            "<div>",
            "</div>",
            "<table>",
            "<tr>",
            "<td colspan=9>",
            "</td>",
            "</table>",
            "<ul>",
            "<li>",
            "<ol start=-9>",
            "</ol>",
            "<pre>",
            "<a href=x>",
            "</a>",
            "<br>",
            "<hr>",
            "<img alt=y>",
            "<blockquote>",
            "<h6>",
            "<!--",
            "-->",
            "&nbsp;",
            "&#0;",
            "<td rowspan=0 width=0>",
            "<sup>",
            "<dl><dt>",
            "\u{200b}",
            "全角",
            "\t",
        ];
        prop_oneof![
            prop::sample::select(tags.to_vec()).prop_map(str::to_owned),
            "\\PC{0,8}"
        ]
    }

    proptest! {
        #[test]
        fn no_markup_is_a_panic(pieces in prop::collection::vec(piece(), 0..60)) {
            let _text = plain_text(&pieces.concat());
        }
    }
}
