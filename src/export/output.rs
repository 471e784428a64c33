//! Where rows go: one file, a folder of parts, or a stream; plus the other tables, and the list of
//! values that don't fit.

use std::io;
use std::path::{Path, PathBuf};

use super::cell::{Cell, Misfit};
use super::columns::{Column, Values};
use super::issues::{Issues, Written};
use super::labels::labels;
use super::links::Links;
use super::names::{Beside, issues_of, table_beside};
use super::profile::Profile;
use super::spool::Ticket;
use super::tables::Table;
use super::write::{About, FileFacts, Form, PartBy, Rows, Shape, Sink, WriteError};
use crate::model::column_report::ReportedColumns;
use crate::model::schema::Schema;

/// Where an export goes.
pub enum Target {
    /// A file, with manifest and schema next to it.
    File(PathBuf),
    /// A data set: a folder of tables in parts, with manifest and schema in it.
    Folder(PathBuf, PartBy),
    /// A stream, usually stdout.
    Stream(Box<dyn io::Write + Send>),
}

impl Target {
    /// Marks that the parts of a data set continue without their property.
    pub fn lose_parts(&mut self) {
        if let Target::Folder(_, by) = self {
            by.lost = true;
        }
    }

    /// Names the parts of a data set the way its values are shown.
    pub fn name_parts(&mut self, values: Values, schema: &Schema) {
        if let (Target::Folder(_, by), Values::Labels) = (self, values)
            && let Some(property) = schema.tickets.get(&by.property)
        {
            by.labels = labels(property, schema);
        }
    }
}

/// A target that is claimed; nothing is written yet.
pub struct Claimed {
    to: Destination,
    /// Where each table goes, in their order.
    tables: Vec<Sink>,
    issues: Issues,
    shape: Shape,
}

enum Destination {
    File(Sink, PathBuf),
    Stream(Sink),
}

/// An open target.
pub struct Output {
    to: To,
    beside: Vec<OpenTable>,
    /// Tables whose rows are in their tickets' cases, with the rows so far.
    cases: Vec<(Table, u64)>,
    issues: Issues,
    /// What the columns hold; not used for a stream.
    profile: Profile,
}

struct OpenTable {
    table: Table,
    rows: Rows,
    count: u64,
}

enum To {
    File(Rows, PathBuf),
    Stream(Rows),
}

impl Claimed {
    /// Opens everything that will be written, so that a bad path fails before anything is read. A
    /// stream has no other tables.
    pub fn open(target: Target, shape: Shape, tables: &[Table]) -> io::Result<Claimed> {
        let sinks = |place: &dyn Fn(&str) -> PathBuf| -> io::Result<Vec<Sink>> {
            let beside = tables.iter().filter(|_| shape.form != Form::Case);
            let tables = beside.map(|table| Sink::file(place(&table.name)));
            tables.collect()
        };
        let (to, tables, issues) = match target {
            Target::Stream(stream) => (Destination::Stream(Sink::stream(stream)), Vec::new(), None),
            Target::File(path) => {
                let sink = Sink::file(path.clone())?;
                let tables = sinks(&|name| table_beside(&path, name, shape))?;
                let issues = issues_of(&path);
                (Destination::File(sink, path), tables, Some(issues))
            }
            Target::Folder(path, _) => {
                let words = format!("{} is a folder", path.display());
                return Err(io::Error::new(io::ErrorKind::IsADirectory, words));
            }
        };
        Ok(Claimed {
            to,
            tables,
            issues: Issues::at(issues),
            shape,
        })
    }

    /// Begins the files.
    pub fn begin(
        self,
        columns: &[Column],
        tables: Vec<Table>,
        about: &About,
    ) -> io::Result<Output> {
        let shape = self.shape;
        let profile = match self.to {
            Destination::Stream(_) => Profile::default(),
            Destination::File(..) => Profile::new(columns),
        };
        let to = match self.to {
            Destination::Stream(sink) => To::Stream(Rows::open(shape, columns, sink, about)?),
            Destination::File(sink, path) => {
                To::File(Rows::open(shape, columns, sink, about)?, path)
            }
        };
        let open = |(table, sink): (Table, Sink)| OpenTable::open(table, sink, shape, about);
        let (cases, beside) = match shape.form {
            Form::Case => (
                tables.into_iter().map(|table| (table, 0)).collect(),
                Vec::new(),
            ),
            _ => (Vec::new(), tables),
        };
        let beside = beside.into_iter().zip(self.tables).map(open);
        Ok(Output {
            to,
            cases,
            beside: beside.collect::<io::Result<_>>()?,
            issues: self.issues,
            profile,
        })
    }
}

impl Output {
    /// Writes a ticket's row, and its rows in the other tables. Returns false if the row was left
    /// out; the ticket then has none in the other tables.
    pub fn write(
        &mut self,
        ticket: &Ticket,
        links: &Links,
        cells: Result<Vec<Cell<'_>>, Misfit>,
    ) -> io::Result<bool> {
        let (to, profile) = (&mut self.to, &mut self.profile);
        let nested = self
            .cases
            .iter()
            .map(|(table, _)| table.nested(ticket, links));
        let (cells, nested) = match (cells, nested.collect::<Result<Vec<_>, _>>()) {
            (Ok(cells), Ok(nested)) => (Ok(cells), nested),
            (Err(misfit), _) | (_, Err(misfit)) => (Err(misfit), Vec::new()),
        };
        let written = self.issues.written(ticket.id, cells, |cells| {
            let (To::File(rows, _) | To::Stream(rows)) = to;
            rows.write_case(cells, &nested)?;
            profile.take(cells);
            Ok(())
        })? != Written::Not;
        let rows: Vec<usize> = nested.iter().map(|nested| nested.rows.len()).collect();
        for ((_, count), rows) in self.cases.iter_mut().zip(rows).filter(|_| written) {
            *count += rows as u64;
        }
        for open in self.beside.iter_mut().filter(|_| written) {
            for cells in open.table.rows(ticket, links) {
                let cells = cells.map_err(|misfit| open.table.named(misfit));
                let (table, rows) = (&open.table, &mut open.rows);
                let written = self.issues.written(ticket.id, cells, |cells| {
                    rows.write(cells).map_err(|error| match error {
                        WriteError::Misfit(misfit) => WriteError::Misfit(table.named(misfit)),
                        error => error,
                    })
                });
                open.count += u64::from(written? != Written::Not);
            }
        }
        Ok(written)
    }

    /// What the columns hold so far.
    pub fn columns(&self) -> ReportedColumns {
        self.profile.reported()
    }

    /// Number of values so far that don't fit.
    pub fn issues(&self) -> u64 {
        self.issues.count()
    }

    /// Rows of each table next to the data, by its name.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let beside = self.beside.iter().map(|open| (&open.table, open.count));
        let cases = self.cases.iter().map(|(table, count)| (table, *count));
        let counts = beside.chain(cases);
        counts
            .map(|(table, count)| (table.name.clone(), count))
            .collect()
    }

    /// Finishes it: issues, tables, data, and what `describe` writes next to the data, the manifest
    /// last. A stream has no manifest. Returns the first issue.
    pub fn finish(
        self,
        describe: impl FnOnce(&Beside, &[FileFacts]) -> io::Result<()>,
    ) -> io::Result<Option<(u64, Misfit)>> {
        let first = self.issues.finish()?;
        let tables = self.beside.into_iter().map(|open| open.rows.finish());
        let mut files: Vec<FileFacts> = tables.collect::<io::Result<_>>()?;
        for file in &mut files {
            file.path = file
                .path
                .as_deref()
                .and_then(Path::file_name)
                .map(PathBuf::from);
        }
        match self.to {
            To::Stream(rows) => {
                let _facts = rows.finish()?;
            }
            To::File(rows, path) => {
                let mut file = rows.finish()?;
                file.path = path.file_name().map(PathBuf::from);
                files.insert(0, file);
                describe(&Beside::file(&path), &files)?;
            }
        }
        Ok(first)
    }
}

impl OpenTable {
    fn open(table: Table, sink: Sink, shape: Shape, about: &About) -> io::Result<OpenTable> {
        Ok(OpenTable {
            rows: Rows::open(shape, &table.columns, sink, about)?,
            table,
            count: 0,
        })
    }
}
