//! What a mapping file says, as plain values with their places in the TOML: the result
//! of parsing, not yet checked against headers or a schema.

use std::collections::HashSet;
use std::ops::Range;

use regex::Regex;

use crate::model::dialect::Dialect;
use crate::model::link_by::LinkBy;
use crate::model::note::Activity;
use crate::model::schema::{NewProperty, ObjectName};
use crate::model::ticket::Missing;

/// A value with the bytes of the TOML text that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    /// What was written.
    pub(crate) value: T,
    /// Where.
    pub(crate) span: Range<usize>,
}

impl<T> At<T> {
    /// Puts a value at its place.
    pub(crate) fn new(value: T, span: Range<usize>) -> At<T> {
        At { value, span }
    }
}

/// A whole mapping file.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The name of the system that the input comes from.
    pub(crate) system: Option<String>,
    /// `[source]`.
    pub(crate) source: SourceSpec,
    /// `[key]`.
    pub(crate) key: KeySpec,
    /// `[rows]`.
    pub(crate) rows: RowsSpec,
    /// `[properties]`.
    pub(crate) properties: At<Vec<EntrySpec>>,
    /// `[[associate]]`.
    pub(crate) links: Vec<LinkSpec>,
    /// `[[notes]]`.
    pub(crate) notes: Vec<NotesSpec>,
    /// `[[attachments]]`.
    pub(crate) attachments: Vec<AttachmentsSpec>,
    /// `[[property]]`.
    pub(crate) new_properties: Vec<NewProperty>,
    /// Properties whose entry or definition was reported and left out, so that their
    /// absence is not reported too.
    pub(crate) faulty: HashSet<String>,
}

/// `[source]`: what holds for the whole input.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceSpec {
    /// Zone of times that carry none (IANA name).
    pub(crate) timezone: Option<At<String>>,
    /// Cells that mean "no value", trimmed; blank ones always do.
    pub(crate) empty: Vec<String>,
    /// How the CSV is written, as far as the mapping says.
    pub(crate) dialect: Dialect,
}

/// `[key]`.
#[derive(Clone, Debug)]
pub(crate) struct KeySpec {
    /// The unique-value property; for record ids, `hs_object_id` at their place.
    pub(crate) property: At<String>,
    /// Where the text of the key comes from.
    pub(crate) origin: KeyOrigin,
    /// Put in front of every key.
    pub(crate) prefix: String,
    /// The cells are ids, even if they look like numbers that a spreadsheet rewrote.
    pub(crate) as_written: bool,
}

/// Where a key comes from.
#[derive(Clone, Debug)]
pub(crate) enum KeyOrigin {
    /// A column or a template, as for a property.
    Text(Origin, Option<At<usize>>),
    /// A hash of all cells of the row.
    RowHash,
    /// A column with the ids of the tickets themselves.
    RecordId(Origin),
}

/// `[rows]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowsSpec {
    /// An expression; rows for which it is true are left out.
    pub(crate) skip: Option<At<String>>,
    /// Columns whose value rows of one ticket share.
    pub(crate) one_per: Option<Vec<At<ColumnName>>>,
    /// Columns that the import has no place for, which is said of each row that has them.
    pub(crate) left_behind: Vec<At<ColumnName>>,
    /// Which of those rows counts.
    pub(crate) keep: Keep,
}

/// Which of several rows of one ticket counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The first of them.
    First,
    /// The last of them.
    #[default]
    Last,
}

/// How a mapping names a column.
#[derive(Clone, Debug)]
pub(crate) enum ColumnName {
    /// By its name.
    Name(String),
    /// By a pattern over names; its group `tz` is a time zone.
    Pattern(Regex),
}

/// Where the text of an entry comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// The first of these columns that the file has.
    Column(Vec<At<ColumnName>>),
    /// The same text for every row.
    Value(At<String>),
    /// A template over the row's columns.
    Template(At<String>),
}

/// What happens to a text that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// The row is refused.
    Refuse,
    /// The text is used unchanged.
    Keep,
    /// The property is left out.
    Blank,
    /// This value is used.
    Value(String),
}

/// One entry of `[properties]`, or of an associate's `properties`.
#[derive(Clone, Debug)]
pub(crate) struct EntrySpec {
    /// Internal name of the property; the place is the entry's key.
    pub(crate) property: At<String>,
    /// Where the text comes from.
    pub(crate) origin: Origin,
    /// Whether the file may lack the column.
    pub(crate) optional: bool,
    /// Which of several columns of one name, from 1; none = all of them.
    pub(crate) nth: Option<At<usize>>,
    /// Whether a row without a value is refused; none = the default of the property.
    pub(crate) required: Option<bool>,
    /// Whether a cell is trimmed.
    pub(crate) trim: bool,
    /// What is replaced in the text, in this order.
    pub(crate) replace: Option<At<Vec<Replacement>>>,
    /// Whether the text is HTML to be made plain.
    pub(crate) html: Option<At<bool>>,
    /// Separators of a cell that holds several values.
    pub(crate) split: Option<At<Vec<String>>>,
    /// The separator of several values of a text.
    pub(crate) join: Option<At<String>>,
    /// Value map.
    pub(crate) map: Option<At<MapSpec>>,
    /// Whether case and blanks matter in the value map.
    pub(crate) exact: bool,
    /// For texts that the value map lacks.
    pub(crate) unmapped: Option<At<Otherwise>>,
    /// For owners that the portal lacks.
    pub(crate) missing: Option<At<Otherwise>>,
    /// `lookup`.
    pub(crate) lookup: Option<At<LookupSpec>>,
    /// For empty cells.
    pub(crate) default: Option<At<String>>,
    /// `empty`: whether an update clears what has no value.
    pub(crate) clear: Option<At<bool>>,
    /// Property to write if this one is read-only in the portal.
    pub(crate) read_only_into: Option<At<String>>,
    /// Date formats (strptime).
    pub(crate) format: Option<At<Vec<At<String>>>>,
    /// Zone of times that carry none, for this entry.
    pub(crate) timezone: Option<At<ZoneSpec>>,
    /// Decimal mark.
    pub(crate) decimal: Option<At<char>>,
    /// Mark between groups of three digits.
    pub(crate) thousands: Option<At<char>>,
    /// Longest text in UTF-16 units; longer ones are shortened.
    pub(crate) truncate: Option<At<usize>>,
}

impl EntrySpec {
    /// An entry that only says where its text comes from.
    pub(crate) fn new(property: At<String>, origin: Origin) -> EntrySpec {
        EntrySpec {
            property,
            origin,
            optional: false,
            nth: None,
            required: None,
            trim: true,
            replace: None,
            html: None,
            split: None,
            join: None,
            map: None,
            exact: false,
            unmapped: None,
            missing: None,
            lookup: None,
            default: None,
            clear: None,
            read_only_into: None,
            format: None,
            timezone: None,
            decimal: None,
            thousands: None,
            truncate: None,
        }
    }
}

/// One line of `replace`.
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    /// What is looked for.
    pub(crate) pattern: Regex,
    /// The replacement; `$1` is the first group.
    pub(crate) text: String,
}

/// The zone of an entry's times.
#[derive(Clone, Debug)]
pub(crate) enum ZoneSpec {
    /// One IANA name for all rows.
    Name(String),
    /// The column that names each row's.
    Column(Vec<At<ColumnName>>),
}

/// How owners are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookupSpec {
    /// By e-mail or full name.
    Owner,
    /// First in a file, then by the result.
    File(TableSpec),
}

/// A file of two columns, next to the mapping.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TableSpec {
    /// Path, from the folder of the mapping.
    pub(crate) file: String,
    /// Column with the texts of the source.
    pub(crate) from: String,
    /// Column with what they become.
    pub(crate) to: String,
    /// The property whose lines count, if the file has a column for it.
    pub(crate) property: Option<String>,
}

/// A value map.
#[derive(Clone, Debug)]
pub(crate) enum MapSpec {
    /// In the mapping itself.
    Lines(Vec<MapLine>),
    /// In a file.
    File(TableSpec),
}

/// One line of a value map.
#[derive(Clone, Debug)]
pub(crate) struct MapLine {
    /// A text of the source.
    pub(crate) from: At<String>,
    /// What it becomes; empty = no value.
    pub(crate) to: At<String>,
}

/// One `[[associate]]`: links to other records.
#[derive(Clone, Debug)]
pub(crate) struct LinkSpec {
    /// Kind of the other record.
    pub(crate) to: At<ObjectName>,
    /// What the cells hold.
    pub(crate) by: At<LinkBy>,
    /// Columns with that; the first that the file has.
    pub(crate) column: Vec<At<ColumnName>>,
    /// Whether the file may lack the column.
    pub(crate) optional: bool,
    /// Which of several columns of one name, from 1; none = all of them.
    pub(crate) nth: Option<At<usize>>,
    /// Separators of a cell that names several records.
    pub(crate) split: Option<At<Vec<String>>>,
    /// The field that holds it, if a cell is a JSON list of objects.
    pub(crate) path: Option<String>,
    /// A file that turns the cell's text into the value.
    pub(crate) lookup: Option<At<TableSpec>>,
    /// Label of the association.
    pub(crate) label: Option<String>,
    /// For records that the portal lacks.
    pub(crate) missing: Missing,
    /// Properties of a record that is created.
    pub(crate) properties: Vec<EntrySpec>,
}

/// One `[[notes]]`: a note for each comment.
#[derive(Clone, Debug)]
pub(crate) struct NotesSpec {
    /// Where the comments are.
    pub(crate) from: NotesFrom,
    /// Whether the file may lack them.
    pub(crate) optional: bool,
    /// When the comment was made.
    pub(crate) at: MomentSpec,
    /// Who made it.
    pub(crate) author: Option<WordsSpec>,
    /// Who may see it.
    pub(crate) public: Option<PublicSpec>,
    /// Where it was written: `email`, `web`.
    pub(crate) channel: Option<WordsSpec>,
    /// What it says.
    pub(crate) body: BodySpec,
    /// What it becomes.
    pub(crate) becomes: BecomesSpec,
    /// Which user of the portal owns it.
    pub(crate) owner: Option<WordsSpec>,
    /// Further properties of what it becomes, by internal name.
    pub(crate) properties: Vec<(At<String>, WordsSpec)>,
    /// Its id among the comments of its ticket.
    pub(crate) id: Option<FieldSpec>,
    /// Whether the earliest is left out, because the ticket's description says the same.
    pub(crate) skip_first: bool,
    /// Its files.
    pub(crate) files: Option<FilesSpec>,
}

/// `attachments` of a comment.
#[derive(Clone, Debug)]
pub(crate) struct FilesSpec {
    /// Where they are.
    pub(crate) field: FieldSpec,
    /// How they are separated.
    pub(crate) cut: FilesCut,
    /// What is said of each.
    pub(crate) said: FileSpec,
}

/// How a text names files.
#[derive(Clone, Debug)]
pub(crate) enum FilesCut {
    /// By their names or addresses, with this between them.
    Texts(Option<String>),
    /// It is one file, cut into parts.
    Parts(PartsSpec),
    /// It is a JSON list of files.
    List,
}

/// What is said of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileSpec {
    /// The source's own id.
    pub(crate) id: Option<FieldSpec>,
    /// Its name.
    pub(crate) name: Option<FieldSpec>,
    /// Its address, or its path in the folder of attachments.
    pub(crate) url: Option<FieldSpec>,
    /// How many bytes it has.
    pub(crate) size: Option<FieldSpec>,
}

/// One `[[attachments]]`: files of the ticket itself.
#[derive(Clone, Debug)]
pub(crate) struct AttachmentsSpec {
    /// Columns that name them.
    pub(crate) columns: Vec<At<ColumnName>>,
    /// Whether the input may lack the columns.
    pub(crate) optional: bool,
    /// How a cell is cut.
    pub(crate) cut: FilesCut,
    /// What is said of each.
    pub(crate) said: FileSpec,
    /// When it was attached.
    pub(crate) at: Option<MomentSpec>,
}

/// What a comment becomes, with the properties of such a record.
#[derive(Clone, Debug, Default)]
pub(crate) enum BecomesSpec {
    /// A note.
    #[default]
    Note,
    /// An e-mail, if the addresses are known and everybody may see it; else a note.
    Email(Box<EmailSpec>),
    /// A call.
    Call(Box<CallSpec>),
    /// A task, meeting or message, with its subject.
    Other(Activity, Option<Box<WordsSpec>>),
}

/// The properties of e-mails.
#[derive(Clone, Debug)]
pub(crate) struct EmailSpec {
    /// Who sent it.
    pub(crate) from: WordsSpec,
    /// Who got it.
    pub(crate) to: WordsSpec,
    /// Who got a copy.
    pub(crate) cc: Option<WordsSpec>,
    /// Who got a blind copy.
    pub(crate) bcc: Option<WordsSpec>,
    /// Its subject.
    pub(crate) subject: Option<WordsSpec>,
    /// Whether it came from outside.
    pub(crate) incoming: PublicSpec,
}

/// The properties of calls.
#[derive(Clone, Debug)]
pub(crate) struct CallSpec {
    /// What it was about.
    pub(crate) subject: Option<WordsSpec>,
    /// Whether it came from outside.
    pub(crate) incoming: Option<PublicSpec>,
}

impl BecomesSpec {
    /// The kind of record that it asks for.
    pub(crate) fn activity(&self) -> Activity {
        match self {
            BecomesSpec::Note => Activity::Note,
            BecomesSpec::Email(_) => Activity::Email,
            BecomesSpec::Call(_) => Activity::Call,
            BecomesSpec::Other(kind, _) => *kind,
        }
    }

    fn words(&self) -> Vec<&WordsSpec> {
        match self {
            BecomesSpec::Note => Vec::new(),
            BecomesSpec::Email(email) => {
                let needed = [&email.from, &email.to].into_iter();
                let more = [&email.cc, &email.bcc, &email.subject]
                    .into_iter()
                    .flatten();
                needed.chain(more).collect()
            }
            BecomesSpec::Call(call) => call.subject.iter().collect(),
            BecomesSpec::Other(_, subject) => subject.as_deref().into_iter().collect(),
        }
    }

    fn incoming(&self) -> Option<&PublicSpec> {
        match self {
            BecomesSpec::Note | BecomesSpec::Other(..) => None,
            BecomesSpec::Email(email) => Some(&email.incoming),
            BecomesSpec::Call(call) => call.incoming.as_ref(),
        }
    }
}

/// Where the comments of a row are.
#[derive(Clone, Debug)]
pub(crate) enum NotesFrom {
    /// One in each cell of these columns, cut like this.
    Cells(Vec<At<ColumnName>>, PartsSpec),
    /// In a JSON list in this column.
    Each(Vec<At<ColumnName>>),
    /// In a separate file.
    File(BesideSpec),
}

/// `file`: comments in a separate file.
#[derive(Clone, Debug)]
pub(crate) struct BesideSpec {
    /// The file, next to the mapping.
    pub(crate) file: At<String>,
    /// Where it names the ticket.
    pub(crate) ticket: FieldSpec,
    /// Columns of the input with that name; none = the key, without its prefix.
    pub(crate) joins: Option<Vec<At<ColumnName>>>,
}

/// `parts`: a cell that holds several fields of a comment.
#[derive(Clone, Debug)]
pub(crate) struct PartsSpec {
    /// What separates them.
    pub(crate) separator: String,
    /// What they are; the last takes the rest of the cell.
    pub(crate) names: Vec<At<String>>,
}

/// Where a text of a comment is: the first of these that is filled.
#[derive(Clone, Debug)]
pub(crate) struct FieldSpec {
    /// As the mapping names them.
    pub(crate) names: Vec<At<String>>,
}

/// `at`.
#[derive(Clone, Debug)]
pub(crate) struct MomentSpec {
    /// Where it is.
    pub(crate) field: FieldSpec,
    /// Date formats (strptime).
    pub(crate) format: Option<At<Vec<At<String>>>>,
    /// Zone of times that carry none (IANA name).
    pub(crate) timezone: Option<At<String>>,
}

/// A short text of a comment, as people read it.
#[derive(Clone, Debug)]
pub(crate) struct WordsSpec {
    /// Where it is.
    pub(crate) field: FieldSpec,
    /// Set if all filled fields count, with this between them.
    pub(crate) join: Option<String>,
    /// Look-ups in a file, one for each column.
    pub(crate) lookup: Vec<At<TableSpec>>,
    /// What it becomes; others stay.
    pub(crate) map: Option<At<MapSpec>>,
}

/// `public`.
#[derive(Clone, Debug)]
pub(crate) enum PublicSpec {
    /// The same for all comments.
    Always(bool),
    /// Each says it.
    Field {
        /// Where it is said.
        field: FieldSpec,
        /// What the texts mean; without it, they are true and false.
        map: Option<At<MapSpec>>,
        /// What others mean; none if they refuse the row.
        unmapped: Option<bool>,
    },
}

/// `body`.
#[derive(Clone, Debug)]
pub(crate) struct BodySpec {
    /// Where it is.
    pub(crate) field: FieldSpec,
    /// What the text is.
    pub(crate) form: BodyForm,
}

/// What the text of a comment is, and what becomes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyForm {
    /// A plain text, in which nothing is markup.
    #[default]
    Plain,
    /// HTML, of which the note keeps what is harmless.
    Clean,
    /// HTML, of which the note gets the text.
    Text,
}

impl NotesSpec {
    /// The separate file that the comments are in.
    pub(crate) fn beside(&self) -> Option<&BesideSpec> {
        match &self.from {
            NotesFrom::File(beside) => Some(beside),
            NotesFrom::Cells(..) | NotesFrom::Each(_) => None,
        }
    }

    /// The fields of a comment. Runs keep comments of files in this order, so new fields go last.
    pub(crate) fn fields(&self) -> Vec<&FieldSpec> {
        let words = [&self.author, &self.channel].into_iter().flatten();
        let public = match &self.public {
            Some(PublicSpec::Field { field, .. }) => Some(field),
            Some(PublicSpec::Always(_)) | None => None,
        };
        let mut fields = vec![&self.at.field, &self.body.field];
        fields.extend(words.map(|words| &words.field));
        fields.extend(public);
        fields.extend(&self.id);
        fields.extend(self.files.as_ref().map(|files| &files.field));
        fields.extend(self.becomes.words().into_iter().map(|words| &words.field));
        if let Some(PublicSpec::Field { field, .. }) = self.becomes.incoming() {
            fields.push(field);
        }
        let properties = self.properties.iter().map(|(_, words)| words);
        let more = self.owner.iter().chain(properties);
        fields.extend(more.map(|words| &words.field));
        fields
    }

    /// Its short texts.
    fn words(&self) -> impl Iterator<Item = &WordsSpec> + Clone {
        let own = [&self.author, &self.channel, &self.owner];
        let properties = self.properties.iter().map(|(_, words)| words);
        let own = own.into_iter().flatten().chain(properties);
        own.chain(self.becomes.words())
    }

    /// The columns with the comments; the first that the file has.
    pub(crate) fn columns(&self) -> &[At<ColumnName>] {
        match &self.from {
            NotesFrom::Cells(columns, _) | NotesFrom::Each(columns) => columns,
            NotesFrom::File(_) => &[],
        }
    }

    /// The files that it names, each with a place that names it.
    fn tables(&self) -> impl Iterator<Item = At<&TableSpec>> {
        let words = self.words();
        let lookups = words.clone().flat_map(|words| &words.lookup);
        let lookups = lookups.map(|table| At::new(&table.value, table.span.clone()));
        let flags = [self.public.as_ref(), self.becomes.incoming()];
        let public = flags.into_iter().flatten().filter_map(|flag| match flag {
            PublicSpec::Field { map, .. } => map.as_ref(),
            PublicSpec::Always(_) => None,
        });
        let maps = words.filter_map(|words| words.map.as_ref()).chain(public);
        lookups.chain(maps.filter_map(|map| match &map.value {
            MapSpec::File(table) => Some(At::new(table, map.span.clone())),
            MapSpec::Lines(_) => None,
        }))
    }
}

impl Document {
    /// The files that the mapping names, each with a place that names it.
    pub(crate) fn tables(&self) -> impl Iterator<Item = At<&TableSpec>> {
        let of_links = self.links.iter().flat_map(|link| &link.properties);
        let maps = self.properties.value.iter().chain(of_links);
        let of_entries = maps.flat_map(|entry| {
            let map = entry.map.as_ref().and_then(|map| match &map.value {
                MapSpec::File(table) => Some(At::new(table, map.span.clone())),
                MapSpec::Lines(_) => None,
            });
            let lookup = entry.lookup.as_ref();
            let lookup = lookup.and_then(|lookup| match &lookup.value {
                LookupSpec::File(table) => Some(At::new(table, lookup.span.clone())),
                LookupSpec::Owner => None,
            });
            map.into_iter().chain(lookup)
        });
        let of_links = self.links.iter().filter_map(|link| link.lookup.as_ref());
        let of_links = of_links.map(|table| At::new(&table.value, table.span.clone()));
        let of_notes = self.notes.iter().flat_map(NotesSpec::tables);
        of_entries.chain(of_links).chain(of_notes)
    }
}
