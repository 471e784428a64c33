//! The helper for stories with something between the tool and a served sandbox: it sees
//! every call, may do something first, and may answer differently.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::{Answer, Args, Ended, FilledPortal};

/// A call on its way.
pub struct Asked {
    /// Method, a blank, and the path with its query.
    pub line: String,
    /// The body; null where there is none.
    pub body: Value,
    whole: Vec<u8>,
}

impl Asked {
    /// Whether a header or the body has these words.
    pub fn says(&self, words: &str) -> bool {
        let whole = String::from_utf8_lossy(&self.whole).to_lowercase();
        whole.contains(&words.to_lowercase())
    }

    /// Whether it goes to this path.
    pub fn is_to(&self, part: &str) -> bool {
        self.line.contains(part)
    }
}

/// What comes back: status and body.
pub type Told = (u16, String);

/// Runs the tool with all its calls carried by `carry`, which gets each of them and
/// what sends it on to the portal.
pub fn through(
    desk: &FilledPortal,
    args: impl Args,
    carry: &(dyn Fn(&Asked, &dyn Fn() -> Told) -> Told + Sync),
) -> Ended {
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = door.local_addr().expect("an address");
    let portal = desk.sandbox.url().trim_start_matches("http://").to_owned();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _door = scope.spawn(|| {
            for client in door.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (client, portal) = (client.expect("a client"), &portal);
                let _served = scope.spawn(move || serve(client, portal, carry));
            }
        });
        let tool = desk.tool(args);
        let ended = tool
            .env("TICKETHAUL_BASE_URL", format!("http://{address}"))
            .run();
        is_over.store(true, Ordering::SeqCst);
        let _last = TcpStream::connect(address);
        ended
    })
}

/// Carries one call; the client's next one comes on another connection.
fn serve(
    mut client: TcpStream,
    portal: &str,
    carry: &(dyn Fn(&Asked, &dyn Fn() -> Told) -> Told + Sync),
) {
    let Some(asked) = asked(&client, portal) else {
        return;
    };
    let send = || -> Told {
        let mut stream = TcpStream::connect(portal).expect("the portal");
        stream.write_all(&asked.whole).expect("a request");
        let mut bytes = Vec::new();
        let _ended = stream.read_to_end(&mut bytes);
        let answer = Answer::of(&bytes);
        (answer.status, answer.body)
    };
    let (status, body) = carry(&asked, &send);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // The tool may have been stopped.
    let _told = client.write_all(format!("{head}{body}").as_bytes());
}

fn asked(client: &TcpStream, portal: &str) -> Option<Asked> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    let _bytes = reader
        .read_line(&mut line)
        .ok()
        .filter(|bytes| *bytes > 0)?;
    let mut head = line.clone();
    let mut length = 0;
    loop {
        let mut field = String::new();
        let _bytes = reader.read_line(&mut field).ok()?;
        let lower = field.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        let of_this_hop = ["host:", "connection:", "accept-encoding:"];
        if field == "\r\n" {
            break;
        }
        if !of_this_hop.iter().any(|name| lower.starts_with(name)) {
            head.push_str(&field);
        }
    }
    head.push_str(&format!("Host: {portal}\r\nConnection: close\r\n\r\n"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        line: line.trim_end_matches("HTTP/1.1\r\n").trim_end().to_owned(),
        whole: [head.as_bytes(), &body].concat(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}
