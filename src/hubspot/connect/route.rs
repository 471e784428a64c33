//! The route to the portal, from the user's environment: a proxy, the hosts that are
//! called without it, and the certificate authorities to trust.

use std::fmt;
use std::path::PathBuf;

/// What the environment says of the route; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The proxy for https, if one is named.
    pub proxy: Option<NamedProxy>,
    /// Hosts that are called without it, as `NO_PROXY` lists them.
    pub no_proxy: Option<String>,
    /// Authorities instead of the system's.
    pub authorities: Option<Authorities>,
}

/// A proxy and the variable that names it. Its address may hold a password.
#[derive(Clone)]
pub struct NamedProxy {
    /// `HTTPS_PROXY` and the like.
    pub variable: &'static str,
    /// The address as it is set.
    pub address: String,
}

/// Does not show the address: it may hold a password.
impl fmt::Debug for NamedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedProxy({})", self.variable)
    }
}

/// Where the certificates of authorities are, in PEM.
#[derive(Clone, Debug, Default)]
pub struct Authorities {
    /// `SSL_CERT_FILE`.
    pub file: Option<PathBuf>,
    /// The folders of `SSL_CERT_DIR`.
    pub folders: Vec<PathBuf>,
}
