//! Where settings come from: flag, then environment, then default. The only file
//! that reads the environment.

use std::env::VarError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use directories::ProjectDirs;

use super::registry::Registry;
use super::secrets::{others_may_read, read_secret, token_of};
use crate::error::Error;
use crate::hubspot::{
    ApiVersion, Authorities, Credentials, NamedProxy, OAuthApp, Rate, Reserve, Route, Settings,
    Token,
};
use crate::journal::PortalPath;
use crate::output::private_folder;

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
    /// The portal: `sandbox` is the embedded one; without this it is the portal of
    /// the token in HUBSPOT_ACCESS_TOKEN, or of the OAuth app in HUBSPOT_CLIENT_ID,
    /// HUBSPOT_CLIENT_SECRET and HUBSPOT_REFRESH_TOKEN
    #[arg(long, value_enum, help_heading = "Portal")]
    pub portal: Option<PortalName>,
    /// Folder of the embedded sandbox's state [default: in the user's data folder]
    #[arg(long, value_name = "DIR", help_heading = "Portal")]
    pub sandbox_data: Option<PathBuf>,
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
    /// HubSpot's own when nothing is said.
    #[arg(long, value_name = "URL", help_heading = "Portal")]
    base_url: Option<String>,
    /// The portal of the run that is resumed.
    #[arg(skip)]
    of_run: Option<PortalPath>,
    /// Version of the API's paths: v3 or 2026-09
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "v3",
        help_heading = "Portal"
    )]
    api: ApiVersion,
    /// Ceiling for calls, such as 100/10s, below what the portal allows
    #[arg(long, value_name = "N/10s", help_heading = "Portal")]
    rate: Option<Rate>,
    /// Percent of the portal's allowance that is left to others, of the burst and of
    /// the day; the day's is kept by stopping [default: 0 of the burst, 10 of the day]
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "Portal")]
    reserve: Option<f64>,
    /// Once the account's calls of the day are used up, or no more than --reserve are left,
    /// wait for the next day instead of ending with exit code 5
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
    /// Seconds until an unanswered call counts as lost
    #[arg(long, value_name = "SECONDS", default_value_t = 100.0, value_parser = seconds, help_heading = "Portal")]
    timeout: f64,
    /// Seconds after which a call that was lost can't be carried out any more: updates
    /// and archivings are looked up then, and repeated where they differ
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0, value_parser = seconds, help_heading = "Portal")]
    horizon: f64,
}

/// Portals that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PortalName {
    /// The embedded portal, for rehearsals.
    Sandbox,
}

impl PortalArgs {
    /// Address of the portal of the environment.
    pub fn url(&self) -> String {
        self.base().0
    }

    /// The address, and what named it where that was not the default.
    fn base(&self) -> (String, Option<&'static str>) {
        if let Some(url) = &self.base_url {
            return (url.clone(), Some("--base-url"));
        }
        if let Some(url) = environment(BASE_URL) {
            return (url, Some(BASE_URL));
        }
        match &self.of_run {
            Some(PortalPath::Url(url)) => (url.clone(), Some("as in the run")),
            _ => (DEFAULT_URL.to_owned(), None),
        }
    }

    /// Refuses a variable that is set but empty where it would decide which portal is
    /// called, or as whom: a script whose own variable was not set must not end up
    /// somewhere else.
    pub fn refuse_empty(&self) -> Result<(), Error> {
        if self.portal == Some(PortalName::Sandbox) {
            return Ok(());
        }
        if self.base_url.is_none() {
            refuse_empty(BASE_URL, "for HubSpot itself")?;
        }
        if self.token_file.is_some() || self.oauth_file.is_some() {
            return Ok(());
        }
        refuse_empty(TOKEN, "where --token-file or an OAuth app is meant")?;
        match environment(TOKEN) {
            Some(_) => Ok(()),
            None => OAUTH
                .iter()
                .try_for_each(|(name, _)| refuse_empty(name, "where no OAuth app is meant")),
        }
    }

    /// What the portal was chosen by: an option, variables of the environment, or the run
    /// that is resumed; and where it is.
    pub fn choice(&self) -> String {
        if self.portal == Some(PortalName::Sandbox) {
            let by = match self.of_run {
                Some(_) => "as in the run",
                None => "chosen by --portal sandbox",
            };
            let unused = environment(TOKEN).map_or("", |_| "; HUBSPOT_ACCESS_TOKEN is not used");
            return format!("the embedded sandbox, {by}{unused}");
        }
        let (url, from) = self.base();
        let from = from.map_or_else(String::new, |from| format!(" ({from})"));
        format!(
            "{}{from}, chosen by {}",
            shown_url(&url),
            self.credentials_from()
        )
    }

    /// What names the credentials, in the order in which they are looked for.
    fn credentials_from(&self) -> String {
        match (&self.token_file, &self.oauth_file) {
            (Some(path), _) => format!("--token-file {}", path.display()),
            (None, Some(path)) => format!("--oauth-file {}", path.display()),
            (None, None) if environment(TOKEN).is_some() => TOKEN.to_owned(),
            (None, None) => OAUTH.map(|(name, _)| name).join(", "),
        }
    }

    /// How the portal is reached, for a resume.
    pub fn path(&self) -> Result<PortalPath, Error> {
        Ok(match self.portal {
            Some(PortalName::Sandbox) => PortalPath::Sandbox(self.sandbox_folder()?),
            None => PortalPath::Url(self.url()),
        })
    }

    /// The files that the credentials come from: of a token, of an OAuth app.
    pub fn secret_files(&self) -> [Option<&Path>; 2] {
        [self.token_file.as_deref(), self.oauth_file.as_deref()]
    }

    /// Whether this command line or environment names where calls go.
    pub fn names_address(&self) -> bool {
        self.portal.is_some() || self.base_url.is_some() || environment(BASE_URL).is_some()
    }

    /// Whether an address is where calls go when nothing is said: HubSpot.
    pub fn is_usual(&self, url: &str) -> bool {
        url == DEFAULT_URL
    }

    /// Whether the state of a sandbox in this folder was named, or is the usual one.
    pub fn names_sandbox(&self, folder: &Path) -> bool {
        self.sandbox_data.is_some() || sandbox_folder(None).is_ok_and(|usual| usual == folder)
    }

    /// Takes the files of credentials that a run was begun with, where none is named now.
    pub fn take_secret_files(&mut self, token: Option<&Path>, oauth: Option<&Path>) {
        if self.token_file.is_none() && self.oauth_file.is_none() {
            self.token_file = token.map(Path::to_owned);
            self.oauth_file = oauth.map(Path::to_owned);
        }
    }

    /// Fills in what was not said from a run's own portal.
    pub fn go_to(&mut self, path: &PortalPath) {
        self.of_run = Some(path.clone());
        if let PortalPath::Sandbox(folder) = path {
            self.portal = Some(PortalName::Sandbox);
            let _said = self.sandbox_data.get_or_insert_with(|| folder.clone());
        }
    }

    /// How long a call that was lost may still be carried out.
    pub fn horizon(&self) -> Duration {
        Duration::from_secs_f64(self.horizon)
    }

    /// How to call the portal of the environment.
    pub fn settings(&self) -> Result<Settings, Error> {
        Ok(self.settings_with(self.credentials()?))
    }

    /// How to call a portal with these credentials.
    pub fn settings_with(&self, credentials: Credentials) -> Settings {
        let same = |share| Reserve {
            burst: share,
            day: share,
        };
        Settings {
            credentials: Some(credentials),
            rate: self.rate,
            reserve: self.reserve.map_or_else(Reserve::default, same),
            timeout: Duration::from_secs_f64(self.timeout),
            wait_for_limit: self.wait_for_limit,
            api: self.api,
            route: route(),
        }
    }

    /// Whether any portal is named, here or in the environment.
    pub fn names_portal(&self) -> bool {
        let files = [&self.token_file, &self.oauth_file];
        let names = OAUTH.iter().map(|(name, _)| *name).chain([TOKEN]);
        self.portal.is_some()
            || files.into_iter().any(Option::is_some)
            || names.into_iter().any(|name| environment(name).is_some())
    }

    /// The ceiling of calls that was typed.
    pub fn rate(&self) -> Option<Rate> {
        self.rate
    }

    /// The file with secrets that other users of this machine may read, where there is one.
    pub fn exposed(&self) -> Option<&Path> {
        let files = [&self.token_file, &self.oauth_file];
        let mut named = files.into_iter().filter_map(Option::as_deref);
        named.find(|path| others_may_read(path))
    }

    /// A file that is named wins; then a token wins over an app.
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

    /// The state file of the embedded sandbox; its folder is made when it is not
    /// there.
    pub fn sandbox_file(&self) -> Result<PathBuf, Error> {
        let folder = self.sandbox_folder()?;
        make_folder(&folder)?;
        Ok(folder.join(SANDBOX_STATE))
    }

    fn sandbox_folder(&self) -> Result<PathBuf, Error> {
        sandbox_folder(self.sandbox_data.as_deref())
    }
}

/// The folder of the embedded sandbox's state: the one given, or in the user's data.
pub fn sandbox_folder(given: Option<&Path>) -> Result<PathBuf, Error> {
    let folder = match given {
        Some(folder) => folder.to_owned(),
        None => data_folder().ok_or_else(|| {
            Error::usage("this user has no data folder").advise("name one with --sandbox-data")
        })?,
    };
    std::path::absolute(&folder).map_err(|error| {
        Error::usage(format!(
            "can't use the folder {}: {error}",
            folder.display()
        ))
    })
}

/// The way to the portal as the usual variables lay it. Calls go out by https, or stay
/// on this machine, so what is for plain http says nothing.
fn route() -> Route {
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

/// An address as it may be shown: what stands before an @ can be a password, and a query
/// too.
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
        .map_err(|error| Error::usage(format!("{what} can't be used: {error}")))
}

/// Error messages of TOML show the line, so only their words are told.
fn oauth_file(path: &Path) -> Result<OAuthApp, Error> {
    let text = read_secret("OAuth", path)?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let words = error.message();
        Error::usage(format!(
            "the OAuth file {} is no TOML: {words}",
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

/// The user's folder for what is to stay.
fn data_folder() -> Option<PathBuf> {
    ProjectDirs::from("", "", "tickethaul").map(|dirs| dirs.data_dir().to_owned())
}

/// The user's record of runs; none for a user without a data folder.
pub fn registry() -> Option<Registry> {
    data_folder().map(|folder| Registry::new(folder.join("runs")))
}

/// The user's folder for what can be fetched again.
pub fn cache_folder() -> Result<PathBuf, Error> {
    let dirs = ProjectDirs::from("", "", "tickethaul");
    dirs.map(|dirs| dirs.cache_dir().to_owned())
        .ok_or_else(|| Error::usage("this user has no cache folder").advise("name a file with -o"))
}

/// The token that a served sandbox accepts, where the user chose one.
pub fn sandbox_token() -> Result<Option<String>, Error> {
    refuse_empty(SANDBOX_TOKEN, "for a token of the sandbox's own")?;
    Ok(environment(SANDBOX_TOKEN))
}

fn environment(name: &str) -> Option<String> {
    set(name).and_then(Result::ok)
}

/// The value of a variable that is set, if there is one in it.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn set(name: &str) -> Option<Result<String, &'static str>> {
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Some(Err("is empty")),
        Ok(value) => Some(Ok(value)),
        Err(VarError::NotUnicode(_)) => Some(Err("is no text")),
        Err(VarError::NotPresent) => None,
    }
}

/// `otherwise` says when it is not to be set at all.
fn refuse_empty(name: &str, otherwise: &str) -> Result<(), Error> {
    match set(name) {
        Some(Err(what)) => Err(Error::usage(format!("{name} is set, but {what}"))
            .advise(format!("give it a value, or unset it {otherwise}"))),
        _ => Ok(()),
    }
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    private_folder(folder).map_err(|error| {
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
