//! Properties and groups as a portal has them (C1 §6): listing, creating, changing, archiving, one
//! by one and in batches.

use serde_json::{Value, json};

use super::kind::Kind;
use super::properties::{GroupPatch, PropertyPatch};
use super::stages;
use super::{Choice, Group, Property, Shelf};
use crate::sandbox::api::problem::{Problem, RowProblem};
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::records::shapes::BatchOut;
use crate::sandbox::switches::{ActivityProperties, ExternalOptions};

/// Unique properties of one kind that a portal may add (C1 §2.8).
const MOST_UNIQUE: usize = 10;

impl PortalState {
    /// All definitions, by name; those in the recycle bin, or the others.
    pub(crate) fn properties(&self, kind: Kind, archived: bool) -> Vec<Property> {
        let shelf = self.schema.of(kind);
        let properties = if archived {
            &shelf.archived
        } else {
            &shelf.properties
        };
        properties
            .values()
            .map(|property| self.filled(property))
            .collect()
    }

    /// All definitions as v1 and v2 show them: a bare list, with fields that v3 has
    /// elsewhere or not at all. A kind without records has what every kind has.
    pub(crate) fn old_properties(&self, kind: Option<Kind>) -> Vec<Value> {
        let common = Kind::Note.always_shown();
        let is_shown =
            |property: &Property| kind.is_some() || common.contains(&property.name.as_str());
        let properties = self.properties(kind.unwrap_or(Kind::Note), false);
        let shown = properties.iter().filter(|property| is_shown(property));
        shown.map(old).collect()
    }

    pub(crate) fn property(
        &self,
        kind: Kind,
        name: &str,
        archived: bool,
    ) -> Result<Property, Problem> {
        let shelf = self.schema.of(kind);
        let properties = if archived {
            &shelf.archived
        } else {
            &shelf.properties
        };
        let property = properties.get(name).map(|property| self.filled(property));
        property.ok_or_else(|| no_such_property(name))
    }

    pub(crate) fn create_property(
        &mut self,
        kind: Kind,
        property: Property,
    ) -> Result<Property, Problem> {
        check_place(self.schema.of(kind), &property)?;
        self.check_activity(kind, &property)?;
        self.keep_property(kind, property)
    }

    pub(crate) fn update_property(
        &mut self,
        kind: Kind,
        name: &str,
        patch: PropertyPatch,
        now: Moment,
    ) -> Result<Property, Problem> {
        let shelf = self.schema.of(kind);
        let property = shelf
            .properties
            .get(name)
            .ok_or_else(|| no_such_property(name))?;
        if property.modification_metadata.read_only_definition {
            let message = format!("The definition of '{name}' is read-only.");
            return Err(Problem::validation(message));
        }
        let changed = patch.apply(property, now)?;
        check_group(shelf, &changed)?;
        self.keep_property(kind, changed)
    }

    /// Puts a definition into the recycle bin; its values become invisible.
    pub(crate) fn archive_property(
        &mut self,
        kind: Kind,
        name: &str,
        now: Moment,
    ) -> Result<(), Problem> {
        let shelf = self.schema.of(kind);
        let property = shelf
            .properties
            .get(name)
            .ok_or_else(|| no_such_property(name))?;
        if !property.modification_metadata.archivable {
            let message = format!("The property '{name}' can't be archived.");
            return Err(Problem::validation(message));
        }
        let archived = Property {
            archived: true,
            archived_at: Some(now.iso()),
            ..property.clone()
        };
        self.keep_property(kind, archived).map(drop)
    }

    /// Takes a definition out of the recycle bin; its former values are visible again.
    pub(crate) fn restore_property(
        &mut self,
        kind: Kind,
        name: &str,
        now: Moment,
    ) -> Result<(), Problem> {
        let archived = self.schema.of(kind).archived.get(name);
        let back = Property {
            archived: false,
            archived_at: None,
            updated_at: now.iso(),
            ..archived.ok_or_else(|| no_such_property(name))?.clone()
        };
        self.keep_property(kind, back).map(drop)
    }

    /// Creates what can be created; names that exist are reported one by one.
    pub(crate) fn create_properties(
        &mut self,
        kind: Kind,
        properties: Vec<Property>,
        now: Moment,
    ) -> BatchOut<Property> {
        let (mut made, mut errors) = (Vec::new(), Vec::<RowProblem>::new());
        for property in properties {
            match self.create_property(kind, property) {
                Ok(property) => made.push(property),
                Err(problem) => errors.push(problem.into_row(None)),
            }
        }
        BatchOut::new(made, errors, now.iso())
    }

    pub(crate) fn read_properties(
        &self,
        kind: Kind,
        names: &[String],
        archived: bool,
        now: Moment,
    ) -> BatchOut<Property> {
        let (mut found, mut errors) = (Vec::new(), Vec::<RowProblem>::new());
        for name in names {
            match self.property(kind, name, archived) {
                Ok(property) => found.push(property),
                Err(problem) => errors.push(problem.into_row(None)),
            }
        }
        BatchOut::new(found, errors, now.iso())
    }

    /// Archives definitions regardless of whether the names exist.
    pub(crate) fn archive_properties(&mut self, kind: Kind, names: &[String], now: Moment) {
        for name in names {
            let _ = self.archive_property(kind, name, now);
        }
    }

    pub(crate) fn groups(&self, kind: Kind) -> Vec<Group> {
        self.schema.of(kind).groups.values().cloned().collect()
    }

    pub(crate) fn group(&self, kind: Kind, name: &str) -> Result<Group, Problem> {
        let group = self.schema.of(kind).groups.get(name).cloned();
        group.ok_or_else(Problem::not_found)
    }

    pub(crate) fn create_group(&mut self, kind: Kind, group: Group) -> Result<Group, Problem> {
        if self.schema.of(kind).groups.contains_key(&group.name) {
            let message = format!("A property group named '{}' already exists.", group.name);
            return Err(Problem::conflict(message));
        }
        self.keep_group(kind, group)
    }

    pub(crate) fn update_group(
        &mut self,
        kind: Kind,
        name: &str,
        patch: GroupPatch,
    ) -> Result<Group, Problem> {
        let changed = patch.apply(&self.group(kind, name)?);
        self.keep_group(kind, changed)
    }

    /// Removes an empty group.
    pub(crate) fn delete_group(&mut self, kind: Kind, name: &str) -> Result<(), Problem> {
        let _ = self.group(kind, name)?;
        let mut properties = self.schema.of(kind).properties.values();
        if properties.any(|property| property.group_name == name) {
            let message = format!("The property group '{name}' still has properties.");
            return Err(Problem::validation(message));
        }
        self.store.undefine("group", kind.plural(), name)?;
        let _ = self.schema.of_mut(kind).groups.remove(name);
        Ok(())
    }

    /// Checks whether activities may have custom properties; it is not known whether the live API
    /// allows them.
    fn check_activity(&self, kind: Kind, property: &Property) -> Result<(), Problem> {
        if !kind.is_activity() {
            return Ok(());
        }
        let refused =
            || Problem::validation(format!("{} can't have custom properties.", kind.plural()));
        match self.switches.activity_properties {
            ActivityProperties::Denied => {
                let scope = format!("crm.schemas.{}.write", kind.plural());
                Err(Problem::missing_scopes(&[scope]))
            }
            ActivityProperties::Refused => Err(refused()),
            ActivityProperties::PlainOnly if property.has_unique_value => Err(refused()),
            _ => Ok(()),
        }
    }

    fn keep_property(&mut self, kind: Kind, property: Property) -> Result<Property, Problem> {
        self.store
            .define("property", kind.plural(), &property.name, &property)?;
        self.schema.of_mut(kind).put(property.clone());
        Ok(property)
    }

    fn keep_group(&mut self, kind: Kind, group: Group) -> Result<Group, Problem> {
        self.store
            .define("group", kind.plural(), &group.name, &group)?;
        let groups = &mut self.schema.of_mut(kind).groups;
        let _ = groups.insert(group.name.clone(), group.clone());
        Ok(group)
    }

    /// A definition with the options that are defined elsewhere (C1 §12.47).
    fn filled(&self, property: &Property) -> Property {
        let mut shown = property.clone();
        if self.switches.external_options == ExternalOptions::Filled && property.external_options {
            shown.options = self.external_options(property);
        }
        shown
    }

    fn external_options(&self, property: &Property) -> Vec<Choice> {
        let pipelines = &self.schema.pipelines;
        let pairs: Vec<(String, String)> = match property.name.as_str() {
            stages::PIPELINE => pipelines
                .iter()
                .map(|pipeline| (pipeline.id.clone(), pipeline.label.clone()))
                .collect(),
            stages::STAGE => pipelines
                .iter()
                .flat_map(|pipeline| &pipeline.stages)
                .map(|stage| (stage.id.clone(), stage.label.clone()))
                .collect(),
            _ if property.is_owner() => self
                .schema
                .owners
                .iter()
                .filter(|owner| !owner.archived)
                .map(|owner| {
                    (
                        owner.id.clone(),
                        format!("{} {}", owner.first_name, owner.last_name),
                    )
                })
                .collect(),
            _ => Vec::new(),
        };
        let choice = |(display_order, (value, label)): (i64, (String, String))| Choice {
            label,
            value,
            display_order,
            hidden: false,
            description: String::new(),
        };
        (0..).zip(pairs).map(choice).collect()
    }
}

fn old(property: &Property) -> Value {
    let mut shown = json!(property);
    let has = &property.modification_metadata;
    shown["readOnlyValue"] = has.read_only_value.into();
    shown["readOnlyDefinition"] = has.read_only_definition.into();
    shown["mutableDefinitionNotDeletable"] = (!has.archivable).into();
    shown["deleted"] = property.archived.into();
    shown["favorited"] = false.into();
    shown["favoritedOrder"] = (-1).into();
    shown["displayMode"] = "current_value".into();
    for option in shown["options"].as_array_mut().into_iter().flatten() {
        option["readOnly"] = false.into();
        option["doubleData"] = 0.0.into();
    }
    if let Some(fields) = shown.as_object_mut() {
        let _nested = fields.remove("modificationMetadata");
    }
    shown
}

fn no_such_property(name: &str) -> Problem {
    Problem::no_such(format!("No Property exists with name '{name}'"))
        .with("name", vec![name.to_owned()])
}

/// Checks a new definition against existing ones. A name in the recycle bin counts as existing.
fn check_place(shelf: &Shelf, property: &Property) -> Result<(), Problem> {
    let name = &property.name;
    if shelf.properties.contains_key(name) || shelf.archived.contains_key(name) {
        return Err(Problem::property_exists(name));
    }
    check_group(shelf, property)?;
    let unique = shelf
        .properties
        .values()
        .filter(|held| held.is_custom_unique())
        .count();
    if property.has_unique_value && unique >= MOST_UNIQUE {
        let message = format!(
            "There are already {unique} properties with unique values; the most is {MOST_UNIQUE}."
        );
        return Err(Problem::validation(message));
    }
    Ok(())
}

fn check_group(shelf: &Shelf, property: &Property) -> Result<(), Problem> {
    let group = &property.group_name;
    if shelf.groups.contains_key(group) {
        return Ok(());
    }
    let message = format!("The property group '{group}' does not exist.");
    Err(Problem::validation(message).with("groupName", vec![group.clone()]))
}
