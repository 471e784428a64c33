//! Which path of the file manager means what (C2 §2).

use crate::sandbox::api::problem::Problem;

/// Prefix of signed addresses, which need no token.
pub(in crate::sandbox) const SIGNED: &str = "/_signed/";

/// The paths that are served.
#[derive(Debug)]
pub(in crate::sandbox) enum FileRoute {
    /// Uploads.
    Files,
    File(String),
    /// A file or a folder by its path.
    Stat(String),
    Search,
    SignedUrl(String),
    Download(String),
    Folders,
    /// By id or by path.
    Folder(String),
    /// A signed address: of this file.
    Signed(String),
}

impl FileRoute {
    /// What the segments after the version mean.
    pub(in crate::sandbox) fn of(rest: &[&str]) -> Result<FileRoute, Problem> {
        let text = |text: &str| text.to_owned();
        match rest {
            ["files"] => Ok(FileRoute::Files),
            ["files", "search"] => Ok(FileRoute::Search),
            ["files", "stat", path @ ..] => Ok(FileRoute::Stat(joined(path))),
            ["files", id] => Ok(FileRoute::File(text(id))),
            ["files", id, "signed-url"] => Ok(FileRoute::SignedUrl(text(id))),
            ["files", id, "download"] => Ok(FileRoute::Download(text(id))),
            ["folders"] => Ok(FileRoute::Folders),
            ["folders", id] if id.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(FileRoute::Folder(text(id)))
            }
            ["folders", path @ ..] => Ok(FileRoute::Folder(joined(path))),
            _ => Err(Problem::not_found()),
        }
    }
}

/// Segments as a path; an escaped slash in one of them is a slash.
fn joined(segments: &[&str]) -> String {
    format!("/{}", segments.join("/").trim_matches('/'))
}
