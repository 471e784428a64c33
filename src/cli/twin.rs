//! The twin of a portal: a sandbox with that portal's pipelines, stages, properties, options,
//! owners, labels, limits and rules, and with what was found out about it, but without its
//! records. A twin is like a real portal: it lacks what that portal lacks.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::config::Config;
use super::console::Console;
use super::portal::Portal;
use super::portal_facts::PortalFacts;
use super::schema::{PortalCopy, pull, read_copy};
use super::settings::{PortalArgs, PortalName};
use crate::error::Error;
use crate::hubspot::{FoundOut, LinkType, PropertyForm, SchemaParts};
use crate::model::schema::{ObjectType, PropertyDef};
use crate::output::{private_folder, replace_shared_file};
use crate::report::age_words;
use crate::sandbox::{Blueprint, Rate, Switch};

/// The copy that a sandbox is the twin of, in its folder.
const COPY: &str = "like.toml";

/// The facts about that portal, next to the copy.
const FOUND: &str = "like.json";

/// The age of HubSpot's own definitions.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// What a twin is made from.
pub struct Twin {
    copy: PortalCopy,
    found: FoundOut,
}

impl Twin {
    /// The twin of a portal in the configuration, which is called, or of a copy written
    /// by `schema pull`.
    pub async fn of(like: &str, console: &Console) -> Result<Twin, Error> {
        let copy = match Path::new(like) {
            file if file.extension().is_some_and(|end| end == "toml") => read_copy(file)?,
            _ => ask(like, console).await?,
        };
        if copy.forms.is_empty() {
            return Err(Error::usage(format!(
                "the copy of portal {} is of an older tickethaul and says too little for a twin",
                copy.portal_id
            ))
            .advise("write it again with `tickethaul schema pull`"));
        }
        let found = PortalFacts::of(copy.portal_id).map(|known| known.found());
        let twin = Twin {
            copy,
            found: found.unwrap_or_default(),
        };
        console.say(&twin.words());
        Ok(twin)
    }

    /// The twin whose sandbox is in a folder, if there is one.
    pub fn in_folder(folder: &Path) -> Result<Option<Twin>, Error> {
        let copy = folder.join(COPY);
        if !copy.is_file() {
            return Ok(None);
        }
        let found = fs::read(folder.join(FOUND)).unwrap_or_default();
        Ok(Some(Twin {
            copy: read_copy(&copy)?,
            found: serde_json::from_slice(&found).unwrap_or_default(),
        }))
    }

    /// Writes it into the folder of a new sandbox.
    pub fn keep(&self, folder: &Path) -> Result<(), Error> {
        let failed = |error: std::io::Error| {
            Error::usage(format!(
                "can't write the twin's definitions to {}",
                folder.display()
            ))
            .because(error)
        };
        private_folder(folder).map_err(failed)?;
        let write = |name: &str, text: &[u8]| replace_shared_file(&folder.join(name), text);
        let text = self.copy.text().map_err(Error::unexpected)?;
        let found = serde_json::to_vec_pretty(&self.found).map_err(Error::unexpected)?;
        write(FOUND, &found).map_err(failed)?;
        write(COPY, text.as_bytes()).map_err(failed)
    }

    /// What it is, for people.
    pub fn words(&self) -> String {
        format!(
            "the twin of portal {} as pulled {}: its definitions, none of its records",
            self.copy.portal_id,
            age_words(self.copy.pulled)
        )
    }

    /// Calls that it allows, if known.
    pub fn rate(&self) -> Option<Rate> {
        self.copy
            .burst
            .and_then(|rate| rate.to_string().parse().ok())
    }

    /// The switches for what was found out; if a fact fits two values, the first.
    pub fn switches(&self) -> Vec<Switch> {
        let found = self.found.iter();
        let first = |value: &str| value.split(" or ").next().unwrap_or_default().to_owned();
        let switches = found.map(|(name, value)| format!("{name}={}", first(value)));
        switches.filter_map(|text| text.parse().ok()).collect()
    }

    /// The definitions as the API shows them.
    pub fn blueprint(&self) -> Result<Blueprint, Error> {
        let properties = json!({
            "tickets": self.properties(ObjectType::Tickets),
            "contacts": self.properties(ObjectType::Contacts),
        });
        let groups: Vec<Value> = self
            .copy
            .groups
            .iter()
            .map(|group| json!({"name": group.name, "label": group.label}))
            .collect();
        let mut whole = json!({
            "properties": properties,
            "groups": {"tickets": groups},
            "pipelines": self.pipelines(),
            "owners": self.owners(),
            "labels": self.labels(),
            "limits": self.limits(),
            "rules": {"tickets": self.rules()},
        });
        // What the token could not read from the real portal is as in any sandbox.
        if self.copy.left_out.contacts
            && let Some(kinds) = whole["properties"].as_object_mut()
        {
            let _none = kinds.remove("contacts");
        }
        Blueprint::read(&whole.to_string()).map_err(Error::unexpected)
    }

    fn properties(&self, object: ObjectType) -> Vec<Value> {
        let forms = self.copy.forms.get(&object);
        let defined = self.copy.schema.properties(object).values();
        let mut all: Vec<Value> = defined
            .map(|property| {
                let form = forms.and_then(|forms| forms.get(&property.name));
                as_api(property, &form.cloned().unwrap_or_default())
            })
            .collect();
        if object == ObjectType::Tickets {
            all.extend(self.copy.archived.iter().map(|name| archived(name)));
        }
        all
    }

    fn pipelines(&self) -> Vec<Value> {
        let pipelines = self.copy.schema.pipelines.iter().enumerate();
        let pipelines = pipelines.map(|(order, pipeline)| {
            let stages = pipeline.stages.iter().enumerate().map(|(order, stage)| {
                let (state, closed) = match stage.closed {
                    true => ("CLOSED", "true"),
                    false => ("OPEN", "false"),
                };
                let permissions = self.copy.locked_stages.get(&stage.id);
                json!({
                    "id": stage.id, "label": stage.label, "displayOrder": order,
                    "metadata": {"ticketState": state, "isClosed": closed},
                    "writePermissions": permissions.map_or("CRM_PERMISSIONS_ENFORCEMENT", String::as_str),
                })
            });
            json!({
                "id": pipeline.id, "label": pipeline.label, "displayOrder": order,
                "stages": stages.collect::<Vec<_>>(),
            })
        });
        pipelines.collect()
    }

    fn owners(&self) -> Vec<Value> {
        let owners = self.copy.schema.owners.iter().zip(9_586_501_u64..);
        let owners = owners.map(|(owner, user)| {
            json!({
                "id": owner.id, "email": owner.email, "type": "PERSON",
                "firstName": owner.first_name, "lastName": owner.last_name,
                "userId": (!owner.archived).then_some(user), "userIdIncludingInactive": user,
                "createdAt": EPOCH, "updatedAt": EPOCH, "archived": owner.archived,
            })
        });
        owners.collect()
    }

    /// The limits of links, for types that the twin has.
    fn limits(&self) -> Vec<Value> {
        let limits = self.copy.link_limits.iter();
        let limits = limits.map(|limit| {
            json!({
                "category": limit.category, "typeId": limit.type_id,
                "userEnforcedMaxToObjectIds": limit.most,
            })
        });
        limits.collect()
    }

    fn rules(&self) -> Vec<Value> {
        let rules = self.copy.rules.iter().map(|(name, rules)| {
            let rules = rules.iter().map(|rule| {
                json!({
                    "ruleType": rule.kind, "ruleArguments": rule.arguments,
                    "shouldApplyNormalization": rule.normalises,
                })
            });
            json!({"propertyName": name, "propertyValidationRules": rules.collect::<Vec<_>>()})
        });
        rules.collect()
    }

    /// The opposite direction of a label to another kind of record.
    fn way_back(&self, to: ObjectType, id: u32) -> Option<&LinkType> {
        let of = |links: &'_ [(ObjectType, LinkType)]| {
            let own = links
                .iter()
                .filter(|(kind, link)| *kind == to && link.is_users());
            let mut ids: Vec<u32> = own.map(|(_, link)| link.id).collect();
            ids.sort_unstable();
            ids
        };
        let (there, back) = (of(&self.copy.links), of(&self.copy.links_back));
        let place = there.iter().position(|one| *one == id)?;
        let back = (there.len() == back.len()).then(|| back[place])?;
        let mut links = self.copy.links_back.iter();
        links.find_map(|(kind, link)| (*kind == to && link.id == back).then_some(link))
    }

    /// Labels of links from tickets. The opposite direction has its own id, and perhaps
    /// another label: HubSpot numbers both when the label is created, so they are in the same
    /// order. If the copy lacks it, it gets an id beyond all others.
    fn labels(&self) -> Vec<Value> {
        let own = self.copy.links.iter().filter(|(_, link)| link.is_users());
        let own = own.filter_map(|(to, link)| Some((*to, link.id, link.label.clone()?)));
        let mut own: Vec<(ObjectType, u32, String)> = own.collect();
        own.sort_by_key(|(to, id, _)| (*to, *id));
        let back = self.copy.links_back.iter().map(|(_, link)| link.id);
        let taken = own.iter().map(|(_, id, _)| *id).chain(back);
        let beyond = taken.max().unwrap_or(0) + 1_000;
        let (mut labels, mut free) = (Vec::new(), beyond);
        let mut rest = own.into_iter().peekable();
        while let Some((to, id, label)) = rest.next() {
            // Between tickets both directions of a pair are in the same list, one after the other.
            let is_pair = |next: &(ObjectType, u32, String)| {
                to == ObjectType::Tickets && next.0 == to && next.1 == id + 1
            };
            let (back, inverse) = match rest.next_if(is_pair) {
                Some((_, back, inverse)) => (back, Some(inverse)),
                None if to == ObjectType::Tickets => (id, None),
                None => match self.way_back(to, id) {
                    Some(back) => (back.id, back.label.clone().filter(|back| *back != label)),
                    None => {
                        free += 1;
                        (free, None)
                    }
                },
            };
            labels.push(json!({
                "there": id, "back": back, "from": "tickets", "to": to.plural(),
                "name": format!("label_{id}"), "label": label, "inverseLabel": inverse,
            }));
        }
        labels
    }
}

/// Pulls the definitions of a portal in the configuration.
async fn ask(name: &str, console: &Console) -> Result<PortalCopy, Error> {
    let name: PortalName = name.parse().map_err(Error::usage)?;
    if name == PortalName::Sandbox {
        return Err(Error::usage("a twin is that of another portal")
            .advise("name one of `tickethaul portal list`, or a file of `schema pull -o`"));
    }
    let args = PortalArgs::original(name);
    let portal = Box::pin(Portal::open(&args, console)).await?;
    let copy = pull(&portal, SchemaParts::default(), console).await;
    portal.close().await;
    copy
}

fn as_api(property: &PropertyDef, form: &PropertyForm) -> Value {
    let options = property.options.iter().enumerate();
    let options = options.map(|(order, option)| {
        json!({"label": option.label, "value": option.value, "displayOrder": order})
    });
    json!({
        "name": property.name, "label": property.label, "description": "",
        "type": form.type_name, "fieldType": form.field_type, "groupName": form.group,
        "options": options.collect::<Vec<_>>(), "displayOrder": -1,
        "calculated": form.calculated, "externalOptions": property.external_options,
        "hasUniqueValue": property.unique, "hidden": form.hidden,
        "hubspotDefined": !form.own, "formField": !property.read_only,
        "dataSensitivity": "non_sensitive", "referencedObjectType": form.references,
        "modificationMetadata": {
            "archivable": form.own, "readOnlyDefinition": !form.own,
            "readOnlyValue": property.read_only,
        },
        "archived": false, "createdAt": EPOCH, "updatedAt": EPOCH,
    })
}

/// Only the name of an archived property is known: no other property can have it.
fn archived(name: &str) -> Value {
    json!({
        "name": name, "label": name, "description": "", "type": "string", "fieldType": "text",
        "groupName": "ticketinformation", "options": [], "displayOrder": -1, "calculated": false,
        "externalOptions": false, "hasUniqueValue": false, "hidden": false,
        "hubspotDefined": false, "formField": false, "dataSensitivity": "non_sensitive",
        "modificationMetadata": {
            "archivable": true, "readOnlyDefinition": false, "readOnlyValue": false,
        },
        "archived": true, "archivedAt": EPOCH, "createdAt": EPOCH, "updatedAt": EPOCH,
    })
}

/// Removes a twin's files from a folder. Those that can't be removed are replaced later.
pub fn forget(folder: &Path) {
    for name in [COPY, FOUND] {
        let _gone = fs::remove_file(folder.join(name));
    }
}

/// Refuses a twin of an unknown portal or of a copy that does not exist.
pub fn check_original(like: &str, config: &Config) -> Result<(), Error> {
    if !like.ends_with(".toml") {
        return config.portal(like).map(drop);
    }
    match Path::new(like).exists() {
        true => Ok(()),
        false => Err(
            Error::usage(format!("there is no twin of {like}, and no such file"))
                .advise("name the copy, or the portal, that --like was given"),
        ),
    }
}
