//! What the recycle bin shows.

use serde_json::{Value, json};

use super::ask::{Answer, Asking, results, text};
use super::lists::Sample;
use crate::hubspot::error::CallError;
use crate::hubspot::paths::with_query;
use crate::model::schema::ObjectType;

impl Asking<'_> {
    /// Archived tickets by id and by key, if the bin holds any.
    pub(super) async fn bin(&mut self, sample: &Sample) -> Result<(), CallError> {
        let api = self.client.api();
        let keys = sample.keys.join(",");
        let query = [
            ("limit", "10"),
            ("archived", "true"),
            ("properties", keys.as_str()),
        ];
        let path = with_query(&api.objects(ObjectType::Tickets), &query);
        let page = self.get(path).await?.yes().unwrap_or_default();
        let archived = results(&page);
        let asked = match (archived.first(), sample.first()) {
            (Some(ticket), _) => {
                let id = text(&ticket["id"]).unwrap_or_default();
                Some(api.object(ObjectType::Tickets, &id))
            }
            // The other way round: a live one among the archived.
            (None, Some(id)) => {
                let path = api.object(ObjectType::Tickets, &id);
                Some(with_query(&path, &[("archived", "true")]))
            }
            (None, None) => None,
        };
        if let Some(path) = asked {
            let answer = self.get(path).await?;
            self.keep("read_archived", answer.either("200", "404"));
        }
        match named(archived, &sample.keys) {
            Some((key, value)) => self.by_key(&key, &value).await,
            None => Ok(()),
        }
    }

    /// Whether an archived ticket is found by its key.
    async fn by_key(&mut self, key: &str, value: &str) -> Result<(), CallError> {
        let api = self.client.api();
        let path = with_query(
            &api.batch(ObjectType::Tickets, "read"),
            &[("archived", "true")],
        );
        let body = json!({
            "inputs": [{"id": value}], "idProperty": key, "properties": ["subject"],
            "propertiesWithHistory": [],
        });
        let found = match self.post(path, &body).await? {
            Answer::Yes(body) if results(&body).is_empty() => Some("missing"),
            Answer::Yes(_) => Some("found"),
            Answer::No(error) if error.status == 404 => Some("missing"),
            Answer::No(_) | Answer::Denied => None,
        };
        self.keep("archived_by_key", found);
        Ok(())
    }
}

/// A unique property that one of these tickets has, and its value.
fn named(tickets: &[Value], keys: &[String]) -> Option<(String, String)> {
    tickets.iter().find_map(|ticket| {
        let mut keys = keys.iter();
        keys.find_map(|key| Some((key.clone(), text(&ticket["properties"][key])?)))
    })
}
