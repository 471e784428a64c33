//! Turns what a page shows into HTML. Inserted values are escaped; the frame around them is the
//! same for all pages.

use std::sync::LazyLock;

use minijinja::{Environment, Value, context};

/// The templates, by name; the extension makes inserted values be escaped as HTML.
const TEMPLATES: [(&str, &str); 11] = [
    ("frame.html", include_str!("frame.html")),
    ("tickets.html", include_str!("tickets.html")),
    ("board.html", include_str!("board.html")),
    ("record.html", include_str!("record.html")),
    ("records.html", include_str!("records.html")),
    ("owners.html", include_str!("owners.html")),
    ("properties.html", include_str!("properties.html")),
    ("calls.html", include_str!("calls.html")),
    ("rows.html", include_str!("rows.html")),
    ("call.html", include_str!("call.html")),
    ("behaviour.html", include_str!("behaviour.html")),
];

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    for (name, text) in TEMPLATES {
        // A broken template is missing when it is used; a test reads them all.
        let _added = pages.add_template(name, text);
    }
    pages
});

/// What a browser gets.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    /// Where to look instead.
    pub(super) moved_to: Option<String>,
    /// Whether it is to be saved and not shown.
    pub(super) is_download: bool,
}

impl Page {
    fn of(content_type: &'static str, body: Vec<u8>) -> Page {
        Page {
            status: 200,
            content_type,
            body,
            moved_to: None,
            is_download: false,
        }
    }

    /// Shows another page instead.
    pub(super) fn moved(to: &str) -> Page {
        Page {
            status: 303,
            moved_to: Some(to.to_owned()),
            ..Page::of("text/plain; charset=utf-8", Vec::new())
        }
    }

    /// A file, to be saved.
    pub(super) fn download(body: Vec<u8>) -> Page {
        Page {
            is_download: true,
            ..Page::of("application/octet-stream", body)
        }
    }

    /// A page of the portal, below the part of the navigation where it belongs.
    pub(super) fn html(template: &str, (title, part): (&str, &str), shown: Value) -> Page {
        match fragment(template, shown) {
            Ok(inner) => framed(title, part, inner),
            Err(error) => failed(&error.to_string()),
        }
    }

    /// A piece of a page.
    pub(super) fn piece(template: &str, shown: Value) -> Page {
        match fragment(template, shown) {
            Ok(inner) => Page::of("text/html; charset=utf-8", inner.into_bytes()),
            Err(error) => failed(&error.to_string()),
        }
    }
}

/// A template with what it shows.
pub(super) fn fragment(template: &str, shown: Value) -> Result<String, minijinja::Error> {
    PAGES.get_template(template)?.render(shown)
}

fn framed(title: &str, part: &str, inner: String) -> Page {
    let inner = Value::from_safe_string(inner);
    let whole = fragment("frame.html", context! { title, part, inner });
    // The frame has its own test.
    Page::of(
        "text/html; charset=utf-8",
        whole.unwrap_or_default().into_bytes(),
    )
}

/// A page that says why the requested one can't be shown.
pub(super) fn problem(title: &str, why: &str) -> Page {
    let html = fragment("frame.html", context! { title, part => "", why });
    Page {
        status: 404,
        ..Page::of(
            "text/html; charset=utf-8",
            html.unwrap_or_default().into_bytes(),
        )
    }
}

/// A page that reports an error of the server.
pub(super) fn failed(why: &str) -> Page {
    Page {
        status: 500,
        ..problem("This page failed", why)
    }
}

/// What people without the key see.
pub(super) fn closed() -> Page {
    Page {
        status: 403,
        ..problem(
            "This page is closed",
            "Open the address that the sandbox printed when it started: it has a key, and is \
             good until the sandbox ends.",
        )
    }
}

/// The style of all pages.
pub(super) fn style() -> Page {
    Page::of(
        "text/css; charset=utf-8",
        include_bytes!("style.css").to_vec(),
    )
}

/// The picture in a browser's tab.
pub(super) fn icon() -> Page {
    Page::of("image/svg+xml", include_bytes!("icon.svg").to_vec())
}

/// What keeps the list of calls up to date.
pub(super) fn script() -> Page {
    Page::of(
        "text/javascript; charset=utf-8",
        include_bytes!("live.js").to_vec(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_read() {
        for (name, _) in TEMPLATES {
            assert!(PAGES.get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_filled_in_is_escaped() {
        let page = problem("<b>", "<script>");
        let text = String::from_utf8(page.body).expect("text");
        assert!(
            !text.contains("<b>") && !text.contains("<script>"),
            "{text}"
        );
    }
}
