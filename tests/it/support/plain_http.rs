//! HTTP by hand, one request per connection: it shows what is on the wire, and
//! shares nothing with the client under test.

use std::net::SocketAddr;

use serde_json::Value;
use tickethaul::sandbox::{Options, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::unique_text;

/// A reply as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The reply in `bytes`, which end where the connection did.
    pub fn of(bytes: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no head in {text:?}"));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("no status in {head:?}")),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The status and the body, checked to be what was expected.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// A header's value; names in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// A portal to be asked.
pub struct Portal {
    pub sandbox: Sandbox,
}

impl Portal {
    /// In memory, with everything as it is by default.
    pub async fn start() -> Portal {
        Portal::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Portal {
        Portal {
            sandbox: Sandbox::start(options).await.expect("a sandbox"),
        }
    }

    /// In memory, with these switches.
    pub async fn switched(switches: &[&str]) -> Portal {
        let switches = switches.iter().map(|text| text.parse().expect("a switch"));
        let switches = switches.collect::<Vec<tickethaul::sandbox::Switch>>();
        Portal::with(Options {
            switches: switches.into_iter().collect(),
            ..Options::default()
        })
        .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }

    pub async fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.call("POST", path, &body.to_string()).await
    }

    pub async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        Answer::of(&self.bytes(method, path, "sandbox", body).await)
    }

    /// All that comes back before the connection ends, however it ends.
    pub async fn bytes(&self, method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            address = self.sandbox.address(),
            length = body.len(),
        );
        raw(self.sandbox.address(), request.as_bytes()).await.0
    }

    /// In memory, with these troubles and no limit on requests.
    pub async fn troubled(troubles: &[&str]) -> Portal {
        let troubles = troubles.iter().map(|text| text.parse().expect(text));
        Portal::with(Options {
            troubles: troubles.collect(),
            rate: "off".parse().expect("a rate"),
            seed: 7,
            ..Options::default()
        })
        .await
    }

    /// A ticket with these properties, and a stage where none is given: its id.
    pub async fn ticket(&self, mut properties: Value) -> String {
        if properties["hs_pipeline_stage"].is_null() {
            properties["hs_pipeline_stage"] = "1".into();
        }
        self.made("tickets", properties).await
    }

    /// A record of a kind: its id.
    pub async fn made(&self, kind: &str, properties: Value) -> String {
        let body = serde_json::json!({ "properties": properties });
        let path = format!("/crm/v3/objects/{kind}");
        let made = self.post(&path, body).await.expect(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    pub async fn patch(&self, path: &str, body: impl ToString) -> Answer {
        self.call("PATCH", path, &body.to_string()).await
    }

    pub async fn put(&self, path: &str, body: impl ToString) -> Answer {
        self.call("PUT", path, &body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, "").await
    }

    /// The id of the first contact that the portal holds.
    pub async fn contact_id(&self) -> String {
        let page = self
            .get("/crm/v3/objects/contacts?limit=1")
            .await
            .expect(200);
        page["results"][0]["id"].as_str().expect("an id").to_owned()
    }

    /// Makes a unique text property for tickets.
    pub async fn unique_property(&self, name: &str) {
        self.post("/crm/v3/properties/tickets", unique_text(name))
            .await
            .expect(201);
    }
}

/// Sends bytes as they are; gives back what came and how it ended.
pub async fn raw(address: SocketAddr, request: &[u8]) -> (Vec<u8>, std::io::Result<()>) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A portal that has said enough may close before it has read all.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await.map(drop);
    (bytes, ended)
}
