//! Files and folders as they are shown (C2 §2.1).

use jiff::Timestamp;
use serde::Serialize;

use super::names::file_type;
use crate::sandbox::clock::iso;
use crate::sandbox::store::{StoredFile, StoredFolder};

/// A file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct FileOut {
    id: String,
    created_at: String,
    updated_at: String,
    archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_folder_id: Option<String>,
    name: String,
    path: String,
    size: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    extension: String,
    default_hosting_url: String,
    url: String,
    is_usable_in_content: bool,
    access: String,
    file_md5: String,
    source_group: &'static str,
}

/// A folder.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct FolderOut {
    id: String,
    created_at: String,
    updated_at: String,
    archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_folder_id: Option<String>,
    name: String,
    path: String,
}

/// What a path leads to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) enum StatOut {
    File(FileOut),
    Folder(FolderOut),
}

/// A signed address.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct SignedOut {
    pub(super) url: String,
    pub(super) expires_at: String,
    name: String,
    extension: String,
    size: u64,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A time in its written form.
pub(super) fn text(millis: i64) -> String {
    iso(Timestamp::from_millisecond(millis).unwrap_or_default())
}

impl FileOut {
    pub(super) fn of(file: StoredFile, origin: &str, portal_id: i64) -> FileOut {
        let url = format!("{origin}/hubfs/{portal_id}{}", file.path);
        FileOut {
            id: file.id.to_string(),
            created_at: text(file.created),
            updated_at: text(file.created),
            archived: file.archived.is_some(),
            archived_at: file.archived.map(text),
            parent_folder_id: file.folder.map(|id| id.to_string()),
            kind: file_type(&file.ending),
            name: file.name,
            path: file.path,
            size: file.size,
            extension: file.ending,
            default_hosting_url: url.clone(),
            url,
            is_usable_in_content: file.access != "PRIVATE",
            access: file.access,
            file_md5: file.md5,
            source_group: "CONTENT",
        }
    }
}

impl FolderOut {
    pub(super) fn of(folder: StoredFolder) -> FolderOut {
        let name = folder.path.rsplit('/').next().unwrap_or_default();
        FolderOut {
            id: folder.id.to_string(),
            created_at: text(folder.created),
            updated_at: text(folder.created),
            archived: false,
            parent_folder_id: folder.parent.map(|id| id.to_string()),
            name: name.to_owned(),
            path: folder.path,
        }
    }
}

impl SignedOut {
    pub(super) fn of(file: StoredFile, url: String, until: i64) -> SignedOut {
        SignedOut {
            url,
            expires_at: text(until),
            kind: file_type(&file.ending),
            name: file.name,
            extension: file.ending,
            size: file.size,
        }
    }
}
