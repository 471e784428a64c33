//! What several stories use: mappings and the definition of their key's property.

use serde_json::{Value, json};

/// The text of a mapping by a key whose property it makes; the rest begins with the
/// entries of `[properties]`.
macro_rules! keyed {
    ($property:literal, $rest:literal) => {
        keyed!($property, "", $rest)
    };
    ($property:literal, prefix = $prefix:literal, $rest:literal) => {
        keyed!($property, concat!("prefix = \"", $prefix, "\"\n"), $rest)
    };
    ($property:literal, $more:expr, $rest:literal) => {
        concat!(
            "version = 1\n\n[key]\nproperty = \"",
            $property,
            "\"\ncolumn = \"Id\"\n",
            $more,
            "\n[[property]]\nname = \"",
            $property,
            "\"\ntype = \"string\"\nunique = true\n\n[properties]\n",
            $rest
        )
    };
}
pub(crate) use keyed;

/// Two columns: the key and the subject of new tickets.
pub const SUBJECTS: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
"#
);

/// The same for a portal that has the key's property.
pub const KNOWN_KEY: &str = r#"
version = 1

[key]
property = "source_ticket_id"
column = "Id"

[properties]
subject = "Subject"
hs_pipeline_stage = { value = "1" }
"#;

/// The beginning of a mapping: a key whose property it makes. Entries and links follow.
pub const DESK_KEY: &str = r#"
version = 1

[key]
property = "desk_id"
column = "Id"

[[property]]
name = "desk_id"
type = "string"
unique = true
"#;

/// The part of a mapping that links tickets.
pub fn link(to: &str, by: &str, column: &str, more: &str) -> String {
    format!("[[associate]]\nto = \"{to}\"\nby = \"{by}\"\ncolumn = \"{column}\"\n{more}")
}

/// A property of tickets whose values are texts and unique, as it is made.
pub fn unique_text(name: &str) -> Value {
    json!({
        "name": name, "label": name, "groupName": "ticketinformation",
        "type": "string", "fieldType": "text", "hasUniqueValue": true,
    })
}
