//! Files of tickets and comments go into the portal, each once, before the notes that name
//! them: from a folder, or from hosts that were named. One that can't be uploaded prevents
//! its note and nothing else.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::conversation::{Form, Talk};
use crate::support::filed::{FOLDER, Filed, PORTALS, calm, check, files, talk_of};
use crate::support::host::Host;
use crate::support::{Args, Ended, Row, switched};

const IMPORT: &str = "import in.jsonl -m m.toml --attachments attachments --horizon 0.8";

/// Files are found at once.
const QUICK: &str = "--switch file_search_lag=0s";

fn go(talk: &Talk, args: impl Args, run: &str, code: i32) -> Ended {
    talk.run((args, ["--run-dir", run]), code)
}

/// Each once, in every portal; the same input again uploads nothing, in any operation.
#[test]
fn each_file_goes_in_once_whatever_a_portal_takes_for_a_duplicate() {
    let filed = Filed::new(20);
    std::thread::scope(|scope| {
        for (switches, by_bytes) in PORTALS {
            let filed = &filed;
            let _side_by_side = scope.spawn(move || {
                let talk = talk_of(filed, switched(switches));
                let story = switches.join(" ");
                let ended = go(&talk, IMPORT, "run", 0);
                let count = filed.count(by_bytes);
                ended.says(&format!("{count} files uploaded"));
                let page = talk.desk.here.read("run/report.html");
                assert!(page.contains(&format!("{count} files uploaded")), "{page}");
                let upsert = (IMPORT, "--op upsert");
                go(&talk, upsert, "again", 0).says_nothing_of("uploaded");
                let talk = calm(talk);
                check(&talk, filed, count, &story);
                talk.run("verify run", 0);
                let folders = held(&talk);
                let plain = folders
                    .values()
                    .all(|path| path.starts_with("/tickethaul/"));
                assert!(plain, "{folders:?}");
            });
        }
    });
}

/// Paths of all files, by id.
fn held(talk: &Talk) -> std::collections::BTreeMap<String, String> {
    let get = |path: &str| talk.desk.call("GET", path, &Value::Null);
    let held = files(&get).into_iter();
    held.map(|(id, file)| (id, file.path)).collect()
}

/// Files and their bytes are told while a run is under way.
#[test]
fn progress_counts_files_and_bytes() {
    let filed = Filed::new(10);
    // Lost replies are waited for, so that the run takes longer than its lines are apart.
    let lost = "--trouble post-502@30%:/files --switch file_search_lag=0s";
    let talk = talk_of(&filed, lost);
    let ended = go(&talk, (IMPORT, "--progress json"), "run", 0);
    let lines = ended.stderr.lines();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told: Vec<Value> = lines.filter(|line| line["event"] == "progress").collect();
    let bytes = |line: &Value| line["file_bytes"].as_u64().expect("a number");
    let last = told.last().expect("lines");
    assert!(
        last["files"].as_u64() > Some(0) && bytes(last) > 0,
        "{last}"
    );
    assert!(told.iter().map(bytes).is_sorted(), "{told:?}");
    assert!(last["files_in_flight"].is_u64() && last["file_bytes_in_flight"].is_u64());
}

/// Without a source nothing is uploaded, which is said; a source without files is a mistake.
#[test]
fn files_are_taken_along_only_where_it_is_said_where_they_are() {
    let filed = Filed::new(4);
    let talk = talk_of(&filed, QUICK);
    let plain = "import in.jsonl -m m.toml";
    go(&talk, plain, "run", 0).says("files are not uploaded");
    assert!(held(&talk).is_empty());
    talk.desk.here.write("m2.toml", Form::Objects.mapping());
    let none = "import in.jsonl -m m2.toml --attachments attachments";
    go(&talk, none, "run2", 64).says("names none");
    let wrong = "import in.jsonl -m m.toml --attachments nowhere";
    go(&talk, wrong, "run3", 64).says("nowhere is not a folder");
    let host = "import in.jsonl -m m.toml --attachment-host https://a.example/";
    go(&talk, host, "run4", 64).says("write its name alone");
}

/// A file that lacks refuses its ticket's row and keeps one note back; all the others go in,
/// and a retry brings what lacks.
#[test]
fn a_file_that_lacks_keeps_its_note_back_and_a_retry_brings_both() {
    let filed = Filed::new(6);
    let talk = talk_of(&filed, QUICK);
    let (place, _) = filed.files.iter().next().expect("a file");
    let lost = &filed.files[place][0];
    let lost_path = format!("{FOLDER}/{}/{}", lost.id, lost.name);
    let path = talk.desk.here.path(&lost_path);
    std::fs::remove_file(&path).expect("it was there");
    let ended = go(&talk, IMPORT, "run", 3);
    let rows = refused_rows(&talk, "run");
    assert_eq!(rows.len(), 1, "{rows:?}\n{}", ended.stderr);
    let row = &rows[0];
    assert_eq!(row["_code"], "FILE_MISSING", "{row}");
    assert_eq!(row["_step"], "file", "{row}");
    let hint = row["_hint"].as_str().expect("a hint");
    assert!(
        hint.contains("ticket") && hint.contains("shot 1.PNG"),
        "{hint}"
    );
    assert!(hint.contains("tickethaul retry"), "{hint}");
    let notes = talk.notes().len();
    assert_eq!(notes, filed.talk.comments.len() - 1, "all others are there");
    std::fs::write(&path, &lost.bytes).expect("written");
    go(&talk, "retry run --horizon 0.8", "again", 0).says("1 note created, 6 there before");
    // One that another ticket has too is in that one's folder, and no second one is made.
    check(&calm(talk), &filed, filed.count(true), "after the retry");
}

/// A run folder from elsewhere names no folder whose files are uploaded.
#[test]
fn a_resume_takes_files_from_where_the_run_did_and_from_nowhere_that_others_say() {
    let filed = Filed::new(6);
    let mut talk = talk_of(&filed, "--trouble hold@5=committed:/files");
    let command = (IMPORT, "--run-dir run --timeout 0.4");
    assert!(talk.desk.kill_tool_while_held(command));
    let here = talk.desk.here.path(".");
    std::fs::rename(here.join("run"), here.join("moved")).expect("moved");
    let resume = "resume moved --horizon 0.4 --timeout 0.4";
    talk.run(resume, 7).says("add `--attachments");
    std::fs::rename(here.join("moved"), here.join("run")).expect("moved back");
    let resume = "resume run --horizon 0.4 --timeout 0.4";
    talk.run(resume, 0);
    check(&calm(talk), &filed, filed.count(true), "resumed");
}

const TICKETS: &str = r#"
version = 1
system = "Old desk"

[key]
property = "source_ticket_id"
column = "Id"

[properties]
subject = "Subject"
hs_pipeline_stage = { value = "1" }
createdate = "Created"

[[attachments]]
column = "Files"
split = " "

[[property]]
name = "source_ticket_id"
label = "Source ticket ID"
type = "string"
unique = true
"#;

/// Tickets with files of their own, one row each.
fn tickets(talk: &Talk, files: &[String]) {
    let rows = (1..)
        .zip(files)
        .map(|(n, files)| format!("T{n},Ticket {n},2021-03-01T09:00:00Z,{files}\n"));
    let csv = format!("Id,Subject,Created,Files\n{}", rows.collect::<String>());
    talk.desk.here.write("t.csv", csv);
    talk.desk.here.write("t.toml", TICKETS);
}

fn from_hosts(talk: &Talk, hosts: &[&str], run: &str) -> Ended {
    let token = Some(("TICKETHAUL_ATTACHMENT_TOKEN_127_0_0_1", "Basic czpj"));
    with_token(talk, hosts, (run, token))
}

/// The same with this variable for a host's token, or none.
fn with_token(talk: &Talk, hosts: &[&str], (run, token): (&str, Option<(&str, &str)>)) -> Ended {
    let import = format!("import t.csv -m t.toml --run-dir {run} --max-attachment 1mb");
    let hosts: Vec<&str> = hosts
        .iter()
        .flat_map(|host| ["--attachment-host", host])
        .collect();
    let args = (import, "--timeout 1 --horizon 0.8", hosts);
    let ended = talk.desk.tool(args).envs(token.as_slice()).run();
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!said.contains("czpj"), "the host's token is shown");
    ended
}

/// Every host that does not give the file costs that file, with its reason; the others go in.
#[test]
fn files_come_from_hosts_that_are_named_and_what_is_no_file_is_refused() {
    let host = Host::start();
    let talk = talk_of(&Filed::new(4), QUICK);
    let cases = [
        ("good.txt", "done"),
        ("sub/In%20voice.txt", "done"),
        ("open.txt", "done"),
        ("page.html", "done"),
        ("flaky.txt", "done"),
        ("private.txt", "done"),
        ("login.pdf", "FILE_NOT_FETCHED"),
        ("hidden.pdf", "FILE_NOT_FETCHED"),
        ("gone.txt", "FILE_NOT_FETCHED"),
        ("part.txt", "FILE_NOT_FETCHED"),
        ("local.txt", "FILE_NOT_FETCHED"),
        ("large.bin", "FILE_TOO_LARGE"),
        ("endless.bin", "FILE_TOO_LARGE"),
        ("slow.bin", "FILE_NOT_FETCHED"),
        ("cut.bin", "FILE_NOT_FETCHED"),
        ("elsewhere.txt", "FILE_HOST_NOT_ALLOWED"),
        ("leads.txt", "FILE_HOST_NOT_ALLOWED"),
        ("round.txt", "FILE_NOT_FETCHED"),
    ];
    let mut urls: Vec<String> = cases.iter().map(|(path, _)| host.url(path)).collect();
    // Nothing calls these.
    let others = [
        "https://other.example/a.txt",
        "http://169.254.169.254/latest/meta-data",
        "ftp://127.0.0.1/a.txt",
        "file:///etc/passwd",
        "https://me:secret@127.0.0.1/a.txt",
    ];
    urls.extend(others.map(str::to_owned));
    tickets(&talk, &urls);
    let begun = Instant::now();
    from_hosts(&talk, &["127.0.0.1"], "run").expect(3);
    assert!(
        begun.elapsed() < Duration::from_secs(40),
        "a slow host holds nobody up"
    );
    let refused = talk.desk.here.rows("run/refused.csv");
    let of = |n: usize| {
        refused
            .iter()
            .find(|row: &&Row| row["Id"] == format!("T{n}"))
    };
    for (n, (path, fate)) in (1..).zip(cases) {
        let code = of(n).map_or("done", |row| row["_code"].as_str());
        assert_eq!(code, fate, "{path}: {:?}", of(n));
    }
    for (n, (url, code)) in (cases.len() + 1..).zip([
        (others[0], "FILE_HOST_NOT_ALLOWED"),
        (others[1], "FILE_HOST_NOT_ALLOWED"),
        (others[2], "FILE_NOT_FETCHED"),
        (others[3], "FILE_NOT_FETCHED"),
        (others[4], "FILE_NOT_FETCHED"),
    ]) {
        assert_eq!(of(n).map(|row| row["_code"].as_str()), Some(code), "{url}");
    }
    let hints: Vec<&str> = refused.iter().map(|row| row["_hint"].as_str()).collect();
    assert!(
        hints
            .iter()
            .any(|hint| hint.contains("add --attachment-host other.example"))
    );
    assert!(
        !hints.iter().any(|hint| hint.contains("me:secret")),
        "{hints:?}"
    );
    // All tickets are there.
    assert_eq!(talk.all("tickets", "").len(), urls.len());
    let paths = held(&talk);
    let names: Vec<&str> = paths
        .values()
        .filter_map(|path| Some(path.rsplit_once('-')?.1))
        .collect();
    assert_eq!(paths.len(), 6, "{names:?}");
    assert!(names.contains(&"In voice.txt"), "{names:?}");
    // A token goes to its own host.
    let asked = host.asked();
    assert!(
        asked
            .iter()
            .all(|(_, token)| token.as_deref() == Some("Basic czpj")),
        "{asked:?}"
    );
}

/// A host that another one sends on to has to be named, and gets no token of the other.
#[test]
fn a_host_that_is_sent_on_to_is_called_without_the_token_of_the_first() {
    let host = Host::start();
    let talk = talk_of(&Filed::new(4), QUICK);
    tickets(&talk, &[host.url("leads.txt")]);
    from_hosts(&talk, &["127.0.0.1", "localhost"], "run").expect(0);
    assert_eq!(
        host.asked(),
        [
            ("/leads.txt".to_owned(), Some("Basic czpj".to_owned())),
            ("/good.txt".to_owned(), None)
        ]
    );
}

/// Behind a proxy, which resolves names itself, private addresses are refused as far as they
/// can be known here; the proxy's own address may be one.
#[test]
fn a_proxy_within_the_network_fetches_files_from_hosts_without() {
    let proxy = Host::start();
    let address = proxy.url("").replace("127.0.0.1", "localhost");
    let talk = talk_of(&Filed::new(4), QUICK);
    tickets(&talk, &["http://files.invalid/good.txt".to_owned()]);
    let variable = Some(("HTTPS_PROXY", address.as_str()));
    with_token(&talk, &["files.invalid"], ("run", variable)).expect(0);
    let asked = ("http://files.invalid/good.txt".to_owned(), None);
    assert_eq!(proxy.asked(), [asked]);
}

/// A command of the configuration prints the token of a host that the environment has none
/// of; one that prints none ends the run before its first row.
#[cfg(unix)]
#[test]
fn a_hosts_token_may_come_from_a_command_of_the_configuration() {
    use std::os::unix::fs::PermissionsExt;
    let host = Host::start();
    let talk = talk_of(&Filed::new(4), QUICK);
    tickets(&talk, &[host.url("private.txt")]);
    let here = &talk.desk.here;
    std::fs::create_dir_all(here.path(".config/tickethaul")).expect("a folder");
    let configured = |command: &str| {
        let text = format!("[attachment_hosts.\"127.0.0.1\"]\ntoken_command = \"{command}\"\n");
        let path = here.write(".config/tickethaul/config.toml", text);
        let owner = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, owner).expect("for its owner");
    };
    configured("exit 3");
    let ended = with_token(&talk, &["127.0.0.1"], ("none", None)).expect(7);
    ended.says("the token command of attachment host 127.0.0.1 failed");
    assert!(!here.path("none").exists());
    configured("echo 'Basic czpj'");
    with_token(&talk, &["127.0.0.1"], ("run", None)).expect(0);
    let asked = ("/private.txt".to_owned(), Some("Basic czpj".to_owned()));
    assert_eq!(host.asked(), [asked]);
}

/// Files of a ticket hang on a note of their own, with the ticket's time.
#[test]
fn files_of_a_ticket_hang_on_a_note_of_their_own() {
    let talk = talk_of(&Filed::new(4), QUICK);
    tickets(
        &talk,
        &[
            "a.txt deep/b.txt".to_owned(),
            String::new(),
            "a.txt".to_owned(),
        ],
    );
    let here = &talk.desk.here;
    std::fs::create_dir_all(here.path("store/deep")).expect("a folder");
    here.write("store/a.txt", "one");
    here.write("store/deep/b.txt", "two");
    talk.run(
        "import t.csv -m t.toml --attachments store --horizon 0.8 --run-dir run",
        0,
    );
    let notes = talk.all(
        "notes",
        "properties=hs_note_body,hs_timestamp,hs_attachment_ids,hs_unique_id",
    );
    assert_eq!(notes.len(), 2);
    let of = |key: &str| {
        let mut notes = notes.iter().map(|note| &note["properties"]);
        notes.find(|note| note["hs_unique_id"] == key).expect(key)
    };
    let first = of("T1:attachments");
    assert_eq!(first["hs_timestamp"], "2021-03-01T09:00:00Z");
    let body = first["hs_note_body"].as_str().expect("a text");
    assert!(body.contains("a.txt, b.txt"), "{body}");
    let ids = |note: &Value| note["hs_attachment_ids"].as_str().expect("ids").to_owned();
    assert_eq!(ids(first).split(';').count(), 2);
    // One path of the folder is one file, however many tickets name it.
    assert!(ids(first).contains(&ids(of("T3:attachments"))));
    let paths: Vec<String> = held(&talk).into_values().collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(
        paths
            .iter()
            .all(|path| path.starts_with("/tickethaul/Old-desk-")),
        "{paths:?}"
    );
    assert!(
        paths.iter().any(|path| path.ends_with("-b.txt")),
        "{paths:?}"
    );
}

/// Names of all kinds lead nowhere else, and no two meet.
#[test]
fn odd_names_are_kept_apart_and_lead_nowhere() {
    let filed = Filed::new(4);
    let mut odd = filed.clone();
    let place = odd.files.keys().next().expect("a comment").clone();
    let long = "long ".repeat(40).trim().to_owned();
    let names = [
        "a.txt",
        "a.txt",
        "CON",
        "..txt",
        "what?.txt",
        "x\u{7f}y.txt",
        &long,
        "",
    ];
    let of = odd.files.get_mut(&place).expect("files");
    of.clear();
    for (n, name) in names.iter().enumerate() {
        of.push(crate::support::filed::File {
            id: format!("odd-{n}"),
            name: (*name).to_owned(),
            bytes: format!("bytes {n}"),
        });
    }
    let talk = talk_of(&filed, QUICK);
    // The last has no name of its own.
    odd.files.get_mut(&place).expect("files")[7].name = "file".to_owned();
    odd.write(&talk.desk.here.path("."));
    go(&talk, IMPORT, "run", 0);
    let paths: Vec<String> = held(&talk).into_values().collect();
    let kept: std::collections::BTreeSet<&String> = paths.iter().collect();
    assert_eq!(kept.len(), paths.len(), "{paths:?}");
    let odd_ones = paths
        .iter()
        .filter(|path| path.len() > 160 || path.contains(['?', '\u{7f}']));
    assert_eq!(odd_ones.count(), 0, "{paths:?}");
}

/// What a portal refuses of a file is its own reason.
#[test]
fn a_portal_that_takes_no_such_file_or_none_at_all_says_so() {
    let filed = Filed::new(6);
    for (switch, words) in [
        ("barred_endings=png", "not allowed"),
        ("file_limit=1kb", "larger than"),
    ] {
        let talk = talk_of(&filed, (QUICK, ["--switch", switch]));
        let large = talk.desk.here.path(&format!("{FOLDER}/101/shot 1.PNG"));
        std::fs::write(large, "x".repeat(1_500)).expect("written");
        let mut lines = filed.jsonl();
        lines = lines.replacen(
            &format!(
                "\"size\":{}",
                filed.files.values().next().expect("files")[0].bytes.len()
            ),
            "\"size\":1500",
            1,
        );
        talk.desk.here.write("in.jsonl", lines);
        go(&talk, IMPORT, "run", 3);
        let refused = talk.desk.here.read("run/refused.jsonl");
        assert!(
            refused.contains("FILE_REFUSED") && refused.contains(words),
            "{refused}"
        );
    }
    let lacking = "--switch missing_scopes=files,files.write,files.ui_hidden.write";
    let talk = talk_of(&filed, lacking);
    go(&talk, IMPORT, "run", 7)
        .says("files can't be uploaded")
        .says("files.write");
    assert!(talk.all("tickets", "").is_empty(), "nothing was written");
}

/// Writes an input of one comment a ticket, with these attachments, for the stories' mapping.
fn with_attachments(talk: &Talk, of_tickets: &[Value]) {
    let lines = (1..).zip(of_tickets).map(|(n, files)| {
        let comment = json!({"id": n, "at": "2021-03-01T09:00:00Z", "author": "Ann", "body": "see the file",
                             "attachments": files});
        json!({"Id": format!("T{n}"), "Subject": "Files", "comments": [comment]}).to_string() + "\n"
    });
    talk.desk.here.write("in.jsonl", lines.collect::<String>());
}

fn put(talk: &Talk, name: &str, bytes: &str) {
    let place = talk.desk.here.path(&format!("{FOLDER}/{name}"));
    std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
    std::fs::write(place, bytes).expect("written");
}

fn refused_rows(talk: &Talk, run: &str) -> Vec<Value> {
    let text = talk.desk.here.read(&format!("{run}/refused.jsonl"));
    let rows = text.lines();
    rows.map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Codes of the refused rows, by ticket.
fn refused(talk: &Talk, run: &str) -> Vec<(String, String)> {
    let word = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let rows = refused_rows(talk, run).into_iter();
    rows.map(|row| (word(&row, "Id"), word(&row, "_code")))
        .collect()
}

/// No ticket gets a file of another: neither where ids begin anew in each ticket, nor where
/// only names tell files apart, nor where a file is not the one that its source describes.
#[test]
fn files_of_tickets_are_not_mixed_up() {
    let talk = talk_of(&Filed::new(4), QUICK);
    let at = |id: &str, url: &str| json!([{"id": id, "content_url": url}]);
    let named = |id: &str| json!([{"id": id, "file_name": "scan.png"}]);
    let sized = |id: &str, size: u64| json!([{"id": id, "file_name": "logo.png", "size": size}]);
    with_attachments(
        &talk,
        &[
            at("1", "acme/invoice.pdf"),
            at("1", "bob/payslip.pdf"),
            named("a"),
            named("b"),
            sized("c", 4),
            sized("d", 4),
            sized("e", 9),
        ],
    );
    for (name, bytes) in [
        ("acme/invoice.pdf", "of Acme"),
        ("bob/payslip.pdf", "of Bob"),
        ("scan.png", "whose?"),
        ("logo.png", "logo"),
    ] {
        put(&talk, name, bytes);
    }
    let expected = [("T4", "FILE_NAME_SHARED"), ("T7", "FILE_SIZE_DIFFERS")];
    let expected = expected.map(|(ticket, code)| (ticket.to_owned(), code.to_owned()));
    let plan = "plan in.jsonl -m m.toml --attachments attachments -o p.plan";
    let planned = talk.run(plan, 0);
    go(&talk, (IMPORT, "--concurrency 1"), "run", 3);
    assert_eq!(refused(&talk, "run"), expected, "{}", planned.stdout);
    let paths: Vec<String> = held(&talk).into_values().collect();
    for end in ["T1/", "T2/", "T3/"] {
        let of_ticket = paths.iter().filter(|path| path.contains(end));
        assert_eq!(of_ticket.count(), 1, "{paths:?}");
    }
    let bobs = paths
        .iter()
        .find(|path| path.contains("T2/"))
        .expect("a file");
    assert!(bobs.ends_with("-payslip.pdf"), "{bobs}");
}

/// A picture within a text comes along where its host was named, once even if it is among
/// the attachments too; otherwise the text keeps its address.
#[test]
fn pictures_within_texts_come_along_from_named_hosts() {
    let host = Host::start();
    let talk = talk_of(&Filed::new(4), QUICK);
    let mapping = crate::support::filed::mapping().replace(
        "body = \"body\"",
        "body = { path = \"body\", html = \"clean\" }",
    );
    talk.desk.here.write("m.toml", &mapping);
    let good = host.url("good.txt");
    let body = format!(
        "<p>see <img src=\"{good}\"> and <img alt=\"Chart\" src=\"https://elsewhere.example/c.png\">\
         <img src=\"{}\"></p>",
        host.url("open.txt")
    );
    let listed = json!([{"id": "9", "file_name": "good.txt", "content_url": good}]);
    let comment = json!({"id": 1, "at": "2021-03-01T09:00:00Z", "author": "Ann", "body": body, "attachments": listed});
    let row = json!({"Id": "T1", "Subject": "Pictures", "comments": [comment]}).to_string() + "\n";
    talk.desk.here.write("in.jsonl", row);
    let args = "import in.jsonl -m m.toml --horizon 0.8 --attachment-host 127.0.0.1";
    go(&talk, args, "run", 0).says("2 files uploaded");
    let notes = talk.all("notes", "properties=hs_note_body");
    let text = notes[0]["properties"]["hs_note_body"].to_string();
    assert!(
        text.contains("[image: Chart]</a>") && text.contains("elsewhere.example/c.png"),
        "{text}"
    );
}

/// A host that hangs is given up after a few files, and does not keep those of others waiting.
#[test]
fn a_host_that_sends_nothing_is_given_up() {
    let host = Host::start();
    let talk = talk_of(&Filed::new(4), QUICK);
    let hung = (0..60).map(|n| host.url(&format!("slow.bin?{n}")));
    let good = host.url("good.txt").replace("127.0.0.1", "localhost");
    let urls: Vec<String> = hung.chain([good]).collect();
    tickets(&talk, &urls);
    let begun = Instant::now();
    let ended = from_hosts(&talk, &["127.0.0.1", "localhost"], "run").expect(3);
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    let refused = talk.desk.here.rows("run/refused.csv");
    assert_eq!(refused.len(), 60, "{}", ended.stderr);
    assert!(refused.iter().all(|row| row["_code"] == "FILE_NOT_FETCHED"));
    let given_up = refused
        .iter()
        .filter(|row| row["_hint"].contains("is not asked any more"));
    assert!(given_up.count() > 40, "{refused:?}");
    assert_eq!(held(&talk).len(), 1);
}
