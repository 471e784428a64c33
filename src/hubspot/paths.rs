//! Paths of HubSpot's API in both shapes that it serves: by version number, and by
//! date. The one place that knows a version.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::schema::ObjectType;

/// Shape of the paths. HubSpot serves both; replies differ in details only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiVersion {
    /// `/crm/v3/…`, associations by `/crm/v4/…`. HubSpot: unsupported from
    /// September 2027 on.
    V3,
    /// `/crm/…/2026-09/…`. Writes obey the rules that a portal's admin set.
    #[default]
    V2026_09,
}

/// An unknown version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of the API that is known here; use v3 or 2026-09")]
pub struct UnknownVersion(String);

impl FromStr for ApiVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<ApiVersion, UnknownVersion> {
        match text {
            "v3" => Ok(ApiVersion::V3),
            "2026-09" => Ok(ApiVersion::V2026_09),
            other => Err(UnknownVersion(other.to_owned())),
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl ApiVersion {
    /// All of them, the newest last.
    pub const ALL: [ApiVersion; 2] = [ApiVersion::V3, ApiVersion::V2026_09];

    /// Details of the account that the token belongs to.
    pub(crate) fn account(self) -> String {
        format!("/account-info/{}/details", self.word())
    }

    /// Calls of the day, used and allowed.
    pub(crate) fn daily_usage(self) -> String {
        let version = self.word();
        format!("/account-info/{version}/api-usage/daily/private-apps")
    }

    /// Where OAuth tokens come from. HubSpot: v1 of it ends on 2027-02-16.
    pub(crate) fn oauth_token(self) -> String {
        format!("/oauth/{}/token", self.word())
    }

    /// Records of an object type.
    pub(crate) fn objects(self, object: ObjectType) -> String {
        self.crm("objects", &object.plural())
    }

    /// One record, by id or by the value of a unique property.
    pub(crate) fn object(self, object: ObjectType, id: &str) -> String {
        format!("{}/{}", self.objects(object), segment(id))
    }

    /// A batch call on records of an object type.
    pub(crate) fn batch(self, object: ObjectType, verb: &str) -> String {
        format!("{}/batch/{verb}", self.objects(object))
    }

    /// Search among records of an object type.
    pub(crate) fn search(self, object: ObjectType) -> String {
        format!("{}/search", self.objects(object))
    }

    /// Property definitions of an object type, not paged.
    pub(crate) fn properties(self, object: ObjectType) -> String {
        self.crm("properties", &object.plural())
    }

    /// One property definition.
    pub(crate) fn property(self, object: ObjectType, name: &str) -> String {
        format!("{}/{}", self.properties(object), segment(name))
    }

    /// Groups of properties of an object type, not paged.
    pub(crate) fn property_groups(self, object: ObjectType) -> String {
        format!("{}/groups", self.properties(object))
    }

    /// Pipelines of an object type, not paged.
    pub(crate) fn pipelines(self, object: ObjectType) -> String {
        self.crm("pipelines", &object.plural())
    }

    /// Owners, paged.
    pub(crate) fn owners(self) -> String {
        match self {
            ApiVersion::V3 => "/crm/v3/owners".to_owned(),
            ApiVersion::V2026_09 => "/crm/owners/2026-09".to_owned(),
        }
    }

    /// Custom kinds of record, not paged.
    pub(crate) fn custom_objects(self) -> String {
        match self {
            ApiVersion::V3 => "/crm/v3/schemas".to_owned(),
            ApiVersion::V2026_09 => "/crm-object-schemas/2026-09/schemas".to_owned(),
        }
    }

    /// A batch call on links.
    pub(crate) fn links(self, from: ObjectType, to: ObjectType, verb: &str) -> String {
        format!("{}/batch/{verb}", self.associations(from, to))
    }

    /// Kinds of link between two object types.
    pub(crate) fn link_labels(self, from: ObjectType, to: ObjectType) -> String {
        format!("{}/labels", self.associations(from, to))
    }

    /// Limits of links by type, set by an admin.
    pub(crate) fn link_limits(self) -> String {
        let version = match self {
            ApiVersion::V3 => "v4",
            ApiVersion::V2026_09 => "2026-09",
        };
        format!("/crm/associations/{version}/definitions/configurations/all")
    }

    /// Rules for values of ticket properties. HubSpot: object type id of tickets is `0-5`.
    pub(crate) fn ticket_validations(self) -> String {
        self.crm("property-validations", "0-5")
    }

    /// How many custom properties an account may have and has.
    pub(crate) fn own_property_limits(self) -> String {
        self.crm("limits", "custom-properties")
    }

    /// Uploads files.
    pub(crate) fn files(self) -> String {
        format!("/files/{}/files", self.word())
    }

    /// One file by its id.
    pub(crate) fn file(self, id: &str) -> String {
        format!("{}/{}", self.files(), segment(id))
    }

    /// Gives a signed address of a file.
    pub(crate) fn signed_url(self, id: &str) -> String {
        format!("{}/signed-url", self.file(id))
    }

    /// What is at a path of the file manager.
    pub(crate) fn file_stat(self, path: &str) -> String {
        let segments = path.split('/').filter(|part| !part.is_empty());
        let segments: Vec<String> = segments.map(segment).collect();
        format!("{}/stat/{}", self.files(), segments.join("/"))
    }

    /// Search among files.
    pub(crate) fn file_search(self) -> String {
        format!("{}/search", self.files())
    }

    /// One link of one type; there is no dated path.
    pub(crate) fn link(self, from: End<'_>, to: End<'_>, type_id: u32) -> Option<String> {
        let (left, right) = (self.object(from.0, from.1), to.0.plural());
        let path = format!("{left}/associations/{right}/{}/{type_id}", segment(to.1));
        (self == ApiVersion::V3).then_some(path)
    }

    /// Its name in paths; links by number have a different one.
    fn word(self) -> &'static str {
        match self {
            ApiVersion::V3 => "v3",
            ApiVersion::V2026_09 => "2026-09",
        }
    }

    fn associations(self, from: ObjectType, to: ObjectType) -> String {
        let (from, to) = (from.plural(), to.plural());
        match self {
            ApiVersion::V3 => format!("/crm/v4/associations/{from}/{to}"),
            ApiVersion::V2026_09 => format!("/crm/associations/2026-09/{from}/{to}"),
        }
    }

    fn crm(self, resource: &str, object: &str) -> String {
        match self {
            ApiVersion::V3 => format!("/crm/v3/{resource}/{object}"),
            ApiVersion::V2026_09 => format!("/crm/{resource}/2026-09/{object}"),
        }
    }
}

/// One end of a link: what it is, and its record id.
pub(crate) type End<'a> = (ObjectType, &'a str);

/// Every version for which HubSpot has paths, with one path that exists as long as the version
/// does.
pub(crate) const VERSIONS: [(&str, &str); 7] = [
    ("v1", "/properties/v1/deals/properties"),
    ("v2", "/properties/v2/tickets/properties"),
    ("v3", "/account-info/v3/details"),
    ("v4", "/crm/v4/associations/tickets/contacts/labels"),
    ("2025-09", "/account-info/2025-09/details"),
    ("2026-03", "/account-info/2026-03/details"),
    ("2026-09", "/account-info/2026-09/details"),
];

/// What is encoded in a segment of a path: all but letters, digits and RFC 3986's marks.
const IN_SEGMENT: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What is encoded in a value of a query.
const IN_QUERY: AsciiSet = IN_SEGMENT.remove(b',');

/// Adds a query string; values are percent-encoded, commas stay (HubSpot takes
/// lists as one comma-separated value).
pub(crate) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut whole = path.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        whole.push(if index == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        whole.extend(utf8_percent_encode(value, &IN_QUERY));
    }
    whole
}

/// Pairs as the body of a form.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let query = with_query("", pairs);
    query.trim_start_matches('?').to_owned()
}

/// A version as written in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `v3`.
    Numbered,
    /// `2026-09`.
    Dated,
}

/// The version that a path names.
pub(crate) fn version_in(path: &str) -> Option<Shape> {
    path.split('/').find_map(|segment| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if segment.strip_prefix('v').is_some_and(digits) {
            return Some(Shape::Numbered);
        }
        let (year, month) = segment.split_once('-')?;
        (year.len() == 4 && digits(year) && month.len() == 2 && digits(month))
            .then_some(Shape::Dated)
    })
}

/// True for a path that belongs to the API itself. One that names a single record or
/// definition can be missing for other reasons.
pub(crate) fn is_of_version(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    let is_object = |segment: &&str| ObjectType::named(segment).is_some();
    let Some(object) = segments.iter().position(is_object) else {
        return true;
    };
    matches!(
        &segments[object + 1..],
        [] | ["groups" | "search"] | ["batch", _] | [_, "labels"] | [_, "batch", ..]
    )
}

/// A name that could lead to another path, such as `..` or an empty one, is written so
/// that it names something that can't exist. Writing its dots as `%2E` would not help:
/// addresses are normalised after that.
fn segment(text: &str) -> String {
    match text {
        "" => return "%20".to_owned(),
        "." => return "%252E".to_owned(),
        ".." => return "%252E%252E".to_owned(),
        _ => {}
    }
    utf8_percent_encode(text, &IN_SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_and_lists_keep_their_commas() {
        assert_eq!(with_query("/a", &[]), "/a");
        assert_eq!(
            with_query("/a", &[("after", "NTI1Cg%3D&x=ä"), ("properties", "a,b_c")]),
            "/a?after=NTI1Cg%253D%26x%3D%C3%A4&properties=a,b_c"
        );
        assert_eq!(form(&[("a", "b c"), ("d", "?")]), "a=b%20c&d=%3F");
    }

    #[test]
    fn single_records_may_be_missing_and_collections_not() {
        use ObjectType::{Contacts, Tickets};
        for api in [ApiVersion::V3, ApiVersion::V2026_09] {
            for whole in [
                api.objects(Tickets),
                api.batch(Contacts, "read"),
                api.search(Tickets),
                api.properties(Tickets),
                api.property_groups(Tickets),
                api.pipelines(Tickets),
                api.owners(),
                api.custom_objects(),
                api.links(Tickets, Contacts, "create"),
                api.links(Tickets, Contacts, "labels/archive"),
                api.link_labels(Tickets, Contacts),
                api.account(),
            ] {
                assert!(is_of_version(&whole), "{whole}");
                assert!(version_in(&whole).is_some(), "{whole}");
            }
            for one in [api.object(Tickets, "v3"), api.property(Tickets, "a")] {
                assert!(!is_of_version(&one), "{one}");
            }
        }
        assert_eq!(version_in("/crm/objects/2026-9/x"), None);
    }

    #[test]
    fn no_name_leads_to_another_path() {
        for (name, path) in [
            ("..", "/crm/v3/properties/tickets/%252E%252E"),
            (".", "/crm/v3/properties/tickets/%252E"),
            ("", "/crm/v3/properties/tickets/%20"),
            ("../x", "/crm/v3/properties/tickets/..%2Fx"),
        ] {
            let made = ApiVersion::V3.property(ObjectType::Tickets, name);
            assert_eq!(made, path);
        }
    }

    #[test]
    fn every_path_has_its_two_shapes() {
        use ObjectType::{Contacts, Notes, Tickets};
        let device = ObjectType::named("2-1234567").expect("a custom kind");
        let table = |api: ApiVersion| {
            [
                api.account(),
                api.daily_usage(),
                api.oauth_token(),
                api.objects(Tickets),
                api.object(Tickets, "a/b ä"),
                api.batch(Contacts, "read"),
                api.search(Notes),
                api.properties(Tickets),
                api.property(Tickets, "import_key"),
                api.property_groups(Tickets),
                api.pipelines(Tickets),
                api.owners(),
                api.custom_objects(),
                api.links(Tickets, device, "create"),
                api.link_labels(Tickets, Contacts),
            ]
        };
        assert_eq!(
            table(ApiVersion::V3),
            [
                "/account-info/v3/details",
                "/account-info/v3/api-usage/daily/private-apps",
                "/oauth/v3/token",
                "/crm/v3/objects/tickets",
                "/crm/v3/objects/tickets/a%2Fb%20%C3%A4",
                "/crm/v3/objects/contacts/batch/read",
                "/crm/v3/objects/notes/search",
                "/crm/v3/properties/tickets",
                "/crm/v3/properties/tickets/import_key",
                "/crm/v3/properties/tickets/groups",
                "/crm/v3/pipelines/tickets",
                "/crm/v3/owners",
                "/crm/v3/schemas",
                "/crm/v4/associations/tickets/2-1234567/batch/create",
                "/crm/v4/associations/tickets/contacts/labels",
            ]
        );
        assert_eq!(
            table(ApiVersion::V2026_09),
            [
                "/account-info/2026-09/details",
                "/account-info/2026-09/api-usage/daily/private-apps",
                "/oauth/2026-09/token",
                "/crm/objects/2026-09/tickets",
                "/crm/objects/2026-09/tickets/a%2Fb%20%C3%A4",
                "/crm/objects/2026-09/contacts/batch/read",
                "/crm/objects/2026-09/notes/search",
                "/crm/properties/2026-09/tickets",
                "/crm/properties/2026-09/tickets/import_key",
                "/crm/properties/2026-09/tickets/groups",
                "/crm/pipelines/2026-09/tickets",
                "/crm/owners/2026-09",
                "/crm-object-schemas/2026-09/schemas",
                "/crm/associations/2026-09/tickets/2-1234567/batch/create",
                "/crm/associations/2026-09/tickets/contacts/labels",
            ]
        );
        let link = |api: ApiVersion| api.link((Tickets, "1"), (Contacts, "2"), 16);
        let single = "/crm/v3/objects/tickets/1/associations/contacts/2/16";
        assert_eq!(link(ApiVersion::V3).as_deref(), Some(single));
        assert_eq!(link(ApiVersion::V2026_09), None);
    }

    #[test]
    fn versions_have_names() {
        assert_eq!("v3".parse(), Ok(ApiVersion::V3));
        assert_eq!("2026-09".parse(), Ok(ApiVersion::V2026_09));
        let refused = "v4".parse::<ApiVersion>().expect_err("unknown");
        assert!(refused.to_string().contains("v3 or 2026-09"));
    }
}
