//! Signed addresses (C2 §2.3): a file's bytes without a token, for a limited time. The signature
//! uses a secret stored in the state.

use std::time::Duration;

use axum::body::Bytes;

use super::shapes::SignedOut;
use super::upload::hex;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::clock::Moment;
use crate::sandbox::http::secret::new_token;
use crate::sandbox::portal_state::PortalState;

/// The name under which the secret is stored.
const SECRET: &str = "signing_secret";

impl PortalState {
    /// An address that leads to a file for this many seconds, or for the portal's default time.
    pub(in crate::sandbox) fn signed_url(
        &self,
        id: &str,
        seconds: Option<u64>,
        (now, origin): (Moment, &str),
    ) -> Result<SignedOut, Problem> {
        let file = self.readable_file(id)?;
        let life = seconds.map_or(self.switches.signed_url_life.0, Duration::from_secs);
        let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
        let until = now.millis().saturating_add(life);
        let signature = self.signature(file.id, until)?;
        let url = format!(
            "{origin}{}{}?expires={until}&signature={signature}",
            super::SIGNED,
            file.id
        );
        Ok(SignedOut::of(file, url, until))
    }

    /// The bytes behind a signed address.
    pub(in crate::sandbox) fn signed_bytes(
        &self,
        id: &str,
        (expires, signature): (&str, &str),
        now: Moment,
    ) -> Result<Bytes, Problem> {
        let denied = || Problem::forbidden("the address is not signed, or not any more");
        let until: i64 = expires.parse().map_err(|_| denied())?;
        let file = self.live_file(id)?;
        if now.millis() > until || self.signature(file.id, until)? != signature {
            return Err(denied());
        }
        Ok(self.store.content(&file.md5)?)
    }

    /// A file's bytes.
    pub(in crate::sandbox) fn file_bytes(&self, id: &str) -> Result<Bytes, Problem> {
        let file = self.readable_file(id)?;
        Ok(self.store.content(&file.md5)?)
    }

    fn signature(&self, id: i64, until: i64) -> Result<String, Problem> {
        let secret = match self.store.words(SECRET)? {
            Some(secret) => secret,
            None => {
                let secret = new_token().map_err(|error| Problem::internal(error.to_string()))?;
                self.store.keep_words(SECRET, &secret)?;
                secret
            }
        };
        let key = blake3::derive_key("tickethaul sandbox signed addresses", secret.as_bytes());
        let signature = blake3::keyed_hash(&key, format!("{id} {until}").as_bytes());
        Ok(hex(&signature.as_bytes()[..16]))
    }
}
