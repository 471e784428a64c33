//! The files that a comment or a ticket names: from a text to what is known of each.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::element::{Element, Field};
use crate::model::attachment::Attachment;
use crate::model::issue::Reason;
use crate::model::json::items;

/// Files of a comment.
#[derive(Debug)]
pub(crate) struct Files {
    /// Where they are named.
    pub(crate) field: Field,
    /// How.
    pub(crate) cut: FileCut,
}

/// How a text names files.
#[derive(Debug)]
pub(crate) enum FileCut {
    /// By their names or addresses, with this between them; a JSON list of them needs no mark.
    Texts(Option<String>),
    /// One file, in this many parts with this separator.
    Parts {
        separator: String,
        count: usize,
        said: FileFields,
    },
    /// A JSON list of files.
    List(FileFields),
}

/// Where the fields of a file are.
#[derive(Debug, Default)]
pub(crate) struct FileFields {
    pub(crate) id: Option<Field>,
    pub(crate) name: Option<Field>,
    pub(crate) url: Option<Field>,
    pub(crate) size: Option<Field>,
}

/// What is wrong with a text that names no files.
pub(crate) type Strange = (Reason, String);

impl Files {
    /// The files that a comment names.
    pub(crate) fn of(&self, element: &Element<'_>) -> Result<Vec<Attachment>, Strange> {
        let mut files = Vec::new();
        for text in self.field.texts(element) {
            let found = self.cut.files(&text)?;
            files.extend(found.into_iter().map(|(file, _)| file));
        }
        Ok(files)
    }
}

impl FileCut {
    /// The files that a text names, each with its element if there is one.
    pub(crate) fn files<'t>(
        &self,
        text: &'t str,
    ) -> Result<Vec<(Attachment, Option<Element<'t>>)>, Strange> {
        match self {
            FileCut::Texts(split) => Ok(texts_of(text, split.as_deref())
                .iter()
                .filter_map(|text| Some((named(text)?, None)))
                .collect()),
            FileCut::Parts {
                separator,
                count,
                said,
            } => {
                let parts = text.splitn(*count, separator.as_str());
                let element = Element::Parts(parts.collect());
                let file = said.file(&element);
                Ok(file.map(|file| (file, Some(element))).into_iter().collect())
            }
            FileCut::List(said) => {
                let strange = |text: &str| (Reason::NoList, text.to_owned());
                let items = items(text).ok_or_else(|| strange(text))?;
                let mut files = Vec::new();
                for item in items {
                    let element = Element::of_object(item).ok_or_else(|| strange(item))?;
                    if let Some(file) = said.file(&element) {
                        files.push((file, Some(element)));
                    }
                }
                Ok(files)
            }
        }
    }
}

impl FileFields {
    /// The file of an element; none if it has none.
    fn file(&self, element: &Element<'_>) -> Option<Attachment> {
        let text = |field: &Option<Field>| {
            let text = field.as_ref().and_then(|field| field.text(element));
            text.map(Cow::into_owned)
        };
        let (id, name, url) = (text(&self.id), text(&self.name), text(&self.url));
        if id.is_none() && name.is_none() && url.is_none() {
            return None;
        }
        let name = name.or_else(|| url.as_deref().map(name_in));
        Some(Attachment {
            name: name.unwrap_or_else(|| "file".to_owned()),
            id,
            url,
            size: text(&self.size).and_then(|size| size.parse().ok()),
            is_picture: false,
        })
    }
}

fn texts_of<'t>(text: &'t str, mark: Option<&str>) -> Vec<Cow<'t, str>> {
    match mark {
        Some(mark) if !mark.is_empty() => text.split(mark).map(Cow::Borrowed).collect(),
        _ => listed(text).unwrap_or_else(|| vec![Cow::Borrowed(text)]),
    }
}

/// The texts of a JSON list that has nothing but texts.
fn listed(text: &str) -> Option<Vec<Cow<'_, str>>> {
    let is_list = text.trim_start().starts_with('[');
    let texts: Vec<String> = is_list.then(|| serde_json::from_str(text).ok())??;
    Some(texts.into_iter().map(Cow::Owned).collect())
}

/// A file by its name or address alone.
fn named(text: &str) -> Option<Attachment> {
    let text = text.trim();
    (!text.is_empty()).then(|| Attachment {
        id: None,
        name: name_in(text),
        url: Some(text.to_owned()),
        ..Attachment::default()
    })
}

/// Adds the pictures within a text to the files of its comment, unless they are already among them.
pub(super) fn add_pictures(addresses: Vec<String>, files: &mut Vec<Attachment>) {
    for address in addresses {
        let is_known = |file: &Attachment| file.url.as_deref() == Some(&*address);
        if files.iter().any(is_known) {
            continue;
        }
        files.extend(named(&address).map(|file| Attachment {
            is_picture: true,
            ..file
        }));
    }
}

/// The name at the end of an address or a path.
pub(super) fn name_in(address: &str) -> String {
    let is_address = address.contains("://");
    let path = match is_address {
        true => address.split(['?', '#']).next().unwrap_or_default(),
        false => address,
    };
    let last = path.trim_end_matches('/').rsplit(['/', '\\']).next();
    let last = last.unwrap_or_default();
    match is_address {
        true => percent_decode_str(last).decode_utf8_lossy().into_owned(),
        false => last.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::element::Place;
    use super::*;

    fn field(name: &str) -> Option<Field> {
        Some(Field {
            places: vec![Place::Name(name.to_owned())],
        })
    }

    fn named_by(cut: &FileCut, text: &str) -> Vec<(Option<String>, String, Option<String>)> {
        let files = cut.files(text).expect("files");
        let said = files
            .into_iter()
            .map(|(file, _)| (file.id, file.name, file.url));
        said.collect()
    }

    #[test]
    fn texts_name_files_by_name_or_address() {
        let cut = FileCut::Texts(Some(" ".to_owned()));
        let url = "https://a.example/x/In%20voice.pdf?token=1";
        assert_eq!(
            named_by(&cut, &format!("{url}  sub/b.png")),
            [
                (None, "In voice.pdf".to_owned(), Some(url.to_owned())),
                (None, "b.png".to_owned(), Some("sub/b.png".to_owned())),
            ]
        );
        assert!(named_by(&FileCut::Texts(None), " ").is_empty());
        let listed = named_by(&FileCut::Texts(None), r#"["a b.png", "x/c.png"]"#);
        let names: Vec<&str> = listed.iter().map(|(_, name, _)| name.as_str()).collect();
        assert_eq!(names, ["a b.png", "c.png"]);
        assert_eq!(named_by(&FileCut::Texts(None), "[1].png").len(), 1);
    }

    #[test]
    fn lists_name_files_by_their_fields() {
        let cut = FileCut::List(FileFields {
            id: field("id"),
            name: field("file_name"),
            url: field("content_url"),
            size: field("size"),
        });
        let text = r#"[{"id": 9, "file_name": "a.png", "content_url": "https://a.example/9", "size": 12}, {"size": 3}]"#;
        let files = cut.files(text).expect("files");
        assert_eq!(files.len(), 1, "one says nothing");
        assert_eq!(
            (files[0].0.size, files[0].0.id.as_deref()),
            (Some(12), Some("9"))
        );
        assert!(cut.files("no list").is_err());
        assert!(cut.files("[1]").is_err());
    }
}
