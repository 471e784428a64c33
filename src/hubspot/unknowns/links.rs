//! What reads of associations show, and which of their paths there are.

use serde_json::{Value, json};

use super::ask::{Answer, Asking, NOBODY, bytes, results, text};
use super::definitions::yes_no;
use super::lists::Sample;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Effect, Request};
use crate::hubspot::paths::ApiVersion;
use crate::model::schema::ObjectType::{Contacts, Tickets};

impl Asking<'_> {
    /// The form of associations, and what is said of records without any.
    pub(super) async fn links(&mut self, sample: &Sample) -> Result<(), CallError> {
        let nobody = self.linked(&[NOBODY.to_owned()]).await?;
        self.keep("missing_from", missing_from(&nobody));
        let ids = sample
            .tickets
            .iter()
            .filter_map(|ticket| text(&ticket["id"]));
        let ids: Vec<String> = ids.collect();
        if ids.is_empty() {
            return Ok(());
        }
        let Some(body) = self.linked(&ids).await?.yes() else {
            return Ok(());
        };
        let to = results(&body).iter().find_map(|one| one["to"].get(0));
        let form = to.map(|to| match to["toObjectId"].is_number() {
            true => "integer",
            false => "string",
        });
        self.keep("link_ids", form);
        let has = |id: &String| {
            let mut linked = results(&body).iter();
            linked.any(|one| text(&one["from"]["id"]).as_ref() == Some(id))
        };
        if !ids.iter().all(has) {
            let is_told = body["errors"]
                .as_array()
                .is_some_and(|errors| !errors.is_empty());
            self.keep("no_links", Some(if is_told { "207" } else { "absent" }));
        }
        Ok(())
    }

    async fn linked(&self, ids: &[String]) -> Result<Answer, CallError> {
        let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        let path = self.client.api().links(Tickets, Contacts, "read");
        let body = bytes(&json!({ "inputs": inputs }));
        let request = Request::post(path, body, Effect::Read);
        self.ask(request.paid_from(Budget::Associations)).await
    }

    /// Paths that only some versions have.
    pub(super) async fn paths(&mut self, sample: &Sample) -> Result<(), CallError> {
        let Some(id) = sample.first() else {
            return Ok(());
        };
        let of = |api: ApiVersion| format!("{}/associations/contacts", api.object(Tickets, &id));
        if self.has_version("v3") {
            let legacy = self.get(of(ApiVersion::V3)).await?;
            self.keep("legacy_links", Some(yes_no(!legacy.is_no_path())));
        }
        if self.has_version("2026-09") {
            let pairs = self.get(of(ApiVersion::V2026_09)).await?;
            self.keep("list_pairs_2026_09", pairs.either("200", "404"));
        }
        Ok(())
    }
}

/// How a missing record is reported.
fn missing_from(answer: &Answer) -> Option<&'static str> {
    let body = match answer {
        Answer::Denied => return None,
        Answer::No(error) => {
            return Some(match (error.status, error.ids.is_empty()) {
                (404, false) => "404",
                (404, true) => "404-bare",
                _ => "400",
            });
        }
        Answer::Yes(body) => body,
    };
    let Some(error) = body["errors"].get(0) else {
        return Some("absent");
    };
    let context = &error["context"];
    let is_none = text(&error["subCategory"]).is_some_and(|word| word.contains("NO_ASSOCIATIONS"));
    Some(if is_none {
        "207-none"
    } else if context["id"].is_array() {
        "207-id"
    } else if context["ids"].is_array() {
        "207-ids"
    } else if context["fromObjectId"].is_array() {
        "207-from"
    } else {
        "207-text"
    })
}
