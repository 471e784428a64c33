//! What a portal is started with. Plain values; reading them from a command line
//! or the environment is the caller's business.

use std::fmt;
use std::path::PathBuf;

use super::http::limits::Rate;
use super::seed::blueprint::Blueprint;
use super::switches::Switches;
use super::troubles::Trouble;

/// Where the state lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In memory: gone when the portal stops.
    Memory,
    /// In this SQLite file. It and its folder are created if missing; next to it are SQLite's own
    /// files and a lock file.
    File(PathBuf),
}

/// Everything that can be chosen about a portal.
#[derive(Clone)]
pub struct Options {
    /// Where the state lives.
    pub data: Data,
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The only token that is accepted; none for the state's own, which is generated at random with
    /// the state.
    pub token: Option<String>,
    /// The account's request allowance.
    pub rate: Rate,
    /// Behaviour where the contract leaves it open.
    pub switches: Switches,
    /// What goes wrong, and when.
    pub troubles: Vec<Trouble>,
    /// Determines shares of troubles, the ids of a new state and seeded tickets.
    pub seed: u64,
    /// How many tickets a portal without any is given, with their contacts and companies.
    pub seed_tickets: u32,
    /// What a new state defines instead of the usual definitions; it then holds no records.
    pub like: Option<Blueprint>,
}

impl Default for Options {
    /// In memory, any port, the token `sandbox`, 190 calls in 10 s, no troubles.
    fn default() -> Options {
        Options {
            data: Data::Memory,
            port: 0,
            token: Some("sandbox".to_owned()),
            rate: Rate::default(),
            switches: Switches::default(),
            troubles: Vec::new(),
            seed: fastrand::u64(..),
            seed_tickets: 0,
            like: None,
        }
    }
}

impl fmt::Debug for Options {
    /// Shows everything except the token.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("data", &self.data)
            .field("port", &self.port)
            .field("rate", &self.rate)
            .field("switches", &self.switches)
            .field("troubles", &self.troubles)
            .field("seed", &self.seed)
            .field("seed_tickets", &self.seed_tickets)
            .finish_non_exhaustive()
    }
}
