//! Before-images of links: what did not exist between a ticket and another record before a run made
//! it. Written before the call and never replaced, so that what an earlier process of the run made
//! counts as made by the run (protocol PL6). They are in a separate table, which journals get when
//! they are opened for writing.

use rusqlite::params;

use super::added_tables::has_links;
use super::build::json;
use super::commit::Commit;
use super::error::{JournalError, at};
use super::read::Reading;
use super::schema::Tables;
use crate::model::key::FoldedKey;
use crate::model::made_link::{MadeKind, MadeLink};
use crate::model::schema::ObjectType;

impl Commit<'_> {
    /// Records what a row is about to add between its ticket and other records. What is recorded
    /// for a pair is never replaced.
    pub fn keep_links(&self, seq: u64, links: &[MadeLink]) -> Result<(), JournalError> {
        for link in links {
            let kinds: Vec<(&str, u32, Option<&str>)> = link
                .kinds
                .iter()
                .map(|kind| (&*kind.category, kind.id, kind.label.as_deref()))
                .collect();
            let kinds = json(serde_json::to_string(&kinds)).map_err(at(self.path))?;
            self.run(
                "INSERT OR IGNORE INTO link (seq, object, record, kinds, alone)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![seq, link.to.plural(), link.record, kinds, link.alone],
            )?;
        }
        Ok(())
    }
}

impl Reading {
    /// Records that rows with a key were linked to by the run, and its notes on their ticket.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn added_to_key(&self, key: &str) -> Result<Vec<(ObjectType, String)>, JournalError> {
        if self.tables() == Tables::Second {
            return Ok(Vec::new());
        }
        let key = FoldedKey::of(key);
        let read = || {
            if !has_links(self.db())? {
                return Ok(Vec::new());
            }
            let sql = "SELECT link.object, link.record FROM row JOIN link ON link.seq = row.seq
                       WHERE row.folded = ?1";
            let mut query = self.db().prepare_cached(sql)?;
            let rows = query.query_map([&key], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let links = read().map_err(at(self.path()))?.into_iter();
        let known =
            links.filter_map(|(object, record)| Some((ObjectType::named(&object)?, record)));
        let mut added: Vec<(ObjectType, String)> = known.collect();
        added.extend(self.notes_of_key(&key)?);
        Ok(added)
    }

    /// What a row added between its ticket and other records; none in journals that do not record
    /// it.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn made_links(&self, seq: u64) -> Result<Option<Vec<MadeLink>>, JournalError> {
        let read = || {
            if !has_links(self.db())? {
                return Ok(None);
            }
            let sql = "SELECT object, record, kinds, alone FROM link WHERE seq = ?1 ORDER BY id";
            let mut query = self.db().prepare_cached(sql)?;
            let rows = query.query_map([seq], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, bool>(3)?,
                ))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>().map(Some)
        };
        let Some(rows) = read().map_err(at(self.path()))? else {
            return Ok(None);
        };
        let links = rows.into_iter().map(|(object, record, kinds, alone)| {
            let to = ObjectType::named(&object);
            Ok(MadeLink {
                to: to.ok_or_else(|| self.broken("link"))?,
                record,
                kinds: kinds_from(&kinds).ok_or_else(|| self.broken("link"))?,
                alone,
            })
        });
        links.collect::<Result<Vec<_>, _>>().map(Some)
    }
}

impl Reading {
    /// Tickets of other rows that the run linked to this one.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn linked_from(&self, ticket: &str) -> Result<Vec<String>, JournalError> {
        let read = || {
            if !has_links(self.db())? {
                return Ok(Vec::new());
            }
            let sql = "SELECT row.ticket FROM link JOIN row USING (seq)
                       WHERE link.object = 'tickets' AND link.record = ?1 AND row.ticket IS NOT NULL";
            let mut query = self.db().prepare_cached(sql)?;
            let tickets = query.query_map([ticket], |row| row.get(0))?;
            tickets.collect::<rusqlite::Result<Vec<String>>>()
        };
        read().map_err(at(self.path()))
    }
}

fn kinds_from(text: &str) -> Option<Vec<MadeKind>> {
    let kinds: Vec<(String, u32, Option<String>)> = serde_json::from_str(text).ok()?;
    let kind = |(category, id, label)| MadeKind {
        category,
        id,
        label,
    };
    Some(kinds.into_iter().map(kind).collect())
}
