//! Checks of a mapping beyond its grammar that need neither file nor portal: time
//! zones, date formats, templates.

use std::ops::Range;
use std::sync::Arc;

use crate::mapping::convert::{DateFormat, ISO, ZONES, nearest_zone};
use crate::mapping::errors::{Problem, Problems};
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::syntax::{At, Document, EntrySpec, KeyOrigin, Origin, ZoneSpec};
use crate::mapping::template::{TemplateFault, Templates};

/// Reports what is wrong, whatever file and portal the mapping is used with.
pub(crate) fn check(document: &Document, text: &str, problems: &Problems) {
    if let Some(zone) = &document.source.timezone {
        check_zone(zone, problems);
    }
    let mut templates = Templates::new(Arc::new(HeaderIndex::default()), Arc::from([]));
    if let Some(skip) = &document.rows.skip
        && let Err(faults) = templates.add_expression(&skip.value)
    {
        report_faults(text, skip, &faults, problems);
    }
    if let KeyOrigin::Text(origin, _) = &document.key.origin {
        check_template(origin, &mut templates, text, problems);
    }
    let of_links = document.links.iter().flat_map(|link| &link.properties);
    for entry in document.properties.value.iter().chain(of_links) {
        check_template(&entry.origin, &mut templates, text, problems);
        check_dates(entry, problems);
    }
    for notes in &document.notes {
        if let Some(zone) = &notes.at.timezone {
            check_zone(zone, problems);
        }
        check_formats(notes.at.format.as_ref(), problems);
    }
    for at in document
        .attachments
        .iter()
        .filter_map(|files| files.at.as_ref())
    {
        if let Some(zone) = &at.timezone {
            check_zone(zone, problems);
        }
        check_formats(at.format.as_ref(), problems);
    }
}

fn check_template(origin: &Origin, templates: &mut Templates, text: &str, problems: &Problems) {
    if let Origin::Template(source) = origin
        && let Err(faults) = templates.add(&source.value)
    {
        report_faults(text, source, &faults, problems);
    }
}

fn check_dates(entry: &EntrySpec, problems: &Problems) {
    if let Some(zone) = &entry.timezone
        && let ZoneSpec::Name(name) = &zone.value
    {
        check_zone(&At::new(name.clone(), zone.span.clone()), problems);
    }
    check_formats(entry.format.as_ref(), problems);
}

fn check_formats(formats: Option<&At<Vec<At<String>>>>, problems: &Problems) {
    let formats = formats.into_iter().flat_map(|formats| &formats.value);
    for format in formats.filter(|format| format.value != ISO) {
        let _read = check_format(format, problems);
    }
}

/// A zone by its IANA name.
pub(crate) fn check_zone(name: &At<String>, problems: &Problems) {
    if ZONES.get(&name.value).is_err() {
        problems.report(
            Problem::new(
                &name.span,
                format!("there is no time zone `{}`", name.value),
            )
            .suggest(
                nearest_zone(&name.value).as_deref(),
                "write an IANA name such as \"Europe/Berlin\" or \"UTC\"",
            ),
        );
    }
}

/// A parsed date format; none if it was reported.
pub(crate) fn check_format(text: &At<String>, problems: &Problems) -> Option<DateFormat> {
    match DateFormat::new(&text.value) {
        Ok(format) => Some(format),
        Err(fault) => {
            problems.report(
                Problem::new(
                    &text.span,
                    format!("the date format `{}` can't be used: {fault}", text.value),
                )
                .help(
                    "formats are written like \"%Y-%m-%d %H:%M:%S\" or \"%d/%b/%y %I:%M %p\"; \
                     \"iso\" is ISO 8601, \"spreadsheet\" the day numbers of spreadsheets",
                ),
            );
            None
        }
    }
}

/// Reports what is wrong with a template; `text` is the mapping's.
pub(crate) fn report_faults(
    text: &str,
    source: &At<String>,
    faults: &[TemplateFault],
    problems: &Problems,
) {
    for fault in faults {
        problems.report(template_problem(text, source, fault));
    }
}

fn template_problem(text: &str, source: &At<String>, fault: &TemplateFault) -> Problem {
    let span = match &fault.range {
        Some(range) => inside(text, source, range),
        None => source.span.clone(),
    };
    Problem::new(
        &span,
        format!("the template can't be used: {}", fault.detail),
    )
    .suggest(
        fault.nearest.as_deref(),
        "a template reads cells by `col('Column')`; text is joined with `~`",
    )
}

/// The place of a part of a text. If the TOML writes the text with escapes, parts can't
/// be located and the whole text is marked.
pub(crate) fn inside(text: &str, source: &At<String>, part: &Range<usize>) -> Range<usize> {
    let written = text.get(source.span.clone()).unwrap_or("");
    match written.find(source.value.as_str()) {
        Some(start) => {
            let start = source.span.start + start;
            start + part.start..start + part.end
        }
        None => source.span.clone(),
    }
}
