//! The language as a JSON Schema, for editors that complete and check TOML. The parser
//! checks more (what fits together, what fits the portal); everything that the schema
//! says the parser says too, as the test below checks.

/// The JSON Schema of mapping files.
pub const JSON_SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
mod tests;
