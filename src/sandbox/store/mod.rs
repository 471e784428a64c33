//! The portal's storage: SQLite, in a file or in memory. One row per record with its values as JSON
//! text, side tables for unique values, associations, values that changed, versions that the search
//! index still shows, and ids that are gone. No rules live here: callers check first and write
//! inside a transaction.

mod definitions;
mod file_tables;
mod files;
mod gone;
mod history;
mod index;
mod links;
mod records;
mod state;
mod unique;
mod ids;

pub(super) use files::{StoredFile, StoredFolder};
pub(super) use history::Version;
pub(super) use index::{LateRecord, Slice};
pub(super) use records::Record;
pub(super) use state::{APPLICATION_ID, Store, StoreError};
pub(super) use unique::UniqueValue;
