//! The multipart form of an upload, read from the request: texts, and one file.

use axum::body::{Body, Bytes};
use multer::{Field, Multipart};

use crate::sandbox::api::problem::Problem;

/// The longest text of a form.
const LONGEST: usize = 64 * 1024;

/// How much of an oversized file is read and dropped, so that the client sees the refusal and not a
/// broken connection.
const MOST_DROPPED: usize = 64 * 1024 * 1024;

/// A form.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Form {
    texts: Vec<(String, String)>,
    pub(in crate::sandbox) file: Option<FormFile>,
}

/// A form's file.
#[derive(Debug)]
pub(in crate::sandbox) struct FormFile {
    /// What the form calls it.
    pub(in crate::sandbox) name: Option<String>,
    /// None if the file is larger than allowed.
    pub(in crate::sandbox) bytes: Option<Bytes>,
}

/// The boundary that a content type names, if it is that of a form.
pub(in crate::sandbox) fn boundary(content_type: &str) -> Option<String> {
    multer::parse_boundary(content_type).ok()
}

impl Form {
    /// Reads a form, and at most this many bytes of its file.
    pub(in crate::sandbox) async fn read(
        body: Body,
        boundary: String,
        most: usize,
    ) -> Result<Form, Problem> {
        let mut parts = Multipart::new(body.into_data_stream(), boundary);
        let mut form = Form::default();
        while let Some(field) = parts.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name != "file" {
                let text = taken(field, LONGEST).await?;
                let text = text.ok_or_else(|| Problem::input("a text of the form is too long"))?;
                let text = String::from_utf8_lossy(&text).into_owned();
                form.texts.push((name, text));
                continue;
            }
            let name = field.file_name().map(str::to_owned);
            let bytes = taken(field, most).await?.map(Bytes::from);
            form.file = Some(FormFile { name, bytes });
        }
        Ok(form)
    }

    /// A text of the form; none if it is empty.
    pub(in crate::sandbox) fn text(&self, name: &str) -> Option<&str> {
        let mut named = self.texts.iter().filter(|(key, _)| key == name);
        let text = named.next().map(|(_, text)| text.as_str());
        text.filter(|text| !text.is_empty())
    }
}

/// A part's bytes; none if there are more than `most`.
async fn taken(mut field: Field<'_>, most: usize) -> Result<Option<Vec<u8>>, Problem> {
    let (mut kept, mut total) = (Vec::new(), 0);
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        total += chunk.len();
        if total <= most {
            kept.extend_from_slice(&chunk);
        } else if total > most.saturating_add(MOST_DROPPED) {
            break;
        }
    }
    Ok((total <= most).then_some(kept))
}

fn broken(error: multer::Error) -> Problem {
    Problem::input(format!("the form can't be read: {error}"))
}
