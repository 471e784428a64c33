//! tickethaul hauls help-desk tickets into and out of HubSpot in bulk.
//!
//! ```text
//! import:  read → map → plan → batch → send → settle
//! export:  page → project → write
//! ```
//!
//! `cli` wires everything and is used by nobody; `import` and `export` are the two
//! flows; `mapping`, `hubspot` and `journal` do not know each other; `model` holds the
//! values they share; `sandbox` is an independent portal and shares nothing.

pub mod cli;
pub mod import;
pub mod export;
pub mod review;
pub mod mapping;
pub mod hubspot;
pub mod journal;
pub mod report;
pub mod model;
pub mod output;
pub mod error;
pub mod sandbox;
