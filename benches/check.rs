//! How fast a whole file is checked against a mapping, beside the `csv` crate reading the
//! same bytes: 15 columns, rows of about 500 bytes, ten properties with the key among
//! them; then with the contact of each row too, and with two templates. Then `map init` of
//! the same file, and how much memory a check takes.
//!
//! `cargo bench --bench check`, or `-- 100000` for so many rows instead of a million.
//! `--profile dist` measures the binary as it is shipped.
//! Passes alternate and the best of five counts; files are in a temporary folder.

#![expect(clippy::print_stdout, reason = "what a benchmark is for")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tickethaul::import::check::{Allowance, Check, Setting, check};
use tickethaul::import::flow::Operation;
use tickethaul::import::read::{Input, Sources};
use tickethaul::import::survey::survey_dialect;
use tickethaul::mapping::propose::proposal;
use tickethaul::mapping::{For, MappingFile};
use tickethaul::model::check::CheckReport;
use tickethaul::model::dialect::Dialect;
use tickethaul::model::schema::{
    Owner, Pipeline, PropertyDef, PropertyOption, Schema, Stage, ValueType,
};

const ROWS: u64 = 1_000_000;
const PASSES: u32 = 5;
const ROW: usize = 500;

/// Asks this program to check a file and to tell its own memory.
const MEMORY: &str = "--memory-of";

fn main() -> io::Result<()> {
    let mut args = std::env::args();
    if args.any(|arg| arg == MEMORY) {
        let path = args.next().unwrap_or_default();
        let report = run(Path::new(&path), &with_contact())?;
        println!("{} rows: peak of memory {}", report.read, peak()?);
        return Ok(());
    }
    let asked = std::env::args().find_map(|arg| arg.parse().ok());
    let rows = asked.unwrap_or(ROWS);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tickets.csv");
    write(&path, rows)?;
    println!("{rows} rows, {} MB", path.metadata()?.len() / 1_000_000);
    let checked = |mapping: &str| run(&path, mapping).map(|report| report.ready);
    compare(&path, rows, "ten properties", || checked(PROPERTIES))?;
    compare(&path, rows, "and a contact", || checked(&with_contact()))?;
    compare(&path, rows, "and templates", || checked(&with_templates()))?;
    compare(&path, rows, "map init", || proposed(&path))?;
    for rows in [rows / 100, rows] {
        write(&path, rows)?;
        let program = std::env::current_exe()?;
        let told = Command::new(program).arg(MEMORY).arg(&path).output()?;
        print!("{}", String::from_utf8_lossy(&told.stdout));
    }
    Ok(())
}

fn compare(
    path: &Path,
    rows: u64,
    name: &str,
    pass: impl Fn() -> io::Result<u64>,
) -> io::Result<()> {
    let (mut bare, mut ours) = (Duration::MAX, Duration::MAX);
    for _ in 0..PASSES {
        bare = bare.min(time(|| read(path), rows)?);
        ours = ours.min(time(&pass, rows)?);
    }
    println!(
        "{name:14} csv crate {:6.2} s   ours {:6.2} s   ratio {:.2}",
        bare.as_secs_f64(),
        ours.as_secs_f64(),
        ours.as_secs_f64() / bare.as_secs_f64()
    );
    Ok(())
}

fn time(pass: impl Fn() -> io::Result<u64>, rows: u64) -> io::Result<Duration> {
    let start = Instant::now();
    assert_eq!(pass()?, rows, "every row counts");
    Ok(start.elapsed())
}

/// The `csv` crate alone.
fn read(path: &Path) -> io::Result<u64> {
    let mut reader = csv::Reader::from_reader(File::open(path)?);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record)? {
        rows += 1;
    }
    Ok(rows)
}

/// What `tickethaul check -m` does once it has the definitions of the portal.
fn run(path: &Path, mapping: &str) -> io::Result<CheckReport> {
    let sources = Sources::find(&[path.to_owned()], None).map_err(io::Error::other)?;
    let input = Input::open(sources, &Dialect::default()).map_err(io::Error::other)?;
    let schema = schema();
    let compile = || {
        MappingFile::parse("bench.toml", mapping)
            .and_then(|mapping| mapping.compile(input.headers(), &schema, For::Create))
            .map_err(|errors| io::Error::other(errors.render(false)))
    };
    let (mapping, readers) = (compile()?, compile()?);
    let what = Check {
        rules: tickethaul::model::value_rule::RuleBook::default(),
        operation: Operation::Create,
        mapping: &mapping,
        readers: Arc::new(readers),
        pipelines: &schema.pipelines,
        setting: Setting::default(),
        allowance: Allowance {
            rate: (190, Duration::from_secs(10)),
            daily_calls: None,
        },
        refused_to: None,
    };
    check(input, &what).map_err(io::Error::other)
}

/// What `tickethaul map init` does with a file: every cell is counted, a mapping proposed.
fn proposed(path: &Path) -> io::Result<u64> {
    let sources = Sources::find(&[path.to_owned()], None).map_err(io::Error::other)?;
    let dialect = Dialect::default();
    let input = Input::open(sources, &dialect).map_err(io::Error::other)?;
    let sounded = survey_dialect(input, &dialect).map_err(io::Error::other)?;
    let cells = &sounded.survey.cells;
    let proposed = proposal(cells, &sounded.dialect, "tickets.csv");
    assert!(proposed.text.contains("[key]"));
    Ok(cells.rows())
}

const PROPERTIES: &str = r#"version = 1
[source]
timezone = "America/New_York"
[key]
property = "source_ticket_id"
column = "Id"
prefix = "desk-"
[properties]
subject = "Subject"
content = "Description"
hs_pipeline_stage = { column = "Status", map = { new = "New", open = "Waiting on us", solved = "Closed" } }
hs_ticket_priority = { column = "Priority", map = { low = "Low", normal = "Medium", high = "High" } }
hubspot_owner_id = { column = "Assignee", lookup = "owner" }
createdate = { column = "Created at", format = "%Y-%m-%d %H:%M:%S" }
closed_date = { column = "Solved at", format = "%Y-%m-%d %H:%M:%S" }
source_tags = { column = "Tags", split = [" "], join = ";" }
source_group = "Group"
"#;

const CONTACT: &str = r#"
[[associate]]
to = "contacts"
by = "email"
column = "Requester email"
missing = "create"
properties = { firstname = "Requester" }
"#;

fn with_contact() -> String {
    format!("{PROPERTIES}{CONTACT}")
}

fn with_templates() -> String {
    with_contact()
        .replace(
            "source_group = \"Group\"",
            "source_group = { template = \"{{ col('Group') }} / {{ col('Channel') }}\" }",
        )
        .replace(
            "subject = \"Subject\"",
            "subject = { template = \"[{{ col('Id') }}] {{ col('Subject') }}\" }",
        )
}

fn schema() -> Schema {
    let tickets = [
        property("source_ticket_id", ValueType::String, &[]),
        property("subject", ValueType::String, &[]),
        property("content", ValueType::String, &[]),
        property("hs_pipeline_stage", ValueType::Stage, &[]),
        property(
            "hs_ticket_priority",
            ValueType::Enumeration,
            &["Low", "Medium", "High"],
        ),
        property("hubspot_owner_id", ValueType::Owner, &[]),
        property("createdate", ValueType::DateTime, &[]),
        property("closed_date", ValueType::DateTime, &[]),
        property("source_tags", ValueType::String, &[]),
        property("source_group", ValueType::String, &[]),
    ];
    let contacts = ["email", "firstname"].map(|name| property(name, ValueType::String, &[]));
    let stages = ["New", "Waiting on us", "Closed"].iter().zip(1..);
    let stage = |(label, id): (&&str, u32)| Stage {
        id: id.to_string(),
        label: (*label).to_owned(),
        closed: *label == "Closed",
    };
    let owner = |number: u64| Owner {
        id: (1_000 + number).to_string(),
        email: format!("agent{number}@example.com"),
        first_name: "Agent".to_owned(),
        last_name: number.to_string(),
        archived: false,
    };
    Schema {
        tickets: BTreeMap::from(tickets),
        contacts: BTreeMap::from(contacts),
        pipelines: vec![Pipeline {
            id: "0".to_owned(),
            label: "Support Pipeline".to_owned(),
            stages: stages.map(stage).collect(),
        }],
        owners: (0..AGENTS).map(owner).collect(),
        ..Schema::default()
    }
}

fn property(name: &str, value_type: ValueType, options: &[&str]) -> (String, PropertyDef) {
    let option = |label: &&str| PropertyOption {
        label: (*label).to_owned(),
        value: label.to_uppercase(),
    };
    let definition = PropertyDef {
        name: name.to_owned(),
        label: name.to_owned(),
        value_type,
        options: options.iter().map(option).collect(),
        external_options: false,
        read_only: false,
        unique: name == "source_ticket_id",
    };
    (name.to_owned(), definition)
}

const AGENTS: u64 = 40;

fn write(path: &Path, rows: u64) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(
        b"Id,Subject,Status,Priority,Assignee,Requester,Requester email,Created at,Solved at,Tags,\
          Group,Channel,Minutes,Language,Description\n",
    )?;
    (1..=rows).try_for_each(|number| file.write_all(row(number).as_bytes()))?;
    file.flush()
}

/// A ticket: short cells, and a description that is quoted, on three lines in one of
/// ten rows.
fn row(number: u64) -> String {
    let status = ["new", "open", "solved", "Solved"][number as usize % 4];
    let priority = ["low", "normal", "high"][number as usize % 3];
    let (day, agent, customer) = (number % 28 + 1, number % AGENTS, number % 200_000);
    let line_break = if number.is_multiple_of(10) { "\n" } else { " " };
    let mut text = format!(
        "{number},Printer on floor {} does not answer,{status},{priority},Agent {agent},Zoë Müller,\
         customer{customer}@example.com,2024-05-{day:02} 14:27:00,2024-06-{day:02} 08:00:12,\
         printer network floor,Hardware,mail,{},de,\"",
        number % 40,
        number % 9_000,
    );
    let sentence =
        format!("It hums, but prints nothing.{line_break}We tried \"\"restart\"\" twice, thanks. ");
    while text.len() + sentence.len() < ROW - 2 {
        text.push_str(&sentence);
    }
    while text.len() < ROW - 2 {
        text.push('.');
    }
    text.push_str("\"\n");
    text
}

/// The most memory that this process ever held; Linux tells.
fn peak() -> io::Result<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.unwrap_or("not told here").trim().to_owned())
}
