//! The sample: it is what its generator writes, byte for byte, and it shows what its
//! prose promises. The generator's own tests run here too, as its module is included.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[path = "../../../samples/tickets/mod.rs"]
mod tickets;

use tickets::{Attached, History, Request, write_export, write_history};

/// The command in the prose of `samples/generate.rs`.
const DOCUMENTED: Request = Request {
    rows: 1200,
    seed: 7,
    with_mistakes: true,
};

fn generated(request: Request) -> Vec<u8> {
    let mut file = Vec::new();
    write_export(request, &mut file).expect("the generator writes into memory");
    file
}

/// A file as header and records.
struct Sheet {
    header: csv::StringRecord,
    records: Vec<csv::StringRecord>,
}

impl Sheet {
    fn of(request: Request) -> Sheet {
        let file = generated(request);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(file.as_slice());
        Sheet {
            header: reader.headers().expect("a header").clone(),
            records: reader
                .records()
                .collect::<Result<_, _>>()
                .expect("UTF-8 records"),
        }
    }

    fn index(&self, column: &str) -> usize {
        self.header
            .iter()
            .position(|name| name == column)
            .unwrap_or_else(|| panic!("no column {column:?}"))
    }

    /// The cells of a column, from all records that are not ragged.
    fn column<'a>(&'a self, column: &str) -> impl Iterator<Item = &'a str> {
        let idx = self.index(column);
        self.records
            .iter()
            .filter(|record| record.len() == self.header.len())
            .map(move |record| &record[idx])
    }

    fn values(&self, column: &str) -> BTreeSet<&str> {
        self.column(column).collect()
    }

    /// Record number (from 1) and cells of a column where they are such.
    fn where_cell(&self, column: &str, such: impl Fn(&str) -> bool) -> Vec<(usize, &str)> {
        let idx = self.index(column);
        let cells = self.records.iter().map(|record| &record[idx]);
        cells
            .enumerate()
            .filter(|(_, cell)| such(cell))
            .map(|(number, cell)| (number + 1, cell))
            .collect()
    }
}

fn sample() -> Sheet {
    Sheet::of(DOCUMENTED)
}

#[test]
fn the_sample_is_what_the_documented_command_writes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = std::fs::read(root.join("samples/zendesk-tickets.csv")).expect("the sample");
    assert!(
        committed == generated(DOCUMENTED),
        "samples/zendesk-tickets.csv differs: run the command in samples/generate.rs"
    );
    let prose = std::fs::read_to_string(root.join("samples/generate.rs")).expect("the source");
    let command = "-- --rows 1200 --seed 7 --with-mistakes -o samples/zendesk-tickets.csv";
    assert!(prose.contains(command));
}

/// The conversations as their command writes them.
pub fn history(is_later: bool) -> Vec<u8> {
    history_with_files(is_later).0
}

/// The same, with the files that they name.
fn history_with_files(is_later: bool) -> (Vec<u8>, BTreeMap<String, String>) {
    let history = History {
        tickets: 300,
        seed: 11,
        is_later,
    };
    let (mut file, mut files) = (Vec::new(), BTreeMap::new());
    let keep = |file: &Attached| {
        let other = files.insert(file.name.clone(), file.bytes.clone());
        assert_eq!(other, None, "each file has a name of its own");
        Ok(())
    };
    write_history(history, &mut file, keep).expect("the generator writes into memory");
    (file, files)
}

#[test]
fn the_sample_of_files_is_what_the_documented_command_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/zendesk-history-files");
    let entries = std::fs::read_dir(folder).expect("the sample");
    let committed = entries.map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a plain name");
        (name, std::fs::read_to_string(entry.path()).expect("a text"))
    });
    let committed: BTreeMap<String, String> = committed.collect();
    let (_, files) = history_with_files(false);
    assert!(committed == files, "run the command in samples/generate.rs");
    assert_eq!(files.len(), 400);
    assert_eq!(history_with_files(true).1, files, "no file is new later");
}

#[test]
fn the_sample_of_conversations_is_what_the_documented_commands_write() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let prose = std::fs::read_to_string(root.join("samples/generate.rs")).expect("the source");
    for (is_later, flag, name) in [
        (false, "", "samples/zendesk-history.jsonl"),
        (true, "--later ", "samples/zendesk-history-later.jsonl"),
    ] {
        let committed = std::fs::read(root.join(name)).expect("the sample");
        assert!(
            committed == history(is_later),
            "{name} differs: run the command in samples/generate.rs"
        );
        let command = format!("-- --history {flag}--rows 300 --seed 11 -o {name}");
        assert!(prose.contains(&command), "{command}");
    }
}

#[test]
fn a_later_day_has_new_tickets_changed_ones_and_more_answers() {
    let tickets = |is_later| -> Vec<serde_json::Value> {
        let file = String::from_utf8(history(is_later)).expect("UTF-8");
        let lines = file.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("JSON")
    };
    let said = |ticket: &serde_json::Value| ticket["comments"].as_array().map_or(0, Vec::len);
    let (first, later) = (tickets(false), tickets(true));
    assert_eq!((first.len(), later.len()), (300, 350));
    // The first comment is the description.
    let answers = |tickets: &[serde_json::Value]| -> usize {
        tickets.iter().map(|ticket| said(ticket) - 1).sum()
    };
    assert_eq!((answers(&first), answers(&later)), (2_000, 2_700));
    let both = || first.iter().zip(&later);
    assert!(both().all(|(one, other)| one["id"] == other["id"]));
    assert_eq!(both().filter(|(one, other)| one != other).count(), 200);
    for ticket in &later {
        let comments = ticket["comments"].as_array().expect("comments");
        let times: Vec<&str> = comments
            .iter()
            .filter_map(|one| one["created_at"].as_str())
            .collect();
        assert!(
            times.is_sorted() && times.len() == comments.len(),
            "{times:?}"
        );
        let ids: BTreeSet<u64> = comments
            .iter()
            .filter_map(|one| one["id"].as_u64())
            .collect();
        assert_eq!(ids.len(), comments.len());
    }
}

#[test]
fn the_same_request_gives_the_same_file_and_another_seed_another() {
    let request = |seed| Request {
        rows: 300,
        seed,
        with_mistakes: false,
    };
    assert!(generated(request(1)) == generated(request(1)));
    assert!(generated(request(1)) != generated(request(2)));
}

#[test]
fn without_the_flag_no_row_is_spoilt() {
    let sheet = Sheet::of(Request {
        rows: 3_000,
        seed: 11,
        with_mistakes: false,
    });
    assert_eq!(sheet.column("Id").count(), 3_000, "none is ragged");
    assert_eq!(sheet.values("Id").len(), 3_000, "none repeats an id");
    assert!(sheet.values("Subject").iter().all(|text| !text.is_empty()));
    assert!(!sheet.values("Assignee").contains("Alex Kim"));
    assert_eq!(
        sheet.values("Status"),
        BTreeSet::from(["closed", "hold", "new", "open", "pending", "solved"])
    );
    for email in sheet.values("Requester email") {
        assert!(
            email.is_empty() || email.matches('@').count() == 1,
            "{email}"
        );
    }
}

#[test]
fn too_few_rows_for_the_mistakes_are_an_error() {
    let request = Request {
        rows: 20,
        ..DOCUMENTED
    };
    assert!(write_export(request, Vec::new()).is_err());
}

#[test]
fn exactly_seven_rows_are_spoilt_each_in_its_own_way() {
    let sheet = sample();
    let ragged: Vec<usize> = sheet
        .records
        .iter()
        .enumerate()
        .filter(|(_, record)| record.len() != sheet.header.len())
        .map(|(number, record)| {
            assert_eq!(record.len(), sheet.header.len() + 1);
            number + 1
        })
        .collect();
    let first_id = &sheet.records[0][1];
    let mut spoilt = BTreeSet::from_iter(ragged);
    for (column, wrong) in [
        ("Status", "opne"),
        ("Created at", "31/02/2021 25:61"),
        ("Subject", ""),
        ("Assignee", "Alex Kim"),
        ("Requester email", "grace.okafor(at)bluepeak.example"),
    ] {
        let found = sheet.where_cell(column, |cell| cell == wrong);
        assert_eq!(found.len(), 1, "{column}");
        assert!(spoilt.insert(found[0].0), "{column}");
    }
    let same_id = sheet.where_cell("Id", |cell| cell == first_id);
    assert_eq!(same_id.len(), 2);
    assert!(spoilt.insert(same_id[1].0), "Id");
    assert_eq!(spoilt.len(), 7, "{spoilt:?}");
    assert_eq!(
        sheet
            .records
            .iter()
            .map(|record| &record[1])
            .collect::<BTreeSet<_>>()
            .len(),
        sheet.records.len() - 1,
        "one id only stands twice"
    );
}

#[test]
fn every_status_priority_channel_and_type_occurs() {
    let sheet = sample();
    for (column, expected) in [
        (
            "Status",
            &["closed", "hold", "new", "open", "pending", "solved"][..],
        ),
        ("Priority", &["", "high", "low", "normal", "urgent"]),
        ("Via", &["api", "chat", "email", "phone", "web"]),
        (
            "Ticket type",
            &["", "incident", "problem", "question", "task"],
        ),
    ] {
        let values = sheet.values(column);
        for value in expected {
            assert!(values.contains(value), "{column} is never {value:?}");
        }
    }
    let years: BTreeSet<&str> = sheet
        .column("Created at")
        .filter_map(|at| at.get(..4).filter(|year| year.starts_with("20")))
        .collect();
    assert_eq!(years.len(), 7, "{years:?}");
}

#[test]
fn bodies_are_varied_long_and_in_many_languages() {
    let sheet = sample();
    assert!(sheet.records.len() >= 1_000);
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for body in sheet.column("Description") {
        *times.entry(body).or_default() += 1;
    }
    let most = times.iter().max_by_key(|(_, count)| **count);
    assert!(most.is_some_and(|(_, count)| *count <= 3), "{most:?}");

    // A word or letter that only one of the twelve languages has here.
    for sign in [
        "Please",
        "Bitte",
        "¿",
        "Bonjour",
        "não",
        "się",
        "Buongiorno",
        "です",
        "您",
        "습니다",
        "الطلب",
        "заказ",
    ] {
        let found = times.keys().filter(|body| body.contains(sign)).count();
        assert!(found >= 3, "{sign} stands in {found} bodies");
    }
    for sign in ['\n', ',', '"', ';', '😊', '👩', '\t', '{'] {
        assert!(
            times.keys().any(|body| body.contains(sign)),
            "no body has {sign:?}"
        );
    }
    let subjects = sheet.values("Subject").len();
    assert!(subjects > sheet.records.len() / 2, "{subjects} subjects");
}

#[test]
fn assignees_are_agents_of_their_time_and_an_eighth_have_none() {
    let sheet = sample();
    let unassigned = sheet.where_cell("Assignee", str::is_empty).len();
    assert!((100..=190).contains(&unassigned), "{unassigned}");
    let left = sheet.where_cell("Assignee", |name| name == "Oliver Brandt");
    assert!(!left.is_empty());
    for (number, _) in left {
        let created = &sheet.records[number - 1][sheet.index("Created at")];
        assert!(created < "2021", "record {number}: {created}");
    }
}

#[test]
fn tags_number_none_to_six_and_never_repeat_in_a_row() {
    let sheet = sample();
    let counts: BTreeSet<usize> = sheet
        .column("Tags")
        .map(|cell| {
            let tags: Vec<&str> = cell.split(',').filter(|tag| !tag.is_empty()).collect();
            let distinct: BTreeSet<&str> = tags.iter().copied().collect();
            assert_eq!(distinct.len(), tags.len(), "{cell}");
            tags.len()
        })
        .collect();
    assert_eq!(counts, BTreeSet::from_iter(0..=6));
}

#[test]
fn dates_of_a_row_run_forward_and_what_is_solved_says_when() {
    let sheet = sample();
    let at = |record: &csv::StringRecord, column| record[sheet.index(column)].to_owned();
    for record in &sheet.records {
        if record.len() != sheet.header.len() || at(record, "Created at").contains('/') {
            continue;
        }
        let course: Vec<String> = [
            "Created at",
            "Initially assigned at",
            "Assigned at",
            "Solved at",
            "Updated at",
        ]
        .map(|column| at(record, column))
        .into_iter()
        .filter(|cell| !cell.is_empty())
        .collect();
        assert!(course.is_sorted(), "{course:?}");
        let solved = ["solved", "closed"].contains(&at(record, "Status").as_str());
        assert_eq!(solved, !at(record, "Solved at").is_empty(), "{record:?}");
    }
}
