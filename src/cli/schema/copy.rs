//! A copy of what a portal defines, as a text that people read and compare: TOML in a
//! fixed order. Readers ignore additional keys.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hubspot::{LinkLimit, LinkType, PropertyForm, PropertyGroup, Rate, ValueRules};
use crate::import::links::LinkDefinitions;
use crate::model::schema::{
    CustomObject, ObjectType, Owner, Pipeline, PropertyDef, PropertyOption, Schema, Stage,
    ValueType,
};
use crate::model::value_rule::ValueRule;

/// Version of the file.
const VERSION: u32 = 1;

/// What a portal defines, and when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalCopy {
    /// HubSpot portal id.
    pub portal_id: u64,
    /// When, by the portal's clock.
    pub pulled: Timestamp,
    /// Calls that the portal allows in a day, if known.
    pub daily_calls: Option<u64>,
    /// Calls that the portal allows in a window, if known.
    pub burst: Option<Rate>,
    /// Properties, pipelines, owners.
    pub schema: Schema,
    /// Names of archived ticket properties, which can't be used again.
    pub archived: Vec<String>,
    /// Groups of ticket properties.
    pub groups: Vec<PropertyGroup>,
    /// Kinds of link from tickets, by the other end.
    pub links: Vec<(ObjectType, LinkType)>,
    /// Labels in the opposite direction, for kinds of record to which tickets have labels of the
    /// account's own.
    pub links_back: Vec<(ObjectType, LinkType)>,
    /// Properties of other kinds of record, with whether their values are unique.
    pub others: BTreeMap<ObjectType, BTreeMap<String, bool>>,
    /// What the token was not allowed to read.
    pub left_out: LeftOut,
    /// Further details of ticket and contact properties: for a twin.
    pub forms: BTreeMap<ObjectType, BTreeMap<String, PropertyForm>>,
    /// Stages into which only some may write tickets, and who may.
    pub locked_stages: BTreeMap<String, String>,
    /// Limits that an admin set on links, by type.
    pub link_limits: Vec<LinkLimit>,
    /// Rules for values of ticket properties.
    pub rules: ValueRules,
}

/// Parts of a schema that a copy can lack because the token had no scope for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Properties of contacts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub contacts: bool,
    /// Owners.
    #[serde(default, skip_serializing_if = "is_false")]
    pub owners: bool,
    /// Custom kinds of record.
    #[serde(default, skip_serializing_if = "is_false")]
    pub custom: bool,
    /// Limits of links.
    #[serde(default, skip_serializing_if = "is_false")]
    pub link_limits: bool,
    /// Rules for values.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rules: bool,
}

/// Why a text is not a copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Not TOML, or a key is missing or of the wrong kind.
    #[error("{0}")]
    NoCopy(#[from] toml::de::Error),
    /// Written by a later version of this tool.
    #[error("it is of version {0}, this tool reads version {VERSION}")]
    Newer(u32),
}

#[derive(Serialize, Deserialize)]
struct CopyText {
    version: u32,
    portal: u64,
    pulled: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    daily_calls: Option<u64>,
    /// In the form of `--rate`: `190/10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    burst: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    archived_properties: Vec<String>,
    #[serde(default)]
    left_out: LeftOut,
    #[serde(default)]
    groups: Vec<GroupText>,
    #[serde(default)]
    links: Vec<LinkText>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    links_back: Vec<LinkText>,
    #[serde(default)]
    pipelines: Vec<PipelineText>,
    #[serde(default)]
    owners: Vec<Owner>,
    #[serde(default)]
    tickets: Vec<PropertyText>,
    #[serde(default)]
    contacts: Vec<PropertyText>,
    #[serde(default)]
    others: Vec<OtherText>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    custom_objects: Vec<CustomObject>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    link_limits: Vec<LimitText>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    rules: BTreeMap<String, Vec<ValueRule>>,
}

/// How many links of a type a record may have.
#[derive(Serialize, Deserialize)]
struct LimitText {
    category: String,
    id: u32,
    most: u64,
}

/// Names of properties of another kind of record.
#[derive(Serialize, Deserialize)]
struct OtherText {
    of: String,
    unique: Vec<String>,
    not_unique: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct GroupText {
    name: String,
    label: String,
}

#[derive(Serialize, Deserialize)]
struct LinkText {
    to: String,
    category: String,
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PipelineText {
    id: String,
    label: String,
    #[serde(default)]
    stages: Vec<StageText>,
}

#[derive(Serialize, Deserialize)]
struct StageText {
    id: String,
    label: String,
    #[serde(default, skip_serializing_if = "is_false")]
    closed: bool,
    /// Who may write tickets into it, if restricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PropertyText {
    name: String,
    label: String,
    #[serde(rename = "type")]
    value_type: String,
    #[serde(default, skip_serializing_if = "is_false")]
    unique: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    read_only: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    external_options: bool,
    #[serde(flatten)]
    form: FormText,
    /// Internal value and label of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<(String, String)>,
}

/// Further details of a property, which older copies lack.
#[derive(Default, Serialize, Deserialize)]
struct FormText {
    /// HubSpot's `type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hubspot_type: Option<String>,
    /// HubSpot's `fieldType`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    field: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(default, skip_serializing_if = "is_false")]
    own: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    calculated: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    hidden: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    references: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl PortalCopy {
    /// The copy as text.
    pub fn text(&self) -> Result<String, toml::ser::Error> {
        let text = toml::to_string_pretty(&CopyText {
            version: VERSION,
            portal: self.portal_id,
            pulled: self.pulled.to_string(),
            daily_calls: self.daily_calls,
            burst: self.burst.map(|rate| rate.to_string()),
            archived_properties: self.archived.clone(),
            left_out: self.left_out,
            groups: self.groups.iter().map(group_text).collect(),
            links: self.links.iter().map(link_text).collect(),
            links_back: self.links_back.iter().map(link_text).collect(),
            pipelines: self.pipelines_text(),
            owners: self.schema.owners.clone(),
            tickets: self.properties_text(ObjectType::Tickets),
            contacts: self.properties_text(ObjectType::Contacts),
            others: self.others.iter().map(other_text).collect(),
            custom_objects: self.schema.custom.clone(),
            link_limits: self.link_limits.iter().map(limit_text).collect(),
            rules: self.rules.clone(),
        })?;
        Ok(format!(
            "# What portal {} defines, as `tickethaul schema pull` found it. Read by `check` and `schema`.\n\n{text}",
            self.portal_id
        ))
    }

    fn properties_text(&self, object: ObjectType) -> Vec<PropertyText> {
        let forms = self.forms.get(&object);
        let properties = self.schema.properties(object).values();
        let text = |property: &PropertyDef| {
            let form = forms.and_then(|forms| forms.get(&property.name));
            property_text(property, form)
        };
        properties.map(text).collect()
    }

    fn pipelines_text(&self) -> Vec<PipelineText> {
        let pipelines = self.schema.pipelines.iter();
        pipelines
            .map(|pipeline| pipeline_text(pipeline, &self.locked_stages))
            .collect()
    }

    /// What it says about other records.
    pub fn of_links(&self) -> LinkDefinitions {
        let mut found = LinkDefinitions {
            unique: self.others.clone(),
            limits: self
                .link_limits
                .iter()
                .map(|limit| (limit.type_id, limit.most))
                .collect(),
            ..LinkDefinitions::default()
        };
        for (to, link) in &self.links {
            found.types.entry(*to).or_default().push(link.clone());
        }
        for object in [ObjectType::Tickets, ObjectType::Contacts] {
            let properties = self.schema.properties(object).values();
            let unique: BTreeMap<String, bool> = properties
                .map(|property| (property.name.clone(), property.unique))
                .collect();
            if !unique.is_empty() {
                let _none = found.unique.insert(object, unique);
            }
        }
        found
    }

    /// Reads a copy.
    pub fn read(text: &str) -> Result<PortalCopy, CopyError> {
        let text: CopyText = toml::from_str(text)?;
        if text.version > VERSION {
            return Err(CopyError::Newer(text.version));
        }
        let links = text.links.into_iter().filter_map(link_from);
        let links_back = text.links_back.into_iter().filter_map(link_from);
        let forms = [
            (ObjectType::Tickets, &text.tickets),
            (ObjectType::Contacts, &text.contacts),
        ];
        let forms = forms.map(|(object, properties)| (object, forms_from(properties)));
        let locked = text.pipelines.iter().flat_map(|pipeline| &pipeline.stages);
        let locked =
            locked.filter_map(|stage| Some((stage.id.clone(), stage.permissions.clone()?)));
        Ok(PortalCopy {
            locked_stages: locked.collect(),
            forms: forms
                .into_iter()
                .filter(|(_, forms)| !forms.is_empty())
                .collect(),
            portal_id: text.portal,
            // An edited time may give an impossible age.
            pulled: text.pulled.parse().unwrap_or(Timestamp::UNIX_EPOCH),
            daily_calls: text.daily_calls,
            burst: text.burst.and_then(|rate| rate.parse().ok()),
            archived: text.archived_properties,
            groups: text.groups.into_iter().map(group_from).collect(),
            links: links.collect(),
            links_back: links_back.collect(),
            left_out: text.left_out,
            others: text.others.into_iter().filter_map(other_from).collect(),
            link_limits: text.link_limits.into_iter().map(limit_from).collect(),
            rules: text.rules,
            schema: Schema {
                tickets: properties_from(text.tickets),
                contacts: properties_from(text.contacts),
                pipelines: text.pipelines.into_iter().map(pipeline_from).collect(),
                owners: text.owners,
                custom: text.custom_objects,
            },
        })
    }
}

fn other_text((object, properties): (&ObjectType, &BTreeMap<String, bool>)) -> OtherText {
    let named = |is_unique: bool| {
        let chosen = properties
            .iter()
            .filter(|(_, unique)| **unique == is_unique);
        chosen.map(|(name, _)| name.clone()).collect()
    };
    OtherText {
        of: object.plural().into_owned(),
        unique: named(true),
        not_unique: named(false),
    }
}

fn other_from(text: OtherText) -> Option<(ObjectType, BTreeMap<String, bool>)> {
    let unique = text.unique.into_iter().map(|name| (name, true));
    let others = text.not_unique.into_iter().map(|name| (name, false));
    Some((ObjectType::named(&text.of)?, unique.chain(others).collect()))
}

fn limit_text(limit: &LinkLimit) -> LimitText {
    LimitText {
        category: limit.category.clone(),
        id: limit.type_id,
        most: limit.most,
    }
}

fn limit_from(text: LimitText) -> LinkLimit {
    LinkLimit {
        category: text.category,
        type_id: text.id,
        most: text.most,
    }
}

fn group_text(group: &PropertyGroup) -> GroupText {
    GroupText {
        name: group.name.clone(),
        label: group.label.clone(),
    }
}

fn group_from(text: GroupText) -> PropertyGroup {
    PropertyGroup {
        name: text.name,
        label: text.label,
    }
}

fn link_text((to, link): &(ObjectType, LinkType)) -> LinkText {
    LinkText {
        to: to.plural().into_owned(),
        category: link.category.clone(),
        id: link.id,
        label: link.label.clone(),
    }
}

fn link_from(text: LinkText) -> Option<(ObjectType, LinkType)> {
    let to = ObjectType::named(&text.to)?;
    let link = LinkType {
        category: text.category,
        id: text.id,
        label: text.label,
    };
    Some((to, link))
}

fn pipeline_text(pipeline: &Pipeline, locked: &BTreeMap<String, String>) -> PipelineText {
    let stages = pipeline.stages.iter().map(|stage| StageText {
        id: stage.id.clone(),
        label: stage.label.clone(),
        closed: stage.closed,
        permissions: locked.get(&stage.id).cloned(),
    });
    PipelineText {
        id: pipeline.id.clone(),
        label: pipeline.label.clone(),
        stages: stages.collect(),
    }
}

fn pipeline_from(text: PipelineText) -> Pipeline {
    let stages = text.stages.into_iter().map(|stage| Stage {
        id: stage.id,
        label: stage.label,
        closed: stage.closed,
    });
    Pipeline {
        id: text.id,
        label: text.label,
        stages: stages.collect(),
    }
}

fn form_text(form: &PropertyForm) -> FormText {
    FormText {
        hubspot_type: Some(form.type_name.clone()),
        field: form.field_type.clone(),
        group: form.group.clone(),
        own: form.own,
        calculated: form.calculated,
        hidden: form.hidden,
        references: form.references.clone(),
    }
}

fn forms_from(properties: &[PropertyText]) -> BTreeMap<String, PropertyForm> {
    let forms = properties.iter().filter_map(|property| {
        let text = &property.form;
        let form = PropertyForm {
            type_name: text.hubspot_type.clone()?,
            field_type: text.field.clone(),
            group: text.group.clone(),
            own: text.own,
            calculated: text.calculated,
            hidden: text.hidden,
            references: text.references.clone(),
        };
        Some((property.name.clone(), form))
    });
    forms.collect()
}

fn property_text(property: &PropertyDef, form: Option<&PropertyForm>) -> PropertyText {
    let options = property.options.iter();
    PropertyText {
        name: property.name.clone(),
        label: property.label.clone(),
        value_type: property.value_type.word().to_owned(),
        unique: property.unique,
        read_only: property.read_only,
        external_options: property.external_options,
        form: form.map(form_text).unwrap_or_default(),
        options: options
            .map(|option| (option.value.clone(), option.label.clone()))
            .collect(),
    }
}

fn properties_from(texts: Vec<PropertyText>) -> BTreeMap<String, PropertyDef> {
    let property = |text: PropertyText| {
        let options = text.options.into_iter();
        let definition = PropertyDef {
            name: text.name.clone(),
            label: text.label,
            value_type: ValueType::of_word(&text.value_type),
            options: options
                .map(|(value, label)| PropertyOption { label, value })
                .collect(),
            external_options: text.external_options,
            read_only: text.read_only,
            unique: text.unique,
        };
        (text.name, definition)
    };
    texts.into_iter().map(property).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::CustomType;

    fn copy() -> PortalCopy {
        let property = PropertyDef {
            name: "hs_ticket_priority".to_owned(),
            label: "Priority".to_owned(),
            value_type: ValueType::Enumeration,
            options: vec![PropertyOption {
                label: "High \"one\"".to_owned(),
                value: "HIGH".to_owned(),
            }],
            external_options: false,
            read_only: false,
            unique: false,
        };
        let form = PropertyForm {
            type_name: "enumeration".to_owned(),
            field_type: "select".to_owned(),
            group: "ticketinformation".to_owned(),
            own: true,
            ..PropertyForm::default()
        };
        let forms = [(property.name.clone(), form)].into();
        PortalCopy {
            forms: [(ObjectType::Tickets, forms)].into(),
            locked_stages: [("4".to_owned(), "READ_ONLY".to_owned())].into(),
            portal_id: 4_711,
            pulled: "2026-11-23T10:00:00Z".parse().expect("an instant"),
            daily_calls: Some(650_000),
            burst: "190/10s".parse().ok(),
            schema: Schema {
                tickets: [(property.name.clone(), property)].into(),
                contacts: BTreeMap::new(),
                pipelines: vec![Pipeline {
                    id: "0".to_owned(),
                    label: "Support".to_owned(),
                    stages: vec![Stage {
                        id: "4".to_owned(),
                        label: "Closed".to_owned(),
                        closed: true,
                    }],
                }],
                owners: vec![Owner {
                    id: "7".to_owned(),
                    email: "a@b.example".to_owned(),
                    first_name: "A".to_owned(),
                    last_name: "B".to_owned(),
                    archived: false,
                }],
                custom: vec![CustomObject {
                    object: CustomType::of("2-1234567").expect("a type id"),
                    name: "device".to_owned(),
                    full_name: "p7_device".to_owned(),
                    singular: "Device".to_owned(),
                    plural: "Devices".to_owned(),
                }],
            },
            archived: vec!["old_key".to_owned()],
            groups: vec![PropertyGroup {
                name: "ticketinformation".to_owned(),
                label: "Ticket information".to_owned(),
            }],
            links: vec![(
                ObjectType::Contacts,
                LinkType {
                    category: "USER_DEFINED".to_owned(),
                    id: 31,
                    label: Some("Requester".to_owned()),
                },
            )],
            links_back: vec![(
                ObjectType::Contacts,
                LinkType {
                    category: "USER_DEFINED".to_owned(),
                    id: 32,
                    label: Some("Requested".to_owned()),
                },
            )],
            others: [(
                ObjectType::Companies,
                [("domain".to_owned(), false), ("tax_id".to_owned(), true)].into(),
            )]
            .into(),
            left_out: LeftOut {
                contacts: true,
                rules: true,
                ..LeftOut::default()
            },
            link_limits: vec![LinkLimit {
                category: "USER_DEFINED".to_owned(),
                type_id: 31,
                most: 2,
            }],
            rules: [(
                "subject".to_owned(),
                vec![ValueRule {
                    kind: "MAX_LENGTH".to_owned(),
                    arguments: vec!["40".to_owned()],
                    normalises: true,
                }],
            )]
            .into(),
        }
    }

    #[test]
    fn a_copy_comes_back_as_it_went_in() {
        let text = copy().text().expect("TOML");
        assert_eq!(PortalCopy::read(&text).expect("a copy"), copy(), "{text}");
    }

    #[test]
    fn a_later_version_is_refused() {
        let text = copy().text().expect("TOML");
        let later = text.replace("version = 1", "version = 2");
        let refused = PortalCopy::read(&later).expect_err("refused");
        assert!(matches!(refused, CopyError::Newer(2)));
    }
}
