//! What a selection means: the form of the files, the parts, the tickets. The same for
//! a new export and for one that is resumed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::words::{expression, moment, part_by as part_by_words, zone as zone_words};
use crate::error::{Cause, Error};
use crate::export::columns::Dates;
use crate::export::filter::{self, Frame};
use crate::export::{PartBy, Selection, Which, Window};
use crate::hubspot::Search;
use crate::model::schema::Schema;

/// What the tickets are partitioned by, if anything.
pub(super) fn part_by(selection: &Selection) -> Result<Option<PartBy>, Error> {
    let Some(words) = &selection.partition_by else {
        return Ok(None);
    };
    let by = part_by_words(words).map_err(|error| Error::usage(words).because(error))?;
    let zone = zone(selection)?.unwrap_or(TimeZone::UTC);
    Ok(Some(PartBy { zone, ..by }))
}

/// How dates and times are written.
pub(super) fn dates(selection: &Selection) -> Result<Dates, Error> {
    Ok(Dates {
        zone: zone(selection)?,
        instant_format: selection.datetime_format.clone(),
        day_format: selection.date_format.clone(),
    })
}

/// The search that a filter amounts to, if there is a filter; relative dates are resolved as of
/// now.
pub(super) fn filter_search(
    selection: &Selection,
    schema: &Schema,
    now: Timestamp,
) -> Result<Option<Search>, Error> {
    let text = selection.filter.as_deref();
    text.map(|text| search(text, selection, schema, now))
        .transpose()
}

/// Which tickets to export; with a filter, those that its search finds.
pub(super) fn which(
    selection: &Selection,
    ids: Option<&[u64]>,
    filter: Option<&Search>,
    now: Timestamp,
) -> Result<Which, Error> {
    if let Some(ids) = ids {
        return Ok(Which::Ids(ids.to_vec()));
    }
    if let Some(text) = &selection.since {
        let zone = zone(selection)?.unwrap_or(TimeZone::UTC);
        let from = moment(text, &Frame { zone, now });
        let from = from.ok_or_else(|| Error::usage(format!("--since: `{text}` is not a time")))?;
        return Ok(Which::Since(Window { from, to: now }));
    }
    Ok(match (filter, selection.limit) {
        (Some(filter), limit) => Which::Found(filter.clone(), limit),
        (None, Some(limit)) => Which::First(limit),
        (None, None) => Which::All,
    })
}

fn search(
    text: &str,
    selection: &Selection,
    schema: &Schema,
    now: Timestamp,
) -> Result<Search, Error> {
    let wrong = |error: Cause| Error::usage("--where").because(error);
    let filter = expression(text).map_err(|error| wrong(error.into()))?;
    let zone = zone(selection)?.unwrap_or(TimeZone::UTC);
    let frame = Frame { zone, now };
    filter::search(&filter, schema, &frame).map_err(|error| wrong(error.into()))
}

fn zone(selection: &Selection) -> Result<Option<TimeZone>, Error> {
    let zone = selection.zone.as_deref().map(zone_words);
    zone.transpose().map_err(Error::usage)
}
