//! What a token may do: `portal check` names the commands for which it lacks a scope, and
//! those are the ones that the portal refuses, no others.

use std::fs;

use serde_json::{Value, json};

use crate::support::{FilledPortal, Rehearsal, link, switched};

const BASE: &str = "--rate off --switch search_lag=0s --data portal.db";

const MAPPING: &str = "version = 1\n[key]\nproperty = \"desk_id\"\ncolumn = \"id\"\n\
     [[property]]\nname = \"desk_id\"\ntype = \"string\"\nunique = true\n\
     [properties]\nsubject = \"subject\"\nhs_pipeline_stage = { value = \"1\" }\n";

/// All names of a scope, and how many of the things that commands do need it.
const SCOPES: [(&str, usize); 16] = [
    ("crm.objects.tickets.write,tickets", 1),
    ("crm.schemas.tickets.write,tickets", 1),
    ("crm.objects.owners.read", 1),
    ("crm.objects.contacts.read", 9),
    ("crm.objects.contacts.write", 5),
    ("sales-email-read", 2),
    ("crm.objects.companies.read", 1),
    ("crm.objects.companies.write", 1),
    ("crm.objects.deals.read", 1),
    ("crm.objects.deals.write", 1),
    ("crm.schemas.custom.read", 1),
    ("crm.objects.custom.read", 1),
    ("crm.objects.custom.write", 1),
    ("files,files.read,files.ui_hidden.read", 2),
    ("files,files.ui_hidden.write,files.write", 1),
    // Another name of what the token may do is needed by nobody.
    ("tickets", 0),
];

/// A mapping with something more.
fn mapping(what: &str) -> String {
    let noted = |more: &str| {
        format!("[[notes]]\neach = \"comments\"\nid = \"id\"\nat = \"at\"\nbody = \"body\"\n{more}")
    };
    MAPPING.to_owned()
        + &match what {
            "contacts" => link("contacts", "email", "mail", ""),
            "companies" => link("companies", "id", "company", ""),
            "deals" => link("deals", "id", "deal", ""),
            "device" => link("device", "id", "device", ""),
            "notes" => noted(""),
            "calls" => noted("as = \"call\"\n"),
            "emails" => noted(
                "as = \"email\"\nfrom = \"from\"\nto = \"to\"\nincoming = { path = \"way\", map = { in = true } }\n",
            ),
            "attachments" => noted("attachments = \"files\"\n"),
            "new" => "[[property]]\nname = \"desk_new\"\ntype = \"string\"\n".to_owned(),
            _ => String::new(),
        }
}

/// A command for each thing that needs scopes, by the words in which it is told.
fn command(what: &str) -> String {
    let subject = "export --properties subject";
    let with = |with| format!("{subject} --with {with}");
    let import = |mapping| format!("import in.jsonl --op upsert -m {mapping}");
    match what {
        "export, get, verify, plan: tickets" => subject.to_owned(),
        "schema, check: definitions" => "schema show".to_owned(),
        "schema apply, --create-properties: new properties" => {
            "schema apply -m new.toml --yes".to_owned()
        }
        "owners by name or e-mail" => {
            "export --properties hubspot_owner_id --values both".to_owned()
        }
        "export --with contacts" => with("contacts.email"),
        "export --with notes" => with("notes.hs_note_body"),
        "export --with emails" => with("emails.hs_email_subject"),
        "import, apply, retry, delete, undo: tickets" => import("plain.toml"),
        "import: contacts of tickets" => import("contacts.toml"),
        "import: comments as notes" => import("notes.toml"),
        "import: comments as calls" => import("calls.toml"),
        "import: comments as e-mails" => import("emails.toml"),
        "import: attachments of comments" => import("attachments.toml --attachments ."),
        "export --attachments" => with("notes --attachments out -o out.csv"),
        "import: links to companies" => import("companies.toml"),
        "import: links to deals" => import("deals.toml"),
        "import: links to custom objects" => import("device.toml"),
        other => panic!("no command for {other}"),
    }
}

const ALL: [&str; 17] = [
    "export, get, verify, plan: tickets",
    "import, apply, retry, delete, undo: tickets",
    "schema, check: definitions",
    "schema apply, --create-properties: new properties",
    "owners by name or e-mail",
    "export --with contacts",
    "import: contacts of tickets",
    "import: comments as notes",
    "import: comments as calls",
    "import: comments as e-mails",
    "import: attachments of comments",
    "export --with notes",
    "export --attachments",
    "export --with emails",
    "import: links to companies",
    "import: links to deals",
    "import: links to custom objects",
];

/// A portal with a record of each kind, and a file that speaks of them.
fn plant() -> Rehearsal {
    let desk = FilledPortal::in_folder(Rehearsal::new(), BASE);
    desk.unique_property("desk_id");
    let make = |kind: &str, properties: Value| {
        let path = format!("/crm/v3/objects/{kind}");
        let made = desk.call("POST", &path, &json!({"properties": properties}));
        made["id"].as_str().expect("an id").to_owned()
    };
    let ticket = json!({"subject": "a", "hs_pipeline_stage": "1", "desk_id": "1"});
    let ticket = make("tickets", ticket);
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 224}]);
    let email = json!({
        "properties": {"hs_timestamp": "2025-01-01T00:00:00Z", "hs_email_direction": "EMAIL"},
        "associations": [{"to": {"id": ticket}, "types": types}],
    });
    desk.call("POST", "/crm/v3/objects/emails", &email);
    let _contact = make("contacts", json!({"email": "a@x.example"}));
    let row = json!({
        "id": "1", "subject": "b", "mail": "a@x.example",
        "company": make("companies", json!({"name": "A"})),
        "deal": make("deals", json!({"dealname": "A"})),
        "device": make("device", json!({"name": "A", "serial_number": "A"})),
        "comments": [{"id": "c", "at": "2025-01-01T00:00:00Z", "from": "a@x.example", "to": "b@x.example",
            "way": "in", "body": "Hi", "files": ["a.txt"]}],
    });
    let FilledPortal { here, sandbox, .. } = desk;
    drop(sandbox);
    here.write("in.jsonl", format!("{row}\n"));
    here.write("a.txt", "bytes");
    for what in [
        "plain",
        "contacts",
        "companies",
        "deals",
        "device",
        "notes",
        "attachments",
        "calls",
        "emails",
        "new",
    ] {
        here.write(&format!("{what}.toml"), mapping(what));
    }
    here
}

/// A copy of a planted folder.
fn copy(planted: &Rehearsal) -> Rehearsal {
    let here = Rehearsal::new();
    for entry in fs::read_dir(planted.path(".")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        if path.is_file() && !name.ends_with(".lock") {
            let _bytes = fs::copy(&path, here.path(name)).expect("copied");
        }
    }
    here
}

/// Without these scopes: what is said to be lacking is refused, and of the others `more`
/// are carried out.
fn without(planted: &Rehearsal, (scopes, needing): (&str, usize), more: &[&str]) {
    let switch = format!("missing_scopes={scopes}");
    let desk = FilledPortal::in_folder(copy(planted), (BASE, switched(&[switch])));
    let told = desk.run("portal check --json").expect(0).json();
    let lacking = told["lacking_scopes"].as_array().expect("a list").iter();
    let lacking: Vec<String> = lacking
        .map(|one| one["what"].as_str().expect("words").to_owned())
        .collect();
    assert_eq!(lacking.len(), needing, "{scopes}: {lacking:?}");
    let found = if needing == 0 { "none" } else { scopes };
    assert_eq!(told["found"]["missing_scopes"], found);
    let all = ALL
        .iter()
        .filter(|what| lacking.iter().any(|one| one == *what) || more.contains(what));
    for what in all {
        let is_lacking = lacking.iter().any(|one| one == what);
        let ended = desk.run(command(what));
        let story = format!("{scopes}, {what}:\n{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, if is_lacking { 7 } else { 0 }, "{story}");
        let first = scopes.split(',').next().expect("a scope");
        assert_eq!(
            ended.stderr.contains(first) && ended.code == 7,
            is_lacking,
            "{story}"
        );
    }
}

fn without_each(more: impl Fn(usize) -> Vec<&'static str> + Sync) {
    let planted = plant();
    std::thread::scope(|scope| {
        for part in [0, 1] {
            let (planted, more) = (&planted, &more);
            let _side_by_side = scope.spawn(move || {
                let scopes = SCOPES.iter().enumerate();
                for (n, scopes) in scopes.filter(|(n, _)| n % 2 == part) {
                    without(planted, *scopes, &more(n));
                }
            });
        }
    });
}

#[test]
fn what_a_token_lacks_is_refused_and_nothing_else() {
    without_each(|n| vec![ALL[n % ALL.len()]]);
}

#[test]
#[ignore = "some ten seconds: every command without each scope; run once for each change of the table"]
fn every_command_is_refused_without_its_scopes_and_carried_out_without_others() {
    without_each(|_| ALL.to_vec());
}
