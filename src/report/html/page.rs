//! A page before it is HTML: what it says at its head, and sections of words, pictures and
//! tables. Reports of all kinds are made of these pieces, and drawn by one template.

use std::time::Duration;

use minijinja::value::Serde;
use minijinja::{Environment, Value};
use serde::Serialize;

use crate::model::count::counted;
use crate::model::run_report::{ReportHead, ReportedFile};
use crate::report::words::duration;

/// Letters of a value that are shown.
const LETTERS: usize = 600;

/// A page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    /// The title of the window.
    title: String,
    /// The heading.
    name: String,
    /// One sentence on what it is about.
    lead: String,
    state: String,
    facts: Vec<Fact>,
    sections: Vec<Section>,
    tool: &'static str,
}

/// A line of the head.
#[derive(Debug, Serialize)]
struct Fact {
    name: String,
    value: String,
    /// BLAKE3 of what is named, in hex.
    hash: Option<String>,
}

/// A part of the page with a heading.
#[derive(Debug, Serialize)]
struct Section {
    heading: String,
    parts: Vec<Part>,
}

/// A piece of a section; what it does not have is not shown.
#[derive(Debug, Default, Serialize)]
pub(super) struct Part {
    /// The rest can be folded up, and is at first unless it is open.
    fold: Option<Fold>,
    words: String,
    items: Vec<String>,
    chart: Option<Value>,
    table: Option<Table>,
}

#[derive(Debug, Serialize)]
struct Fold {
    name: String,
    words: String,
    open: bool,
}

/// A table.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    /// What it is called for those who can't see it.
    name: String,
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: &'static str,
    /// `number`, `long` or nothing.
    class: &'static str,
}

/// A cell.
#[derive(Debug, Default, Serialize)]
pub(super) struct Cell {
    text: String,
    /// The colour of what it names.
    mark: Option<&'static str>,
    /// The address that it links to.
    link: Option<String>,
    /// Values in it, each preceded by a label.
    values: Vec<(String, String)>,
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell {
            text: short(text),
            ..Cell::default()
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::from(text.to_owned())
    }
}

impl Cell {
    /// A word with the mark of its colour before it.
    pub(super) fn marked(word: &'static str) -> Cell {
        Cell {
            mark: Some(word),
            ..Cell::from(word)
        }
    }

    /// A text that links to an address, if there is one.
    pub(super) fn linked(text: &str, link: Option<&str>) -> Cell {
        Cell {
            link: link.map(str::to_owned),
            ..Cell::from(text)
        }
    }

    /// Values, each preceded by how often it occurs, or by what it is a value of.
    pub(super) fn values(values: Vec<(String, String)>) -> Cell {
        let values = values.into_iter();
        Cell {
            values: values.map(|(of, value)| (of, short(value))).collect(),
            ..Cell::default()
        }
    }
}

impl Part {
    /// A sentence or more.
    pub(super) fn words(words: impl Into<String>) -> Part {
        Part {
            words: words.into(),
            ..Part::default()
        }
    }

    /// A list of sentences.
    pub(super) fn items(items: Vec<String>) -> Part {
        Part {
            items,
            ..Part::default()
        }
    }

    /// A chart, as SVG that the tool itself made.
    pub(super) fn chart(svg: String) -> Part {
        Part {
            chart: Some(Value::from_safe_string(svg)),
            ..Part::default()
        }
    }

    /// The same, folded under a name and some words.
    pub(super) fn folded(self, name: &str, words: String, open: bool) -> Part {
        Part {
            fold: Some(Fold {
                name: name.to_owned(),
                words,
                open,
            }),
            ..self
        }
    }
}

impl From<Table> for Part {
    fn from(table: Table) -> Part {
        Part {
            table: Some(table),
            ..Part::default()
        }
    }
}

impl Table {
    /// A table with these columns; `#` before a name makes it a column of numbers, `…` one
    /// of long texts.
    pub(super) fn new(name: impl Into<String>, columns: &[&'static str]) -> Table {
        let column = |name: &&'static str| match (name.strip_prefix('#'), name.strip_prefix('…'))
        {
            (Some(name), _) => Column {
                name,
                class: "number",
            },
            (_, Some(name)) => Column {
                name,
                class: "long",
            },
            (None, None) => Column { name, class: "" },
        };
        Table {
            name: name.into(),
            caption: String::new(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// With a sentence above it.
    pub(super) fn caption(mut self, caption: impl Into<String>) -> Table {
        self.caption = caption.into();
        self
    }

    /// With these rows.
    pub(super) fn rows<const N: usize>(mut self, rows: impl Iterator<Item = [Cell; N]>) -> Table {
        self.rows.extend(rows.map(Vec::from));
        self
    }
}

impl Page {
    /// A page with its head; `title` follows the name in the window's title.
    pub(super) fn new(head: &ReportHead, title: &str, lead: String) -> Page {
        let mut page = Page {
            title: format!("{}: {title}, {}", head.name, head.state),
            name: head.name.clone(),
            lead,
            state: head.state.clone(),
            facts: Vec::new(),
            sections: Vec::new(),
            tool: head.tool,
        };
        let (begun, ended) = head.times;
        page.fact("Begun", moment(begun));
        if ended > begun {
            let took: Duration = ended.duration_since(begun).unsigned_abs();
            let words = format!("{}, {} later", moment(ended), duration(took));
            page.fact("Last written", words);
        }
        if let Some((id, path)) = &head.portal {
            page.fact("Portal", format!("{id} ({path})"));
        }
        for input in &head.inputs {
            page.file("Input", input);
        }
        if let Some(mapping) = &head.mapping {
            page.file("Mapping", mapping);
        }
        page
    }

    /// Adds a line to the head.
    pub(super) fn fact(&mut self, name: impl Into<String>, value: String) {
        self.facts.push(Fact {
            name: name.into(),
            value,
            hash: None,
        });
    }

    fn file(&mut self, name: &str, file: &ReportedFile) {
        self.facts.push(Fact {
            name: name.to_owned(),
            value: format!("{}, {}", file.name, counted(file.bytes, "byte")),
            hash: Some(file.hash.clone()),
        });
    }

    /// Adds a section; one without a part is not shown.
    pub(super) fn section(&mut self, heading: impl Into<String>, parts: Vec<Part>) {
        if !parts.is_empty() {
            self.sections.push(Section {
                heading: heading.into(),
                parts,
            });
        }
    }

    /// The page as HTML.
    ///
    /// # Errors
    /// When the template is broken, which a test rules out.
    pub(super) fn html(&self) -> Result<String, minijinja::Error> {
        let mut pages = Environment::new();
        // A name in `.html` makes the engine escape what is filled in as HTML.
        pages.add_template("page.html", include_str!("page.html"))?;
        pages.get_template("page.html")?.render(Serde(self))
    }
}

/// The start of a value.
fn short(value: String) -> String {
    beginning(value, LETTERS)
}

/// The first letters of a value, at most this many.
pub(super) fn beginning(value: String, letters: usize) -> String {
    match value.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", value[..end].trim_end()),
        None => value,
    }
}

/// A moment that a reader in another zone can't misread.
pub(super) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
