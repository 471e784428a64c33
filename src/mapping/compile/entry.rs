//! One entry of `[properties]`, or of an associate's `properties`.

use std::sync::Arc;

use crate::mapping::compile::document::Compiler;
use crate::mapping::entry::{Entry, Feed};
use crate::mapping::errors::Problem;
use crate::mapping::shape::{EntrySpec, Origin};
use crate::model::schema::{ObjectType, ValueType};

impl Compiler<'_> {
    /// Compiles an entry. None when something was reported, or when the file lacks an
    /// optional column and there is nothing to write instead.
    pub(crate) fn entry(
        &mut self,
        spec: &EntrySpec,
        object: ObjectType,
        required: bool,
    ) -> Option<Entry> {
        let required = spec.required.unwrap_or(required);
        let feed = self.feed(&spec.origin, spec.optional, spec.nth.as_ref());
        let found = self.definition(&spec.property, object)?;
        self.check_keys(spec, found.value_type);
        let conversion = self.conversion(spec, found)?;
        let fixed = |text| self.fixed(&conversion, found.value_type, text);
        let default = spec.default.as_ref().and_then(fixed);
        let map = self.value_map(spec, &conversion, found.value_type);
        let feed = match &spec.origin {
            Origin::Value(text) => Feed::Constant(fixed(text)?),
            Origin::Column(_) | Origin::Template(_) => feed?,
        };
        if matches!(feed, Feed::Nothing) && default.is_none() {
            self.check_present(spec, required);
            return None;
        }
        Some(Entry {
            name: Arc::from(spec.property.value.as_str()),
            value_type: found.value_type,
            feed,
            trim: spec.trim,
            split: separators(spec, found.value_type),
            map,
            conversion,
            default,
            required,
        })
    }

    fn check_present(&self, spec: &EntrySpec, required: bool) {
        if required {
            let name = &spec.property.value;
            self.problems.report(
                Problem::new(
                    &spec.property.span,
                    format!("`{name}` is required, but the file lacks its optional column"),
                )
                .help("name a column that the file has, or give a `default`"),
            );
        }
    }
}

/// Several options are joined by `;` in HubSpot, so that is also how a cell is read
/// that says nothing else.
fn separators(spec: &EntrySpec, value_type: ValueType) -> Vec<String> {
    match (&spec.split, value_type) {
        (Some(marks), _) => marks.value.clone(),
        (None, ValueType::MultiEnumeration) => vec![";".to_owned()],
        (None, _) => Vec::new(),
    }
}
