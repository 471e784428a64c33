//! What one ticket can settle: it is created, changed, given some notes and archived, whatever
//! fails meanwhile. Everything created contains the word of the probe's trace, and its id is
//! reported as soon as there is one.

use http::Method;
use serde_json::{Map, Value, json};

use super::ask::{Answer, Asking, NOBODY, results, text};
use super::found::Found;
use super::lists::{follows, zero_millis};
use super::trace::Trace;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Effect, Request};
use crate::hubspot::paths::{ApiVersion, with_query};
use crate::hubspot::records::ApiError;
use crate::hubspot::records::association_types::HUBSPOT_DEFINED;
use crate::model::schema::ObjectType::{Contacts, Tickets};
use crate::model::schema::{Owner, Pipeline};

const CREATED: &str = "2001-02-03T04:05:06Z";
const CREATED_LATER: &str = "2001-03-04T04:05:06Z";
const CLOSED: &str = "2002-03-04T05:06:07Z";
const NO_PROPERTY: &str = "tickethaul_no_such_property";

/// HubSpot: the longest text of a property, in characters.
const LONGEST_TEXT: usize = 65_536;

/// HubSpot: type of the link from a ticket to a contact.
const TO_CONTACT: u32 = 16;

/// What is done with the ticket.
pub(super) struct Probe<'a> {
    pub(super) asking: Asking<'a>,
    /// What has been created so far.
    pub(super) trace: Trace,
    /// Called with the trace whenever it grows.
    keeps: &'a mut (dyn FnMut(&Trace) + Send + Sync),
    never: Vec<&'static str>,
    /// What the definition of the key of notes says.
    note_key: Option<String>,
    /// Whether rules of the portal's admin keep the ticket out of closed stages.
    open_only: bool,
    /// Properties that were accepted and not kept.
    pub(super) lost: Vec<&'static str>,
}

/// Where the ticket is put.
struct Stages {
    pipeline: String,
    open: String,
    closed: String,
    /// A stage of another pipeline.
    foreign: Option<String>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(
        asking: Asking<'a>,
        read: &Found,
        trace: Trace,
        keeps: &'a mut (dyn FnMut(&Trace) + Send + Sync),
    ) -> Probe<'a> {
        let dates = [
            ("createdate", "createdate_writable"),
            ("closed_date", "closed_date_writable"),
        ];
        let never = dates.into_iter().filter(|(_, unknown)| {
            let found = read.get(*unknown);
            found.is_some_and(|value| value == "no")
        });
        Probe {
            asking,
            trace,
            keeps,
            never: never.map(|(date, _)| date).collect(),
            note_key: read.get("activity_key").cloned(),
            open_only: false,
            lost: Vec::new(),
        }
    }

    /// What was made, and what was found out.
    pub(super) fn ended(self) -> (Trace, Found) {
        (self.trace, self.asking.found)
    }

    /// A note was created.
    pub(super) fn made_note(&mut self, id: Option<String>) {
        self.trace.notes.extend(id);
        (self.keeps)(&self.trace);
    }

    fn made_ticket(&mut self, id: Option<String>) {
        self.trace.tickets.extend(id);
        (self.keeps)(&self.trace);
    }

    /// All of it.
    pub(super) async fn run(&mut self) -> Result<(), CallError> {
        let pipelines = self.asking.client.pipelines().await?;
        let Some(stages) = stages(&pipelines) else {
            return Ok(());
        };
        self.batches(&stages).await?;
        let Some(id) = self.create(&stages).await? else {
            return Ok(());
        };
        let changed = self.change(&id, &stages).await;
        // Properties that the ticket did not have show with a run's first rows.
        let lost = self.lost.join(",");
        self.keep("not_kept", Some(lost).filter(|lost| !lost.is_empty()));
        let archived = self.archive(&id).await;
        changed.and(archived)
    }

    pub(super) fn keep(&mut self, name: &str, value: Option<impl Into<String>>) {
        self.asking.keep(name, value);
    }

    /// Batches of impossible rows: they only show how they are refused.
    async fn batches(&mut self, stages: &Stages) -> Result<(), CallError> {
        let subject = self.trace.subject();
        let bad = |trace: Option<&str>| {
            let mut input = json!({"properties": {
                "subject": subject, "hs_pipeline": stages.pipeline, "hs_pipeline_stage": stages.open,
                NO_PROPERTY: "x",
            }});
            if let Some(trace) = trace {
                input["objectWriteTraceId"] = json!(trace);
            }
            input
        };
        let whole = self.create_batch(&[bad(Some("a"))]).await?;
        let create = whole.either("207", "400");
        let some = self.create_batch(&[bad(Some("a")), bad(None)]).await?;
        self.keep("partial_trace_ids", some.either("207", "400"));
        let twice = self.create_batch(&[bad(Some("a")), bad(Some("a"))]).await?;
        if create == Some("207") {
            self.keep("duplicate_trace_ids", twice.either("accepted", "400"));
        }
        if create == Some("400") {
            self.keep("partial_success", Some("400 or 400-create"));
        }
        Ok(())
    }

    async fn create_batch(&mut self, inputs: &[Value]) -> Result<Answer, CallError> {
        let path = self.asking.client.api().batch(Tickets, "create");
        let body = json!({ "inputs": inputs });
        let answer = self
            .asking
            .write(Method::POST, path, Some(&body), Effect::Once)
            .await?;
        // Every input names a property that does not exist. If a portal accepts that,
        // nothing is stored.
        if let Answer::Yes(body) = &answer {
            for id in results(body).iter().filter_map(|one| text(&one["id"])) {
                self.made_ticket(Some(id.clone()));
                let path = self.asking.client.api().object(Tickets, &id);
                let gone = self
                    .asking
                    .write(Method::DELETE, path, None, Effect::Repeatable);
                let _answer = gone.await?;
            }
        }
        Ok(answer)
    }

    /// Creates the ticket, with as little as the portal accepts, and with an impossible link.
    async fn create(&mut self, stages: &Stages) -> Result<Option<String>, CallError> {
        let subject = self.trace.subject();
        let levels: [(&str, &[(&str, &str)]); 3] = [
            ("stage", &[]),
            ("stage+subject", &[("subject", &subject)]),
            (
                "stage+subject+pipeline",
                &[("subject", &subject), ("hs_pipeline", &stages.pipeline)],
            ),
        ];
        for (level, more) in levels {
            for linked in [true, false] {
                let (answer, sent) = self.create_taken(stages, more, linked).await?;
                match answer {
                    Answer::Yes(ticket) => {
                        self.keep("required_on_create", Some(level));
                        let kept = linked.then_some("kept");
                        self.keep("bad_association", kept);
                        let id = text(&ticket["id"]);
                        self.made_ticket(id.clone());
                        self.made(&ticket, &sent);
                        return Ok(id);
                    }
                    Answer::No(error) if is_about_links(&error) && linked => {
                        self.keep("bad_association", Some("row"));
                    }
                    Answer::No(_) => break,
                    Answer::Denied => return Ok(None),
                }
            }
        }
        Ok(None)
    }

    /// Creates without properties that the portal does not accept, or has rules for.
    async fn create_taken(
        &mut self,
        stages: &Stages,
        more: &[(&str, &str)],
        linked: bool,
    ) -> Result<(Answer, Map<String, Value>), CallError> {
        loop {
            let (answer, sent) = self.create_with(stages, more, linked).await?;
            match &answer {
                Answer::No(error) if self.forgo(error) => {}
                Answer::No(error) if has_rules(error) && !self.open_only => {
                    self.keep("validation_2026_09", Some("on"));
                    self.open_only = true;
                }
                _ => return Ok((answer, sent)),
            }
        }
    }

    async fn create_with(
        &self,
        stages: &Stages,
        more: &[(&str, &str)],
        linked: bool,
    ) -> Result<(Answer, Map<String, Value>), CallError> {
        let mut properties = Map::new();
        let dates = [("createdate", CREATED), ("closed_date", CLOSED)];
        let left_out =
            |name: &str| self.never.contains(&name) || (self.open_only && name == "closed_date");
        let dates = dates.iter().filter(|(name, _)| !left_out(name));
        let stage = match self.open_only {
            true => ("hs_pipeline_stage", stages.open.as_str()),
            false => ("hs_pipeline_stage", stages.closed.as_str()),
        };
        // Whether a subject is needed is the question, so the text says whose ticket it is.
        let subject = self.trace.subject();
        let content = ("content", subject.as_str());
        for (name, value) in dates.chain([&stage, &content]).chain(more) {
            let _none = properties.insert((*name).to_owned(), json!(value));
        }
        let links = match linked {
            true => json!([{"to": {"id": NOBODY}, "types": [
                {"associationCategory": HUBSPOT_DEFINED, "associationTypeId": TO_CONTACT}
            ]}]),
            false => json!([]),
        };
        let body = json!({"properties": properties, "associations": links});
        let path = self.asking.client.api().objects(Tickets);
        let answer = self
            .asking
            .write(Method::POST, path, Some(&body), Effect::Once)
            .await?;
        Ok((answer, properties))
    }

    /// Leaves out a date that the portal does not accept; true if there was one.
    fn forgo(&mut self, error: &ApiError) -> bool {
        let mut forgone = false;
        for (date, unknown) in [
            ("createdate", "createdate_writable"),
            ("closed_date", "closed_date_writable"),
        ] {
            let mut problems = error.problems.iter();
            if !self.never.contains(&date) && problems.any(|one| one.property == date) {
                self.never.push(date);
                self.keep(unknown, Some("no"));
                forgone = true;
            }
        }
        forgone
    }

    /// What the reply to the create shows.
    fn made(&mut self, ticket: &Value, sent: &Map<String, Value>) {
        let properties = ticket["properties"].as_object();
        let reply = properties.map(|held| {
            let system = held.contains_key("hs_is_closed") || held.contains_key("hs_ticket_id");
            let unasked = ["hs_ticket_priority", "hs_ticket_category"];
            let shows_unset = unasked.iter().any(|name| held.contains_key(*name));
            let all_sent = sent.keys().all(|name| held.contains_key(name));
            match (shows_unset, system && all_sent) {
                (true, _) | (false, false) => "default",
                (false, true) => "set+system or all",
            }
        });
        self.keep("write_reply", reply);
        let url = ticket.get("url").map_or("off", |_| "on");
        self.keep("url_and_warnings", Some(url));
    }

    /// Changes it in every informative way, and reads it back.
    async fn change(&mut self, id: &str, stages: &Stages) -> Result<(), CallError> {
        let subject = json!(self.trace.subject());
        let named = self.patch(id, "subject", &subject).await?;
        let ticket = self.ticket(id).await?;
        let sent = ["content"]
            .into_iter()
            .chain(named.yes().map(|_| "subject"));
        let lost = sent.filter(|name| ticket["properties"][name] != subject);
        self.lost.extend(lost);
        self.dates(id).await?;
        self.reopen(id, stages).await?;
        self.stages(id, stages).await?;
        self.texts(id).await?;
        self.owners(id).await?;
        self.traces(id).await?;
        self.links(id).await?;
        let key = self.note_key.clone();
        self.notes(id, key.as_deref()).await
    }

    async fn ticket(&self, id: &str) -> Result<Value, CallError> {
        let names = "subject,content,createdate,hs_createdate,closed_date,hs_resolution,hs_pipeline_stage,hubspot_owner_id";
        let path = self.asking.client.api().object(Tickets, id);
        let path = with_query(&path, &[("properties", names)]);
        Ok(self.asking.get(path).await?.yes().unwrap_or_default())
    }

    async fn patch(&self, id: &str, name: &str, value: &Value) -> Result<Answer, CallError> {
        let path = self.asking.client.api().object(Tickets, id);
        let body = json!({"properties": {name: value}});
        self.asking
            .write(Method::PATCH, path, Some(&body), Effect::Repeatable)
            .await
    }

    /// What happened to the dates that the ticket was created with.
    async fn dates(&mut self, id: &str) -> Result<(), CallError> {
        let ticket = self.ticket(id).await?;
        let held = |name: &str| ticket["properties"][name].as_str().unwrap_or_default();
        if !self.never.contains(&"createdate") {
            let kept = is_instant(held("createdate"), CREATED);
            if kept {
                let changed = self.patch(id, "createdate", &json!(CREATED_LATER)).await?;
                let after = self.ticket(id).await?;
                let date = after["properties"]["createdate"].as_str();
                let changes =
                    changed.yes().is_some() && is_instant(date.unwrap_or_default(), CREATED_LATER);
                let word = if changes { "create+update" } else { "create" };
                self.keep("createdate_writable", Some(word));
            } else {
                self.keep("createdate_writable", Some("no"));
                self.lost.push("createdate");
            }
        }
        if !self.never.contains(&"closed_date") && !self.open_only {
            let word = match held("closed_date") {
                date if is_instant(date, CLOSED) => "explicit",
                "" => "no",
                _ => "auto",
            };
            if word == "no" {
                self.lost.push("closed_date");
            }
            self.keep("closed_date_writable", Some(word));
        }
        self.keep("created_at_follows_createdate", follows(&ticket));
        for name in ["createdate", "closed_date"] {
            self.keep("zero_millis", zero_millis(&ticket["properties"][name]));
        }
        self.keep("unset_property", unset(&ticket));
        Ok(())
    }

    async fn reopen(&mut self, id: &str, stages: &Stages) -> Result<(), CallError> {
        let was_closed = self.ticket(id).await?["properties"]["closed_date"].is_string();
        let opened = self
            .patch(id, "hs_pipeline_stage", &json!(stages.open))
            .await?;
        if !was_closed || opened.yes().is_none() {
            return Ok(());
        }
        let ticket = self.ticket(id).await?;
        let word = match ticket["properties"]["closed_date"].is_string() {
            true => "kept",
            false => "cleared",
        };
        self.keep("closed_date_on_reopen", Some(word));
        // A ticket that was created closed broke no rule of its stage.
        let closed = self
            .patch(id, "hs_pipeline_stage", &json!(stages.closed))
            .await?;
        let rules = match &closed {
            Answer::No(error) if has_rules(error) => Some("on"),
            _ => None,
        };
        self.keep("validation_2026_09", rules);
        let _open = self
            .patch(id, "hs_pipeline_stage", &json!(stages.open))
            .await?;
        Ok(())
    }

    async fn stages(&mut self, id: &str, stages: &Stages) -> Result<(), CallError> {
        let cleared = self.patch(id, "hs_pipeline_stage", &json!("")).await?;
        self.keep("clear_stage", cleared.either("ignored", "400"));
        if let Some(foreign) = &stages.foreign {
            let moved = self.patch(id, "hs_pipeline_stage", &json!(foreign)).await?;
            self.keep("foreign_stage", moved.either("moves", "400"));
        }
        Ok(())
    }

    async fn texts(&mut self, id: &str) -> Result<(), CallError> {
        let word = match self.patch(id, "subject", &Value::Null).await? {
            Answer::No(_) => Some("400"),
            Answer::Denied => None,
            Answer::Yes(_) => {
                let ticket = self.ticket(id).await?;
                Some(match ticket["properties"]["subject"].is_string() {
                    true => "ignored",
                    false => "clears",
                })
            }
        };
        self.keep("null_write", word);
        let subject = json!(self.trace.subject());
        let _named = self.patch(id, "subject", &subject).await?;
        let long = "x".repeat(LONGEST_TEXT + 1);
        let written = self.patch(id, "content", &json!(long)).await?;
        self.keep("long_string", written.either("truncate", "400"));
        let _cleared = self.patch(id, "content", &json!("")).await?;
        Ok(())
    }

    async fn owners(&mut self, id: &str) -> Result<(), CallError> {
        if let Answer::No(error) = self.patch(id, "hubspot_owner_id", &json!(NOBODY)).await? {
            let mut problems = error.problems.iter();
            let code = problems.find(|one| one.property == "hubspot_owner_id");
            self.keep("bad_owner_code", code.map(|one| one.code.clone()));
        }
        let owners = self.asking.client.owners().await;
        let gone = |owners: Vec<Owner>| owners.into_iter().find(|owner| owner.archived);
        let Some(owner) = owners.ok().and_then(gone) else {
            return Ok(());
        };
        let given = self.patch(id, "hubspot_owner_id", &json!(owner.id)).await?;
        self.keep("archived_owner", given.either("assignable", "refused"));
        Ok(())
    }

    /// Batch updates with trace ids: whether they come back, and what a bad row costs.
    async fn traces(&mut self, id: &str) -> Result<(), CallError> {
        let path = self.asking.client.api().batch(Tickets, "update");
        let subject = self.trace.subject();
        let update = |name: &str| {
            json!({"inputs": [{
                "id": id, "objectWriteTraceId": "a", "properties": {name: subject},
            }]})
        };
        let repeatable = Effect::Repeatable;
        let good = update("subject");
        let good = self
            .asking
            .write(Method::POST, path.clone(), Some(&good), repeatable)
            .await?;
        if let Answer::Yes(body) = &good {
            let echoes = results(body)
                .iter()
                .any(|one| one["objectWriteTraceId"] == "a");
            self.keep("echo_trace_id", Some(if echoes { "yes" } else { "no" }));
        }
        let bad = update(NO_PROPERTY);
        let bad = self
            .asking
            .write(Method::POST, path, Some(&bad), repeatable)
            .await?;
        // What an upsert costs shows only with a unique property.
        let word = bad.either("207 or 400-upsert", "400-update");
        self.keep("partial_success", word);
        Ok(())
    }

    /// Removes links that do not exist: how many at once, and what the numbered path
    /// answers, which may be one of two things.
    async fn links(&mut self, id: &str) -> Result<(), CallError> {
        let cut = |pairs: usize| {
            let pairs =
                (1..=pairs).map(|to| json!({"from": {"id": id}, "to": [{"id": to.to_string()}]}));
            super::ask::bytes(&json!({"inputs": pairs.collect::<Vec<_>>()}))
        };
        let asking = &self.asking;
        let ask = async |api: ApiVersion, pairs: usize| {
            let path = api.links(Tickets, Contacts, "archive");
            let request = Request::post(path, cut(pairs), Effect::Repeatable);
            asking.ask(request.paid_from(Budget::Associations)).await
        };
        let mut most = None;
        for (pairs, word) in [(101, "2000"), (1, "100")] {
            if let Answer::Yes(_) = ask(asking.client.api(), pairs).await? {
                most = Some(word);
                break;
            }
        }
        let answer = ask(ApiVersion::V3, 1).await?;
        let status = answer
            .yes()
            .map(|body| if body.is_null() { "204" } else { "200" });
        self.keep("link_archive_most", most);
        self.keep("link_archive_status", status);
        Ok(())
    }

    /// Archives it twice, and looks it up.
    async fn archive(&mut self, id: &str) -> Result<(), CallError> {
        let path = self.asking.client.api().object(Tickets, id);
        let delete = || {
            let path = path.clone();
            self.asking
                .write(Method::DELETE, path, None, Effect::Repeatable)
        };
        let _gone = delete().await?;
        let again = delete().await?;
        self.keep("delete_missing", again.either("204", "404"));
        let found = self.asking.get(path).await?;
        self.keep("read_archived", found.either("200", "404"));
        Ok(())
    }
}

/// An open and a closed stage of the first pipeline that has both.
fn stages(pipelines: &[Pipeline]) -> Option<Stages> {
    pipelines.iter().find_map(|pipeline| {
        let stage = |closed: bool| {
            let mut stages = pipeline.stages.iter();
            stages.find(|stage| stage.closed == closed)
        };
        let mut others = pipelines.iter().filter(|other| other.id != pipeline.id);
        Some(Stages {
            pipeline: pipeline.id.clone(),
            open: stage(false)?.id.clone(),
            closed: stage(true)?.id.clone(),
            foreign: others.find_map(|other| Some(other.stages.first()?.id.clone())),
        })
    })
}

/// The same point in time, however it is written.
fn is_instant(held: &str, given: &str) -> bool {
    let instant = |text: &str| text.parse::<jiff::Timestamp>().ok();
    instant(held).is_some() && instant(held) == instant(given)
}

/// HubSpot: the message for a link that can't be made.
fn is_about_links(error: &ApiError) -> bool {
    let message = error.message.to_lowercase();
    message.contains("association")
}

/// HubSpot: codes of rules that an admin set. What every ticket must have is refused with
/// other words, and by no code.
fn has_rules(error: &ApiError) -> bool {
    let is_rule = |code: &str| code.starts_with("MISSING_") && code.ends_with("REQUIRED_PROPERTY");
    let mut problems = error.problems.iter();
    !error.message.contains("were not set") && problems.any(|one| is_rule(&one.code))
}

/// How a property without a value is answered.
fn unset(ticket: &Value) -> Option<&'static str> {
    match ticket["properties"].get("hs_resolution") {
        None => Some("omitted"),
        Some(Value::Null) => Some("null"),
        Some(_) => None,
    }
}
