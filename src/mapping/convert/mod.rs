//! Text → the text that the portal accepts, one file for each kind. All of it is pure:
//! the same text always gives the same value, remark or reason.

mod boolean;
mod choice;
mod date;
mod reading;
mod date_format;
mod email;
mod formats;
mod html;
mod html_depth;
mod month;
mod number;
mod owner;
mod pipeline;
mod replace;
mod rule;
mod converted;
mod serial;
mod text;
mod zone;

pub(crate) use boolean::boolean;
pub(crate) use choice::Choices;
pub(crate) use converted::Converted;
pub(crate) use date::{DateRule, is_zero_date};
pub(crate) use date_format::{DateFormat, ISO};
pub(crate) use email::email;
pub(crate) use formats::{KnownFormat, Order, known_formats};
pub(crate) use html::{has_markup, has_tags, is_too_deep, plain_text};
pub(crate) use number::{NumberStyle, STYLES};
pub(crate) use owner::{Absent, OwnerRule, Owners};
pub(crate) use pipeline::Pipelines;
pub(crate) use reading::{Reading, plain_reading};
pub(crate) use replace::{LONGEST, replaced};
pub(crate) use rule::{Conversion, RowFacts};
pub(crate) use serial::{SPREADSHEET, read_serial, written_serial};
pub(crate) use text::TextRule;
pub(crate) use zone::{ZONES, nearest_zone};
