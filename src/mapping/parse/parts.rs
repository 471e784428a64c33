//! `parts`: how a cell with several fields is cut.

use super::table::Table;
use super::transform::read_word;
use crate::mapping::syntax::PartsSpec;

/// The possible values of `last`.
const LAST: [(&str, ()); 1] = [("rest", ())];

/// `parts = { separator = ";", names = ["at", "author", "body"], last = "rest" }`.
pub(super) fn read_parts(table: &mut Table<'_>) -> Option<PartsSpec> {
    let name = format!("the parts of {}", table.name());
    let Some(mut inside) = table.table("parts", &name) else {
        if table.value("parts").is_none() {
            table.lacks(
                "parts",
                "say how a cell is cut: parts = { separator = \";\", names = [\"at\", \"author\", \
                 \"body\"] }",
            );
        }
        return None;
    };
    let separator = inside.text("separator");
    if separator.is_none() && inside.value("separator").is_none() {
        inside.lacks("separator", "write what separates the parts");
    }
    let names = inside.texts("names");
    if names.is_none() && inside.value("names").is_none() {
        inside.lacks("names", "name the parts in their order");
    }
    let _rest = read_word(&mut inside, "last", &LAST);
    if let Some(empty) = separator.as_ref().filter(|mark| mark.value.is_empty()) {
        let _ = inside.wrong::<()>(empty.span.clone(), "a separator can't be empty");
    }
    let names = names.map(|names| names.value);
    for (idx, name) in names.iter().flatten().enumerate() {
        let names = names.as_deref().unwrap_or_default();
        if names[..idx].iter().any(|other| other.value == name.value) {
            let _ = inside.wrong::<()>(
                name.span.clone(),
                format!("the part `{}` comes twice", name.value),
            );
        }
    }
    inside.finish();
    Some(PartsSpec {
        separator: separator?.value,
        names: names?,
    })
}
