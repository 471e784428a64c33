//! The verbs on single records, and the list (C1 §2.1 to §2.5). None of them can succeed partially:
//! a failure is the whole reply.

use super::refusal::Refusal;
use super::shapes::{CreateInput, Incoming, MOST_WITH_HISTORY, ObjectOut, too_many};
use super::show::View;
use super::writes::Occasion;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::{Paging, Results};
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::Record;
use crate::sandbox::switches::{DeleteMissing, HistoryLimit, ListCursor, ReadArchived};

/// Prefix of a cursor that is not an id (C1 §12.22).
const OPAQUE: &str = "NTI1Cg";

/// Which record a path means.
#[derive(Debug)]
pub(crate) struct Which {
    pub(crate) id: String,
    pub(crate) id_property: Option<String>,
    pub(crate) archived: bool,
}

/// A page of the list.
#[derive(Debug)]
pub(crate) struct PageQuery {
    /// At most this many.
    pub(crate) limit: u32,
    /// The cursor to continue from, as received.
    pub(crate) after: Option<String>,
    pub(crate) archived: bool,
    /// The address of the next page, without the value of its `after`.
    pub(crate) link: String,
}

impl PortalState {
    pub(crate) fn create(
        &self,
        kind: Kind,
        input: &CreateInput,
        on: Occasion,
    ) -> Result<ObjectOut, Problem> {
        let transaction = self.store.begin()?;
        let written = self
            .create_one(kind, input, on)
            .map_err(|refusal| refusal.problem(self.portal_id))?;
        transaction.commit()?;
        Ok(self.show_created(kind, written))
    }

    pub(crate) fn read(
        &self,
        kind: Kind,
        which: &Which,
        view: &View,
    ) -> Result<ObjectOut, Problem> {
        let mut found = self.existing(kind, which);
        if found.is_err() && self.switches.read_archived == ReadArchived::Shown {
            let other = Which {
                id: which.id.clone(),
                id_property: which.id_property.clone(),
                archived: !which.archived,
            };
            found = self.existing(kind, &other);
        }
        self.show(kind, found?, view)
    }

    pub(crate) fn update(
        &self,
        kind: Kind,
        which: &Which,
        given: &Incoming,
        on: Occasion,
    ) -> Result<ObjectOut, Problem> {
        let record = self.existing(kind, which)?;
        let transaction = self.store.begin()?;
        let refused = |refusal: Refusal| refusal.problem(self.portal_id);
        let written = self.update_one(kind, record, given, on).map_err(refused)?;
        transaction.commit()?;
        Ok(self.show_updated(kind, written, given.keys()))
    }

    /// Archives a record; a missing one counts as done (C1 §12.18).
    pub(crate) fn delete(&self, kind: Kind, id: &str, now: Moment) -> Result<(), Problem> {
        let id = id.parse().map_err(|_| Problem::not_an_id(id))?;
        let transaction = self.store.begin()?;
        let was_there = self.archive_one(kind, id, now)?;
        transaction.commit()?;
        match was_there || self.switches.delete_missing == DeleteMissing::Done {
            true => Ok(()),
            false => Err(Problem::not_found()),
        }
    }

    /// A page in id order. `after` of the next one is an inclusive lower bound
    /// (C1 §2.5).
    pub(crate) fn list(
        &self,
        kind: Kind,
        page: &PageQuery,
        view: &View,
    ) -> Result<Results<ObjectOut>, Problem> {
        let limit = self.list_limit(page, view)?;
        let from = match &page.after {
            Some(after) => self.place(after)?,
            None => 0,
        };
        let mut records = self.store.page(kind, page.archived, from, limit + 1)?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let paging = records.last().filter(|_| more).map(|last| {
            let after = self.cursor(last.id + 1);
            Paging::new(after.clone(), format!("{}after={after}", page.link))
        });
        let results = records
            .into_iter()
            .map(|record| self.show(kind, record, view));
        Ok(Results {
            results: results.collect::<Result<_, _>>()?,
            paging,
        })
    }

    /// At most 50 with history (C1 §12.21).
    fn list_limit(&self, page: &PageQuery, view: &View) -> Result<u32, Problem> {
        let over = !view.history.is_empty() && page.limit as usize > MOST_WITH_HISTORY;
        match self.switches.history_limit {
            HistoryLimit::Refused if over => Err(too_many(
                "a batch request for property histories",
                MOST_WITH_HISTORY,
            )),
            HistoryLimit::Clamped if over => Ok(MOST_WITH_HISTORY as u32),
            _ => Ok(page.limit),
        }
    }

    fn cursor(&self, id: i64) -> String {
        match self.switches.list_cursor {
            ListCursor::Id => id.to_string(),
            ListCursor::Opaque => format!("{OPAQUE}{id:x}"),
        }
    }

    fn place(&self, cursor: &str) -> Result<i64, Problem> {
        let id = match self.switches.list_cursor {
            ListCursor::Id => cursor.parse().ok(),
            ListCursor::Opaque => cursor
                .strip_prefix(OPAQUE)
                .and_then(|id| i64::from_str_radix(id, 16).ok()),
        };
        id.ok_or_else(|| Problem::validation(format!("'{cursor}' is not a cursor")))
    }

    fn existing(&self, kind: Kind, which: &Which) -> Result<Record, Problem> {
        let id_property = which.id_property.as_deref();
        self.check_id_property(kind, id_property, "get/update")?;
        let mut found = self.find(kind, id_property, &which.id, which.archived)?;
        if found.is_none() && id_property.is_none() && !which.archived {
            found = self.merged_into(kind, &which.id)?;
        }
        let is_id = id_property.is_some() || which.id.bytes().all(|byte| byte.is_ascii_digit());
        found.ok_or_else(|| {
            if is_id {
                Problem::not_found()
            } else {
                Problem::not_an_id(&which.id)
            }
        })
    }
}
