//! Values in the mapping itself: constants, defaults, fallbacks and the right-hand
//! sides of maps, converted once.

use std::borrow::Cow;

use crate::mapping::compile::document::{Compiler, RowPipeline};
use crate::mapping::compile::entry::SEVERAL;
use crate::mapping::convert::Conversion;
use crate::mapping::errors::{Problem, Reported};
use crate::mapping::syntax::{At, EntrySpec, MapLine, MapSpec, Otherwise};
use crate::mapping::value_map::{Fixed, Unmapped, ValueMap};
use crate::model::issue::Reason;
use crate::model::schema::ValueType;

impl Compiler<'_> {
    /// A value of the mapping, ready to be sent; none when it was reported.
    pub(crate) fn fixed(
        &self,
        conversion: &Conversion,
        value_type: ValueType,
        text: &At<String>,
    ) -> Option<Fixed> {
        if text.value.trim().is_empty() {
            return Some(Fixed::Ready(None));
        }
        match (value_type, self.row_pipeline) {
            (ValueType::Stage, RowPipeline::Varies | RowPipeline::Faulty) => {
                let known = self.pipelines.any_stage(&text.value);
                self.reported(text, known)?;
                Some(Fixed::Stage(text.value.clone()))
            }
            (ValueType::MultiEnumeration, _) => {
                let parts = text.value.split(SEVERAL).map(str::trim);
                let parts = parts.filter(|part| !part.is_empty()).map(|part| {
                    self.constant(conversion, &At::new(part.to_owned(), text.span.clone()))
                });
                let values: Vec<Option<String>> = parts.collect::<Result<_, Reported>>().ok()?;
                let values: Vec<String> = values.into_iter().flatten().collect();
                Some(Fixed::Ready(Some(values.join(SEVERAL))))
            }
            _ => self.constant(conversion, text).ok().map(Fixed::Ready),
        }
    }

    /// One value of the mapping, converted.
    pub(crate) fn constant(
        &self,
        conversion: &Conversion,
        text: &At<String>,
    ) -> Result<Option<String>, Reported> {
        let pipeline = match self.row_pipeline {
            RowPipeline::Always(idx) => Some(idx),
            RowPipeline::Varies | RowPipeline::Unknown | RowPipeline::Faulty => None,
        };
        let converted = conversion.constant(text.value.trim(), pipeline);
        let converted = self.reported(text, converted).ok_or(Reported)?;
        Ok(converted.value)
    }

    fn reported<T>(&self, text: &At<String>, result: Result<T, Reason>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(reason) => {
                let message = format!("`{}`: {}", text.value, reason.sentence());
                self.problems
                    .report(Problem::new(&text.span, message).help(reason.advice()));
                None
            }
        }
    }

    /// The value map of an entry: none if it has none, or if something was reported.
    pub(crate) fn value_map(
        &self,
        spec: &EntrySpec,
        conversion: &Conversion,
        value_type: ValueType,
    ) -> Option<ValueMap> {
        let written = spec.map.as_ref()?;
        let unmapped = match spec.unmapped.as_ref().map(|at| (&at.value, &at.span)) {
            None | Some((Otherwise::Refuse, _)) => Unmapped::Refuse,
            Some((Otherwise::Keep, _)) => Unmapped::Keep,
            Some((Otherwise::Blank, _)) => Unmapped::Blank,
            Some((Otherwise::Value(text), span)) => {
                let text = At::new(text.clone(), span.clone());
                Unmapped::Fallback(self.fixed(conversion, value_type, &text)?)
            }
        };
        let mut map = ValueMap::new(spec.exact, unmapped);
        for line in self.map_lines(written).iter() {
            let Some(to) = self.fixed(conversion, value_type, &line.to) else {
                continue;
            };
            if !map.insert(&line.from.value, line.to.value.trim(), to) {
                let message = format!("the map has `{}` twice", line.from.value);
                self.problems.report(
                    Problem::new(&line.from.span, message)
                        .help("case and blanks around do not matter unless `exact = true`"),
                );
            }
        }
        Some(map)
    }

    /// The lines of a map. Lines of a file have the place where the mapping names the file.
    fn map_lines<'m>(&self, map: &'m At<MapSpec>) -> Cow<'m, [MapLine]> {
        match &map.value {
            MapSpec::Lines(lines) => Cow::Borrowed(lines),
            MapSpec::File(table) => {
                let lines = self.tables.lines(table).iter().map(|line| MapLine {
                    from: At::new(line.from.clone(), map.span.clone()),
                    to: At::new(line.to.clone(), map.span.clone()),
                });
                Cow::Owned(lines.collect())
            }
        }
    }
}
