//! tickethaul hauls help-desk tickets into and out of HubSpot in bulk.
//!
//! import: read → map → plan → batch → send → settle;
//! export: page → project → write.

pub mod error;
pub mod hubspot;
pub mod import;
pub mod journal;
pub mod model;
