//! A proposal as TOML for people to go over: what is sure stands, what is a guess is
//! commented out, and every column that nothing uses yet has its lines ready.

use std::fmt::Write as _;

use crate::mapping::propose::matching::{Match, matches};
use crate::mapping::propose::dates::DateFormats;
use crate::mapping::propose::kind::place;
use crate::mapping::propose::preset::Preset;
use crate::mapping::propose::rest::{Rest, format_key, is_repeated, other_format};
use crate::mapping::propose::column::Column;
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::target::{Holds, Place, TARGETS};
use crate::mapping::propose::text::{column_text, entry, list, quoted};
use crate::mapping::propose::words::{Words, meaning};
use crate::model::dialect::Dialect;

/// A match from here on stands; below it is a guess.
const SURE: f64 = 0.65;

/// The text of a preset, with what the file has beyond it. `file` is how the file is
/// called in comments.
pub fn from_preset(preset: &Preset, survey: &Survey, dialect: &Dialect, file: &str) -> String {
    let rest = Rest::new(survey, &preset.used);
    let source = format!("[source]\n{}", dialect_lines(dialect));
    let mut text = preset.text.replacen("[source]\n", &source, 1);
    if !rest.columns.is_empty() {
        let _ok = write!(
            text,
            "\n# Columns of {file} that nothing uses yet. To keep one, put its line under [properties]\n\
             # and uncomment its [[property]].\n#\n{}\n{}",
            rest.entries(),
            rest.definitions()
        );
    }
    text
}

/// A mapping made of what the columns are called and hold.
pub fn proposal(survey: &Survey, dialect: &Dialect, file: &str) -> String {
    let found = matches(survey);
    let used: Vec<usize> = found.iter().map(|one| one.column).collect();
    let rest = Rest::new(survey, &used);
    let page = Page { survey, found };
    let empty = page.empty();
    format!(
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
         {definitions}",
        dialect = dialect_lines(dialect),
        rows = survey.rows,
        key = page.key(),
        properties = page.properties(),
        entries = rest.section(),
        contact = page.contact(),
        definitions = rest.definitions(),
    )
}

/// What `[source]` has to say of how the file is written; what reading finds by itself
/// is left to it.
fn dialect_lines(dialect: &Dialect) -> String {
    let usual = Dialect::default();
    let mut lines = String::new();
    let mark = |mark: u8| quoted(&char::from(mark).to_string());
    if dialect.skip_lines > 0 {
        let _ok = writeln!(
            lines,
            "# Lines above the header.\nskip_lines = {}",
            dialect.skip_lines
        );
    }
    if dialect.quote != usual.quote {
        let quote = dialect.quote.map_or_else(|| quoted(""), mark);
        let _ok = writeln!(lines, "# What stands around cells.\nquote = {quote}");
    }
    if let Some(escape) = dialect.escape {
        let _ok = writeln!(
            lines,
            "# What stands before a quote inside a quoted cell.\nescape = {}",
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

/// The matches of a file, on their way to TOML.
struct Page<'a> {
    survey: &'a Survey,
    found: Vec<Match>,
}

impl Page<'_> {
    fn of(&self, place: Place) -> impl Iterator<Item = &Match> {
        let is_there = move |one: &&Match| TARGETS[one.target].place == place;
        self.found.iter().filter(is_there)
    }

    fn empty(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for word in self.survey.columns.iter().flat_map(|column| &column.empty) {
            if !words.contains(word) {
                words.push(word);
            }
        }
        match words.is_empty() {
            true => String::new(),
            false => format!(
                "# These stand for \"no value\".\nempty = {}\n",
                list(&[&[""], words.as_slice()].concat())
            ),
        }
    }

    fn key(&self) -> String {
        let head = "# Ties each row to its ticket: running the same file twice never makes a second\n\
                    # ticket.\nproperty = \"source_ticket_id\"\n";
        match self.of(Place::Key).next() {
            Some(one) => {
                let nth = match self.is_repeated(one.column) {
                    true => "nth = 1\n",
                    false => "",
                };
                format!(
                    "{head}{}column = {}\n{nth}# Keeps two sources apart:\n# prefix = \"desk-\"\n",
                    self.why(one),
                    self.column(one.column)
                )
            }
            None => format!(
                "{head}# No column looks like the tickets' ids. The hash of the whole row takes their\n\
                 # place: a row that is edited later is then another ticket. If there is an id after\n\
                 # all, name it: column = \"…\"\nrow_hash = true\n"
            ),
        }
    }

    fn properties(&self) -> String {
        let mut text = String::new();
        for one in self.of(Place::Ticket) {
            let is_needed = matches!(one.property, "subject" | "hs_pipeline_stage");
            let asks = self.dates(one).is_some_and(|(found, _)| found.other.is_some());
            let mark = if (one.score >= SURE || is_needed) && !asks {
                ""
            } else {
                "# "
            };
            let lacking = self.survey.rows - self.survey.columns[one.column].filled;
            if is_needed && lacking > 0 {
                let _ok = writeln!(
                    text,
                    "# {lacking} rows have nothing here and would be refused: a `default` would help them."
                );
            }
            let _ok = writeln!(
                text,
                "{}{mark}{} = {}",
                self.why(one),
                one.property,
                self.entry(one)
            );
            text.push_str(&self.other_way(one));
        }
        for (property, value) in [("subject", "(no subject)"), ("hs_pipeline_stage", "New")] {
            if !self.of(Place::Ticket).any(|one| one.property == property) {
                let _ok = writeln!(
                    text,
                    "# No column looks like it, and every ticket needs one.\n{property} = {{ value = {} }}",
                    quoted(value)
                );
            }
        }
        text
    }

    /// The line of the other order of day and month, where the column leaves it open.
    fn other_way(&self, one: &Match) -> String {
        let Some(other) = self.dates(one).and_then(|(found, _)| found.other) else {
            return String::new();
        };
        let mut keys = vec![format!("column = {}", self.column(one.column))];
        keys.extend(format_key(&other.formats));
        format!("# {} = {}\n", one.property, entry(&keys))
    }

    fn contact(&self) -> String {
        let Some(email) = self.of(Place::Contact).next() else {
            return String::new();
        };
        let mark = if email.score >= SURE { "" } else { "# " };
        let mut text = format!(
            "# The ticket's contact.\n{why}{mark}[[associate]]\n{mark}to = \"contacts\"\n{mark}by = \"email\"\n\
             {mark}column = {column}\n{mark}missing = \"create\"\n",
            why = self.why(email),
            column = self.column(email.column)
        );
        let properties: Vec<&Match> = self.of(Place::ContactProperty).collect();
        if !properties.is_empty() {
            let _ok = writeln!(text, "\n{mark}[associate.properties]");
        }
        for one in properties {
            let own = if one.score >= SURE { mark } else { "# " };
            let _ok = writeln!(
                text,
                "{}{own}{} = {}",
                self.why(one),
                one.property,
                self.entry(one)
            );
        }
        text.push('\n');
        text
    }

    /// The comment before a line.
    fn why(&self, one: &Match) -> String {
        let name = |idx: usize| quoted(&self.survey.columns[idx].header);
        let rival = one.rival.map_or(String::new(), |(column, score)| {
            format!("; or {} ({score:.2})?", name(column))
        });
        let words = format!("# {:.2}: {}{rival}", one.score, one.reason);
        let Some((found, told_by)) = self.dates(one) else {
            return format!("{words}\n");
        };
        let mut lines = vec![words];
        lines.extend(told_by.map(|told_by| {
            format!("# The order of day and month is that of {}.", quoted(told_by))
        }));
        lines.extend(other_format(&found).map(|words| format!("# {words}.")));
        lines.extend(found.against.map(|against| {
            format!("# Not a date like the others: {}.", place(&against))
        }));
        lines.join("\n") + "\n"
    }

    /// How the dates of a column for times are written.
    fn dates(&self, one: &Match) -> Option<(DateFormats, Option<&str>)> {
        match TARGETS[one.target].holds {
            Holds::Times => self.survey.dates(one.column),
            _ => None,
        }
    }

    /// The right-hand side of an entry.
    fn entry(&self, one: &Match) -> String {
        let column = &self.survey.columns[one.column];
        let mut keys = vec![format!("column = {}", self.column(one.column))];
        if self.is_repeated(one.column) && !matches!(TARGETS[one.target].holds, Holds::Texts) {
            keys.push("nth = 1".to_owned());
        }
        match (TARGETS[one.target].holds, one.property) {
            (_, "hubspot_owner_id") => {
                keys.push("lookup = \"owner\", missing = \"blank\"".to_owned());
            }
            (_, "hs_ticket_category") => {}
            (Holds::Choice(words), property) => {
                let unmapped = if property == "hs_pipeline_stage" {
                    "keep"
                } else {
                    "blank"
                };
                keys.extend(value_map(words, column, unmapped));
            }
            (Holds::Times, _) => {
                keys.extend(self.dates(one).and_then(|(found, _)| format_key(&found.formats)));
            }
            (Holds::Texts, _) => {
                if column.markup_share() > 0.2 {
                    keys.push("html = \"text\"".to_owned());
                }
                keys.push("truncate = true".to_owned());
            }
            _ => {}
        }
        entry(&keys)
    }

    fn column(&self, idx: usize) -> String {
        column_text(&self.survey.columns[idx].header)
    }

    fn is_repeated(&self, idx: usize) -> bool {
        is_repeated(self.survey, idx)
    }
}

/// The known values of a column with what they become.
fn value_map(words: &Words, column: &Column, unmapped: &str) -> Vec<String> {
    let mut folded: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for (value, _) in column.choices() {
        let fold = value.to_lowercase();
        if let Some(meaning) = meaning(words, value).filter(|_| !folded.contains(&fold)) {
            lines.push(format!("{} = {}", quoted(value), quoted(meaning)));
            folded.push(fold);
        }
    }
    match lines.is_empty() {
        true => Vec::new(),
        false => vec![
            format!("map = {{ {} }}", lines.join(", ")),
            format!("unmapped = {}", quoted(unmapped)),
        ],
    }
}
