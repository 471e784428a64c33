//! What people type, what they are asked and told, and where it is written.

mod mistakes; // what people get wrong, a row each, and what they are told
mod asked; // what is asked, and which portal is named first
mod outputs; // where commands write: one rule for every file, and stdout that must arrive
mod terminal; // in a pseudo terminal: nothing that is shown commands it
