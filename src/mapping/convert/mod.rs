//! Text → the text that the portal takes, one file a kind. All of it is pure: the
//! same text always gives the same value, remark or reason.

mod boolean;
mod choice;
mod date;
mod date_format;
mod email;
mod html;
mod html_depth;
mod number;
mod owner;
mod pipeline;
mod replace;
mod rule;
mod text;
mod zone;

pub(crate) use boolean::boolean;
pub(crate) use choice::Choices;
pub(crate) use date::DateRule;
pub(crate) use date_format::{DateFormat, ISO};
pub(crate) use email::email;
pub(crate) use html::plain_text;
pub(crate) use number::NumberStyle;
pub(crate) use owner::{Absent, OwnerRule, Owners};
pub(crate) use pipeline::Pipelines;
pub(crate) use replace::{LONGEST, replaced};
pub(crate) use rule::{Conversion, Converted, RowFacts};
pub(crate) use text::TextRule;
pub(crate) use zone::{ZONES, nearest_zone};
