//! The portal's secret. It has no `Display`, its `Debug` shows nothing, and only
//! the transport reads it, to put it into the `Authorization` header.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A private app token, service key or access token. Its content is not interpreted
/// (HubSpot: forms differ and change).
#[derive(Clone)]
pub struct Token(SecretString);

/// Why a text can't be a token. Never shows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It is empty.
    #[error("the token is empty")]
    Empty,
    /// A blank, a line break, a control character or a character beyond ASCII.
    #[error(
        "the token holds a character that no token has (a blank, a line break, a quote mark from a text editor?)"
    )]
    Character,
}

impl Token {
    /// Takes the token as it is: blanks and line breaks around it are refused, not
    /// trimmed.
    pub fn new(text: String) -> Result<Token, BadToken> {
        let secret = SecretString::from(text);
        match secret.expose_secret() {
            "" => Err(BadToken::Empty),
            text if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Token(secret)),
            _ => Err(BadToken::Character),
        }
    }

    /// The secret itself, for the one line that sends it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// What a host of files expects: a whole `Authorization` header, or a bearer token.
#[derive(Clone)]
pub struct HostToken(SecretString);

impl From<String> for HostToken {
    fn from(text: String) -> HostToken {
        HostToken(SecretString::from(text))
    }
}

impl HostToken {
    /// The secret itself, for the one line that sends it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for HostToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_texts_are_refused_without_being_shown() {
        let table = [
            ("", BadToken::Empty),
            ("pat na1", BadToken::Character),
            ("pat-na1\n", BadToken::Character),
            ("pat\u{0}", BadToken::Character),
            ("“pat-na1”", BadToken::Character),
            ("\u{7f}", BadToken::Character),
        ];
        for (text, wanted) in table {
            let refused = Token::new(text.to_owned()).expect_err("refused");
            assert_eq!(refused, wanted, "{text:?}");
            assert!(!refused.to_string().contains("na1"));
        }
    }

    #[test]
    fn a_token_never_shows_itself() {
        let token = Token::new("pat-na1-secret".to_owned()).expect("a token");
        assert_eq!(token.expose(), "pat-na1-secret");
        assert_eq!(format!("{token:?}"), "Token(hidden)");
    }
}
