//! Why a connection failed or broke off, in words for people: found at the bottom of a
//! chain of errors; the library's own words are the last resort.

use std::error::Error;
use std::io;

use rustls::{CertificateError, Error as TlsError};

/// How messages of reqwest's connector about a proxy begin.
const TUNNEL: &str = "tunnel error: ";

/// Why a call got no whole reply.
pub(super) struct Cause {
    /// In words.
    pub(super) words: String,
    /// Where it went wrong.
    pub(super) blame: Blame,
}

/// Where it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The network, or the host; another attempt may succeed.
    Way,
    /// The proxy could not be reached, or failed.
    Proxy,
    /// The proxy requires a name and a password.
    ProxyLogin,
    /// The host's certificate, or TLS as such: no attempt helps until it is fixed.
    Tls,
}

impl Cause {
    /// Looks through a chain of errors.
    pub(super) fn of(error: &reqwest::Error) -> Cause {
        let mut found = Found::default();
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(cause) = next {
            found.look_at(cause);
            next = cause.source();
        }
        found.conclude(error.is_timeout())
    }
}

#[derive(Default)]
struct Found {
    io: Option<&'static str>,
    tls: Option<TlsError>,
    tunnel: Option<String>,
    last: String,
}

impl Found {
    fn look_at(&mut self, cause: &(dyn Error + 'static)) {
        self.last = cause.to_string();
        // What an I/O error wraps is not among its sources, so it is handled here.
        let mut wrapped: Option<&(dyn Error + 'static)> = Some(cause);
        while let Some(error) = wrapped {
            let tls = error.downcast_ref::<TlsError>();
            self.tls = self.tls.take().or_else(|| tls.cloned());
            let io = error.downcast_ref::<io::Error>();
            self.io = self.io.or_else(|| words_of(io?.kind()));
            wrapped = io
                .and_then(io::Error::get_ref)
                .map(|inner| inner as &(dyn Error + 'static));
        }
        let tunnel = self.last.strip_prefix(TUNNEL).map(str::to_owned);
        self.tunnel = self.tunnel.take().or(tunnel);
    }

    fn conclude(self, timeout: bool) -> Cause {
        let blame = match (self.tunnel.as_deref(), &self.tls) {
            (Some("proxy authorization required"), _) => Blame::ProxyLogin,
            (Some(_), _) => Blame::Proxy,
            (None, Some(tls)) if is_final(tls) => Blame::Tls,
            (None, _) => Blame::Way,
        };
        let words = match (&self.tls, self.io, self.tunnel) {
            (Some(tls), ..) => tls_words(tls).to_owned(),
            (None, Some(words), _) => words.to_owned(),
            (None, None, _) if timeout => "no answer in time".to_owned(),
            (None, None, Some(tunnel)) => tunnel_words(&tunnel).to_owned(),
            (None, None, None) => self.last,
        };
        Cause { words, blame }
    }
}

/// True for what no attempt can change.
fn is_final(error: &TlsError) -> bool {
    matches!(
        error,
        TlsError::InvalidCertificate(_)
            | TlsError::InvalidMessage(_)
            | TlsError::NoCertificatesPresented
            | TlsError::PeerIncompatible(_)
    )
}

fn tls_words(error: &TlsError) -> &'static str {
    match error {
        TlsError::InvalidCertificate(certificate) => certificate_words(certificate),
        TlsError::InvalidMessage(_) => {
            "what listens there does not speak TLS; is it the port of plain http?"
        }
        TlsError::PeerIncompatible(_) => "it speaks no version of TLS that is safe",
        TlsError::AlertReceived(_) => "it broke off the TLS handshake",
        _ => "no TLS connection came about",
    }
}

fn certificate_words(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => {
            "this machine does not trust the authority that signed its certificate; where a \
             proxy signs with a root of its own, name a PEM file that holds it in SSL_CERT_FILE"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or this machine's clock is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is wrong"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is that of another host"
        }
        CertificateError::Revoked => "its certificate was revoked",
        _ => {
            "its certificate can't be trusted; one that is right for this network can be named \
             by a PEM file in SSL_CERT_FILE"
        }
    }
}

fn tunnel_words(words: &str) -> &'static str {
    match words {
        "unsuccessful" => "it refused to connect to that host",
        "unexpected end of file" => "it closed the connection",
        "proxy authorization required" => "it wants a name and a password (407)",
        _ => "it does not answer as a proxy does",
    }
}

fn words_of(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some("connection refused, nothing listens there"),
        io::ErrorKind::ConnectionReset => Some("connection reset by the other side"),
        io::ErrorKind::ConnectionAborted => Some("connection aborted"),
        io::ErrorKind::BrokenPipe => Some("connection closed by the other side"),
        io::ErrorKind::UnexpectedEof => Some("the reply was cut short"),
        io::ErrorKind::TimedOut => Some("no answer in time"),
        io::ErrorKind::HostUnreachable => Some("the host can't be reached"),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Some("the network can't be reached")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::InvalidMessage;

    #[test]
    fn words_about_tls_name_no_types() {
        let table = [
            (
                TlsError::InvalidCertificate(CertificateError::UnknownIssuer),
                true,
            ),
            (
                TlsError::InvalidCertificate(CertificateError::Expired),
                true,
            ),
            (
                TlsError::InvalidCertificate(CertificateError::BadEncoding),
                true,
            ),
            (
                TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
                true,
            ),
            (TlsError::HandshakeNotComplete, false),
        ];
        for (error, last) in table {
            assert_eq!(is_final(&error), last, "{error:?}");
            let words = tls_words(&error);
            let named = format!("{error:?}");
            let names = named.split(|letter: char| !letter.is_alphanumeric());
            for name in names.filter(|name| name.len() > 3) {
                assert!(!words.contains(name), "{name}: {words}");
            }
        }
    }
}
