//! A proposal as TOML for people to go over: what is certain is active, guesses and
//! questions are commented out, and every unused column has its lines ready.

use std::fmt::Write as _;

use super::page::SURE;
use crate::mapping::propose::fit::{Fitted, fit};
use crate::mapping::propose::losses::{of_mapping, of_rows};
use crate::mapping::propose::matching::matches;
use crate::mapping::propose::page::Page;
use crate::mapping::propose::preset::Preset;
use crate::mapping::propose::rest::Rest;
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::text::{list, quoted};
use crate::model::dialect::Dialect;

/// A mapping that is proposed.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// Its TOML.
    pub text: String,
    /// What an import with it, unedited, would lose, or do that is not in the file; and
    /// its questions.
    pub losses: Vec<String>,
}

/// The text of a preset adapted to the file, with what the file has in addition. `file`
/// is how the file is called in comments.
pub fn from_preset(preset: &Preset, survey: &Survey, dialect: &Dialect, file: &str) -> Proposed {
    let Fitted {
        text,
        taken,
        mut losses,
    } = fit(preset, survey);
    let names: Vec<&str> = taken.iter().map(String::as_str).collect();
    let rest = Rest::new(survey, &preset.used, &names);
    let source = format!("[source]\n{}", dialect_lines(dialect));
    let mut text = text.replacen("[source]\n", &source, 1);
    if !rest.columns.is_empty() {
        let _ok = write!(
            text,
            "\n# Columns of {file} that nothing uses yet. To keep one, put its line under [properties]\n\
             # and uncomment its [[property]].\n#\n{}\n{}",
            rest.entries(),
            rest.definitions()
        );
    }
    losses.extend(of_rows(survey, Some(preset.name), &rest));
    Proposed { text, losses }
}

/// A mapping made of what the columns are called and hold.
pub fn proposal(survey: &Survey, dialect: &Dialect, file: &str) -> Proposed {
    let found = matches(survey);
    let page = Page::new(survey, found);
    let used = page.used();
    let taken = page.taken();
    let rest = Rest::new(survey, &used, &taken);
    let text = format!(
        "# Proposed by `tickethaul map init` for {file}, from the names of its columns and all of\n\
         # its {rows} rows. Go over it: the number before each line says how sure it is, 1 is\n\
         # certain. What is below {SURE} is a guess and commented out. Then try it with\n\
         # `--portal sandbox`.\n\n\
         version = 1\n\n\
         [source]\n{dialect}\
         # Times in the file that carry no zone are taken in this one: write yours, such as\n\
         # \"Europe/Berlin\".\n\
         timezone = \"UTC\"\n{empty}\n\
         [key]\n{key}\n\
         [properties]\n{properties}{entries}\n{contact}\
         # What `schema apply` creates where the portal lacks it.\n\n\
         [[property]]\n\
         name = \"source_ticket_id\"\n\
         label = \"Source ticket ID\"\n\
         type = \"string\"\n\
         unique = true\n\
         {own}{definitions}",
        dialect = dialect_lines(dialect),
        rows = survey.rows,
        empty = page.empty(),
        key = page.key(),
        properties = page.properties(),
        entries = rest.section(),
        contact = page.contact(),
        own = page.definitions(),
        definitions = rest.definitions(),
    );
    let mut losses = of_mapping(&page);
    losses.extend(of_rows(survey, None, &rest));
    Proposed { text, losses }
}

/// The keys of `[source]` for how the file is written, except for what is detected
/// anyway.
fn dialect_lines(dialect: &Dialect) -> String {
    let usual = Dialect::default();
    let mut lines = String::new();
    let mark = |mark: u8| quoted(&char::from(mark).to_string());
    if dialect.skip_lines > 0 {
        let skipped = dialect.skip_lines;
        let _ok = writeln!(lines, "# Lines above the header.\nskip_lines = {skipped}");
    }
    if dialect.skip_last > 0 {
        let _ok = writeln!(
            lines,
            "# Records below the rows: totals and the like.\nskip_last = {}",
            dialect.skip_last
        );
    }
    if dialect.text_formulas {
        lines.push_str("# Cells such as =\"0017\" are texts.\ntext_formulas = true\n");
    }
    if dialect.quote != usual.quote {
        let quote = dialect.quote.map_or_else(|| quoted(""), mark);
        let _ok = writeln!(lines, "# The quote around cells.\nquote = {quote}");
    }
    if let Some(escape) = dialect.escape {
        let _ok = writeln!(
            lines,
            "# The escape before a quote inside a quoted cell.\nescape = {}",
            mark(escape)
        );
    }
    if let Some(header) = &dialect.header {
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let _ok = writeln!(
            lines,
            "# The file has no header: its first line looks like a row. Name the columns as they\n\
             # should be called, here and below.\nheader = {}",
            list(&names)
        );
    }
    lines
}
