//! Proposals for the samples, compared with the presets that people wrote for them.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde::Deserialize;

use super::{Match, Preset, Survey, from_preset, matches, proposal, recognise};
use crate::mapping::convert::{DateFormat, DateRule, ISO};
use crate::mapping::errors::Problems;
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::parse::parse;
use crate::mapping::syntax::{EntrySpec, KeyOrigin, LinkSpec, Origin};
use crate::mapping::{MappingFile, PRESETS};
use crate::model::dialect::Dialect;
use crate::model::row::{Cells, Headers};
use crate::model::schema::{ObjectName, ObjectType};

/// What `samples/NAME-tickets.toml` says of proposals for a sample.
#[derive(Deserialize)]
struct Sample {
    #[serde(skip)]
    name: String,
    preset: String,
    #[serde(default = "comma")]
    delimiter: char,
    /// Properties of the preset for which no column is proposed, or another.
    #[serde(default)]
    not_proposed: Vec<String>,
}

fn comma() -> char {
    ','
}

/// All of them; two that have stories of their own have no expectation.
fn samples() -> Vec<Sample> {
    let own = |name: &str, not_proposed: &[&str]| Sample {
        name: name.to_owned(),
        preset: name.to_owned(),
        delimiter: comma(),
        not_proposed: not_proposed.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut samples = vec![
        own("zendesk", &[]),
        own("tickethaul", &["hubspot_owner_id"]),
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    for entry in std::fs::read_dir(folder).expect("samples") {
        let path = entry.expect("a sample").path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.and_then(|name| name.strip_suffix("-tickets.toml")) {
            let text = std::fs::read_to_string(&path).expect("an expectation");
            let mut sample: Sample = toml::from_str(&text).expect(name);
            name.clone_into(&mut sample.name);
            samples.push(sample);
        }
    }
    assert!(samples.len() > 12, "there are expectations");
    samples
}

fn survey(of: &Sample) -> Survey {
    let sample = &of.name;
    let path = format!(
        "{}/samples/{sample}-tickets.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = std::fs::read(&path).expect("a sample");
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(of.delimiter as u8)
        .flexible(true)
        .from_reader(bytes);
    let names = reader.headers().expect("a header").iter();
    let headers = Headers::new(names.map(|name| name.trim().to_owned()).collect());
    let mut survey = Survey::new(&headers);
    for (line, record) in (2..).zip(reader.records()) {
        survey.add(&Cells::new(record.expect("a record").iter()), line);
    }
    survey
}

/// What the preset reads from this file for properties that HubSpot itself has: the
/// property, whether it is the contact's, and the columns.
fn expected(preset: &str, headers: &Headers) -> Vec<(String, bool, Vec<usize>)> {
    let text = PRESETS
        .iter()
        .find(|(name, _)| *name == preset)
        .expect(preset)
        .1;
    let document = parse(text, &Problems::default()).expect(preset);
    let index = HeaderIndex::new(headers);
    let positions = |origin: &Origin| match origin {
        Origin::Column(columns) => columns
            .iter()
            .map(|column| index.find(&column.value))
            .find(|found| !found.is_empty()),
        Origin::Value(_) | Origin::Template(_) => None,
    };
    let entry = |entry: &EntrySpec, of_contact: bool| {
        let columns = positions(&entry.origin)?;
        let name = entry.property.value.clone();
        let is_own = name.starts_with("source_") && name != "source_type";
        (!is_own).then_some((name, of_contact, columns))
    };
    let mut all = Vec::new();
    if let KeyOrigin::Text(origin, _) | KeyOrigin::RecordId(origin) = &document.key.origin {
        let columns = positions(origin);
        all.extend(columns.map(|columns| ("source_ticket_id".to_owned(), false, columns)));
    }
    all.extend(
        document
            .properties
            .value
            .iter()
            .filter_map(|one| entry(one, false)),
    );
    let to_contacts =
        |link: &&LinkSpec| link.to.value == ObjectName::Standard(ObjectType::Contacts);
    for link in document.links.iter().filter(to_contacts) {
        if let Some(columns) = positions(&Origin::Column(link.column.clone())) {
            all.push(("email".to_owned(), true, columns));
            all.extend(link.properties.iter().filter_map(|one| entry(one, true)));
        }
    }
    all
}

#[test]
fn proposals_find_what_the_presets_say_and_are_never_sure_of_something_else() {
    for sampled in samples() {
        let survey = survey(&sampled);
        let sample = &sampled.name;
        let found = matches(&survey);
        let expected = expected(&sampled.preset, survey.headers());
        let of = |property: &str, of_contact: bool| -> Option<&Match> {
            let mut found = found.iter();
            found.find(|one| one.property == property && one.of_contact == of_contact)
        };
        let mut hits = 0;
        let mut missed = Vec::new();
        for (property, of_contact, columns) in &expected {
            match of(property, *of_contact) {
                Some(one) if columns.contains(&one.column) => hits += 1,
                Some(one) => {
                    assert!(one.score <= 0.8, "{sample}: {one:?}");
                    missed.push(property.clone());
                }
                None => missed.push(property.clone()),
            }
        }
        assert!(
            hits * 5 >= expected.len() * 4,
            "{sample}: {hits} of {} properties are proposed, not {missed:?}; at least four in \
             five have to be: teach the system's words to `propose/vocabulary.toml`",
            expected.len()
        );
        assert_eq!(
            missed, sampled.not_proposed,
            "{sample}: what is not proposed, and `not_proposed` of its expectation"
        );
    }
}

#[test]
fn every_sample_is_recognised_as_what_it_is() {
    for sampled in samples() {
        let survey = survey(&sampled);
        let sample = &sampled.name;
        let found = recognise(survey.headers()).unwrap_or_else(|| panic!("{sample}: nothing"));
        assert_eq!(found.name, sampled.preset, "{sample}");
        let text = from_preset(&found, &survey, &Dialect::default(), "the file").text;
        assert!(
            MappingFile::parse("p.toml", &text).is_ok(),
            "{sample}\n{text}"
        );
    }
    let strangers = Headers::new(["Nummer", "Betreff", "Zustand"].map(str::to_owned).to_vec());
    assert!(recognise(&strangers).is_none());
    assert!(Preset::find("nobody", &strangers).is_none());
}

#[test]
fn a_proposal_reads_well() {
    let names = [
        "No",
        "Reference",
        "Titel / Title",
        "State",
        "Closed on",
        "Opened (Europe/Berlin)",
        "Mail",
        "Kosten",
        "Flag",
        "Flag",
        "ö",
    ];
    let mut survey = Survey::new(&Headers::new(names.map(str::to_owned).to_vec()));
    for (day, state) in [(3_u64, "Open"), (4, "solved"), (5, "parked")] {
        let opened = format!("{day:02}/03/2024 08:00");
        let local = format!("2024-03-{day:02} 08:00:00");
        let id = format!("R-{day}");
        let title = format!("title {day}");
        survey.add(
            &Cells::new([
                "-",
                &id,
                &title,
                state,
                &opened,
                &local,
                "a@x.example",
                "12.50",
                "yes",
                "no",
                "",
            ]),
            day,
        );
    }
    let text = proposal(&survey, &Dialect::default(), "stories.csv").text;
    insta::assert_snapshot!("proposal", text);
    assert!(MappingFile::parse("p.toml", &text).is_ok(), "{text}");
    // What is commented out has to be valid too.
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest.ends_with("]]") => rest,
            _ => line,
        })
        // One answer to a question is enough.
        .filter(|line| !line.contains("%m/%d/%Y"))
        .filter(|line| !line.starts_with("column = \"…\""))
        .collect();
    let uncommented = uncommented.join("\n");
    if let Err(errors) = MappingFile::parse("p.toml", &uncommented) {
        panic!("{errors}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever a file holds, what is proposed for it is a mapping.
    #[test]
    fn every_proposal_is_a_mapping(
        names in prop::collection::vec("\\PC{0,12}|Status|Subject|Id|/x/|Created \\(UTC\\)|_key", 1..9),
        cells in prop::collection::vec(prop::collection::vec("\\PC{0,9}|open|2024-03-10|a@b.example|\"\n", 0..9), 0..6),
        preset in prop::sample::select(PRESETS.map(|(name, _)| name).to_vec()),
    ) {
        let headers = Headers::new(names);
        let mut survey = Survey::new(&headers);
        for row in &cells {
            survey.add(&Cells::new(row.iter().map(String::as_str)), 2);
        }
        let preset = Preset::find(preset, &headers).expect("a preset");
        let dialect = Dialect { skip_lines: 2, escape: Some(b'\\'), quote: None, ..Dialect::default() };
        for text in [proposal(&survey, &dialect, "any.csv").text, from_preset(&preset, &survey, &dialect, "any.csv").text] {
            let errors = MappingFile::parse("p.toml", &text).err().map(|errors| errors.to_string());
            prop_assert!(errors.is_none(), "{}\n{text}", errors.unwrap_or_default());
        }
    }
}

/// The rule that an import would read a column by.
fn rule_of(formats: &[&str]) -> DateRule {
    let (plain, others): (Vec<&str>, Vec<&str>) =
        formats.iter().partition(|format| **format == ISO);
    DateRule {
        formats: others
            .iter()
            .map(|format| DateFormat::new(format).expect("a format"))
            .collect(),
        iso: !plain.is_empty(),
        zone: Some(TimeZone::UTC),
        instant: true,
    }
}

/// What is in the columns of a small file.
fn surveyed(names: &[String], rows: &[Vec<String>]) -> Survey {
    let mut survey = Survey::new(&Headers::new(names.to_vec()));
    for (line, row) in (2..).zip(rows) {
        survey.add(&Cells::new(row.iter().map(String::as_str)), line);
    }
    survey
}

/// What is believed about a file, by the names of its columns.
fn beliefs(survey: &Survey) -> Vec<(String, String)> {
    let name = |idx: usize| survey.columns()[idx].name().to_owned();
    let mut beliefs: Vec<(String, String)> = matches(survey)
        .iter()
        .map(|one| {
            (
                name(one.column),
                format!("{} {:.3}", one.property, one.score),
            )
        })
        .collect();
    let kinds = survey.columns().iter();
    beliefs.extend(kinds.map(|column| (column.name().to_owned(), column.kind().claim.words())));
    beliefs.sort();
    beliefs
}

const FORMATS: [&str; 12] = [
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d-%m-%Y",
    "%m-%d-%Y %H:%M:%S",
    "%d.%m.%y",
    "%m/%d/%y %I:%M %p",
    "%Y-%m-%d %H:%M:%S",
    "%d/%b/%y %I:%M %p",
    "%b %d, %Y, %I:%M %p",
    "%a %b %d %H:%M:%S %Y",
    "%Y/%m/%d",
    "%d de %b de %Y",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// A format that is proposed as sure reads every filled cell as the day that was meant, and
    /// what it does not read is reported.
    #[test]
    fn sure_formats_read_every_cell(
        format in prop::sample::select(FORMATS.to_vec()),
        minutes in prop::collection::vec(0_i64..6_000_000, 1..30),
        noise in prop::option::of(prop::sample::select(vec!["n/a", "soon", "13.13.2013", "2024-13-01", "31/31/31", "45"])),
    ) {
        let start = jiff::civil::date(2013, 1, 1).at(0, 0, 0, 0);
        let moments: Vec<_> = minutes.iter().map(|minutes| start + minutes.minutes()).collect();
        let write = |moment: &jiff::civil::DateTime| {
            let zoned = moment.to_zoned(TimeZone::UTC).expect("a time");
            jiff::fmt::strtime::format(format, &zoned).expect("a text")
        };
        let mut cells: Vec<Vec<String>> = moments.iter().map(|moment| vec![write(moment)]).collect();
        cells.extend(noise.map(|noise| vec![noise.to_owned()]));
        let survey = surveyed(&["Created".to_owned()], &cells);
        let (found, _) = survey.dates(0).expect("dates");
        if found.is_sure() {
            let rule = rule_of(&found.formats);
            for (cell, moment) in cells.iter().zip(&moments) {
                let value = rule.convert(&cell[0], None).expect("a date").value.expect("a value");
                let day = moment.date().to_string();
                prop_assert!(value.starts_with(&day), "{} as {value} by {:?}", cell[0], found.formats);
            }
            prop_assert!(noise.is_none());
        } else {
            prop_assert!(found.against.is_some() || found.other.is_some());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Other columns, and their order, don't change what is believed about a column.
    #[test]
    fn custom_columns_and_another_order_change_no_belief(
        turned in 0_usize..7,
        custom in 0_usize..300,
        at in 0_usize..7,
    ) {
        let names = ["Ticket ID", "Betreff", "Status", "Created at", "Owner", "Requester email", "Priority"];
        let rows = [
            ["K-1", "Router dead", "Open", "13/04/2025 10:00", "Ann", "a@x.example", "High"],
            ["K-2", "Switch dead", "Closed", "14/05/2025 11:00", "Bob", "b@x.example", "Low"],
            ["K-3", "No light", "Pending", "15/05/2025 12:00", "Ann", "c@x.example", "Normal"],
        ];
        let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let plain: Vec<Vec<String>> = rows.iter().map(|row| own(row)).collect();
        let before = beliefs(&surveyed(&own(&names), &plain));
        let changed = |cells: &[&str], filler: &dyn Fn(usize) -> String| {
            let mut cells = own(cells);
            cells.rotate_left(turned);
            let filled = (0..custom).map(filler);
            drop(cells.splice(at..at, filled));
            cells
        };
        let header = changed(&names, &|number| format!("Custom field (Zone {number})"));
        let rows: Vec<Vec<String>> = rows
            .iter()
            .enumerate()
            .map(|(line, row)| changed(row, &|number| format!("value {}", number * 7 + line)))
            .collect();
        let mut after = beliefs(&surveyed(&header, &rows));
        after.retain(|(name, _)| !name.starts_with("Custom field"));
        prop_assert_eq!(before, after);
    }
}

#[test]
fn a_name_in_another_language_changes_no_belief_but_its_own() {
    let names = [
        "Ticket ID",
        "Subject",
        "Status",
        "Created at",
        "Priority",
        "Description",
    ];
    let renamed = [
        [
            "Numéro de ticket",
            "Sujet",
            "Statut",
            "Créé le",
            "Priorité",
            "Contenu",
        ],
        [
            "Ticketnummer",
            "Betreff",
            "Zustand",
            "Angelegt",
            "Priorität",
            "Beschreibung",
        ],
        ["番号", "件名", "ステータス", "作成日", "優先度", "説明"],
    ];
    let rows = [
        [
            "K-1",
            "Router dead",
            "Open",
            "13/04/2025 10:00",
            "High",
            "It stopped on Monday, at noon.",
        ],
        [
            "K-2",
            "Switch dead",
            "Closed",
            "14/05/2025 11:00",
            "Low",
            "It stopped on Tuesday, at noon.",
        ],
        [
            "K-3",
            "No light",
            "Pending",
            "15/05/2025 12:00",
            "Normal",
            "It stopped on Friday, at noon.",
        ],
    ];
    let own = |cells: &[&str]| {
        cells
            .iter()
            .map(|cell| (*cell).to_owned())
            .collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| own(row)).collect();
    let before = beliefs(&surveyed(&own(&names), &rows));
    for language in renamed {
        for (idx, name) in language.into_iter().enumerate() {
            let mut other = names;
            other[idx] = name;
            let after = beliefs(&surveyed(&own(&other), &rows));
            let rest = |beliefs: &[(String, String)], own: &str| -> Vec<(String, String)> {
                beliefs
                    .iter()
                    .filter(|(column, _)| column != own)
                    .cloned()
                    .collect()
            };
            assert_eq!(rest(&before, names[idx]), rest(&after, name), "{name}");
            let kind = |beliefs: &[(String, String)], own: &str| {
                let mut kinds = beliefs.iter().filter(|(column, _)| column == own);
                kinds
                    .find(|(_, words)| !words.contains('_'))
                    .cloned()
                    .map(|(_, words)| words)
            };
            assert_eq!(
                kind(&before, names[idx]).is_some(),
                kind(&after, name).is_some(),
                "{name}"
            );
        }
    }
}

/// Headers as Roundup 2.6 translates them; none of its words is in the vocabulary for their
/// sake. Title, status, priority, creator, creation.
const ROUNDUP: [(&str, [&str; 5]); 6] = [
    (
        "de",
        [
            "Titel",
            "Status",
            "Priorität",
            "Ersteller",
            "Erstellungsdatum",
        ],
    ),
    (
        "es",
        ["Título", "Estado", "Prioridad", "Creador", "Creación"],
    ),
    (
        "it",
        ["Titolo", "Stato", "Priorità", "Creatore", "Creazione"],
    ),
    ("ja", ["タイトル", "状態", "優先度", "登録者", "登録日時"]),
    (
        "ru",
        ["Заглавие", "Статус", "Приоритет", "Автор", "Дата создания"],
    ),
    ("zh_CN", ["标题", "状态", "优先级", "创建人", "创建时间"]),
];

#[test]
fn files_of_a_program_that_gave_no_words_are_understood_or_asked_about() {
    let mut right = 0;
    for (language, [title, status, priority, creator, created]) in ROUNDUP {
        let names = ["ID", title, status, priority, creator, created].map(str::to_owned);
        let rows = [
            [
                "11",
                "Printer on floor 3 jams",
                "new",
                "urgent",
                "Ann",
                "14.03.2025 07:30",
            ],
            [
                "12",
                "Mail does not arrive",
                "resolved",
                "normal",
                "Bob",
                "15.03.2025 08:30",
            ],
            [
                "13",
                "No light in room 4",
                "open",
                "low",
                "Ann",
                "16.03.2025 09:30",
            ],
        ];
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.map(str::to_owned).to_vec())
            .collect();
        let proposed = proposal(&surveyed(&names, &rows), &Dialect::default(), "r.csv");
        let asks = |words: &str| proposed.losses.iter().any(|loss| loss.contains(words));
        let says = |line: &str| proposed.text.contains(line);
        let found = [
            (says("column = \"ID\"\n"), asks("ids")),
            (
                says(&format!("\nsubject = \"{title}\"\n")),
                asks("no subject"),
            ),
            (
                says(&format!("\nhs_pipeline_stage = {{ column = \"{status}\"")),
                says("No column is sure to be the status"),
            ),
            (
                says(&format!("\ncreatedate = {{ column = \"{created}\"")),
                asks("creation date"),
            ),
        ];
        for (place, (is_right, is_asked)) in found.into_iter().enumerate() {
            assert!(
                is_right || is_asked,
                "{language} {place}: {:?}\n{}",
                proposed.losses,
                proposed.text
            );
            right += u32::from(is_right);
        }
    }
    assert!(right * 100 >= 24 * 70, "{right} of 24 are right");
}
