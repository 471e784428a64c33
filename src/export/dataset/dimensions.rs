//! Tables that explain the values of tickets: owners, pipelines, stages, properties.

use super::table::stamp_columns;
use crate::export::cell::Cell;
use crate::export::columns::{Column, Kind, kind_of, unit_of};
use crate::model::schema::Schema;

/// A small table, held in memory as a whole.
pub struct Dimension {
    /// Its folder.
    pub name: &'static str,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<Cell<'static>>>,
}

/// The table of owners.
pub const OWNERS: &str = "owners";

/// All dimension tables.
pub fn dimensions(schema: &Schema, stamps: &[String; 2]) -> Vec<Dimension> {
    let mut tables = vec![
        owners(schema),
        pipelines(schema),
        stages(schema),
        properties(schema),
    ];
    for table in &mut tables {
        table.columns.extend(stamp_columns());
        let stamps = stamps.clone().map(|stamp| text(&stamp));
        for row in &mut table.rows {
            row.extend(stamps.iter().cloned());
        }
    }
    tables
}

fn text(text: &str) -> Cell<'static> {
    match text {
        "" => Cell::Empty,
        text => Cell::One(text.to_owned().into()),
    }
}

fn truth(truth: bool) -> Cell<'static> {
    Cell::One(truth.to_string().into())
}

fn columns(columns: &[(&str, Kind)]) -> Vec<Column> {
    let columns = columns.iter();
    columns
        .map(|(name, kind)| Column::plain(name, name, *kind))
        .collect()
}

fn owners(schema: &Schema) -> Dimension {
    let rows = schema.owners.iter().map(|owner| {
        let texts = [&owner.id, &owner.email, &owner.first_name, &owner.last_name];
        let mut row: Vec<Cell<'static>> = texts.map(|word| text(word)).into();
        row.push(truth(owner.archived));
        row
    });
    Dimension {
        name: OWNERS,
        columns: columns(&[
            ("owner_id", Kind::OtherId),
            ("email", Kind::Text),
            ("first_name", Kind::Text),
            ("last_name", Kind::Text),
            ("archived", Kind::Bool),
        ]),
        rows: rows.collect(),
    }
}

fn pipelines(schema: &Schema) -> Dimension {
    let rows = schema.pipelines.iter();
    Dimension {
        name: "pipelines",
        columns: columns(&[("pipeline_id", Kind::Text), ("label", Kind::Text)]),
        rows: rows
            .map(|one| vec![text(&one.id), text(&one.label)])
            .collect(),
    }
}

fn stages(schema: &Schema) -> Dimension {
    let rows = schema.pipelines.iter().flat_map(|pipeline| {
        let stages = pipeline.stages.iter().zip(1..);
        stages.map(|(stage, place)| {
            let texts = [&stage.id, &pipeline.id, &stage.label];
            let mut row: Vec<Cell<'static>> = texts.map(|word| text(word)).into();
            row.push(Cell::One(place.to_string().into()));
            row.push(truth(stage.closed));
            row
        })
    });
    Dimension {
        name: "stages",
        columns: columns(&[
            ("stage_id", Kind::Text),
            ("pipeline_id", Kind::Text),
            ("label", Kind::Text),
            ("position", Kind::Count),
            ("closed", Kind::Bool),
        ]),
        rows: rows.collect(),
    }
}

fn properties(schema: &Schema) -> Dimension {
    let rows = schema.tickets.values().map(|property| {
        let words = [&*property.name, &property.label, kind_of(property).word()];
        let mut row: Vec<Cell<'static>> = words.map(text).into();
        row.push(text(unit_of(property).unwrap_or_default()));
        row.push(truth(property.read_only));
        row
    });
    Dimension {
        name: "properties",
        columns: columns(&[
            ("property", Kind::Text),
            ("label", Kind::Text),
            ("type", Kind::Text),
            ("unit", Kind::Text),
            ("set_by_hubspot", Kind::Bool),
        ]),
        rows: rows.collect(),
    }
}
