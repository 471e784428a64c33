//! Which system a file is from: the preset whose columns it has.

use crate::mapping::PRESETS;
use crate::mapping::errors::Problems;
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::parse::parse;
use crate::mapping::propose::survey::ratio;
use crate::mapping::shape::{ColumnName, Document, EntrySpec, KeyOrigin, Origin};
use crate::model::row::Headers;

/// Less than this of the file's columns is chance.
const LEAST: f64 = 0.6;

/// A preset with what a file has of it.
#[derive(Clone, Debug)]
pub struct Preset {
    /// As `--from` calls it.
    pub name: &'static str,
    /// The mapping.
    pub text: &'static str,
    /// Positions of the file's columns that it reads.
    pub used: Vec<usize>,
    /// Share of the file's columns that it reads, from 0 to 1.
    pub share: f64,
    /// Whether the file has every column that it can't do without.
    pub complete: bool,
}

/// The preset that reads most of the file's columns, if it has all that it needs and
/// most of the file.
pub fn recognise(headers: &Headers) -> Option<Preset> {
    let all = PRESETS
        .iter()
        .filter_map(|(name, _)| Preset::find(name, headers));
    let fitting = all.filter(|preset| preset.complete && preset.share >= LEAST);
    fitting.max_by(|left, right| left.share.total_cmp(&right.share))
}

impl Preset {
    /// A preset by its name, held against a file; none where there is none of that name.
    pub fn find(name: &str, headers: &Headers) -> Option<Preset> {
        let (name, text) = PRESETS.iter().copied().find(|(known, _)| *known == name)?;
        let document = parse(text, &Problems::default())?;
        let index = HeaderIndex::new(headers);
        let mut used = vec![false; headers.len()];
        let mut complete = true;
        for (columns, optional) in columns(&document) {
            let found = columns.iter().map(|column| index.find(column));
            match found.into_iter().find(|positions| !positions.is_empty()) {
                Some(positions) => positions.into_iter().for_each(|idx| used[idx] = true),
                None => complete &= optional,
            }
        }
        let used: Vec<usize> = (0..used.len()).filter(|idx| used[*idx]).collect();
        Some(Preset {
            name,
            text,
            share: ratio(used.len() as u64, headers.len() as u64),
            used,
            complete,
        })
    }
}

/// Every place of a mapping that reads columns, and whether the file may lack them.
fn columns(document: &Document) -> Vec<(Vec<ColumnName>, bool)> {
    let of_origin = |origin: &Origin| match origin {
        Origin::Column(columns) => Some(columns.iter().map(|at| at.value.clone()).collect()),
        Origin::Value(_) | Origin::Template(_) => None,
    };
    let of_entry = |entry: &EntrySpec| Some((of_origin(&entry.origin)?, entry.optional));
    let key = match &document.key.origin {
        KeyOrigin::Text(origin, _) | KeyOrigin::RecordId(origin) => of_origin(origin),
        KeyOrigin::RowHash => None,
    };
    let links = document.links.iter().flat_map(|link| {
        let columns = link.column.iter().map(|at| at.value.clone()).collect();
        let properties = link.properties.iter().filter_map(of_entry);
        std::iter::once((columns, link.optional)).chain(properties)
    });
    let entries = document.properties.value.iter().filter_map(of_entry);
    let key = key.map(|columns| (columns, false));
    key.into_iter().chain(entries).chain(links).collect()
}
