//! The conversion that a property's type calls for.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::converted::Converted;
use crate::mapping::convert::boolean::boolean;
use crate::mapping::convert::{Choices, DateRule, NumberStyle, OwnerRule, Pipelines, TextRule};
use crate::model::issue::Reason;
use crate::model::ticket::Remark;

/// What a conversion may need to know of its row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowFacts<'r> {
    /// Position of the row's pipeline, for its stage.
    pub(crate) pipeline: Option<usize>,
    /// The zone that the row itself gives for its times.
    pub(crate) zone: Option<&'r TimeZone>,
}

/// How the text of one property is turned into what is sent. The text is trimmed if the
/// entry says so, and never blank.
#[derive(Clone, Debug)]
pub(crate) enum Conversion {
    /// Any text, within the limit.
    Text(TextRule),
    /// Passed on unchanged: options that the schema does not list.
    Unchecked,
    /// Canonical decimal text; the style, and whether the mapping states it.
    Number(NumberStyle, bool),
    /// `true` or `false`.
    Bool,
    /// A calendar day or an instant.
    Date(DateRule),
    /// The internal value of an option.
    Option(Arc<Choices>),
    /// The id of an owner.
    Owner(OwnerRule),
    /// The id of a pipeline.
    Pipeline(Arc<Pipelines>),
    /// The id of a stage of the row's pipeline.
    Stage(Arc<Pipelines>),
}

impl Conversion {
    /// Converts a text of a row.
    #[inline]
    pub(crate) fn convert(&self, text: &str, facts: RowFacts<'_>) -> Result<Converted, Reason> {
        match self {
            Conversion::Text(rule) => rule.convert(text),
            Conversion::Unchecked => Ok(Converted::plain(text)),
            Conversion::Number(style, is_stated) => style.convert(text).map(|number| {
                let is_open = !is_stated && NumberStyle::is_open(text);
                Converted::remarked(number, is_open.then_some(Remark::OpenNumber))
            }),
            Conversion::Bool => boolean(text).map(Converted::plain),
            Conversion::Date(rule) => rule.convert(text, facts.zone),
            Conversion::Option(choices) => choices.option(text).map(Converted::plain),
            Conversion::Owner(rule) => rule.convert(text),
            Conversion::Pipeline(pipelines) => pipelines.pipeline(text).map(Converted::plain),
            Conversion::Stage(pipelines) => {
                pipelines.stage(text, facts.pipeline).map(Converted::plain)
            }
        }
    }

    /// The portal's value most similar to a text; none if a property accepts anything.
    pub(crate) fn nearest(&self, text: &str) -> Option<String> {
        match self {
            Conversion::Option(choices) => choices.nearest(text),
            Conversion::Owner(rule) => rule.owners.nearest(text),
            Conversion::Pipeline(pipelines) => pipelines.nearest(text),
            Conversion::Stage(pipelines) => pipelines.nearest_stage(text),
            Conversion::Text(_)
            | Conversion::Unchecked
            | Conversion::Number(..)
            | Conversion::Bool
            | Conversion::Date(_) => None,
        }
    }

    /// Converts a text from the mapping itself. There, numbers and dates are first read
    /// in their plain form, whatever the file's own forms are.
    pub(crate) fn constant(
        &self,
        text: &str,
        pipeline: Option<usize>,
    ) -> Result<Converted, Reason> {
        let facts = RowFacts {
            pipeline,
            zone: None,
        };
        match self {
            Conversion::Number(style, _) => NumberStyle::default()
                .convert(text)
                .or_else(|_| style.convert(text))
                .map(Converted::plain),
            Conversion::Date(rule) => rule
                .plain()
                .convert(text, None)
                .or_else(|_| rule.convert(text, None)),
            Conversion::Owner(rule) => rule.strict().convert(text),
            other => other.convert(text, facts),
        }
    }
}
