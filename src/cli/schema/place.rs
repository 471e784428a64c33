//! Copies of portals' definitions: where they are stored, and how they are read back.

use std::fs;
use std::path::Path;

use super::copy::PortalCopy;
use crate::cli::output::stdout;
use crate::cli::settings::cache_folder;
use crate::error::Error;
use crate::output::{Owner, Target, Wish, private_folder};

/// The folder of copies in the user's cache folder.
pub(super) const FOLDER: &str = "schema";

/// The file for the copy of a portal; its folder is created if missing.
pub fn place(portal_id: u64) -> Result<Target, Error> {
    let folder = cache_folder()?.join(FOLDER);
    private_folder(&folder).map_err(|error| {
        let folder = folder.display();
        Error::usage(format!("can't make the folder {folder}")).because(error)
    })?;
    Ok(Target::File(folder.join(format!("{portal_id}.toml"))))
}

/// The target for a copy in a file named by the user. A copy can be recognised, so an
/// older one is replaced.
pub fn target(path: &Path, force: bool) -> Result<Target, Error> {
    let wish = Wish {
        path,
        endings: &["toml"],
        any_ending: false,
        force,
    };
    wish.target(stdout, |path| match read(path) {
        Ok(_) => Owner::Ours,
        Err(_) => Owner::Unknown,
    })
}

/// Reads a copy that `schema pull` wrote.
pub fn read(path: &Path) -> Result<PortalCopy, Error> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("can't read {}", path.display())).because(error))?;
    PortalCopy::read(&text).map_err(|error| {
        Error::usage(format!("{} is not a copy of a portal", path.display()))
            .because(error)
            .advise("write it again with `tickethaul schema pull`")
    })
}
