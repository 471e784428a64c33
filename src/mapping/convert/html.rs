//! HTML texts as people read them: descriptions of web help desks are often written
//! in it.

use std::borrow::Cow;
use std::sync::LazyLock;

use html2text::config;
use regex::Regex;

/// Lines are never broken for their length; HubSpot does that on screen.
const WIDTH: usize = 100_000;

/// Deeper nesting is no text that anybody wrote, and the renderer's time grows with the
/// square of it: 13,000 lists in each other take it 3 s.
const DEEPEST: usize = 500;

/// Tags that nothing has to close, so that many of them are not deep.
const FLAT: [&str; 12] = [
    "br", "img", "hr", "input", "meta", "link", "p", "li", "td", "th", "tr", "option",
];

/// A tag, or a character written by its name or number. Without one, a text is none
/// of HTML and its line breaks are its own.
static MARKUP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"</?[A-Za-z][^>]*>|<!|&(#\d+|#x[0-9A-Fa-f]+|\w+);").ok());

/// A tag that people's texts have.
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)</?(p|br|div|span|b|i|u|ul|ol|li|a|table|tr|td|th|h[1-6]|strong|em|font|img|hr|pre|blockquote)\b[^<>]*>",
    )
    .ok()
});

/// Whether a text without tags hides some: programs have written them as entities.
fn hides_tags(text: &str, plain: &str) -> bool {
    let has_tags = |text: &str| TAG.as_ref().is_some_and(|tag| tag.is_match(text));
    !has_tags(text) && text.contains("&lt;") && has_tags(plain)
}

/// The text of an HTML text: paragraphs and lists in lines of their own, addresses of
/// links as footnotes, nothing of scripts and styles. A text without any markup stays
/// as it is, and so does one that is nested beyond reason.
pub(crate) fn plain_text(text: &str) -> Cow<'_, str> {
    let plain = rendered(text);
    match hides_tags(text, &plain) {
        true => Cow::Owned(rendered(&plain).into_owned()),
        false => plain,
    }
}

fn rendered(text: &str) -> Cow<'_, str> {
    if !MARKUP.as_ref().is_some_and(|markup| markup.is_match(text)) || depth(text) > DEEPEST {
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

/// How many tags are open at once, at most.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for tag in text.split('<').skip(1) {
        let closes = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric());
        let name = &name[..end.unwrap_or(name.len())];
        if name.is_empty() || FLAT.iter().any(|flat| flat.eq_ignore_ascii_case(name)) {
            continue;
        }
        open = if closes {
            open.saturating_sub(1)
        } else {
            open + 1
        };
        deepest = deepest.max(open);
    }
    deepest
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
            (
                "&lt;p&gt;Monitor trocado.&lt;/p&gt;&lt;br&gt;r&#233;gua &amp;amp; caneta",
                "Monitor trocado.\n\nrégua & caneta",
            ),
            ("the tag &lt;x&gt; is unknown", "the tag <x> is unknown"),
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

    #[test]
    fn only_what_is_nested_counts_as_deep() {
        let flat = "<div>a<br>b</div><p><li>".repeat(2_000);
        assert_eq!(depth(&flat), 1);
        let deep = "<ul><li>".repeat(600);
        assert_eq!(plain_text(&deep), deep);
        assert_eq!(depth("a < b </x> <Ü> <"), 0);
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
