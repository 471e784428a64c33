//! The sandbox's pages: who sees them, what they show, and what can be set on them while
//! programs keep calling.

use serde_json::json;
use tickethaul::sandbox::Options;

use crate::support::{Answer, Portal, raw};

/// Name and value of a header.
type Header<'h> = (&'h str, &'h str);

/// Somebody in a browser.
struct Browser<'a> {
    portal: &'a Portal,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Opens the address that the sandbox prints.
    async fn open(portal: &'a Portal) -> Browser<'a> {
        let address = portal.sandbox.pages();
        let path = address.strip_prefix(&portal.sandbox.base_url());
        let answer = request(portal, "GET", path.expect("an address of its own"), &[], "").await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
            "{cookie}"
        );
        let cookie = cookie.split(';').next().expect("a cookie").to_owned();
        Browser { portal, cookie }
    }

    async fn look(&self, path: &str) -> String {
        let answer = self.answer(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn answer(&self, path: &str) -> Answer {
        request(self.portal, "GET", path, &[("Cookie", &self.cookie)], "").await
    }

    /// Sends a form, and shows the page that follows.
    async fn send(&self, path: &str, form: &str) -> String {
        let origin = self.portal.sandbox.base_url();
        let headers = [
            ("Cookie", self.cookie.as_str()),
            ("Origin", origin.as_str()),
        ];
        let answer = request(self.portal, "POST", path, &headers, form).await;
        match answer.header("location") {
            Some(place) => self.look(place).await,
            None => answer.body,
        }
    }
}

async fn request(
    portal: &Portal,
    method: &str,
    path: &str,
    headers: &[Header<'_>],
    body: &str,
) -> Answer {
    let address = portal.sandbox.address();
    let host = match headers.iter().any(|(name, _)| *name == "Host") {
        true => String::new(),
        false => format!("Host: {address}\r\n"),
    };
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    Answer::of(&raw(address, request.as_bytes()).await.0)
}

async fn seeded(tickets: u32) -> Portal {
    Portal::with(Options {
        seed_tickets: tickets,
        seed: 3,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn only_who_has_the_key_sees_the_pages_and_only_from_here() {
    let portal = seeded(20).await;
    let browser = Browser::open(&portal).await;
    assert!(browser.look("/").await.contains("18 tickets"));
    let base = portal.sandbox.base_url();
    let cookie = ("Cookie", browser.cookie.as_str());
    let refused: [(&str, &str, &[Header<'_>]); 7] = [
        ("GET", "/", &[]),
        ("GET", "/?key=0", &[]),
        (
            "GET",
            "/pages/board",
            &[("Authorization", "Bearer sandbox")],
        ),
        ("GET", "/", &[("Host", "evil.example"), cookie]),
        ("POST", "/pages/behaviour/remove-records", &[cookie]),
        (
            "POST",
            "/pages/behaviour/remove-records",
            &[cookie, ("Origin", "http://localhost:1")],
        ),
        (
            "POST",
            "/pages/behaviour/remove-records",
            &[("Origin", &base)],
        ),
    ];
    for (method, path, headers) in refused {
        let answer = request(&portal, method, path, headers, "sure=yes").await;
        assert_eq!(answer.status, 403, "{method} {path} {headers:?}");
        assert!(!answer.body.contains("tickets</p>"), "{}", answer.body);
    }
    assert!(browser.look("/").await.contains("18 tickets"));
    // What opens the pages opens nothing else.
    let answer = request(&portal, "GET", "/crm/v3/objects/tickets", &[cookie], "").await;
    assert_eq!(answer.status, 401);
    let policy = browser.answer("/").await;
    let policy = policy
        .header("content-security-policy")
        .expect("a policy")
        .to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
}

#[tokio::test]
async fn tickets_are_searched_filtered_sorted_and_shown() {
    let portal = Portal::start().await;
    let browser = Browser::open(&portal).await;
    let first = portal
        .ticket(json!({"subject": "Printer <b>smokes</b>", "hs_pipeline_stage": "1"}))
        .await;
    let second = portal
        .ticket(json!({"subject": "Door sticks", "hs_pipeline_stage": "4"}))
        .await;
    let third = portal
        .ticket(json!({"subject": "Gone", "hs_pipeline_stage": "1"}))
        .await;
    let path = format!("/crm/v3/objects/tickets/{third}");
    portal.delete(&path).await.expect(204);
    for (path, shown, hidden) in [
        ("/", vec![&first, &second], &third),
        ("/?q=printer", vec![&first], &second),
        ("/?stage=4", vec![&second], &first),
        ("/?pipeline=0&stage=1&owner=", vec![&first], &second),
        ("/?archived=yes", vec![&third], &first),
    ] {
        let page = browser.look(path).await;
        assert!(shown.iter().all(|id| page.contains(*id)), "{path}: {page}");
        assert!(!page.contains(hidden.as_str()), "{path}: {page}");
    }
    let by_subject = browser.look("/?sort=subject").await;
    assert!(by_subject.find(&second) < by_subject.find(&first));
    let board = browser.look("/pages/board").await;
    assert!(
        board.contains("Printer &lt;b&gt;smokes&lt;&#x2f;b&gt;"),
        "{board}"
    );
    let ticket = format!("/crm/v3/objects/tickets/{first}");
    let change = json!({"properties": {"subject": "Printer burns", "hs_ticket_priority": "HIGH"}});
    portal.patch(&ticket, change).await.expect(200);
    let page = browser.look(&format!("/pages/tickets/{first}")).await;
    for part in [
        "Printer burns",
        "Printer &lt;b&gt;smokes",
        "1 before",
        "HIGH",
        "New",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        browser
            .look(&format!("/pages/tickets/{third}"))
            .await
            .contains("in the recycle bin")
    );
    assert_eq!(browser.answer("/pages/tickets/1").await.status, 404);
    assert_eq!(browser.answer("/pages/nothing").await.status, 404);
}

#[tokio::test]
async fn a_ticket_is_shown_with_its_people_and_its_conversation() {
    let portal = seeded(10).await;
    let browser = Browser::open(&portal).await;
    let list = browser.look("/").await;
    let place = list.find("/pages/tickets/").expect("a ticket");
    let id: String = list[place + 15..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let note = portal
        .post(
            "/crm/v3/objects/notes",
            json!({
                "properties": {
                    "hs_note_body": "<p>Said <script>alert(1)</script><b>so</b></p>",
                    "hs_timestamp": "2026-01-02T03:04:05Z",
                    "hs_attachment_ids": "77",
                },
                "associations": [{
                    "to": {"id": id},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}],
                }],
            }),
        )
        .await
        .expect(201);
    let page = browser.look(&format!("/pages/tickets/{id}")).await;
    assert!(
        page.contains("<b>so</b>") && !page.contains("alert(1)"),
        "{page}"
    );
    assert!(page.contains(note["id"].as_str().expect("an id")));
    assert!(page.contains("file 77, which is not there"));
    let place = page.find("/pages/contacts/").expect("a contact");
    let contact: String = page[place..]
        .chars()
        .take_while(|letter| *letter != '"')
        .collect();
    assert!(
        browser
            .look(&contact)
            .await
            .contains(&format!("/pages/tickets/{id}"))
    );
    for path in [
        "/pages/contacts",
        "/pages/companies",
        "/pages/owners",
        "/pages/properties?kind=contacts",
    ] {
        assert!(browser.look(path).await.contains("<tbody>"), "{path}");
    }
}

#[tokio::test]
async fn troubles_and_switches_are_set_while_programs_call() {
    let portal = Portal::start().await;
    let browser = Browser::open(&portal).await;
    let list = "/crm/v3/objects/tickets";
    let page = browser
        .send("/pages/behaviour/add-trouble", "trouble=500%402%3Aobjects")
        .await;
    assert!(page.contains("500@2:objects"), "{page}");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(portal.get(list).await.status);
    }
    assert_eq!(statuses, [200, 500, 200]);
    let page = browser
        .send("/pages/behaviour/add-trouble", "trouble=flood")
        .await;
    assert!(page.contains("no trouble is called"), "{page}");
    let page = browser
        .send("/pages/behaviour/remove-trouble", "place=0")
        .await;
    assert!(page.contains("None is planned"), "{page}");
    // A switch that changes definitions, one that changes replies, one of the allowance.
    let form = "urgent_priority=no&over_limit=clamp&daily_limit=4";
    let page = browser.send("/pages/behaviour/turn", form).await;
    assert_eq!(page.matches("(turned)").count(), 3, "{page}");
    let priority = portal
        .get("/crm/v3/properties/tickets/hs_ticket_priority")
        .await;
    assert!(!priority.expect(200).to_string().contains("URGENT"));
    assert_eq!(portal.get(list).await.status, 429);
    let page = browser
        .send("/pages/behaviour/turn", "daily_limit=soon&over_limit=400")
        .await;
    assert!(page.contains("is not a value of the switch"), "{page}");
    let page = browser
        .send(
            "/pages/behaviour/turn",
            "daily_limit=625000&urgent_priority=yes",
        )
        .await;
    assert_eq!(page.matches("(turned)").count(), 1, "{page}");
    assert_eq!(portal.get(&format!("{list}?limit=500")).await.status, 200);
}

#[tokio::test]
async fn records_are_removed_for_good_and_ids_go_on() {
    let portal = seeded(10).await;
    let browser = Browser::open(&portal).await;
    let before = portal.ticket(json!({"subject": "Last"})).await;
    let page = browser.send("/pages/behaviour/remove-records", "").await;
    assert!(page.contains("Tick the box first"), "{page}");
    let _page = browser
        .send("/pages/behaviour/remove-records", "sure=yes")
        .await;
    assert!(browser.look("/").await.contains("0 tickets"));
    assert!(browser.look("/pages/contacts").await.contains("0 in all"));
    let after = portal.ticket(json!({"subject": "First"})).await;
    assert!(after > before, "{after} {before}");
}

#[tokio::test]
async fn calls_are_listed_with_what_was_sent_and_answered() {
    let portal = Portal::troubled(&["locked@2:tickets"]).await;
    let browser = Browser::open(&portal).await;
    let _ticket = portal.ticket(json!({"subject": "Seen"})).await;
    assert_eq!(portal.get("/crm/v3/objects/tickets").await.status, 423);
    let page = browser.look("/pages/calls").await;
    assert!(
        page.contains("data-latest=\"2\"") && page.contains("locked@2:tickets"),
        "{page}"
    );
    let rows = browser.look("/pages/calls/rows?after=1").await;
    assert_eq!(rows.matches("<tr>").count(), 1, "{rows}");
    let call = browser.look("/pages/calls/1").await;
    assert!(call.contains("Seen") && call.contains("201"), "{call}");
    assert_eq!(browser.answer("/pages/calls/99").await.status, 404);
}
