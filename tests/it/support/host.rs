//! A host of files, each of which it gives in another way.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Paths that a host was asked for, each with the `Authorization` that came along.
pub type Asked = Vec<(String, Option<String>)>;

/// A host of files: what stands at each path, and what it was asked with.
pub struct Host {
    port: u16,
    asked: Arc<Mutex<Asked>>,
}

impl Host {
    pub fn start() -> Host {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let _serving = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = Arc::clone(&heard);
                let _answering = std::thread::spawn(move || {
                    let _gone = answer(stream, port, &heard);
                });
            }
        });
        Host { port, asked }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub fn asked(&self) -> Asked {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

/// Answers one request; each connection has one.
fn answer(mut stream: TcpStream, port: u16, heard: &Mutex<Asked>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    let _read = reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut token = None;
    loop {
        let mut header = String::new();
        let _read = reader.read_line(&mut header)?;
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("authorization: ") {
            token = Some(header[header.len() - value.len()..].to_owned());
        }
    }
    let before = {
        let mut heard = heard.lock().expect("nobody panicked");
        heard.push((path.clone(), token.clone()));
        heard.iter().filter(|(one, _)| *one == path).count()
    };
    let mut send = |head: &str, body: &[u8]| -> std::io::Result<()> {
        stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes())?;
        stream.write_all(body)
    };
    let found = "302 Found\r\nContent-Length: 0\r\nLocation: ";
    match path.as_str() {
        // A proxy gets the whole address.
        "/good.txt" | "/sub/In%20voice.txt" | "http://files.invalid/good.txt" => {
            send("200 OK\r\nContent-Length: 5", b"hello")
        }
        "/open.txt" => send("200 OK", b"until the end"),
        "/login.pdf" => send(
            "200 OK\r\nContent-Type: text/html; charset=utf-8",
            b"<p>log in</p>",
        ),
        "/hidden.pdf" => send(
            "200 OK\r\nContent-Type: application/pdf",
            b"\n<!DOCTYPE html><p>log in",
        ),
        "/page.html" => send("200 OK\r\nContent-Type: text/html", b"<html>wanted</html>"),
        "/large.bin" => send("200 OK\r\nContent-Length: 99999999", b"much"),
        "/flaky.txt" if before < 3 => send("503 Busy\r\nContent-Length: 0", b""),
        "/flaky.txt" => send("200 OK\r\nContent-Length: 7", b"at last"),
        "/private.txt" if token.as_deref() == Some("Basic czpj") => {
            send("200 OK\r\nContent-Length: 6", b"secret")
        }
        "/private.txt" => send("401 Unauthorized\r\nContent-Length: 0", b""),
        "/elsewhere.txt" => send(&format!("{found}https://elsewhere.example/a.txt"), b""),
        "/local.txt" => send(&format!("{found}file:///etc/hostname"), b""),
        "/part.txt" => send("206 Partial Content\r\nContent-Length: 4", b"part"),
        "/leads.txt" => send(&format!("{found}http://localhost:{port}/good.txt"), b""),
        "/round.txt" => send(&format!("{found}/round.txt"), b""),
        "/endless.bin" => {
            send("200 OK", b"")?;
            let chunk = vec![7; 64 * 1024];
            loop {
                stream.write_all(&chunk)?;
            }
        }
        slow if slow.starts_with("/slow.bin") => {
            send("200 OK", b"")?;
            for _ in 0..600 {
                stream.write_all(b"x")?;
                std::thread::park_timeout(Duration::from_millis(100));
            }
            Ok(())
        }
        "/cut.bin" => send("200 OK\r\nContent-Length: 50", b"too little"),
        _ => send("404 Not Found\r\nContent-Length: 0", b""),
    }
}
