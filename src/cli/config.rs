//! The user's configuration: portals by name, in a TOML file in the user's configuration
//! folder. It says where each portal's token comes from and never holds one. Comments and
//! the order of what people wrote stay when a command changes the file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use super::secrets::read_secret;
use crate::error::Error;
use crate::hubspot::{ApiVersion, Rate};
use crate::mapping::nearest;
use crate::output::{private_folder, replace_shared_file};

/// The name of the embedded portal, which is reserved.
pub const SANDBOX: &str = "sandbox";

/// How long a command may take to print a token, unless the configuration says otherwise.
pub const COMMAND_SECONDS: u64 = 30;

/// The longest name of a portal, in bytes.
const LONGEST_NAME: usize = 64;

/// A portal that has a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// As it is typed.
    pub name: String,
    /// HubSpot portal id, once it is known.
    pub id: Option<u64>,
    /// Where its token comes from.
    pub source: Source,
    /// Address of its API; HubSpot's own if absent.
    pub base_url: Option<String>,
    /// Version of the paths.
    pub api: Option<ApiVersion>,
    /// Ceiling of calls.
    pub rate: Option<Rate>,
    /// Percent of the allowance that is left for others.
    pub reserve: Option<f64>,
    /// The mapping for imports that name none.
    pub mapping: Option<PathBuf>,
    /// Time zone of datetimes for exports that name none.
    pub time_zone: Option<String>,
}

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A variable of the environment.
    Variable(String),
    /// A file that holds it.
    File(PathBuf),
    /// What a command prints within a time.
    Command(String, Duration),
    /// A file with the secrets of an OAuth app.
    OAuthFile(PathBuf),
    /// Nowhere: it is a separate sandbox, the twin of a portal or copy if one is named.
    Sandbox(Option<String>),
}

impl Source {
    /// What it is, without anything secret: of a command only its program.
    pub fn words(&self) -> String {
        match self {
            Source::Variable(name) => match is_plain_name(name) {
                true => format!("the variable {name}"),
                false => "a variable".to_owned(),
            },
            Source::File(path) => format!("the file {}", path.display()),
            Source::OAuthFile(path) => format!("the OAuth file {}", path.display()),
            Source::Sandbox(None) => "nowhere: a sandbox".to_owned(),
            Source::Sandbox(Some(like)) => format!("nowhere: a sandbox, the twin of {like}"),
            Source::Command(line, _) => {
                let program = line.split_whitespace().next().unwrap_or_default();
                format!("the command `{program} …`")
            }
        }
    }
}

/// The configuration as it is now.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    document: DocumentMut,
    default: Option<String>,
    portals: BTreeMap<String, Profile>,
    /// Commands that print the tokens for hosts of files, and how long each may take.
    hosts: BTreeMap<String, (String, Duration)>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigText {
    default: Option<String>,
    #[serde(default)]
    portals: BTreeMap<String, ProfileText>,
    #[serde(default)]
    attachment_hosts: BTreeMap<String, HostText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostText {
    token_command: String,
    token_command_seconds: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileText {
    id: Option<u64>,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
    token_command: Option<String>,
    token_command_seconds: Option<u64>,
    oauth_file: Option<PathBuf>,
    sandbox: Option<bool>,
    like: Option<String>,
    base_url: Option<String>,
    api: Option<String>,
    rate: Option<String>,
    reserve: Option<f64>,
    mapping: Option<PathBuf>,
    time_zone: Option<String>,
}

impl Config {
    /// The names of its portals.
    pub fn names(&self) -> Vec<&str> {
        self.portals().map(|portal| portal.name.as_str()).collect()
    }

    /// Reads the file; a missing file counts as empty.
    ///
    /// # Errors
    /// When it can't be read or understood, and when users other than its owner could
    /// have written it: it names commands that are run.
    pub fn read(path: PathBuf) -> Result<Config, Error> {
        let text = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            _ => read_secret("configuration", &path)?,
        };
        if others_may_write(&path) {
            let shown = path.display();
            return Err(Error::usage(format!(
                "the configuration {shown} can be changed by other users of this machine"
            ))
            .advise(format!("look through it, then `chmod 600 {shown}`")));
        }
        let unreadable = |error: &toml::de::Error| unreadable(&path, &text, error);
        let read: ConfigText = toml::from_str(&text).map_err(|error| unreadable(&error))?;
        let document: DocumentMut = text.parse().map_err(|_| {
            Error::usage(format!("the configuration {} is not TOML", path.display()))
        })?;
        let around = path.parent().unwrap_or(Path::new("")).to_owned();
        let portals = read.portals.into_iter().map(|(name, text)| {
            let profile = profile(&name, text, &around).map_err(|what| {
                Error::usage(format!(
                    "portal `{name}` in the configuration {}: {what}",
                    path.display()
                ))
            })?;
            Ok((name, profile))
        });
        let portals: BTreeMap<String, Profile> = portals.collect::<Result<_, Error>>()?;
        Ok(Config {
            default: read.default,
            hosts: host_commands(read.attachment_hosts, &path)?,
            portals,
            document,
            path,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All portals, by name.
    pub fn portals(&self) -> impl Iterator<Item = &Profile> {
        self.portals.values()
    }

    /// The name of the default portal.
    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// The command that prints the token of a host of files, and how long it may take.
    pub fn host_command(&self, host: &str) -> Option<&(String, Duration)> {
        self.hosts.get(&host.to_lowercase())
    }

    /// True if a portal has this name.
    pub fn has(&self, name: &str) -> bool {
        self.portals.contains_key(name)
    }

    /// A portal by its name.
    pub fn portal(&self, name: &str) -> Result<&Profile, Error> {
        self.portals.get(name).ok_or_else(|| {
            if name == SANDBOX {
                let words = "`sandbox` is the embedded portal, which is not in the configuration";
                return Error::usage(words)
                    .advise("`tickethaul sandbox --help` has what there is to it");
            }
            let names = self.portals.keys().map(String::as_str).chain([SANDBOX]);
            let advice = match nearest(name, names) {
                Some(near) => format!("there is `{near}`; `tickethaul portal list` lists all"),
                None => "`tickethaul portal list` lists those that there are, `tickethaul portal \
                         add` adds one"
                    .to_owned(),
            };
            Error::usage(format!("no portal is called `{name}`")).advise(advice)
        })
    }

    /// Another portal that has this id, if there is one.
    pub fn others_with(&self, id: u64, name: &str) -> Option<&Profile> {
        let mut others = self.portals.values();
        others.find(|other| other.id == Some(id) && other.name != name)
    }

    /// Adds a portal, replacing one of the same name.
    pub fn put(&mut self, profile: Profile) {
        let portals = self.document.entry("portals").or_insert_with(implicit);
        if let Some(portals) = portals.as_table_like_mut() {
            let _former = portals.insert(&profile.name, Item::Table(table(&profile)));
        }
        let _former = self.portals.insert(profile.name.clone(), profile);
    }

    /// Removes a portal; if it was the default, there is no default afterwards.
    pub fn remove(&mut self, name: &str) {
        if let Some(portals) = self.document.get_mut("portals")
            && let Some(portals) = portals.as_table_like_mut()
        {
            let _gone = portals.remove(name);
        }
        let _gone = self.portals.remove(name);
        if self.default.as_deref() == Some(name) {
            self.set_default(None);
        }
    }

    /// Makes a portal the default, or none.
    pub fn set_default(&mut self, name: Option<&str>) {
        match name {
            Some(name) => self.document["default"] = value(name),
            None => {
                let _gone = self.document.remove("default");
            }
        }
        self.default = name.map(str::to_owned);
    }

    /// Writes it, in one step, for its owner alone.
    pub fn write(&self) -> Result<(), Error> {
        self.try_write().map_err(|error| {
            Error::unexpected(format!(
                "can't write the configuration {}",
                self.path.display()
            ))
            .because(error)
        })
    }

    fn try_write(&self) -> io::Result<()> {
        // A symbolic link stays a link; the file that it points to is replaced.
        let path = match fs::symlink_metadata(&self.path) {
            Ok(_) => self.path.canonicalize()?,
            Err(_) => self.path.clone(),
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        private_folder(folder)?;
        let text = format!("{}\n", self.document.to_string().trim_end());
        replace_shared_file(&path, text.as_bytes())
    }
}

/// A table that exists only for the tables in it.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// A name that can be typed and is not an option.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = name
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric());
    match begins_well && name.len() <= LONGEST_NAME && name.bytes().all(fits) {
        true => Ok(()),
        false => Err(format!(
            "a name begins with a letter or digit and has letters, digits, `-`, `_` and `.`, at most {LONGEST_NAME} of them"
        )),
    }
}

/// Where a portal's token comes from, as named by the configuration or by `portal add`.
#[derive(Default)]
pub struct Named {
    /// A variable of the environment.
    pub variable: Option<String>,
    /// A file that holds it.
    pub file: Option<PathBuf>,
    /// A command that prints it, and how long that may take.
    pub command: Option<(String, Duration)>,
    /// A file of an OAuth app.
    pub oauth_file: Option<PathBuf>,
    /// It is a sandbox.
    pub sandbox: bool,
    /// What the sandbox is the twin of.
    pub like: Option<String>,
}

/// One place that a token comes from, or a sandbox, which needs none.
pub fn source_of(named: Named) -> Result<Source, String> {
    if named.like.is_some() && !named.sandbox {
        return Err("like goes with sandbox = true".to_owned());
    }
    let found = [
        named.variable.map(Source::Variable),
        named.file.map(Source::File),
        named
            .command
            .map(|(line, limit)| Source::Command(line, limit)),
        named.oauth_file.map(Source::OAuthFile),
        named.sandbox.then_some(Source::Sandbox(named.like)),
    ];
    let mut found = found.into_iter().flatten();
    const NEEDED: &str =
        "one of token_env, token_file, token_command, oauth_file and sandbox is needed";
    match (found.next(), found.next()) {
        (Some(source), None) => checked(source),
        (None, _) => Err(format!("{NEEDED}, and none is there")),
        (Some(_), Some(_)) => Err(format!("{NEEDED}, and several are there")),
    }
}

/// Whether the name of a variable does not look like a token, and may be shown.
pub fn is_plain_name(name: &str) -> bool {
    let has = |is: fn(&u8) -> bool| name.as_bytes().iter().any(is);
    let lower = has(u8::is_ascii_lowercase);
    !lower || !(has(u8::is_ascii_uppercase) || has(u8::is_ascii_digit))
}

/// Refuses a token where a name or a command is expected; no part of it is in the message.
fn checked(source: Source) -> Result<Source, String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if let Source::Variable(name) = &source
        && !name.is_empty()
        && (!name.bytes().all(is_letter) || name.as_bytes()[0].is_ascii_digit())
    {
        return Err(
            "what names the variable of its token is not a variable's name; a token itself doesn't belong in \
             the configuration"
                .to_owned(),
        );
    }
    let text = match &source {
        Source::Variable(text) | Source::Command(text, _) => text.as_str(),
        Source::File(_) | Source::OAuthFile(_) | Source::Sandbox(_) => return Ok(source),
    };
    if text.trim().is_empty() {
        return Err("what gives its token is empty".to_owned());
    }
    let word = |word: &str| {
        let word = word.trim_matches(['"', '\'']);
        let rest = word.strip_prefix("pat-").or(word.strip_prefix("Pat-"));
        rest.is_some_and(|rest| rest.len() > 20 && rest.contains('-'))
    };
    match text.split_whitespace().any(word) {
        true => Err(
            "a token itself stands where its place is meant; it doesn't belong in the configuration"
                .to_owned(),
        ),
        false => Ok(source),
    }
}

/// How long a command may take.
fn command_limit(seconds: Option<u64>) -> Result<Duration, String> {
    let seconds = seconds.unwrap_or(COMMAND_SECONDS);
    match (1..=3_600).contains(&seconds) {
        true => Ok(Duration::from_secs(seconds)),
        false => Err("token_command_seconds is a number from 1 to 3600".to_owned()),
    }
}

/// The commands of hosts, by name; `path` is the file that they are in.
fn host_commands(
    hosts: BTreeMap<String, HostText>,
    path: &Path,
) -> Result<BTreeMap<String, (String, Duration)>, Error> {
    let hosts = hosts.into_iter().map(|(name, text)| {
        let command = host_command(text).map_err(|what| {
            Error::usage(format!(
                "attachment host `{name}` in the configuration {}: {what}",
                path.display()
            ))
        })?;
        Ok((name.to_lowercase(), command))
    });
    hosts.collect()
}

fn host_command(text: HostText) -> Result<(String, Duration), String> {
    let limit = command_limit(text.token_command_seconds)?;
    match checked(Source::Command(text.token_command, limit))? {
        Source::Command(line, limit) => Ok((line, limit)),
        _ => Err("token_command is needed".to_owned()),
    }
}

fn profile(name: &str, text: ProfileText, around: &Path) -> Result<Profile, String> {
    check_name(name)?;
    if name == SANDBOX {
        return Err("this is the name of the embedded portal".to_owned());
    }
    let limit = command_limit(text.token_command_seconds)?;
    text.time_zone.as_deref().map_or(Ok(()), check_zone)?;
    let below = |path: PathBuf| around.join(path);
    let parsed_api = text.api.as_deref().map(str::parse).transpose();
    let parsed_rate = text.rate.as_deref().map(str::parse).transpose();
    if text
        .reserve
        .is_some_and(|share| !(0.0..100.0).contains(&share))
    {
        return Err("reserve is a number of percent from 0 to 99".to_owned());
    }
    Ok(Profile {
        name: name.to_owned(),
        id: text.id,
        source: source_of(Named {
            variable: text.token_env,
            file: text.token_file.map(below),
            command: text.token_command.map(|line| (line, limit)),
            oauth_file: text.oauth_file.map(below),
            sandbox: text.sandbox.unwrap_or_default(),
            like: text.like,
        })?,
        base_url: text.base_url,
        api: parsed_api.map_err(|error| format!("api: {error}"))?,
        rate: parsed_rate.map_err(|error| format!("rate: {error}"))?,
        reserve: text.reserve,
        mapping: text.mapping,
        time_zone: text.time_zone,
    })
}

fn check_zone(zone: &str) -> Result<(), String> {
    let known = jiff::tz::TimeZone::get(zone);
    known.map(drop).map_err(|_| {
        format!("time_zone: {zone} is not a time zone; one such as Europe/Berlin is expected")
    })
}

/// A portal as the file has it.
fn table(profile: &Profile) -> Table {
    let mut table = Table::new();
    let mut put = |name: &str, item: Option<Item>| {
        if let Some(item) = item {
            let _former = table.insert(name, item);
        }
    };
    let path = |path: &Path| value(path.display().to_string());
    put(
        "id",
        profile.id.and_then(|id| i64::try_from(id).ok()).map(value),
    );
    match &profile.source {
        Source::Variable(name) => put("token_env", Some(value(name))),
        Source::File(file) => put("token_file", Some(path(file))),
        Source::OAuthFile(file) => put("oauth_file", Some(path(file))),
        Source::Sandbox(like) => {
            put("sandbox", Some(value(true)));
            put("like", like.as_deref().map(value));
        }
        Source::Command(line, limit) => {
            put("token_command", Some(value(line)));
            let own = (limit.as_secs() != COMMAND_SECONDS).then_some(limit.as_secs());
            let own = own.and_then(|seconds| i64::try_from(seconds).ok());
            put("token_command_seconds", own.map(value));
        }
    }
    put("base_url", profile.base_url.as_deref().map(value));
    put("api", profile.api.map(|api| value(api.to_string())));
    put("rate", profile.rate.map(|rate| value(rate.to_string())));
    put("reserve", profile.reserve.map(value));
    put("mapping", profile.mapping.as_deref().map(path));
    put("time_zone", profile.time_zone.as_deref().map(value));
    table
}

/// What is wrong with the text, and in which line, but none of its values: one could be
/// a misplaced token.
fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let line = error.span().map_or(String::new(), |span| {
        let before = text.get(..span.start).unwrap_or_default();
        format!(" in line {}", before.matches('\n').count() + 1)
    });
    let words = error.message().split('"').step_by(2).collect::<Vec<_>>();
    let words = words.join("…");
    let unreadable = Error::usage(format!(
        "the configuration {} can't be read{line}: {words}",
        path.display()
    ));
    match error.message().contains("`token`") {
        true => unreadable.advise(
            "a token doesn't belong there: name its place by token_env, token_file or token_command",
        ),
        false => unreadable,
    }
}

#[cfg(unix)]
fn others_may_write(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o022 != 0)
}

#[cfg(not(unix))]
fn others_may_write(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, text).expect("written");
        Config::read(path)
    }

    const TEXT: &str = "# ours\ndefault = \"live\"\n\n[portals.live]  # the real one\nid = 4711\n\
                        token_command = \"op read op://a/b\"\nrate = \"100/10s\"\nreserve = 20.0\napi = \"v3\"\n\n\
                        [portals.test]\ntoken_env = \"TEST_TOKEN\"\n";

    #[test]
    fn portals_are_read_and_what_people_wrote_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, TEXT).expect("written");
        let mut config = Config::read(path.clone()).expect("a configuration");
        assert_eq!(config.default_name(), Some("live"));
        let live = config.portal("live").expect("there").clone();
        assert_eq!((live.id, live.reserve), (Some(4711), Some(20.0)));
        assert_eq!(live.source.words(), "the command `op …`");
        let third = Profile {
            name: "third".to_owned(),
            source: Source::File("/t".into()),
            ..live
        };
        config.put(third.clone());
        config.remove("test");
        config.write().expect("written");
        let text = fs::read_to_string(&path).expect("there");
        assert!(
            text.starts_with("# ours\n") && text.contains("# the real one"),
            "{text}"
        );
        let again = Config::read(path).expect("a configuration");
        assert_eq!(again.portal("third").expect("there"), &third);
        assert!(!again.has("test"));
        let mut config = again;
        config.remove("live");
        assert_eq!(config.default_name(), None);
    }

    #[test]
    fn mistakes_are_told_without_what_may_be_secret() {
        for (text, words) in [
            (
                "[portals.a]\ntoken = \"pat-na1-secret\"\n",
                "in line 2: unknown field `token`",
            ),
            (
                "[portals.a]\nid = \"pat-na1-secret\"\n",
                "in line 2: invalid type: string …",
            ),
            ("[portals.a]\n", "none is there"),
            (
                "[portals.a]\ntoken_env = \"A\"\ntoken_file = \"b\"\n",
                "several are there",
            ),
            ("[portals.a]\nlike = \"live\"\n", "goes with sandbox"),
            (
                "[portals.a]\nsandbox = true\ntoken_env = \"A\"\n",
                "several are there",
            ),
            (
                "[portals.sandbox]\ntoken_env = \"A\"\n",
                "the embedded portal",
            ),
            ("[portals.\"a b\"]\ntoken_env = \"A\"\n", "a name begins"),
            (
                "[portals.a]\ntoken_env = \"A\"\nrate = \"fast\"\n",
                "is not a rate",
            ),
            (
                "[portals.a]\ntoken_env = \"A\"\napi = \"v4\"\n",
                "not a version of the API",
            ),
            (
                "[portals.a]\ntoken_env = \"A\"\ntime_zone = \"Mars/Base\"\n",
                "Mars/Base is not a time zone",
            ),
            (
                "[portals.a]\ntoken_command = \"a\"\ntoken_command_seconds = 0\n",
                "from 1 to 3600",
            ),
            (
                "[portals.a]\ntoken_env = \"CJsecret-x/y=\"\n",
                "not a variable's name",
            ),
            (
                "[portals.a]\ntoken_env = \"A\"\nreserve = 100.0\n",
                "from 0 to 99",
            ),
            (
                "[portals.a]\ntoken_command = \"echo 'pat-na1-secret-4a5b-8c7d-0123'\"\n",
                "a token itself stands",
            ),
            (
                "[attachment_hosts.a]\ntoken = \"secret\"\n",
                "a token doesn't belong there",
            ),
            (
                "[attachment_hosts.a]\ntoken_command = \" \"\n",
                "attachment host `a`",
            ),
            (
                "[attachment_hosts.a]\ntoken_command = \"a\"\ntoken_command_seconds = 0\n",
                "from 1 to 3600",
            ),
            ("portals = 5\nx", "can't be read"),
        ] {
            let said = read(text).expect_err(text);
            let said = format!("{said} {}", said.advice().unwrap_or_default());
            assert!(said.contains(words), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn hosts_of_files_have_commands() {
        let text = "[attachment_hosts.\"Files.Acme.example\"]\ntoken_command = \"op read a\"\n";
        let config = read(text).expect("a configuration");
        let limit = Duration::from_secs(COMMAND_SECONDS);
        let command = config.host_command("files.acme.example");
        assert_eq!(command, Some(&("op read a".to_owned(), limit)));
        assert_eq!(config.host_command("other.example"), None);
    }

    #[test]
    fn a_name_that_is_nearly_right_is_offered() {
        let config = read(TEXT).expect("a configuration");
        let said = config.portal("liv").expect_err("none");
        assert!(
            said.advice()
                .is_some_and(|advice| advice.contains("there is `live`"))
        );
        let folder = tempfile::tempdir().expect("a folder");
        let none = Config::read(folder.path().join("none.toml")).expect("an empty one");
        assert_eq!(none.portals().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("below/config.toml");
        let mut config = Config::read(path.clone()).expect("an empty one");
        config.set_default(Some(SANDBOX));
        config.write().expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).expect("changed");
        let said = Config::read(path).expect_err("not believed").to_string();
        assert!(said.contains("other users"), "{said}");
    }
}
