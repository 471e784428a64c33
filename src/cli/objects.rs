//! Kinds of record that are named on the command line, in a portal.

use super::portal::call_error;
use crate::error::Error;
use crate::hubspot::Client;
use crate::mapping::nearest;
use crate::model::schema::{CustomObject, ObjectName, ObjectType};

/// What these names mean, in their order. The portal is asked only if one of them names a
/// custom object.
///
/// # Errors
/// When there is no such kind, or the portal can't be asked.
pub async fn objects(client: &Client, names: &[ObjectName]) -> Result<Vec<ObjectType>, Error> {
    let custom = match names.iter().any(ObjectName::is_custom) {
        true => client.custom_objects().await.map_err(call_error)?,
        false => Vec::new(),
    };
    let found = names
        .iter()
        .map(|name| name.among(&custom).ok_or_else(|| unknown(name, &custom)));
    found.collect()
}

fn unknown(name: &ObjectName, custom: &[CustomObject]) -> Error {
    let name = name.to_string();
    let own = ObjectType::ALL.map(ObjectType::plural);
    let known = own.iter().map(|name| &**name);
    let known: Vec<&str> = known
        .chain(custom.iter().map(|one| one.name.as_str()))
        .collect();
    let near = nearest(&name, known.iter().copied());
    let near = near.map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
    let message = format!("the portal has no kind of record called `{name}`{near}");
    Error::usage(message).advise(format!(
        "name one of {}, or a custom object by its type id (2-…)",
        known.join(", ")
    ))
}
