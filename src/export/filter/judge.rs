//! Whether a ticket passes a filter, judged by the values that were read. A search uses an index
//! that lags behind; this finds tickets that stopped matching (E3).

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::export::cell::instant_of;
use crate::hubspot::{Comparison, Filter, Search, Test};
use crate::model::schema::{Schema, ValueType};

/// A filter, and the positions of the values that it tests.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    groups: Vec<Vec<Condition>>,
}

#[derive(Clone, Debug)]
struct Condition {
    /// Place among the values; none for the record's id.
    place: Option<usize>,
    kind: Kind,
    test: Test,
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Ignoring case.
    Text,
    /// By value.
    Number,
    /// By instant.
    Moment,
    /// Exactly.
    Choice,
    /// Any of several.
    Choices,
}

impl Judge {
    /// For tickets whose values are those of `places`, in order.
    pub fn new(search: &Search, schema: &Schema, places: &[String]) -> Judge {
        let condition = |filter: &Filter| Condition {
            place: places.iter().position(|name| *name == filter.property),
            kind: match schema.tickets.get(&filter.property).map(|p| p.value_type) {
                Some(ValueType::Number) => Kind::Number,
                Some(ValueType::Date | ValueType::DateTime) => Kind::Moment,
                Some(ValueType::MultiEnumeration) => Kind::Choices,
                None | Some(ValueType::String) => Kind::Text,
                Some(_) => Kind::Choice,
            },
            test: filter.test.clone(),
        };
        let groups = search.groups.iter();
        Judge {
            groups: groups
                .map(|group| group.iter().map(condition).collect())
                .collect(),
        }
    }

    /// Whether a ticket passes: all conditions of any group hold.
    pub fn passes(&self, id: u64, values: &[Option<String>]) -> bool {
        let id = id.to_string();
        let holds = |condition: &Condition| {
            let value = match condition.place {
                None => Some(id.as_str()),
                Some(place) => values.get(place).and_then(Option::as_deref),
            };
            condition.holds(value.filter(|value| !value.is_empty()))
        };
        self.groups.is_empty() || self.groups.iter().any(|group| group.iter().all(holds))
    }
}

impl Condition {
    fn holds(&self, value: Option<&str>) -> bool {
        let is = |comparison, operand: &str| {
            value.is_some_and(|value| self.is(comparison, value, operand))
        };
        match &self.test {
            Test::Known => value.is_some(),
            Test::Unknown => value.is_none(),
            Test::Is(Comparison::NotEqual, operand) => !is(Comparison::Equal, operand),
            Test::Is(Comparison::LacksWord, operand) => !is(Comparison::HasWord, operand),
            Test::Is(comparison, operand) => is(*comparison, operand),
            Test::Between(low, high) => {
                is(Comparison::AtLeast, low) && is(Comparison::AtMost, high)
            }
            Test::In(operands) => operands.iter().any(|one| is(Comparison::Equal, one)),
            Test::NotIn(operands) => !operands.iter().any(|one| is(Comparison::Equal, one)),
        }
    }

    fn is(&self, comparison: Comparison, value: &str, operand: &str) -> bool {
        if self.kind == Kind::Choices {
            let mut parts = value.split(';');
            return comparison == Comparison::Equal && parts.any(|part| part == operand);
        }
        if comparison == Comparison::HasWord {
            return has_words(value, operand);
        }
        let order = match self.kind {
            Kind::Text => Some(value.to_lowercase().cmp(&operand.to_lowercase())),
            Kind::Number => number_order(value, operand),
            Kind::Moment => moment(value)
                .zip(moment(operand))
                .map(|(value, operand)| value.cmp(&operand)),
            Kind::Choice | Kind::Choices => Some(value.cmp(operand)),
        };
        let Some(order) = order else { return false };
        match comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::NotEqual | Comparison::HasWord | Comparison::LacksWord => false,
        }
    }
}

fn number_order(value: &str, operand: &str) -> Option<std::cmp::Ordering> {
    match (value.parse::<i64>(), operand.parse::<i64>()) {
        (Ok(value), Ok(operand)) => Some(value.cmp(&operand)),
        _ => value
            .parse::<f64>()
            .ok()?
            .partial_cmp(&operand.parse().ok()?),
    }
}

/// Epoch milliseconds; a day is its midnight in UTC.
fn moment(text: &str) -> Option<i64> {
    if let Some(instant) = instant_of(text) {
        return Some(instant.as_millisecond());
    }
    let day: Date = text.parse().ok()?;
    let midnight = day.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp().as_millisecond())
}

/// All words of a pattern are words of the text; `*` matches any characters.
fn has_words(text: &str, pattern: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let patterns = pattern.split(|c: char| !(c.is_alphanumeric() || c == '*'));
    let mut patterns = patterns.filter(|pattern| !pattern.is_empty());
    patterns.all(|pattern| {
        let pattern = pattern.to_lowercase();
        words.iter().any(|word| is_like(word, &pattern))
    })
}

fn is_like(word: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return word == pattern;
    };
    let Some(left) = word.strip_prefix(head) else {
        return false;
    };
    let mut ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
    ends.any(|at| is_like(&left[at..], rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{by_name, property};

    #[test]
    fn values_are_judged_as_a_search_judges_them() {
        use Comparison::{AtLeast, Equal, HasWord, LacksWord, Less, NotEqual};
        let is = |comparison, text: &str| Test::Is(comparison, text.to_owned());
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let (text, number, moment) = (ValueType::String, ValueType::Number, ValueType::DateTime);
        let (choice, several) = (ValueType::Enumeration, ValueType::MultiEnumeration);
        let day = "1788220800000";
        let cases = [
            (text, is(Equal, "ABC"), Some("abc"), true),
            (text, is(NotEqual, "abc"), None, true),
            (text, is(NotEqual, "abc"), Some("ABC"), false),
            (text, Test::In(list(&["abc", "x"])), Some("ABC"), true),
            (text, Test::NotIn(list(&["abc"])), Some("x"), true),
            (text, is(HasWord, "Print*"), Some("my printer"), true),
            (text, is(HasWord, "print"), Some("my printer"), false),
            (text, is(LacksWord, "my"), Some("my printer"), false),
            (text, is(LacksWord, "my"), None, true),
            (text, Test::Known, Some(""), false),
            (text, Test::Unknown, None, true),
            (number, is(Less, "10.5"), Some("10"), true),
            (number, is(Equal, "10.0"), Some("10"), true),
            (number, is(Less, "9"), None, false),
            (
                number,
                Test::Between("9".into(), "10".into()),
                Some("10"),
                true,
            ),
            (moment, is(AtLeast, day), Some("2026-09-01T00:00:00Z"), true),
            (
                moment,
                is(Less, day),
                Some("2026-09-01T00:00:00.001Z"),
                false,
            ),
            (ValueType::Date, is(Equal, day), Some("2026-09-01"), true),
            (choice, is(Equal, "high"), Some("HIGH"), false),
            (several, Test::In(list(&["B", "C"])), Some("A;B"), true),
            (several, Test::NotIn(list(&["C"])), Some("A;B"), true),
        ];
        for (value_type, test, value, expected) in cases {
            let schema = Schema {
                tickets: by_name([property("p", value_type)]),
                ..Schema::default()
            };
            let filter = Filter {
                property: "p".to_owned(),
                test,
            };
            let search = Search {
                groups: vec![vec![filter.clone()]],
                ..Search::default()
            };
            let judge = Judge::new(&search, &schema, &["p".to_owned()]);
            let passes = judge.passes(1, &[value.map(str::to_owned)]);
            assert_eq!(passes, expected, "{filter:?} {value:?}");
        }
        assert!(Judge::default().passes(1, &[]));
    }

    #[test]
    fn stars_stand_for_any_letters() {
        for (word, pattern, expected) in [
            ("printer", "p*n*r", true),
            ("printer", "p*x*r", false),
            ("aba", "ab*ba", false),
            ("ü", "*", true),
        ] {
            assert_eq!(is_like(word, pattern), expected, "{word} {pattern}");
        }
    }
}
