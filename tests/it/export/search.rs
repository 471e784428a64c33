//! Exports by filter on portals with very many properties, and filters that are too
//! long for a search (protocol E5).

use serde_json::{Value, json};

use crate::support::FilledPortal;
use crate::support::between::through;

/// A portal with 700 properties beyond HubSpot's own, and 230 tickets with some of them.
fn wide() -> (FilledPortal, Vec<u64>) {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let name = |n: usize| format!("source_field_number_{n:03}");
    let numbers: Vec<usize> = (0..700).collect();
    for part in numbers.chunks(100) {
        let inputs = part.iter().map(|n| {
            json!({
                "name": name(*n), "label": format!("Field {n}"), "groupName": "ticketinformation",
                "type": "string", "fieldType": "text",
            })
        });
        let body = json!({"inputs": inputs.collect::<Vec<_>>()});
        desk.call("POST", "/crm/v3/properties/tickets/batch/create", &body);
    }
    let ids = desk.create(
        230,
        |n| json!({"subject": format!("Ticket {n}"), name(0): n.to_string(), name(699): "last"}),
    );
    (desk, ids)
}

#[test]
fn all_of_seven_hundred_properties_are_exported_by_filter() {
    let (desk, ids) = wide();
    let all = "--where 'subject is set'";
    let more = "--limit 205 --history subject --with contacts";
    for (file, more) in [("a.csv", ""), ("b.csv", more)] {
        desk.export((format!("--all-properties -o {file}"), all, more))
            .expect(0);
        let expected = if file == "b.csv" { &ids[..205] } else { &ids };
        assert_eq!(desk.ids(file), expected, "{file}");
        let rows = desk.here.rows(file);
        assert!(rows[0].len() > 700, "{file}");
        for row in rows {
            let number = row["subject"].trim_start_matches("Ticket ");
            assert_eq!(row["source_field_number_000"], number, "{file}");
            assert_eq!(row["source_field_number_699"], "last", "{file}");
        }
    }
}

/// Seven hundred columns, the recycle bin and other records: exact after each run.
#[test]
fn a_data_set_of_seven_hundred_properties_stays_exact() {
    let (desk, ids) = wide();
    desk.link_contacts(&ids[..3], 2);
    let nightly = |set| {
        let with = "--with contacts.email,companies,notes";
        let args = "--all-properties --archived include --since last";
        desk.export((args, with, format!("-o {set}"))).expect(0);
    };
    nightly("lake");
    desk.archive(&ids[1..4]);
    let change = json!({"subject": "changed", "source_field_number_350": "1"});
    let changed = ids[10..30].iter();
    let inputs = changed.map(|id| json!({"id": id.to_string(), "properties": change}));
    let body = json!({"inputs": inputs.collect::<Vec<_>>()});
    desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    nightly("lake");
    nightly("fresh");
    for name in ["tickets", "deleted", "links", "contacts"] {
        let rows = |set| crate::support::data_set::table(&desk, set, name);
        let (held, expected) = (rows("lake"), rows("fresh"));
        assert!(!held.is_empty(), "{name}");
        assert_eq!(held.len(), expected.len(), "{name}");
        assert!(held == expected, "{name}");
    }
}

/// Ids come from the search, values from the store: what goes between the two is left
/// out, also where it ends a page.
#[test]
fn what_goes_between_search_and_read_is_left_out() {
    let (desk, ids) = wide();
    let gone = [ids[3], ids[199], ids[229]];
    let happened = std::sync::atomic::AtomicBool::new(false);
    let ended = through(
        &desk,
        "export --all-properties --where 'subject is set' -o a.csv",
        &|asked, send| {
            if asked.is_to("tickets/batch/read")
                && !happened.swap(true, std::sync::atomic::Ordering::SeqCst)
            {
                desk.archive(&gone);
            }
            send()
        },
    );
    ended.expect(0);
    let expected: Vec<u64> = ids.into_iter().filter(|id| !gone.contains(id)).collect();
    assert_eq!(desk.ids("a.csv"), expected);
}

/// The first tickets are the first ones, also where one of them goes meanwhile.
#[test]
fn a_limit_is_filled_up_from_what_comes_next() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let ids = desk.create(60, |n| json!({"subject": format!("Ticket {n}")}));
    let args = "export --properties subject --history subject --where 'subject is set' --limit 10 \
                -o a.csv";
    let happened = std::sync::atomic::AtomicBool::new(false);
    let ended = through(&desk, args, &|asked, send| {
        if asked.is_to("tickets/batch/read")
            && !happened.swap(true, std::sync::atomic::Ordering::SeqCst)
        {
            desk.archive(&ids[2..4]);
        }
        send()
    });
    ended.expect(0);
    assert_eq!(desk.ids("a.csv"), [&ids[..2], &ids[4..12]].concat());
}

#[test]
fn a_filter_that_no_search_takes_is_refused_before_any_ticket_is_read() {
    let desk = FilledPortal::new("--rate off");
    let ids: Vec<String> = (0..400)
        .map(|n| (21_000_000_000_u64 + n).to_string())
        .collect();
    let filter = format!("subject is set and hs_object_id in ({})", ids.join(", "));
    let args = format!("export --properties subject --where '{filter}' -o a.csv");
    let tickets_asked = std::sync::atomic::AtomicUsize::new(0);
    let ended = through(&desk, args, &|asked, send| {
        if asked.is_to("/objects/2026-09/tickets") {
            let _count = tickets_asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        send()
    });
    ended
        .expect(64)
        .says("HubSpot takes 3000")
        .says("are for hs_object_id: shorten what is asked of it")
        .says("--ids-from takes any number of ids from a file");
    assert_eq!(tickets_asked.into_inner(), 0);
    assert!(
        !desk.here.path("tickethaul-runs").exists(),
        "nothing was begun"
    );
}

/// Companies are looked for by name, in searches that may not be too long either.
#[test]
fn links_by_long_names_are_searched_in_portions() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let name = |n: usize| {
        format!("Company {n} {}", "of a very long name ".repeat(20))
            .trim()
            .to_owned()
    };
    for n in 0..8 {
        let body = json!({"properties": {"name": name(n)}});
        desk.call("POST", "/crm/v3/objects/companies", &body);
    }
    let tickets = desk.create(9, |n| json!({"subject": format!("Ticket {n}")}));
    let mut rows = "Ticket,Company\n".to_owned();
    for (n, ticket) in tickets.iter().take(8).enumerate() {
        rows.push_str(&format!("{ticket},{}\n", name(n)));
    }
    rows.push_str(&format!("{},{}\n", tickets[8], "x".repeat(4_000)));
    desk.here.write("links.csv", rows);
    desk.here.write(
        "links.toml",
        "version = 1\n[key]\nrecord_id = { column = \"Ticket\" }\n\n[[associate]]\nto = \"companies\"\nby = \"name\"\ncolumn = \"Company\"\nmissing = \"refuse\"\n",
    );
    desk.run("associate links.csv -m links.toml --run-dir run")
        .expect(3);
    let refused = desk.here.rows("run/refused.csv");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["Ticket"], tickets[8].to_string());
    assert!(
        refused[0]
            .values()
            .any(|cell| cell.contains("too long to be searched for")),
        "{refused:?}"
    );
    let inputs: Vec<Value> = tickets
        .iter()
        .map(|id| json!({"id": id.to_string()}))
        .collect();
    let path = "/crm/v4/associations/tickets/companies/batch/read";
    let linked = desk.call("POST", path, &json!({"inputs": inputs}));
    assert_eq!(linked["results"].as_array().map(Vec::len), Some(8));
}
