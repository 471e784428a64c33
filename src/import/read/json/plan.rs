//! What a JSON text is: how its objects stand, and which columns they have. The columns
//! are those of all objects, so the whole text is read once before its first row.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;

use super::cut::ObjectReader;
use crate::import::read::record::{Cut, Position};
use crate::model::json::flatten;

/// How objects stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One on each line.
    Lines,
    /// In a list, or one behind the other.
    Objects,
}

/// The columns of objects, in the order in which they first come.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    positions: HashMap<String, usize>,
}

/// A JSON text that has been looked at.
#[derive(Clone, Debug)]
pub(in crate::import::read) struct Objects {
    /// How its objects stand.
    pub(in crate::import::read) form: Form,
    /// What they have.
    pub(in crate::import::read) columns: Arc<Columns>,
}

impl Columns {
    /// Columns with these names.
    #[cfg(test)]
    pub fn of(names: Vec<String>) -> Columns {
        let mut columns = Columns::default();
        for name in names {
            columns.add(&name);
        }
        columns
    }

    /// Adds one, where it is not there.
    pub fn add(&mut self, name: &str) {
        if !self.positions.contains_key(name) {
            let _none = self.positions.insert(name.to_owned(), self.names.len());
            self.names.push(name.to_owned());
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where one stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }
}

impl Form {
    /// The form of a text that begins so; none where it is no JSON. Lists of anything but
    /// objects are other texts.
    pub fn of(head: &[u8]) -> Option<Form> {
        let head = head.trim_ascii_start();
        let inside = match head.first()? {
            b'{' => head,
            b'[' => head[1..].trim_ascii_start(),
            _ => return None,
        };
        let behind = inside.strip_prefix(b"{")?.trim_ascii_start();
        if !matches!(behind.first(), Some(b'"' | b'}')) {
            return None;
        }
        if head[0] == b'[' {
            return Some(Form::Objects);
        }
        // An object that goes over its line is not alone on one.
        let line = memchr::memchr(b'\n', head).map(|end| &head[..end]);
        let is_whole = |line: &[u8]| {
            let text = std::str::from_utf8(line);
            text.is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
        };
        match line {
            Some(line) if !is_whole(line) && !line.trim_ascii_end().ends_with(b"}") => {
                Some(Form::Objects)
            }
            _ => Some(Form::Lines),
        }
    }

    /// How it is called.
    pub fn words(self) -> &'static str {
        match self {
            Form::Lines => "JSON lines",
            Form::Objects => "JSON",
        }
    }
}

impl Objects {
    /// Reads a text to its end for the columns of its objects; at most `most`, and one.
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
