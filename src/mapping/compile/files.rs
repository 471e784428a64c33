//! Files of comments and of tickets, against the headers of the input.

use super::note_names::{Names, dated, place};
use crate::mapping::compile::document::Compiler;
use crate::mapping::notes::{FileCut, FileFields, Files, TicketFiles};
use crate::mapping::syntax::{AttachmentsSpec, FieldSpec, FileSpec, FilesCut, FilesSpec};

/// The files of a comment.
pub(super) fn note_files(spec: &FilesSpec, names: &Names) -> Files {
    Files {
        field: place(&spec.field, names),
        cut: cut(&spec.cut, &spec.said),
    }
}

impl Compiler<'_> {
    /// Compiles one `[[attachments]]`. None when something was reported, when the input lacks
    /// its optional columns, or when no files are uploaded.
    pub(super) fn ticket_files(&mut self, spec: &AttachmentsSpec) -> Option<TicketFiles> {
        let names = names(&spec.cut);
        let at = match &spec.at {
            Some(at) => {
                let dates = self.date_rule(&dated(at), true, None);
                Some((place(&at.field, &names), dates?))
            }
            None => None,
        };
        let columns = self.columns(&spec.columns, spec.optional, None)?;
        let is_there = !columns.is_empty() && self.takes_files;
        is_there.then(|| TicketFiles {
            columns,
            cut: cut(&spec.cut, &spec.said),
            at,
        })
    }
}

fn names(cut: &FilesCut) -> Names {
    match cut {
        FilesCut::Parts(parts) => {
            let names = parts.names.iter().map(|name| name.value.clone());
            Names::Given(names.collect())
        }
        FilesCut::List | FilesCut::Texts(_) => Names::Carried,
    }
}

fn cut(cut: &FilesCut, said: &FileSpec) -> FileCut {
    let names = names(cut);
    let field = |spec: &Option<FieldSpec>| spec.as_ref().map(|spec| place(spec, &names));
    let said = FileFields {
        id: field(&said.id),
        name: field(&said.name),
        url: field(&said.url),
        size: field(&said.size),
    };
    match cut {
        FilesCut::Texts(split) => FileCut::Texts(split.clone()),
        FilesCut::List => FileCut::List(said),
        FilesCut::Parts(parts) => FileCut::Parts {
            separator: parts.separator.clone(),
            count: parts.names.len(),
            said,
        },
    }
}
