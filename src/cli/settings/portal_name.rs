//! Portals by name, and how one was chosen.

use std::str::FromStr;

use crate::cli::config::{Profile, SANDBOX, Source, check_name};

/// Named portals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortalName {
    /// The embedded portal, for rehearsals.
    Sandbox,
    /// One of the configuration.
    Named(String),
}

impl FromStr for PortalName {
    type Err = String;

    fn from_str(text: &str) -> Result<PortalName, String> {
        match text {
            SANDBOX => Ok(PortalName::Sandbox),
            name => check_name(name).map(|()| PortalName::Named(name.to_owned())),
        }
    }
}

/// The portal of a command.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// The embedded one.
    Sandbox(By),
    /// A sandbox of the configuration.
    NamedSandbox(Box<Profile>, By),
    /// One of the configuration.
    Named(Box<Profile>, By),
    /// That of a token or an app, given or in the environment.
    Bare,
    /// None is named.
    Nothing,
}

/// What named a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// `--portal`.
    Flag,
    /// `--like`: its definitions are copied.
    Like,
    /// The run that is resumed.
    Run,
    /// TICKETHAUL_PORTAL.
    Variable,
    /// The configuration.
    Default,
}

impl Chosen {
    /// A portal from the configuration.
    pub fn of(profile: Profile, by: By) -> Chosen {
        match profile.source {
            Source::Sandbox(_) => Chosen::NamedSandbox(Box::new(profile), by),
            _ => Chosen::Named(Box::new(profile), by),
        }
    }

    /// True for a sandbox, whatever its name.
    pub fn is_sandbox(&self) -> bool {
        matches!(self, Chosen::Sandbox(_) | Chosen::NamedSandbox(..))
    }
}

impl By {
    pub(super) fn words(self, name: &str) -> String {
        match self {
            By::Flag => format!("chosen by --portal {name}"),
            By::Like => format!("chosen by --like {name}"),
            By::Run => "as in the run".to_owned(),
            By::Variable => format!("chosen by {PORTAL}"),
            By::Default => "the default of the configuration".to_owned(),
        }
    }
}

pub(crate) const PORTAL: &str = "TICKETHAUL_PORTAL";
