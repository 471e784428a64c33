//! Why a file can't be uploaded: what is wrong with it, in words, and what to do.

use super::visible::one_line as shown;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// The folder of attachments has no file of this name, and the file has no address.
    Missing {
        /// The folder, if one was given.
        folder: Option<String>,
    },
    /// It was found only by its name, by which another file of the source was found before.
    NameShared {
        /// Where it is.
        path: String,
    },
    /// The source gives another size for it.
    Size {
        /// What the source says, in bytes.
        declared: u64,
        /// The size that it has, in bytes.
        found: u64,
    },
    /// The host of its address was not named.
    HostNotNamed {
        /// The host.
        host: String,
    },
    /// Its host has an address in a private network, and was not named.
    PrivateAddress {
        /// The host.
        host: String,
        /// Its address.
        address: String,
    },
    /// Its address can't be called.
    NoAddress {
        /// What is wrong with it.
        words: String,
    },
    /// Its host redirects to another one, which was not named.
    LeadsElsewhere {
        /// That host.
        to: String,
    },
    /// The token for its host would be sent unencrypted.
    PlainToken {
        /// The host.
        host: String,
    },
    /// Its host answers with an error status.
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// Its host answers with a page instead of the file.
    Page {
        /// The host.
        host: String,
    },
    /// Its host is too slow, or can't be reached.
    Unreachable {
        /// What happened.
        words: String,
    },
    /// It is larger than files may be.
    TooLarge {
        /// The limit in bytes.
        most: u64,
    },
    /// It can't be read or kept on this machine.
    Unreadable {
        /// What the system says.
        words: String,
    },
    /// The portal refuses it.
    Refused {
        /// What it says.
        words: String,
    },
    /// It changed while it was uploaded.
    Changed,
    /// The portal holds other bytes under its name.
    Differs {
        /// Its path.
        path: String,
    },
}

/// All codes.
const CODES: [&str; 9] = [
    "FILE_MISSING",
    "FILE_NAME_SHARED",
    "FILE_SIZE_DIFFERS",
    "FILE_HOST_NOT_ALLOWED",
    "FILE_NOT_FETCHED",
    "FILE_TOO_LARGE",
    "FILE_NOT_READ",
    "FILE_REFUSED",
    "FILE_DIFFERS",
];

/// Whether a row was refused for a file.
pub fn is_code(code: &str) -> bool {
    CODES.contains(&code)
}

impl FileFault {
    /// Its code in files.
    pub fn code(&self) -> &'static str {
        match self {
            FileFault::Missing { .. } => "FILE_MISSING",
            FileFault::NameShared { .. } => "FILE_NAME_SHARED",
            FileFault::Size { .. } => "FILE_SIZE_DIFFERS",
            FileFault::HostNotNamed { .. }
            | FileFault::PrivateAddress { .. }
            | FileFault::LeadsElsewhere { .. }
            | FileFault::PlainToken { .. } => "FILE_HOST_NOT_ALLOWED",
            FileFault::NoAddress { .. }
            | FileFault::Status { .. }
            | FileFault::Page { .. }
            | FileFault::Unreachable { .. } => "FILE_NOT_FETCHED",
            FileFault::TooLarge { .. } => "FILE_TOO_LARGE",
            FileFault::Unreadable { .. } => "FILE_NOT_READ",
            FileFault::Refused { .. } => "FILE_REFUSED",
            FileFault::Changed | FileFault::Differs { .. } => "FILE_DIFFERS",
        }
    }

    /// What is wrong, as the end of a sentence.
    pub fn words(&self) -> String {
        match self {
            FileFault::Missing {
                folder: Some(folder),
            } => format!("it is not in {folder}"),
            FileFault::Missing { folder: None } => "it has no address".to_owned(),
            FileFault::NameShared { path } => format!(
                "{} is the file of another attachment with this name",
                shown(path)
            ),
            FileFault::Size { declared, found } => {
                format!("it has {found} bytes, and {declared} according to its source")
            }
            FileFault::HostNotNamed { host } => {
                format!("its host {} was not named", shown(host))
            }
            FileFault::PrivateAddress { host, address } => {
                format!("its host {} is at {address}, within a network", shown(host))
            }
            FileFault::NoAddress { words } => format!("its address can't be called: {words}"),
            FileFault::LeadsElsewhere { to } => {
                format!("its address leads to {}, which was not named", shown(to))
            }
            FileFault::PlainToken { host } => {
                format!(
                    "{} has a token, which does not go over plain http",
                    shown(host)
                )
            }
            FileFault::Status { host, status } => format!("{} answered {status}", shown(host)),
            FileFault::Page { host } => {
                format!("{} answered with a page instead of the file", shown(host))
            }
            FileFault::Unreachable { words } => words.clone(),
            FileFault::TooLarge { most } => format!("it has more than {most} bytes"),
            FileFault::Unreadable { words } => words.clone(),
            FileFault::Refused { words } => format!("the portal refuses it: {}", shown(words)),
            FileFault::Changed => "it changed while it was uploaded".to_owned(),
            FileFault::Differs { path } => {
                format!("the portal holds other bytes at {}", shown(path))
            }
        }
    }

    /// What to do.
    pub fn advice(&self) -> String {
        match self {
            FileFault::Missing { folder: Some(_) } => {
                "put it there, as ID/NAME or NAME, correct its name, or take it out of the row".to_owned()
            }
            FileFault::Missing { folder: None } => {
                "name the folder that it is in with --attachments DIR".to_owned()
            }
            FileFault::NameShared { .. } => {
                "put each of them into a folder of its own, as ID/NAME, and correct the one that went in if it was the \
                 wrong one"
                    .to_owned()
            }
            FileFault::Size { .. } => {
                "fetch it again; if the source does not count in bytes, leave `size` out of the mapping".to_owned()
            }
            FileFault::HostNotNamed { host } | FileFault::LeadsElsewhere { to: host } => format!(
                "if files may be fetched from there, add --attachment-host {}",
                shown(host)
            ),
            FileFault::PrivateAddress { address, .. } => {
                format!("if it may be called, add --attachment-host {address} as well")
            }
            FileFault::NoAddress { .. } => "correct the address".to_owned(),
            FileFault::PlainToken { .. } => "write the address with https".to_owned(),
            FileFault::Status {
                status: 401 | 403, ..
            }
            | FileFault::Page { .. } => {
                "give the host's token in TICKETHAUL_ATTACHMENT_TOKEN_<HOST>, or open the address in a browser: \
                 it may want a login"
                    .to_owned()
            }
            FileFault::Status {
                status: 408 | 429 | 500..=599,
                ..
            } => "try again later, with `tickethaul retry`".to_owned(),
            FileFault::Status { .. } => "look whether the file is still there".to_owned(),
            FileFault::Unreachable { .. } => "try again later, with `tickethaul retry`".to_owned(),
            FileFault::TooLarge { .. } => {
                "raise --max-attachment if the portal takes it, or leave the file out".to_owned()
            }
            FileFault::Unreadable { .. } => "make it readable, or make room".to_owned(),
            FileFault::Refused { .. } => {
                "the portal may not take files of this kind or size: leave it out".to_owned()
            }
            FileFault::Changed => {
                "let nobody write to it, then give its row to `tickethaul retry`".to_owned()
            }
            FileFault::Differs { .. } => {
                "look at that file in HubSpot, and delete it if it is of an earlier try".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_a_code_that_is_known_again_and_says_what_to_do() {
        let text = || "x".to_owned();
        for fault in [
            FileFault::Missing {
                folder: Some(text()),
            },
            FileFault::Missing { folder: None },
            FileFault::NameShared { path: text() },
            FileFault::Size {
                declared: 2,
                found: 1,
            },
            FileFault::HostNotNamed { host: text() },
            FileFault::PrivateAddress {
                host: text(),
                address: text(),
            },
            FileFault::NoAddress { words: text() },
            FileFault::LeadsElsewhere { to: text() },
            FileFault::PlainToken { host: text() },
            FileFault::Status {
                host: text(),
                status: 404,
            },
            FileFault::Page { host: text() },
            FileFault::Unreachable { words: text() },
            FileFault::TooLarge { most: 1 },
            FileFault::Unreadable { words: text() },
            FileFault::Refused { words: text() },
            FileFault::Changed,
            FileFault::Differs { path: text() },
        ] {
            assert!(is_code(fault.code()), "{fault:?}");
            assert!(!fault.words().is_empty() && !fault.advice().is_empty());
        }
    }
}
