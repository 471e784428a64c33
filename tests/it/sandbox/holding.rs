//! Holding a call in a known state, so that a client can be killed there: the
//! sandbox is another process, the client a bare connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Rehearsal, Served, TOKEN};

const BATCH: &str = "/crm/v3/objects/tickets/batch/create";

/// How long nothing must come for it to count as held.
const QUIET: Duration = Duration::from_millis(300);

fn send(sandbox: &Served, method: &str, path: &str, body: &str) -> TcpStream {
    let address = sandbox.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("a request");
    stream
}

/// Starts a batch create of one ticket.
fn create(sandbox: &Served) -> TcpStream {
    let body = r#"{"inputs":[{"properties":{"hs_pipeline_stage":"1"}}]}"#;
    send(sandbox, "POST", BATCH, body)
}

/// What has come so far; empty when nothing does for a while.
fn read(stream: &mut TcpStream, patience: Duration) -> String {
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    let mut bytes = [0; 4096];
    let n_bytes = stream.read(&mut bytes).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..n_bytes]).into_owned()
}

fn n_tickets(sandbox: &Served) -> usize {
    let mut stream = send(sandbox, "GET", "/crm/v3/objects/tickets", "");
    let page = read(&mut stream, Duration::from_secs(20));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    page.matches("\"archived\":false").count()
}

fn holding(here: &Rehearsal, at: &str) -> Served {
    let trouble = format!("hold@2={at}:batch/create");
    let sandbox = here.serve(format!("--rate off --trouble {trouble}"));
    let first = read(&mut create(&sandbox), Duration::from_secs(20));
    assert!(first.starts_with("HTTP/1.1 201"), "{first}");
    sandbox
}

#[test]
fn a_call_is_held_before_or_after_its_work_until_its_client_leaves() {
    for (at, tickets) in [("received", 1), ("committed", 2)] {
        let here = Rehearsal::new();
        let mut sandbox = holding(&here, at);
        let mut client = create(&sandbox);
        assert_eq!(sandbox.next_line(), format!("holding call 2 {at}"));
        assert_eq!(read(&mut client, QUIET), "");
        assert_eq!(n_tickets(&sandbox), tickets, "{at}");
        drop(client);
        let third = read(&mut create(&sandbox), Duration::from_secs(20));
        assert!(third.starts_with("HTTP/1.1 201"), "{third}");
        assert_eq!(n_tickets(&sandbox), tickets + 1, "{at}");
    }
}

#[test]
fn a_held_call_goes_on_when_told() {
    for at in ["received", "committed"] {
        let here = Rehearsal::new();
        let mut sandbox = holding(&here, at);
        let mut client = create(&sandbox);
        assert_eq!(sandbox.next_line(), format!("holding call 2 {at}"));
        sandbox.go_on();
        let reply = read(&mut client, Duration::from_secs(20));
        assert!(reply.starts_with("HTTP/1.1 201"), "{at}: {reply}");
        assert_eq!(n_tickets(&sandbox), 2, "{at}");
    }
}

#[test]
fn after_an_answer_nobody_is_let_in_until_its_client_leaves_or_is_told() {
    for leaves in [true, false] {
        let here = Rehearsal::new();
        let mut sandbox = holding(&here, "answered");
        let mut client = create(&sandbox);
        let reply = read(&mut client, Duration::from_secs(20));
        assert!(reply.starts_with("HTTP/1.1 201"), "{reply}");
        assert_eq!(sandbox.next_line(), "holding call 2 answered");
        let mut other = create(&sandbox);
        assert_eq!(read(&mut other, QUIET), "");
        if leaves {
            drop(client);
        } else {
            sandbox.go_on();
        }
        let third = read(&mut other, Duration::from_secs(20));
        assert!(third.starts_with("HTTP/1.1 201"), "{third}");
        assert_eq!(n_tickets(&sandbox), 3);
    }
}
