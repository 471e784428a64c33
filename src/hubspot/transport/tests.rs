//! The transport against a few bytes on a loopback socket.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::hubspot::exchange::Effect;

fn refusal(base_url: &str) -> String {
    match HttpTransport::open(base_url, &Route::default()) {
        Ok(_) => panic!("{base_url} was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_address_leads_where_its_path_says() {
    use crate::hubspot::ApiVersion;
    use crate::model::schema::ObjectType;
    for name in ["..", ".", "../x", "%2e%2e", "a/.."] {
        let path = ApiVersion::V3.property(ObjectType::Tickets, name);
        let url = Url::parse(&format!("https://h{path}")).expect("a URL");
        assert_eq!(url.path(), path, "{name}: nothing is put in order");
    }
}

#[test]
fn plain_http_is_for_loopback_only() {
    for base in [
        "http://127.0.0.1:9",
        "http://127.8.8.8",
        "http://LOCALHOST:1/",
        "http://[::1]:80/path/",
        "https://api.hubapi.com",
    ] {
        let transport = HttpTransport::open(base, &Route::default()).map(|t| t.base);
        assert!(!transport.expect(base).ends_with('/'));
    }
    for base in ["http://api.hubapi.com", "http://127.0.0.1.example.com"] {
        assert!(refusal(base).contains("plain http"), "{base}");
    }
}

#[test]
fn odd_addresses_are_refused_without_showing_a_password() {
    let odd = [
        "",
        "api.hubapi.com",
        "ftp://api.hubapi.com",
        "https://me:hush@api.hubapi.com",
        "https://me:hush@api hubapi.com",
        "https://api.hubapi.com/?a=b",
        "https://api.hubapi.com/#a",
        "me:hush@api.hubapi.com",
        "https://api.hubapi.com/?token=hush",
        "https://api.hubapi.com/#hush",
        "https://me:hush@api.hubapi.com/?token=hush",
    ];
    for base in odd {
        let words = refusal(base);
        assert!(words.starts_with("the base URL `"), "{words}");
        assert!(!words.contains("hush"), "{words}");
    }
}

/// Reads one request with a body of 2 bytes at most, to its end.
async fn request_of(socket: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 1024];
        let n = socket.read(&mut part).await.expect("readable");
        read.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        let body = if text.contains("content-length: 2") {
            "\r\n\r\n{}"
        } else {
            "\r\n\r\n"
        };
        if n == 0 || text.ends_with(body) {
            return text;
        }
    }
}

/// Sends one request to a server that answers with these bytes and hangs up.
async fn answered_with(answer: &'static [u8]) -> (String, Result<Reply, TransportError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serve = async {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let request = request_of(&mut socket).await;
        socket.write_all(answer).await.expect("writable");
        request
    };
    let open = HttpTransport::open(&format!("http://{address}/base/"), &Route::default());
    let transport = open.expect("a transport");
    let token = Token::new("pat-secret".to_owned()).expect("a token");
    let request = Request::post("/crm?a=b".to_owned(), b"{}".to_vec(), Effect::Once);
    tokio::join!(serve, transport.send(&request, Some(&token)))
}

#[tokio::test]
async fn a_request_carries_token_and_body_and_the_reply_what_is_needed() {
    let (request, reply) = answered_with(
        b"HTTP/1.1 207 Multi-Status\r\nX-HubSpot-RateLimit-Max: 190\r\nDate: now\r\n\
          Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\n[]",
    )
    .await;
    assert!(
        request.starts_with("post /base/crm?a=b http/1.1\r\n"),
        "{request}"
    );
    for header in [
        "authorization: bearer pat-secret\r\n",
        "content-type: application/json\r\n",
        concat!("user-agent: tickethaul/", env!("CARGO_PKG_VERSION"), "\r\n"),
        "accept-encoding: gzip\r\n",
    ] {
        assert!(request.contains(header), "{header} in {request}");
    }
    let reply = reply.expect("a reply");
    assert_eq!((reply.status, reply.body.as_ref()), (207, b"[]".as_slice()));
    assert_eq!(reply.headers.number(contract::RATE_MAX), Some(190));
    assert_eq!(reply.headers.get("set-cookie"), None);
}

#[tokio::test]
async fn packed_replies_are_unpacked() {
    let (_, reply) = answered_with(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 31\r\n\r\n\
          \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\x2a\x4e\x2d\x4b\xcd\x53\xb2\
          \x32\xaf\x05\x00\xeb\xfe\xfe\xc0\x0b\x00\x00\x00",
    )
    .await;
    assert_eq!(reply.expect("a reply").body.as_ref(), br#"{"seven":7}"#);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (_, reply) = answered_with(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(reply.expect("a reply").status, 302);
}

#[tokio::test]
async fn a_reply_that_does_not_come_whole_is_ambiguous() {
    let answers: [&[u8]; 4] = [
        b"",
        b"HTTP/1.1 201 Cre",
        b"HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{\"results\":",
        b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
    ];
    for answer in answers {
        let (_, outcome) = answered_with(answer).await;
        let error = outcome.expect_err("no whole reply");
        assert!(matches!(error, TransportError::Ambiguous(_)), "{error:?}");
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_address_and_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let transport = HttpTransport::open(&base, &Route::default()).expect("a transport");
    let outcome = transport.send(&Request::get("/x".to_owned()), None).await;
    let words = format!("can't reach {base}: connection refused, nothing listens there");
    assert_eq!(outcome.expect_err("nobody"), TransportError::NotSent(words));
}
