//! How the embedded portal behaves where the contract leaves room: switches,
//! troubles, the list, the recycle bin, what is computed, what it survives.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use tickethaul::sandbox::{Data, KnownTrouble, Options, Sandbox, StartError, Switches};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Answer, Portal, Rehearsal, raw};

const TICKETS: &str = "/crm/v3/objects/tickets";
const BATCH: &str = "/crm/v3/objects/tickets/batch/create";

/// A batch of `n` traced tickets with keys.
fn batch(n: usize) -> Value {
    let row = |n: usize| json!({"objectWriteTraceId": format!("r{n}"), "properties": {"hs_pipeline_stage": "1", "key": n}});
    json!({"inputs": (0..n).map(row).collect::<Vec<_>>()})
}

async fn keyed(switches: &[&str]) -> Portal {
    let portal = Portal::switched(switches).await;
    portal.unique_property("key").await;
    portal
}

fn column(body: &Value, name: &str) -> Vec<String> {
    let results = body["results"].as_array().expect("results").iter();
    results
        .map(|result| {
            result["properties"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

async fn made(portal: &Portal, properties: Value) -> Value {
    portal
        .post(TICKETS, json!({"properties": properties}))
        .await
        .expect(201)
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no {path} in {value}"))
}

#[tokio::test]
async fn results_come_in_the_order_of_the_switch() {
    let given: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let reversed: Vec<String> = given.iter().rev().cloned().collect();
    for (order, expected) in [
        ("input", &given),
        ("reversed", &reversed),
        ("by-id", &given),
    ] {
        let portal = keyed(&[&format!("result_order={order}")]).await;
        let body = portal.post(BATCH, batch(30)).await.expect(201);
        assert_eq!(&column(&body, "key"), expected, "{order}");
    }
    let portal = keyed(&[]).await;
    let shuffled = column(&portal.post(BATCH, batch(2)).await.expect(201), "key");
    assert_eq!(shuffled, ["1", "0"]);
}

#[tokio::test]
async fn trace_ids_are_echoed_on_demand() {
    let body = keyed(&[]).await.post(BATCH, batch(1)).await.expect(201);
    assert_eq!(body["results"][0]["objectWriteTraceId"], Value::Null);
    let body = keyed(&["echo_trace_id=yes"])
        .await
        .post(BATCH, batch(1))
        .await
        .expect(201);
    assert_eq!(body["results"][0]["objectWriteTraceId"], "r0");
}

#[tokio::test]
async fn partial_success_can_be_off() {
    let portal = keyed(&["partial_success=400"]).await;
    let mut rows = batch(3);
    rows["inputs"][1]["properties"]["nothing"] = "x".into();
    let body = portal.post(BATCH, rows).await.expect(400);
    assert_eq!(body["errors"][0]["code"], "PROPERTY_DOESNT_EXIST");
    assert_eq!(portal.get(TICKETS).await.expect(200)["results"], json!([]));
}

#[tokio::test]
async fn a_taken_value_is_invalid_or_a_conflict() {
    for (switch, category) in [
        ("unique_collision=400", "VALIDATION_ERROR"),
        ("unique_collision=409", "CONFLICT"),
    ] {
        let portal = keyed(&[switch]).await;
        let holder = made(&portal, json!({"hs_pipeline_stage": "1", "key": "1"})).await;
        let body = portal.post(BATCH, batch(3)).await.expect(207);
        assert_eq!(body["results"].as_array().expect("results").len(), 2);
        let error = &body["errors"][0];
        assert_eq!(
            (&error["category"], &error["context"]["objectWriteTraceId"]),
            (&json!(category), &json!(["r1"]))
        );
        assert!(
            text(error, "/message").contains(text(&holder, "/id")),
            "{error}"
        );
        if switch == "unique_collision=400" {
            for part in [
                "already has that value",
                r#""error":"CONFLICTING_UNIQUE_VALUE""#,
                r#""name":"key""#,
            ] {
                assert!(text(error, "/message").contains(part), "{error}");
            }
        } else {
            assert_eq!(error["context"]["existingId"], json!([holder["id"]]));
        }
        let whole = json!({"inputs": [{"properties": {"hs_pipeline_stage": "1", "key": "1"}}]});
        let status = if switch == "unique_collision=400" {
            400
        } else {
            409
        };
        assert_eq!(portal.post(BATCH, whole).await.status, status);
    }
}

#[tokio::test]
async fn a_key_repeated_inside_a_batch_goes_in_once() {
    let portal = keyed(&[]).await;
    let mut rows = batch(2);
    rows["inputs"][1]["properties"]["key"] = "0".into();
    let body = portal.post(BATCH, &rows).await.expect(207);
    assert_eq!(column(&body, "key"), ["0"]);
    assert_eq!(
        body["errors"][0]["context"]["objectWriteTraceId"],
        json!(["r1"])
    );
    let case = json!({"inputs": [{"properties": {"hs_pipeline_stage": "1", "key": "A"}},
                                {"properties": {"hs_pipeline_stage": "1", "key": "a"}}]});
    portal.post(BATCH, case).await.expect(201);
}

#[tokio::test]
async fn an_archived_ticket_frees_its_value_or_not() {
    for (switch, status) in [
        ("archived_holds_unique=free", 201),
        ("archived_holds_unique=blocks", 207),
    ] {
        let portal = keyed(&[switch]).await;
        let old = made(&portal, json!({"hs_pipeline_stage": "1", "key": "0"})).await;
        assert_eq!(
            portal
                .call("DELETE", &format!("{TICKETS}/{}", text(&old, "/id")), "")
                .await
                .status,
            204
        );
        assert_eq!(
            portal.post(BATCH, batch(1)).await.status,
            status,
            "{switch}"
        );
        let read = json!({"idProperty": "key", "inputs": [{"id": "0"}], "properties": ["key"]});
        let binned = portal
            .post("/crm/v3/objects/tickets/batch/read?archived=true", read)
            .await
            .expect(200);
        assert_eq!(binned["results"][0]["id"], old["id"]);
        assert_eq!(binned["results"][0]["archived"], true);
        assert!(binned["results"][0]["archivedAt"].is_string());
    }
}

#[tokio::test]
async fn createdate_is_writable_as_the_switch_says() {
    let dated = json!({"hs_pipeline_stage": "1", "createdate": "2020-01-02T03:04:05+01:00"});
    for (value, on_create, on_update) in [
        ("create+update", 201, 200),
        ("create", 201, 400),
        ("no", 400, 400),
    ] {
        let portal = Portal::switched(&[&format!("createdate_writable={value}")]).await;
        assert_eq!(
            portal
                .post(TICKETS, json!({"properties": dated}))
                .await
                .status,
            on_create,
            "{value}"
        );
        let ticket = made(&portal, json!({"hs_pipeline_stage": "1"})).await;
        let patch = json!({"properties": {"createdate": "2020-01-02T03:04:05Z"}}).to_string();
        let path = format!("{TICKETS}/{}", text(&ticket, "/id"));
        assert_eq!(
            portal.call("PATCH", &path, &patch).await.status,
            on_update,
            "{value}"
        );
        let definition = portal
            .get("/crm/v3/properties/tickets/createdate")
            .await
            .expect(200);
        assert_eq!(
            definition["modificationMetadata"]["readOnlyValue"],
            value == "no"
        );
    }
    let ticket = made(&Portal::start().await, dated).await;
    assert_eq!(ticket["createdAt"], "2020-01-02T02:04:05Z");
    assert_ne!(ticket["properties"]["hs_createdate"], ticket["createdAt"]);
}

#[tokio::test]
async fn some_values_are_silently_not_kept() {
    let portal = Portal::switched(&["not_kept=content,createdate"]).await;
    let given = json!({"hs_pipeline_stage": "1", "subject": "s", "content": "c", "createdate": "2020-01-01T00:00:00Z"});
    let ticket = made(&portal, given).await;
    assert_eq!(ticket["properties"]["content"], Value::Null);
    assert_eq!(
        ticket["properties"]["createdate"],
        ticket["properties"]["hs_createdate"]
    );
    let path = format!("{TICKETS}/{}", text(&ticket, "/id"));
    assert_eq!(
        portal.get(&path).await.expect(200)["properties"]["subject"],
        "s"
    );
    let bad = json!({"properties": {"hs_pipeline_stage": "1", "createdate": "never"}});
    portal.post(TICKETS, bad).await.expect(400);
}

#[tokio::test]
async fn stages_open_and_close_tickets() {
    let portal = Portal::start().await;
    let ticket = made(&portal, json!({"hs_pipeline_stage": "4"})).await;
    assert_eq!(
        ticket["properties"]["closed_date"],
        ticket["properties"]["hs_createdate"]
    );
    assert_eq!(ticket["properties"]["hs_is_closed"], "true");
    let path = format!("{TICKETS}/{}", text(&ticket, "/id"));
    let patch = |properties: Value| {
        let body = json!({ "properties": properties }).to_string();
        let (portal, path) = (&portal, &path);
        async move { portal.call("PATCH", path, &body).await }
    };
    let open = patch(json!({"hs_pipeline_stage": "2"})).await.expect(200);
    assert_eq!(
        (
            &open["properties"]["hs_is_closed"],
            &open["properties"]["closed_date"]
        ),
        (&json!("false"), &Value::Null)
    );
    let closed = patch(json!({"hs_pipeline_stage": "4", "closed_date": "2021-01-01T00:00:00Z"}))
        .await
        .expect(200);
    assert_eq!(closed["properties"]["closed_date"], "2021-01-01T00:00:00Z");

    for (properties, name) in [
        (json!({"hs_pipeline_stage": ""}), "hs_pipeline_stage"),
        (
            json!({"hs_pipeline_stage": "151934001"}),
            "hs_pipeline_stage",
        ),
        (json!({"hs_pipeline": "78200415"}), "hs_pipeline_stage"),
        (
            json!({"hs_pipeline": "9", "hs_pipeline_stage": "1"}),
            "hs_pipeline",
        ),
    ] {
        let body = patch(properties).await.expect(400);
        assert_eq!(body["errors"][0]["context"]["propertyName"], json!([name]));
    }
    let moved = patch(json!({"hs_pipeline": "78200415", "hs_pipeline_stage": "151934001"}))
        .await
        .expect(200);
    assert_eq!(moved["properties"]["hs_pipeline"], "78200415");
}

#[tokio::test]
async fn a_read_only_stage_takes_no_tickets() {
    let portal = Portal::start().await;
    let row = |stage: &str| json!({"objectWriteTraceId": stage, "properties": {"hs_pipeline": "78200415", "hs_pipeline_stage": stage}});
    let body = portal
        .post(
            BATCH,
            json!({"inputs": [row("151934001"), row("151934003")]}),
        )
        .await
        .expect(207);
    assert_eq!(body["results"].as_array().expect("results").len(), 1);
    let error = &body["errors"][0];
    assert_eq!(
        (&error["category"], &error["context"]["objectWriteTraceId"]),
        (&json!("VALIDATION_ERROR"), &json!(["151934003"]))
    );
    for part in [
        r#""error":"STAGE_READ_ONLY""#,
        r#""name":"hs_pipeline_stage""#,
    ] {
        assert!(text(error, "/message").contains(part), "{error}");
    }
}

#[tokio::test]
async fn only_active_owners_take_tickets() {
    let portal = Portal::start().await;
    let owned =
        |id: &str| json!({"properties": {"hs_pipeline_stage": "1", "hubspot_owner_id": id}});
    portal.post(TICKETS, owned("41629701")).await.expect(201);
    for wrong in ["41629708", "9586501", "nobody"] {
        let body = portal.post(TICKETS, owned(wrong)).await.expect(400);
        assert_eq!(body["errors"][0]["code"], "INVALID_OPTION");
    }
}

#[tokio::test]
async fn updates_change_what_they_name() {
    let portal = Portal::start().await;
    let given = json!({"hs_pipeline_stage": "1", "subject": "s", "content": "c", "hs_ticket_category": "BILLING_ISSUE"});
    let ticket = made(&portal, given).await;
    let path = format!("{TICKETS}/{}", text(&ticket, "/id"));
    let patch = json!({"properties": {"content": "", "subject": null, "hs_ticket_category": ";PRODUCT_ISSUE"}}).to_string();
    let shown = portal.call("PATCH", &path, &patch).await.expect(200);
    assert_eq!(
        shown["properties"]["hs_ticket_category"],
        "BILLING_ISSUE;PRODUCT_ISSUE"
    );
    let read = portal.get(&path).await.expect(200);
    assert_eq!(
        (
            &read["properties"]["subject"],
            &read["properties"]["content"]
        ),
        (&json!("s"), &Value::Null)
    );
}

#[tokio::test]
async fn the_list_walks_all_tickets_in_id_order() {
    let portal = keyed(&[]).await;
    portal.post(BATCH, batch(25)).await.expect(201);
    let first = portal.get(&format!("{TICKETS}?limit=1")).await.expect(200);
    let archive =
        json!({"inputs": [{"id": text(&first, "/results/0/id")}, {"id": "1"}, {"id": "x"}]});
    assert_eq!(
        portal
            .post("/crm/v3/objects/tickets/batch/archive", archive)
            .await
            .status,
        204
    );

    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = portal
            .get(&format!("{TICKETS}?properties=key{after}"))
            .await
            .expect(200);
        let results = page["results"].as_array().expect("results");
        ids.extend(results.iter().map(|result| text(result, "/id").to_owned()));
        let Some(next) = page["paging"]["next"]["after"].as_str() else {
            break;
        };
        assert_eq!(results.len(), 10);
        assert!(next > ids.last().expect("ids").as_str());
        after = format!("&after={next}");
    }
    assert_eq!(ids.len(), 24);
    assert!(ids.is_sorted());
    let inclusive = portal
        .get(&format!("{TICKETS}?after={}", ids[3]))
        .await
        .expect(200);
    assert_eq!(text(&inclusive, "/results/0/id"), ids[3]);
    let archived = portal
        .get(&format!("{TICKETS}?archived=true"))
        .await
        .expect(200);
    assert_eq!(archived["results"].as_array().expect("results").len(), 1);
    portal
        .get(&format!("{TICKETS}?limit=101"))
        .await
        .expect(400);
}

#[tokio::test]
async fn contacts_are_found_by_each_of_their_emails() {
    let portal = Portal::start().await;
    let contact = json!({"properties": {"email": "Ada@One.Example", "hs_additional_emails": "ada@two.example"}});
    let made = portal
        .post("/crm/v3/objects/contacts", contact)
        .await
        .expect(201);
    assert_eq!(made["properties"]["email"], "ada@one.example");
    let read = json!({"idProperty": "email", "inputs": [{"id": "ADA@two.example"}, {"id": "ada@one.example"}, {"id": "no@one.example"}],
                      "properties": ["email", "hs_additional_emails"], "propertiesWithHistory": []});
    let body = portal
        .post("/crm/v3/objects/contacts/batch/read", read)
        .await
        .expect(207);
    assert_eq!(column(&body, "email"), ["ada@one.example"]);
    assert_eq!(column(&body, "hs_additional_emails"), ["ada@two.example"]);
    assert_eq!(
        body["errors"][0]["context"]["ids"],
        json!(["no@one.example"])
    );
    let bad = portal
        .post(
            "/crm/v3/objects/contacts",
            json!({"properties": {"email": "ada"}}),
        )
        .await
        .expect(400);
    assert_eq!(bad["errors"][0]["code"], "INVALID_EMAIL");
}

/// A portal with one trouble on the second batch create, already given its first.
async fn troubled(trouble: &str) -> Portal {
    let troubles = vec![trouble.parse().expect("a trouble")];
    let portal = Portal::with(Options {
        troubles,
        ..Options::default()
    })
    .await;
    portal.unique_property("key").await;
    let rows = json!({"inputs": [{"properties": {"hs_pipeline_stage": "1"}}]});
    portal.post(BATCH, rows).await.expect(201);
    portal
}

async fn written_in_spite_of_it(portal: &Portal) {
    let page = portal
        .get(&format!("{TICKETS}?limit=100"))
        .await
        .expect(200);
    assert_eq!(page["results"].as_array().expect("results").len(), 31);
}

#[tokio::test]
async fn a_502_hides_a_write() {
    let portal = troubled("post-502@2:tickets/batch/create").await;
    let answer = portal.post(BATCH, batch(30)).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (502, Some("text/html"))
    );
    assert!(answer.body.starts_with("<html>"));
    written_in_spite_of_it(&portal).await;
}

#[tokio::test]
async fn a_reset_hides_a_write() {
    let portal = troubled("reset-after@2:tickets/batch/create").await;
    let body = batch(30).to_string();
    let request = format!(
        "POST {BATCH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sandbox\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (bytes, ended) = raw(portal.sandbox.address(), request.as_bytes()).await;
    assert_eq!(bytes, b"");
    assert_eq!(
        ended.expect_err("a reset").kind(),
        std::io::ErrorKind::ConnectionReset
    );
    written_in_spite_of_it(&portal).await;
}

#[tokio::test]
async fn a_truncated_reply_hides_a_write() {
    let portal = troubled("truncate@2:tickets/batch/create").await;
    let answer = Answer::of(
        &portal
            .bytes("POST", BATCH, "sandbox", &batch(30).to_string())
            .await,
    );
    assert_eq!(answer.status, 201);
    let length: usize = answer
        .header("content-length")
        .expect("a length")
        .parse()
        .expect("a number");
    assert_eq!(answer.body.len(), length / 2);
    assert!(answer.body.starts_with("{\"status\":\"COMPLETE\""));
    written_in_spite_of_it(&portal).await;
}

#[tokio::test]
async fn nothing_takes_it_down() {
    let portal = Portal::start().await;
    let long = format!("/crm/v3/objects/tickets?properties={}", "a,".repeat(5_000));
    portal.get(&long).await.expect(414);
    portal
        .post(BATCH, "x".repeat(11 * 1024 * 1024))
        .await
        .expect(413);
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    portal.post(BATCH, deep).await.expect(400);
    let xml =
        b"POST /crm/v3/objects/tickets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sandbox\r\n\
        Content-Type: text/xml\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<x/>";
    assert_eq!(
        Answer::of(&raw(portal.sandbox.address(), xml).await.0).status,
        415
    );
    for garbage in [
        &b"\0\x01\x02\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /%ff%00/.. HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ] {
        let (bytes, _) = raw(portal.sandbox.address(), garbage).await;
        assert!(
            bytes.starts_with(b"HTTP/1.1 4"),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
    portal.get("/account-info/v3/details").await.expect(200);
}

/// The server reads no further than a body that nobody asks for, so it would never hear of
/// the end behind it.
#[tokio::test]
async fn a_client_that_dies_in_its_next_call_keeps_nobody_out() {
    let portal = troubled("hold@1=answered:details").await;
    let mut client = TcpStream::connect(portal.sandbox.address())
        .await
        .expect("a connection");
    let head = "HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sandbox\r\n";
    let first = format!("GET /account-info/v3/details {head}\r\n");
    client.write_all(first.as_bytes()).await.expect("sent");
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    while !answer.ends_with(b"}") {
        let n_bytes = client.read(&mut part).await.expect("a reply");
        assert!(n_bytes > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..n_bytes]);
    }
    let next = format!("POST {BATCH} {head}Content-Length: 200000\r\n\r\n");
    client.write_all(next.as_bytes()).await.expect("sent");
    client.write_all(&[b' '; 200_000]).await.expect("sent");
    drop(client);
    let others = portal.get("/account-info/v3/details");
    let answer = tokio::time::timeout(Duration::from_secs(20), others).await;
    answer.expect("an answer").expect(200);
}

/// A thousand connections, or as many as the system gives: idle ones, and ones
/// that stopped in the middle of a request.
#[test]
fn connections_that_do_nothing_keep_nobody_out() {
    let here = Rehearsal::new();
    let sandbox = here.serve("");
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    while let Ok(mut stream) = std::net::TcpStream::connect(&address) {
        if open.len() % 2 == 0 {
            let begun = b"POST /crm/v3/objects/tickets HTTP/1.1\r\nContent-Length: 9\r\n\r\n{";
            let _ = stream.write_all(begun);
        }
        open.push(stream);
        if open.len() == 1_000 {
            break;
        }
    }
    assert!(open.len() >= 200, "{}", open.len());
    if open.len() < 1_000 {
        open.truncate(150);
    }
    here.run_against(&sandbox, "export --properties subject")
        .expect(0);
    drop(open);
    here.run_against(&sandbox, "export --properties subject")
        .expect(0);
}

#[test]
fn a_help_desk_s_past_can_be_planted() {
    let here = Rehearsal::new();
    let export = |seed: &str, data: &str| {
        let sandbox = here.serve(["--seed-tickets", "200", "--seed", seed, "--data", data]);
        here.run_against(
            &sandbox,
            "export --properties subject,createdate,hs_pipeline_stage",
        )
        .expect(0)
        .stdout
    };
    let first = export("3", ":memory:");
    assert_eq!(first.lines().count(), 1 + 180);
    assert_eq!(export("3", ":memory:"), first);
    assert_ne!(export("4", ":memory:"), first);
    // A portal that has tickets keeps those.
    let kept = export("3", "portal.db");
    assert_eq!(kept, first);
    assert_eq!(export("4", "portal.db"), first);
}

#[test]
fn the_help_lists_every_switch_and_trouble() {
    let help = Rehearsal::new().run("sandbox --help").expect(0).stdout;
    for known in Switches::TABLE {
        assert!(
            help.contains(&format!("  {}={}", known.name, known.accepted())),
            "{}",
            known.name
        );
    }
    for known in KnownTrouble::TABLE {
        assert!(
            help.contains(&format!("  {}\n", known.form())),
            "{}",
            known.name
        );
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told() {
    let portal = Portal::start().await;
    for path in [
        "/",
        "/crm",
        "/crm/v3",
        "/crm/v9/objects/tickets",
        "/crm/v3/objects/tickets/1/2/3",
        "/crm/v3/pipelines/contacts",
        "/oauth/v9/token",
        "//",
    ] {
        assert_eq!(portal.get(path).await.status, 404, "{path}");
    }
    for path in [
        "/crm/v3/objects/butterflies",
        "/crm/v4/associations/tickets/butterflies/labels",
    ] {
        let body = portal.get(path).await.expect(400);
        assert_eq!(
            body["message"],
            "Unable to infer object type from: butterflies"
        );
    }
    for (method, path) in [
        ("PUT", "/crm/v3/objects/tickets"),
        ("GET", "/crm/v3/objects/tickets/batch/create"),
        ("GET", "/crm/v3/objects/tickets/search"),
        ("POST", "/crm/v3/owners"),
        ("POST", "/crm/v3/pipelines/tickets/0"),
        ("PATCH", "/crm/v4/associations/tickets/contacts/labels"),
    ] {
        assert_eq!(
            portal.call(method, path, "").await.status,
            405,
            "{method} {path}"
        );
    }
}

/// A page of elsewhere whose name points to this machine, and one that asks from there.
#[tokio::test]
async fn programs_of_this_machine_only_are_served() {
    let portal = Portal::start().await;
    for (headers, status) in [
        ("Host: 127.0.0.1", 200),
        ("Host: localhost:99\r\nOrigin: http://localhost:3000", 200),
        ("Host: evil.example", 403),
        ("Host: 127.0.0.1\r\nOrigin: https://evil.example", 403),
    ] {
        let request = format!(
            "GET {TICKETS} HTTP/1.1\r\n{headers}\r\nAuthorization: Bearer sandbox\r\nConnection: close\r\n\r\n"
        );
        let (bytes, _ended) = raw(portal.sandbox.address(), request.as_bytes()).await;
        assert_eq!(Answer::of(&bytes).status, status, "{headers}");
    }
}

#[test]
fn a_state_has_a_token_of_its_own_unless_one_is_chosen() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let here = Rehearsal::new();
    let token = |data: Data| {
        let options = Options {
            data,
            token: None,
            ..Options::default()
        };
        runtime.block_on(async {
            let sandbox = Sandbox::start(options).await.expect("a portal");
            let token = sandbox.token().to_owned();
            sandbox.stop().await;
            token
        })
    };
    let one = token(Data::File(here.path("one.db")));
    assert_eq!(one.len(), 40);
    assert_eq!(token(Data::File(here.path("one.db"))), one);
    assert_ne!(token(Data::File(here.path("other.db"))), one);
    assert_ne!(token(Data::Memory), token(Data::Memory));
}

/// Bodies of every call that takes one, in forms that none of them has.
#[tokio::test]
async fn senseless_bodies_are_refused_everywhere() {
    let portal = Portal::with(Options {
        rate: "off".parse().expect("a rate"),
        ..Options::default()
    })
    .await;
    let ticket = made(&portal, json!({"hs_pipeline_stage": "1"})).await;
    let own = format!("{TICKETS}/{}", text(&ticket, "/id"));
    let calls = [
        ("POST", TICKETS),
        ("PATCH", own.as_str()),
        ("POST", "/crm/v3/objects/tickets/batch/create"),
        ("POST", "/crm/v3/objects/tickets/batch/update"),
        ("POST", "/crm/v3/objects/tickets/batch/upsert"),
        ("POST", "/crm/v3/objects/tickets/batch/read"),
        ("POST", "/crm/v3/objects/tickets/batch/archive"),
        ("POST", "/crm/v3/objects/tickets/search"),
        ("POST", "/crm/v3/properties/tickets"),
        ("PATCH", "/crm/v3/properties/tickets/subject"),
        ("POST", "/crm/v3/properties/tickets/batch/create"),
        ("POST", "/crm/v3/properties/tickets/groups"),
        ("POST", "/crm/v3/pipelines/tickets"),
        ("POST", "/crm/v3/pipelines/tickets/0/stages"),
        ("POST", "/crm/v4/associations/tickets/contacts/batch/create"),
        ("POST", "/crm/v4/associations/tickets/contacts/batch/read"),
        ("POST", "/crm/v4/associations/tickets/contacts/labels"),
        ("POST", "/crm/v3/associations/tickets/contacts/batch/create"),
    ];
    for (method, path) in calls {
        for body in [
            "",
            "{",
            "[]",
            "7",
            "null",
            "\"x\"",
            "{\"inputs\":7,\"properties\":7,\"filterGroups\":7,\"label\":7}",
            "{\"inputs\":[7]}",
        ] {
            // A search without anything, and a change of nothing, do make sense.
            let status = portal.call(method, path, body).await.status;
            let harmless = status == 200 && (path.ends_with("search") || path.ends_with("subject"));
            assert!(
                status == 400 || harmless,
                "{method} {path} {body}: {status}"
            );
        }
    }
    portal.get(&own).await.expect(200);
}

#[tokio::test]
async fn many_clients_are_served_at_once() {
    let portal = Portal::with(Options {
        rate: "off".parse().expect("a rate"),
        ..Options::default()
    })
    .await;
    let calls = (0..200).map(|_| portal.get("/account-info/v3/details"));
    for answer in futures::future::join_all(calls).await {
        answer.expect(200);
        assert_eq!(answer.header("x-hubspot-ratelimit-max"), None);
    }
}

#[tokio::test]
async fn a_state_survives_and_has_one_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sandbox").join("portal.db");
    let options = || Options {
        data: Data::File(path.clone()),
        ..Options::default()
    };
    let portal = Portal::with(options()).await;
    let account = portal.get("/account-info/v3/details").await.expect(200);
    portal.unique_property("key").await;
    let ticket = made(&portal, json!({"hs_pipeline_stage": "1", "key": "k"})).await;

    let error = Sandbox::start(options()).await.expect_err("a second owner");
    assert!(
        matches!(&error, StartError::Held { holder: Some(holder), .. } if *holder == std::process::id()),
        "{error}"
    );
    assert!(
        error.to_string().contains("portal.db is in use by process"),
        "{error}"
    );

    portal.sandbox.stop().await;
    let portal = Portal::with(options()).await;
    assert_eq!(
        portal.get("/account-info/v3/details").await.expect(200),
        account
    );
    let read = json!({"idProperty": "key", "inputs": [{"id": "k"}], "properties": []});
    let found = portal
        .post("/crm/v3/objects/tickets/batch/read", read)
        .await
        .expect(200);
    assert_eq!(found["results"][0]["id"], ticket["id"]);
    assert_eq!(
        portal
            .get("/crm/v3/objects/contacts?limit=100")
            .await
            .expect(200)["results"]
            .as_array()
            .expect("results")
            .len(),
        20
    );
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    let portal = Portal::start().await;
    let port = portal.sandbox.address().port();
    let error = Sandbox::start(Options {
        port,
        ..Options::default()
    })
    .await
    .expect_err("a taken port");
    assert!(
        matches!(error, StartError::PortTaken(taken) if taken == port),
        "{error}"
    );

    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        data: Data::File(folder.path().to_owned()),
        ..Options::default()
    };
    let error = Sandbox::start(options)
        .await
        .expect_err("a folder for a file");
    assert!(matches!(error, StartError::Open { .. }), "{error}");
}

#[tokio::test]
async fn options_do_not_tell_the_token() {
    let options = Options {
        token: Some("secret-word".to_owned()),
        ..Options::default()
    };
    assert!(!format!("{options:?}").contains("secret-word"));
    let sandbox = Sandbox::start(options).await.expect("a sandbox");
    assert!(!format!("{sandbox:?}").contains("secret-word"));
}
