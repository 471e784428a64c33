//! What the definitions of properties and the paths of versions say.

use serde_json::Value;

use super::ask::{Answer, Asking, results};
use crate::hubspot::error::CallError;
use crate::hubspot::paths::VERSIONS;
use crate::model::schema::ObjectType;

impl Asking<'_> {
    /// Flags of properties that HubSpot itself defines.
    pub(super) async fn definitions(&mut self) -> Result<(), CallError> {
        let path = self.client.api().properties(ObjectType::Tickets);
        if let Some(body) = self.get(path).await?.yes() {
            let named = |name: &str| {
                let mut properties = results(&body).iter();
                properties.find(|property| property["name"] == name)
            };
            for (date, unknown) in [
                ("createdate", "createdate_writable"),
                ("closed_date", "closed_date_writable"),
            ] {
                let never = named(date).is_some_and(is_read_only);
                self.keep(unknown, never.then_some("no"));
            }
            let unique =
                named("hs_external_object_ids").map(|property| &property["hasUniqueValue"]);
            self.keep(
                "external_ids_unique",
                unique.map(|flag| yes_no(*flag == true)),
            );
            let options = |name: &str| named(name)?["options"].as_array();
            let is_urgent = |options: &Vec<Value>| {
                let mut options = options.iter();
                options.any(|option| option["value"] == "URGENT")
            };
            let urgent = options("hs_ticket_priority").map(is_urgent);
            self.keep("urgent_priority", urgent.map(yes_no));
            let stages = options("hs_pipeline_stage").map(|options| match options.is_empty() {
                true => "empty",
                false => "filled",
            });
            self.keep("external_options", stages);
        }
        self.notes().await
    }

    /// What is known of notes without writing one: whether their key is kept unique only
    /// shows when one is written twice.
    async fn notes(&mut self) -> Result<(), CallError> {
        let api = self.client.api();
        let path = api.property(ObjectType::Notes, "hs_unique_id");
        let key = match self.get(path).await? {
            Answer::No(error) if error.status == 404 => Some("absent"),
            Answer::No(_) | Answer::Denied => None,
            Answer::Yes(property) if is_read_only(&property) => Some("read-only"),
            Answer::Yes(property) if property["hasUniqueValue"] == true => {
                Some("unique or claimed")
            }
            Answer::Yes(_) => Some("plain or silent"),
        };
        self.keep("activity_key", key);
        if key.is_none_or(|key| key == "absent") {
            return Ok(());
        }
        let body = serde_json::json!({
            "idProperty": "hs_unique_id", "inputs": [{"id": "tickethaul:nobody"}],
            "properties": ["hs_unique_id"], "propertiesWithHistory": [],
        });
        let reads = match self
            .post(api.batch(ObjectType::Notes, "read"), &body)
            .await?
        {
            Answer::No(error) if error.status == 400 => Some("400"),
            Answer::No(_) | Answer::Yes(_) => Some("works"),
            Answer::Denied => None,
        };
        self.keep("activity_key_reads", reads);
        Ok(())
    }

    /// Which versions of the API answer, including those that no command uses.
    pub(super) async fn versions(&mut self) -> Result<(), CallError> {
        let mut ended = Vec::new();
        let mut reply = None;
        for (version, path) in VERSIONS {
            let answer = self.get(path.to_owned()).await?;
            if let Answer::No(error) = &answer
                && answer.is_no_path()
            {
                ended.push(version);
                reply = Some(error.status.to_string());
            }
        }
        let all_ended = |by_number: bool| {
            let mut versions = VERSIONS.iter().map(|(version, _)| *version);
            versions.all(|one| one.starts_with('v') != by_number || ended.contains(&one))
        };
        let served = match (all_ended(true), all_ended(false)) {
            (true, false) => "dated",
            (false, true) => "numbered",
            _ => "all",
        };
        self.keep("served_paths", Some(served));
        let words = match ended.is_empty() {
            true => "none".to_owned(),
            false => ended.join(","),
        };
        self.keep("ended_versions", Some(words));
        self.keep("ended_reply", reply);
        Ok(())
    }

    /// Whether a version was found to be there.
    pub(super) fn has_version(&self, version: &str) -> bool {
        let ended = self.found.get("ended_versions");
        ended.is_none_or(|ended| ended.split(',').all(|one| one != version))
    }
}

fn is_read_only(property: &Value) -> bool {
    property["modificationMetadata"]["readOnlyValue"] == true
}

pub(super) fn yes_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}
