//! The language as a JSON Schema, for editors that complete and check TOML. The parser
//! knows more (what fits together, what fits the portal); what the schema says, the
//! parser says too, and the test below holds them together.

/// The JSON Schema of mapping files.
pub const JSON_SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
mod tests;
