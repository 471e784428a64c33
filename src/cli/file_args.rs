//! Where the files of tickets and comments come from, as options.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::console::Console;
use super::families::known;
use super::settings::{attachment_token, config, route};
use super::token_command::printed;
use crate::error::Error;
use crate::hubspot::{FileHost, HostToken};
use crate::import::notes::attachments::{EarlierFiles, FileSources, Finder, same};
use crate::journal::{Header, PlanReading, RunOptions};
use crate::mapping::MappingFile;
use crate::model::visible::one_line;

/// The folder's option, by its name in a journal.
pub const FOLDER: &str = "attachments";

/// Files of a plan that are looked at together.
const FILES_AT_ONCE: usize = 1_000;

/// The largest file unless something else is given: 100 MB.
const MOST: u64 = 100_000_000;

/// Where the files of tickets and comments come from; without it no files are uploaded.
#[derive(Clone, Debug, Default, Args)]
pub struct FileArgs {
    /// Upload the files that the mapping names from this folder, which has them under the
    /// path given in the input, as ID/NAME, in the last folder of their address, or as NAME
    /// if no other file has this name
    #[arg(long, value_name = "DIR")]
    attachments: Option<PathBuf>,
    /// A host that files may be fetched from by their addresses; no other host is called;
    /// `*.example.com` stands for all hosts below it. Its token is in
    /// TICKETHAUL_ATTACHMENT_TOKEN_<HOST>, in capitals with _ for other characters, or is
    /// printed by the configuration's command for it. May be given several times
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    attachment_host: Vec<String>,
    /// The largest file that is uploaded, such as 20mb [default: 100mb]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_attachment: Option<u64>,
}

impl FileArgs {
    /// The mapping as this run uses it: without a source no files are uploaded, and that is
    /// reported.
    pub fn fitted(&self, mapping: MappingFile, console: &Console) -> Result<MappingFile, Error> {
        if !self.is_given() {
            if mapping.names_files() {
                console.say(
                    "files are not uploaded: the mapping names some; --attachments DIR or \
                     --attachment-host HOST says where they are",
                );
            }
            return Ok(mapping);
        }
        if !mapping.names_files() {
            return Err(Error::usage(format!(
                "--attachments and --attachment-host say where files are, and the mapping {} names none",
                mapping.name()
            ))
            .advise("add [[attachments]], or `attachments` to [[notes]], or leave the options out"));
        }
        Ok(mapping.with_files())
    }

    /// Where files come from, if any are uploaded.
    ///
    /// # Errors
    /// When the folder is not a folder, or a host's name is not valid.
    pub fn sources(&self) -> Result<Option<FileSources>, Error> {
        if !self.is_given() {
            return Ok(None);
        }
        if let Some(folder) = self.attachments.as_ref().filter(|folder| !folder.is_dir()) {
            let folder = folder.display();
            return Err(
                Error::usage(format!("--attachments {folder} is not a folder"))
                    .advise("name the folder that the files are in"),
            );
        }
        let hosts = self.attachment_host.iter().map(|name| host(name));
        Ok(Some(FileSources {
            folder: self.attachments.clone(),
            hosts: hosts.collect::<Result<_, _>>()?,
            route: route(),
            most: self.max_attachment.unwrap_or(MOST),
            earlier: Arc::default(),
        }))
    }

    fn is_given(&self) -> bool {
        self.attachments.is_some() || !self.attachment_host.is_empty()
    }
}

/// The options that a run keeps, with an absolute folder, so that it means the same wherever the
/// run is resumed.
pub fn absolute(given: RunOptions) -> RunOptions {
    let path = given.option(FOLDER).map(Path::new).map(std::path::absolute);
    match path {
        Some(Ok(path)) => {
            let path = path.to_string_lossy().into_owned();
            given.overlaid(&RunOptions::new([(FOLDER.to_owned(), path)]))
        }
        Some(Err(_)) | None => given,
    }
}

/// The same for a run: with tokens printed by commands of the configuration for hosts that have
/// none in the environment, and with what earlier runs uploaded to the portal.
///
/// # Errors
/// When a command gives no token.
pub async fn for_run(
    sources: Option<FileSources>,
    header: &Header,
) -> Result<Option<FileSources>, Error> {
    let Some(mut sources) = sources else {
        return Ok(None);
    };
    let config = config()?;
    for host in sources.hosts.iter_mut().filter(|host| host.token.is_none()) {
        if let Some((line, limit)) = config.host_command(&host.name) {
            let who = format!("attachment host {}", host.name);
            let text = printed(&who, line, *limit).await?;
            host.token = Some(HostToken::from(text.trim().to_owned()));
        }
    }
    let mut known = known(std::iter::empty());
    known.sort_by_key(|one| std::cmp::Reverse(one.lineage.begun));
    let others = known.iter().filter(|one| {
        one.lineage.portal == Some(header.portal_id)
            && one.lineage.run != header.run
            && one.lineage.undoes.is_none()
    });
    Ok(Some(FileSources {
        earlier: Arc::new(EarlierFiles::open(others.map(|one| &*one.folder))),
        ..sources
    }))
}

/// Checks that the files of a plan are as it found them.
///
/// # Errors
/// When one of them is not.
pub fn same_files(plan: &PlanReading, sources: &FileSources) -> Result<(), Error> {
    let finder = Finder::new(sources.clone(), Duration::ZERO);
    let mut after = String::new();
    loop {
        let files = plan.files(&after, FILES_AT_ONCE)?;
        for (_, planned) in &files {
            same(&finder, planned).map_err(|words| {
                Error::must_fix(format!(
                    "the file {} is not as the plan found it: {words}",
                    one_line(&planned.file.name)
                ))
                .advise("nothing was sent; bring it back, or make a new plan")
            })?;
        }
        match files.into_iter().next_back() {
            Some((last, _)) => after = last,
            None => return Ok(()),
        }
    }
}

fn host(name: &str) -> Result<FileHost, Error> {
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let odd = |letter: char| !(letter.is_alphanumeric() || ".-_:[]".contains(letter));
    if bare.is_empty() || bare.contains(odd) {
        return Err(
            Error::usage(format!("--attachment-host {name} is not a host"))
                .advise("write its name alone, such as files.example.com or *.example.com"),
        );
    }
    Ok(FileHost {
        name: name.to_owned(),
        token: attachment_token(&variable(bare)),
    })
}

/// What follows `TICKETHAUL_ATTACHMENT_TOKEN_` for a host.
fn variable(host: &str) -> String {
    let letter = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter.to_ascii_uppercase(),
        false => '_',
    };
    host.chars().map(letter).collect()
}

/// A number of bytes: `500kb`, `20mb`, `2gb`.
fn size(text: &str) -> Result<u64, String> {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = match unit.trim().to_lowercase().as_str() {
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => 0,
    };
    let size = number.parse::<u64>().ok();
    let size = size.and_then(|number| number.checked_mul(unit));
    size.filter(|size| *size > 0)
        .ok_or_else(|| "a size such as 500kb, 20mb or 2gb is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        for (text, bytes) in [
            ("500kb", Some(500_000)),
            ("20MB", Some(20_000_000)),
            ("2 gb", Some(2_000_000_000)),
            ("20", None),
            ("0mb", None),
            ("mb", None),
        ] {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }

    #[test]
    fn hosts_are_names_and_have_variables() {
        assert_eq!(
            variable("files.acme-help.example"),
            "FILES_ACME_HELP_EXAMPLE"
        );
        assert!(host("*.example.com").is_ok() && host("[::1]:80").is_ok());
        for name in ["https://a.example", "a.example/files", "", "*."] {
            assert!(host(name).is_err(), "{name}");
        }
    }
}
