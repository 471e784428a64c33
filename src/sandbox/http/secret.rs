//! Secrets, from the system's source of randomness, so that they can't be guessed.

use std::io;

/// Bytes of a secret; each becomes two digits.
const BYTES: usize = 20;

/// A new token.
///
/// # Errors
/// When the system can't provide random bytes.
pub fn new_token() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_comes_twice() {
        let tokens: Vec<String> = (0..4).map(|_| new_token().expect("a token")).collect();
        for (place, token) in tokens.iter().enumerate() {
            assert_eq!(token.len(), 2 * BYTES);
            assert!(!tokens[..place].contains(token));
        }
    }
}
