//! Proposals for the samples, held against the presets that people wrote for them.

use proptest::prelude::*;

use super::{Match, Preset, Survey, from_preset, matches, proposal, recognise};
use crate::mapping::errors::Problems;
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::parse::parse;
use crate::mapping::shape::{EntrySpec, KeyOrigin, LinkSpec, Origin};
use crate::mapping::{MappingFile, PRESETS};
use crate::model::dialect::Dialect;
use crate::model::row::{Cells, Headers};
use crate::model::schema::ObjectType;

/// Sample, its delimiter, the preset that is for it.
const SAMPLES: [(&str, u8, &str); 11] = [
    ("zendesk", b',', "zendesk"),
    ("freshdesk", b',', "freshdesk"),
    ("jira", b',', "jira"),
    ("servicenow", b',', "servicenow"),
    ("servicenow-labels", b',', "servicenow"),
    ("intercom", b',', "intercom"),
    ("zoho-desk", b',', "zoho-desk"),
    ("osticket", b';', "osticket"),
    ("bugzilla", b',', "bugzilla"),
    ("hubspot-ui", b',', "hubspot-ui"),
    ("tickethaul", b',', "tickethaul"),
];

fn survey(sample: &str, delimiter: u8) -> Survey {
    let path = format!(
        "{}/samples/{sample}-tickets.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = std::fs::read(&path).expect("a sample");
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
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
    let to_contacts = |link: &&LinkSpec| link.to == ObjectType::Contacts;
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
    let mut lines = Vec::new();
    for (sample, delimiter, preset) in SAMPLES {
        let survey = survey(sample, delimiter);
        let found = matches(&survey);
        let expected = expected(preset, survey.headers());
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
                    missed.push(format!("{property} (another at {:.2})", one.score));
                }
                None => missed.push(property.clone()),
            }
        }
        assert!(
            hits * 5 >= expected.len() * 4,
            "{sample}: {hits} of {}, not {missed:?}",
            expected.len()
        );
        lines.push(format!(
            "{sample}: {hits} of {}, not {missed:?}",
            expected.len()
        ));
    }
    insta::assert_snapshot!("proposals_against_presets", lines.join("\n"));
}

#[test]
fn every_sample_is_recognised_as_what_it_is() {
    for (sample, delimiter, preset) in SAMPLES {
        let survey = survey(sample, delimiter);
        let found = recognise(survey.headers()).unwrap_or_else(|| panic!("{sample}: nothing"));
        assert_eq!(found.name, preset, "{sample}");
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
        survey.add(&Cells::new([
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
        ]), day);
    }
    let text = proposal(&survey, &Dialect::default(), "stories.csv").text;
    insta::assert_snapshot!("proposal", text);
    assert!(MappingFile::parse("p.toml", &text).is_ok(), "{text}");
    // What is commented out is good too.
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest.ends_with("]]") => rest,
            _ => line,
        })
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
