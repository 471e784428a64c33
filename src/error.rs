//! Errors that end a command, and the rules for all errors.
//!
//! - What is wrong with a *row* is never an error: it is a `RowIssue`, recorded,
//!   and the run continues.
//! - Each room has its own narrow error type. Here they become one `Error` with a
//!   kind that decides the exit code; `cli/exit.rs` has the numbers.
//! - Messages are lower-case fragments without a final stop. They say what
//!   happened, where, with which value; `advice` says what to do.
//! - What the system or a library said is kept as it is (`because`), and said after the
//!   message by whoever renders it.
//! - No message ever holds a token.

use std::fmt;

/// Why a command failed, by what the user must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bug or an unforeseen environment (disk, permissions).
    Unexpected,
    /// The command line, the mapping or the input can't be used as they are.
    Usage,
    /// Can be run again as it is, later.
    Later,
    /// Must be fixed first: token, scopes, schema, a lock held by another run.
    MustFix,
}

/// The end of a command, with what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    cause: Option<Cause>,
    details: Vec<String>,
    advice: Option<String>,
    drawn: bool,
}

/// What made a command fail, as the system or a library says it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    /// A bug or an unforeseen environment.
    pub fn unexpected(message: impl fmt::Display) -> Error {
        Error::new(Kind::Unexpected, message)
    }

    /// Something that the user gave can't be used.
    pub fn usage(message: impl fmt::Display) -> Error {
        Error::new(Kind::Usage, message)
    }

    /// The same command may work later.
    pub fn later(message: impl fmt::Display) -> Error {
        Error::new(Kind::Later, message)
    }

    /// Something must be fixed first.
    pub fn must_fix(message: impl fmt::Display) -> Error {
        Error::new(Kind::MustFix, message)
    }

    fn new(kind: Kind, message: impl fmt::Display) -> Error {
        Error {
            kind,
            message: message.to_string(),
            cause: None,
            details: Vec::new(),
            advice: None,
            drawn: false,
        }
    }

    /// Something that the user gave can't be used, shown with the lines that it concerns:
    /// several lines with their own heading, which may be in colour.
    pub fn drawn(picture: impl fmt::Display) -> Error {
        Error {
            drawn: true,
            ..Error::usage(picture)
        }
    }

    /// Whether the message is drawn.
    pub fn is_drawn(&self) -> bool {
        self.drawn
    }

    /// Keeps what caused it. People read its words after the message, so the message does
    /// not repeat them.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> Error {
        self.cause = Some(cause.into());
        self
    }

    /// The same, if something did cause it.
    #[must_use]
    pub fn because_of(self, cause: Option<Cause>) -> Error {
        match cause {
            Some(cause) => self.because(cause),
            None => self,
        }
    }

    /// The same error where something must be fixed first, whatever it was.
    #[must_use]
    pub fn to_be_fixed(self) -> Error {
        Error {
            kind: Kind::MustFix,
            ..self
        }
    }

    /// Lists what the message is about, one line each.
    #[must_use]
    pub fn listing(mut self, details: impl IntoIterator<Item = impl Into<String>>) -> Error {
        self.details = details.into_iter().map(Into::into).collect();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl fmt::Display) -> Error {
        self.advice = Some(advice.to_string());
        self
    }

    /// Says what was being done when it happened.
    #[must_use]
    pub fn within(mut self, work: impl fmt::Display) -> Error {
        self.message = format!("{work}: {}", self.message);
        self
    }

    /// What happened, and why, without the list after it.
    pub fn message(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {cause}", self.message),
            None => self.message.clone(),
        }
    }

    /// What the message is about, one line each.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// What decides the exit code.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do about it, if there is something to say.
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

/// Without its cause, which `source` has; `{:#}` has both.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.alternate() {
            true => f.write_str(&self.message())?,
            false => f.write_str(&self.message)?,
        }
        match self.details.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.details.join("; ")),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;

    #[test]
    fn a_cause_is_kept_as_it_is_and_said_once() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = Error::must_fix("can't write done.csv")
            .because(full())
            .advise("make room")
            .within("the import ended");
        let cause = error.source().and_then(|cause| cause.downcast_ref());
        assert_eq!(cause.map(io::Error::kind), Some(full().kind()));
        assert_eq!(error.to_string(), "the import ended: can't write done.csv");
        let whole = format!("{error}: {}", full());
        assert_eq!(format!("{error:#}"), whole);
        assert_eq!(error.message(), whole);
    }

    #[test]
    fn what_an_error_is_about_comes_last() {
        let error = Error::usage("two columns lack").listing(["Id", "Subject"]);
        assert_eq!(format!("{error:#}"), "two columns lack: Id; Subject");
        assert_eq!(error.message(), "two columns lack");
        assert!(error.source().is_none());
    }
}
