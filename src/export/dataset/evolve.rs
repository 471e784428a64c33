//! How the columns of a data set go on: those that it has stay where they are, new ones
//! come behind them, those of properties that went stay empty. Pure.

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
    /// Columns whose property went.
    pub dropped: Vec<String>,
    /// Columns that hold something else than before, with what they held and hold: their
    /// rows can't be taken over.
    pub retyped: Vec<(String, String, String)>,
}

impl Evolved {
    /// Whether rows have other columns than before.
    pub fn differs(&self) -> bool {
        !(self.added.is_empty() && self.dropped.is_empty() && self.retyped.is_empty())
    }
}

/// Brings the columns that are wanted now behind those that are there.
pub fn evolved(kept: &[KeptColumn], now: Layout) -> Evolved {
    let mut evolved = Evolved::default();
    evolved.layout.stamps = now.stamps;
    let mut new: Vec<Option<(Source, Column)>> =
        now.sources.into_iter().zip(now.columns).map(Some).collect();
    for old in kept {
        let found = new.iter_mut().find(|column| {
            let column = column.as_ref().map(|(_, column)| column);
            column.is_some_and(|column| column.name == old.name)
        });
        let (source, column) = match found.and_then(Option::take) {
            Some((source, column)) => {
                let now = KeptColumn::of(&column);
                if now.kind != old.kind {
                    let header = old.header.clone();
                    evolved.retyped.push((header, old.kind.clone(), now.kind));
                } else if old.dropped {
                    evolved.added.push(old.header.clone());
                }
                let header = old.header.clone();
                (source, Column { header, ..column })
            }
            None => {
                if !old.dropped {
                    evolved.dropped.push(old.header.clone());
                }
                let dropped = true;
                (
                    Source::Nothing,
                    Column {
                        dropped,
                        ..old.column()
                    },
                )
            }
        };
        evolved.layout.sources.push(source);
        evolved.layout.columns.push(column);
    }
    for (source, mut column) in new.into_iter().flatten() {
        let taken = |header: &str| evolved.layout.columns.iter().any(|c| c.header == header);
        let mut times = 2;
        let header = column.header.clone();
        while taken(&column.header) {
            column.header = format!("{header}_{times}");
            times += 1;
        }
        if !kept.is_empty() {
            evolved.added.push(column.header.clone());
        }
        evolved.layout.sources.push(source);
        evolved.layout.columns.push(column);
    }
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
        let first = evolved(&[], layout(&[("b", Kind::Text), ("d", Kind::Number)]));
        assert!(!first.differs());
        let second = evolved(
            &kept(&first.layout),
            layout(&[("a", Kind::Bool), ("d", Kind::Number)]),
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
        );
        assert!(!same.differs(), "a dropped column is told once");
        let back = evolved(
            &kept(&same.layout),
            layout(&[("a", Kind::Bool), ("b", Kind::Text), ("d", Kind::Text)]),
        );
        assert_eq!(back.added, ["b"]);
        let retyped = ("d".to_owned(), "number".to_owned(), "text".to_owned());
        assert_eq!(back.retyped, [retyped]);
        assert_eq!(back.layout.sources[0], Source::Value(1));
    }
}
