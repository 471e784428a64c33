//! Links between records and their kinds. Putting an existing link changes nothing, so
//! these writes may be repeated (protocol L4).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use http::Method;

use super::progress::Progress;
use crate::hubspot::client::Client;
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Effect, Request};
use crate::hubspot::paths::End;
use crate::hubspot::records::ApiError;
use crate::hubspot::records::link_type::LinkType;
use crate::hubspot::records::linked::{LinkInput, LinkReply, LinkedPage, LinkedRecord};
use crate::hubspot::wire;
use crate::model::schema::ObjectType;

/// HubSpot: sub-category of an entry for a record without links.
const NO_LINKS: &str = "crm.associations.NO_ASSOCIATIONS_FOUND";

/// The links of many records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// By record id; records without links are left out.
    pub by_record: BTreeMap<String, Vec<LinkedRecord>>,
    /// Records of which the portal says that they have none; not every portal does.
    pub without: BTreeSet<String>,
    /// Entries for records whose links can't be read.
    pub errors: Vec<ApiError>,
}

impl Client {
    /// Kinds of link from one object type to another, in this direction.
    pub async fn link_types(
        &self,
        from: ObjectType,
        to: ObjectType,
    ) -> Result<Vec<LinkType>, CallError> {
        let path = self.api().link_labels(from, to);
        let request = Request::get(path).paid_from(Budget::Associations);
        self.call(&request, wire::link_types).await
    }

    /// Creates a label for links; a pair of them when the other direction has words
    /// of its own. `Ambiguous` when the outcome is unclear: read the kinds to see.
    pub async fn create_link_label(
        &self,
        from: ObjectType,
        to: ObjectType,
        name: &str,
        label: &str,
        inverse: Option<&str>,
    ) -> Result<Vec<LinkType>, CallError> {
        let body = wire::label_body(name, label, inverse).map_err(Client::unsendable)?;
        let path = self.api().link_labels(from, to);
        let request = Request::post(path, body, Effect::Once).paid_from(Budget::Associations);
        self.call(&request, wire::link_types).await
    }

    /// Puts links, 2,000 at most, no pair twice (`contract::LINK_LIMIT`).
    pub async fn link(
        &self,
        from: ObjectType,
        to: ObjectType,
        links: &[LinkInput],
    ) -> Result<LinkReply, CallError> {
        let body = wire::link_body(links).map_err(Client::unsendable)?;
        let request = self.links(from, to, "create", body, Effect::Repeatable);
        self.call(&request, wire::link_reply).await
    }

    /// All links of records, 1,000 at most, none twice (`contract::LINKED_LIMIT`);
    /// as many calls as the longest list of links has pages.
    pub async fn linked(
        &self,
        from: ObjectType,
        to: ObjectType,
        ids: &[String],
    ) -> Result<Linked, CallError> {
        let mut reading = Reading::of(ids);
        while !reading.open.is_empty() {
            let body = wire::linked_body(&reading.asked()).map_err(Client::unsendable)?;
            let request = self.links(from, to, "read", body, Effect::Read);
            let page = self.call(&request, wire::linked).await?;
            reading.take(from, to, page)?;
        }
        Ok(reading.linked)
    }

    /// Removes all links between the records of each pair, whatever their kind; 100
    /// pairs at most (`contract::UNLINK_LIMIT`). Missing ones count as removed.
    pub async fn unlink(
        &self,
        from: ObjectType,
        to: ObjectType,
        pairs: &[(String, String)],
    ) -> Result<LinkReply, CallError> {
        let body = wire::unlink_body(pairs).map_err(Client::unsendable)?;
        let request = self.links(from, to, "archive", body, Effect::Repeatable);
        self.call(&request, wire::unlinked).await
    }

    /// Removes kinds of link, 2,000 pairs at most, no pair twice; other kinds between
    /// the two are kept, but with the plain kind all are removed.
    pub async fn unlabel(
        &self,
        from: ObjectType,
        to: ObjectType,
        links: &[LinkInput],
    ) -> Result<LinkReply, CallError> {
        let body = wire::link_body(links).map_err(Client::unsendable)?;
        let request = self.links(from, to, "labels/archive", body, Effect::Repeatable);
        self.call(&request, wire::unlinked).await
    }

    /// Puts one link of HubSpot's own kinds.
    pub async fn put_link(
        &self,
        from: (ObjectType, &str),
        to: (ObjectType, &str),
        type_id: u32,
    ) -> Result<(), CallError> {
        self.one_link(Method::PUT, "create", from, to, type_id)
            .await
    }

    /// Removes one link of HubSpot's own kinds; other kinds between the two are kept.
    pub async fn delete_link(
        &self,
        from: (ObjectType, &str),
        to: (ObjectType, &str),
        type_id: u32,
    ) -> Result<(), CallError> {
        self.one_link(Method::DELETE, "labels/archive", from, to, type_id)
            .await
    }

    /// By its own path if the version has one, else as a batch of one.
    async fn one_link(
        &self,
        method: Method,
        verb: &str,
        from: End<'_>,
        to: End<'_>,
        type_id: u32,
    ) -> Result<(), CallError> {
        if let Some(path) = self.api().link(from, to, type_id) {
            let request = Request::new(method, path, Effect::Repeatable);
            let request = request.paid_from(Budget::Associations);
            return self.call(&request, wire::nothing).await;
        }
        let link = LinkInput {
            from: from.1.to_owned(),
            to: to.1.to_owned(),
            types: vec![LinkType::plain(type_id)],
        };
        let body = wire::link_body(&[link]).map_err(Client::unsendable)?;
        let request = self.links(from.0, to.0, verb, body, Effect::Repeatable);
        let reply = self.call(&request, wire::unlinked).await?;
        match reply.errors.into_iter().next() {
            Some(error) => Err(CallError::Refused(Box::new(error))),
            None => Ok(()),
        }
    }

    fn links(
        &self,
        from: ObjectType,
        to: ObjectType,
        verb: &str,
        body: Vec<u8>,
        effect: Effect,
    ) -> Request {
        let path = self.api().links(from, to, verb);
        Request::post(path, body, effect).paid_from(Budget::Associations)
    }
}

/// The links of many records, page by page.
#[derive(Default)]
struct Reading {
    /// Records whose links are not complete, and their cursors.
    open: HashMap<String, Option<String>>,
    /// Of records whose links come in pages.
    pages: HashMap<String, Progress>,
    linked: Linked,
}

impl Reading {
    fn of(ids: &[String]) -> Reading {
        Reading {
            open: ids.iter().map(|id| (id.clone(), None)).collect(),
            ..Reading::default()
        }
    }

    fn asked(&self) -> Vec<(&str, Option<&str>)> {
        let open = self.open.iter();
        open.map(|(id, after)| (id.as_str(), after.as_deref()))
            .collect()
    }

    /// Adds a page for each record that was asked for; others are ignored.
    fn take(
        &mut self,
        from: ObjectType,
        to: ObjectType,
        page: LinkedPage,
    ) -> Result<(), CallError> {
        let asked = std::mem::take(&mut self.open);
        for (id, mut records, after) in page.records {
            if !asked.contains_key(&id) {
                continue;
            }
            if after.is_some() || self.pages.contains_key(&id) {
                let progress = self.pages.entry(id.clone()).or_insert_with(|| {
                    let (from, to) = (from.singular(), to.plural());
                    let what = format!("the {to} of {from} {id}");
                    Progress::of(what, contract::LINKS_OF_ONE)
                });
                let ids = records.iter().map(|record| record.id.as_str());
                let new = progress.take(ids, after.as_deref())?;
                let mut new = new.into_iter();
                records.retain(|_| new.next().unwrap_or_default());
            }
            if after.is_some() {
                let _new = self.open.insert(id.clone(), after);
            }
            self.linked.by_record.entry(id).or_default().extend(records);
        }
        let asked: Vec<String> = asked.into_keys().collect();
        for error in page.errors {
            match error.sub_category == NO_LINKS {
                true => self.linked.without.extend(error.speaks_of(&asked)),
                false => self.linked.errors.push(error),
            }
        }
        Ok(())
    }
}
