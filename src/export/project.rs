//! `project`: a ticket becomes a record of the file. Pure.

use crate::hubspot::records::Record;

/// The first column of every export.
pub const ID_COLUMN: &str = "hs_object_id";

/// The columns of an export: the id, then the properties as asked for, each once.
pub fn columns(properties: &[String]) -> Vec<String> {
    let mut columns = vec![ID_COLUMN.to_owned()];
    for property in properties {
        if !columns.contains(property) {
            columns.push(property.clone());
        }
    }
    columns
}

/// The cells of one ticket; an unset property is an empty cell.
pub fn cells<'a>(record: &'a Record, columns: &'a [String]) -> impl Iterator<Item = &'a str> {
    columns.iter().map(|column| match column.as_str() {
        ID_COLUMN => record.id.as_str(),
        property => record.get(property).unwrap_or(""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_comes_first_and_once() {
        let asked = ["subject", "hs_object_id", "subject"].map(str::to_owned);
        let columns = columns(&asked);
        assert_eq!(columns, ["hs_object_id", "subject"]);
        let mut record = Record {
            id: "7".to_owned(),
            ..Record::default()
        };
        assert_eq!(cells(&record, &columns).collect::<Vec<_>>(), ["7", ""]);
        let _old = record
            .properties
            .insert("subject".to_owned(), "x".to_owned());
        assert_eq!(cells(&record, &columns).collect::<Vec<_>>(), ["7", "x"]);
    }
}
