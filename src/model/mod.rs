//! Plain values that all modules share: where a row came from, what a ticket holds,
//! what the portal knows, how a row ended. No I/O, and nothing of ours is imported
//! here.
//!
//! ```
//! use tickethaul::model::compare::same_value;
//! use tickethaul::model::schema::ValueType;
//!
//! assert!(same_value(ValueType::Number, "1.50", Some("1.5")));
//! assert!(!same_value(ValueType::String, "1.50", Some("1.5")));
//! ```

pub mod count;
pub mod place;
pub mod invisible;
pub mod formula;
pub mod dialect;
pub mod row;
pub mod json;
pub mod object;
pub mod schema;
pub mod key;
pub mod link_by;
pub mod property_change;
pub mod record_id;
pub mod shelf;
pub mod plan;
pub mod ticket;
pub mod attachment;
pub mod note;
pub mod value_rule;
pub mod learned;
pub mod file_fault;
pub mod issue;
pub mod made_link;
pub mod outcome;
pub mod check;
pub mod run_report;
pub mod column_report;
pub mod export_report;
pub mod compare;
pub mod stop;
pub mod event;
pub mod pace;
pub mod visible;
pub mod shell;
pub mod window;
#[cfg(test)]
pub(crate) mod testing;
