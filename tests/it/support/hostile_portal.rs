//! The helper: a hostile portal. It forwards calls to a sandbox and changes the
//! replies, in one of many ways. Everything on loopback.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::raw;

/// Control sequences, forged lines and a change of writing direction, as they may
/// stand in any text of a reply.
pub const EVIL: &str =
    "EVIL\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\r\nforged line\u{1b}]52;c;cHduZWQ=\u{7}\u{202e}";

/// A call as it came from the tool.
pub struct Call {
    /// `POST`
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Value of the header `Authorization`.
    pub authorization: String,
    /// The body, where it is JSON.
    pub body: Value,
    /// Counts the calls of this portal, from 1.
    pub number: u64,
}

impl Call {
    /// True for the calls of an import that write tickets.
    pub fn writes_tickets(&self) -> bool {
        self.method == "POST" && self.target.contains("/tickets/batch/create")
    }

    /// True for a page of the list of tickets.
    pub fn lists_tickets(&self) -> bool {
        let path = self.target.split('?').next().unwrap_or_default();
        self.method == "GET"
            && (path.ends_with("/objects/tickets") || path.ends_with("/objects/2026-09/tickets"))
    }

    /// True for calls that read links of tickets.
    pub fn reads_links(&self) -> bool {
        self.target.contains("/associations/") && self.target.ends_with("/batch/read")
    }

    /// The cursor that a page is asked for with.
    pub fn after(&self) -> Option<&str> {
        let query = self.target.split('?').nth(1)?;
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix("after="))
    }
}

/// A reply of the sandbox, on its way to the tool.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// A reply with a JSON body and no other header.
    pub fn json(status: u16, body: &Value) -> Reply {
        Reply::text(status, "application/json", body.to_string())
    }

    pub fn text(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into(),
        }
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Reply {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// The body as JSON changed by `change`; as it is where it is no JSON.
    pub fn changed(mut self, change: impl FnOnce(&mut Value)) -> Reply {
        if let Ok(mut value) = serde_json::from_slice(&self.body) {
            change(&mut value);
            self.body = value.to_string().into_bytes();
        }
        self
    }

    fn of(bytes: &[u8]) -> Option<Reply> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let framing = ["content-length", "transfer-encoding", "connection"];
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| !framing.contains(&name.to_lowercase().as_str()))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Reply {
            status,
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        })
    }
}

/// What the tool gets.
pub enum Answer {
    /// A whole reply.
    Whole(Reply),
    /// These bytes first, then these again and again, with a pause between, until
    /// the tool has gone or a gibibyte was sent.
    Endless {
        head: Vec<u8>,
        again: Vec<u8>,
        pause: Duration,
    },
    /// Nothing, for as long as the tool waits.
    Silence,
    /// These bytes, then the end of the connection.
    Broken(Vec<u8>),
}

/// How replies are changed: the call, and the sandbox's reply to it.
pub type Change = fn(&Call, Reply) -> Answer;

/// A hostile portal; ends with its runtime.
pub struct HostilePortal {
    address: SocketAddr,
    calls: Arc<AtomicU64>,
}

impl HostilePortal {
    /// Before the sandbox at `sandbox`.
    pub async fn start(sandbox: SocketAddr, change: Change) -> HostilePortal {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        let _task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let calls = Arc::clone(&counted);
                let _task = tokio::spawn(async move {
                    let _gone = serve(stream, sandbox, change, &calls).await;
                });
            }
        });
        HostilePortal { address, calls }
    }

    /// Its address, for `--base-url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many calls it got.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

/// One call on one connection.
async fn serve(
    mut stream: TcpStream,
    sandbox: SocketAddr,
    change: Change,
    calls: &AtomicU64,
) -> io::Result<()> {
    let (head, body) = read_request(&mut stream).await?;
    let mut words = head.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let (method, target) = (word(), word());
    let authorization = header(&head, "authorization");
    let call = Call {
        method,
        target,
        authorization,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        number: calls.fetch_add(1, Ordering::SeqCst) + 1,
    };
    let (bytes, _ended) = raw(sandbox, &onwards(&head, &body)).await;
    let reply = Reply::of(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    send(&mut stream, change(&call, reply)).await
}

async fn read_request(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length: usize = header(&head, "content-length").parse().unwrap_or(0);
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((head, body))
}

/// The value of a header, empty where it is not there.
fn header(head: &str, name: &str) -> String {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

/// The request as it goes to the sandbox: with the sandbox's token, on a connection of
/// its own, and the reply not packed.
fn onwards(head: &str, body: &[u8]) -> Vec<u8> {
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        !["accept-encoding", "connection", "authorization"].contains(&name.as_str())
    });
    let mut bytes = kept.collect::<Vec<_>>().join("\r\n").into_bytes();
    bytes.extend_from_slice(b"\r\nconnection: close\r\nauthorization: Bearer sandbox\r\n\r\n");
    bytes.extend_from_slice(body);
    bytes
}

async fn send(stream: &mut TcpStream, answer: Answer) -> io::Result<()> {
    const ENOUGH: usize = 1 << 30;
    match answer {
        Answer::Whole(reply) => {
            let mut head = format!("HTTP/1.1 {} Whatever\r\n", reply.status);
            for (name, value) in &reply.headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            let length = reply.body.len();
            head.push_str(&format!(
                "content-length: {length}\r\nconnection: close\r\n\r\n"
            ));
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&reply.body).await
        }
        Answer::Endless { head, again, pause } => {
            stream.write_all(&head).await?;
            let mut sent = 0;
            while sent < ENOUGH {
                stream.write_all(&again).await?;
                sent += again.len();
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
            Ok(())
        }
        Answer::Silence => {
            let mut gone = [0];
            stream.read(&mut gone).await.map(drop)
        }
        Answer::Broken(bytes) => stream.write_all(&bytes).await,
    }
}

/// A ticket as a list has it.
pub fn listed(id: impl Into<Value>) -> Value {
    json!({"id": id.into(), "properties": {"subject": "s"}, "archived": false})
}

/// A page with a cursor for the next one.
pub fn page(results: Vec<Value>, after: Option<&str>) -> Reply {
    let mut body = json!({"results": results});
    if let Some(after) = after {
        body["paging"] = json!({"next": {"after": after}});
    }
    Reply::json(200, &body)
}
