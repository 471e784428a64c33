//! Making and removing associations, inside the caller's transaction: both directions, the default
//! that every label implies, the one primary company (C1 §8.2, §8.6).

use super::link_type::LinkType;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::switches::{LinksTouchModified, PrimaryAddsDefault, PrimaryReplaces};

impl PortalState {
    /// Associates two records; existing associations stay.
    pub(crate) fn link(
        &self,
        from: i64,
        known: &LinkType,
        to: i64,
        now: Moment,
    ) -> rusqlite::Result<()> {
        if known.is_primary && self.switches.primary_replaces == PrimaryReplaces::Yes {
            self.unseat(from, known, to)?;
        }
        self.put_both(from, known, to)?;
        let brings =
            !known.is_primary || self.switches.primary_adds_default == PrimaryAddsDefault::Yes;
        if let Some(default) = self
            .schema
            .links
            .default_of(known.from, known.to)
            .filter(|_| brings)
        {
            self.put_both(from, default, to)?;
        }
        self.touch(known, from, to, now)
    }

    /// Cuts one type; without the default there is nothing left of a pair.
    pub(crate) fn unlink(&self, from: i64, known: &LinkType, to: i64) -> rusqlite::Result<()> {
        match known.is_default() {
            true => self.cut(from, to),
            false => self.drop_both(from, known, to),
        }
    }

    /// Cuts all associations between two records.
    pub(crate) fn cut(&self, from: i64, to: i64) -> rusqlite::Result<()> {
        for known in self.pair(from, to)? {
            self.drop_both(from, known, to)?;
        }
        Ok(())
    }

    /// The types by which two records are associated, seen from the first.
    pub(super) fn pair(&self, from: i64, to: i64) -> rusqlite::Result<Vec<&LinkType>> {
        let ids = self.store.links_between(from, to)?;
        let known = ids.into_iter();
        Ok(known.filter_map(|id| self.schema.links.get(id)).collect())
    }

    /// A record that can be associated: live, and of the given kind.
    pub(crate) fn linkable(&self, end: Kind, id: &str) -> rusqlite::Result<Option<i64>> {
        match id.parse().ok() {
            Some(id) => Ok(self.store.exists(end, id)?.then_some(id)),
            None => Ok(None),
        }
    }

    /// The associations of a record that are visible by now.
    pub(super) fn seen_links(&self, id: i64, now: Moment) -> rusqlite::Result<Vec<(u32, i64)>> {
        let lag = self.switches.link_lag.0;
        match lag.is_zero() {
            true => self.store.links(id),
            false => self.store.links_before(id, now.before(lag).millis()),
        }
    }

    fn unseat(&self, from: i64, known: &LinkType, to: i64) -> rusqlite::Result<()> {
        // The record that has a primary company is never the company itself.
        let (one, way, other) = match known.to.plural() {
            "companies" => (from, Some(known), to),
            _ => (to, self.schema.links.get(known.inverse), from),
        };
        let Some(way) = way else { return Ok(()) };
        for holder in self.store.linked_by(one, way.id)? {
            if holder != other {
                self.drop_both(one, way, holder)?;
            }
        }
        Ok(())
    }

    fn put_both(&self, from: i64, known: &LinkType, to: i64) -> rusqlite::Result<()> {
        self.store.put_link(from, known.id, to)?;
        self.store.put_link(to, known.inverse, from)
    }

    fn drop_both(&self, from: i64, known: &LinkType, to: i64) -> rusqlite::Result<()> {
        self.store.drop_link(from, known.id, to)?;
        self.store.drop_link(to, known.inverse, from)
    }

    fn touch(&self, known: &LinkType, from: i64, to: i64, now: Moment) -> rusqlite::Result<()> {
        if self.switches.links_touch_modified == LinksTouchModified::No {
            return Ok(());
        }
        for (kind, id) in [(known.from, from), (known.to, to)] {
            if let Some(mut record) = self.store.record(kind, id, false)? {
                let _ = record.values.insert(kind.modified().to_owned(), now.iso());
                self.before_change(id, now)?;
                self.store.replace(kind, id, &record.values)?;
            }
        }
        Ok(())
    }
}
