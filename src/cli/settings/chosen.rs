//! Which portal a command calls: the one typed, then that of a resumed run, then
//! TICKETHAUL_PORTAL, then a token or an app in the environment, then the
//! configuration's default. A named portal is a unit: its token goes to its own address
//! or to a typed one, never to one from the environment.

use std::path::Path;

use super::portal_name::PORTAL;
use super::portal_name::{By, Chosen, PortalName};
use super::{
    BASE_URL, DEFAULT_URL, OAUTH, PortalArgs, TOKEN, config, environment, refuse_empty, shown_url,
};
use crate::cli::config::{Profile, SANDBOX, Source};
use crate::error::Error;
use crate::journal::PortalPath;

impl PortalArgs {
    /// The portal, from whatever names it.
    ///
    /// # Errors
    /// When the configuration can't be read, or has no portal of the name.
    pub fn chosen(&self) -> Result<Chosen, Error> {
        if let Some(name) = &self.portal {
            let by = match self.of_run {
                Some(_) if self.is_of_run(name) => By::Run,
                _ if self.is_original => By::Like,
                _ => By::Flag,
            };
            return self.by_name(name, by);
        }
        if self.has_typed_secret() {
            return Ok(Chosen::Bare);
        }
        if let Some(name) = environment(PORTAL) {
            let name = name.trim().parse();
            let name = name.map_err(|what| Error::usage(format!("{PORTAL}: {what}")))?;
            return self.by_name(&name, By::Variable);
        }
        let names = OAUTH.iter().map(|(name, _)| *name).chain([TOKEN]);
        if names.into_iter().any(|name| environment(name).is_some()) {
            return Ok(Chosen::Bare);
        }
        let config = config()?;
        match config.default_name() {
            None => Ok(Chosen::Nothing),
            Some(SANDBOX) => Ok(Chosen::Sandbox(By::Default)),
            Some(name) => {
                let profile = config.portal(name);
                let within = format!("the default of {}", config.path().display());
                let profile = profile.map_err(|error| error.within(within))?.clone();
                Ok(Chosen::of(profile, By::Default))
            }
        }
    }

    /// The portal of the configuration, if it is one.
    pub fn profile(&self) -> Result<Option<Profile>, Error> {
        Ok(match self.chosen()? {
            Chosen::Named(profile, _) | Chosen::NamedSandbox(profile, _) => Some(*profile),
            Chosen::Sandbox(_) | Chosen::Bare | Chosen::Nothing => None,
        })
    }

    fn by_name(&self, name: &PortalName, by: By) -> Result<Chosen, Error> {
        let PortalName::Named(name) = name else {
            return Ok(Chosen::Sandbox(by));
        };
        let mut profile = config()?.portal(name)?.clone();
        // A given file has another token for the same portal.
        let typed = match (&self.token_file, &self.oauth_file) {
            (Some(path), _) => Some(Source::File(path.clone())),
            (None, Some(path)) => Some(Source::OAuthFile(path.clone())),
            (None, None) => None,
        };
        if let (Source::Sandbox(_), Some(_)) = (&profile.source, &typed) {
            return Err(
                Error::usage(format!("`{name}` is a sandbox: it takes no token"))
                    .advise("leave --token-file and --oauth-file out, or name another portal"),
            );
        }
        profile.source = typed.unwrap_or(profile.source);
        Ok(Chosen::of(profile, by))
    }

    fn is_of_run(&self, name: &PortalName) -> bool {
        match (&self.of_run, name) {
            (Some(PortalPath::Sandbox(_)), PortalName::Sandbox) => true,
            (Some(PortalPath::Named { name: of_run, .. }), PortalName::Named(name)) => {
                of_run == name
            }
            _ => false,
        }
    }

    /// The address of a chosen portal, and what named it if that was not the default.
    pub(super) fn address(&self, chosen: &Chosen) -> (String, Option<&'static str>) {
        if let Some(url) = &self.base_url {
            return (url.clone(), Some("--base-url"));
        }
        if let Chosen::Named(profile, _) = chosen {
            let url = profile.base_url.clone();
            return (url.unwrap_or_else(|| DEFAULT_URL.to_owned()), None);
        }
        if let Some(url) = environment(BASE_URL) {
            return (url, Some(BASE_URL));
        }
        match &self.of_run {
            Some(PortalPath::Url(url)) => (url.clone(), Some("as in the run")),
            _ => (DEFAULT_URL.to_owned(), None),
        }
    }

    /// Refuses a variable that is set but empty if it would decide which portal is
    /// called, or as whom: a script that failed to set it must not write to another
    /// portal.
    pub fn refuse_empty(&self, chosen: &Chosen) -> Result<(), Error> {
        if self.portal.is_none() && !self.has_typed_secret() {
            refuse_empty(PORTAL, "where another portal is meant")?;
        }
        match chosen {
            Chosen::Sandbox(By::Default)
            | Chosen::NamedSandbox(_, By::Default)
            | Chosen::Named(_, By::Default) => {}
            Chosen::Sandbox(_) | Chosen::NamedSandbox(..) | Chosen::Named(..) => return Ok(()),
            Chosen::Bare | Chosen::Nothing => {
                if self.base_url.is_none() {
                    refuse_empty(BASE_URL, "for HubSpot itself")?;
                }
                if self.has_typed_secret() {
                    return Ok(());
                }
            }
        }
        refuse_empty(TOKEN, "where --token-file or an OAuth app is meant")?;
        match environment(TOKEN) {
            Some(_) => Ok(()),
            None => OAUTH
                .iter()
                .try_for_each(|(name, _)| refuse_empty(name, "where no OAuth app is meant")),
        }
    }

    /// How the portal was chosen: by an option, environment variables, the
    /// configuration, or the resumed run; and where it is.
    pub fn choice(&self, chosen: &Chosen) -> String {
        let (url, from) = self.address(chosen);
        let from = from.map_or_else(String::new, |from| format!(" ({from})"));
        let place = format!("{}{from}", shown_url(&url));
        match chosen {
            Chosen::Sandbox(by) => {
                let words = by.words(SANDBOX);
                format!("the embedded sandbox, {words}{}", self.unused(chosen))
            }
            Chosen::NamedSandbox(profile, by) => {
                let (name, words) = (&profile.name, by.words(&profile.name));
                format!("`{name}`, a sandbox, {words}{}", self.unused(chosen))
            }
            Chosen::Named(profile, by) => {
                let (name, words) = (&profile.name, by.words(&profile.name));
                let typed = match self.has_typed_secret() {
                    true => format!(", with the token of {}", self.credentials_from()),
                    false => String::new(),
                };
                format!("`{name}`, {place}, {words}{typed}{}", self.unused(chosen))
            }
            Chosen::Bare | Chosen::Nothing => {
                let words = self.credentials_from();
                format!("{place}, chosen by {words}{}", self.unused(chosen))
            }
        }
    }

    /// Variables that are set but ignored, since something else takes precedence.
    fn unused(&self, chosen: &Chosen) -> String {
        let (name, source) = match chosen {
            Chosen::Sandbox(_) => (SANDBOX, None),
            Chosen::NamedSandbox(profile, _) | Chosen::Named(profile, _) => {
                (profile.name.as_str(), Some(&profile.source))
            }
            Chosen::Bare | Chosen::Nothing => ("", None),
        };
        let is_bare = matches!(chosen, Chosen::Bare | Chosen::Nothing);
        let is_variable =
            |source: &&Source| matches!(source, Source::Variable(name) if name == TOKEN);
        let token_counts = source.is_some_and(|source| is_variable(&source))
            || (is_bare && !self.has_typed_secret());
        let url_counts = is_bare && self.base_url.is_none();
        let portal = environment(PORTAL).filter(|named| named.trim() != name);
        let token = environment(TOKEN).filter(|_| !token_counts);
        let url = environment(BASE_URL).filter(|_| !url_counts);
        let unused = [(PORTAL, portal), (TOKEN, token), (BASE_URL, url)].into_iter();
        let unused = unused.filter_map(|(name, value)| value.map(|_| name));
        match unused.collect::<Vec<&str>>().as_slice() {
            [] => String::new(),
            [one] => format!("; {one} is not used"),
            [several @ .., last] => format!("; {} and {last} are not used", several.join(", ")),
        }
    }

    /// Where the token of a portal comes from, for people.
    pub fn token_from(&self, chosen: &Chosen) -> String {
        match chosen {
            Chosen::Named(profile, _) if !self.has_typed_secret() => profile.source.words(),
            Chosen::Sandbox(_) | Chosen::NamedSandbox(..) => "the sandbox itself".to_owned(),
            Chosen::Named(..) | Chosen::Bare | Chosen::Nothing => self.credentials_from(),
        }
    }

    /// What names the credentials, in order of precedence.
    fn credentials_from(&self) -> String {
        match (&self.token_file, &self.oauth_file) {
            (Some(path), _) => format!("--token-file {}", path.display()),
            (None, Some(path)) => format!("--oauth-file {}", path.display()),
            (None, None) if environment(TOKEN).is_some() => TOKEN.to_owned(),
            (None, None) => OAUTH.map(|(name, _)| name).join(", "),
        }
    }

    /// Whether any portal is named, on the command line, in the environment or by the
    /// configuration.
    pub fn names_portal(&self) -> bool {
        !matches!(self.chosen(), Ok(Chosen::Nothing))
    }

    /// Whether this command line names a portal, or the environment or the default names
    /// this one.
    pub fn names_profile(&self, name: &str) -> bool {
        let profile = || self.profile().ok().flatten();
        self.portal.is_some() || profile().is_some_and(|profile| profile.name == name)
    }

    /// Whether a file with credentials was given.
    pub fn has_typed_secret(&self) -> bool {
        self.token_file.is_some() || self.oauth_file.is_some()
    }

    /// Fills in what was not given from the run's own portal. If its name is no longer
    /// in the configuration, the address remains.
    pub fn go_to(&mut self, path: &PortalPath) -> Result<(), Error> {
        let is_typed = self.portal.is_some() || self.has_typed_secret();
        self.of_run = Some(path.clone());
        match path {
            PortalPath::Sandbox(folder) => {
                self.portal = Some(PortalName::Sandbox);
                let _said = self.sandbox_data.get_or_insert_with(|| folder.clone());
            }
            PortalPath::Named { name, .. } if !is_typed && config()?.has(name) => {
                self.portal = Some(PortalName::Named(name.clone()));
            }
            PortalPath::Named { url, .. } => self.of_run = Some(PortalPath::Url(url.clone())),
            PortalPath::Url(_) => {}
        }
        Ok(())
    }
}

/// A file with secrets that other users of this machine may read, if there is one.
pub fn exposed(chosen: &Chosen, args: &PortalArgs) -> Option<std::path::PathBuf> {
    let of_profile: Option<&Path> = match chosen {
        Chosen::Named(profile, _) => match &profile.source {
            Source::File(path) | Source::OAuthFile(path) => Some(path),
            Source::Variable(_) | Source::Command(..) | Source::Sandbox(_) => None,
        },
        _ => None,
    };
    let files = args.secret_files().into_iter().flatten().chain(of_profile);
    let mut files = files.filter(|path| crate::cli::secrets::others_may_read(path));
    files.next().map(Path::to_owned)
}
