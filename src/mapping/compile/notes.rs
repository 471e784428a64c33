//! `[[notes]]` against the headers of the input.

use crate::mapping::compile::document::Compiler;
use crate::mapping::errors::Problem;
use crate::mapping::look_up::LookUp;
use crate::mapping::notes::{Cutting, Field, Notes, Place, Public, Words};
use crate::mapping::shape::{
    At, EntrySpec, FieldSpec, MapSpec, MomentSpec, NotesFrom, NotesSpec, Origin, PartsSpec,
    PublicSpec, WordsSpec, ZoneSpec,
};

impl Compiler<'_> {
    /// Compiles one. None when something was reported, or when the file lacks its
    /// optional columns.
    pub(crate) fn notes(&mut self, spec: &NotesSpec) -> Option<Notes> {
        let columns = self.columns(spec.columns(), spec.optional, None);
        let dates = self.date_rule(&dated(&spec.at), true, None);
        let parts = match &spec.from {
            NotesFrom::Cells(_, parts) => Some(parts),
            NotesFrom::Each(_) => None,
        };
        let words = |words: Option<&WordsSpec>| Some(self.note_words(words?, parts));
        let author = words(spec.author.as_ref());
        let channel = words(spec.channel.as_ref());
        let public = spec.public.as_ref().map(|public| match public {
            PublicSpec::Always(public) => Public::Always(*public),
            PublicSpec::Field {
                field,
                map,
                unmapped,
            } => Public::Field {
                field: place(field, parts),
                unmapped: *unmapped,
                map: map.as_ref().map(|map| self.note_map(map)),
            },
        });
        Some(Notes {
            columns: columns.filter(|columns| !columns.is_empty())?,
            cut: match parts {
                Some(parts) => Cutting::Parts {
                    separator: parts.separator.clone(),
                    count: parts.names.len(),
                },
                None => Cutting::List,
            },
            at: place(&spec.at.field, parts),
            dates: dates?,
            author,
            public,
            channel,
            body: place(&spec.body.field, parts),
            form: spec.body.form,
            id: spec.id.as_ref().map(|id| place(id, parts)),
            skip_first: spec.skip_first,
        })
    }

    fn note_words(&self, spec: &WordsSpec, parts: Option<&PartsSpec>) -> Words {
        Words {
            field: place(&spec.field, parts),
            join: spec.join.clone(),
            lookup: spec
                .lookup
                .iter()
                .map(|table| self.look_up(table))
                .collect(),
            map: spec.map.as_ref().map(|map| self.note_map(map)),
        }
    }

    /// A map of texts to texts; case and blanks around do not matter.
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

/// Where a field stands among the parts of a cell, or the fields of an element.
fn place(field: &FieldSpec, parts: Option<&PartsSpec>) -> Field {
    let names = field.names.iter();
    let Some(parts) = parts else {
        let names = names.map(|name| Place::Name(name.value.clone()));
        return Field {
            places: names.collect(),
        };
    };
    let position = |name: &At<String>| {
        let mut names = parts.names.iter();
        names.position(|part| part.value == name.value)
    };
    Field {
        places: names.filter_map(position).map(Place::Part).collect(),
    }
}

/// The time of a comment as an entry of a property has it.
fn dated(spec: &MomentSpec) -> EntrySpec {
    let zone = spec.timezone.as_ref();
    let property = At::new("hs_timestamp".to_owned(), 0..0);
    EntrySpec {
        format: spec.format.clone(),
        timezone: zone.map(|zone| At::new(ZoneSpec::Name(zone.value.clone()), zone.span.clone())),
        ..EntrySpec::new(property, Origin::Column(Vec::new()))
    }
}
