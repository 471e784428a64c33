//! What lists, searches and batch reads of tickets show.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::{Answer, Asking, NOBODY, results, text};
use super::definitions::yes_no;
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::paths::with_query;
use crate::model::schema::ObjectType;

/// A page of the portal's tickets.
pub(super) struct Sample {
    pub(super) tickets: Vec<Value>,
    /// Properties with unique values, of which the tickets have some.
    pub(super) keys: Vec<String>,
}

impl Sample {
    pub(super) fn first(&self) -> Option<String> {
        self.tickets.first().and_then(|ticket| text(&ticket["id"]))
    }

    fn ids(&self) -> Vec<String> {
        let ids = self.tickets.iter();
        ids.filter_map(|ticket| text(&ticket["id"])).collect()
    }
}

/// Properties of tickets that are read.
const LOOKED_AT: [&str; 6] = [
    "subject",
    "createdate",
    "hs_createdate",
    "closed_date",
    "hs_resolution",
    "hs_merged_object_ids",
];

impl Asking<'_> {
    /// A page of tickets, and what it shows.
    pub(super) async fn sample(&mut self) -> Result<Sample, CallError> {
        let api = self.client.api();
        let defined = self.client.properties(ObjectType::Tickets, false).await?;
        let keys = defined.into_iter().filter(|property| property.unique);
        let keys: Vec<String> = keys.map(|property| property.name).collect();
        let names = LOOKED_AT.iter().map(|name| (*name).to_owned());
        let names = names.chain(keys.clone()).collect::<Vec<_>>().join(",");
        let query = [("limit", "100"), ("properties", names.as_str())];
        let path = with_query(&api.objects(ObjectType::Tickets), &query);
        let page = self.get(path).await?.yes().unwrap_or_default();
        let sample = Sample {
            tickets: results(&page).to_vec(),
            keys,
        };
        self.look_at(&sample.tickets);
        Ok(sample)
    }

    fn look_at(&mut self, tickets: &[Value]) {
        let Some(first) = tickets.first() else {
            return;
        };
        let url = first.get("url").map_or("off", |_| "on");
        self.keep("url_and_warnings", Some(url));
        for ticket in tickets {
            let properties = &ticket["properties"];
            let unset = ["closed_date", "hs_resolution"]
                .into_iter()
                .find_map(|name| match properties.get(name) {
                    None => Some("omitted"),
                    Some(Value::Null) => Some("null"),
                    Some(_) => None,
                });
            self.keep("unset_property", unset);
            let dates = ["createdate", "closed_date"].into_iter();
            let fraction = dates
                .filter_map(|name| zero_millis(&properties[name]))
                .next();
            self.keep("zero_millis", fraction);
            self.keep("created_at_follows_createdate", follows(ticket));
        }
    }

    /// Limits, cursors and parameters of the list.
    pub(super) async fn lists(&mut self, sample: &Sample) -> Result<(), CallError> {
        let list = self.client.api().objects(ObjectType::Tickets);
        let over = self.get(with_query(&list, &[("limit", "101")])).await?;
        self.keep("over_limit", over.either("clamp", "400"));
        let unknown = self
            .get(with_query(&list, &[("limit", "1"), ("nobody_knows", "1")]))
            .await?;
        self.keep("unknown_fields", unknown.either("ignore", "400"));
        let query = [("limit", "51"), ("propertiesWithHistory", "subject")];
        let history = self.get(with_query(&list, &query)).await?;
        let limit = match &history {
            Answer::No(_) => Some("400"),
            Answer::Yes(page) if results(page).len() > 50 => Some("none"),
            Answer::Yes(page) if page["paging"]["next"].is_object() => Some("clamp"),
            Answer::Yes(_) | Answer::Denied => None,
        };
        self.keep("history_limit", limit);
        let page = self.get(with_query(&list, &[("limit", "1")])).await?.yes();
        let after = page.and_then(|page| text(&page["paging"]["next"]["after"]));
        let cursor = after.filter(|_| !sample.tickets.is_empty()).map(|after| {
            match after.bytes().all(|byte| byte.is_ascii_digit()) {
                true => "id",
                false => "opaque",
            }
        });
        self.keep("list_cursor", cursor);
        Ok(())
    }

    /// Limits of the search.
    pub(super) async fn searches(&mut self) -> Result<(), CallError> {
        let beyond = contract::SEARCH_RESULT_LIMIT.to_string();
        let body =
            json!({"filterGroups": [], "limit": 1, "after": beyond, "properties": ["subject"]});
        let over = self.search(&body).await?;
        self.keep("search_over_cap", over.either("empty", "400"));
        let many = vec!["hs_pipeline_stage"; contract::SEARCH_BODY_LIMIT / 16];
        let long = self
            .search(&json!({"filterGroups": [], "limit": 1, "properties": many}))
            .await?;
        self.keep("search_length", long.either("without-properties", "whole"));
        let headers = match (self.client.burst(), self.client.is_told_of_day()) {
            (None, _) => "absent",
            (Some(_), false) => "no-daily",
            (Some(_), true) => "present",
        };
        self.keep("rate_headers", Some(headers));
        let usage = self.client.daily_usage().await.ok().flatten();
        self.keep("daily_limit", usage.map(|usage| usage.limit.to_string()));
        Ok(())
    }

    /// How batch reads treat missing and repeated ids.
    pub(super) async fn batches(&mut self, sample: &Sample) -> Result<(), CallError> {
        let missing = self.read(&[NOBODY], &json!({})).await?;
        self.keep("read_missing", missing.either("207", "404"));
        let empty = self.read(&[], &json!({})).await?;
        self.keep("empty_inputs", empty.either("200", "400"));
        let Some(first) = sample.first() else {
            return Ok(());
        };
        let twice = match self.read(&[&first, &first], &json!({})).await? {
            Answer::Yes(body) if results(&body).len() > 1 => Some("repeat"),
            Answer::Yes(_) => Some("collapse"),
            Answer::No(_) => Some("400"),
            Answer::Denied => None,
        };
        self.keep("read_duplicates", twice);
        self.order(&sample.ids()).await?;
        self.merged(&sample.tickets).await
    }

    /// The order in which a batch answers: asked for in one that no rule would produce.
    async fn order(&mut self, ids: &[String]) -> Result<(), CallError> {
        let mut asked: Vec<&str> = ids.iter().take(12).map(String::as_str).collect();
        if asked.len() < 5 {
            return Ok(());
        }
        asked.rotate_left(2);
        asked.swap(0, 1);
        let Some(body) = self.read(&asked, &json!({})).await?.yes() else {
            return Ok(());
        };
        let got: Vec<String> = results(&body)
            .iter()
            .filter_map(|one| text(&one["id"]))
            .collect();
        let mut sorted = asked.clone();
        sorted.sort_by_key(|id| (id.len(), *id));
        let order = if got == asked {
            "input"
        } else if got == sorted {
            "by-id"
        } else if got.iter().rev().eq(asked.iter()) {
            "reversed"
        } else {
            "shuffled"
        };
        self.keep("result_order", Some(order));
        Ok(())
    }

    /// What the id of a ticket that was merged away leads to.
    async fn merged(&mut self, tickets: &[Value]) -> Result<(), CallError> {
        let Some(id) = tickets.iter().find_map(merged_away) else {
            return Ok(());
        };
        let path = self.client.api().object(ObjectType::Tickets, &id);
        // It leads to another record, or to itself in the recycle bin, or nowhere.
        let leads = match self.get(path).await? {
            Answer::Yes(ticket) if text(&ticket["id"]).as_ref() != Some(&id) => Some("on"),
            Answer::Yes(_) | Answer::No(_) => Some("off"),
            Answer::Denied => None,
        };
        self.keep("merged_ids", leads);
        Ok(())
    }

    /// Whether unique values differ by case alone.
    pub(super) async fn keys(&mut self, sample: &Sample) -> Result<(), CallError> {
        for ticket in &sample.tickets {
            for key in &sample.keys {
                let value = text(&ticket["properties"][key]).unwrap_or_default();
                let other = swapped(&value);
                if other == value {
                    continue;
                }
                let answer = self.read(&[&other], &json!({"idProperty": key})).await?;
                let found = match answer {
                    Answer::Yes(body) => Some(!results(&body).is_empty()),
                    Answer::No(error) if error.status == 404 => Some(false),
                    Answer::No(_) | Answer::Denied => None,
                };
                self.keep("fold_unique_case", found.map(yes_no));
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The id of a ticket that became part of this one, which may keep the id of one of them.
fn merged_away(ticket: &Value) -> Option<String> {
    let own = text(&ticket["id"]);
    let ids = text(&ticket["properties"]["hs_merged_object_ids"])?;
    let mut ids = ids.split(';').map(str::trim).map(str::to_owned);
    ids.find(|id| !id.is_empty() && Some(id) != own.as_ref())
}

/// The value with its letters in the other case.
fn swapped(value: &str) -> String {
    let swap = |letter: char| match letter.is_ascii_lowercase() {
        true => letter.to_ascii_uppercase(),
        false => letter.to_ascii_lowercase(),
    };
    value.chars().map(swap).collect()
}

/// How a time without a fraction is written; none for one that has a fraction.
pub(super) fn zero_millis(value: &Value) -> Option<&'static str> {
    let text = value.as_str()?;
    match text.split_once('.') {
        None if text.ends_with('Z') => Some("dropped"),
        Some((_, "000Z")) => Some(".000"),
        _ => None,
    }
}

/// Whether `createdAt` is `createdate`, if that differs from the time of insertion.
pub(super) fn follows(ticket: &Value) -> Option<&'static str> {
    let instant = |value: &Value| -> Option<Timestamp> { value.as_str()?.parse().ok() };
    let properties = &ticket["properties"];
    let stated = instant(&properties["createdate"])?;
    let at = instant(&ticket["createdAt"])?;
    let inserted = instant(&properties["hs_createdate"]);
    match (at == stated, inserted) {
        (false, _) => Some("no"),
        (true, Some(inserted)) if inserted != stated => Some("yes"),
        (true, _) => None,
    }
}
