//! The images of a comment's HTML.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::files::name_in;
use super::html_text::{escaped, one_line, unescaped};

/// Links and images of cleaned HTML.
static LINKS_AND_IMAGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"<a(?: [a-z]+="[^"]*")*>|</a>|<img((?: [a-z]+="[^"]*")*)>"#).ok()
});
static ATTRIBUTE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#" ([a-z]+)="([^"]*)""#).ok());

/// Cleaned HTML without its images, and their addresses: notes show no images of other
/// hosts, so each becomes a link to its address.
pub(super) fn with_images_named(html: String) -> (String, Vec<String>) {
    let Some(pattern) = LINKS_AND_IMAGES.as_ref().filter(|_| html.contains("<img")) else {
        return (html, Vec::new());
    };
    let mut images = Vec::new();
    let mut is_in_link = false;
    let html = pattern.replace_all(&html, |found: &Captures<'_>| {
        let tag = found.get(0).map_or("", |tag| tag.as_str());
        match found.get(1) {
            Some(attributes) => {
                let image = Image::of(attributes.as_str());
                images.extend(image.address());
                image.written(is_in_link)
            }
            None => {
                is_in_link = tag != "</a>";
                tag.to_owned()
            }
        }
    });
    (html.into_owned(), images)
}

/// An image of cleaned HTML; texts are escaped as there.
#[derive(Default)]
struct Image<'h> {
    src: &'h str,
    alt: &'h str,
    /// An invisible pixel: it keeps lines apart, or reports that a mail was opened.
    is_spacer: bool,
}

impl<'h> Image<'h> {
    fn of(attributes: &'h str) -> Image<'h> {
        let mut image = Image::default();
        let each = ATTRIBUTE
            .iter()
            .flat_map(|one| one.captures_iter(attributes));
        for attribute in each {
            let (_, [name, value]) = attribute.extract();
            match name {
                "src" => image.src = value,
                "alt" => image.alt = value,
                _ => image.is_spacer |= matches!(value.trim_end_matches("px"), "0" | "1" | "2"),
            }
        }
        image
    }

    /// Its address, unless it is invisible.
    fn address(&self) -> Option<String> {
        let is_seen = !self.is_spacer && self.src.starts_with("http");
        is_seen.then(|| unescaped(self.src))
    }

    /// `<a href="https://a.example/1.png" …>[image: 1.png]</a>`.
    fn written(&self, is_in_link: bool) -> String {
        if self.is_spacer {
            return String::new();
        }
        let address = self.address();
        let name = match self.alt.trim() {
            "" => address.as_deref().map(name_in).unwrap_or_default(),
            alt => one_line(&unescaped(alt)),
        };
        let words = match name.is_empty() {
            true => "[image]".to_owned(),
            false => format!("[image: {}]", escaped(&name)),
        };
        match address {
            Some(_) if !is_in_link => {
                format!(
                    "<a href=\"{}\" rel=\"noopener noreferrer\">{words}</a>",
                    self.src
                )
            }
            _ => words,
        }
    }
}
