//! Compiled `[[notes]]`: from a row to the comments of its ticket, each with its own
//! time, in the order of their times.

mod activity;
mod address;
mod comment_file;
mod body;
mod element;
mod files;
mod html_text;
mod ids;
mod images;
mod listed;
mod moment;
mod owner;
mod ticket_files;
mod words;

use std::sync::Arc;

pub(crate) use activity::{Becomes, Call, Mail};
pub(crate) use body::text_of;
pub use comment_file::{CommentColumns, CommentFile, LacksColumn};
pub(crate) use comment_file::{CommentsInFile, Joint};
pub(crate) use element::{Element, Field, Place};
pub(crate) use files::{FileCut, FileFields, Files};
pub(crate) use owner::Owned;
pub(crate) use ticket_files::{TicketFiles, note_of_files};

use crate::mapping::convert::DateRule;
use crate::mapping::entry::Column;
use crate::mapping::notes::activity::Made;
use crate::mapping::notes::body::{Body, Head, body};
use crate::mapping::notes::files::{Strange, add_pictures};
use crate::mapping::notes::ids::{Draft, Said, identified};
use crate::mapping::notes::moment::{AT, moment};
use crate::mapping::row_context::{Findings, RowContext};
use crate::mapping::syntax::BodyForm;
use crate::model::attachment::Attachment;
use crate::model::issue::{Problem, Reason};
use crate::model::json::items;
use crate::model::note::{Activity, Note};
use crate::model::schema::OWNER_PROPERTY;
use crate::model::ticket::{PlacedRemark, Remark};
pub(crate) use words::{Public, Words};

/// HubSpot: properties of a note.
const BODY: &str = "hs_note_body";
const ATTACHMENTS: &str = "hs_attachment_ids";

/// What the cells of a comment say apart from its text; empty if they are wrong.
struct Facts {
    at_ms: Option<i64>,
    files: Vec<Attachment>,
    public: Option<bool>,
    made: Option<Made>,
    owner: Option<String>,
}

/// How many problems with the comments of one row are reported. A row may have
/// thousands of comments, and what is wrong with one is usually wrong with all.
const TOLD: usize = 10;

/// Notes for the comments that a row has in one place.
#[derive(Debug)]
pub(crate) struct Notes {
    /// Columns with the comments.
    pub(crate) columns: Vec<Column>,
    /// How a cell is cut.
    pub(crate) cut: Cutting,
    /// Where the time is.
    pub(crate) at: Field,
    /// How it is written.
    pub(crate) dates: DateRule,
    /// Who wrote it.
    pub(crate) author: Option<Words>,
    /// Who may see it.
    pub(crate) public: Option<Public>,
    /// Where it was written.
    pub(crate) channel: Option<Words>,
    /// Where the text is.
    pub(crate) body: Field,
    /// What the text is.
    pub(crate) form: BodyForm,
    /// What it becomes.
    pub(crate) becomes: Becomes,
    /// Who owns it.
    pub(crate) owner: Option<Owned>,
    /// Further properties of what it becomes.
    pub(crate) properties: Vec<(Arc<str>, Words)>,
    /// Where the id is.
    pub(crate) id: Option<Field>,
    /// Whether the earliest is left out.
    pub(crate) skip_first: bool,
    /// Its files, if they are uploaded.
    pub(crate) files: Option<Files>,
}

/// How a cell with comments is cut.
#[derive(Debug)]
pub(crate) enum Cutting {
    /// One comment, in parts with this separator.
    Parts {
        /// The separator of the parts.
        separator: String,
        /// The number of parts.
        count: usize,
    },
    /// A JSON list of comments.
    List,
    /// None: the comments are in a separate file.
    File(CommentsInFile),
}

/// All comments of a row whose ticket has the key, earliest first. Problems are added to
/// the findings.
pub(crate) fn notes(
    all: &[Notes],
    scope: &RowContext<'_>,
    key: &str,
    findings: &mut Findings,
) -> Vec<Note> {
    if all.is_empty() {
        return Vec::new();
    }
    let before = findings.problems.len();
    let mut drafts = Vec::new();
    for notes in all {
        drafts.append(&mut notes.drafts(scope, findings));
    }
    let found = identified(drafts, key, findings);
    findings.problems.truncate(before + TOLD);
    found
}

impl Notes {
    /// The comments of a row in the order of their times.
    fn drafts(&self, scope: &RowContext<'_>, findings: &mut Findings) -> Vec<Draft> {
        let before = findings.problems.len();
        let mut drafts = Vec::new();
        if let Cutting::File(beside) = &self.cut {
            self.beside(beside, scope, &mut drafts, findings);
        }
        for column in &self.columns {
            if findings.problems.len() >= before + TOLD {
                break;
            }
            let Some(cell) = scope.filled(column.idx) else {
                continue;
            };
            match &self.cut {
                Cutting::Parts { separator, count } => {
                    let parts = cell.splitn(*count, separator.as_str());
                    let element = Element::Parts(parts.collect());
                    drafts.extend(self.draft(&element, &column.header, findings));
                }
                Cutting::List => self.list(cell, column, &mut drafts, findings),
                Cutting::File(_) => {}
            }
        }
        drafts.sort_by_key(|draft| draft.at_ms);
        if self.skip_first && !drafts.is_empty() {
            // Its text is in the ticket; its files are not.
            let description = drafts.remove(0);
            if !description.files.is_empty() {
                drafts.insert(0, description.files_only());
            }
        }
        drafts
    }

    /// The comments for the row from a separate file.
    fn beside(
        &self,
        beside: &CommentsInFile,
        scope: &RowContext<'_>,
        drafts: &mut Vec<Draft>,
        findings: &mut Findings,
    ) {
        let before = findings.problems.len();
        let comments = scope.source().comments.iter();
        for comment in comments.filter(|comment| comment.entry == beside.file.entry) {
            if findings.problems.len() >= before + TOLD {
                return;
            }
            let filled = |cell| if scope.is_empty(cell) { "" } else { cell };
            let element = Element::Parts(comment.cells.iter().map(filled).collect());
            drafts.extend(self.draft(&element, &Arc::from(&*comment.place), findings));
        }
    }

    /// The comments of a JSON list.
    fn list(&self, cell: &str, column: &Column, drafts: &mut Vec<Draft>, findings: &mut Findings) {
        let before = findings.problems.len();
        let wrong = |value: &str| {
            let problem = Problem::new(Reason::NoList).column(&*column.header);
            problem.value(value)
        };
        let Some(items) = items(cell) else {
            findings.problems.push(wrong(cell));
            return;
        };
        for item in items {
            if findings.problems.len() >= before + TOLD {
                return;
            }
            match Element::of_object(item) {
                Some(element) => drafts.extend(self.draft(&element, &column.header, findings)),
                None => findings.problems.push(wrong(item)),
            }
        }
    }

    /// One comment; none if it is empty, or has a problem.
    fn draft(
        &self,
        element: &Element<'_>,
        place: &Arc<str>,
        findings: &mut Findings,
    ) -> Option<Draft> {
        let files = self.files_of(element);
        let text = match self.body.text(element) {
            None if !self.says_more(element, &files) => return None,
            text => text.unwrap_or_default(),
        };
        let at = self.at.text(element).unwrap_or_default();
        let facts = self.facts(element, &at, files, place, findings);
        let mut made = facts.made?;
        self.complete(&mut made, element, facts.owner);
        let said = Said {
            at: &at,
            author: &self.author_as_written(element),
            body: &text,
        };
        let body = self.body_of(&made, element, facts.public, &text);
        remark(&made, body.is_stripped, place, findings);
        let mut files = facts.files;
        if self.files.is_some() {
            add_pictures(body.images, &mut files);
        }
        Some(Draft {
            id: self.id_of(element),
            hash: said.hash(),
            at_ms: facts.at_ms?,
            body: body.html,
            activity: made.activity,
            more: made.more,
            files,
            place: Arc::clone(place),
        })
    }

    /// The body of what a comment becomes.
    fn body_of(
        &self,
        made: &Made,
        element: &Element<'_>,
        public: Option<bool>,
        text: &str,
    ) -> Body {
        let author = self.author.as_ref().and_then(|words| words.of(element));
        let channel = self.channel.as_ref().and_then(|words| words.of(element));
        // An e-mail that becomes a note has no property for it.
        let subject = self.becomes.subject(element);
        let subject = subject.filter(|_| made.activity == Activity::Note);
        let head = match made.activity {
            // Its headers say who wrote it.
            Activity::Email => Head::default(),
            _ => Head {
                author: author.as_deref(),
                public,
                channel: channel.as_deref(),
                subject: subject.as_deref(),
            },
        };
        match made.activity.subject() {
            // Its subject is enough.
            Some(_) if text.is_empty() => Body::of(head.written()),
            _ => body(&head, text, self.form),
        }
    }

    /// Whether a comment without text still becomes a record.
    fn says_more(&self, element: &Element<'_>, files: &Result<Vec<Attachment>, Strange>) -> bool {
        // Files are judged by themselves, and so are their problems.
        let has_files = !matches!(files, Ok(files) if files.is_empty());
        let mut properties = self.properties.iter();
        has_files
            || self.becomes.subject(element).is_some()
            || properties.any(|(_, words)| words.of(element).is_some())
    }

    /// Adds what the mapping says of the record beyond what its kind needs. The properties of
    /// an e-mail are not those of the note that it becomes instead.
    fn complete(&self, made: &mut Made, element: &Element<'_>, owner: Option<String>) {
        if made.activity == self.becomes.activity() {
            for (name, words) in &self.properties {
                let Some(value) = words.of(element) else {
                    continue;
                };
                made.more.retain(|(known, _)| known != name);
                made.more.push((Arc::clone(name), value));
            }
        }
        made.more
            .extend(owner.map(|owner| (OWNER_PROPERTY.into(), owner)));
    }

    /// What the cells of a comment say apart from its text; problems are reported.
    fn facts(
        &self,
        element: &Element<'_>,
        at: &str,
        files: Result<Vec<Attachment>, Strange>,
        place: &Arc<str>,
        findings: &mut Findings,
    ) -> Facts {
        let mut wrong = Vec::new();
        let mut report = |property: &str, reason, value: &str| {
            let problem = Problem::new(reason).property(property).value(value);
            wrong.push(problem.column(&**place));
        };
        let at_ms = moment(&self.dates, at, place, findings);
        let at_ms = at_ms.map_err(|reason| report(AT, reason, at)).ok();
        let files = files.map_err(|(reason, value)| report(ATTACHMENTS, reason, &value));
        let public = self.public.as_ref().map(|public| public.of(element));
        let public = public.transpose();
        let public = public.map_err(|(reason, value)| report(BODY, reason, &value));
        let public = public.ok().flatten().flatten();
        let owner = self.owner.as_ref();
        let owner = owner.map(|owner| owner.of(element, place, findings));
        let owner = owner.transpose();
        let owner = owner.map_err(|(reason, value)| report(OWNER_PROPERTY, reason, &value));
        let made = self.becomes.of(element, public);
        let made = made.map_err(|(property, reason, value)| report(property, reason, &value));
        let facts = Facts {
            at_ms,
            files: files.unwrap_or_default(),
            public,
            made: made.ok(),
            owner: owner.ok().flatten().flatten(),
        };
        findings.problems.append(&mut wrong);
        facts
    }

    /// The files that a comment names.
    fn files_of(&self, element: &Element<'_>) -> Result<Vec<Attachment>, Strange> {
        let files = self.files.as_ref().map(|files| files.of(element));
        Ok(files.transpose()?.unwrap_or_default())
    }

    /// The id that the source gives a comment.
    fn id_of(&self, element: &Element<'_>) -> Option<String> {
        let id = self.id.as_ref().and_then(|id| id.text(element));
        id.map(std::borrow::Cow::into_owned)
    }

    /// The author as named in the source, without look-ups and maps: keys must not
    /// change when those do.
    fn author_as_written(&self, element: &Element<'_>) -> String {
        let words = self.author.as_ref();
        let field = words.and_then(|words| words.field.text(element));
        field.map(std::borrow::Cow::into_owned).unwrap_or_default()
    }
}

/// Reports how a comment differs from its cells.
fn remark(made: &Made, is_stripped: bool, place: &Arc<str>, findings: &mut Findings) {
    let remarks = [
        is_stripped.then_some(Remark::HtmlStripped),
        made.lacks_address.then_some(Remark::EmailAsNote),
    ];
    let remarks = remarks.into_iter().flatten();
    findings.remarks.extend(remarks.map(|remark| PlacedRemark {
        remark,
        property: made.activity.body().into(),
        column: Some(Arc::clone(place)),
        value: Box::default(),
    }));
}
