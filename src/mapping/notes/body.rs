//! The body of a note: a line that says who wrote the comment, who may see it and where
//! it was written, since HubSpot shows only its own users as authors; then the comment.
//! HTML of a comment is cleaned by a list of harmless elements.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;
use regex::Regex;

use super::html_text::{escaped, is_blank, one_line, paragraphs, stripped};
use super::images::with_images_named;
use crate::mapping::convert::{has_markup, has_tags, is_too_deep, plain_text};
use crate::mapping::syntax::BodyForm;

/// In bytes. Longer texts are not parsed: a parsed tree takes up to 250 times the
/// memory of its text.
const LONGEST: usize = 256 * 1024;

/// Elements that notes keep.
const KEPT: [&str; 36] = [
    "a",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
];
const KEPT_TOO: [&str; 1] = ["ul"];

/// Elements that are removed with their content.
const GONE: [&str; 10] = [
    "script", "style", "title", "template", "iframe", "object", "noscript", "svg", "math",
    "textarea",
];

/// Schemes that links of a note may have.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    let _same = cleaner
        .tags(KEPT.into_iter().chain(KEPT_TOO).collect())
        .clean_content_tags(HashSet::from(GONE))
        .add_tags(["img"])
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("img", ["alt", "height", "src", "width"])
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"));
    cleaner
});

/// Embedded images. They make mails long, and notes can't show them.
static EMBEDDED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)data:[a-z0-9.+/-]+(;[a-z0-9=-]+)*;base64,[a-z0-9+/=\s]*").ok()
});

/// The body of a note.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    /// All of it.
    pub(crate) html: String,
    /// Whether only the text of the HTML was used, because it is too long or nested too
    /// deeply to be cleaned.
    pub(crate) is_stripped: bool,
    /// Addresses of the images within it.
    pub(crate) images: Vec<String>,
}

impl Body {
    /// Of a text that needs no cleaning.
    pub(crate) fn of(html: String) -> Body {
        Body {
            html,
            ..Body::default()
        }
    }

    fn stripped(html: &str) -> Body {
        Body {
            is_stripped: true,
            ..Body::of(paragraphs(&stripped(html)))
        }
    }
}

/// The content of the first line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head<'e> {
    /// Who wrote it.
    pub(crate) author: Option<&'e str>,
    /// Whether everybody could see it.
    pub(crate) public: Option<bool>,
    /// Where it was written.
    pub(crate) channel: Option<&'e str>,
    /// Its subject, if the record has no property for one.
    pub(crate) subject: Option<&'e str>,
}

impl Head<'_> {
    /// `<p><b>Ann</b> · Internal · email</p>`; empty if nothing is known.
    pub(super) fn written(&self) -> String {
        let author = self.author.map(|author| {
            let author = one_line(author);
            format!("<b>{}</b>", escaped(&author))
        });
        let public = self.public.map(|public| match public {
            true => "Public".to_owned(),
            false => "Internal".to_owned(),
        });
        let plain = |text: Option<&str>| text.map(|text| escaped(&one_line(text)));
        let words = [author, public, plain(self.channel), plain(self.subject)];
        let words: Vec<String> = words.into_iter().flatten().collect();
        match words.is_empty() {
            true => String::new(),
            false => format!("<p>{}</p>\n", words.join(" · ")),
        }
    }
}

/// The whole body.
pub(crate) fn body(head: &Head<'_>, text: &str, form: BodyForm) -> Body {
    let mut body = match form {
        BodyForm::Plain => Body::of(paragraphs(text)),
        _ if !has_markup(text) => Body::of(paragraphs(text)),
        BodyForm::Clean => cleaned(text),
        BodyForm::Text => match plain_text(text) {
            Some(plain) => Body::of(paragraphs(&plain)),
            None => Body::stripped(text),
        },
    };
    if is_blank(&body.html) {
        body.html = "<p><i>(no text)</i></p>".to_owned();
    }
    body.html.insert_str(0, &head.written());
    body
}

/// The text of a body, to be shown.
pub(crate) fn text_of(body: &str) -> String {
    stripped(body)
}

fn cleaned(html: &str) -> Body {
    let mut html = Cow::Borrowed(html);
    if html.len() > LONGEST
        && let Some(embedded) = &*EMBEDDED
    {
        html = Cow::Owned(embedded.replace_all(&html, "").into_owned());
    }
    if html.len() > LONGEST || is_too_deep(&html) {
        return Body::stripped(&html);
    }
    // Without tags, line breaks are the writer's own.
    if !has_tags(&html) {
        html = Cow::Owned(html.replace('\n', "<br>"));
    }
    let (html, images) = with_images_named(CLEANER.clean(&html).to_string());
    Body {
        images,
        ..Body::of(html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(html: &str) -> String {
        body(&Head::default(), html, BodyForm::Clean).html
    }

    #[test]
    fn harmless_markup_stays_and_the_rest_goes() {
        for (html, expected) in [
            ("<p>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>"),
            ("<p onclick=x()>a<script>alert(1)</script></p>", "<p>a</p>"),
            ("<style>p{}</style><title>t</title>left", "left"),
            ("<span style='color:red'>red</span>", "red"),
            (
                "<a href='javascript:x()'>a</a> <a href='https://x.example/' target=_top>b</a>",
                "<a rel=\"noopener noreferrer\">a</a> \
                 <a href=\"https://x.example/\" rel=\"noopener noreferrer\">b</a>",
            ),
            ("<img src=x onerror=alert(1)>seen", "[image]seen"),
            ("<svg><script>x</script></svg>&lt;b&gt;", "&lt;b&gt;"),
            ("one &amp; two\nthree", "one &amp; two<br>three"),
            ("a < b\nc", "<p>a &lt; b<br>c</p>"),
            ("<div><img src=x></div>", "<div>[image]</div>"),
            ("<p>open", "<p>open</p>"),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
    }

    #[test]
    fn images_become_links_and_their_addresses_are_known() {
        let rel = "rel=\"noopener noreferrer\"";
        let (one, two) = ("https://a.example/1.png", "https://a.example/i?n=2&amp;m=3");
        for (html, expected, images) in [
            (
                format!("<p>see <img src='{one}'></p>"),
                format!("<p>see <a href=\"{one}\" {rel}>[image: 1.png]</a></p>"),
                vec![one],
            ),
            (
                format!("<img alt='a > \"b\"' src='{two}'>"),
                format!("<a href=\"{two}\" {rel}>[image: a &gt; &quot;b&quot;]</a>"),
                vec!["https://a.example/i?n=2&m=3"],
            ),
            (
                format!("<a href='{one}'><img src='{one}'></a><img alt='x' src='cid:1'>"),
                format!("<a href=\"{one}\" {rel}>[image: 1.png]</a>[image: x]"),
                vec![one],
            ),
            (
                format!("seen<img src='{one}' width=1 height=1>"),
                "seen".to_owned(),
                vec![],
            ),
            (
                "<a href='https://a.example/<img>'>a</a><img src='data:image/png;base64,AA=='>"
                    .to_owned(),
                format!("<a href=\"https://a.example/&lt;img&gt;\" {rel}>a</a>[image]"),
                vec![],
            ),
        ] {
            let made = body(&Head::default(), &html, BodyForm::Clean);
            assert_eq!(
                (made.html, made.images),
                (expected, images.iter().map(|&one| one.to_owned()).collect()),
                "{html}"
            );
        }
    }

    #[test]
    fn plain_texts_are_escaped_whatever_they_look_like() {
        let plain = body(
            &Head::default(),
            "see <b>\r\n\"it\" & more\u{7}\n\n\nbye",
            BodyForm::Plain,
        );
        assert_eq!(
            plain.html,
            "<p>see &lt;b&gt;<br>&quot;it&quot; &amp; more</p><p>bye</p>"
        );
        assert!(!plain.is_stripped);
        let text = body(&Head::default(), "<p>a<br>b</p>", BodyForm::Text);
        assert_eq!(text.html, "<p>a<br>b</p>");
    }

    #[test]
    fn the_first_line_says_what_is_known() {
        let head = |author, public, channel| {
            let head = Head {
                author,
                public,
                channel,
                subject: None,
            };
            body(&head, "x", BodyForm::Plain).html
        };
        assert_eq!(
            head(Some("Ann <i>\nB"), Some(false), Some("email")),
            "<p><b>Ann &lt;i&gt; B</b> · Internal · email</p>\n<p>x</p>"
        );
        assert_eq!(head(None, Some(true), None), "<p>Public</p>\n<p>x</p>");
        assert_eq!(head(None, None, None), "<p>x</p>");
    }

    #[test]
    fn what_is_too_long_or_too_deep_keeps_its_text() {
        let started = std::time::Instant::now();
        for html in [
            "<b>".repeat(400_000),
            format!("{}deep", "<div>".repeat(40_000)),
            "<a href=".repeat(500_000),
            "<script>".repeat(500_000),
            "<!--".repeat(500_000),
            "&#".repeat(500_000),
        ] {
            let made = clean(&html);
            assert!(made.len() < 4 * html.len());
        }
        let long = format!("<p>start</p>{}<p>a &amp; b</p>", "<i>x</i> ".repeat(40_000));
        let long = body(&Head::default(), &long, BodyForm::Clean);
        let made = &long.html;
        assert!(long.is_stripped && made.contains("start") && made.contains("a &amp; b"));
        assert!(!made.contains("<i>"));
        let picture = format!(
            "<p>seen</p><img src=\"data:image/png;base64,{}\">",
            "iVBORw0KGgo=".repeat(900_000)
        );
        assert_eq!(clean(&picture), "<p>seen</p>[image]");
        assert!(started.elapsed().as_secs() < 20);
    }

    proptest! {
        #[test]
        fn no_markup_is_a_panic_or_gets_a_script_through(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "<script>", "</script>", "<svg>", "<math>", "<style>", "<b>", "</b>", "<p>",
                "<!--", "-->", "<![CDATA[", "]]>", "<a href='", "javascript:", "'", "\"", ">", "<",
                "onload=x ", "&lt;", "&", "\u{0}", "x", "<noscript>", "<textarea>", "</textarea>",
                "<template>", "<table>", "<td>", "<mtext>", "<mglyph>", "<img title=\"",
                "<img src=\"http://a.example/", "alt='", "<img>", "</a>",
            ]), 0..40),
            form in prop::sample::select(vec![BodyForm::Plain, BodyForm::Clean, BodyForm::Text]),
        ) {
            let made = body(&Head::default(), &pieces.concat(), form).html;
            let made = made.to_ascii_lowercase();
            for bad in ["<script", "<svg", "<style", "<img", "<math", "href=\"javascript"] {
                prop_assert!(!made.contains(bad), "{made}");
            }
        }
    }
}
