//! A column of a Parquet row group while it is filled. Parquet keeps values apart from
//! *levels*, which say for each row whether there is a value, and for lists where a
//! new one begins.

use std::sync::Arc;

use jiff::civil::{Date, date};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::Type;

use crate::export::cell::{Cell, instant_of};
use crate::export::columns::Kind;

/// Whole numbers beyond this lose digits as a 64-bit float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A column that is being filled.
pub struct Builder {
    kind: Kind,
    values: Values,
    /// For each entry: 0 for no value; the highest level of its kind for a value.
    defined: Vec<i16>,
    /// For each entry of a list column: 0 begins a row, 1 continues with its list.
    repeated: Vec<i16>,
}

enum Values {
    Texts(Vec<ByteArray>),
    Whole(Vec<i64>),
    Days(Vec<i32>),
    Numbers(Vec<f64>),
    Bools(Vec<bool>),
}

/// A value that fits its column.
pub enum Value<'a> {
    /// Nothing is set.
    Null,
    /// A text.
    Text(&'a str),
    /// An id, or epoch milliseconds.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// Days since 1970.
    Day(i32),
    /// Several texts.
    List(&'a Cell<'a>),
    /// Several ids.
    Ids(Vec<i64>),
}

impl Builder {
    /// The column in the schema of the file.
    pub fn field(header: &str, kind: Kind) -> Result<Type, ParquetError> {
        let (physical, logical) = match kind {
            Kind::List => {
                return list_field(header, Physical::BYTE_ARRAY, Some(LogicalType::String));
            }
            Kind::Ids => return list_field(header, Physical::INT64, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Id | Kind::OtherId | Kind::Count => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Bool => (Physical::BOOLEAN, None),
            Kind::Instant => {
                let in_utc = LogicalType::timestamp(true, TimeUnit::MILLIS);
                (Physical::INT64, Some(in_utc))
            }
            Kind::Day => (Physical::INT32, Some(LogicalType::Date)),
        };
        let repetition = match kind {
            Kind::Id => Repetition::REQUIRED,
            _ => Repetition::OPTIONAL,
        };
        Type::primitive_type_builder(header, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()
    }

    /// An empty column.
    pub fn new(kind: Kind) -> Builder {
        let values = match kind {
            Kind::Text | Kind::List => Values::Texts(Vec::new()),
            Kind::Id | Kind::OtherId | Kind::Count | Kind::Instant | Kind::Ids => {
                Values::Whole(Vec::new())
            }
            Kind::Number => Values::Numbers(Vec::new()),
            Kind::Bool => Values::Bools(Vec::new()),
            Kind::Day => Values::Days(Vec::new()),
        };
        Builder {
            kind,
            values,
            defined: Vec::new(),
            repeated: Vec::new(),
        }
    }

    /// What a value has to be, in words for people.
    pub fn words(&self) -> &'static str {
        match self.kind {
            Kind::Text => "text",
            Kind::Id | Kind::OtherId | Kind::Count => "whole numbers of 64 bits",
            Kind::Number => "numbers that fit a 64-bit float",
            Kind::Bool => "true or false",
            Kind::Instant => "dates with a time",
            Kind::Day => "dates",
            Kind::List => "lists",
            Kind::Ids => "lists of whole numbers of 64 bits",
        }
    }

    /// The cell as a value of this column; none when it does not fit.
    pub fn value<'a>(&self, cell: &'a Cell<'a>) -> Option<Value<'a>> {
        let text = match cell {
            Cell::Empty => return (self.kind != Kind::Id).then_some(Value::Null),
            Cell::Many(several) if self.kind == Kind::Ids => {
                let ids = several.iter().map(|text| whole(text));
                return ids.collect::<Option<_>>().map(Value::Ids);
            }
            Cell::Many(_) => return (self.kind == Kind::List).then_some(Value::List(cell)),
            Cell::One(text) => text.as_ref(),
        };
        match self.kind {
            Kind::Text => Some(Value::Text(text)),
            Kind::Id | Kind::OtherId | Kind::Count => whole(text).map(Value::Whole),
            Kind::Number => number(text).map(Value::Number),
            Kind::Bool => text.parse().ok().map(Value::Bool),
            Kind::Instant => instant_of(text).map(|at| Value::Whole(at.as_millisecond())),
            Kind::Day => day(text).map(Value::Day),
            Kind::List | Kind::Ids => None,
        }
    }

    /// Appends a value that `value` returned; returns about how many bytes it takes.
    pub fn append(&mut self, value: Value<'_>) -> usize {
        if let (Values::Texts(texts), Value::List(Cell::Many(several))) = (&mut self.values, &value)
        {
            for (place, text) in several.iter().enumerate() {
                texts.push(ByteArray::from(text.as_bytes().to_vec()));
                self.defined.push(2);
                self.repeated.push(i16::from(place > 0));
            }
            return several.iter().map(|text| text.len() + 32).sum();
        }
        if let (Values::Whole(numbers), Value::Ids(ids)) = (&mut self.values, &value) {
            for (place, id) in ids.iter().enumerate() {
                numbers.push(*id);
                self.defined.push(2);
                self.repeated.push(i16::from(place > 0));
            }
            return ids.len() * 12;
        }
        let set = !matches!(value, Value::Null);
        self.defined.push(i16::from(set));
        self.repeated.push(0);
        match (&mut self.values, value) {
            (Values::Texts(texts), Value::Text(text)) => {
                texts.push(ByteArray::from(text.as_bytes().to_vec()));
                return text.len() + 32;
            }
            (Values::Whole(numbers), Value::Whole(number)) => numbers.push(number),
            (Values::Numbers(numbers), Value::Number(number)) => numbers.push(number),
            (Values::Bools(bools), Value::Bool(yes)) => bools.push(yes),
            (Values::Days(days), Value::Day(day)) => days.push(day),
            // A null: there is no value to keep.
            (_, _) => return 4,
        }
        12
    }

    /// Writes what there is, and leaves the builder empty.
    pub fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = (self.kind != Kind::Id).then_some(self.defined.as_slice());
        let is_list = matches!(self.kind, Kind::List | Kind::Ids);
        let repeated = is_list.then_some(self.repeated.as_slice());
        match &mut self.values {
            Values::Texts(values) => put::<ByteArrayType>(column, values, levels, repeated),
            Values::Whole(values) => put::<Int64Type>(column, values, levels, repeated),
            Values::Numbers(values) => put::<DoubleType>(column, values, levels, repeated),
            Values::Bools(values) => put::<BoolType>(column, values, levels, repeated),
            Values::Days(values) => put::<Int32Type>(column, values, levels, repeated),
        }?;
        self.defined.clear();
        self.repeated.clear();
        Ok(())
    }
}

fn put<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    defined: Option<&[i16]>,
    repeated: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let _count = column.typed::<T>().write_batch(values, defined, repeated)?;
    values.clear();
    Ok(())
}

/// The three levels that Parquet requires for a list: optional, `list`, `element`.
fn list_field(
    header: &str,
    physical: Physical,
    logical: Option<LogicalType>,
) -> Result<Type, ParquetError> {
    let element = Type::primitive_type_builder("element", physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .build()?;
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    Type::group_type_builder(header)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()
}

/// A number that a float holds without losing digits of its whole part.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && number.abs() <= EXACT).then_some(number)
}

/// A whole number; portals write some as `3.0`.
fn whole(text: &str) -> Option<i64> {
    let digits = text.split_once('.').map_or(text, |(digits, rest)| {
        let is_whole = !rest.is_empty() && rest.bytes().all(|byte| byte == b'0');
        if is_whole { digits } else { text }
    });
    digits.parse().ok()
}

fn day(text: &str) -> Option<i32> {
    let day: Date = text.parse().ok()?;
    Some((day - date(1970, 1, 1)).get_days())
}
