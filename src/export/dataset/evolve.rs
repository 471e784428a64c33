//! How the columns of a data set continue: existing ones stay where they are, new ones
//! come after them, those of removed properties stay empty. Pure.

use super::state::KeptColumn;
use crate::export::columns::Column;
use crate::export::layout::{Layout, Source};

/// The columns of a data set from now on.
#[derive(Clone, Debug, Default)]
pub struct Evolved {
    /// Of the tickets' table.
    pub layout: Layout,
    /// Columns that are new.
    pub added: Vec<String>,
    /// Columns whose property was removed.
    pub dropped: Vec<String>,
    /// Columns whose property was removed and exists again; they also count as new. Their values
    /// may be older than the latest change of the ticket.
    pub returned: Vec<String>,
    /// Columns whose type changed, with the old and the new type: their rows can't be carried over.
    pub retyped: Vec<(String, String, String)>,
    /// Columns of a log whose property changed its type: it continues in another column.
    pub continued: Vec<Continued>,
}

/// A column of a log that ends, and the one in which its property continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continued {
    /// Header of the one that ends.
    pub column: String,
    /// What it held.
    pub before: String,
    /// What the property holds.
    pub now: String,
    /// Header of the other.
    pub continues_in: String,
}

impl Evolved {
    /// Whether rows have other columns than before.
    pub fn differs(&self) -> bool {
        let changed = [&self.added, &self.dropped].map(|headers| !headers.is_empty());
        changed.contains(&true) || !self.retyped.is_empty() || !self.continued.is_empty()
    }

    fn push(&mut self, source: Source, column: Column) {
        self.layout.sources.push(source);
        self.layout.columns.push(column);
    }

    /// A column that continues, or whose property exists again.
    fn go_on(&mut self, old: &KeptColumn, source: Source, column: Column) {
        let header = old.header.clone();
        let now = KeptColumn::of(&column);
        if old.dropped {
            self.added.push(header.clone());
            self.returned.push(header.clone());
        } else if now.kind != old.kind {
            let retyped = (header.clone(), old.kind.clone(), now.kind);
            self.retyped.push(retyped);
        }
        self.push(source, Column { header, ..column });
    }

    /// A column without a property: it stays and keeps its type.
    fn end(&mut self, old: &KeptColumn) {
        if !old.dropped {
            self.dropped.push(old.header.clone());
        }
        let column = Column {
            dropped: true,
            ..old.column()
        };
        self.push(Source::Nothing, column);
    }

    /// Separates columns that end because their property changed its type from those whose property
    /// was removed.
    fn find_continued(&mut self, kept: &[KeptColumn]) {
        for old in kept.iter().filter(|old| !old.dropped) {
            let columns = self.layout.columns.iter().filter(|column| !column.dropped);
            let of_property = |column: &&Column| {
                (&column.name, column.of_record) == (&old.name, old.of_record)
                    && column.header != old.header
            };
            let ended = self.dropped.contains(&old.header);
            let Some(new) = columns.into_iter().find(of_property).filter(|_| ended) else {
                continue;
            };
            let (header, now) = (new.header.clone(), KeptColumn::of(new).kind);
            self.dropped.retain(|dropped| *dropped != old.header);
            for headers in [&mut self.added, &mut self.returned] {
                headers.retain(|added| *added != header);
            }
            self.continued.push(Continued {
                column: old.header.clone(),
                before: old.kind.clone(),
                now,
                continues_in: header,
            });
        }
    }

    /// A new column. If its header is taken, it gets a number.
    fn begin(&mut self, source: Source, mut column: Column) {
        let header = column.header.clone();
        let mut times = 2;
        let taken = |header: &str| self.layout.columns.iter().any(|c| c.header == header);
        while taken(&column.header) {
            column.header = format!("{header}_{times}");
            times += 1;
        }
        self.push(source, column);
    }
}

/// Appends the columns that are wanted now to the existing ones. If `keeps` is set (a log),
/// existing columns are kept: a column of another type becomes a new one.
pub fn evolved(kept: &[KeptColumn], now: Layout, keeps: bool) -> Evolved {
    let mut evolved = Evolved::default();
    evolved.layout.stamps = now.stamps;
    let mut new: Vec<Option<(Source, Column)>> =
        now.sources.into_iter().zip(now.columns).map(Some).collect();
    // Older sets do not record which columns are about the record itself.
    let says = kept.iter().any(|old| old.of_record);
    for old in kept {
        let goes_on = |column: &Column| {
            let fits = !keeps || KeptColumn::of(column).kind == old.kind;
            let same = !says || column.of_record == old.of_record;
            column.name == old.name && same && fits
        };
        let mut columns = new.iter_mut();
        let found = columns.find(|new| new.as_ref().is_some_and(|(_, column)| goes_on(column)));
        match found.and_then(Option::take) {
            Some((_, column)) if column.dropped => evolved.end(old),
            Some((source, column)) => evolved.go_on(old, source, column),
            None => evolved.end(old),
        }
    }
    for (source, column) in new.into_iter().flatten() {
        evolved.begin(source, column);
        let header = evolved.layout.columns.last().map(|new| new.header.clone());
        evolved.added.extend(header.filter(|_| !kept.is_empty()));
    }
    evolved.find_continued(kept);
    evolved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::columns::Kind;

    fn layout(columns: &[(&str, Kind)]) -> Layout {
        let mut layout = Layout::default();
        for (place, (name, kind)) in columns.iter().enumerate() {
            layout.columns.push(Column::plain(name, name, *kind));
            layout.sources.push(Source::Value(place));
        }
        layout
    }

    fn kept(layout: &Layout) -> Vec<KeptColumn> {
        layout.columns.iter().map(KeptColumn::of).collect()
    }

    #[test]
    fn new_columns_come_last_and_dropped_ones_stay_empty() {
        let first = evolved(
            &[],
            layout(&[("b", Kind::Text), ("d", Kind::Number)]),
            false,
        );
        assert!(!first.differs());
        let second = evolved(
            &kept(&first.layout),
            layout(&[("a", Kind::Bool), ("d", Kind::Number)]),
            false,
        );
        let headers: Vec<&str> = second
            .layout
            .columns
            .iter()
            .map(|c| c.header.as_str())
            .collect();
        assert_eq!(headers, ["b", "d", "a"]);
        let sources = [Source::Nothing, Source::Value(1), Source::Value(0)];
        assert_eq!(second.layout.sources, sources);
        assert_eq!(
            (&second.added[..], &second.dropped[..]),
            (&["a".to_owned()][..], &["b".to_owned()][..])
        );
        let same = evolved(
            &kept(&second.layout),
            layout(&[("a", Kind::Bool), ("d", Kind::Number)]),
            false,
        );
        assert!(!same.differs(), "a dropped column is told once");
        let back = evolved(
            &kept(&same.layout),
            layout(&[("a", Kind::Bool), ("b", Kind::Text), ("d", Kind::Text)]),
            false,
        );
        assert_eq!(
            (&back.added, &back.returned),
            (&vec!["b".to_owned()], &vec!["b".to_owned()])
        );
        let retyped = ("d".to_owned(), "number".to_owned(), "text".to_owned());
        assert_eq!(back.retyped, [retyped]);
        assert_eq!(back.layout.sources[0], Source::Value(1));
    }

    #[test]
    fn a_property_that_is_missed_keeps_the_type_of_its_column() {
        let first = evolved(&[], layout(&[("n", Kind::Number)]), false);
        let mut missed = layout(&[("n", Kind::Text)]);
        missed.columns[0].dropped = true;
        let second = evolved(&kept(&first.layout), missed.clone(), false);
        assert_eq!(
            (&second.dropped[..], second.retyped.len()),
            (&["n".to_owned()][..], 0)
        );
        assert_eq!(second.layout.columns[0].kind, Kind::Number);
        let third = evolved(&kept(&second.layout), missed, false);
        assert!(!third.differs());
        let back = evolved(&kept(&third.layout), layout(&[("n", Kind::Text)]), false);
        assert_eq!(
            (&back.returned[..], back.retyped.len()),
            (&["n".to_owned()][..], 0)
        );
        assert_eq!(back.layout.columns[0].kind, Kind::Text);
    }

    #[test]
    fn a_property_that_is_called_like_a_time_of_the_record_is_another_column() {
        let record = |layout: &mut Layout| {
            layout
                .columns
                .push(Column::of_record("created_at", "", Kind::Instant));
            layout.sources.push(Source::Archived);
        };
        let mut first = layout(&[("a", Kind::Text)]);
        record(&mut first);
        let first = evolved(&[], first, false);
        let mut now = layout(&[("a", Kind::Text), ("created_at", Kind::Instant)]);
        record(&mut now);
        let second = evolved(&kept(&first.layout), now, false);
        let headers: Vec<&str> = second
            .layout
            .columns
            .iter()
            .map(|c| c.header.as_str())
            .collect();
        assert_eq!(headers, ["a", "created_at", "created_at_2"]);
        assert_eq!(
            second.layout.sources[1..],
            [Source::Archived, Source::Value(1)]
        );
        assert_eq!(second.added, ["created_at_2"]);
    }

    #[test]
    fn a_log_begins_another_column_for_another_type() {
        let numbers = || layout(&[("n", Kind::Number), ("t", Kind::Text)]);
        let first = evolved(&[], numbers(), true);
        let second = evolved(
            &kept(&first.layout),
            layout(&[("n", Kind::Text), ("t", Kind::Text)]),
            true,
        );
        let columns: Vec<(&str, bool)> = second
            .layout
            .columns
            .iter()
            .map(|column| (column.header.as_str(), column.dropped))
            .collect();
        assert_eq!(columns, [("n", true), ("t", false), ("n_2", false)]);
        let continued = |column: &str, before: &str, now: &str, next: &str| Continued {
            column: column.to_owned(),
            before: before.to_owned(),
            now: now.to_owned(),
            continues_in: next.to_owned(),
        };
        assert_eq!(second.continued, [continued("n", "number", "text", "n_2")]);
        assert!(second.added.is_empty() && second.dropped.is_empty() && second.differs());
        let back = evolved(&kept(&second.layout), numbers(), true);
        assert_eq!(back.continued, [continued("n_2", "text", "number", "n")]);
        assert!(back.returned.is_empty() && back.dropped.is_empty());
        let same = evolved(
            &kept(&second.layout),
            layout(&[("n", Kind::Text), ("t", Kind::Text)]),
            true,
        );
        assert!(!same.differs());
    }
}
