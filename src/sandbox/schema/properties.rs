//! The rules that definitions of properties and groups have to follow (C1 §6), when they are
//! created and when they are changed. Pure; existing ones are handled by `definitions`.

use serde::Deserialize;

use super::{Choice, Group, Modification, Property, ValueType};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::clock::Moment;
use crate::sandbox::records::shapes;

/// Longest name of a property or group (C1 §6).
const LONGEST_NAME: usize = 100;

/// Field types that go with each type (C1 §6).
const FIELD_TYPES: &[(&str, ValueType, &[&str])] = &[
    (
        "bool",
        ValueType::Bool,
        &["booleancheckbox", "calculation_equation"],
    ),
    (
        "enumeration",
        ValueType::Enumeration,
        &[
            "booleancheckbox",
            "checkbox",
            "radio",
            "select",
            "calculation_equation",
        ],
    ),
    ("date", ValueType::Date, &["date"]),
    ("datetime", ValueType::Datetime, &["date"]),
    (
        "string",
        ValueType::String,
        &[
            "text",
            "textarea",
            "html",
            "file",
            "phonenumber",
            "calculation_equation",
        ],
    ),
    (
        "number",
        ValueType::Number,
        &["number", "calculation_equation"],
    ),
    (
        "phone_number",
        ValueType::PhoneNumber,
        &["phonenumber", "text"],
    ),
];

/// A property to be created. All fields are optional here, so that the missing ones can be named
/// together.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PropertyInput {
    name: Option<String>,
    label: Option<String>,
    group_name: Option<String>,
    #[serde(rename = "type")]
    value_type: Option<String>,
    field_type: Option<String>,
    description: Option<String>,
    #[serde(default)]
    options: Vec<Choice>,
    display_order: Option<i64>,
    #[serde(default)]
    has_unique_value: bool,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    form_field: bool,
    #[serde(default)]
    external_options: bool,
    referenced_object_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupInput {
    name: Option<String>,
    label: Option<String>,
    display_order: Option<i64>,
}

/// The property definition in a request, valid in itself.
pub(crate) fn property_of(body: &[u8], now: Moment) -> Result<Property, Problem> {
    let input: PropertyInput = shapes::read(body)?;
    property_from(input, body, now)
}

/// The same for one input of a batch; `body` is the batch's.
pub(crate) fn property_from(
    input: PropertyInput,
    body: &[u8],
    now: Moment,
) -> Result<Property, Problem> {
    let missing = [
        ("name", input.name.is_none()),
        ("label", input.label.is_none()),
        ("groupName", input.group_name.is_none()),
        ("type", input.value_type.is_none()),
        ("fieldType", input.field_type.is_none()),
    ];
    let missing: Vec<&str> = missing
        .iter()
        .filter(|(_, is_missing)| *is_missing)
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        return Err(shapes::unset(&missing, body));
    }
    let property = input.into_property(now)?;
    check_name(&property.name)?;
    check_options(&property)?;
    check_unique(&property)?;
    Ok(property)
}

/// Changes that a request makes to a property; fields that it does not name stay.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PropertyPatch {
    label: Option<String>,
    group_name: Option<String>,
    #[serde(rename = "type")]
    value_type: Option<String>,
    field_type: Option<String>,
    description: Option<String>,
    options: Option<Vec<Choice>>,
    display_order: Option<i64>,
    hidden: Option<bool>,
    form_field: Option<bool>,
}

impl PropertyPatch {
    /// The definition after the change, valid in itself.
    pub(crate) fn apply(self, property: &Property, now: Moment) -> Result<Property, Problem> {
        let mut changed = property.clone();
        let field_type = self.field_type.unwrap_or(changed.field_type);
        if let Some(value_type) = &self.value_type {
            changed.value_type = check_types(value_type, &field_type)?;
        }
        changed.field_type = field_type;
        changed.label = self.label.unwrap_or(changed.label);
        changed.group_name = self.group_name.unwrap_or(changed.group_name);
        changed.description = self.description.unwrap_or(changed.description);
        changed.options = self.options.unwrap_or(changed.options);
        changed.display_order = self.display_order.unwrap_or(changed.display_order);
        changed.hidden = self.hidden.unwrap_or(changed.hidden);
        changed.form_field = self.form_field.unwrap_or(changed.form_field);
        changed.updated_at = now.iso();
        check_options(&changed)?;
        check_unique(&changed)?;
        Ok(changed)
    }
}

/// Changes that a request makes to a group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupPatch {
    label: Option<String>,
    display_order: Option<i64>,
}

impl GroupPatch {
    pub(crate) fn apply(self, group: &Group) -> Group {
        Group {
            label: self.label.unwrap_or_else(|| group.label.clone()),
            display_order: self.display_order.unwrap_or(group.display_order),
            ..group.clone()
        }
    }
}

/// The group in a request.
pub(crate) fn group_of(body: &[u8]) -> Result<Group, Problem> {
    let input: GroupInput = shapes::read(body)?;
    let (Some(name), Some(label)) = (input.name, input.label) else {
        return Err(shapes::unset(&["name", "label"], body));
    };
    check_name(&name)?;
    Ok(Group {
        name,
        label,
        display_order: input.display_order.unwrap_or(-1),
        archived: false,
    })
}

fn check_name(name: &str) -> Result<(), Problem> {
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    let sound = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if starts && sound && name.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(Problem::validation(format!(
        "'{name}' is not a valid name: it must start with a letter, hold only lower-case letters, digits and \
         underscores, and be at most {LONGEST_NAME} characters long."
    ))
    .with("name", vec![name.to_owned()]))
}

fn check_options(property: &Property) -> Result<(), Problem> {
    let mut values: Vec<&str> = property
        .options
        .iter()
        .map(|option| option.value.as_str())
        .collect();
    values.sort_unstable();
    if values.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Problem::validation(format!(
            "The options of '{}' repeat a value.",
            property.name
        )));
    }
    if property.value_type == ValueType::Bool && values != ["false", "true"] {
        let message = format!(
            "'{}' is of type bool and needs the two options true and false.",
            property.name
        );
        return Err(Problem::validation(message));
    }
    Ok(())
}

fn check_unique(property: &Property) -> Result<(), Problem> {
    let can_be = matches!(property.value_type, ValueType::String | ValueType::Number);
    match property.has_unique_value && !can_be {
        true => Err(Problem::validation(format!(
            "'{}' cannot be unique: only text and numbers can.",
            property.name
        ))),
        false => Ok(()),
    }
}

fn check_types(value_type: &str, field_type: &str) -> Result<ValueType, Problem> {
    let known = FIELD_TYPES.iter().find(|(name, _, _)| *name == value_type);
    let Some((_, checked, field_types)) = known else {
        let names: Vec<&str> = FIELD_TYPES.iter().map(|(name, _, _)| *name).collect();
        let list = names.join(", ");
        return Err(Problem::validation(format!(
            "'{value_type}' is not a property type: [{list}]"
        )));
    };
    if field_types.contains(&field_type) {
        return Ok(*checked);
    }
    let list = field_types.join(", ");
    Err(Problem::validation(format!(
        "'{field_type}' is not a field type of {value_type}: [{list}]"
    )))
}

impl PropertyInput {
    fn into_property(self, now: Moment) -> Result<Property, Problem> {
        let field_type = self.field_type.unwrap_or_default();
        let value_type = check_types(&self.value_type.unwrap_or_default(), &field_type)?;
        Ok(Property {
            name: self.name.unwrap_or_default(),
            label: self.label.unwrap_or_default(),
            value_type,
            calculated: field_type == "calculation_equation",
            field_type,
            description: self.description.unwrap_or_default(),
            group_name: self.group_name.unwrap_or_default(),
            options: self.options,
            display_order: self.display_order.unwrap_or(-1),
            external_options: self.external_options,
            has_unique_value: self.has_unique_value,
            hidden: self.hidden,
            hubspot_defined: false,
            form_field: self.form_field,
            data_sensitivity: "non_sensitive".to_owned(),
            referenced_object_type: self.referenced_object_type,
            modification_metadata: Modification {
                archivable: true,
                read_only_definition: false,
                read_only_value: false,
            },
            archived: false,
            archived_at: None,
            created_at: now.iso(),
            updated_at: now.iso(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::sandbox::clock::Clock;

    fn made(change: &Value) -> Result<Property, Problem> {
        let mut body = json!({
            "name": "import_key", "label": "Import key", "groupName": "ticketinformation",
            "type": "string", "fieldType": "text", "hasUniqueValue": true,
        });
        for (field, value) in change.as_object().expect("fields") {
            body[field] = value.clone();
        }
        property_of(body.to_string().as_bytes(), Clock::start().now())
    }

    #[tokio::test]
    async fn definitions_must_be_sound() {
        assert!(made(&json!({})).is_ok());
        for (change, part) in [
            (
                json!({"name": "Import key"}),
                "'Import key' is not a valid name",
            ),
            (json!({"name": "9lives"}), "is not a valid name"),
            (json!({"name": "a".repeat(101)}), "at most 100"),
            (
                json!({"label": null, "type": null}),
                "Some required fields were not set: [label, type]",
            ),
            (json!({"type": "text"}), "'text' is not a property type"),
            (
                json!({"fieldType": "number"}),
                "'number' is not a field type of string",
            ),
            (
                json!({"type": "date", "fieldType": "date"}),
                "cannot be unique",
            ),
            (
                json!({"type": "bool", "fieldType": "booleancheckbox", "hasUniqueValue": false}),
                "true and false",
            ),
            (
                json!({"type": "enumeration", "fieldType": "select", "hasUniqueValue": false,
                       "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]}),
                "repeat a value",
            ),
        ] {
            let problem = made(&change).expect_err(part);
            assert!(problem.message.contains(part), "{}", problem.message);
        }
    }
}
