//! The twin of a portal: a sandbox that defines, lacks, allows and does what the portal
//! does, and holds none of its records.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::{Args, Ended, FilledPortal, Rehearsal, Served, TOKEN, keyed};

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline = { value = "Pipeline 7" }
hs_pipeline_stage = { column = "Stage" }
kind_3 = { column = "Kind" }
hubspot_owner_id = { column = "Agent", lookup = "owner", missing = "refuse" }
createdate = { column = "Made", format = "iso", timezone = "UTC" }
"#
);

const BAD: usize = 60;

/// Rows of which every so manieth has something else wrong with it.
fn rows(number: usize) -> String {
    let mut text = "Id,Subject,Stage,Kind,Agent,Made\n".to_owned();
    let every = number / BAD;
    for n in 0..number {
        let bad = |k: usize| n % every == 0 && n / every < BAD && (n / every) % 4 == k;
        let stage = if bad(0) { "Nowhere" } else { "Begun" };
        let kind = if bad(1) { "none of them" } else { "Kind 3 B" };
        let agent = if bad(2) {
            "nobody@x.example".to_owned()
        } else {
            format!("agent{}@x.example", n % 49)
        };
        let made = if bad(3) {
            "31/02/2021"
        } else {
            "2021-03-01T00:00:00Z"
        };
        let _infallible = writeln!(text, "{n},Ticket {n},{stage},{kind},{agent},{made}");
    }
    text
}

/// A copy of a portal with 700 ticket properties, 12 pipelines, labels and 300 owners.
fn large_copy(here: &Rehearsal) {
    let desk = FilledPortal::new("--rate off");
    let post = |path: &str, body: &Value| desk.call("POST", path, body);
    let defined = desk.call("GET", "/crm/v3/properties/tickets", &Value::Null);
    let defined = defined["results"].as_array().expect("properties").len();
    let properties: Vec<Value> = (0..700 - defined)
        .map(|n| {
            let options = json!([{"label": format!("Kind {n} A"), "value": "a"}, {"label": format!("Kind {n} B"), "value": "b"}]);
            let (kind, field, options) = match n % 4 {
                3 => ("enumeration", if n % 8 == 3 { "select" } else { "checkbox" }, options),
                2 => ("number", "number", json!([])),
                1 => ("datetime", "date", json!([])),
                _ => ("string", "textarea", json!([])),
            };
            json!({"name": format!("kind_{n}"), "label": format!("Kind {n}"), "type": kind,
                "fieldType": field, "groupName": "ticketinformation", "options": options})
        })
        .collect();
    for part in properties.chunks(100) {
        let _made = post(
            "/crm/v3/properties/tickets/batch/create",
            &json!({"inputs": part}),
        );
    }
    for n in 2..12 {
        let stages = json!([
            {"label": "Begun", "displayOrder": 0, "metadata": {"ticketState": "OPEN"}},
            {"label": "Done", "displayOrder": 1, "metadata": {"ticketState": "CLOSED"}},
        ]);
        let pipeline =
            json!({"label": format!("Pipeline {n}"), "displayOrder": n, "stages": stages});
        let _made = post("/crm/v3/pipelines/tickets", &pipeline);
    }
    for (to, body) in [
        (
            "contacts",
            json!({"name": "requester", "label": "Requester"}),
        ),
        (
            "companies",
            json!({"name": "payer", "label": "Payer", "inverseLabel": "Paid by"}),
        ),
        (
            "tickets",
            json!({"name": "parent", "label": "Parent", "inverseLabel": "Child"}),
        ),
    ] {
        let _made = post(&format!("/crm/v4/associations/tickets/{to}/labels"), &body);
    }
    desk.call("DELETE", "/crm/v3/properties/tickets/kind_0", &Value::Null);
    desk.run("schema pull -o copy.toml").expect(0);
    let mut copy: toml::Table = desk.here.read("copy.toml").parse().expect("TOML");
    let owners = (0..300).map(|n| {
        toml::Table::from_iter([
            ("id".to_owned(), (70_000 + n).to_string().into()),
            ("email".to_owned(), format!("agent{n}@x.example").into()),
            ("first_name".to_owned(), format!("A{n}").into()),
            ("last_name".to_owned(), "B".into()),
            ("archived".to_owned(), (n % 50 == 49).into()),
        ])
    });
    let owners: Vec<toml::Value> = owners.map(toml::Value::Table).collect();
    copy.insert("owners".to_owned(), owners.into());
    here.write("large.toml", copy.to_string());
}

/// The portal of that copy, with a name.
fn real(here: &Rehearsal, more: impl Args) -> Served {
    here.write("token", TOKEN);
    let portal = here.serve(("--like large.toml --rate 5000/1s", more));
    let add = format!(
        "portal add real --token-file token --base-url {}",
        portal.url()
    );
    here.run(add).expect(0);
    portal
}

const TWIN: &str = "--portal sandbox --like real";

fn on_twin(here: &Rehearsal, args: impl Args) -> Ended {
    here.run((args, TWIN))
}

/// A copy without what tells two portals apart.
fn definitions(here: &Rehearsal, file: &str) -> toml::Table {
    let mut copy: toml::Table = here.read(file).parse().expect("TOML");
    // Names of kinds of its own have the id of the account in them.
    for key in ["portal", "pulled", "custom_objects"] {
        let _gone = copy.remove(key);
    }
    copy
}

#[test]
fn a_twin_defines_refuses_and_lacks_what_the_portal_does() {
    same_fates(300);
}

#[test]
#[ignore = "ten seconds: the same with 2,000 rows"]
fn a_twin_refuses_the_same_of_many_rows() {
    same_fates(2_000);
}

fn same_fates(number: usize) {
    let here = Rehearsal::new();
    large_copy(&here);
    let _portal = real(&here, "");
    let named = |args: &str| here.run((args, "--portal real"));
    named("schema pull -o real.toml").expect(0);
    on_twin(&here, "schema pull -o twin.toml")
        .expect(0)
        .says("the twin of portal");
    let (ours, theirs) = (
        definitions(&here, "twin.toml"),
        definitions(&here, "real.toml"),
    );
    for (name, value) in &theirs {
        assert_eq!(ours.get(name), Some(value), "{name}");
    }
    assert_eq!(ours.len(), theirs.len());
    let counted = |key: &str| theirs[key].as_array().expect("a list").len();
    assert_eq!(
        (counted("tickets"), counted("pipelines"), counted("owners")),
        (699, 12, 300)
    );
    here.write("m.toml", MAPPING);
    here.write("in.csv", rows(number));
    // A portal is not given what it lacks unasked, and neither is its twin.
    for run in [&named as &dyn Fn(&str) -> Ended, &|args| {
        on_twin(&here, args)
    }] {
        let ended = run("import in.csv -m m.toml --run-dir none").expect(7);
        ended.says("the portal lacks the property desk_id");
        run("schema diff -m m.toml").expect(4);
    }
    let made = |run| format!("import in.csv -m m.toml --run-dir {run} --create-properties");
    named(&made("real")).expect(3);
    on_twin(&here, made("twin")).expect(3);
    let refused = here.read("real/refused.csv");
    assert_eq!(here.rows("real/refused.csv").len(), BAD);
    assert_eq!(here.read("twin/refused.csv"), refused);
    let keys = |run: &str| -> Vec<String> {
        let rows = here.rows(&format!("{run}/done.csv")).into_iter();
        let mut keys: Vec<String> = rows.map(|row| row["Id"].clone()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys("twin"), keys("real"));
}

#[test]
fn a_twin_does_what_was_found_out_and_is_one_for_good() {
    let here = Rehearsal::new();
    let desk = FilledPortal::new("--rate off");
    desk.run("schema pull -o copy.toml").expect(0);
    here.write("large.toml", desk.here.read("copy.toml"));
    let _portal = real(
        &here,
        "--switch createdate_writable=no --switch over_limit=clamp",
    );
    here.run("portal check real --write-probe --yes").expect(0);
    let told = on_twin(&here, "portal check --json").expect(0).json();
    assert_eq!(told["found"]["createdate_writable"], "no");
    assert_eq!(told["found"]["over_limit"], "clamp");
    assert_eq!(told["calls"]["burst"], "5000/1s");
    let mapping = "version = 1\n[key]\nproperty = \"desk_id\"\ncolumn = \"Id\"\n\
         [[property]]\nname = \"desk_id\"\ntype = \"string\"\nunique = true\n\
         [properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n";
    here.write("m.toml", mapping);
    here.write("in.csv", "Id,Subject\n1,a\n2,b\n");
    let import = "import in.csv -m m.toml --create-properties --run-dir run --limit 1";
    on_twin(&here, import).expect(0);
    here.run("resume run --no-limit").expect(0);
    here.run("verify run").expect(0);
    // None of this is in the portal, or in the sandbox without a name.
    let export = "export --properties subject";
    let named = here.run((export, "--portal real")).expect(0);
    assert_eq!(named.stdout.lines().count(), 1, "{}", named.stdout);
    let own = here.run((export, "--portal sandbox")).expect(0);
    assert_eq!(own.stdout.lines().count(), 1, "{}", own.stdout);
    assert_eq!(on_twin(&here, export).expect(0).stdout.lines().count(), 3);
    here.run("sandbox reset --like real").expect(0);
    assert_eq!(on_twin(&here, export).expect(0).stdout.lines().count(), 1);
    // By a copy, in a folder of one's own; one that holds another sandbox is left alone.
    let own = "--portal sandbox --sandbox-data own";
    here.run((export, own, "--like large.toml")).expect(0);
    let plain = "--portal sandbox --sandbox-data plain";
    here.run((export, plain)).expect(0);
    let ended = here.run((export, plain, "--like large.toml")).expect(64);
    ended.says("is not a twin");
    let older: toml::Table = here.read("large.toml").parse().expect("TOML");
    let older = older.to_string().replace("hubspot_type", "other");
    here.write("older.toml", older);
    let like = "--portal sandbox --sandbox-data x --like older.toml";
    let ended = here.run((export, like)).expect(64);
    ended.says("says too little for a twin");
}
