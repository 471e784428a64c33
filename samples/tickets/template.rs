//! Texts with slots: `{order}` is filled in for each ticket, `{{` and `}}` are braces.
//! A slot that nobody fills is an error when the texts are loaded, not a hole in a row.

use serde::Deserialize;

/// What a slot stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Order,
    Invoice,
    Code,
    Version,
    Product,
    Quantity,
    Date,
    Amount,
    Url,
    Customer,
    Company,
    /// Year, month and day: only in the way a language writes a date.
    Year,
    Month,
    Day,
    /// Whole units and hundredths: only in the way a language writes an amount.
    Units,
    Cents,
}

const SLOTS: [(&str, Slot); 16] = [
    ("order", Slot::Order),
    ("invoice", Slot::Invoice),
    ("code", Slot::Code),
    ("version", Slot::Version),
    ("product", Slot::Product),
    ("quantity", Slot::Quantity),
    ("date", Slot::Date),
    ("amount", Slot::Amount),
    ("url", Slot::Url),
    ("customer", Slot::Customer),
    ("company", Slot::Company),
    ("y", Slot::Year),
    ("m", Slot::Month),
    ("d", Slot::Day),
    ("units", Slot::Units),
    ("cents", Slot::Cents),
];

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Slot(Slot),
}

/// A text cut at its slots.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (piece, after) = brace(&rest[at..])?;
            match piece {
                Brace::Meant(sign) => literal.push(sign),
                Brace::Slot(slot) => {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    pieces.push(Piece::Slot(slot));
                }
            }
            rest = after;
        }
        literal.push_str(rest);
        pieces.push(Piece::Text(literal));
        Ok(Template { pieces })
    }
}

enum Brace {
    Meant(char),
    Slot(Slot),
}

/// What the brace at the start of the text means, and the text after it.
fn brace(text: &str) -> Result<(Brace, &str), String> {
    if let Some(after) = text.strip_prefix("{{") {
        return Ok((Brace::Meant('{'), after));
    }
    if let Some(after) = text.strip_prefix("}}") {
        return Ok((Brace::Meant('}'), after));
    }
    let (name, after) = text
        .strip_prefix('{')
        .and_then(|inner| inner.split_once('}'))
        .ok_or_else(|| format!("a single brace at {text:?}"))?;
    let slot = SLOTS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("no slot is called {name:?}"))?;
    Ok((Brace::Slot(slot.1), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn a_text_is_cut_at_its_slots_and_doubled_braces_are_meant() {
        let template = Template::try_from("{{\"id\": \"{order}\"}}".to_owned());
        let expected = vec![text("{\"id\": \""), Piece::Slot(Slot::Order), text("\"}")];
        assert_eq!(template, Ok(Template { pieces: expected }));
    }

    #[test]
    fn unknown_slots_and_single_braces_are_errors() {
        for wrong in ["{ordre}", "{order", "order}", "{}"] {
            assert!(Template::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
