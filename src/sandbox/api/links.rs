//! Calls on associations (C1 §8): v4 and the dated versions, labels, and
//! what v3 has.

use axum::http::Method;

use super::answer::{Portal, batch_reply, created, ok};
use super::call::Call;
use super::problem::Problem;
use super::reply::Reply;
use super::route::{LinkRoute, Verb};
use super::version::{Area, Version};
use crate::sandbox::clock::Moment;
use crate::sandbox::links::{ArchiveInput, LegacyInput, PairInput, ReadInput, TypedInput};
use crate::sandbox::records::shapes;
use crate::sandbox::records::shapes::{BatchOut, TypeSpec};
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::switches::{LegacyLinks, LinkArchiveMost, LinkArchiveStatus, ListPairs};

/// Inputs of a batch that makes associations (C1 §8.3).
const MOST_PAIRS: usize = 2_000;

/// Records of a batch that reads them.
const MOST_READ: usize = 1_000;

impl Portal {
    pub(super) fn links(
        &self,
        call: &Call,
        ends: (Kind, Kind),
        route: LinkRoute,
        version: Version,
    ) -> Result<Reply, Problem> {
        match (&call.method, route) {
            (&Method::GET, LinkRoute::Of(id)) => self.list_pairs(call, ends, &id, version),
            (&Method::PUT, LinkRoute::DefaultPair(id, to_id)) => self
                .with(|state| state.put_default(ends, (&id, &to_id), call.now))
                .and_then(ok),
            (&Method::PUT, LinkRoute::Pair(id, to_id)) => {
                let specs: Vec<TypeSpec> = shapes::read(&call.body)?;
                self.with(|state| state.put_labelled(ends, (&id, &to_id), &specs, call.now))
                    .and_then(created)
            }
            (&Method::DELETE, LinkRoute::Pair(id, to_id)) => {
                let deleted = self.with(|state| state.delete_pair(ends, (&id, &to_id)));
                deleted.map(|()| Reply::empty())
            }
            (method, route @ (LinkRoute::Labels | LinkRoute::Label(_))) => {
                self.labels(method, call, ends, route)
            }
            (&Method::POST, LinkRoute::Batch(verb)) => self.link_batch(call, ends, verb, version),
            (&Method::POST, LinkRoute::BatchDefault) => {
                let inputs: Vec<PairInput> = self.inputs_up_to(call, MOST_PAIRS)?;
                self.with(|state| state.link_defaults(ends, &inputs, call.now))
                    .map(|out| batch_reply(200, (version, Area::Links), &out))
            }
            (&Method::POST, LinkRoute::BatchLabels) => {
                let inputs: Vec<TypedInput> = self.inputs_up_to(call, MOST_PAIRS)?;
                self.with(|state| state.cut_labels(ends, &inputs))
                    .map(|()| self.cut_reply(version, call.now))
            }
            (method, route) if route.is_legacy() => match self.switches().legacy_links {
                LegacyLinks::Served => self.legacy(method, call, ends, route),
                LegacyLinks::Gone => Err(Problem::not_found()),
            },
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn list_pairs(
        &self,
        call: &Call,
        ends: (Kind, Kind),
        id: &str,
        version: Version,
    ) -> Result<Reply, Problem> {
        let is_open = self.switches().list_pairs_2026_09 == ListPairs::Served;
        if !version.lists_pairs(is_open) {
            return Err(Problem::not_found());
        }
        let page = call.pairs()?;
        self.with(|state| state.list_pairs(ends, id, &page, call.now))
            .and_then(ok)
    }

    fn labels(
        &self,
        method: &Method,
        call: &Call,
        (from, to): (Kind, Kind),
        route: LinkRoute,
    ) -> Result<Reply, Problem> {
        match (method, route) {
            (&Method::GET, LinkRoute::Labels) => {
                self.with(|state| Ok(state.labels(from, to))).and_then(ok)
            }
            (&Method::POST, LinkRoute::Labels) => {
                let input = shapes::read(&call.body)?;
                self.with(|state| state.create_label(from, to, input))
                    .and_then(ok)
            }
            (&Method::PUT, LinkRoute::Labels) => {
                let patch = shapes::read(&call.body)?;
                self.with(|state| state.update_label(patch))
                    .map(|()| Reply::empty())
            }
            (&Method::DELETE, LinkRoute::Label(id)) => self
                .with(|state| state.delete_label(id))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn link_batch(
        &self,
        call: &Call,
        ends: (Kind, Kind),
        verb: Verb,
        version: Version,
    ) -> Result<Reply, Problem> {
        match verb {
            Verb::Create => {
                let inputs: Vec<TypedInput> = self.inputs_up_to(call, MOST_PAIRS)?;
                self.with(|state| state.link_batch(ends, &inputs, call.now))
                    .map(|out| {
                        batch_reply(version.created(Area::Links), (version, Area::Links), &out)
                    })
            }
            Verb::Read => {
                let inputs: Vec<ReadInput> = self.inputs_up_to(call, MOST_READ)?;
                let link = call.link();
                self.with(|state| state.read_links(ends, &inputs, &link, call.now))
                    .map(|out| batch_reply(200, (version, Area::Links), &out))
            }
            Verb::Archive => {
                let most = match self.switches().link_archive_most {
                    LinkArchiveMost::Hundred => 100,
                    LinkArchiveMost::TwoThousand => MOST_PAIRS,
                };
                let inputs: Vec<ArchiveInput> = self.inputs_up_to(call, most)?;
                self.with(|state| state.cut_batch(ends, &inputs))
                    .map(|()| self.cut_reply(version, call.now))
            }
            Verb::Update | Verb::Upsert => Err(Problem::not_found()),
        }
    }

    /// The reply to an archive: empty, or as the dated versions declare it (C1 §0.2, §12.37).
    fn cut_reply(&self, version: Version, now: Moment) -> Reply {
        let has_body = self.switches().link_archive_status == LinkArchiveStatus::Ok;
        match has_body || version.tells_of_cuts() {
            true => Reply::json(200, &BatchOut::<()>::new(Vec::new(), Vec::new(), now.iso())),
            false => Reply::empty(),
        }
    }

    fn legacy(
        &self,
        method: &Method,
        call: &Call,
        ends: (Kind, Kind),
        route: LinkRoute,
    ) -> Result<Reply, Problem> {
        match (method, route) {
            (&Method::GET, LinkRoute::LegacyOf(id)) => {
                let page = call.pairs()?;
                self.with(|state| state.list_legacy(ends, &id, &page, call.now))
                    .and_then(ok)
            }
            (&Method::PUT, LinkRoute::LegacyPair(id, to_id, named)) => {
                let mut view = call.view();
                view.associations = vec![ends.1.plural().to_owned()];
                self.with(|state| state.put_legacy(ends, (&id, &to_id), &named, &view, call.now))
                    .and_then(ok)
            }
            (&Method::DELETE, LinkRoute::LegacyPair(id, to_id, named)) => self
                .with(|state| state.delete_legacy(ends, (&id, &to_id), &named))
                .map(|()| Reply::empty()),
            (&Method::POST, LinkRoute::LegacyBatch(Verb::Read)) => {
                let inputs: Vec<ReadInput> = self.inputs_up_to(call, MOST_READ)?;
                self.with(|state| state.read_legacy(ends, &inputs, call.now))
                    .map(|out| batch_reply(200, (Version::Numbered, Area::Links), &out))
            }
            (&Method::POST, LinkRoute::LegacyBatch(verb @ (Verb::Create | Verb::Archive))) => {
                let inputs: Vec<LegacyInput> = self.inputs_up_to(call, MOST_PAIRS)?;
                let cuts = verb == Verb::Archive;
                let out = self.with(|state| state.legacy_batch(ends, &inputs, cuts, call.now))?;
                Ok(match cuts {
                    true => Reply::empty(),
                    false => batch_reply(201, (Version::Numbered, Area::Links), &out),
                })
            }
            (_, LinkRoute::LegacyBatch(Verb::Update | Verb::Upsert)) => Err(Problem::not_found()),
            _ => Err(Problem::method_not_allowed()),
        }
    }
}
