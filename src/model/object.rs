//! Kinds of record: those that every portal has, and custom objects, by the names that
//! HubSpot uses for them.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Kinds of record that the tool touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectType {
    /// Tickets, HubSpot object type `0-5`.
    Tickets,
    /// Contacts, HubSpot object type `0-1`.
    Contacts,
    /// Companies, HubSpot object type `0-2`.
    Companies,
    /// Deals, HubSpot object type `0-3`.
    Deals,
    /// Notes, HubSpot object type `0-46`.
    Notes,
    /// E-mails, HubSpot object type `0-49`.
    Emails,
    /// Calls, HubSpot object type `0-48`.
    Calls,
    /// Meetings, HubSpot object type `0-47`.
    Meetings,
    /// Tasks, HubSpot object type `0-27`.
    Tasks,
    /// Messages by SMS, WhatsApp or LinkedIn, HubSpot object type `0-18`.
    Communications,
    /// A custom object.
    Custom(CustomType),
}

/// The number of a custom object, `1234567` of HubSpot's object type `2-1234567`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CustomType(u64);

impl From<CustomType> for String {
    fn from(custom: CustomType) -> String {
        custom.to_string()
    }
}

impl TryFrom<String> for CustomType {
    type Error = String;

    fn try_from(type_id: String) -> Result<CustomType, String> {
        let custom = CustomType::of(&type_id);
        custom.ok_or_else(|| format!("`{type_id}` is not a type id such as 2-1234567"))
    }
}

impl CustomType {
    /// Reads `2-1234567`.
    pub fn of(type_id: &str) -> Option<CustomType> {
        let digits = type_id.strip_prefix("2-")?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number)?;
        Some(CustomType(number))
    }
}

impl fmt::Display for CustomType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2-{}", self.0)
    }
}

impl ObjectType {
    /// Those that every portal has.
    pub const ALL: [ObjectType; 10] = [
        ObjectType::Tickets,
        ObjectType::Contacts,
        ObjectType::Companies,
        ObjectType::Deals,
        ObjectType::Notes,
        ObjectType::Emails,
        ObjectType::Calls,
        ObjectType::Meetings,
        ObjectType::Tasks,
        ObjectType::Communications,
    ];

    /// Whether it is an activity, which appears on the timeline of other records.
    pub fn is_activity(self) -> bool {
        matches!(
            self,
            ObjectType::Notes
                | ObjectType::Emails
                | ObjectType::Calls
                | ObjectType::Meetings
                | ObjectType::Tasks
                | ObjectType::Communications
        )
    }

    /// The kind with this plural name or type id.
    pub fn named(name: &str) -> Option<ObjectType> {
        let mut known = ObjectType::ALL.into_iter();
        known
            .find(|object| object.plural() == name || object.type_id() == name)
            .or_else(|| CustomType::of(name).map(ObjectType::Custom))
    }

    /// The plural name that HubSpot uses in paths; the type id of a custom object.
    pub fn plural(self) -> Cow<'static, str> {
        let name = match self {
            ObjectType::Tickets => "tickets",
            ObjectType::Contacts => "contacts",
            ObjectType::Companies => "companies",
            ObjectType::Deals => "deals",
            ObjectType::Notes => "notes",
            ObjectType::Emails => "emails",
            ObjectType::Calls => "calls",
            ObjectType::Meetings => "meetings",
            ObjectType::Tasks => "tasks",
            ObjectType::Communications => "communications",
            ObjectType::Custom(custom) => return Cow::Owned(custom.to_string()),
        };
        Cow::Borrowed(name)
    }

    /// One of them, for people.
    pub fn singular(self) -> Cow<'static, str> {
        let name = match self {
            ObjectType::Tickets => "ticket",
            ObjectType::Contacts => "contact",
            ObjectType::Companies => "company",
            ObjectType::Deals => "deal",
            ObjectType::Notes => "note",
            ObjectType::Emails => "email",
            ObjectType::Calls => "call",
            ObjectType::Meetings => "meeting",
            ObjectType::Tasks => "task",
            ObjectType::Communications => "communication",
            ObjectType::Custom(custom) => return Cow::Owned(format!("{custom} record")),
        };
        Cow::Borrowed(name)
    }

    /// HubSpot's id of the kind.
    pub fn type_id(self) -> Cow<'static, str> {
        let id = match self {
            ObjectType::Tickets => "0-5",
            ObjectType::Contacts => "0-1",
            ObjectType::Companies => "0-2",
            ObjectType::Deals => "0-3",
            ObjectType::Notes => "0-46",
            ObjectType::Emails => "0-49",
            ObjectType::Calls => "0-48",
            ObjectType::Meetings => "0-47",
            ObjectType::Tasks => "0-27",
            ObjectType::Communications => "0-18",
            ObjectType::Custom(custom) => return Cow::Owned(custom.to_string()),
        };
        Cow::Borrowed(id)
    }
}

/// A custom object as a portal defines it; run folders and copies of portals keep it in
/// this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomObject {
    /// Its type id in the API.
    #[serde(rename = "id")]
    pub object: CustomType,
    /// Internal name: `device`.
    pub name: String,
    /// Internal name with the portal's id: `p12345_device`.
    pub full_name: String,
    /// Label of one.
    pub singular: String,
    /// Label of several.
    pub plural: String,
}

/// A kind of record as a mapping or a command names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectName {
    /// One with the same name or type id in every portal.
    Standard(ObjectType),
    /// A name that a portal gives to a custom object.
    Custom(String),
}

impl ObjectName {
    /// What a text means; blanks around it do not count.
    pub fn of(text: &str) -> ObjectName {
        let text = text.trim();
        ObjectType::named(text)
            .map_or_else(|| ObjectName::Custom(text.to_owned()), ObjectName::Standard)
    }

    /// The standard kind whose name differs in one letter: most likely a typing error.
    pub fn slips_from(&self) -> Option<ObjectType> {
        let ObjectName::Custom(name) = self else {
            return None;
        };
        let name = name.to_lowercase();
        let mut known = ObjectType::ALL.into_iter();
        known.find(|known| strsim::damerau_levenshtein(&name, &known.plural()) <= 1)
    }

    /// Whether a portal has to be asked what it means.
    pub fn is_custom(&self) -> bool {
        matches!(self, ObjectName::Custom(_))
    }

    /// The kind meant in a portal with these custom objects. Case is ignored in names and
    /// labels; a name that several have means the one that has it as internal name.
    pub fn among(&self, custom: &[CustomObject]) -> Option<ObjectType> {
        let name = match self {
            ObjectName::Standard(object) => return Some(*object),
            ObjectName::Custom(name) => name.to_lowercase(),
        };
        let is = |text: &String| text.to_lowercase() == name;
        let internal = |known: &&CustomObject| is(&known.name) || is(&known.full_name);
        let label = |known: &&CustomObject| is(&known.singular) || is(&known.plural);
        let found = custom.iter().find(internal);
        let found = found.or_else(|| custom.iter().find(label));
        found.map(|known| ObjectType::Custom(known.object))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ObjectName::Standard(object) => f.write_str(&object.plural()),
            ObjectName::Custom(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_type_ids_lead_to_the_kind() {
        for object in ObjectType::ALL {
            for name in [object.plural(), object.type_id()] {
                assert_eq!(ObjectType::named(&name), Some(object));
            }
        }
        let custom = ObjectType::named("2-1234567").expect("a custom kind");
        assert_eq!(custom.plural(), "2-1234567");
        for other in ["2-", "2-x", "2-+1", "3-1", "contact", ""] {
            assert_eq!(ObjectType::named(other), None, "{other}");
        }
    }

    #[test]
    fn a_custom_kind_is_named_by_any_of_its_names() {
        let device = |number: u64, name: &str, plural: &str| CustomObject {
            object: CustomType(number),
            name: name.to_owned(),
            full_name: format!("p7_{name}"),
            singular: name.to_uppercase(),
            plural: plural.to_owned(),
        };
        let custom = [device(1, "item", "device"), device(2, "device", "Devices")];
        for (name, number) in [
            ("device", 2),
            ("p7_device", 2),
            (" DEVICES ", 2),
            ("item", 1),
            ("2-9", 9),
        ] {
            let expected = Some(ObjectType::Custom(CustomType(number)));
            assert_eq!(ObjectName::of(name).among(&custom), expected, "{name}");
        }
        assert_eq!(ObjectName::of("items").among(&custom), None);
        let slip = ObjectName::of("Contact").slips_from();
        assert_eq!(slip, Some(ObjectType::Contacts));
        assert_eq!(ObjectName::of("cases").slips_from(), None);
        let calls = ObjectName::of("calls").among(&[]);
        assert_eq!(calls, Some(ObjectType::Calls));
    }
}
