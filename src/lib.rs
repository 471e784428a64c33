//! tickethaul hauls help-desk tickets into and out of HubSpot in bulk.
//!
//! import: read → map → plan → batch → send → settle;
//! export: page → project → write.

pub mod hubspot;
pub mod model;
pub mod sandbox;
