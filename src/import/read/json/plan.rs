//! What a JSON text is: the form of its objects, and their columns. The columns are
//! those of all objects, so the whole text is read once before its first row.

use std::io::{self, Read};
use std::sync::Arc;

use super::columns::{Columns, Form};
use super::cut::ObjectReader;
use crate::import::read::record::{Cut, Position};
use crate::model::json::flatten;

/// A JSON text that has been inspected.
#[derive(Clone, Debug)]
pub(in crate::import::read) struct Objects {
    /// The form in which it holds objects.
    pub(in crate::import::read) form: Form,
    /// Their columns.
    pub(in crate::import::read) columns: Arc<Columns>,
}

impl Objects {
    /// Reads a text to its end for the columns of its objects; at most `most` plus one.
    pub(in crate::import::read) fn look(
        input: impl Read,
        form: Form,
        most: usize,
    ) -> io::Result<Objects> {
        let place = Position { byte: 0, line: 1 };
        let mut reader = ObjectReader::new(input, form, Arc::default(), place);
        let mut columns = Columns::default();
        while let Some(found) = reader.next()? {
            if found.cut != Cut::Whole || columns.len() > most {
                continue;
            }
            let object = std::str::from_utf8(reader.record().raw).unwrap_or_default();
            let mut corrected = None;
            let mut take = |name: &str, text: std::borrow::Cow<'_, str>| {
                columns.add(name);
                if name == "_raw" && text.starts_with('{') {
                    corrected = Some(text.into_owned());
                }
            };
            let _whole = flatten(object, &mut take);
            if let Some(corrected) = corrected {
                let _broken = flatten(&corrected, &mut |name, _| columns.add(name));
            }
        }
        Ok(Objects {
            form,
            columns: Arc::new(columns),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_tells_how_objects_stand() {
        for (head, form) in [
            ("{\"a\":1}\n{\"a\":2}\n", Some(Form::Lines)),
            ("{\"a\":{}}", Some(Form::Lines)),
            ("{\"a\": \"a long line without an en", Some(Form::Lines)),
            ("{\n  \"a\": 1\n}\n{\n", Some(Form::Objects)),
            ("{\"a\": [\n1]}\n", Some(Form::Objects)),
            (" [\n {\"a\":1}]", Some(Form::Objects)),
            ("[{}]", Some(Form::Objects)),
            ("{\"a\":}\n{\"a\":1}\n", Some(Form::Lines)),
            ("[1,2]", None),
            ("[Id],[Name]\n", None),
            ("{id},b\n", None),
            ("Id,Subject\n", None),
            ("", None),
        ] {
            assert_eq!(Form::of(head.as_bytes()), form, "{head}");
        }
    }

    #[test]
    fn columns_are_those_of_all_objects() {
        let text = "{\"a\":1}\n{\"b\":{\"c\":1},\"a\":2}\nbroken\n{\"_raw\":\"{\\\"d\\\":1}\"}\n";
        let found = Objects::look(text.as_bytes(), Form::Lines, 100).expect("read");
        assert_eq!(found.columns.names(), ["a", "b.c", "_raw", "d"]);
        assert_eq!(found.columns.position("b.c"), Some(1));
    }
}
