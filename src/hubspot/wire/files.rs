//! Files of the file manager (C2 §2.1).

use serde::{Deserialize, Serialize};

use super::lenient_scalars::Text;
use super::paging::ListShape;
use crate::hubspot::records::StoredFile;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FileShape {
    id: Text,
    name: Text,
    path: Text,
    extension: Text,
    size: Text,
    file_md5: Text,
    created_at: Text,
    archived: Text,
}

impl FileShape {
    fn file(self) -> serde_json::Result<StoredFile> {
        Ok(StoredFile {
            id: self.id.required("id")?,
            name: self.name.or_empty(),
            path: self.path.or_empty(),
            extension: self.extension.or_empty(),
            size: self.size.0.and_then(|size| size.parse().ok()),
            md5: self.file_md5.0.map(|md5| md5.to_lowercase()),
            created: self.created_at.0.and_then(|time| time.parse().ok()),
            archived: self.archived.0.as_deref() == Some("true"),
        })
    }
}

/// The field for a file; a folder has the other one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StatShape {
    file: Option<FileShape>,
}

/// What an upload asks for. An absolute path, and never in place of another file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OptionsShape {
    access: &'static str,
    overwrite: bool,
    duplicate_validation_strategy: &'static str,
    duplicate_validation_scope: &'static str,
}

/// Reads a file.
pub(crate) fn file(body: &[u8]) -> serde_json::Result<StoredFile> {
    serde_json::from_slice::<FileShape>(body)?.file()
}

/// An address that is signed.
#[derive(Deserialize)]
struct SignedShape {
    url: String,
}

/// Reads a signed address.
pub(crate) fn signed(body: &[u8]) -> serde_json::Result<String> {
    serde_json::from_slice::<SignedShape>(body).map(|signed| signed.url)
}

/// Reads what is at a path; none if that is a folder.
pub(crate) fn stat(body: &[u8]) -> serde_json::Result<Option<StoredFile>> {
    let shape: StatShape = serde_json::from_slice(body)?;
    shape.file.map(FileShape::file).transpose()
}

/// Reads the files that were found.
pub(crate) fn files(body: &[u8]) -> serde_json::Result<Vec<StoredFile>> {
    let shape: ListShape<FileShape> = serde_json::from_slice(body)?;
    shape.results.into_iter().map(FileShape::file).collect()
}

/// How files are uploaded (protocol H5).
pub(crate) fn upload_options(regardless: bool) -> serde_json::Result<String> {
    serde_json::to_string(&OptionsShape {
        access: "PRIVATE",
        overwrite: false,
        duplicate_validation_strategy: if regardless {
            "NONE"
        } else {
            "RETURN_EXISTING"
        },
        duplicate_validation_scope: "EXACT_FOLDER",
    })
}
