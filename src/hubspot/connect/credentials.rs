//! The credentials of a client: a permanent token, or an OAuth app's refresh token from
//! which access tokens are obtained. Secrets can't be printed; they are used in
//! `session`.

use super::token::Token;

/// The credentials of a client.
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
    /// Not secret, but of no use to anybody else.
    pub client_id: Token,
    /// The app's secret.
    pub client_secret: Token,
    /// The token from which access tokens are obtained.
    pub refresh_token: Token,
}
