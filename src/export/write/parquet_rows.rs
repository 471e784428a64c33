//! Rows as Parquet, typed from the portal's definitions: numbers, booleans, instants
//! (milliseconds, UTC), days, lists. A value that does not fit its type is a `Misfit`
//! and its row stays out: it never becomes a null.

use std::io;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use jiff::civil::{Date, date};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::rows::{Misfit, WriteError};
use super::sink::Sink;
use crate::export::columns::{Column, Kind};
use crate::export::project::{Cell, instant_of};

/// Whole numbers beyond this lose digits as a 64-bit float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// How much is kept in memory before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffering {
    /// Rows that are encoded together.
    pub rows: usize,
    /// Bytes of a row group.
    pub bytes: usize,
}

/// An open Parquet file.
pub struct ParquetRows {
    writer: ArrowWriter<Sink>,
    schema: SchemaRef,
    columns: Vec<Builder>,
    rows: usize,
    buffering: Buffering,
}

/// A column that is being filled.
enum Builder {
    Text(StringBuilder),
    Id(Int64Builder),
    Number(Float64Builder),
    Bool(BooleanBuilder),
    Instant(TimestampMillisecondBuilder),
    Day(Date32Builder),
    List(ListBuilder<StringBuilder>),
}

/// A value of a type.
enum Value<'a> {
    Null,
    Text(&'a str),
    Whole(i64),
    Number(f64),
    Bool(bool),
    Day(i32),
    List(&'a Cell<'a>),
}

impl ParquetRows {
    /// Begins a file.
    pub fn open(sink: Sink, columns: &[Column], buffering: Buffering) -> io::Result<ParquetRows> {
        let fields = columns.iter().map(|column| {
            let required = column.kind == Kind::Id;
            Field::new(&column.header, data_type(column.kind), !required)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties)).map_err(io)?;
        Ok(ParquetRows {
            writer,
            schema,
            columns: columns
                .iter()
                .map(|column| Builder::new(column.kind))
                .collect(),
            rows: 0,
            buffering,
        })
    }

    /// Writes a row, or says which value does not fit; nothing of it is written then.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        let typed = cells.iter().zip(&self.columns).enumerate();
        let typed = typed.map(|(place, (cell, column))| {
            column.value(cell).ok_or_else(|| {
                WriteError::Misfit(Misfit {
                    column: self.schema.field(place).name().clone(),
                    value: plain(cell),
                    wanted: column.words(),
                })
            })
        });
        let typed: Vec<Value<'_>> = typed.collect::<Result<_, _>>()?;
        for (column, value) in self.columns.iter_mut().zip(typed) {
            column.append(value);
        }
        self.rows += 1;
        if self.rows >= self.buffering.rows {
            self.encode()?;
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<Sink> {
        self.encode()?;
        self.writer.into_inner().map_err(io)
    }

    fn encode(&mut self) -> io::Result<()> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(io)?;
        self.rows = 0;
        if self.writer.memory_size() > self.buffering.bytes {
            self.writer.flush().map_err(io)?;
        }
        Ok(())
    }
}

impl Builder {
    fn new(kind: Kind) -> Builder {
        match kind {
            Kind::Text => Builder::Text(StringBuilder::new()),
            Kind::Id => Builder::Id(Int64Builder::new()),
            Kind::Number => Builder::Number(Float64Builder::new()),
            Kind::Bool => Builder::Bool(BooleanBuilder::new()),
            Kind::Instant => Builder::Instant(
                TimestampMillisecondBuilder::new().with_data_type(data_type(Kind::Instant)),
            ),
            Kind::Day => Builder::Day(Date32Builder::new()),
            Kind::List => Builder::List(ListBuilder::new(StringBuilder::new())),
        }
    }

    /// What a value has to be, for people.
    fn words(&self) -> &'static str {
        match self {
            Builder::Text(_) => "a text",
            Builder::Id(_) => "a whole number of 64 bits",
            Builder::Number(_) => "a number that a 64-bit float holds",
            Builder::Bool(_) => "true or false",
            Builder::Instant(_) => "a date and time",
            Builder::Day(_) => "a date",
            Builder::List(_) => "a list",
        }
    }

    /// The cell as a value of this column; none when it does not fit.
    fn value<'a>(&self, cell: &'a Cell<'a>) -> Option<Value<'a>> {
        let text = match cell {
            Cell::Empty => return Some(Value::Null),
            Cell::Many(_) => return matches!(self, Builder::List(_)).then_some(Value::List(cell)),
            Cell::One(text) => text.as_ref(),
        };
        match self {
            Builder::Text(_) => Some(Value::Text(text)),
            Builder::Id(_) => text.parse().ok().map(Value::Whole),
            Builder::Number(_) => number(text).map(Value::Number),
            Builder::Bool(_) => text.parse().ok().map(Value::Bool),
            Builder::Instant(_) => instant_of(text).map(|at| Value::Whole(at.as_millisecond())),
            Builder::Day(_) => day(text).map(Value::Day),
            Builder::List(_) => None,
        }
    }

    /// Takes a value that `value` gave.
    fn append(&mut self, value: Value<'_>) {
        match (self, value) {
            (Builder::Text(column), Value::Text(text)) => column.append_value(text),
            (Builder::Text(column), _) => column.append_null(),
            (Builder::Id(column), Value::Whole(number)) => column.append_value(number),
            (Builder::Id(column), _) => column.append_null(),
            (Builder::Number(column), Value::Number(number)) => column.append_value(number),
            (Builder::Number(column), _) => column.append_null(),
            (Builder::Bool(column), Value::Bool(yes)) => column.append_value(yes),
            (Builder::Bool(column), _) => column.append_null(),
            (Builder::Instant(column), Value::Whole(millis)) => column.append_value(millis),
            (Builder::Instant(column), _) => column.append_null(),
            (Builder::Day(column), Value::Day(days)) => column.append_value(days),
            (Builder::Day(column), _) => column.append_null(),
            (Builder::List(column), Value::List(Cell::Many(texts))) => {
                texts
                    .iter()
                    .for_each(|text| column.values().append_value(text));
                column.append(true);
            }
            (Builder::List(column), _) => column.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Text(column) => Arc::new(column.finish()),
            Builder::Id(column) => Arc::new(column.finish()),
            Builder::Number(column) => Arc::new(column.finish()),
            Builder::Bool(column) => Arc::new(column.finish()),
            Builder::Instant(column) => Arc::new(column.finish()),
            Builder::Day(column) => Arc::new(column.finish()),
            Builder::List(column) => Arc::new(column.finish()),
        }
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Id => DataType::Int64,
        Kind::Number => DataType::Float64,
        Kind::Bool => DataType::Boolean,
        Kind::Instant => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        Kind::Day => DataType::Date32,
        Kind::List => DataType::new_list(DataType::Utf8, true),
    }
}

/// A number that a float holds without losing digits of its whole part.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && number.abs() <= EXACT).then_some(number)
}

/// Days since 1970.
fn day(text: &str) -> Option<i32> {
    let day: Date = text.parse().ok()?;
    Some((day - date(1970, 1, 1)).get_days())
}

fn plain(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::One(text) => text.to_string(),
        Cell::Many(texts) => texts.join(";"),
    }
}

fn io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}
