//! The mapping language: a TOML file that says how the columns of one system's
//! export become ticket properties, links and notes.
//!
//! text → `MappingFile` (parse) → `CompiledMapping` (compile, against the headers of an
//! input and the schema of a portal) → `Mapped` (map, once a row). Parsing and
//! compiling report all their problems at once, each with its place in the TOML. Run
//! backwards (`backwards`), a mapping says how values become the texts that it reads.
//! Everything here is pure computation on values of `model`: no portal, no clock, no
//! environment, and no files except the tables that a mapping names (`tables`).
//!
//! ```
//! use tickethaul::mapping::MappingFile;
//!
//! let text = r#"
//! version = 1
//! [key]
//! property = "old_id"
//! column = "Id"
//! [properties]
//! subject = "Title"
//! hs_pipeline_stage = { value = "New" }
//! "#;
//! let mapping = MappingFile::parse("tickets.toml", text).expect("a mapping");
//! assert_eq!(mapping.property_names(), ["old_id", "subject", "hs_pipeline_stage"]);
//!
//! assert!(MappingFile::parse("tickets.toml", "version = 2").is_err());
//! ```

mod static_checks;
mod backwards;
mod compile;
mod compiled;
mod fallback;
mod convert;
mod entry;
mod errors;
mod file;
mod header_index;
mod json_schema;
mod key;
mod link;
mod look_up;
mod nearest;
mod notes;
mod operation;
mod parse;
mod presets;
pub mod propose;
mod rewritten;
mod row_context;
mod syntax;
mod suggestions;
mod unmatched;
mod tables;
mod template;
mod template_names;
mod value_map;
mod way_back;

#[cfg(test)]
mod tests;

/// The text of a note's body, to be shown.
pub fn note_text(body: &str) -> String {
    notes::text_of(body)
}

pub use backwards::{BackColumn, Backwards};
pub use compiled::{CompiledMapping, Mapped, MappedProperty};
pub use errors::MappingProblem;
pub use fallback::Fallback;
pub use file::{Comments, MappingErrors, MappingFile};
pub use json_schema::JSON_SCHEMA;
pub use link::MappedLink;
pub use nearest::nearest;
pub use notes::{CommentColumns, CommentFile, LacksColumn};
pub use operation::For;
pub use presets::PRESETS;
pub use suggestions::ValueLine;
pub use syntax::Keep;
pub use unmatched::Unmatched;
pub use way_back::WayBack;
