//! `[[notes]]` against the headers of the input.

use std::sync::Arc;

use super::files::note_files;
use super::note_names::{Names, dated, place};
use crate::mapping::compile::document::Compiler;
use crate::mapping::entry::Column;
use crate::mapping::errors::Problem;
use crate::mapping::key::Key;
use crate::mapping::look_up::LookUp;
use crate::mapping::notes::{
    Becomes, Call, CommentFile, CommentsInFile, Cutting, Joint, Mail, Notes, Owned,
};
use crate::mapping::notes::{Public, Words};
use crate::mapping::syntax::{
    At, BecomesSpec, BesideSpec, FieldSpec, MapSpec, NotesFrom, NotesSpec, PartsSpec, PublicSpec,
    WordsSpec,
};

impl Compiler<'_> {
    /// Compiles the one at this position in the mapping. None when something was
    /// reported, or when the file lacks its optional columns.
    pub(crate) fn notes(
        &mut self,
        entry: usize,
        spec: &NotesSpec,
        key: Option<&Key>,
    ) -> Option<Notes> {
        let stands = self.note_place(entry, spec, key);
        let dates = self.date_rule(&dated(&spec.at), true, None);
        let names = names(spec);
        let words = |words: Option<&WordsSpec>| Some(self.note_words(words?, &names));
        let author = words(spec.author.as_ref());
        let channel = words(spec.channel.as_ref());
        let public = spec.public.as_ref();
        let public = public.map(|public| self.note_flag(public, &names));
        let becomes = self.becomes(&spec.becomes, &names);
        let files = spec.files.as_ref().map(|files| note_files(files, &names));
        let (columns, cut) = stands?;
        Some(Notes {
            columns,
            cut,
            at: place(&spec.at.field, &names),
            dates: dates?,
            author,
            public,
            channel,
            body: place(&spec.body.field, &names),
            form: spec.body.form,
            becomes,
            owner: self.note_owner(spec, &names),
            properties: self.note_properties(spec, &names),
            id: spec.id.as_ref().map(|id| place(id, &names)),
            skip_first: spec.skip_first,
            files: files.filter(|_| self.takes_files),
        })
    }

    /// Where the comments are; none if the input lacks them, or something was reported.
    fn note_place(
        &mut self,
        entry: usize,
        spec: &NotesSpec,
        key: Option<&Key>,
    ) -> Option<(Vec<Column>, Cutting)> {
        let cut = match &spec.from {
            NotesFrom::File(beside) => {
                if spec.optional && self.absent.contains(&entry) {
                    return None;
                }
                let beside = self.beside(entry, spec, beside, key?)?;
                return Some((Vec::new(), Cutting::File(beside)));
            }
            NotesFrom::Cells(_, parts) => Cutting::Parts {
                separator: parts.separator.clone(),
                count: parts.names.len(),
            },
            NotesFrom::Each(_) => Cutting::List,
        };
        let columns = self.columns(spec.columns(), spec.optional, None)?;
        (!columns.is_empty()).then_some((columns, cut))
    }

    fn beside(
        &mut self,
        entry: usize,
        spec: &NotesSpec,
        beside: &BesideSpec,
        key: &Key,
    ) -> Option<CommentsInFile> {
        let joint = match &beside.joins {
            Some(joins) => Joint::Columns(self.columns(joins, false, None)?),
            None if key.names_rows() => Joint::Key,
            None => {
                self.problems.report(
                    Problem::new(
                        &beside.file.span,
                        "comments of a file name their ticket, and the key is not a text of the row",
                    )
                    .help("name the column of the input that they name: joins = \"Id\""),
                );
                return None;
            }
        };
        let texts = |field: &FieldSpec| -> Vec<String> {
            let names = field.names.iter();
            names.map(|name| name.value.clone()).collect()
        };
        let Names::Given(fields) = names(spec) else {
            return None;
        };
        Some(CommentsInFile {
            file: CommentFile {
                entry: u32::try_from(entry).ok()?,
                file: beside.file.value.clone(),
                ticket: texts(&beside.ticket),
                fields,
                needed: spec.fields().into_iter().map(texts).collect(),
            },
            joint,
        })
    }

    fn becomes(&self, spec: &BecomesSpec, names: &Names) -> Becomes {
        let words = |words: &WordsSpec| self.note_words(words, names);
        match spec {
            BecomesSpec::Note => Becomes::Note,
            BecomesSpec::Email(email) => Becomes::Email(Box::new(Mail {
                from: words(&email.from),
                to: words(&email.to),
                cc: email.cc.as_ref().map(words),
                bcc: email.bcc.as_ref().map(words),
                subject: email.subject.as_ref().map(words),
                incoming: self.note_flag(&email.incoming, names),
            })),
            BecomesSpec::Call(call) => {
                let incoming = call.incoming.as_ref();
                Becomes::Call(Box::new(Call {
                    subject: call.subject.as_ref().map(words),
                    incoming: incoming.map(|incoming| self.note_flag(incoming, names)),
                }))
            }
            BecomesSpec::Other(activity, subject) => {
                Becomes::Other(*activity, subject.as_deref().map(words).map(Box::new))
            }
        }
    }

    fn note_owner(&self, spec: &NotesSpec, names: &Names) -> Option<Owned> {
        Some(Owned {
            words: self.note_words(spec.owner.as_ref()?, names),
            rule: self.owner_if_known(),
        })
    }

    fn note_properties(&self, spec: &NotesSpec, names: &Names) -> Vec<(Arc<str>, Words)> {
        let properties = spec.properties.iter().map(|(name, words)| {
            let words = self.note_words(words, names);
            (Arc::from(name.value.as_str()), words)
        });
        properties.collect()
    }

    fn note_flag(&self, spec: &PublicSpec, names: &Names) -> Public {
        match spec {
            PublicSpec::Always(public) => Public::Always(*public),
            PublicSpec::Field {
                field,
                map,
                unmapped,
            } => Public::Field {
                field: place(field, names),
                unmapped: *unmapped,
                map: map.as_ref().map(|map| self.note_map(map)),
            },
        }
    }

    fn note_words(&self, spec: &WordsSpec, names: &Names) -> Words {
        Words {
            field: place(&spec.field, names),
            join: spec.join.clone(),
            lookup: spec
                .lookup
                .iter()
                .map(|table| self.look_up(table))
                .collect(),
            map: spec.map.as_ref().map(|map| self.note_map(map)),
        }
    }

    /// A map of texts to texts, ignoring case and surrounding blanks.
    fn note_map(&self, map: &At<MapSpec>) -> LookUp {
        let lines = match &map.value {
            MapSpec::File(table) => return self.look_up(&At::new(table.clone(), map.span.clone())),
            MapSpec::Lines(lines) => lines,
        };
        let mut known = LookUp::new("");
        for line in lines {
            if !known.insert(&line.from.value, &line.to.value) {
                self.problems.report(
                    Problem::new(
                        &line.from.span,
                        format!("`{}` comes twice, with different values", line.from.value),
                    )
                    .help("keep one of the lines; case and blanks around do not matter"),
                );
            }
        }
        known
    }
}

fn names(spec: &NotesSpec) -> Names {
    match &spec.from {
        NotesFrom::Each(_) => Names::Carried,
        NotesFrom::Cells(_, PartsSpec { names, .. }) => {
            Names::Given(names.iter().map(|name| name.value.clone()).collect())
        }
        NotesFrom::File(_) => {
            let mut given: Vec<String> = Vec::new();
            for name in spec.fields().iter().flat_map(|field| &field.names) {
                if !given.contains(&name.value) {
                    given.push(name.value.clone());
                }
            }
            Names::Given(given)
        }
    }
}
