//! The project itself: what its pages promise, and how its house is built.

mod readme; // every command of the README
mod book; // chapters of the book: their commands, links, mappings and tables
mod guide; // every promise of HubSpot's guide for tickets
mod citations; // rules and sections that comments cite are in docs
mod layers; // who may know whom, and which crate lives where
