//! Entries against the portal's properties: does the property exist, can it be written,
//! do the entry's keys apply to its type, how is it converted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::mapping::compile::document::Compiler;
use crate::mapping::convert::{
    Absent, Choices, Conversion, DateFormat, DateRule, ISO, NumberStyle, OwnerRule, TextRule,
};
use crate::mapping::errors::Problem;
use crate::mapping::nearest::{fold, nearest};
use crate::mapping::static_checks::check_format;
use crate::mapping::syntax::{At, EntrySpec, LookupSpec, Otherwise, ZoneSpec};
use crate::model::schema::{NewProperty, ObjectType, PropertyDef, ValueType};

impl<'a> Compiler<'a> {
    /// The properties of a kind of record; none if the schema does not have them.
    pub(crate) fn shelf(&self, object: ObjectType) -> Option<&'a BTreeMap<String, PropertyDef>> {
        match object {
            ObjectType::Tickets => Some(&self.schema.tickets),
            ObjectType::Contacts => Some(&self.schema.contacts),
            _ => None,
        }
    }

    /// The definition of a property that can be written. If the schema does not have
    /// the kind of record, every name is taken for a text property.
    pub(crate) fn definition(
        &self,
        name: &At<String>,
        object: ObjectType,
    ) -> Option<Cow<'a, PropertyDef>> {
        let Some(shelf) = self.shelf(object) else {
            return Some(Cow::Owned(PropertyDef::text(&name.value)));
        };
        let Some(found) = shelf.get(&name.value) else {
            self.unknown_property(name, object, shelf);
            return None;
        };
        if found.read_only {
            self.problems.report(
                Problem::new(
                    &name.span,
                    format!("`{}` is read-only: HubSpot sets it by itself", name.value),
                )
                .help(
                    "map the column to a property of your own, or name one: \
                     read_only = { into = \"…\" }",
                ),
            );
            return None;
        }
        Some(Cow::Borrowed(found))
    }

    fn unknown_property(
        &self,
        name: &At<String>,
        object: ObjectType,
        properties: &BTreeMap<String, PropertyDef>,
    ) {
        if self.document.faulty.contains(&name.value) {
            return;
        }
        let what = object.singular();
        let message = format!("the portal has no {what} property `{}`", name.value);
        let is_new = |new: &NewProperty| new.name == name.value;
        let problem = Problem::new(&name.span, message);
        if object == ObjectType::Tickets && self.document.new_properties.iter().any(is_new) {
            let help = "the mapping defines it in a [[property]]: create it in the portal first";
            return self.problems.report(problem.help(help));
        }
        let by_label = properties
            .values()
            .find(|property| fold(&property.label) == fold(&name.value))
            .map(|property| property.name.as_str());
        let near = by_label.or_else(|| nearest(&name.value, properties.keys().map(String::as_str)));
        let help = match object {
            ObjectType::Tickets => "define it in a [[property]], or take the entry out".to_owned(),
            _ => format!("name a property that {} have", object.plural()),
        };
        self.problems.report(problem.suggest(near, help));
    }

    /// Reports keys that don't apply to a property of this type.
    pub(crate) fn check_keys(&self, spec: &EntrySpec, value_type: ValueType) {
        for (key, span, types) in typed_keys(spec) {
            if !types.contains(&value_type) {
                let property = &spec.property.value;
                let kind = kind(value_type);
                self.problems.report(Problem::new(
                    &span,
                    format!("`{key}` has no effect on `{property}`, which holds {kind}"),
                ));
            }
        }
    }

    /// How texts become values of this property; none when something was reported.
    /// `header_zone` is the one in the column's name.
    pub(crate) fn conversion(
        &self,
        spec: &EntrySpec,
        found: &PropertyDef,
        header_zone: Option<&TimeZone>,
    ) -> Option<Conversion> {
        Some(match found.value_type {
            ValueType::String => Conversion::Text(TextRule {
                truncate: spec.truncate.as_ref().map(|limit| limit.value),
            }),
            ValueType::Number => {
                let is_stated = spec.decimal.is_some() || spec.thousands.is_some();
                Conversion::Number(self.number_style(spec)?, is_stated)
            }
            ValueType::Bool => Conversion::Bool,
            ValueType::Date | ValueType::DateTime => {
                let instant = found.value_type == ValueType::DateTime;
                Conversion::Date(self.date_rule(spec, instant, header_zone)?)
            }
            ValueType::Enumeration | ValueType::MultiEnumeration => options(found),
            ValueType::Owner => Conversion::Owner(self.owner_rule(spec)?),
            ValueType::Pipeline => Conversion::Pipeline(Arc::clone(&self.pipelines)),
            ValueType::Stage => Conversion::Stage(Arc::clone(&self.pipelines)),
        })
    }

    fn number_style(&self, spec: &EntrySpec) -> Option<NumberStyle> {
        let plain = NumberStyle::default();
        let style = NumberStyle {
            decimal: spec
                .decimal
                .as_ref()
                .map_or(plain.decimal, |mark| mark.value),
            thousands: spec.thousands.as_ref().map(|mark| mark.value),
        };
        let marks = [spec.decimal.as_ref(), spec.thousands.as_ref()]
            .into_iter()
            .flatten();
        let mut sound = true;
        for mark in marks.clone() {
            if mark.value.is_alphanumeric() || matches!(mark.value, '-' | '+') {
                sound = false;
                let message = format!("`{}` can't be a mark in numbers", mark.value);
                self.problems.report(Problem::new(&mark.span, message));
            }
        }
        if let (Some(mark), true) = (marks.last(), style.thousands == Some(style.decimal)) {
            sound = false;
            self.problems.report(
                Problem::new(&mark.span, "`decimal` and `thousands` are the same mark")
                    .help("write both, such as decimal = \",\", thousands = \".\""),
            );
        }
        sound.then_some(style)
    }

    /// Of several zones, the one nearest to the date counts: the column's name, the
    /// entry, `[source]`.
    pub(crate) fn date_rule(
        &self,
        spec: &EntrySpec,
        instant: bool,
        header_zone: Option<&TimeZone>,
    ) -> Option<DateRule> {
        let own_zone = spec.timezone.as_ref().and_then(|zone| match &zone.value {
            ZoneSpec::Name(name) => Some(self.time_zone(&At::new(name.clone(), zone.span.clone()))),
            ZoneSpec::Column(_) => None,
        });
        let written = spec.format.as_ref();
        let written = written.map_or(&[][..], |formats| &formats.value);
        let (iso, texts): (Vec<_>, Vec<_>) = written.iter().partition(|text| text.value == ISO);
        let formats: Vec<Option<DateFormat>> = texts
            .iter()
            .map(|text| check_format(text, self.problems))
            .collect();
        let has_zone = header_zone.is_some()
            || spec.timezone.is_some()
            || self.document.source.timezone.is_some();
        for (text, format) in texts.iter().zip(&formats) {
            let is_zoned = format.as_ref().is_none_or(DateFormat::is_zoned);
            if instant && !has_zone && !is_zoned {
                self.problems.report(
                    Problem::new(&text.span, "dates in this format carry no time zone")
                        .help("write `timezone = \"Europe/Berlin\"` (or yours) under [source] or in this entry"),
                );
            }
        }
        Some(DateRule {
            formats: formats.into_iter().collect::<Option<_>>()?,
            zone: match (header_zone, own_zone) {
                (Some(zone), _) => Some(zone.clone()),
                (None, Some(zone)) => Some(zone?),
                (None, None) => self.zone.clone(),
            },
            iso: written.is_empty() || !iso.is_empty(),
            instant,
        })
    }

    /// Owners by e-mail or full name; those that the portal lacks are left out.
    pub(crate) fn owner_if_known(&self) -> OwnerRule {
        OwnerRule {
            owners: Arc::clone(&self.owners),
            by_id: false,
            people: None,
            absent: Absent::Blank,
        }
    }

    fn owner_rule(&self, spec: &EntrySpec) -> Option<OwnerRule> {
        let people = spec.lookup.as_ref().and_then(|lookup| match &lookup.value {
            LookupSpec::File(table) => Some(At::new(table.clone(), lookup.span.clone())),
            LookupSpec::Owner => None,
        });
        let rule = OwnerRule {
            owners: Arc::clone(&self.owners),
            by_id: spec.lookup.is_none(),
            people: people.map(|table| Arc::new(self.look_up(&table))),
            absent: Absent::Refuse,
        };
        let absent = match spec
            .missing
            .as_ref()
            .map(|missing| (&missing.value, &missing.span))
        {
            Some((Otherwise::Value(owner), span)) => {
                let name = At::new(owner.clone(), span.clone());
                let id = self
                    .constant(&Conversion::Owner(rule.clone()), &name)
                    .ok()?;
                Absent::Fallback(id?)
            }
            Some((Otherwise::Blank, _)) => Absent::Blank,
            _ => Absent::Refuse,
        };
        Some(OwnerRule { absent, ..rule })
    }
}

/// The keys of an entry that apply only to some types: key, place, types.
fn typed_keys(
    spec: &EntrySpec,
) -> impl Iterator<Item = (&'static str, Range<usize>, &'static [ValueType])> {
    use ValueType::{Date, DateTime, MultiEnumeration, Number, Owner, String};
    let dates: &[ValueType] = &[Date, DateTime];
    let texts: &[ValueType] = &[String, MultiEnumeration];
    let keys: [(_, _, &[ValueType]); 10] = [
        ("html", place(&spec.html), &[String]),
        ("split", place(&spec.split), texts),
        ("join", place(&spec.join), &[String]),
        ("format", place(&spec.format), dates),
        ("timezone", place(&spec.timezone), dates),
        ("decimal", place(&spec.decimal), &[Number]),
        ("thousands", place(&spec.thousands), &[Number]),
        ("lookup", place(&spec.lookup), &[Owner]),
        ("missing", place(&spec.missing), &[Owner]),
        ("truncate", place(&spec.truncate), &[String]),
    ];
    keys.into_iter()
        .filter_map(|(key, span, types)| Some((key, span?, types)))
}

fn place<T>(value: &Option<At<T>>) -> Option<Range<usize>> {
    value.as_ref().map(|at| at.span.clone())
}

/// If the options are defined elsewhere, an empty list means nothing.
fn options(found: &PropertyDef) -> Conversion {
    if found.external_options && found.options.is_empty() {
        return Conversion::Unchecked;
    }
    let options = found.options.iter();
    let choices = options.map(|option| (option.value.as_str(), option.label.as_str()));
    Conversion::Option(Arc::new(Choices::new(choices)))
}

fn kind(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::String => "a text",
        ValueType::Number => "a number",
        ValueType::Bool => "true or false",
        ValueType::Date => "a date",
        ValueType::DateTime => "a date with time",
        ValueType::Enumeration => "one of its options",
        ValueType::MultiEnumeration => "several of its options",
        ValueType::Owner => "an owner",
        ValueType::Pipeline => "a pipeline",
        ValueType::Stage => "a stage",
    }
}
