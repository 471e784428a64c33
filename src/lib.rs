//! tickethaul hauls help-desk tickets into and out of HubSpot in bulk.
//!
//! ```text
//! import:  read → map → plan → batch → send → settle
//! export:  page → project → write
//! ```
//!
//! The library is [`import`] and [`export`], the two flows; [`mapping`], the language that
//! says what columns become; [`model`], the values that they share; and [`sandbox`], an
//! independent portal to rehearse on. The other modules are public for the program and its
//! tests only, and may change at any time: `cli` wires everything and is used by nobody;
//! `mapping`, `hubspot` and `journal` do not know each other.

pub mod import;
pub mod export;
pub mod mapping;
pub mod model;
pub mod sandbox;

#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod review;
#[doc(hidden)]
pub mod hubspot;
#[doc(hidden)]
pub mod journal;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod output;
#[doc(hidden)]
pub mod error;
