//! Links of every kind: made with new tickets and with changed ones, between tickets of
//! one file, and alone by `associate` and `dissociate`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Args, DESK_KEY, Ended, FilledPortal, id, link};

const TICKET: &str =
    "[properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n";

/// Without a limit, and with a search index that is never late.
fn a_desk() -> FilledPortal {
    FilledPortal::new("--rate off --switch search_lag=0s")
}

/// Runs a command with a file and a mapping that is `DESK_KEY` and more, in run folder `run`.
fn run(desk: &FilledPortal, words: impl Args, (csv, more): (&str, &str), run: &str) -> Ended {
    desk.tool((words, "in.csv -m m.toml", ["--run-dir", run]))
        .rows(csv)
        .mapping(format!("{DESK_KEY}{more}"))
        .run()
}

fn import(desk: &FilledPortal, csv: &str, more: &str) -> Ended {
    let more = format!("{TICKET}{more}");
    run(desk, "import --create-properties", (csv, &more), "run")
}

fn made(desk: &FilledPortal, kind: &str, properties: &Value) -> String {
    let path = format!("/crm/v3/objects/{kind}");
    id(&desk.call("POST", &path, &json!({ "properties": properties }))).to_string()
}

fn label(desk: &FilledPortal, to: &str, words: &str) {
    let path = format!("/crm/v4/associations/tickets/{to}/labels");
    let name = words.to_lowercase();
    desk.call("POST", &path, &json!({"name": name, "label": words}));
}

/// What each ticket is linked to, by its key: other ids with their labels, sorted.
fn links(desk: &FilledPortal, to: &str) -> BTreeMap<String, Vec<String>> {
    let ids = desk.export("--properties desk_id -o all.csv");
    ids.expect(0);
    let rows = desk.here.rows("all.csv");
    let mut args = vec![
        "get",
        "--json",
        "--properties",
        "desk_id",
        "--associations",
        to,
    ];
    args.extend(rows.iter().map(|row| row["hs_object_id"].as_str()));
    let ended = desk.run(&args).expect(0);
    let of_line = |line: &str| {
        let ticket: Value = serde_json::from_str(line).expect("JSON");
        let others = ticket["associations"][to].as_array().expect("links").iter();
        let words = |other: &Value| {
            let labels = other["labels"].as_array().expect("labels").iter();
            let labels: Vec<&str> = labels.filter_map(Value::as_str).collect();
            format!(
                "{} {}",
                other["id"].as_str().expect("an id"),
                labels.join(",")
            )
            .trim()
            .to_owned()
        };
        let mut others: Vec<String> = others.map(words).collect();
        others.sort_unstable();
        (
            ticket["properties"]["desk_id"]
                .as_str()
                .expect("a key")
                .to_owned(),
            others,
        )
    };
    ended.stdout.lines().map(of_line).collect()
}

/// `Id` → cell of a column, for the rows of a file of a run.
fn cells(desk: &FilledPortal, file: &str, column: &str) -> BTreeMap<String, String> {
    let rows = desk.here.rows(file).into_iter();
    rows.map(|row| (row["Id"].clone(), row[column].clone()))
        .collect()
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(id, word)| (id.to_owned(), word.to_owned()))
        .into()
}

fn held<const N: usize>(pairs: [(&str, &[&str]); N]) -> BTreeMap<String, Vec<String>> {
    let own = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    pairs.map(|(id, ids)| (id.to_owned(), own(ids))).into()
}

#[test]
fn a_new_ticket_is_linked_by_domain_by_id_by_a_unique_property_and_under_a_label() {
    let desk = a_desk();
    label(&desk, "contacts", "Requester");
    let unique = json!({"name": "tax_id", "label": "Tax id", "groupName": "companyinformation",
        "type": "string", "fieldType": "text", "hasUniqueValue": true});
    desk.call("POST", "/crm/v3/properties/companies", &unique);
    let peak = made(
        &desk,
        "companies",
        &json!({"name": "Peak", "domain": "peak.example", "tax_id": "P1"}),
    );
    let _twin = made(
        &desk,
        "companies",
        &json!({"name": "Twin", "domain": "twin.example"}),
    );
    let _twin = made(
        &desk,
        "companies",
        &json!({"name": "Twin", "domain": "twin.example"}),
    );
    let deal = made(&desk, "deals", &json!({"dealname": "Chairs"}));
    let more = [
        link(
            "contacts",
            "email",
            "Mail",
            "missing = \"create\"\nlabel = \"requester\"\n",
        ),
        link("companies", "domain", "Site", ""),
        link(
            "companies",
            "tax_id",
            "Tax",
            "missing = \"create\"\nproperties = { name = \"Subject\" }\n",
        ),
        link(
            "deals",
            "id",
            "Deals",
            "missing = \"skip\"\nsplit = \";\"\n",
        ),
    ];
    let csv = format!(
        "Id,Subject,Mail,Site,Tax,Deals\n\
         1,Lamp,a@l.example,PEAK.example,P1,{deal};{deal}\n\
         2,FilledPortal,,twin.example,,\n\
         3,Door,,none.example,,\n\
         4,Wall,A@L.example,,P2,999\n\
         5,Roof,,,,\n"
    );
    import(&desk, &csv, &more.concat()).expect(3);
    let refused = map([("2", "AMBIGUOUS"), ("3", "COMPANY_MISSING")]);
    assert_eq!(cells(&desk, "run/refused.csv", "_code"), refused);
    let columns = map([("2", "Site"), ("3", "Site")]);
    assert_eq!(cells(&desk, "run/refused.csv", "_column"), columns);
    let companies = links(&desk, "companies");
    assert_eq!(companies["1"], [peak], "one company, told twice");
    assert_eq!(
        (companies["4"].len(), companies["5"].len()),
        (1, 0),
        "made by its tax id"
    );
    let contacts = links(&desk, "contacts");
    assert!(contacts["1"][0].ends_with(" Requester"), "{contacts:?}");
    assert_eq!(contacts["1"], contacts["4"]);
    assert_eq!(
        links(&desk, "deals"),
        held([("1", &[&deal]), ("4", &[]), ("5", &[])])
    );
}

#[test]
fn labels_and_properties_that_the_portal_lacks_are_told_before_anything_is_sent() {
    let desk = a_desk();
    label(&desk, "contacts", "Billing");
    let mail = |more| link("contacts", "email", "Mail", more);
    let table = [
        (
            mail("label = \"Boss\"\n"),
            "have no label \"Boss\" in the portal; they have \"Billing\"",
        ),
        (
            link("companies", "tax", "Mail", ""),
            "the portal has no company property tax",
        ),
        (
            link("companies", "domain", "Mail", "missing = \"create\"\n"),
            "the values of the company property domain are not unique",
        ),
    ];
    for (more, words) in table {
        import(&desk, "Id,Subject,Mail\n1,Lamp,x\n", &more)
            .expect(64)
            .says(words);
    }
    let nothing = run(&desk, "associate", ("Id\n1\n", TICKET), "none").expect(64);
    nothing.says("the mapping has no [[associate]]");
    let parent = link("tickets", "key", "Parent", "");
    let more = format!("{TICKET}{parent}");
    let rows = ("Id,Subject,Parent\n1,Lamp,\n", more.as_str());
    run(&desk, "import --no-key", rows, "none")
        .expect(64)
        .says("by their keys");
    assert_eq!(
        desk.export("--properties subject")
            .expect(0)
            .stdout
            .lines()
            .count(),
        1
    );
}

/// The id of each ticket, by its key.
fn ids(desk: &FilledPortal) -> BTreeMap<String, String> {
    let rows = desk.export("--properties desk_id -o ids.csv");
    rows.expect(0);
    let rows = desk.here.rows("ids.csv").into_iter();
    rows.map(|row| (row["desk_id"].clone(), row["hs_object_id"].clone()))
        .collect()
}

const FAMILY: &str =
    "Id,Subject,Parent\n1,Lamp,3\n2,FilledPortal,1\n3,Door,\n4,Wall,9\n5,,1\n6,Roof,5\n7,Self,7\n";

#[test]
fn tickets_of_one_file_are_linked_wherever_they_stand_in_it() {
    let desk = a_desk();
    let ended = import(&desk, FAMILY, &link("tickets", "key", "Parent", "")).expect(3);
    let refused = map([
        ("4", "LINKED_TICKET_MISSING"),
        ("5", "MISSING_VALUE"),
        ("6", "LINKED_TICKET_MISSING"),
        ("7", "LINK_REFUSED"),
    ]);
    assert_eq!(
        cells(&desk, "run/refused.csv", "_code"),
        refused,
        "{}",
        ended.stderr
    );
    let hint = &cells(&desk, "run/refused.csv", "_hint")["4"];
    let ids = ids(&desk);
    let words = format!(
        "ticket {} is there, but not this link: the portal has no such ticket",
        ids["4"]
    );
    assert!(
        hint.contains(&words) && hint.contains("`tickethaul retry`"),
        "{hint}"
    );
    let (one, two, three) = (&*ids["1"], &*ids["2"], &*ids["3"]);
    let expected = held([
        ("1", &[two, three]),
        ("2", &[one]),
        ("3", &[one]),
        ("4", &[]),
        ("6", &[]),
        ("7", &[]),
    ]);
    let linked = links(&desk, "tickets");
    for (key, mut others) in expected {
        others.sort_unstable();
        assert_eq!(linked[&key], others, "{key}");
    }
    // What the hint says works: the corrected rows are given to `associate`.
    let rows = "Id,Subject,Parent\n4,Wall,1\n6,Roof,3\n";
    let more = link("tickets", "key", "Parent", "");
    run(&desk, "associate", (rows, &more), "later").expect(0);
    assert_eq!(links(&desk, "tickets")["6"], [three]);
}

#[test]
fn a_link_between_tickets_is_left_out_where_the_mapping_says_skip() {
    let desk = a_desk();
    let parent = link("tickets", "key", "Parent", "missing = \"skip\"\n");
    let rows = FAMILY.replace("7,Self,7\n", "");
    import(&desk, &rows, &parent).expect(3);
    assert_eq!(
        cells(&desk, "run/refused.csv", "_code"),
        map([("5", "MISSING_VALUE")])
    );
    assert_eq!(links(&desk, "tickets")["4"], [""; 0]);
}

#[test]
fn behind_a_limit_rows_wait_for_tickets_that_may_come() {
    let desk = a_desk();
    let more = format!("{TICKET}{}", link("tickets", "key", "Parent", ""));
    let rows = (
        "Id,Subject,Parent\n1,Lamp,3\n2,FilledPortal,1\n3,Door,\n",
        more.as_str(),
    );
    let words = ["import", "--create-properties", "--limit", "2"];
    run(&desk, words, rows, "run").expect(5);
    assert_eq!(cells(&desk, "run/done.csv", "_fate"), map([("2", "done")]));
    let status = desk.here.run("status run").expect(0);
    let words = "1 written, with links or notes to come";
    assert!(status.stdout.contains(words), "{}", status.stdout);
    desk.run("resume run --no-limit").expect(0);
    assert_eq!(cells(&desk, "run/done.csv", "_fate").len(), 3);
    let ids = ids(&desk);
    assert_eq!(links(&desk, "tickets")["3"], [&*ids["1"]]);
}

#[test]
fn changed_tickets_are_linked_once_they_are_written() {
    let desk = a_desk();
    import(&desk, "Id,Subject\n1,Lamp\n2,FilledPortal\n3,Door\n", "").expect(0);
    let deal = made(&desk, "deals", &json!({"dealname": "Chairs"}));
    let more = [
        "[properties]\nsubject = \"Subject\"\n",
        &link("deals", "id", "Deal", ""),
    ]
    .concat();
    let csv = format!("Id,Subject,Deal\n1,Lamp,{deal}\n2,Table,{deal}\n3,Gate,999\n");
    let words = "import --op update --diff";
    run(&desk, words, (&csv, &more), "update").expect(3);
    let operations = map([("1", "link"), ("2", "update")]);
    assert_eq!(cells(&desk, "update/done.csv", "_operation"), operations);
    assert_eq!(
        cells(&desk, "update/refused.csv", "_code"),
        map([("3", "DEAL_MISSING")])
    );
    let expected = held([("1", &[&deal]), ("2", &[&deal]), ("3", &[])]);
    assert_eq!(links(&desk, "deals"), expected);
    run(&desk, words, (&csv, &more), "again").expect(3);
    let fates = map([("1", "unchanged"), ("2", "unchanged")]);
    assert_eq!(cells(&desk, "again/done.csv", "_fate"), fates);
    // An upsert makes tickets that links of earlier rows lead to.
    let more = format!("{TICKET}{}", link("tickets", "key", "Parent", ""));
    let rows = (
        "Id,Subject,Parent\n2,Table,8\n8,Leg,\n9,Top,1\n",
        more.as_str(),
    );
    run(&desk, "import --op upsert", rows, "upsert").expect(0);
    let operations = map([("2", "link"), ("8", "create"), ("9", "create")]);
    assert_eq!(cells(&desk, "upsert/done.csv", "_operation"), operations);
    let ids = ids(&desk);
    let linked = links(&desk, "tickets");
    assert_eq!(
        (&linked["8"], &linked["1"]),
        (&vec![ids["2"].clone()], &vec![ids["9"].clone()])
    );
}

#[test]
fn links_alone_are_made_and_cut_and_what_is_so_already_is_unchanged() {
    let desk = a_desk();
    label(&desk, "contacts", "Requester");
    label(&desk, "contacts", "Watcher");
    import(
        &desk,
        "Id,Subject\n1,Lamp\n2,FilledPortal\n3,Door\n4,Wall\n",
        "",
    )
    .expect(0);
    let all = ids(&desk);
    desk.archive(&[all["4"].parse().expect("an id")]);
    let csv = "Id,Mail\n1,a@l.example\n2,a@l.example\n2,b@l.example\n3,\n4,a@l.example\n9,a@l.example\n1,nobody\n1,a@l.example,x\n";
    let labelled = |words: &str| {
        let more = format!("missing = \"create\"\nlabel = \"{words}\"\n");
        link("contacts", "email", "Mail", &more)
    };
    run(&desk, "associate", (csv, &labelled("Requester")), "made").expect(3);
    let codes: Vec<String> = {
        let rows = desk.here.rows("made/refused.csv").into_iter();
        rows.map(|row| format!("{} {}", row["_code"], row["_column"]))
            .collect()
    };
    let mut codes = codes;
    codes.sort_unstable();
    let expected = [
        "INVALID_EMAIL Mail",
        "RAGGED_ROW ",
        "TICKET_ARCHIVED Id",
        "TICKET_MISSING Id",
    ];
    assert_eq!(codes, expected);
    let done = desk.here.rows("made/done.csv").into_iter();
    let done: Vec<String> = done
        .map(|row| format!("{}{}{}", row["Id"], row["_fate"], row["_operation"]))
        .collect();
    assert_eq!(done.len(), 4);
    assert!(done.contains(&"3unchangedassociate".to_owned()), "{done:?}");
    assert_eq!(
        done.iter().filter(|row| row.ends_with("donelink")).count(),
        3
    );
    let linked = links(&desk, "contacts");
    assert_eq!(
        (linked["1"].len(), linked["2"].len(), linked["3"].len()),
        (1, 2, 0)
    );
    assert!(linked["1"][0].ends_with(" Requester"));
    // Another label leaves the first; the same again changes nothing.
    let two = "Id,Mail\n1,a@l.example\n2,b@l.example\n";
    run(&desk, "associate", (two, &labelled("Watcher")), "watcher").expect(0);
    let labels = links(&desk, "contacts")["1"][0].clone();
    assert!(
        labels.contains("Requester") && labels.contains("Watcher"),
        "{labels}"
    );
    let ended = run(&desk, "associate", (two, &labelled("Watcher")), "same").expect(0);
    let unchanged = map([("1", "unchanged"), ("2", "unchanged")]);
    assert_eq!(
        cells(&desk, "same/done.csv", "_fate"),
        unchanged,
        "{}",
        ended.stderr
    );
    // A label is cut alone; without a label the whole link goes, and what is not there
    // is unchanged. Nobody is created to be unlinked.
    run(&desk, "dissociate", (two, &labelled("Requester")), "cut").expect(0);
    assert_eq!(
        cells(&desk, "cut/done.csv", "_fate"),
        map([("1", "done"), ("2", "done")])
    );
    assert!(links(&desk, "contacts")["1"][0].ends_with(" Watcher"));
    let three = "Id,Mail\n1,a@l.example\n2,a@l.example\n3,a@l.example\n2,new@l.example\n";
    let plain = link("contacts", "email", "Mail", "missing = \"create\"\n");
    run(&desk, "dissociate", (three, &plain), "all").expect(3);
    assert_eq!(
        cells(&desk, "all/refused.csv", "_code"),
        map([("2", "CONTACT_MISSING")])
    );
    let fates = map([("1", "done"), ("2", "done"), ("3", "unchanged")]);
    assert_eq!(cells(&desk, "all/done.csv", "_fate"), fates);
    let linked = links(&desk, "contacts");
    assert_eq!((linked["1"].len(), linked["2"].len()), (0, 1));
}

#[test]
fn tickets_are_named_by_record_id_too() {
    let desk = a_desk();
    import(&desk, "Id,Subject\n1,Lamp\n", "").expect(0);
    let company = made(&desk, "companies", &json!({"name": "Peak"}));
    let ticket = ids(&desk)["1"].clone();
    let mapping = format!(
        "version = 1\n[key]\nrecord_id = {{ column = \"Ticket\" }}\n{}",
        link("companies", "id", "Company", "label = \"Primary\"\n")
    );
    desk.here.write("by-id.toml", mapping);
    desk.here.write(
        "by-id.csv",
        format!("Ticket,Company\n{ticket},{company}\n17,{company}\n"),
    );
    desk.run("associate by-id.csv -m by-id.toml --run-dir by-id")
        .expect(3);
    let refused = desk.here.rows("by-id/refused.csv");
    assert_eq!(
        (refused.len(), refused[0]["_code"].as_str()),
        (1, "TICKET_MISSING")
    );
    assert_eq!(
        links(&desk, "companies")["1"],
        [format!("{company} Primary")]
    );
}

#[test]
fn what_clashes_with_the_portal_is_named_before_the_first_link() {
    let desk = a_desk();
    import(&desk, "Id,Subject\n1,Lamp\n", "").expect(0);
    let property = |name: &str, kind: &str| {
        json!({"name": name, "label": name, "type": kind, "fieldType": if kind == "number" { "number" } else { "text" },
               "groupName": "ticketinformation"})
    };
    desk.call(
        "POST",
        "/crm/v3/properties/tickets",
        &property("effort", "number"),
    );
    desk.call(
        "POST",
        "/crm/v3/properties/tickets",
        &property("color", "string"),
    );
    let defined = |name: &str, kind: &str| {
        format!("[[property]]\nname = \"{name}\"\nlabel = \"{name}\"\ntype = \"{kind}\"\n")
    };
    let mail = link("contacts", "email", "Mail", "missing = \"create\"\n");
    let more = [
        defined("effort", "string"),
        defined("color", "number"),
        defined("brand_new", "string"),
        mail.clone(),
    ];
    let rows = "Id,Mail\n1,a@l.example\n";
    for word in ["associate", "dissociate"] {
        let ended = run(&desk, [word], (rows, &more.concat()), word).expect(7);
        for line in [
            "error: the portal and the mapping differ\n",
            "\n  effort is of type number in the portal, the mapping defines string\n",
            "\n  color is of type string in the portal, the mapping defines number\n",
        ] {
            assert!(ended.stderr.contains(line), "{line}\n{}", ended.stderr);
        }
        assert!(!desk.here.path(word).exists(), "nothing was begun");
    }
    // What the portal lacks is nothing to links, and stays lacking.
    let more = format!("{}{mail}", more[2]);
    run(&desk, "associate", (rows, &more), "made").expect(0);
    let known = desk.call("GET", "/crm/v3/properties/tickets", &Value::Null);
    assert!(!known.to_string().contains("brand_new"), "{known}");
    // Without the key no ticket can be found.
    let other = a_desk();
    let ended = run(&other, "associate", (rows, &more), "made").expect(7);
    ended.says("the portal has no ticket property desk_id");
}

#[test]
fn rows_of_one_ticket_that_ask_for_the_same_links_agree_in_any_order() {
    let desk = a_desk();
    import(&desk, "Id,Subject\n1,Lamp\n", "").expect(0);
    let mails = "[[associate]]\nto = \"contacts\"\nby = \"email\"\ncolumn = \"Mail\"\nsplit = \";\"\nmissing = \"create\"\n";
    let more = format!("{TICKET}{mails}");
    let rows = "Id,Subject,Mail\n1,Lamp,a@l.example;b@l.example\n1,Lamp,b@l.example;a@l.example\n1,Lamp,c@l.example\n";
    let ended = run(&desk, "associate", (rows, &more), "made").expect(3);
    let refused = desk.here.rows("made/refused.csv");
    assert_eq!(refused.len(), 1, "{}", ended.stderr);
    assert_eq!(refused[0]["Mail"], "c@l.example");
    assert_eq!(links(&desk, "contacts")["1"].len(), 2);
    // For a row that is refused for its key nothing is created.
    let path = "/crm/v3/objects/contacts?properties=email&limit=100";
    let contacts = desk.call("GET", path, &Value::Null);
    let contacts = contacts["results"].as_array().expect("contacts").iter();
    let mails = contacts.filter_map(|contact| contact["properties"]["email"].as_str());
    let mut mails: Vec<&str> = mails.filter(|mail| mail.ends_with("@l.example")).collect();
    mails.sort_unstable();
    assert_eq!(mails, ["a@l.example", "b@l.example"]);
}
