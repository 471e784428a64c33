//! Files of tickets and comments (protocol H5, H6): their bytes come from a folder or from hosts that were named
//! (`finder`, `bytes`, `local`), and go into the portal's file manager, each once (`uploads`, which asks `earlier` runs
//! first), before the note that names them is sent. A file with a fault affects its own note and no other.

mod bytes;
mod earlier;
mod finder;
mod local;
mod planned;
mod uploads;

use std::path::PathBuf;
use std::sync::Arc;

use crate::hubspot::{FileHost, Route};

pub use bytes::Bytes;
pub use earlier::EarlierFiles;
pub use finder::Finder;
pub use planned::{Looked, look, same};
pub use uploads::{Brought, Uploads, Wanted};

/// Where the bytes of files come from, and how large a file may be.
#[derive(Clone, Debug)]
pub struct FileSources {
    /// The folder that has them.
    pub folder: Option<PathBuf>,
    /// Hosts from which they may be fetched.
    pub hosts: Vec<FileHost>,
    /// The client for those.
    pub route: Route,
    /// The largest size of one, in bytes.
    pub most: u64,
    /// What earlier runs know about files.
    pub earlier: Arc<EarlierFiles>,
}
