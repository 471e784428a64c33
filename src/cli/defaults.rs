//! Defaults of the chosen portal: its rate, reserve, version, mapping and time zone are
//! put on the command line as if they had been typed, so that a run keeps them. The
//! version of the API is always there: a run keeps the one that it began with.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, FromArgMatches};

use super::config::Profile;
use super::settings::PortalArgs;

/// Commands that use the options of an earlier run, and the one that takes a portal's name
/// without an option.
const AS_TYPED: [&str; 6] = ["resume", "retry", "apply", "verify", "undo", "portal check"];

/// Commands that use the portal's mapping if none is given.
const MAPPED: [&str; 6] = [
    "import",
    "plan",
    "associate",
    "dissociate",
    "schema apply",
    "schema diff",
];

/// The command line with what the portal adds to it. If it can't be parsed, or the
/// portal is not known, it is left as it is: the error is reported later.
pub fn completed(line: &clap::Command, args: &[OsString]) -> Vec<OsString> {
    let words = line
        .clone()
        .ignore_errors(true)
        .try_get_matches_from(args)
        .ok()
        .and_then(|matches| added(line, &matches));
    let Some(words) = words else {
        return args.to_vec();
    };
    let end = args.iter().position(|word| word == "--");
    let (before, behind) = args.split_at(end.unwrap_or(args.len()));
    let before = before.iter().cloned().chain(words);
    before.chain(behind.iter().cloned()).collect()
}

fn added(line: &clap::Command, matches: &ArgMatches) -> Option<Vec<OsString>> {
    let (mut path, mut inner) = (Vec::new(), matches);
    while let Some((name, deeper)) = inner.subcommand() {
        path.push(name);
        inner = deeper;
    }
    let command = path.join(" ");
    if !calls_a_portal(line, &path) || AS_TYPED.contains(&command.as_str()) {
        return None;
    }
    let portal = PortalArgs::from_arg_matches(inner).ok()?;
    let profile = portal.profile().ok()?;
    let chosen = portal.chosen().ok()?;
    let mut words = Words {
        inner,
        words: Vec::new(),
    };
    let api = profile.as_ref().and_then(|profile| profile.api);
    let api = api.or_else(|| portal.api_of_original(&chosen));
    words.add("api", Some(api.unwrap_or_default()));
    if let Some(profile) = profile {
        words.add("rate", profile.rate);
        words.add("reserve", profile.reserve);
        words.add_for(&command, &profile);
    }
    Some(words.words)
}

/// Whether a command takes the options of a portal. Its definition is asked, because
/// asking the matches for an option that it lacks is an error in debug builds alone.
fn calls_a_portal(line: &clap::Command, path: &[&str]) -> bool {
    let command = path
        .iter()
        .try_fold(line, |command, name| command.find_subcommand(name));
    command.is_some_and(|command| {
        let has = |id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
        has("api") && has("portal")
    })
}

struct Words<'a> {
    inner: &'a ArgMatches,
    words: Vec<OsString>,
}

impl Words<'_> {
    /// Adds an option, unless it is there.
    fn add(&mut self, name: &str, value: Option<impl ToString>) {
        let Some(value) = value.filter(|_| !self.is_there(name)) else {
            return;
        };
        let word = format!("--{name}={}", value.to_string());
        self.words.push(word.into());
    }

    /// Options that only some commands take.
    fn add_for(&mut self, command: &str, profile: &Profile) {
        if MAPPED.contains(&command) && !(command == "plan" && self.is_about_a_plan()) {
            let mapping = profile.mapping.as_deref();
            self.add("mapping", mapping.map(|path| path.display()));
        }
        if command == "export" && !self.is_there("mapping") {
            self.add("zone", profile.time_zone.as_deref());
        }
    }

    /// `plan FOLDER` shows a saved plan.
    fn is_about_a_plan(&self) -> bool {
        let files = self.inner.try_get_many::<PathBuf>("files").ok().flatten();
        files.is_some_and(|mut files| files.any(|file| file.is_dir()))
    }

    fn is_there(&self, name: &str) -> bool {
        let source = self.inner.value_source(name);
        source.is_some_and(|source| source != clap::parser::ValueSource::DefaultValue)
    }
}
