//! The verbs on single records, and the list (contract 2.1 to 2.5). None of them
//! knows a partial success: a failure is the whole reply.

use super::clock::Moment;
use super::desk::{Desk, View, object};
use super::kind::Kind;
use super::problem::Problem;
use super::refusal::Refusal;
use super::reply::{Paging, Results};
use super::shapes::{CreateInput, Incoming, ObjectOut};
use super::store::Record;

/// Which record a path means.
#[derive(Debug)]
pub(super) struct Which {
    pub(super) id: String,
    pub(super) id_property: Option<String>,
    pub(super) archived: bool,
}

/// A page of the list.
#[derive(Debug)]
pub(super) struct PageQuery {
    /// At most this many.
    pub(super) limit: u32,
    /// The lowest id to be shown.
    pub(super) after: i64,
    pub(super) archived: bool,
    /// The query as it came, without `after`, for the link to the next page.
    pub(super) rest: String,
}

impl Desk {
    pub(super) fn create(
        &self,
        kind: Kind,
        input: &CreateInput,
        now: Moment,
    ) -> Result<ObjectOut, Problem> {
        let transaction = self.store.begin()?;
        let record = self
            .create_one(kind, input, now)
            .map_err(|refusal| refusal.problem(self.portal_id))?;
        transaction.commit()?;
        Ok(object(kind, record))
    }

    pub(super) fn read(
        &self,
        kind: Kind,
        which: &Which,
        view: &View,
    ) -> Result<ObjectOut, Problem> {
        let record = self.existing(kind, which)?;
        self.show(kind, record, view)
    }

    pub(super) fn update(
        &self,
        kind: Kind,
        which: &Which,
        given: &Incoming,
        now: Moment,
    ) -> Result<ObjectOut, Problem> {
        let record = self.existing(kind, which)?;
        let transaction = self.store.begin()?;
        let refused = |refusal: Refusal| refusal.problem(self.portal_id);
        let record = self.update_one(kind, record, given, now).map_err(refused)?;
        transaction.commit()?;
        Ok(self.show_written(kind, record, given.keys()))
    }

    /// Archives a record; one that is not there counts as done (switch 18).
    pub(super) fn delete(&self, kind: Kind, id: &str, now: Moment) -> Result<(), Problem> {
        let id = id.parse().map_err(|_| Problem::not_an_id(id))?;
        Ok(self.store.archive(kind, id, &now.iso())?)
    }

    /// A page in id order. `after` of the next one is an inclusive lower bound
    /// (contract 2.5).
    pub(super) fn list(
        &self,
        kind: Kind,
        page: &PageQuery,
        view: &View,
    ) -> Result<Results<ObjectOut>, Problem> {
        let mut records = self
            .store
            .page(kind, page.archived, page.after, page.limit + 1)?;
        let more = records.len() > page.limit as usize;
        records.truncate(page.limit as usize);
        let paging = records.last().filter(|_| more).map(|last| {
            let after = last.id + 1;
            let path = format!("{}/crm/v3/objects/{}", view.origin, kind.plural());
            Paging::new(
                after.to_string(),
                format!("{path}?{}after={after}", page.rest),
            )
        });
        let results = records
            .into_iter()
            .map(|record| self.show(kind, record, view));
        Ok(Results {
            results: results.collect::<Result<_, _>>()?,
            paging,
        })
    }

    fn existing(&self, kind: Kind, which: &Which) -> Result<Record, Problem> {
        let id_property = which.id_property.as_deref();
        self.check_id_property(kind, id_property, "get/update")?;
        let found = self.find(kind, id_property, &which.id, which.archived)?;
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
