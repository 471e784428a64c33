//! `tickethaul get`: a few tickets as people and programs see them, and what is
//! reported of missing ones.

use serde_json::{Value, json};

use crate::support::{Args, Ended, FilledPortal, id};

fn get(desk: &FilledPortal, args: impl Args) -> Ended {
    desk.run(("get", args))
}

/// The JSON lines of stdout.
fn lines(ended: &Ended) -> Vec<Value> {
    let lines = ended.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect()
}

fn contact(desk: &FilledPortal) -> u64 {
    let page = desk.call("GET", "/crm/v3/objects/contacts?limit=1", &Value::Null);
    id(&page["results"][0])
}

#[test]
fn a_ticket_is_read_by_people_with_labels_links_and_former_values() {
    let desk = FilledPortal::new("--rate off");
    let ids = desk.create(1, |_| {
        json!({"subject": "No light", "content": "first\nsecond", "hs_ticket_priority": "HIGH"})
    });
    let (ticket, contact) = (ids[0].to_string(), contact(&desk).to_string());
    let path = format!("/crm/v3/objects/tickets/{ticket}");
    let change = json!({"properties": {"hs_pipeline_stage": "2"}});
    desk.call("PATCH", &path, &change);
    let link = format!("{path}/associations/contacts/{contact}/16");
    desk.call("PUT", &link, &Value::Null);
    let args = format!("{ticket} --associations contacts,companies --history hs_pipeline_stage");
    let ended = get(&desk, args).expect(0);
    let text = &ended.stdout;
    assert!(
        text.starts_with(&format!("ticket {ticket}  https://")),
        "{text}"
    );
    let word = |word: &str| {
        text.lines()
            .find(|line| line.trim_start().starts_with(word))
    };
    let line = |name: &str| word(name).unwrap_or_else(|| panic!("no {name} in\n{text}"));
    assert!(line("subject ").ends_with("  No light"), "{text}");
    assert!(
        line("hs_ticket_priority ").ends_with("  High (HIGH)"),
        "{text}"
    );
    assert!(
        line("hs_pipeline_stage ").ends_with("Waiting on contact (2)"),
        "{text}"
    );
    assert!(line("contacts ").ends_with(&contact), "{text}");
    assert!(word("companies ").is_none(), "{text}");
    let was = line("hs_pipeline_stage was");
    assert!(was.contains("  Waiting on contact (2)  "), "{text}");
    let before = text.lines().last().expect("a line");
    assert!(before.contains("  New (1)  "), "{text}");
    let column = line("content ").find("first").expect("the text");
    let second = text.lines().find(|line| line.ends_with("second"));
    assert_eq!(second.and_then(|line| line.find("second")), Some(column));
}

#[test]
fn programs_get_a_json_line_for_each_ticket_in_the_order_they_asked() {
    let (desk, ids) = FilledPortal::with_tickets(120);
    let mut asked: Vec<String> = ids.iter().map(u64::to_string).collect();
    asked.reverse();
    let mut args: Vec<&str> = asked.iter().map(String::as_str).collect();
    args.extend([
        "--json",
        "--properties",
        "subject,closed_date",
        "--associations",
        "contacts",
    ]);
    args.extend(["--history", "subject"]);
    let ended = get(&desk, &args).expect(0);
    let records = lines(&ended);
    let given: Vec<&str> = records
        .iter()
        .map(|record| record["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(given, asked);
    let first = &records[0];
    let properties = first["properties"].as_object().expect("properties");
    assert_eq!(
        properties.keys().collect::<Vec<_>>(),
        ["subject"],
        "unset: left out"
    );
    assert_eq!(first["associations"], json!({"contacts": []}));
    assert_eq!(
        first["history"]["subject"][0]["value"],
        properties["subject"]
    );
    assert_eq!(first["archived"], json!(false));
}

#[test]
fn tickets_are_found_by_a_unique_property_and_in_the_recycle_bin() {
    let desk = FilledPortal::new("--rate off");
    desk.unique_property("old_id");
    let ids = desk.create(
        3,
        |n| json!({"subject": format!("T{n}"), "old_id": format!("A-{n}")}),
    );
    desk.archive(&ids[..1]);
    let by_key = "--id-property old_id --properties subject --json";
    let archived = ids[0].to_string();
    let keys = "A-0 A-1 A-2";
    let ended = get(&desk, (keys, by_key)).expect(3);
    let records = lines(&ended);
    assert_eq!(records.len(), 2);
    let missing = records.iter().any(|record| record["id"] == *archived);
    assert!(!missing, "{records:?}");
    get(&desk, [&archived, "--archived"])
        .expect(0)
        .prints("(in the recycle bin)");
    get(&desk, &archived).expect(3).says(&format!(
        "not in the portal: {archived} (look with --archived"
    ));
}

#[test]
fn what_can_not_be_asked_is_told_before_anything_is_read() {
    let desk = FilledPortal::new("");
    let table: [(&[&str], &str); 5] = [
        (&["abc"], "`abc` is not a record id"),
        (&["1", "--properties", "subjekt"], "did you mean subject?"),
        (&["1", "--history", "nothing_like_it"], "no ticket property"),
        (
            &["A", "--id-property", "subject"],
            "the values of subject are not unique",
        ),
        (
            &["1", "--associations", "contact"],
            "write one of tickets, contacts",
        ),
    ];
    for (args, words) in table {
        get(&desk, args).expect(64).says(words);
    }
}
