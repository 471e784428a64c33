//! What some notes on the probe's ticket can settle: whether a key that two of them have is
//! kept unique, how texts come back, whether a note may stand alone. They are archived with
//! the ticket, whatever fails meanwhile.

use http::Method;
use serde_json::{Value, json};

use super::ask::{Answer, text};
use super::write::Probe;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::Effect;
use crate::hubspot::paths::with_query;
use crate::hubspot::records::ApiError;
use crate::hubspot::records::association_types::{HUBSPOT_DEFINED, NOTE};
use crate::model::schema::ObjectType::Notes;

/// HubSpot's own key of activities.
const KEY: &str = "hs_unique_id";

const AT: &str = "2001-02-03T04:05:06Z";

impl Probe<'_> {
    /// Creates notes of a ticket, reads them, and archives them.
    pub(super) async fn notes(
        &mut self,
        ticket: &str,
        key_reads: Option<&str>,
    ) -> Result<(), CallError> {
        let looked = self.look_at_notes(ticket, key_reads).await;
        let mut archived = Ok(());
        for id in self.trace.notes.clone() {
            let path = self.asking.client.api().object(Notes, &id);
            let gone = self
                .asking
                .write(Method::DELETE, path, None, Effect::Repeatable);
            archived = archived.and(gone.await.map(drop));
        }
        looked.and(archived)
    }

    async fn look_at_notes(
        &mut self,
        ticket: &str,
        key_reads: Option<&str>,
    ) -> Result<(), CallError> {
        let lone = self.note(&json!({}), None).await?;
        self.keep("lone_activity", lone.either("accepted", "400"));
        let says_unique = match key_reads {
            Some("unique or claimed" | "unique" | "claimed") => true,
            Some("plain or silent" | "plain" | "silent") => false,
            _ => return self.look_at_body(ticket, &json!({})).await,
        };
        let key = json!({KEY: format!("tickethaul-probe:{ticket}")});
        self.look_at_body(ticket, &key).await?;
        if self.trace.notes.is_empty() {
            return Ok(());
        }
        let word = match self.note(&key, Some(ticket)).await? {
            Answer::No(error) if is_taken(&error) => {
                self.keep("activity_collision", Some(collision(&error)));
                if says_unique { "unique" } else { "silent" }
            }
            Answer::Yes(_) if says_unique => "claimed",
            Answer::Yes(_) => "plain",
            Answer::No(_) | Answer::Denied => return Ok(()),
        };
        self.keep("activity_key", Some(word));
        Ok(())
    }

    /// A note of the ticket, and the text that it is read with.
    async fn look_at_body(&mut self, ticket: &str, more: &Value) -> Result<(), CallError> {
        let Some(note) = self.note(more, Some(ticket)).await?.yes() else {
            return Ok(());
        };
        let id = text(&note["id"]).unwrap_or_default();
        let path = self.asking.client.api().object(Notes, &id);
        let path = with_query(&path, &[("properties", "hs_note_body,hs_timestamp")]);
        let held = self.asking.get(path).await?.yes().unwrap_or_default();
        if !held["properties"].is_null() && held["properties"]["hs_timestamp"] != AT {
            self.lost.push("hs_timestamp");
        }
        let form = match held["properties"]["hs_note_body"].as_str() {
            Some(body) if body == self.body() => Some("kept"),
            Some(body) if body.starts_with("<div") => Some("wrapped"),
            Some(body) if body.contains("<br") => Some("breaks"),
            Some(_) | None => None,
        };
        self.keep("body_form", form);
        Ok(())
    }

    /// Two lines, to show what happens to a line break.
    fn body(&self) -> String {
        format!(
            "Probe of tickethaul ({}),\narchived by itself",
            self.trace.mark
        )
    }

    async fn note(&mut self, more: &Value, ticket: Option<&str>) -> Result<Answer, CallError> {
        let mut properties = json!({"hs_timestamp": AT, "hs_note_body": self.body()});
        if let (Some(properties), Some(more)) = (properties.as_object_mut(), more.as_object()) {
            properties.extend(more.clone());
        }
        let types = json!([{
            "associationCategory": HUBSPOT_DEFINED, "associationTypeId": NOTE.to_ticket,
        }]);
        let links: Vec<Value> = ticket
            .map(|id| json!({"to": {"id": id}, "types": types}))
            .into_iter()
            .collect();
        let body = json!({"properties": properties, "associations": links});
        let path = self.asking.client.api().objects(Notes);
        let answer = self
            .asking
            .write(Method::POST, path, Some(&body), Effect::Once)
            .await?;
        if let Answer::Yes(note) = &answer {
            self.made_note(text(&note["id"]));
        }
        Ok(answer)
    }
}

/// Whether a note is refused for its key.
fn is_taken(error: &ApiError) -> bool {
    let mut problems = error.problems.iter();
    error.status == 409 || problems.any(|one| one.code == "CONFLICTING_UNIQUE_VALUE")
}

/// HubSpot's forms of the same refusal: that of activities has no category.
fn collision(error: &ApiError) -> &'static str {
    match (error.status, error.category.as_str()) {
        (409, _) => "409",
        (_, "") => "400-unique-value",
        _ => "400",
    }
}
