//! HTML to plain text: descriptions of web help desks are often HTML.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::LazyLock;

use html2text::config;
use regex::Regex;

use super::html_depth::depth;

/// Lines are never broken for their length; HubSpot does that on screen.
const WIDTH: usize = 100_000;

/// In bytes. Nobody writes longer texts: a property takes 65,536 characters, and the
/// parsed tree takes 250 times the memory of its text.
const LONGEST: usize = 1024 * 1024;

/// Nobody writes deeper nesting either, and parser and renderer take time quadratic in
/// it: 3 s for 13,000 nested lists.
const DEEPEST: usize = 500;

/// The same in the parsed tree, which has additional levels, such as `tbody`.
const DEEPEST_PARSED: usize = 3 * DEEPEST;

/// A tag, or a character written by its name or number. A text without one is not HTML,
/// and its line breaks count.
static MARKUP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"</?[A-Za-z][^>]*>|<!|&(#\d+|#x[0-9A-Fa-f]+|\w+);").ok());

/// A common tag.
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)</?(p|br|div|span|b|i|u|ul|ol|li|a|table|tr|td|th|h[1-6]|strong|em|font|img|hr|pre|blockquote)\b[^<>]*>",
    )
    .ok()
});

/// Whether a text is HTML at all.
pub(crate) fn has_markup(text: &str) -> bool {
    MARKUP.as_ref().is_some_and(|markup| markup.is_match(text))
}

/// Whether a text has common tags.
pub(crate) fn has_tags(text: &str) -> bool {
    TAG.as_ref().is_some_and(|tag| tag.is_match(text))
}

/// Whether elements are nested so deeply that no parser should see them.
pub(crate) fn is_too_deep(text: &str) -> bool {
    depth(text, DEEPEST) > DEEPEST
}

/// Whether a text has tags written as entities by some program.
fn hides_tags(text: &str, plain: &str) -> bool {
    !has_tags(text) && text.contains("&lt;") && has_tags(plain)
}

/// The text of an HTML text: paragraphs and lists in lines of their own, addresses of
/// links as footnotes, nothing of scripts and styles. A text without any markup stays
/// as it is. None for one that is too long or too deeply nested, or that the renderer
/// gives up on: it is kept with its tags rather than lost.
pub(crate) fn plain_text(text: &str) -> Option<Cow<'_, str>> {
    let plain = rendered(text)?;
    match hides_tags(text, &plain) {
        true => rendered(&plain).map(|plain| Cow::Owned(plain.into_owned())),
        false => Some(plain),
    }
}

fn rendered(text: &str) -> Option<Cow<'_, str>> {
    if !has_markup(text) {
        return Some(Cow::Borrowed(text));
    }
    if text.len() > LONGEST || is_too_deep(text) {
        return None;
    }
    let config = config::plain_no_decorate()
        .no_table_borders()
        .no_link_wrapping()
        .allow_width_overflow()
        .link_footnotes(true);
    let dom = config.parse_html(text.as_bytes()).ok()?;
    let mut open = vec![(Rc::clone(&dom.document), 0)];
    while let Some((node, depth)) = open.pop() {
        if depth > DEEPEST_PARSED {
            return None;
        }
        let children = node.children.borrow();
        open.extend(children.iter().map(|child| (Rc::clone(child), depth + 1)));
    }
    let tree = config.dom_to_render_tree(&dom).ok()?;
    let plain = config.render_to_string(tree, WIDTH).ok()?;
    Some(Cow::Owned(plain.trim_end().to_owned()))
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
            assert_eq!(plain_text(html).as_deref(), Some(expected), "{html}");
        }
    }

    #[test]
    fn plain_texts_stay_as_they_are() {
        for text in ["a < b\n  c > d", "AT&T\nR & D", "<3", ""] {
            assert_eq!(plain_text(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_beyond_reason_is_left_and_takes_no_time() {
        let started = std::time::Instant::now();
        for piece in ["<ul><li>", "<ul><li></q>", "<b></q>", "<div></x>"] {
            assert_eq!(plain_text(&piece.repeat(32_000)), None, "{piece}");
        }
        let long = "<p>x</p>".repeat(LONGEST / 8 + 1);
        assert_eq!(plain_text(&long), None);
        let flat = "<div>a<br>b</div><p><li>".repeat(200);
        assert!(plain_text(&flat).is_some());
        let unmarked = "a < b, ".repeat(LONGEST / 6);
        assert_eq!(plain_text(&unmarked).as_deref(), Some(&*unmarked));
        assert!(started.elapsed().as_secs() < 20);
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
