//! The language as a JSON Schema, for editors that complete and check TOML. The parser checks more
//! (what fits together, what fits the portal), and everything that the schema checks, as the tests
//! below show.

/// The JSON Schema of mapping files.
pub const JSON_SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
mod tests;
