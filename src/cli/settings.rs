//! Where settings come from: flag, then environment, then configuration, then default. The
//! only file that reads the environment; `chosen` decides which portal is meant.

mod chosen;
mod portal_name;

use std::env::VarError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use directories::ProjectDirs;

use super::config::{Config, Profile, Source, is_plain_name};
use super::registry::Registry;
use super::secrets::{read_secret, token_of};
use super::{token_command, twin_folder};
use crate::error::Error;
use crate::hubspot::{
    ApiVersion, Authorities, Credentials, HostToken, NamedProxy, OAuthApp, Rate, Reserve, Route,
    Settings, Token, ValueRules,
};
use crate::import::flow::Operation;
use crate::journal::PortalPath;
use crate::model::shell;
use crate::model::value_rule::RuleBook;
use crate::output::private_folder;

pub use chosen::exposed;
pub use portal_name::{By, Chosen, PortalName};

/// The default if neither the portal nor the user says. HubSpot: calls of a private app
/// in ten seconds, from the Professional tier on.
const USUAL_RATE: (u32, Duration) = (190, Duration::from_secs(10));

/// The embedded sandbox's state in its folder.
pub const SANDBOX_STATE: &str = "sandbox.db";

const DEFAULT_URL: &str = "https://api.hubapi.com";
const TOKEN: &str = "HUBSPOT_ACCESS_TOKEN";

const BASE_URL: &str = "TICKETHAUL_BASE_URL";
const SANDBOX_TOKEN: &str = "TICKETHAUL_SANDBOX_TOKEN";

/// What an OAuth app needs: the name in the environment and the key in a file.
const OAUTH: [(&str, &str); 3] = [
    ("HUBSPOT_CLIENT_ID", "client_id"),
    ("HUBSPOT_CLIENT_SECRET", "client_secret"),
    ("HUBSPOT_REFRESH_TOKEN", "refresh_token"),
];

/// Which portal, and how to reach it.
#[derive(Debug, Args)]
pub struct PortalArgs {
    /// The portal: `sandbox` is the embedded one, others are named by `tickethaul portal
    /// add`; without this option it is that of TICKETHAUL_PORTAL, of the token in
    /// HUBSPOT_ACCESS_TOKEN (or of the OAuth app in HUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET
    /// and HUBSPOT_REFRESH_TOKEN), or the default of `tickethaul portal use`
    #[arg(long, value_name = "NAME", help_heading = "Portal")]
    pub portal: Option<PortalName>,
    /// Folder of the embedded sandbox's state [default: in the user's data folder]
    #[arg(long, value_name = "DIR", help_heading = "Portal")]
    pub sandbox_data: Option<PathBuf>,
    /// With a sandbox as the portal: the twin of a portal, by its name or by a copy that `schema
    /// pull -o` wrote: its definitions, limits and behaviour, without its records, in a separate
    /// sandbox
    #[arg(long, value_name = "NAME|FILE", help_heading = "Portal")]
    like: Option<String>,
    /// File that holds the access token, instead of HUBSPOT_ACCESS_TOKEN
    #[arg(long, value_name = "FILE", help_heading = "Portal")]
    token_file: Option<PathBuf>,
    /// TOML file with client_id, client_secret and refresh_token of an OAuth app
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "token_file",
        help_heading = "Portal"
    )]
    oauth_file: Option<PathBuf>,
    /// Address of the API; plain http only for this machine [env: TICKETHAUL_BASE_URL]
    ///
    /// HubSpot's own by default. A named portal has its own address, and ignores the
    /// variable.
    #[arg(long, value_name = "URL", help_heading = "Portal")]
    base_url: Option<String>,
    /// The portal of the run that is resumed.
    #[arg(skip)]
    of_run: Option<PortalPath>,
    /// Whether its definitions are wanted for a twin.
    #[arg(skip)]
    is_original: bool,
    /// Version of the API's paths: v3 or 2026-09 [default: 2026-09]
    #[arg(long, value_name = "VERSION", help_heading = "Portal")]
    api: Option<ApiVersion>,
    /// Limit of calls, such as 100/10s, below what the portal allows
    #[arg(long, value_name = "N/10s", help_heading = "Portal")]
    rate: Option<Rate>,
    /// Percent of the portal's allowance that is left for others, of the burst and of
    /// the day; for the day's, the command stops [default: 0 of the burst, 10 of the
    /// day]
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "Portal")]
    reserve: Option<f64>,
    /// When the account's calls of the day are used up, or only --reserve is left, wait for
    /// the next day instead of stopping with exit code 5
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        default_missing_value = "true",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Portal"
    )]
    wait_for_limit: bool,
    /// Seconds after which an unanswered call counts as lost
    #[arg(long, value_name = "SECONDS", default_value_t = 100.0, value_parser = seconds, help_heading = "Portal")]
    timeout: f64,
    /// Seconds after which a lost call can no longer be carried out: updates and
    /// archivings are then looked up, and repeated if they differ
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0, value_parser = seconds, help_heading = "Portal")]
    horizon: f64,
}

impl PortalArgs {
    /// The portal of that name, with its usual settings.
    pub fn named(portal: PortalName) -> PortalArgs {
        PortalArgs {
            portal: Some(portal),
            sandbox_data: None,
            like: None,
            token_file: None,
            oauth_file: None,
            base_url: None,
            of_run: None,
            is_original: false,
            api: None,
            rate: None,
            reserve: None,
            wait_for_limit: false,
            timeout: 100.0,
            horizon: 120.0,
        }
    }

    /// The same for a portal of which a sandbox is to be the twin.
    pub fn original(portal: PortalName) -> PortalArgs {
        PortalArgs {
            is_original: true,
            ..PortalArgs::named(portal)
        }
    }

    /// Address of a chosen portal.
    pub fn url(&self, chosen: &Chosen) -> String {
        self.address(chosen).0
    }

    /// How the portal is reached, for a resume.
    pub fn path(&self) -> Result<PortalPath, Error> {
        let chosen = self.chosen()?;
        Ok(match &chosen {
            Chosen::Sandbox(_) | Chosen::NamedSandbox(..) => {
                PortalPath::Sandbox(self.sandbox_folder(&chosen)?)
            }
            Chosen::Named(profile, _) => PortalPath::Named {
                name: profile.name.clone(),
                url: self.url(&chosen),
            },
            Chosen::Bare | Chosen::Nothing => PortalPath::Url(self.url(&chosen)),
        })
    }

    /// The files that the credentials come from: of a token, of an OAuth app.
    pub fn secret_files(&self) -> [Option<&Path>; 2] {
        [self.token_file.as_deref(), self.oauth_file.as_deref()]
    }

    /// Whether this command line or environment says where calls go.
    pub fn names_address(&self) -> bool {
        self.portal.is_some() || self.base_url.is_some() || environment(BASE_URL).is_some()
    }

    /// Whether an address is where calls go by default: HubSpot.
    pub fn is_usual(&self, url: &str) -> bool {
        url == DEFAULT_URL
    }

    /// Whether the state of a sandbox in this folder was named, or is the default one.
    pub fn names_sandbox(&self, folder: &Path) -> bool {
        self.sandbox_data.is_some() || sandbox_folder(None).is_ok_and(|usual| usual == folder)
    }

    /// Uses the credential files that a run was started with if none is named now.
    pub fn take_secret_files(&mut self, token: Option<&Path>, oauth: Option<&Path>) {
        if self.token_file.is_none() && self.oauth_file.is_none() {
            self.token_file = token.map(Path::to_owned);
            self.oauth_file = oauth.map(Path::to_owned);
        }
    }

    /// How long a lost call may still be carried out.
    pub fn horizon(&self) -> Duration {
        Duration::from_secs_f64(self.horizon)
    }

    /// Uses the version of the paths that a run began with if none is given.
    pub fn keep_version(&mut self, version: ApiVersion) {
        let _said = self.api.get_or_insert(version);
    }

    /// How to call a chosen portal; runs the command that gives its token.
    pub async fn settings(&self, chosen: &Chosen) -> Result<Settings, Error> {
        let credentials = match chosen {
            Chosen::Named(profile, _) => credentials_of(profile).await?,
            _ => self.credentials()?,
        };
        Ok(self.settings_with(credentials, chosen))
    }

    /// How to call a chosen portal with these credentials.
    pub fn settings_with(&self, credentials: Credentials, chosen: &Chosen) -> Settings {
        let same = |share| Reserve {
            burst: share,
            day: share,
        };
        let profile = match chosen {
            Chosen::Named(profile, _) | Chosen::NamedSandbox(profile, _) => Some(profile),
            _ => None,
        };
        let kept = profile.and_then(|profile| profile.reserve);
        let reserve = self.reserve.or(kept.map(|percent| percent / 100.0));
        let api = self.api.or(profile.and_then(|profile| profile.api));
        let api = api.or_else(|| self.api_of_original(chosen));
        Settings {
            credentials: Some(credentials),
            rate: self.rate.or(profile.and_then(|profile| profile.rate)),
            reserve: reserve.map_or_else(Reserve::default, same),
            timeout: Duration::from_secs_f64(self.timeout),
            wait_for_limit: self.wait_for_limit,
            api: api.unwrap_or_default(),
            route: route(),
        }
    }

    /// The portal's rules for values that apply to what an operation sends. HubSpot: they
    /// apply only to writes by the paths of 2026-09.
    pub fn rules_that_bind(&self, rules: &ValueRules, operation: Operation) -> RuleBook {
        let of_profile = || self.profile().ok().flatten()?.api;
        let api = self.api.or_else(of_profile).unwrap_or_default();
        match api == ApiVersion::V3 || operation == Operation::Archive || operation.only_links() {
            true => RuleBook::default(),
            false => RuleBook::new(rules),
        }
    }
    /// Calls in a time, for estimates: the slower of the portal's allowance and the given limit.
    pub fn reckoned_rate(&self, allowance: Option<Rate>) -> (u32, Duration) {
        let a_second = |rate: &Rate| f64::from(rate.calls) / rate.window.as_secs_f64();
        let rates = [self.rate, allowance].into_iter().flatten();
        let slower = rates.min_by(|one, other| a_second(one).total_cmp(&a_second(other)));
        slower.map_or(USUAL_RATE, |rate| (rate.calls, rate.window))
    }

    /// A named file wins; then a token wins over an app.
    fn credentials(&self) -> Result<Credentials, Error> {
        if let Some(path) = &self.token_file {
            let text = read_secret("token", path)?;
            return Ok(Credentials::Token(access_token(&text)?));
        }
        if let Some(path) = &self.oauth_file {
            return oauth_file(path).map(Credentials::OAuth);
        }
        match environment(TOKEN) {
            Some(text) => Ok(Credentials::Token(access_token(&text)?)),
            None => oauth_environment().map(Credentials::OAuth),
        }
    }

    /// The portal or copy that a chosen sandbox is to be the twin of.
    pub fn like<'a>(&'a self, chosen: &'a Chosen) -> Option<&'a str> {
        let of_profile = match chosen {
            Chosen::NamedSandbox(profile, _) => match &profile.source {
                Source::Sandbox(like) => like.as_deref(),
                _ => None,
            },
            _ => None,
        };
        self.like.as_deref().or(of_profile)
    }

    /// The version of the paths for calling the portal of which a sandbox is the twin; it is
    /// that portal's own.
    pub fn api_of_original(&self, chosen: &Chosen) -> Option<ApiVersion> {
        let config = config().ok()?;
        config.portal(self.like(chosen)?).ok()?.api
    }

    /// The command that empties a chosen sandbox.
    pub fn reset_words(&self, chosen: &Chosen) -> String {
        let what = match (&self.sandbox_data, chosen, &self.like) {
            (Some(folder), ..) => format!(" --sandbox-data {}", shell::path(folder)),
            (None, Chosen::NamedSandbox(profile, _), _) => format!(" {}", profile.name),
            (None, _, Some(like)) => format!(" --like {}", shell::word(like)),
            (None, _, None) => String::new(),
        };
        format!("tickethaul sandbox reset{what}")
    }

    /// The folder of a chosen sandbox's state; created if missing.
    pub fn made_sandbox_folder(&self, chosen: &Chosen) -> Result<PathBuf, Error> {
        let folder = self.sandbox_folder(chosen)?;
        make_folder(&folder)?;
        Ok(folder)
    }

    fn sandbox_folder(&self, chosen: &Chosen) -> Result<PathBuf, Error> {
        match (&self.sandbox_data, chosen, &self.like) {
            (None, Chosen::NamedSandbox(profile, _), _) => named_sandbox(&profile.name),
            (None, _, Some(like)) => {
                let data = sandbox_folder(None)?;
                Ok(twin_folder::folder_of(like, &data))
            }
            (given, ..) => sandbox_folder(given.as_deref()),
        }
    }
}

/// The folder of the state of a named sandbox.
pub fn named_sandbox(name: &str) -> Result<PathBuf, Error> {
    Ok(sandbox_folder(None)?.join("sandboxes").join(name))
}

/// The credentials of a named portal.
pub async fn credentials_of(profile: &Profile) -> Result<Credentials, Error> {
    let name = &profile.name;
    let who = format!("portal `{name}`");
    let text = match &profile.source {
        Source::OAuthFile(path) => return oauth_file(path).map(Credentials::OAuth),
        Source::Sandbox(_) => {
            return Err(Error::unexpected(format!("`{name}` is a sandbox: it has no token")));
        }
        Source::File(path) => read_secret("token", path)?,
        Source::Command(line, limit) => token_command::printed(&who, line, *limit).await?,
        Source::Variable(variable) => environment(variable).ok_or_else(|| {
            // An unknown name may be a token in the wrong place.
            let (which, it) = match is_plain_name(variable) {
                true => (format!("the variable {variable}"), variable.as_str()),
                false => ("a variable".to_owned(), "it"),
            };
            Error::usage(format!(
                "portal `{name}` has its token in {which}, which is not set"
            ))
            .advise(format!(
                "nothing was sent; set {it}, or say with `tickethaul portal add {name}` where the token is"
            ))
        })?,
    };
    let variable = match &profile.source {
        Source::Variable(variable) => variable,
        _ => TOKEN,
    };
    let token = Token::new(token_of(&text, variable).trim().to_owned());
    let token = token.map_err(|error| match &profile.source {
        Source::Command(..) => {
            token_command::failed(&who, format!("printed what can't be used: {error}"))
        }
        _ => Error::usage(format!("the token of portal `{name}` can't be used")).because(error),
    });
    Ok(Credentials::Token(token?))
}

/// The folder of the embedded sandbox's state: the given one, or one in the user's data folder.
pub fn sandbox_folder(given: Option<&Path>) -> Result<PathBuf, Error> {
    let folder = match given {
        Some(folder) => folder.to_owned(),
        None => data_folder().ok_or_else(|| {
            Error::usage("this user has no data folder").advise("name one with --sandbox-data")
        })?,
    };
    std::path::absolute(&folder).map_err(|error| {
        Error::usage(format!("can't use the folder {}", folder.display())).because(error)
    })
}

/// The route to the portal as the usual variables define it. Calls go out by https, or
/// stay on this machine, so variables for plain http are ignored.
pub(super) fn route() -> Route {
    let named = |names: &[&'static str]| {
        let mut set = names
            .iter()
            .filter_map(|name| Some((*name, environment(name)?)));
        set.next()
    };
    let proxy = named(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]);
    let file = environment("SSL_CERT_FILE").map(PathBuf::from);
    let folders = environment("SSL_CERT_DIR");
    let folders: Vec<PathBuf> = folders.iter().flat_map(std::env::split_paths).collect();
    let authorities = Authorities { file, folders };
    let is_named = authorities.file.is_some() || !authorities.folders.is_empty();
    Route {
        proxy: proxy.map(|(variable, address)| NamedProxy { variable, address }),
        no_proxy: named(&["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts),
        authorities: is_named.then_some(authorities),
    }
}

/// An address as it may be shown: the part before an @ can be a password, and so can a
/// query.
fn shown_url(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    url.rsplit('@').next().unwrap_or_default()
}

/// Whether the terminal can redraw a line: Emacs' shell and the like can't.
pub fn redraws() -> bool {
    environment("TERM").is_none_or(|terminal| terminal != "dumb")
}

fn access_token(text: &str) -> Result<Token, Error> {
    secret("the access token", token_of(text, TOKEN))
}

fn secret(what: &str, text: &str) -> Result<Token, Error> {
    Token::new(text.trim().to_owned())
        .map_err(|error| Error::usage(format!("{what} can't be used")).because(error))
}

/// TOML's error messages show the line, so only their text is used.
fn oauth_file(path: &Path) -> Result<OAuthApp, Error> {
    let text = read_secret("OAuth", path)?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let words = error.message();
        Error::usage(format!(
            "the OAuth file {} is not TOML: {words}",
            path.display()
        ))
    })?;
    let value = |(_, key): (&str, &str)| {
        table
            .get(key)
            .and_then(toml::Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| {
                Error::usage(format!(
                    "the OAuth file {} has no text `{key}`",
                    path.display()
                ))
            })
    };
    oauth_app(OAUTH.map(value))
}

fn oauth_environment() -> Result<OAuthApp, Error> {
    let values = OAUTH.map(|(name, _)| environment(name).ok_or(name));
    if values.iter().all(Result::is_err) {
        return Err(no_portal());
    }
    let missing = |name| Error::usage(format!("{name} is not set; an OAuth app needs it too"));
    oauth_app(values.map(|value| value.map_err(missing)))
}

fn oauth_app(values: [Result<String, Error>; 3]) -> Result<OAuthApp, Error> {
    let [client_id, client_secret, refresh_token] = values;
    Ok(OAuthApp {
        client_id: secret("the client id", &client_id?)?,
        client_secret: secret("the client secret", &client_secret?)?,
        refresh_token: secret("the refresh token", &refresh_token?)?,
    })
}

/// The user's folder for data.
fn data_folder() -> Option<PathBuf> {
    ProjectDirs::from("", "", "tickethaul").map(|dirs| dirs.data_dir().to_owned())
}

/// The user's configuration; an empty one for a user without a folder for it.
pub fn config() -> Result<Config, Error> {
    match ProjectDirs::from("", "", "tickethaul") {
        Some(dirs) => Config::read(dirs.config_dir().join("config.toml")),
        None => Config::read(PathBuf::new()),
    }
}

/// The user's registry of runs; none without a data folder.
pub fn registry() -> Option<Registry> {
    data_folder().map(|folder| Registry::new(folder.join("runs")))
}

/// The user's folder for facts about portals.
pub fn known_folder() -> Option<PathBuf> {
    data_folder().map(|folder| folder.join("portals"))
}

/// The user's folder for caches.
pub fn cache_folder() -> Result<PathBuf, Error> {
    let dirs = ProjectDirs::from("", "", "tickethaul");
    dirs.map(|dirs| dirs.cache_dir().to_owned())
        .ok_or_else(|| Error::usage("this user has no cache folder").advise("name a file with -o"))
}

/// The token that a served sandbox accepts, if the user chose one.
pub fn sandbox_token() -> Result<Option<String>, Error> {
    refuse_empty(SANDBOX_TOKEN, "for a token of the sandbox's own")?;
    Ok(environment(SANDBOX_TOKEN))
}

/// The token for a host of files, by what its variable ends in.
pub(super) fn attachment_token(host: &str) -> Option<HostToken> {
    environment(&format!("TICKETHAUL_ATTACHMENT_TOKEN_{host}")).map(HostToken::from)
}

fn environment(name: &str) -> Option<String> {
    set(name).and_then(Result::ok)
}

/// The value of a variable, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn set(name: &str) -> Option<Result<String, &'static str>> {
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Some(Err("is empty")),
        Ok(value) => Some(Ok(value)),
        Err(VarError::NotUnicode(_)) => Some(Err("is not text")),
        Err(VarError::NotPresent) => None,
    }
}

/// `otherwise` says when it should not be set at all.
fn refuse_empty(name: &str, otherwise: &str) -> Result<(), Error> {
    match set(name) {
        Some(Err(what)) => Err(Error::usage(format!("{name} is set, but {what}"))
            .advise(format!("give it a value, or unset it {otherwise}"))),
        _ => Ok(()),
    }
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    private_folder(folder).map_err(|error| {
        Error::usage(format!("can't make the folder {}", folder.display())).because(error)
    })
}

fn no_portal() -> Error {
    let config = config().ok();
    let names = config.as_ref().map(Config::names).unwrap_or_default();
    let named = match names.as_slice() {
        [] => String::new(),
        names => format!("; the configuration has {}", names.join(", ")),
    };
    Error::usage("no portal is named").advise(format!(
        "set HUBSPOT_ACCESS_TOKEN or --token-file for your portal, name it once with `tickethaul portal add`, \
         or rehearse with --portal sandbox{named}"
    ))
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').trim().parse::<f64>() {
        Ok(percent) if (0.0..100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("a number from 0 to 99 is expected".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3_600.0 => Ok(seconds),
        _ => Err("a number of seconds between 0 and 3600 is expected".to_owned()),
    }
}
