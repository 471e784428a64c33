//! One entry of `[properties]`, or of an associate's `properties`.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::mapping::compile::document::Compiler;
use crate::mapping::entry::{Column, Entry, Feed, List};
use crate::mapping::errors::{Problem, Reported};
use crate::mapping::fallback::Fallback;
use crate::mapping::syntax::{EntrySpec, Origin, ZoneSpec};
use crate::model::schema::{ObjectType, PropertyDef, ValueType};

/// HubSpot: the separator of several options of one property. Also used for texts,
/// unless the mapping says otherwise.
pub(crate) const SEVERAL: &str = ";";

impl<'a> Compiler<'a> {
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
        let zone = self.zone_column(spec);
        let found = self.target(spec, object)?;
        self.check_keys(spec, found.value_type);
        let header_zone = feed.as_ref().and_then(header_zone);
        let conversion = self.conversion(spec, &found, header_zone.as_ref())?;
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
            instead: self.fallback(spec, &found, object).ok()?,
            list: self.list(spec, found.value_type, &feed).ok()?,
            name: Arc::from(found.name.as_str()),
            value_type: found.value_type,
            feed,
            trim: spec.trim,
            replace: spec
                .replace
                .as_ref()
                .map_or_else(Vec::new, |lines| lines.value.clone()),
            html: spec.html.as_ref().is_some_and(|html| html.value),
            map,
            conversion,
            zone: zone.ok()?,
            default,
            required,
            clears: self.purpose.updates() && spec.clear.as_ref().is_some_and(|clear| clear.value),
        })
    }

    /// The property that the entry writes: its own, or the other one if its own is
    /// read-only in the portal.
    fn target(&self, spec: &EntrySpec, object: ObjectType) -> Option<Cow<'a, PropertyDef>> {
        let Some(into) = &spec.read_only_into else {
            return self.definition(&spec.property, object);
        };
        let other = self.definition(into, object);
        let shelf = self.shelf(object);
        match shelf.and_then(|shelf| shelf.get(&spec.property.value)) {
            Some(found) if found.read_only => other,
            _ => {
                let found = self.definition(&spec.property, object)?;
                other.map(|_| found)
            }
        }
    }

    /// The property of `read_only.into` if there is one, and it is not already the one
    /// that is written.
    fn fallback(
        &self,
        spec: &EntrySpec,
        found: &PropertyDef,
        object: ObjectType,
    ) -> Result<Option<Fallback>, Reported> {
        let into = spec.read_only_into.as_ref();
        let Some(into) = into.filter(|into| into.value != found.name) else {
            return Ok(None);
        };
        let other = self.definition(into, object).ok_or(Reported)?;
        if other.value_type != found.value_type && other.value_type != ValueType::String {
            let message = format!(
                "`{}` can't take the values of `{}`: it is of another type",
                into.value, found.name
            );
            self.problems.report(
                Problem::new(&into.span, message)
                    .help("name a property of the same type, or a text"),
            );
            return Err(Reported);
        }
        Ok(Some(Fallback {
            name: Arc::from(other.name.as_str()),
            value_type: other.value_type,
        }))
    }

    /// The column with each row's time zone, if the entry names one.
    fn zone_column(&mut self, spec: &EntrySpec) -> Result<Option<Column>, Reported> {
        match spec.timezone.as_ref().map(|zone| &zone.value) {
            Some(ZoneSpec::Column(aliases)) => {
                let column = self.single_column(aliases, None).ok_or(Reported)?;
                Ok(Some(column))
            }
            Some(ZoneSpec::Name(_)) | None => Ok(None),
        }
    }

    /// Whether the entry holds several values, and how. Only texts and multi-selects
    /// can.
    fn list(
        &self,
        spec: &EntrySpec,
        value_type: ValueType,
        feed: &Feed,
    ) -> Result<Option<List>, Reported> {
        let columns = match feed {
            Feed::Columns(columns) => columns.as_slice(),
            _ => &[],
        };
        self.check_columns(spec, value_type, columns)?;
        let split = match (&spec.split, value_type) {
            (Some(marks), _) => marks.value.clone(),
            (None, ValueType::MultiEnumeration) => vec![SEVERAL.to_owned()],
            (None, _) if columns.len() > 1 => Vec::new(),
            (None, _) => return Ok(None),
        };
        let join = spec.join.as_ref().map(|join| join.value.clone());
        let of_one_name = columns
            .windows(2)
            .any(|pair| pair[0].header == pair[1].header);
        Ok(Some(List {
            split,
            is_unasked: of_one_name && join.is_none() && spec.split.is_none(),
            join: join.unwrap_or_else(|| SEVERAL.to_owned()),
        }))
    }

    /// Refuses several columns for a property that holds one value.
    fn check_columns(
        &self,
        spec: &EntrySpec,
        value_type: ValueType,
        columns: &[Column],
    ) -> Result<(), Reported> {
        let takes_several = matches!(value_type, ValueType::String | ValueType::MultiEnumeration);
        if let ([first, _, ..], false) = (columns, takes_several) {
            self.problems.report(
                Problem::new(
                    &spec.property.span,
                    format!(
                        "the file has {} columns `{}`, and `{}` holds one value",
                        columns.len(),
                        first.header,
                        spec.property.value
                    ),
                )
                .help("say which of them, such as `nth = 1`"),
            );
            return Err(Reported);
        }
        Ok(())
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

/// The zone that the name of the column gives.
fn header_zone(feed: &Feed) -> Option<TimeZone> {
    match feed {
        Feed::Columns(columns) => columns.first()?.zone.clone(),
        Feed::Template(..) | Feed::Constant(_) | Feed::Nothing => None,
    }
}
