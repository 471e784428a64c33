//! Somebody who answers in a portal's name.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// A whole HTTP reply.
pub fn answer(status: u16, body: &str) -> String {
    let kind = match body.starts_with('<') {
        true => "text/html",
        false => "application/json",
    };
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A portal that gives the replies of `instead`, and passes all other requests on to
/// another. Its address; it ends with the test.
pub fn in_front(
    portal: &str,
    instead: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let portal = portal.trim_start_matches("http://").to_owned();
    let _detached = std::thread::spawn(move || {
        for socket in listener.incoming() {
            let Ok(mut socket) = socket else { return };
            let Some(request) = request(&mut socket) else {
                continue;
            };
            let reply = match instead(&request) {
                Some(reply) => reply.into_bytes(),
                None => passed_on(&portal, &request),
            };
            let _gone = socket.write_all(&reply);
        }
    });
    format!("http://{address}")
}

/// A request to its end; none from a client that went away.
fn request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if bytes.len() >= head.len() + 4 + length.unwrap_or(0) {
                return Some(text);
            }
        }
        match socket.read(&mut part) {
            Ok(read @ 1..) => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
}

fn passed_on(portal: &str, request: &str) -> Vec<u8> {
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let lines = head.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !line.starts_with("connection:") && !line.starts_with("accept-encoding:")
    });
    let head: Vec<&str> = lines.chain(["Connection: close"]).collect();
    let mut socket = TcpStream::connect(portal).expect("the portal");
    let request = format!("{}\r\n\r\n{body}", head.join("\r\n"));
    socket.write_all(request.as_bytes()).expect("sent");
    let mut reply = Vec::new();
    let _end = socket.read_to_end(&mut reply);
    reply
}
