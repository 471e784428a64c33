//! The matches of a file as TOML: the key, the ticket's properties, those of the source's
//! own, the contact.

use std::fmt::Write as _;

use crate::mapping::propose::column::Column;
use crate::mapping::propose::dates::DateFormats;
use crate::mapping::propose::kind::{Kind, place};
use crate::mapping::propose::matching::Match;
use crate::mapping::propose::rest::{format_key, is_repeated, nth, other_format, typed};
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::target::{Holds, Place, TARGETS};
use crate::mapping::propose::text::{column_text, entry, list, quoted};
use crate::mapping::propose::words::{Words, meaning};
use crate::mapping::rewritten::is_rewritten;

/// The matches of a file.
pub(crate) struct Page<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) found: Vec<Match>,
}

/// A property of the source's own.
struct Own {
    name: &'static str,
    column: usize,
    type_name: &'static str,
    settings: Vec<String>,
    is_long: bool,
}

impl Page<'_> {
    /// What was found for a file.
    pub(crate) fn new(survey: &Survey, found: Vec<Match>) -> Page<'_> {
        Page { survey, found }
    }

    /// Positions of the columns that have their own line.
    pub(crate) fn used(&self) -> Vec<usize> {
        let mut used: Vec<usize> = self.found.iter().map(|one| one.column).collect();
        // A match without `nth` reads all columns of its name.
        for one in &self.found {
            if self.nth(one).is_none() {
                let header = &self.survey.columns[one.column].header;
                let all = self.survey.columns.iter().enumerate();
                let same = all.filter(|(_, column)| column.header == *header);
                used.extend(same.map(|(idx, _)| idx));
            }
        }
        used
    }

    /// Names of properties that the page defines.
    pub(crate) fn taken(&self) -> Vec<&'static str> {
        let own = self.own().into_iter().map(|own| own.name);
        own.chain(["source_ticket_id"]).collect()
    }

    /// The match of a ticket's property.
    pub(crate) fn ticket(&self, property: &str) -> Option<&Match> {
        self.of(Place::Ticket).find(|one| one.property == property)
    }

    /// Whether the match is active, or commented out.
    pub(crate) fn stands(&self, one: &Match) -> bool {
        let asks = self
            .dates(one)
            .is_some_and(|(found, _)| found.other.is_some());
        one.score >= SURE && !asks && !self.knows_nothing(one)
    }

    /// Whether the column is a choice of which no value is known: but for the status, which
    /// has to be filled in, the source's own property keeps it.
    fn knows_nothing(&self, one: &Match) -> bool {
        let Holds::Choice(words) = TARGETS[one.target].holds else {
            return false;
        };
        let mut values = self.survey.columns[one.column].choices().into_iter();
        let is_own = matches!(one.property, "hs_pipeline_stage" | "hs_ticket_category");
        !is_own && !values.any(|(value, _)| meaning(words, value).is_some())
    }

    /// The match for the key.
    pub(crate) fn key_match(&self) -> Option<&Match> {
        self.of(Place::Key).next()
    }

    fn of(&self, place: Place) -> impl Iterator<Item = &Match> {
        let is_there = move |one: &&Match| TARGETS[one.target].place == place;
        self.found.iter().filter(is_there)
    }

    /// `empty` of `[source]`.
    pub(crate) fn empty(&self) -> String {
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

    /// `[key]`, and `[rows]` where a ticket has several.
    pub(crate) fn key(&self) -> String {
        let head = "# Ties each row to its ticket: running the same file twice never makes a second\n\
                    # ticket.\nproperty = \"source_ticket_id\"\n";
        let Some(one) = self.key_match() else {
            return format!(
                "{head}# No column looks like the tickets' ids. The hash of the whole row takes their\n\
                 # place: a row that is edited later is then another ticket. If there is an id after\n\
                 # all, name it: column = \"…\"\nrow_hash = true\n"
            );
        };
        let nth = self.nth(one);
        let nth = nth.map_or(String::new(), |nth| format!("nth = {nth}\n"));
        let mut text = format!(
            "{head}{}column = {}\n{nth}# Keeps two sources apart:\n# prefix = \"desk-\"\n",
            self.why(one),
            self.column(one.column)
        );
        let column = &self.survey.columns[one.column];
        if has_spaced_ids(column) {
            text.push_str(
                "# The ids have a blank between groups of digits throughout: they are taken as they are.\n\
                 as_written = true\n",
            );
        }
        if is_log(column) {
            text.push_str(&self.rows(one));
        }
        text
    }

    /// `[rows]`, for a file with several rows for each key.
    fn rows(&self, key: &Match) -> String {
        let order = match self.survey.columns[key.column].distinct.are_grouped() {
            true => "",
            false => {
                "# They are not adjacent: sort the file by this column first, or\n\
                 # rows that come later are refused.\n"
            }
        };
        format!(
            "\n[rows]\n# An id comes in several rows: the file has events, or one row for each message. The\n\
             # last row of each ticket counts; keep = \"first\" takes the first.\n{order}one_per = {}\n\
             keep = \"last\"\n",
            self.column(key.column)
        )
    }

    /// `[properties]`, except for unused columns.
    pub(crate) fn properties(&self) -> String {
        let mut text = String::new();
        for one in self.of(Place::Ticket) {
            let mark = if self.stands(one) { "" } else { "# " };
            let is_needed = matches!(one.property, "subject" | "hs_pipeline_stage");
            let lacking = self.survey.rows - self.survey.columns[one.column].filled;
            if is_needed && lacking > 0 && mark.is_empty() {
                let _ok = writeln!(
                    text,
                    "# {lacking} rows have nothing here and would be refused: a `default` would help them."
                );
            }
            let why = self.why(one);
            let _ok = writeln!(text, "{why}{mark}{} = {}", one.property, self.entry(one));
            text.push_str(&self.other_way(one));
        }
        let has = |property| self.ticket(property).is_some_and(|one| self.stands(one));
        if !has("subject") {
            text.push_str(&self.subject_question());
        }
        if self.ticket("createdate").is_none() {
            text.push_str(&self.created_question());
        }
        if !has("hs_pipeline_stage") {
            text.push_str(
                "# No column is sure to be the status: every ticket starts in this stage.\n\
                 hs_pipeline_stage = { value = \"New\" }\n",
            );
        }
        text + &self.own_entries()
    }

    /// The question for the subject: an import without one ends before it sends anything.
    fn subject_question(&self) -> String {
        let mut text = "# Which column is the subject? None is called like one, and every ticket needs it: an\n\
                        # import with this mapping ends before it sends anything. Take the mark away from the\n\
                        # right line, or write another column.\n"
            .to_owned();
        let candidates = self.subject_candidates();
        for idx in &candidates {
            let _ok = writeln!(text, "# subject = {}", self.column(*idx));
        }
        if candidates.is_empty() {
            text.push_str("# subject = \"…\"\n");
        }
        text
    }

    /// The question for the creation date, if columns of dates are left.
    fn created_question(&self) -> String {
        let mut text = String::new();
        for idx in self.dated_columns() {
            let formats = self.survey.dates(idx).map(|(found, _)| found.formats);
            let mut keys = vec![format!("column = {}", self.column(idx))];
            keys.extend(formats.and_then(|formats| format_key(&formats)));
            let _ok = writeln!(text, "# createdate = {}", entry(&keys));
        }
        match text.is_empty() {
            true => text,
            false => format!(
                "# Which column is the creation date? None is called like one, and without it every ticket\n\
                 # is dated today. Take the mark away from the right line.\n{text}"
            ),
        }
    }

    /// Columns of dates that nothing else uses; those filled in most rows first.
    pub(crate) fn dated_columns(&self) -> Vec<usize> {
        /// More are no help.
        const SHOWN: usize = 3;
        let is_free = |idx: &usize| !self.found.iter().any(|one| one.column == *idx);
        let columns = self.survey.columns.iter().enumerate();
        let dated = columns.filter(|(idx, column)| {
            let has_name = !column.header.trim().is_empty();
            has_name && is_free(idx) && matches!(column.kind().claim, Kind::Dates(_))
        });
        let mut dated: Vec<(usize, u64)> =
            dated.map(|(idx, column)| (idx, column.filled)).collect();
        dated.sort_by_key(|(_, filled)| std::cmp::Reverse(*filled));
        dated.into_iter().take(SHOWN).map(|(idx, _)| idx).collect()
    }

    /// Columns that may hold subjects: short texts, hardly any alike; the likeliest first.
    fn subject_candidates(&self) -> Vec<usize> {
        /// More are no help.
        const SHOWN: usize = 3;
        let is_used = |idx: &usize| {
            let found = self.found.iter().find(|one| one.column == *idx);
            found.is_some_and(|one| one.property != "subject" && one.score >= SURE)
        };
        let columns = self.survey.columns.iter().enumerate();
        let texts = columns.filter(|(idx, column)| {
            let has_name = !column.header.trim().is_empty();
            has_name && !is_used(idx) && column.kind().claim == Kind::Text && column.filled > 0
        });
        let mut scored: Vec<(usize, f64)> = texts
            .map(|(idx, column)| {
                let length = column.mean_length();
                let short = if (8.0..120.0).contains(&length) {
                    1.0
                } else {
                    0.3
                };
                (
                    idx,
                    short * column.distinct.share() * (1.0 - column.multiline_share()),
                )
            })
            .collect();
        scored.sort_by(|left, right| right.1.total_cmp(&left.1));
        scored.into_iter().take(SHOWN).map(|(idx, _)| idx).collect()
    }

    /// The source's values, in separate properties.
    fn own_entries(&self) -> String {
        let own = self.own();
        if own.is_empty() {
            return String::new();
        }
        let mut text = "\n# What the source said, in properties of its own (defined at the end of this file).\n".to_owned();
        for own in own {
            let mut keys = vec![format!("column = {}", self.column(own.column))];
            keys.extend(own.settings);
            let _ok = writeln!(text, "{} = {}", own.name, entry(&keys));
        }
        text
    }

    /// `[[property]]` for the source's values.
    pub(crate) fn definitions(&self) -> String {
        let blocks = self.own().into_iter().map(|own| {
            let label = own
                .name
                .strip_prefix("source_")
                .unwrap_or(own.name)
                .replace('_', " ");
            let long = if own.is_long {
                "field_type = \"textarea\"\n"
            } else {
                ""
            };
            format!(
                "\n[[property]]\nname = \"{}\"\nlabel = \"Source {label}\"\ntype = \"{}\"\n{long}",
                own.name, own.type_name
            )
        });
        blocks.collect()
    }

    /// Statuses, priorities and owners as the source wrote them, and columns that are
    /// called like something that HubSpot has no property for.
    fn own(&self) -> Vec<Own> {
        let kept = [
            ("hs_pipeline_stage", "source_status"),
            ("hs_ticket_priority", "source_priority"),
            ("hubspot_owner_id", "source_assignee"),
        ];
        let kept = kept.into_iter().filter_map(|(property, name)| {
            let one = self.ticket(property)?;
            let nth = self.nth(one).map(|nth| format!("nth = {nth}"));
            Some(Own {
                name,
                column: one.column,
                type_name: "string",
                settings: nth.into_iter().collect(),
                is_long: false,
            })
        });
        let called = self.of(Place::Own).map(|one| self.own_of(one));
        kept.chain(called).collect()
    }

    fn own_of(&self, one: &Match) -> Own {
        let (mut type_name, mut settings) = ("string", Vec::new());
        settings.extend(self.nth(one).map(|nth| format!("nth = {nth}")));
        let mut is_long = false;
        match TARGETS[one.target].holds {
            Holds::Times => match self.dates(one) {
                Some((found, _)) if found.other.is_none() && found.against.is_none() => {
                    type_name = if found.timed { "datetime" } else { "date" };
                    settings.extend(format_key(&found.formats));
                }
                _ => {}
            },
            Holds::Several(joint) => {
                let (_, html, _) = typed(self.survey, one.column);
                settings.extend(html.into_iter().filter(|key| key.starts_with("html")));
                settings.push(format!("join = {}", quoted(joint)));
                is_long = joint != ";";
                settings.extend(is_long.then(|| "truncate = true".to_owned()));
            }
            _ => {}
        }
        Own {
            name: one.property,
            column: one.column,
            type_name,
            settings,
            is_long,
        }
    }

    /// The line for the other order of day and month, if the column leaves that open.
    fn other_way(&self, one: &Match) -> String {
        let Some(other) = self.dates(one).and_then(|(found, _)| found.other) else {
            return String::new();
        };
        let mut keys = vec![format!("column = {}", self.column(one.column))];
        keys.extend(self.nth(one).map(|nth| format!("nth = {nth}")));
        keys.extend(format_key(&other.formats));
        format!("# {} = {}\n", one.property, entry(&keys))
    }

    /// `[[associate]]` for the ticket's contact.
    pub(crate) fn contact(&self) -> String {
        let Some(email) = self.of(Place::Contact).next() else {
            return String::new();
        };
        let mark = if email.score >= SURE { "" } else { "# " };
        let nth = self.nth(email);
        let nth = nth.map_or(String::new(), |nth| format!("{mark}nth = {nth}\n"));
        let mut text = format!(
            "# The ticket's contact.\n{why}{mark}[[associate]]\n{mark}to = \"contacts\"\n{mark}by = \"email\"\n\
             {mark}column = {column}\n{nth}{mark}missing = \"create\"\n",
            why = self.why(email),
            column = self.column(email.column)
        );
        let properties: Vec<&Match> = self.of(Place::ContactProperty).collect();
        if !properties.is_empty() {
            let _ok = writeln!(text, "\n{mark}[associate.properties]");
        }
        for one in properties {
            let own = if one.score >= SURE { mark } else { "# " };
            let why = self.why(one);
            let _ok = writeln!(text, "{why}{own}{} = {}", one.property, self.entry(one));
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
        let mut lines = vec![format!("# {:.2}: {}{rival}", one.score, one.reason)];
        lines.extend(self.which(one));
        lines.extend(self.unknown_values(one));
        if let Some((found, told_by)) = self.dates(one) {
            lines.extend(told_by.map(|told_by| {
                format!(
                    "# The order of day and month is that of {}.",
                    quoted(told_by)
                )
            }));
            lines.extend(other_format(&found).map(|words| format!("# {words}.")));
            lines.extend(found.against.map(|against| {
                format!(
                    "# No date like the others, its row would be refused: {}.",
                    place(&against)
                )
            }));
        }
        lines.join("\n") + "\n"
    }

    /// Which of several columns of one name is meant, if only one can be.
    fn which(&self, one: &Match) -> Option<String> {
        let nth = self.nth(one)?;
        let header = &self.survey.columns[one.column].header;
        let all = self
            .survey
            .columns
            .iter()
            .filter(|column| column.header == *header);
        let values = all.enumerate().map(|(idx, column)| {
            let examples: Vec<&str> = column.examples().collect();
            format!("{} has {}", idx + 1, examples.join(", "))
        });
        let values: Vec<String> = values.collect();
        let shown = values.join("; ").replace(['\n', '\r'], " ");
        Some(format!(
            "# Several columns are called so: choose by nth, now {nth} ({shown})."
        ))
    }

    /// Values of a column for a choice whose meaning is not known.
    fn unknown_values(&self, one: &Match) -> Option<String> {
        /// Enough for a line.
        const SHOWN: usize = 12;
        let Holds::Choice(words) = TARGETS[one.target].holds else {
            return None;
        };
        let column = &self.survey.columns[one.column];
        let mut unknown: Vec<String> = column
            .choices()
            .into_iter()
            .filter(|(value, _)| meaning(words, value).is_none())
            .map(|(value, count)| format!("{} ({count})", quoted(value).replace(['\n', '\r'], " ")))
            .collect();
        if unknown.is_empty() {
            return None;
        }
        let more = unknown.len().saturating_sub(SHOWN);
        unknown.truncate(SHOWN);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let fate = match one.property {
            "hs_pipeline_stage" => "their rows are refused, unless a stage is called so",
            _ => "left blank",
        };
        Some(format!(
            "# Not known, to fill in: {}{more}; {fate}.",
            unknown.join(", ")
        ))
    }

    /// How the dates of a column for times are written.
    pub(crate) fn dates(&self, one: &Match) -> Option<(DateFormats, Option<&str>)> {
        match TARGETS[one.target].holds {
            Holds::Times => self.survey.dates(one.column),
            _ => None,
        }
    }

    /// The right-hand side of an entry.
    fn entry(&self, one: &Match) -> String {
        let column = &self.survey.columns[one.column];
        let mut keys = vec![format!("column = {}", self.column(one.column))];
        keys.extend(self.nth(one).map(|nth| format!("nth = {nth}")));
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
                keys.extend(
                    self.dates(one)
                        .and_then(|(found, _)| format_key(&found.formats)),
                );
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

    /// Which of several columns of one name the match means; none if there is one, or
    /// all of them are meant.
    fn nth(&self, one: &Match) -> Option<usize> {
        let takes_all = matches!(TARGETS[one.target].holds, Holds::Texts | Holds::Several(_));
        (is_repeated(self.survey, one.column) && !takes_all).then(|| nth(self.survey, one.column))
    }
}

/// Whether a column of ids has several rows for most of them.
pub(crate) fn is_log(column: &Column) -> bool {
    column.distinct.share() <= 0.7
}

/// The known values of a column with what they become.
fn value_map(words: &'static Words, column: &Column, unmapped: &str) -> Vec<String> {
    let mut folded: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for (value, _) in column.choices() {
        let fold = value.to_lowercase();
        if let Some(meaning) = meaning(words, value).filter(|_| !folded.contains(&fold)) {
            lines.push(format!("{} = {}", quoted(value), quoted(meaning)));
            folded.push(fold);
        }
    }
    let map = (!lines.is_empty()).then(|| format!("map = {{ {} }}", lines.join(", ")));
    // Without a map, texts that the portal does not have refuse their rows.
    let unmapped = map
        .as_ref()
        .map(|_| format!("unmapped = {}", quoted(unmapped)));
    map.into_iter().chain(unmapped).collect()
}
/// Whether a system itself writes ids with a blank between groups of digits, which in
/// single cells is a spreadsheet's doing.
fn has_spaced_ids(column: &Column) -> bool {
    const BLANKS: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\u{2009}'];
    let mut long = column.examples().filter(|id| id.len() > 3).peekable();
    long.peek().is_some() && long.all(|id| is_rewritten(id) && id.contains(BLANKS))
}

/// From here on a match is active; below it is a guess.
pub(crate) const SURE: f64 = 0.65;
