//! The sandbox's file manager: uploads under each duplicate strategy and scope, name
//! clashes, finding, folders, signed addresses, limits; each unknown both ways.

use serde_json::{Value, json};
use tickethaul::sandbox::Options;

use crate::support::{Answer, Portal, raw};

const FILES: &str = "/files/v3/files";

/// What an upload asks for, beside name and bytes.
struct Asked<'a> {
    folder: &'a str,
    strategy: &'a str,
    scope: &'a str,
    overwrite: bool,
}

const KEEP: Asked<'static> = Asked {
    folder: "/haul/zd-1",
    strategy: "RETURN_EXISTING",
    scope: "EXACT_FOLDER",
    overwrite: false,
};

const MAKE: Asked<'static> = Asked {
    strategy: "NONE",
    ..KEEP
};

fn options(asked: &Asked<'_>) -> String {
    json!({"access": "PRIVATE", "overwrite": asked.overwrite,
        "duplicateValidationStrategy": asked.strategy, "duplicateValidationScope": asked.scope})
    .to_string()
}

/// A form of texts and one file.
fn form(texts: &[(&str, &str)], file: Option<(&str, &str)>) -> String {
    let mut body = String::new();
    for (name, text) in texts {
        body +=
            &format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    }
    if let Some((name, bytes)) = file {
        body += &format!(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{bytes}\r\n"
        );
    }
    body + "--cut--\r\n"
}

async fn sent(portal: &Portal, body: &str) -> Answer {
    let address = portal.sandbox.address();
    let request = format!(
        "POST {FILES} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer sandbox\r\n\
         Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    Answer::of(&raw(address, request.as_bytes()).await.0)
}

async fn upload(portal: &Portal, name: &str, bytes: &str, asked: &Asked<'_>) -> Answer {
    let options = options(asked);
    let texts = [
        ("fileName", name),
        ("folderPath", asked.folder),
        ("options", options.as_str()),
    ];
    sent(portal, &form(&texts, Some((name, bytes)))).await
}

/// A file that is taken in: what is said of it.
async fn file(portal: &Portal, name: &str, bytes: &str, asked: &Asked<'_>) -> Value {
    upload(portal, name, bytes, asked).await.expect(201)
}

fn id(file: &Value) -> &str {
    file["id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_file_goes_in_and_is_found_by_id_path_and_search_and_comes_out() {
    let portal = Portal::switched(&["file_search_lag=0s"]).await;
    let made = file(&portal, "In voice.PDF", "hello", &KEEP).await;
    assert_eq!(made["name"], "In voice");
    assert_eq!(made["path"], "/haul/zd-1/In voice.pdf");
    assert_eq!(
        (&made["extension"], &made["type"], &made["size"]),
        (&json!("pdf"), &json!("DOCUMENT"), &json!(5))
    );
    assert_eq!(made["fileMd5"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(
        (&made["access"], &made["archived"]),
        (&json!("PRIVATE"), &json!(false))
    );
    let read = portal
        .get(&format!("{FILES}/{}", id(&made)))
        .await
        .expect(200);
    assert_eq!(read, made);
    for path in [
        "haul/zd-1/In%20voice.pdf",
        "%2Fhaul%2Fzd-1%2FIn%20voice.pdf",
    ] {
        let stat = portal
            .get(&format!("{FILES}/stat/{path}"))
            .await
            .expect(200);
        assert_eq!(stat["file"], made, "{path}");
    }
    let folder = made["parentFolderId"].as_str().expect("a folder");
    let search =
        format!("{FILES}/search?parentFolderIds={folder}&fileMd5=5d41402abc4b2a76b9719d911017c592");
    let found = portal.get(&search).await.expect(200);
    assert_eq!(found["results"], json!([made]));
    let signed = portal
        .get(&format!("{FILES}/{}/signed-url", id(&made)))
        .await
        .expect(200);
    let url = signed["url"].as_str().expect("an address");
    let path = url
        .strip_prefix(&portal.sandbox.base_url())
        .expect("its own");
    assert_eq!(without_token(&portal, path).await.body, "hello");
    let forged = path.replace("signature=", "signature=0");
    assert_eq!(without_token(&portal, &forged).await.status, 403);
    let download = format!("{FILES}/{}/download", id(&made));
    assert_eq!(portal.get(&download).await.body, "hello");
    let dated = format!("/files/2026-03/files/{}", id(&made));
    assert_eq!(portal.get(&dated).await.expect(200), made);
}

async fn without_token(portal: &Portal, path: &str) -> Answer {
    let address = portal.sandbox.address();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    Answer::of(&raw(address, request.as_bytes()).await.0)
}

#[tokio::test]
async fn duplicates_are_made_rejected_or_returned_in_the_folder_or_everywhere() {
    let elsewhere = Asked {
        folder: "/haul/zd-2",
        ..KEEP
    };
    for (strategy, scope, same, other) in [
        ("NONE", "EXACT_FOLDER", "new", "new"),
        ("REJECT", "EXACT_FOLDER", "refused", "new"),
        ("REJECT", "ENTIRE_PORTAL", "refused", "refused"),
        ("RETURN_EXISTING", "EXACT_FOLDER", "first", "new"),
        ("RETURN_EXISTING", "ENTIRE_PORTAL", "first", "first"),
    ] {
        let portal = Portal::start().await;
        let first = file(&portal, "a.txt", "one", &KEEP).await;
        for (asked, fate) in [(&KEEP, same), (&elsewhere, other)] {
            let asked = Asked {
                strategy,
                scope,
                ..*asked
            };
            let answer = upload(&portal, "a.txt", "one", &asked).await;
            let what = match answer.status {
                400 => "refused",
                _ if answer.json()["id"] == first["id"] => "first",
                _ => "new",
            };
            assert_eq!(what, fate, "{strategy} {scope} {}", asked.folder);
        }
    }
}

#[tokio::test]
async fn what_a_duplicate_is() {
    for (switch, same_bytes, same_name) in [
        ("file_duplicate=content", true, false),
        ("file_duplicate=content+name", false, false),
        ("file_duplicate=name", false, true),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let first = file(&portal, "a.txt", "one", &KEEP).await;
        let renamed = file(&portal, "b.txt", "one", &KEEP).await;
        assert_eq!(renamed["id"] == first["id"], same_bytes, "{switch}");
        let changed = file(&portal, "a.txt", "two", &KEEP).await;
        assert_eq!(changed["id"] == first["id"], same_name, "{switch}");
        let again = file(&portal, "a.txt", "one", &KEEP).await;
        assert_eq!(again["id"], first["id"], "{switch}");
    }
}

#[tokio::test]
async fn how_a_duplicate_is_told() {
    let reject = Asked {
        strategy: "REJECT",
        ..KEEP
    };
    for (switch, asked, status, names) in [
        ("file_reject=400", &reject, 400, false),
        ("file_reject=400-id", &reject, 400, true),
        ("file_reject=409", &reject, 409, false),
        ("file_reject=409-id", &reject, 409, true),
        ("file_existing=201", &KEEP, 201, false),
        ("file_existing=200", &KEEP, 200, false),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let first = file(&portal, "a.txt", "one", &KEEP).await;
        let said = upload(&portal, "a.txt", "one", asked).await.expect(status);
        assert_eq!(
            said["context"]["id"] == json!([first["id"]]),
            names,
            "{switch}"
        );
    }
    for (switch, seen) in [
        ("file_existing_archived=no", false),
        ("file_existing_archived=yes", true),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let first = file(&portal, "a.txt", "one", &KEEP).await;
        let path = format!("{FILES}/{}", id(&first));
        assert_eq!(portal.delete(&path).await.status, 204);
        assert_eq!(portal.delete(&path).await.status, 404);
        assert_eq!(portal.get(&path).await.status, 404);
        let again = file(&portal, "a.txt", "one", &KEEP).await;
        assert_eq!(
            (again["id"] == first["id"], &again["archived"]),
            (seen, &json!(seen))
        );
    }
}

#[tokio::test]
async fn names_that_are_taken_change_or_take_their_place() {
    for (switch, name, path) in [
        ("file_rename=-1", "a-1", "/haul/zd-1/a-1.txt"),
        ("file_rename=(1)", "a (1)", "/haul/zd-1/a (1).txt"),
        ("file_rename_path=yes", "a-1", "/haul/zd-1/a-1.txt"),
        ("file_rename_path=no", "a-1", "/haul/zd-1/a.txt"),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let first = file(&portal, "a.txt", "one", &MAKE).await;
        let second = file(&portal, "a.txt", "two", &MAKE).await;
        assert_eq!(
            (&second["name"], &second["path"]),
            (&json!(name), &json!(path))
        );
        assert_ne!(second["id"], first["id"]);
        let stat = portal
            .get(&format!("{FILES}/stat/haul/zd-1/a.txt"))
            .await
            .expect(200);
        assert_eq!(stat["file"]["id"], first["id"], "{switch}");
    }
    let portal = Portal::switched(&["file_rename=random"]).await;
    let _first = file(&portal, "a.txt", "one", &MAKE).await;
    let second = file(&portal, "a.txt", "two", &MAKE).await;
    let name = second["name"].as_str().expect("a name");
    assert!(name.starts_with("a-") && name.len() == 10, "{name}");
    let replace = Asked {
        overwrite: true,
        ..MAKE
    };
    let third = file(&portal, "a.txt", "three", &replace).await;
    assert_eq!(third["path"], "/haul/zd-1/a.txt");
    let stat = portal
        .get(&format!("{FILES}/stat/haul/zd-1/a.txt"))
        .await
        .expect(200);
    assert_eq!(stat["file"]["id"], third["id"], "the old one is gone");
    for (switch, path) in [
        ("file_names=kept", "/haul/zd 7/Größe.txt"),
        ("file_names=slugged", "/haul/zd-7/Gr--e.txt"),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let asked = Asked {
            folder: "haul/zd 7/",
            ..MAKE
        };
        assert_eq!(file(&portal, "Größe.txt", "x", &asked).await["path"], path);
    }
}

/// Two uploads that have arrived when neither is carried out.
#[tokio::test]
async fn two_uploads_of_one_path_at_once() {
    for value in ["renamed", "409", "same"] {
        let switch = format!("file_race={value}").parse().expect("a switch");
        let portal = Portal::with(Options {
            switches: [switch].into_iter().collect(),
            troubles: vec!["slow=300ms".parse().expect("a trouble")],
            ..Options::default()
        })
        .await;
        let (one, other) = tokio::join!(
            upload(&portal, "a.txt", "one", &KEEP),
            upload(&portal, "a.txt", "one", &KEEP)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        let ids = (one.json()["id"].clone(), other.json()["id"].clone());
        match value {
            "409" => assert_eq!(statuses, [201, 409]),
            "same" => assert_eq!((statuses, &ids.0), ([201, 201], &ids.1)),
            _ => assert!(
                statuses == [201, 201] && ids.0 != ids.1,
                "{one:?} {other:?}"
            ),
        }
    }
}

#[tokio::test]
async fn files_are_late_to_be_found() {
    let portal = Portal::switched(&["file_stat_lag=10m", "file_search_lag=10m"]).await;
    let made = file(&portal, "a.txt", "one", &KEEP).await;
    let stat = format!("{FILES}/stat/haul/zd-1/a.txt");
    assert_eq!(portal.get(&stat).await.status, 404);
    let search = portal.get(&format!("{FILES}/search")).await.expect(200);
    assert_eq!(search["results"], json!([]));
    portal
        .get(&format!("{FILES}/{}", id(&made)))
        .await
        .expect(200);
    let again = file(&portal, "a.txt", "one", &KEEP).await;
    assert_eq!(
        again["id"], made["id"],
        "duplicates are not looked for there"
    );
}

#[tokio::test]
async fn searches_have_pages_and_limits() {
    let portal = Portal::switched(&["file_search_lag=0s", "over_limit=400"]).await;
    for number in 0..12 {
        let _made = file(
            &portal,
            &format!("page {number}.txt"),
            &number.to_string(),
            &KEEP,
        )
        .await;
    }
    let search = |query: &str| format!("{FILES}/search?{query}");
    let first = portal.get(&search("name=PAGE")).await.expect(200);
    assert_eq!(first["results"].as_array().map(Vec::len), Some(10));
    let after = first["paging"]["next"]["after"].as_str().expect("more");
    let second = portal
        .get(&search(&format!("name=page&after={after}")))
        .await
        .expect(200);
    assert_eq!(second["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(second["paging"], Value::Null);
    for (query, status) in [
        ("name=nineteen-letters-xy", 200),
        ("name=twenty-letters-abcde", 400),
        ("limit=100", 200),
        ("limit=101", 400),
        ("after=10001", 400),
        ("after=x", 400),
    ] {
        assert_eq!(portal.get(&search(query)).await.status, status, "{query}");
    }
    let newest = portal
        .get(&search("sort=-createdAt&limit=1"))
        .await
        .expect(200);
    assert_eq!(newest["results"][0]["name"], "page 11");
}

#[tokio::test]
async fn what_an_upload_lacks_is_said() {
    let portal = Portal::start().await;
    let good = options(&KEEP);
    let good = good.as_str();
    let a = Some(("a.txt", "one"));
    for (texts, given, said) in [
        (
            vec![("folderPath", "/a"), ("options", good)],
            None,
            "'file' is missing",
        ),
        (vec![("options", good)], a, "One of folderId or folderPath"),
        (
            vec![("folderPath", "/a"), ("folderId", "1"), ("options", good)],
            a,
            "One of",
        ),
        (vec![("folderPath", "/a")], a, "'options' is missing"),
        (vec![("folderPath", "/a"), ("options", "{}")], a, "`access`"),
        (
            vec![
                ("folderPath", "/a"),
                ("options", r#"{"access":"HIDDEN_PRIVATE"}"#),
            ],
            a,
            "HIDDEN_PRIVATE",
        ),
    ] {
        let answer = sent(&portal, &form(&texts, given)).await;
        let body = answer.expect(400);
        assert!(body["message"].to_string().contains(said), "{body}");
    }
    let unknown = [("folderId", "1"), ("options", good)];
    assert_eq!(sent(&portal, &form(&unknown, a)).await.status, 404);
    assert_eq!(sent(&portal, "--cut\r\nno form").await.status, 400);
    assert_eq!(portal.post(FILES, json!({})).await.status, 415);
}

#[tokio::test]
async fn files_that_are_too_large_or_barred() {
    for (switch, barred, status) in [
        ("oversized_file=400", false, 400),
        ("oversized_file=413", false, 413),
        ("barred_file=400", true, 400),
        ("barred_file=415", true, 415),
    ] {
        let portal = Portal::switched(&[switch, "file_limit=1kb", "barred_endings=exe,bat"]).await;
        let (name, bytes) = match barred {
            true => ("setup.EXE", "x".to_owned()),
            false => ("a.txt", "x".repeat(1_001)),
        };
        let answer = upload(&portal, name, &bytes, &KEEP).await;
        assert_eq!(answer.status, status, "{switch}");
        let _fits = file(&portal, "a.txt", &"x".repeat(1_000), &KEEP).await;
    }
}

#[tokio::test]
async fn folders_are_made_read_and_deleted_with_what_is_in_them() {
    let portal = Portal::start().await;
    let folders = "/files/v3/folders";
    let body = json!({"name": "zd-1", "parentPath": "/haul"});
    let made = portal.post(folders, &body).await.expect(201);
    assert_eq!(
        (&made["name"], &made["path"]),
        (&json!("zd-1"), &json!("/haul/zd-1"))
    );
    assert_eq!(portal.post(folders, &body).await.status, 409);
    let inside = file(&portal, "a.txt", "one", &KEEP).await;
    assert_eq!(inside["parentFolderId"], made["id"]);
    let by_path = portal
        .get(&format!("{folders}/haul/zd-1"))
        .await
        .expect(200);
    assert_eq!(by_path, made);
    let stat = portal
        .get(&format!("{FILES}/stat/haul/zd-1"))
        .await
        .expect(200);
    assert_eq!(stat["folder"], made);
    let path = format!("{folders}/{}", id(&made));
    portal.get(&path).await.expect(200);
    assert_eq!(portal.delete(&path).await.status, 204);
    assert_eq!(portal.get(&path).await.status, 404);
    assert_eq!(
        portal.get(&format!("{FILES}/{}", id(&inside))).await.status,
        404
    );
}

#[tokio::test]
async fn signed_addresses_end() {
    for (switch, seconds, status) in [
        ("signed_url_life=15m", "", 200),
        ("signed_url_life=0s", "", 403),
        ("signed_url_life=0s", "?expirationSeconds=60", 200),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let made = file(&portal, "a.txt", "one", &KEEP).await;
        let ask = format!("{FILES}/{}/signed-url{seconds}", id(&made));
        let signed = portal.get(&ask).await.expect(200);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let url = signed["url"].as_str().expect("an address");
        let path = url
            .strip_prefix(&portal.sandbox.base_url())
            .expect("its own");
        assert_eq!(
            without_token(&portal, path).await.status,
            status,
            "{switch}{seconds}"
        );
    }
}

#[tokio::test]
async fn files_of_notes_may_have_to_be_there_and_may_go_with_them() {
    let note = |ids: &str| json!({"properties": {"hs_timestamp": "0", "hs_attachment_ids": ids}});
    for (switch, status) in [
        ("unknown_file_id=accepted", 201),
        ("unknown_file_id=400", 400),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let made = file(&portal, "a.txt", "one", &KEEP).await;
        let notes = "/crm/v3/objects/notes";
        portal.post(notes, note(id(&made))).await.expect(201);
        let ids = format!("{};77", id(&made));
        assert_eq!(
            portal.post(notes, note(&ids)).await.status,
            status,
            "{switch}"
        );
    }
    for (switch, kept) in [
        ("deleted_file_in_note=kept", true),
        ("deleted_file_in_note=dropped", false),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let (one, two) = (
            file(&portal, "a.txt", "one", &KEEP).await,
            file(&portal, "b.txt", "two", &KEEP).await,
        );
        let ids = format!("{};{}", id(&one), id(&two));
        let note = portal
            .post("/crm/v3/objects/notes", note(&ids))
            .await
            .expect(201);
        let deleted = portal.delete(&format!("{FILES}/{}", id(&one))).await;
        assert_eq!(deleted.status, 204);
        let read = format!(
            "/crm/v3/objects/notes/{}?properties=hs_attachment_ids",
            id(&note)
        );
        let read = portal.get(&read).await.expect(200);
        let held = read["properties"]["hs_attachment_ids"]
            .as_str()
            .expect("ids")
            .to_owned();
        assert_eq!(held.contains(id(&one)), kept, "{switch} {held}");
        assert!(held.contains(id(&two)), "{switch} {held}");
    }
}

#[tokio::test]
async fn files_have_scopes_of_their_own() {
    let all =
        "files,files.read,files.write,files.delete,files.ui_hidden.read,files.ui_hidden.write";
    for (lacking, write, read, delete) in [
        ("files", 201, 200, 204),
        ("files,files.write,files.ui_hidden.write", 403, 200, 404),
        ("files,files.read,files.ui_hidden.read", 201, 403, 204),
        (all, 403, 403, 403),
    ] {
        let portal =
            Portal::switched(&[&format!("missing_scopes={lacking}"), "file_search_lag=0s"]).await;
        let answer = upload(&portal, "a.txt", "one", &KEEP).await;
        assert_eq!(answer.status, write, "{lacking}");
        assert_eq!(
            portal.get(&format!("{FILES}/search")).await.status,
            read,
            "{lacking}"
        );
        let made = answer.json()["id"].as_str().unwrap_or("77").to_owned();
        let deleted = portal.delete(&format!("{FILES}/{made}")).await;
        assert_eq!(deleted.status, delete, "{lacking}");
    }
}

/// Troubles strike uploads like other calls: the work is done or not.
#[tokio::test]
async fn uploads_have_troubles() {
    for (trouble, done) in [
        ("502@1:/files", false),
        ("reset-before@1:/files", false),
        ("post-502@1:/files", true),
        ("reset-after@1:/files", true),
        ("truncate@1:/files", true),
    ] {
        let portal = Portal::troubled(&[trouble]).await;
        let options = options(&KEEP);
        let texts = [("folderPath", KEEP.folder), ("options", options.as_str())];
        let body = form(&texts, Some(("a.txt", "one")));
        let address = portal.sandbox.address();
        let request = format!(
            "POST {FILES} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer sandbox\r\n\
             Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        let _reply = raw(address, request.as_bytes()).await;
        let stat = portal.get(&format!("{FILES}/stat/haul/zd-1/a.txt")).await;
        assert_eq!(stat.status == 200, done, "{trouble}");
    }
}

/// Files are in the state like everything else.
#[tokio::test]
async fn files_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = || Options {
        data: tickethaul::sandbox::Data::File(folder.path().join("portal.db")),
        ..Options::default()
    };
    let portal = Portal::with(options()).await;
    let made = file(&portal, "a.txt", "one", &KEEP).await;
    portal.sandbox.stop().await;
    let portal = Portal::with(options()).await;
    let download = format!("{FILES}/{}/download", id(&made));
    assert_eq!(portal.get(&download).await.body, "one");
    let next = file(&portal, "b.txt", "two", &KEEP).await;
    let number = |file: &Value| id(file).parse::<u64>().expect("a number");
    assert!(number(&next) > number(&made), "no id comes again");
}
