//! What a client proves itself with: a token that stays, or an OAuth app's refresh
//! token that access tokens are made from. Secrets are unprintable; what they are
//! used for is in `session`.

use super::token::Token;

/// Proof of who calls.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A private app's token, a service key, or an access token that somebody else
    /// renews.
    Token(Token),
    /// An OAuth app.
    OAuth(OAuthApp),
}

/// An OAuth app as installed in one account. HubSpot: access tokens live for half
/// an hour, the refresh token stays.
#[derive(Clone, Debug)]
pub struct OAuthApp {
    /// No secret, but of no use to anybody else either.
    pub client_id: Token,
    /// The app's secret.
    pub client_secret: Token,
    /// What access tokens are made from.
    pub refresh_token: Token,
}
