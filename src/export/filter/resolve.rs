//! One condition against the portal's definitions: labels become stored values, days become
//! instants, and tests that the property's type does not support are reported.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::relative::{Frame, Relative};
use super::{Asks, Condition, FilterError};
use crate::export::labels::labels;
use crate::hubspot::{Comparison, Filter, Test};
use crate::model::schema::{PropertyDef, Schema, ValueType};

/// The last moment of a day is this long before the next one: HubSpot keeps
/// milliseconds.
const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

/// The first instant of a day, an instant, or a relative time.
pub fn moment(text: &str, frame: &Frame) -> Option<Timestamp> {
    if let Some(relative) = Relative::of(text) {
        return relative.first(frame);
    }
    match text.parse::<Date>() {
        Ok(day) if !text.contains(['T', ':']) => {
            Some(day.to_zoned(frame.zone.clone()).ok()?.timestamp())
        }
        _ => text.parse().ok(),
    }
}

/// The search's filter for a condition.
pub fn filter(
    condition: &Condition,
    schema: &Schema,
    frame: &Frame,
) -> Result<Filter, FilterError> {
    let name = &condition.property;
    let Some(property) = schema.tickets.get(name) else {
        let hint = nearest(name, schema.tickets.keys());
        return Err(FilterError::Property(name.clone(), hint));
    };
    let on = On {
        property,
        schema,
        frame,
    };
    let test = match &condition.asks {
        Asks::Set => Test::Known,
        Asks::NotSet => Test::Unknown,
        Asks::In(values) => Test::In(on.several(values)?),
        Asks::NotIn(values) => Test::NotIn(on.several(values)?),
        Asks::Between(low, high) => on.between(low, high)?,
        Asks::Is(comparison, value) => on.compared(*comparison, value)?,
    };
    Ok(Filter {
        property: name.clone(),
        test,
    })
}

/// A property, and what its values are resolved with.
struct On<'a> {
    property: &'a PropertyDef,
    schema: &'a Schema,
    frame: &'a Frame,
}

/// How a search treats the values of a property.
#[derive(Clone, Copy, PartialEq)]
enum Nature {
    Text,
    Number,
    Choice,
    Moment,
}

impl On<'_> {
    fn nature(&self) -> Nature {
        match self.property.value_type {
            ValueType::String => Nature::Text,
            ValueType::Number => Nature::Number,
            ValueType::Date | ValueType::DateTime => Nature::Moment,
            ValueType::Bool
            | ValueType::Enumeration
            | ValueType::MultiEnumeration
            | ValueType::Owner
            | ValueType::Pipeline
            | ValueType::Stage => Nature::Choice,
        }
    }

    fn kind(&self) -> &'static str {
        match self.nature() {
            Nature::Text => "text",
            Nature::Number => "a number",
            Nature::Choice => "a choice",
            Nature::Moment => "a date",
        }
    }

    fn compared(&self, comparison: Comparison, value: &str) -> Result<Test, FilterError> {
        use Comparison::{AtLeast, AtMost, Equal, Greater, HasWord, LacksWord, Less, NotEqual};
        match (self.nature(), comparison) {
            (Nature::Text, Equal | NotEqual | HasWord | LacksWord) => {
                Ok(Test::Is(comparison, value.to_owned()))
            }
            (Nature::Number, HasWord | LacksWord) | (Nature::Text, _) => {
                Err(self.operator(comparison))
            }
            (Nature::Number, _) => Ok(Test::Is(comparison, self.number(value)?)),
            (Nature::Choice, Equal) => Ok(Test::In(self.choice(value)?)),
            (Nature::Choice, NotEqual) => Ok(Test::NotIn(self.choice(value)?)),
            (Nature::Choice, _) | (Nature::Moment, NotEqual | HasWord | LacksWord) => {
                Err(self.operator(comparison))
            }
            (Nature::Moment, Equal) => self.between(value, value),
            (Nature::Moment, AtLeast | Less) => Ok(Test::Is(comparison, self.moment(value)?.0)),
            (Nature::Moment, AtMost | Greater) => Ok(Test::Is(comparison, self.moment(value)?.1)),
        }
    }

    fn between(&self, low: &str, high: &str) -> Result<Test, FilterError> {
        match self.nature() {
            Nature::Number => Ok(Test::Between(self.number(low)?, self.number(high)?)),
            Nature::Moment => Ok(Test::Between(self.moment(low)?.0, self.moment(high)?.1)),
            Nature::Text | Nature::Choice => Err(self.no("between", "but with `in (…)`")),
        }
    }

    fn several(&self, values: &[String]) -> Result<Vec<String>, FilterError> {
        let read = |value: &String| match self.nature() {
            // HubSpot: texts in lower case.
            Nature::Text => Ok(vec![value.to_lowercase()]),
            Nature::Number => Ok(vec![self.number(value)?]),
            Nature::Choice => self.choice(value),
            Nature::Moment => Err(self.no("in", "but with `between … and …`")),
        };
        let values: Vec<Vec<String>> = values.iter().map(read).collect::<Result<_, _>>()?;
        Ok(values.concat())
    }

    fn number(&self, value: &str) -> Result<String, FilterError> {
        match value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(value.to_owned()),
            _ => Err(self.value(value, String::new())),
        }
    }

    /// Stored values for what was written: the value itself, or everything that has this label.
    fn choice(&self, value: &str) -> Result<Vec<String>, FilterError> {
        if self.property.value_type == ValueType::Bool {
            return match value.to_lowercase().as_str() {
                yes_or_no @ ("true" | "false") => Ok(vec![yes_or_no.to_owned()]),
                _ => Err(self.value(value, ": write true or false".to_owned())),
            };
        }
        let labels = labels(self.property, self.schema);
        if labels.contains_key(value) || labels.is_empty() {
            return Ok(vec![value.to_owned()]);
        }
        let wanted = value.to_lowercase();
        let named = labels.iter().filter(|(_, l)| l.to_lowercase() == wanted);
        let mut found: Vec<String> = named.map(|(value, _)| value.clone()).collect();
        found.extend(self.owners_with(&wanted));
        found.sort();
        found.dedup();
        match found.is_empty() {
            false => Ok(found),
            true => Err(self.value(value, nearest(&wanted, labels.values()))),
        }
    }

    fn owners_with(&self, email: &str) -> Vec<String> {
        if self.property.value_type != ValueType::Owner {
            return Vec::new();
        }
        let owners = self.schema.owners.iter();
        let named = owners.filter(|owner| owner.email.to_lowercase() == email);
        named.map(|owner| owner.id.clone()).collect()
    }

    /// The first and the last instant covered, in epoch milliseconds: a day spans many, in its
    /// zone; HubSpot's dates are days in UTC.
    fn moment(&self, value: &str) -> Result<(String, String), FilterError> {
        let relative = Relative::of(value);
        let named = relative.and_then(|relative| relative.day(self.frame));
        let day = value
            .parse::<Date>()
            .ok()
            .filter(|_| !value.contains(['T', ':']));
        let range = match named.or(day) {
            Some(day) => self.day(day),
            _ => self.instant(value).map(|instant| (instant, instant)),
        };
        let Some((first, last)) = range else {
            let hint =
                ": write 2026-01-31, 2026-01-31T10:00:00Z, today - 7d or now - 12h".to_owned();
            return Err(self.value(value, hint));
        };
        let millis = |instant: Timestamp| instant.as_millisecond().to_string();
        Ok((millis(first), millis(last)))
    }

    fn instant(&self, value: &str) -> Option<Timestamp> {
        let relative = Relative::of(value);
        let relative = relative.and_then(|relative| relative.instant(self.frame));
        relative.or_else(|| value.parse().ok())
    }

    fn day(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if self.property.value_type == ValueType::Date {
            let midnight = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
            return Some((midnight, midnight));
        }
        let first = day.to_zoned(self.frame.zone.clone()).ok()?.timestamp();
        let next = day
            .tomorrow()
            .ok()?
            .to_zoned(self.frame.zone.clone())
            .ok()?;
        Some((first, next.timestamp() - MILLISECOND))
    }

    fn operator(&self, comparison: Comparison) -> FilterError {
        let written = match comparison {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
            Comparison::HasWord => "has",
            Comparison::LacksWord => "lacks",
        };
        let instead = match self.nature() {
            Nature::Text => "but with =, !=, has, lacks and in",
            Nature::Number => "but with =, !=, <, <=, >, >= and between",
            Nature::Choice => "but with =, != and in",
            Nature::Moment => "but with =, <, <=, >, >= and between",
        };
        self.no(written, instead)
    }

    fn no(&self, operator: &'static str, instead: &'static str) -> FilterError {
        FilterError::Operator {
            property: self.property.name.clone(),
            kind: self.kind(),
            operator,
            instead,
        }
    }

    fn value(&self, value: &str, hint: String) -> FilterError {
        FilterError::Value {
            property: self.property.name.clone(),
            value: value.to_owned(),
            kind: self.kind(),
            hint,
        }
    }
}

fn nearest<'a>(wanted: &str, labels: impl Iterator<Item = &'a String>) -> String {
    let score = |label: &&String| strsim::jaro_winkler(wanted, &label.to_lowercase());
    let best = labels.max_by(|left, right| score(left).total_cmp(&score(right)));
    best.filter(|label| score(label) > 0.7)
        .map_or_else(String::new, |label| format!(" (did you mean {label}?)"))
}
