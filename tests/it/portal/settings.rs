//! Where a portal's settings come from: options, environment, files; and the messages
//! when they can't be used. No secret is ever shown.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::{Args, Ended, Rehearsal};

const APP: [(&str, &str); 3] = [
    ("HUBSPOT_CLIENT_ID", "the-client"),
    ("HUBSPOT_CLIENT_SECRET", "s3cret/+"),
    ("HUBSPOT_REFRESH_TOKEN", "r3fresh"),
];

/// An export with this environment, which has to fail before it reads anything.
fn export(rehearsal: &Rehearsal, args: impl Args, environment: &[(&str, &str)]) -> Ended {
    let tool = rehearsal.tool(("export --properties subject", args));
    let ended = tool.envs(environment).run();
    for secret in ["s3cret", "r3fresh"] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
    ended
}

#[test]
fn an_app_that_lacks_something_is_told_what() {
    let rehearsal = Rehearsal::new();
    export(&rehearsal, "", &APP[..2])
        .expect(64)
        .says("HUBSPOT_REFRESH_TOKEN is not set");
    rehearsal.write(
        "app.toml",
        "client_id = 'the-client'\nrefresh_token = 'r3fresh'\n",
    );
    export(&rehearsal, "--oauth-file app.toml", &[])
        .expect(64)
        .says("the OAuth file app.toml has no text `client_secret`");
    rehearsal.write("app.toml", "client_secret = s3cret\n");
    export(&rehearsal, "--oauth-file app.toml", &[])
        .expect(64)
        .says("the OAuth file app.toml is not TOML: ");
    rehearsal.write(
        "app.toml",
        "client_id='a'\nclient_secret='s3cret x'\nrefresh_token='r3fresh'\n",
    );
    export(&rehearsal, "--oauth-file app.toml", &[])
        .expect(64)
        .says("the client secret can't be used: the token holds a character");
}

#[test]
fn what_an_address_must_not_have_is_not_repeated() {
    let rehearsal = Rehearsal::new();
    for (address, code) in [
        ("user:s3cret@host", 64),
        ("https://user:s3cret@host.example/", 64),
        ("http://user:s3cret@127.0.0.1:1/", 64),
        ("https://host.example/?token=s3cret", 64),
        ("https://host.example/#s3cret", 64),
    ] {
        let token = [("HUBSPOT_ACCESS_TOKEN", "r3fresh")];
        let ended = export(&rehearsal, ["--base-url", address], &token).expect(code);
        ended.says("is not usable");
    }
}

#[test]
fn a_mapping_that_is_no_mapping_is_not_read_to_its_end() {
    let rehearsal = Rehearsal::new();
    rehearsal.write("in.csv", "Id\n1\n");
    rehearsal.write("m.toml", vec![b'#'; (16 << 20) + 1]);
    let ended = rehearsal.run("check in.csv -m m.toml").expect(64);
    ended.says("it has more than");
}

#[test]
fn odd_reserves_and_versions_are_usage() {
    let rehearsal = Rehearsal::new();
    for (args, words) in [
        (["--reserve", "100"], "a number from 0 to 99"),
        (["--reserve", "a tenth"], "a number from 0 to 99"),
        (["--api", "v4"], "use v3 or 2026-09"),
    ] {
        export(&rehearsal, args, &APP).expect(64).says(words);
    }
}

/// Answers one request on a loopback port; gives its address, and the request later.
fn one_answer(answer: String) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut request = Vec::new();
        let mut part = [0; 1024];
        while !String::from_utf8_lossy(&request).contains("refresh_token=") {
            let read = socket.read(&mut part).expect("readable");
            request.extend_from_slice(&part[..read]);
        }
        socket.write_all(answer.as_bytes()).expect("writable");
        String::from_utf8_lossy(&request).to_ascii_lowercase()
    });
    (format!("http://{address}"), server)
}

#[test]
fn an_app_asks_for_its_token_first() {
    let rehearsal = Rehearsal::new();
    let body = r#"{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token","correlationId":"4c0b"}"#;
    let length = body.len();
    let (url, server) = one_answer(format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    ));
    export(&rehearsal, format!("--base-url {url}"), &APP)
        .expect(7)
        .says("missing or invalid refresh token (correlation id 4c0b)");
    let request = server.join().expect("an answer");
    assert!(
        request.starts_with("post /oauth/2026-09/token http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("content-type: application/x-www-form-urlencoded\r\n"),
        "{request}"
    );
    assert!(!request.contains("authorization:"), "{request}");
    assert!(request.contains("client_secret=s3cret%2f%2b&"), "{request}");
}

#[test]
fn a_variable_that_is_set_and_empty_is_refused_where_it_counts() {
    let here = Rehearsal::new();
    let portal = here.serve("");
    let (url, token) = (portal.url(), crate::support::TOKEN);
    const BASE: &str = "TICKETHAUL_BASE_URL";
    const HELD: &str = "HUBSPOT_ACCESS_TOKEN";
    for empty in ["", "  "] {
        for (environment, name) in [
            (vec![(BASE, empty), (HELD, token)], BASE),
            (vec![(BASE, url), (HELD, empty)], HELD),
            (
                vec![(BASE, url), (HELD, empty), APP[0], APP[1], APP[2]],
                HELD,
            ),
            (
                vec![(BASE, url), APP[0], (APP[1].0, empty), APP[2]],
                APP[1].0,
            ),
        ] {
            export(&here, "", &environment)
                .expect(64)
                .says(&format!("{name} is set, but is empty"))
                .says("unset it");
        }
        // Where something else was named it decides nothing.
        export(
            &here,
            format!("--base-url {url}"),
            &[(BASE, empty), (HELD, token)],
        )
        .expect(0);
        export(
            &here,
            "--portal sandbox --sandbox-data data",
            &[(BASE, empty), (HELD, empty)],
        )
        .expect(0);
        here.tool("sandbox")
            .env("TICKETHAUL_SANDBOX_TOKEN", empty)
            .run()
            .expect(64)
            .says("TICKETHAUL_SANDBOX_TOKEN is set, but is empty");
    }
    here.tool("resume run")
        .env(BASE, "")
        .env(HELD, token)
        .run()
        .expect(64);
}

#[test]
fn a_resume_knows_the_token_file_of_its_run_or_says_what_to_pass() {
    let here = Rehearsal::new();
    let portal = here.serve("--rate off");
    here.write("token", crate::support::TOKEN);
    here.write("t.csv", "Id,Subject\n1,a\n2,b\n3,c\n");
    let mapping = "version = 1\n[key]\nproperty = \"desk_id\"\ncolumn = \"Id\"\n\
         [[property]]\nname = \"desk_id\"\nlabel = \"FilledPortal\"\ntype = \"string\"\nunique = true\n\
         [properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n";
    here.write("m.toml", mapping);
    let import = "import t.csv -m m.toml --create-properties --limit 1";
    let named = [
        "--run-dir",
        "run",
        "--base-url",
        portal.url(),
        "--token-file",
        "token",
    ];
    here.run((import, &named)).expect(0);
    let resume = "resume run --no-limit";
    // As if the folder had come from elsewhere: nothing vouches for it.
    let known = here.path(".local");
    std::fs::rename(&known, here.path("aside")).expect("moved");
    here.run((resume, &named[2..4]))
        .expect(64)
        .says("--token-file");
    std::fs::rename(here.path("aside"), &known).expect("moved back");
    here.run(resume).expect(0).says("chosen by --token-file");
    assert_eq!(here.rows("run/done.csv").len(), 3);
}
