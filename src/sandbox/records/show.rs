//! Shows records: the requested properties, in the forms that the switches choose, with history and
//! associations.

use std::collections::BTreeMap;

use super::drafts::SOURCE_APP;
use super::shapes::{LinkOut, LinksOut, ObjectOut, Shown, Values, VersionOut};
use super::writes::Written;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::Paging;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::ValueType;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::{Record, Version as Former};
use crate::sandbox::switches::{CreatedAt, UnsetProperty, UrlAndWarnings, WriteReply, ZeroMillis};

/// Associations shown with a record before paging begins (C1 §2.2).
const LINKS_SHOWN: usize = 100;

/// Versions of a value that are shown (C1 §3.1).
const VERSIONS_SHOWN: u32 = 20;

/// What a read requests to be shown.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Empty: the kind's default properties.
    pub(crate) properties: Vec<String>,
    /// Properties whose former values are shown too.
    pub(crate) history: Vec<String>,
    /// Kinds of other records whose associations are shown.
    pub(crate) associations: Vec<String>,
    /// Scheme and authority, for links to further pages.
    pub(crate) origin: String,
}

impl PortalState {
    /// A record with the properties, histories and associations that a read requests.
    pub(crate) fn show(
        &self,
        kind: Kind,
        record: Record,
        view: &View,
    ) -> Result<ObjectOut, Problem> {
        let history = self.history(kind, &record, &view.history)?;
        let associations = self.associations(kind, record.id, view)?;
        let mut object = self.object(kind, record);
        object.pick(|values| self.picked(kind, values, &view.properties));
        object.properties_with_history = history;
        object.associations = associations;
        Ok(object)
    }

    /// What a create answers with (C1 §12.25).
    pub(crate) fn show_created(&self, kind: Kind, written: Written) -> ObjectOut {
        let Written { record, warnings } = written;
        let mut object = self.object(kind, record);
        if self.switches.write_reply == WriteReply::Default {
            object.pick(|values| self.picked(kind, values, &[]));
        }
        if !warnings.is_empty() {
            object.warnings = Some(warnings);
        }
        object
    }

    /// What an update answers with: the named properties and the system's own
    /// (C1 §12.25).
    pub(crate) fn show_updated<'a>(
        &self,
        kind: Kind,
        written: Written,
        named: impl Iterator<Item = &'a String>,
    ) -> ObjectOut {
        let system = [
            "hs_createdate",
            "hs_is_closed",
            "hs_pipeline",
            "hs_pipeline_stage",
            "closed_date",
            "hs_ticket_id",
        ];
        let values = &written.record.values;
        let held = system.iter().filter(|name| values.contains_key(**name));
        let names: Vec<String> = held
            .map(|name| (*name).to_owned())
            .chain(named.cloned())
            .collect();
        let mut object = self.show_created(kind, written);
        if self.switches.write_reply == WriteReply::Set {
            object.pick(|values| self.picked(kind, values, &names));
        }
        object
    }

    /// A record with all its values.
    fn object(&self, kind: Kind, record: Record) -> ObjectOut {
        let values = self.dressed(kind, record.values);
        let value = |name: &str| values.get(name).cloned().unwrap_or_default();
        let created = match self.switches.created_at_follows_createdate {
            CreatedAt::Follows => kind.created(),
            CreatedAt::Inserted => "hs_createdate",
        };
        let extras = self.switches.url_and_warnings == UrlAndWarnings::On;
        ObjectOut {
            id: record.id.to_string(),
            created_at: value(created),
            updated_at: value(kind.modified()),
            archived: record.archived_at.is_some(),
            archived_at: record.archived_at,
            properties: Shown::Whole(values),
            properties_with_history: None,
            associations: None,
            object_write_trace_id: None,
            new: None,
            url: extras.then(|| self.url(kind, record.id)),
            warnings: extras.then(Vec::new),
        }
    }

    fn url(&self, kind: Kind, id: i64) -> String {
        let portal = self.portal_id;
        format!(
            "https://app.hubspot.com/contacts/{portal}/record/{}/{id}",
            kind.type_id()
        )
    }

    /// Values with times in the form in which the portal writes them (C1 §12.26).
    fn dressed(&self, kind: Kind, mut values: Values) -> Values {
        if self.switches.zero_millis == ZeroMillis::Dropped {
            return values;
        }
        let defined = &self.schema.of(kind).properties;
        for (name, value) in &mut values {
            let is_time = defined
                .get(name)
                .is_some_and(|property| property.value_type == ValueType::Datetime);
            if is_time && !value.contains('.') && value.ends_with('Z') {
                value.truncate(value.len() - 1);
                value.push_str(".000Z");
            }
        }
        values
    }

    /// Defined properties that are unset are null or absent (C1 §12.23); undefined ones are left
    /// out.
    fn picked(
        &self,
        kind: Kind,
        values: &Values,
        names: &[String],
    ) -> BTreeMap<String, Option<String>> {
        let defined = &self.schema.of(kind).properties;
        let omits = self.switches.unset_property == UnsetProperty::Omitted;
        let named = names.iter().map(String::as_str);
        let defaults = kind.shown().iter().copied().filter(|_| names.is_empty());
        named
            .chain(defaults)
            .chain(kind.always_shown())
            .filter(|name| defined.contains_key(*name))
            .filter(|name| !omits || values.contains_key(*name))
            .map(|name| (name.to_owned(), values.get(name).cloned()))
            .collect()
    }

    /// Former values, newest first; a property that never changed has its initial one.
    fn history(
        &self,
        kind: Kind,
        record: &Record,
        names: &[String],
    ) -> Result<Option<BTreeMap<String, Vec<VersionOut>>>, Problem> {
        let defined = &self.schema.of(kind).properties;
        let mut shown = BTreeMap::new();
        for name in names.iter().filter(|name| defined.contains_key(*name)) {
            let mut versions = self.store.versions(record.id, name, VERSIONS_SHOWN)?;
            let value = record.values.get(name);
            if let Some(value) = value.filter(|_| versions.is_empty()) {
                let made = record.values.get("hs_createdate");
                versions.push(Former {
                    value: Some(value.clone()),
                    at: made.cloned().unwrap_or_default(),
                });
            }
            let versions = versions.into_iter().map(version_out).collect();
            let _ = shown.insert(name.clone(), versions);
        }
        Ok((!names.is_empty()).then_some(shown))
    }

    fn associations(
        &self,
        kind: Kind,
        id: i64,
        view: &View,
    ) -> Result<Option<BTreeMap<&'static str, LinksOut>>, Problem> {
        if view.associations.is_empty() {
            return Ok(None);
        }
        let ends = view.associations.iter().map(|name| Kind::named(name));
        let ends: Vec<Kind> = ends.collect::<Result<_, _>>()?;
        let all = self.store.links(id)?;
        let path = format!(
            "{}/crm/v3/objects/{}/{id}/associations",
            view.origin,
            kind.plural()
        );
        let shown = ends
            .into_iter()
            .filter_map(|end| Some((end.plural(), self.links_out(end, &all, &path)?)));
        Ok(Some(shown.collect()).filter(|shown: &BTreeMap<_, _>| !shown.is_empty()))
    }

    /// Links to one kind of record, or None if there are none.
    fn links_out(&self, end: Kind, all: &[(u32, i64)], path: &str) -> Option<LinksOut> {
        let mut results = Vec::new();
        for (link_type, id) in all {
            let known = self.schema.links.get(*link_type);
            results.extend(known.filter(|known| known.to == end).map(|known| LinkOut {
                id: id.to_string(),
                link_type: known.name.clone(),
            }));
        }
        let paging = results.get(LINKS_SHOWN).map(|next| {
            let link = format!("{path}/{}?after={}", end.plural(), next.id);
            Paging::new(next.id.clone(), link)
        });
        results.truncate(LINKS_SHOWN);
        (!results.is_empty()).then_some(LinksOut { results, paging })
    }
}

impl ObjectOut {
    /// Shows part of the values instead of all of them.
    fn pick(&mut self, part: impl FnOnce(&Values) -> BTreeMap<String, Option<String>>) {
        if let Shown::Whole(values) = &self.properties {
            self.properties = Shown::Picked(part(values));
        }
    }
}

fn version_out(version: Former) -> VersionOut {
    VersionOut {
        value: version.value.unwrap_or_default(),
        timestamp: version.at,
        source_type: "INTEGRATION",
        source_id: SOURCE_APP,
    }
}
