//! The value file that a check proposes: the lines of each value map that has gaps, and
//! every text without a counterpart, to be filled in. A mapping can use it at once by
//! `map = { file = "…" }`: lines with a blank `to` are ignored.

use std::io;

use crate::mapping::CompiledMapping;
use crate::model::check::UnmappedColumn;
use crate::model::issue::excerpt;
use crate::output::Writer;

/// The columns; a mapping reads `property`, `from` and `to`.
const COLUMNS: [&str; 6] = ["property", "from", "to", "suggestion", "count", "column"];

/// Writes a value file. Returns the number of lines to fill in.
pub fn write_values(
    to: Writer,
    unmapped: &[UnmappedColumn],
    mapping: &CompiledMapping,
) -> io::Result<u64> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(COLUMNS)?;
    let mut lines = 0;
    let mut last = "";
    for column in unmapped {
        let property = column.property.as_str();
        if property != last {
            for line in mapping.value_lines(property) {
                writer.write_record([property, line.from, line.to, "", "", ""])?;
            }
        }
        last = property;
        for value in column.values.iter().filter(|value| is_whole(&value.text)) {
            lines += 1;
            writer.write_record([
                property,
                &value.text,
                "",
                value.suggestion.as_deref().unwrap_or_default(),
                &value.count.to_string(),
                &column.column,
            ])?;
        }
    }
    let to = writer.into_inner().map_err(|error| error.into_error())?;
    to.finish()?;
    Ok(lines)
}

/// A text that was shortened for messages would match nothing.
fn is_whole(text: &str) -> bool {
    let shortened = text.strip_suffix('…');
    shortened.is_none_or(|start| excerpt(&format!("{start}xx")) != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_texts_are_told_from_whole_ones() {
        assert!(is_whole("open"));
        assert!(is_whole("and so on…"));
        assert!(is_whole(&"x".repeat(200)));
        assert!(!is_whole(&excerpt(&"x".repeat(300))));
    }
}
