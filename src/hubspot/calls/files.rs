//! Files: uploads, and finding them again (C2 §2).

use std::path::PathBuf;

use bytes::Bytes;
use http::Method;

use crate::hubspot::client::{Client, found};
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Effect, Request, Upload};
use crate::hubspot::paths::with_query;
use crate::hubspot::records::StoredFile;
use crate::hubspot::transport::Fetcher;
use crate::hubspot::wire;

/// Maximum number of files of one search: more than any name's mark can find.
const FOUND: &str = "100";

/// A file to be uploaded.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Where to, from the first slash.
    pub folder: String,
    /// Its name, with its extension.
    pub name: String,
    /// Where its bytes are.
    pub bytes: PathBuf,
    /// How many there are.
    pub size: u64,
    /// Whether it is created even if the folder has the same file.
    pub regardless: bool,
}

impl Client {
    /// Uploads a file, unless the folder already has it: then that one is returned
    /// (protocol H5). Repeating it after a lost reply may upload it twice.
    pub async fn upload(&self, new: &NewFile) -> Result<StoredFile, CallError> {
        let upload = form(new).map_err(Client::unsendable)?;
        let mut request = Request::new(Method::POST, self.api().files(), Effect::Once);
        request.upload = Some(upload);
        self.call(&request, wire::file).await
    }

    /// The file at a path.
    pub async fn file_at(&self, path: &str) -> Result<Option<StoredFile>, CallError> {
        let stat = self.get(self.api().file_stat(path), wire::stat).await;
        Ok(there(stat)?.flatten())
    }

    /// Those of these files, at most 100, that a search finds; it does not find hidden ones.
    pub async fn stored_files(&self, ids: &[&str]) -> Result<Vec<StoredFile>, CallError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query: Vec<(&str, &str)> = ids.iter().map(|id| ("ids", *id)).collect();
        query.push(("limit", FOUND));
        let path = with_query(&self.api().file_search(), &query);
        self.get(path, wire::files).await
    }

    /// A file by its id.
    pub async fn stored_file(&self, id: &str) -> Result<Option<StoredFile>, CallError> {
        there(self.get(self.api().file(id), wire::file).await)
    }

    /// An address that leads to a file for a while, without a token.
    pub async fn signed_address(&self, id: &str) -> Result<Option<String>, CallError> {
        there(self.get(self.api().signed_url(id), wire::signed).await)
    }

    /// Fetches files from such addresses.
    pub fn file_fetcher(&self) -> Fetcher {
        let (base, route) = self.way();
        Fetcher::of_portal(base, route.clone(), self.deadline())
    }

    /// A file by its id; none if it does not exist, or is deleted.
    pub async fn file_by_id(&self, id: &str) -> Result<Option<StoredFile>, CallError> {
        let file = match self.get(self.api().file(id), wire::file).await {
            Err(CallError::Gone { error, .. }) if error.status == 404 => None,
            file => found(file)?,
        };
        Ok(file.filter(|file| !file.archived))
    }

    /// Files with these bytes whose names have this mark, of less than 20 letters. It may
    /// take a while until a new one is found.
    pub async fn files_with(&self, mark: &str, md5: &str) -> Result<Vec<StoredFile>, CallError> {
        let query = [("name", mark), ("fileMd5", md5), ("limit", FOUND)];
        let path = with_query(&self.api().file_search(), &query);
        self.get(path, wire::files).await
    }

    /// Deletes a file; a missing one counts as deleted.
    pub async fn delete_file(&self, id: &str) -> Result<(), CallError> {
        let request = Request::new(Method::DELETE, self.api().file(id), Effect::Repeatable);
        there(self.call(&request, wire::nothing).await).map(drop)
    }

    /// Checks that files may be read.
    ///
    /// # Errors
    /// When a scope is missing, which the error names, or the portal can't be reached.
    pub async fn check_reads_files(&self) -> Result<(), CallError> {
        let path = with_query(&self.api().file_search(), &[("limit", "1")]);
        self.get(path, wire::files).await.map(drop)
    }

    /// Checks that files may be read and written: an empty upload needs the same scopes as
    /// any other.
    ///
    /// # Errors
    /// When a scope is missing, which the error names, or the portal can't be reached.
    pub async fn check_files(&self) -> Result<(), CallError> {
        self.check_reads_files().await?;
        let mut request = Request::new(Method::POST, self.api().files(), Effect::Repeatable);
        request.upload = Some(part("options", "{}"));
        match self.call(&request, wire::anything).await {
            Ok(_) | Err(CallError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The result, or none. A missing file may be reported like a missing path of the API.
fn there<T>(outcome: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match outcome {
        Err(CallError::Gone { error, .. }) if error.status == 404 => Ok(None),
        outcome => found(outcome),
    }
}

const BOUNDARY: &str = "tickethaul-part-of-the-form-7c1f4a";

/// A form without a file.
fn part(name: &str, text: &str) -> Upload {
    Upload {
        boundary: BOUNDARY,
        before: Bytes::from(format!("{}--{BOUNDARY}--\r\n", text_part(name, text))),
        file: None,
        after: Bytes::new(),
    }
}

fn form(new: &NewFile) -> serde_json::Result<Upload> {
    let mut before = String::new();
    for (name, text) in [
        ("folderPath", new.folder.as_str()),
        ("fileName", new.name.as_str()),
        ("options", wire::upload_options(new.regardless)?.as_str()),
    ] {
        before.push_str(&text_part(name, text));
    }
    before.push_str(&format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        new.name.replace(['"', '\r', '\n'], "-")
    ));
    Ok(Upload {
        boundary: BOUNDARY,
        before: Bytes::from(before),
        file: Some((new.bytes.clone(), new.size)),
        after: Bytes::from(format!("\r\n--{BOUNDARY}--\r\n")),
    })
}

fn text_part(name: &str, text: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}
