//! `[[associate]]` against headers and schema.

use std::sync::Arc;

use crate::mapping::compile::document::Compiler;
use crate::mapping::errors::Problem;
use crate::mapping::link::{Link, LinkForm};
use crate::mapping::look_up::LookUp;
use crate::mapping::nearest::nearest;
use crate::mapping::syntax::{At, KeyOrigin, LinkSpec, TableSpec};
use crate::model::link_by::LinkBy;
use crate::model::schema::{ObjectName, ObjectType};

impl Compiler<'_> {
    /// Compiles one. None when something was reported, or when the file lacks its
    /// optional column.
    pub(crate) fn link(&mut self, spec: &LinkSpec) -> Option<Link> {
        let columns = self.columns(&spec.column, spec.optional, spec.nth.as_ref());
        let to = self.object(&spec.to)?;
        let form = self.link_form(spec, to);
        let lookup = spec.lookup.as_ref().map(|table| self.look_up(table));
        let properties = spec.properties.iter().filter_map(|entry| {
            if spec.by.value.property().map(|name| &**name) == Some(&*entry.property.value) {
                self.problems.report(Problem::new(
                    &entry.property.span,
                    format!(
                        "`{}` gets its value from the column of this link",
                        entry.property.value
                    ),
                ));
                return None;
            }
            self.entry(entry, to, false)
        });
        let properties = properties.collect();
        let columns = columns.filter(|columns| !columns.is_empty())?;
        let form = form?;
        Some(Link {
            to,
            by: spec.by.value.clone(),
            form,
            columns,
            split: spec
                .split
                .as_ref()
                .map_or_else(Vec::new, |marks| marks.value.clone()),
            path: spec.path.clone(),
            lookup,
            label: spec.label.as_deref().map(Arc::from),
            missing: spec.missing,
            properties,
        })
    }

    /// The kind of record that a name means in the portal.
    fn object(&self, name: &At<ObjectName>) -> Option<ObjectType> {
        let custom = &self.schema.custom;
        let found = name.value.among(custom);
        if found.is_none() {
            let known = ObjectType::ALL.map(ObjectType::plural);
            let names = custom.iter().map(|object| object.name.as_str());
            let names = known.iter().map(|name| &**name).chain(names);
            let written = name.value.to_string();
            let near = nearest(&written, names);
            let message = format!("the portal has no kind of record called `{written}`");
            let help = "write one that `tickethaul schema show` lists, or the type id (2-…) of \
                        a custom object";
            let problem = Problem::new(&name.span, message);
            self.problems.report(problem.suggest(near, help));
        }
        found
    }

    /// The form of the cells' content.
    fn link_form(&self, spec: &LinkSpec, to: ObjectType) -> Option<LinkForm> {
        match &spec.by.value {
            LinkBy::Id => Some(LinkForm::Id),
            LinkBy::Key => match self.document.key.origin {
                KeyOrigin::Text(..) => Some(LinkForm::Key {
                    prefix: self.document.key.prefix.clone(),
                    as_written: self.document.key.as_written,
                }),
                KeyOrigin::RowHash | KeyOrigin::RecordId(_) => {
                    self.problems.report(
                        Problem::new(
                            &spec.by.span,
                            "the key of this mapping is not a text of the file",
                        )
                        .help("link by `id`, or take the key from a column"),
                    );
                    None
                }
            },
            LinkBy::Property(name) => {
                let at = At::new(name.to_string(), spec.by.span.clone());
                self.check_natural_key(&at, to)?;
                Some(match (to, &**name) {
                    (ObjectType::Contacts, "email") => LinkForm::Email,
                    (ObjectType::Companies, "domain") => LinkForm::Folded,
                    _ => LinkForm::Text,
                })
            }
        }
    }

    /// A property that identifies records has unique values. The e-mail of a contact
    /// does without being declared unique.
    fn check_natural_key(&self, name: &At<String>, object: ObjectType) -> Option<()> {
        let found = self.definition(name, object)?;
        let knows = self.shelf(object).is_some();
        let is_email = object == ObjectType::Contacts && name.value == "email";
        if !knows || found.unique || is_email {
            return Some(());
        }
        self.problems.report(
            Problem::new(
                &name.span,
                format!("the values of `{}` are not unique", name.value),
            )
            .help("link by `id`, or by a property whose values are unique"),
        );
        None
    }

    /// A people file, ready for look-ups.
    pub(crate) fn look_up(&self, table: &At<TableSpec>) -> LookUp {
        let file = &table.value.file;
        let mut lookup = LookUp::new(file);
        for line in self.tables.lines(&table.value) {
            if !lookup.insert(&line.from, &line.to) {
                self.problems.report(
                    Problem::new(
                        &table.span,
                        format!("`{}` is in {file} twice, with different values", line.from),
                    )
                    .help("keep one of the lines; case and blanks around do not matter"),
                );
            }
        }
        lookup
    }
}
