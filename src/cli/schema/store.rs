//! Where the copies of portals' definitions are, and which one a command uses: a named
//! file, else a named portal, else the copy in the user's cache folder.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::copy::PortalCopy;
use super::place::{FOLDER, read};
use super::pull::pull;
use crate::cli::console::Console;
use crate::cli::portal::Portal;
use crate::cli::settings::{PortalArgs, cache_folder};
use crate::error::Error;
use crate::hubspot::SchemaParts;
use crate::report::age_words;

/// What a portal defines: from a file, from the portal, or from the last pull.
#[derive(Debug, Args)]
pub struct SchemaFrom {
    /// A copy written by `schema pull -o`, instead of a portal [default: the named
    /// portal, else the copy of the last `schema pull`]
    #[arg(long, value_name = "FILE", help_heading = "Portal")]
    schema: Option<PathBuf>,
    #[command(flatten)]
    pub portal: PortalArgs,
}

impl SchemaFrom {
    /// Reads it, and reports what it is. What is `needed` must be there.
    pub async fn read(&self, needed: SchemaParts, console: &Console) -> Result<PortalCopy, Error> {
        let (copy, portal) = self.read_keeping(needed, console).await?;
        if let Some(portal) = portal {
            portal.close().await;
        }
        Ok(copy)
    }

    /// The same, with the portal if that was asked; the caller closes it.
    pub async fn read_keeping(
        &self,
        needed: SchemaParts,
        console: &Console,
    ) -> Result<(PortalCopy, Option<Portal>), Error> {
        let copy = match &self.schema {
            Some(path) => read(path)?,
            None if self.portal.names_portal() => {
                let portal = Portal::open(&self.portal, console).await?;
                return match pull(&portal, needed, console).await {
                    Ok(copy) => Ok((copy, Some(portal))),
                    Err(error) => {
                        portal.close().await;
                        Err(error)
                    }
                };
            }
            None => the_one(&cache_folder()?.join(FOLDER))?,
        };
        let age = age_words(copy.pulled);
        console.say(&format!(
            "definitions of portal {} as pulled {age}",
            copy.portal_id
        ));
        let (contacts, out) = ("properties of contacts", &copy.left_out);
        for (is_missing, what) in [
            (needed.owners && out.owners, "owners"),
            (needed.contacts && out.contacts, contacts),
            (needed.custom && out.custom, "custom objects"),
        ] {
            if is_missing {
                return Err(Error::must_fix(format!(
                    "the copy has no {what}, which the mapping needs"
                ))
                .advise("run `tickethaul schema pull` again, with a token that may read them"));
            }
        }
        Ok((copy, None))
    }
}

/// The only copy there is; with several, nobody can know which portal is meant.
fn the_one(folder: &Path) -> Result<PortalCopy, Error> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    found.sort();
    match found.as_slice() {
        [one] => read(one),
        [] => Err(Error::usage("no portal is named, and none was pulled yet").advise(
            "set HUBSPOT_ACCESS_TOKEN, add --portal sandbox, or run `tickethaul schema pull` once",
        )),
        several => {
            let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
            let names = names.join(", ");
            Err(Error::usage(format!("several portals were pulled: {names}"))
                .advise("name one of these files with --schema"))
        }
    }
}
