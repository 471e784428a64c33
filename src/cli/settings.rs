//! Where settings come from: flag, then environment, then default. The only file
//! that reads the environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use directories::ProjectDirs;

use crate::error::Error;
use crate::hubspot::Token;
use crate::hubspot::{Connection, Rate};
use crate::journal::PortalPath;

const DEFAULT_URL: &str = "https://api.hubapi.com";
const TOKEN: &str = "HUBSPOT_ACCESS_TOKEN";

/// Which portal, and how to reach it.
#[derive(Debug, Args)]
pub struct PortalArgs {
    /// The portal: `sandbox` is the embedded one; without this it is the portal of
    /// the token in HUBSPOT_ACCESS_TOKEN
    #[arg(long, value_enum, help_heading = "Portal")]
    pub portal: Option<PortalName>,
    /// Folder of the embedded sandbox's state [default: in the user's data folder]
    #[arg(long, value_name = "DIR", help_heading = "Portal")]
    pub sandbox_data: Option<PathBuf>,
    /// File that holds the access token, instead of HUBSPOT_ACCESS_TOKEN
    #[arg(long, value_name = "FILE", help_heading = "Portal")]
    token_file: Option<PathBuf>,
    /// Address of the API; plain http only for this machine
    ///
    /// HubSpot's own when nothing is said.
    #[arg(
        long,
        value_name = "URL",
        env = "TICKETHAUL_BASE_URL",
        help_heading = "Portal"
    )]
    base_url: Option<String>,
    /// Ceiling for calls, such as 100/10s, below what the portal allows
    #[arg(long, value_name = "N/10s", help_heading = "Portal")]
    rate: Option<Rate>,
    /// Seconds until an unanswered call counts as lost
    #[arg(long, value_name = "SECONDS", default_value_t = 100.0, value_parser = seconds, help_heading = "Portal")]
    timeout: f64,
}

/// Portals that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PortalName {
    /// The embedded portal, for rehearsals.
    Sandbox,
}

impl PortalArgs {
    /// The connection to the portal of the environment.
    pub fn connection(&self) -> Result<Connection, Error> {
        Ok(self.connection_to(self.url().to_owned(), self.token()?))
    }

    fn url(&self) -> &str {
        self.base_url.as_deref().unwrap_or(DEFAULT_URL)
    }

    /// How the portal is reached, for a resume.
    pub fn path(&self) -> Result<PortalPath, Error> {
        Ok(match self.portal {
            Some(PortalName::Sandbox) => PortalPath::Sandbox(self.sandbox_folder()?),
            None => PortalPath::Url(self.url().to_owned()),
        })
    }

    /// Fills in what was not said from a run's own portal.
    pub fn go_to(&mut self, path: &PortalPath) {
        match path {
            PortalPath::Sandbox(folder) => {
                self.portal = Some(PortalName::Sandbox);
                let _said = self.sandbox_data.get_or_insert_with(|| folder.clone());
            }
            PortalPath::Url(url) => {
                let _said = self.base_url.get_or_insert_with(|| url.clone());
            }
        }
    }

    /// A connection to this address with this token.
    pub fn connection_to(&self, base_url: String, token: Token) -> Connection {
        Connection {
            base_url,
            token,
            rate: self.rate,
            timeout: Duration::from_secs_f64(self.timeout),
        }
    }

    fn token(&self) -> Result<Token, Error> {
        let text = match &self.token_file {
            Some(path) => fs::read_to_string(path).map_err(|error| {
                Error::usage(format!(
                    "can't read the token file {}: {error}",
                    path.display()
                ))
            })?,
            None => environment(TOKEN).ok_or_else(no_portal)?,
        };
        Token::new(text.trim().to_owned())
            .map_err(|error| Error::usage(format!("the access token can't be used: {error}")))
    }

    /// The state file of the embedded sandbox; its folder is made when it is not
    /// there.
    pub fn sandbox_file(&self) -> Result<PathBuf, Error> {
        let folder = self.sandbox_folder()?;
        make_folder(&folder)?;
        Ok(folder.join("sandbox.db"))
    }

    fn sandbox_folder(&self) -> Result<PathBuf, Error> {
        let folder = match &self.sandbox_data {
            Some(folder) => folder.clone(),
            None => ProjectDirs::from("", "", "tickethaul")
                .map(|dirs| dirs.data_dir().to_owned())
                .ok_or_else(|| {
                    Error::usage("this user has no data folder")
                        .advise("name one with --sandbox-data")
                })?,
        };
        std::path::absolute(&folder).map_err(|error| {
            Error::usage(format!(
                "can't use the folder {}: {error}",
                folder.display()
            ))
        })
    }
}

/// The token that a served sandbox accepts.
pub fn sandbox_token() -> String {
    environment("TICKETHAUL_SANDBOX_TOKEN").unwrap_or_else(|| "sandbox".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| {
        Error::usage(format!(
            "can't make the folder {}: {error}",
            folder.display()
        ))
    })
}

fn no_portal() -> Error {
    Error::usage("no portal is named").advise(
        "set HUBSPOT_ACCESS_TOKEN or --token-file for your portal, or rehearse with --portal sandbox",
    )
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3_600.0 => Ok(seconds),
        _ => Err("a number of seconds between 0 and 3600 is expected".to_owned()),
    }
}
