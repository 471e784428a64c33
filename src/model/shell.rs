//! Words of a command that is shown to be typed: quoted where a shell would read them
//! otherwise.

use std::borrow::Cow;
use std::path::Path;

use super::visible::one_line;

/// A word as a POSIX shell takes it. What can't be typed is made visible.
pub fn word(text: &str) -> String {
    let shown = one_line(text);
    let quoted = shlex::try_quote(&shown).unwrap_or(Cow::Borrowed(&shown));
    quoted.into_owned()
}

/// The same of a path.
pub fn path(path: &Path) -> String {
    word(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_word_that_was_meant() {
        for plain in [
            "tickethaul-runs/20261130-124400-export-cyze",
            "night.2",
            "/a/b-c_d",
        ] {
            assert_eq!(word(plain), plain);
        }
        for odd in ["my run", "it's", "a;b", "$HOME", "a\"b'c", "größe", ""] {
            let quoted = word(odd);
            assert_ne!(quoted, odd);
            assert_eq!(
                shlex::split(&quoted),
                Some(vec![odd.to_owned()]),
                "{quoted}"
            );
        }
    }
}
