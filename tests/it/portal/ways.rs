//! The way to a portal, over real sockets: proxies that are dead, refuse or want a
//! password, certificates that nobody trusts, ports that speak no TLS, addresses that
//! are none. The right one is blamed, in words, and what can be fixed can be.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{Ended, Rehearsal, Served, TOKEN};

/// The host that only the proxy knows.
const HOST: &str = "portal.example";

/// What a proxy does with a connection.
#[derive(Clone, Copy)]
enum Manner {
    /// Connects to this instead.
    Tunnel(SocketAddr),
    /// Answers this.
    Answer(&'static str),
}

/// Listens in the background of a test.
struct Servers {
    runtime: tokio::runtime::Runtime,
}

impl Servers {
    fn new() -> Servers {
        Servers {
            runtime: tokio::runtime::Runtime::new().expect("a runtime"),
        }
    }

    fn listen(&self) -> (TcpListener, SocketAddr) {
        let bound = self.runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = bound.expect("a port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    /// A proxy; its address.
    fn proxy(&self, manner: Manner) -> String {
        let (listener, address) = self.listen();
        let _task = self.runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let _task = tokio::spawn(connected(socket, manner));
            }
        });
        format!("http://{address}")
    }

    /// A portal behind TLS, which passes everything on; a sandbox only serves its own
    /// machine, so the host is called by its address.
    fn tls(&self, config: ServerConfig, portal: &Served) -> SocketAddr {
        let (listener, address) = self.listen();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let to = portal.url().trim_start_matches("http://").to_owned();
        let _task = self.runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, to) = (acceptor.clone(), to.clone());
                let _task = tokio::spawn(async move {
                    let Ok(tls) = acceptor.accept(socket).await else {
                        return;
                    };
                    let (mut asked, mut answered) = tokio::io::split(tls);
                    let portal = TcpStream::connect(to).await.expect("the portal");
                    let (mut answers, mut asks) = portal.into_split();
                    let _task = tokio::spawn(async move {
                        let _ended = tokio::io::copy(&mut answers, &mut answered).await;
                    });
                    let mut bytes = vec![0; 1 << 16];
                    while let Ok(read @ 1..) = asked.read(&mut bytes).await {
                        let text = String::from_utf8_lossy(&bytes[..read]);
                        let text = text.replace(&format!("host: {HOST}"), "host: 127.0.0.1");
                        if asks.write_all(text.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        address
    }
}

async fn connected(mut socket: TcpStream, manner: Manner) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    assert!(head.starts_with(b"CONNECT portal.example:443 "));
    match manner {
        Manner::Answer(answer) => {
            let _gone = socket.write_all(answer.as_bytes()).await;
        }
        Manner::Tunnel(to) => {
            let _gone = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            let mut other = TcpStream::connect(to).await.expect("the other end");
            let _ended = copy_bidirectional(&mut socket, &mut other).await;
        }
    }
}

/// A server's certificate for HOST, and the root that signed it, in PEM.
fn certified() -> (ServerConfig, String) {
    let root_key = KeyPair::generate().expect("a key");
    let mut root = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = root.self_signed(&root_key).expect("a root").pem();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![HOST.to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a server");
    (config, pem)
}

/// Pulls what the portal defines.
fn pull(here: &Rehearsal, base_url: &str, environment: &[(&str, &str)]) -> Ended {
    let ended = here
        .tool("schema pull -o portal.toml")
        .args(["--base-url", base_url])
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
        .envs(environment)
        .run();
    // Names of Rust's types are for nobody.
    for word in [
        "UnknownIssuer",
        "InvalidContentType",
        "Error(",
        "{",
        "invalid peer",
    ] {
        assert!(!ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
    ended
}

/// An address where nothing listens.
fn nobody() -> String {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[test]
fn a_proxy_that_does_not_do_its_work_is_named() {
    let here = Rehearsal::new();
    let servers = Servers::new();
    let base = format!("https://{HOST}");
    let dead = nobody();
    let login = servers.proxy(Manner::Answer(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    ));
    let refusing = servers.proxy(Manner::Answer(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    ));
    let web_page = servers.proxy(Manner::Answer("no HTTP at all\r\n\r\n"));
    for (variable, proxy, code, words) in [
        ("HTTPS_PROXY", &dead, 5, "connection refused"),
        ("https_proxy", &dead, 5, "connection refused"),
        ("ALL_PROXY", &dead, 5, "connection refused"),
        (
            "HTTPS_PROXY",
            &login,
            7,
            "wants a name and a password (407)",
        ),
        (
            "HTTPS_PROXY",
            &refusing,
            5,
            "it refused to connect to that host",
        ),
        ("HTTPS_PROXY", &web_page, 5, "through the proxy"),
    ] {
        let ended = pull(&here, &base, &[(variable, proxy)])
            .expect(code)
            .says(words);
        let shown = proxy.trim_start_matches("http://");
        let named = format!("the proxy {shown} ({variable})");
        assert!(ended.stderr.contains(&named), "{named}\n{}", ended.stderr);
    }
    for proxy in [
        "http://[::1",
        "http://me:hush@proxy.example:99999",
        "socks5://127.0.0.1:1",
    ] {
        let ended = pull(&here, &base, &[("HTTPS_PROXY", proxy)]);
        ended
            .expect(64)
            .says("HTTPS_PROXY names a proxy that can't be used")
            .says_nothing_of("hush");
    }
}

#[test]
fn a_root_that_is_not_trusted_can_be_named() {
    let here = Rehearsal::new();
    let portal = here.serve("--rate off");
    let servers = Servers::new();
    let (config, root) = certified();
    let tls = servers.tls(config, &portal);
    let proxy = servers.proxy(Manner::Tunnel(tls));
    let proxy = ("HTTPS_PROXY", proxy.as_str());
    let base = format!("https://{HOST}");

    let untrusted = pull(&here, &base, &[proxy])
        .expect(7)
        .says("does not trust the authority");
    untrusted.says("SSL_CERT_FILE").says("nothing was written");

    let file = here.write("root.pem", &root).display().to_string();
    pull(&here, &base, &[proxy, ("SSL_CERT_FILE", &file)])
        .expect(0)
        .says("written to portal.toml");
    std::fs::create_dir(here.path("roots")).expect("a folder");
    here.write("roots/ours.crt", &root);
    here.write("roots/README", "no certificate");
    let folder = here.path("roots").display().to_string();
    pull(&here, &base, &[proxy, ("SSL_CERT_DIR", &folder)]).expect(0);

    here.write("roots/ours.crt", "none");
    for (variable, path, words) in [
        ("SSL_CERT_FILE", "nowhere.pem", "No such file"),
        (
            "SSL_CERT_FILE",
            "roots/README",
            "it holds no certificate in PEM",
        ),
        ("SSL_CERT_DIR", "roots", "it holds no certificate in PEM"),
    ] {
        let ended = pull(&here, &base, &[proxy, (variable, path)]).expect(64);
        let named = format!("{variable} names {path}");
        ended.says(words).says(&named);
    }

    // The right root, and a name that is not in the certificate.
    let straight = format!("https://{tls}");
    pull(&here, &straight, &[("SSL_CERT_FILE", &file)])
        .expect(7)
        .says("that of another host");
}

#[test]
fn an_address_that_is_no_portals_is_told_as_such() {
    let here = Rehearsal::new();
    let portal = here.serve("--rate off");
    let secure = portal.url().replace("http://", "https://");
    pull(&here, &secure, &[])
        .expect(7)
        .says("does not speak TLS");
    pull(&here, &format!("{}/crm/v3", portal.url()), &[])
        .expect(7)
        .says("the portal has nothing at /account-info/2026-09/details (404)")
        .says("the base URL ends in /crm/v3")
        .says("leave it out");
    pull(&here, "api.hubapi.com", &[])
        .expect(64)
        .says("the base URL `api.hubapi.com` is not usable");
    // An empty variable is no address, and without one it is HubSpot's own.
    let pull = |more: &[(&str, &str)]| {
        here.tool("schema pull")
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
            .env("HTTPS_PROXY", nobody())
            .envs(more)
            .run()
    };
    pull(&[("TICKETHAUL_BASE_URL", "")])
        .expect(64)
        .says("TICKETHAUL_BASE_URL is set, but is empty");
    pull(&[])
        .expect(5)
        .says("can't reach https://api.hubapi.com through the proxy");
}
