//! Pipelines and their stages by label or id. Labels of stages repeat between
//! pipelines, so a stage is only ever looked up inside the row's pipeline.

use crate::mapping::convert::choice::{Choices, Miss};
use crate::mapping::nearest::nearest;
use crate::model::issue::Reason;
use crate::model::schema::Pipeline;

/// HubSpot: the pipeline of tickets that name none.
const DEFAULT: &str = "0";

/// The pipelines of a portal, ready to be looked up.
#[derive(Clone, Debug)]
pub(crate) struct Pipelines {
    choices: Choices,
    stages: Vec<Choices>,
}

impl Pipelines {
    /// Indexes the pipelines of a portal.
    pub(crate) fn new(pipelines: &[Pipeline]) -> Pipelines {
        let stages = pipelines.iter().map(|pipeline| {
            let stages = pipeline.stages.iter();
            Choices::new(stages.map(|stage| (stage.id.as_str(), stage.label.as_str())))
        });
        Pipelines {
            choices: Choices::new(
                pipelines
                    .iter()
                    .map(|pipeline| (pipeline.id.as_str(), pipeline.label.as_str())),
            ),
            stages: stages.collect(),
        }
    }

    /// The id of a pipeline.
    pub(crate) fn pipeline(&self, text: &str) -> Result<&str, Reason> {
        match self.choices.find(text) {
            Ok(idx) => Ok(self.choices.value(idx)),
            Err(Miss::Several(all)) => Err(self.choices.ambiguous(&all)),
            Err(Miss::Unknown) => Err(Reason::UnknownPipeline {
                accepted: self.choices.labels().to_vec(),
                nearest: self.choices.nearest(text),
            }),
        }
    }

    /// Position of a pipeline by its id.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.choices.find(id).ok()
    }

    /// Position of the pipeline that tickets without one get: the default one, else
    /// the first.
    pub(crate) fn default_position(&self) -> Option<usize> {
        self.position(DEFAULT)
            .or((!self.stages.is_empty()).then_some(0))
    }

    /// The id of a stage in the pipeline at that position; if the row's pipeline is not
    /// known, in any of them.
    pub(crate) fn stage(&self, text: &str, pipeline: Option<usize>) -> Result<&str, Reason> {
        let Some((idx, stages)) = pipeline.and_then(|idx| Some((idx, self.stages.get(idx)?)))
        else {
            return self.stage_anywhere(text);
        };
        match stages.find(text) {
            Ok(stage) => Ok(stages.value(stage)),
            Err(Miss::Several(all)) => Err(stages.ambiguous(&all)),
            Err(Miss::Unknown) => Err(self.no_stage(self.choices.label(idx), text, stages)),
        }
    }

    /// A stage of any pipeline. HubSpot's ids of stages are unique; a label counts if
    /// only one stage has it.
    fn stage_anywhere(&self, text: &str) -> Result<&str, Reason> {
        let found = self.stages.iter().filter_map(|stages| {
            let idx = stages.find(text).ok()?;
            Some(stages.value(idx))
        });
        let found: Vec<&str> = found.collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(self.stage_nowhere(text)),
            several => match several.iter().find(|id| **id == text) {
                Some(id) => Ok(id),
                None => Err(Reason::AmbiguousOption {
                    values: several.iter().map(|id| (*id).to_owned()).collect(),
                }),
            },
        }
    }

    /// Checks a stage for rows of any pipeline: at least one pipeline must have it.
    pub(crate) fn any_stage(&self, text: &str) -> Result<(), Reason> {
        let positions = 0..self.stages.len();
        if positions
            .clone()
            .any(|idx| self.stage(text, Some(idx)).is_ok())
        {
            return Ok(());
        }
        match self.default_position() {
            Some(idx) => self.stage(text, Some(idx)).map(|_| ()),
            None => Err(self.stage_nowhere(text)),
        }
    }

    /// The pipeline most similar to a text.
    pub(crate) fn nearest(&self, text: &str) -> Option<String> {
        self.choices.nearest(text)
    }

    /// The stage of any pipeline most similar to a text.
    pub(crate) fn nearest_stage(&self, text: &str) -> Option<String> {
        let labels = self.stages.iter().flat_map(Choices::labels);
        nearest(text, labels.map(String::as_str)).map(str::to_owned)
    }

    fn stage_nowhere(&self, text: &str) -> Reason {
        let mut accepted: Vec<String> = Vec::new();
        for label in self.stages.iter().flat_map(Choices::labels) {
            if !accepted.contains(label) {
                accepted.push(label.clone());
            }
        }
        Reason::UnknownStage {
            pipeline: String::new(),
            nearest: self.nearest_stage(text),
            accepted,
        }
    }

    fn no_stage(&self, pipeline: &str, text: &str, stages: &Choices) -> Reason {
        Reason::UnknownStage {
            pipeline: pipeline.to_owned(),
            accepted: stages.labels().to_vec(),
            nearest: stages.nearest(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::Stage;

    fn pipeline(id: &str, label: &str, stages: &[(&str, &str)]) -> Pipeline {
        let stage = |(id, label): &(&str, &str)| Stage {
            id: (*id).to_owned(),
            label: (*label).to_owned(),
            closed: false,
        };
        Pipeline {
            id: id.to_owned(),
            label: label.to_owned(),
            stages: stages.iter().map(stage).collect(),
        }
    }

    fn pipelines() -> Pipelines {
        Pipelines::new(&[
            pipeline("77", "Returns", &[("901", "New"), ("902", "Received")]),
            pipeline("0", "Support Pipeline", &[("1", "New"), ("4", "Closed")]),
        ])
    }

    #[test]
    fn a_stage_is_looked_up_inside_its_pipeline() {
        let pipelines = pipelines();
        assert_eq!(pipelines.default_position(), Some(1));
        assert_eq!(pipelines.pipeline("support pipeline"), Ok("0"));
        let returns = pipelines.position("77");
        assert_eq!(pipelines.stage("New", returns), Ok("901"));
        assert_eq!(pipelines.stage("new", Some(1)), Ok("1"));
        assert_eq!(pipelines.stage("4", Some(1)), Ok("4"));
        assert_eq!(
            pipelines.stage("Closd", Some(1)),
            Err(Reason::UnknownStage {
                pipeline: "Support Pipeline".to_owned(),
                accepted: vec!["New".to_owned(), "Closed".to_owned()],
                nearest: Some("Closed".to_owned()),
            })
        );
        assert!(pipelines.stage("Received", Some(1)).is_err());
    }

    #[test]
    fn without_a_pipeline_ids_and_labels_of_one_stage_are_found() {
        let pipelines = pipelines();
        assert_eq!(pipelines.stage("902", None), Ok("902"));
        assert_eq!(pipelines.stage("closed", None), Ok("4"));
        let values = vec!["901".to_owned(), "1".to_owned()];
        assert_eq!(
            pipelines.stage("New", None),
            Err(Reason::AmbiguousOption { values })
        );
        let Err(Reason::UnknownStage {
            nearest, accepted, ..
        }) = pipelines.stage("Clsed", None)
        else {
            panic!("no stage is called so");
        };
        assert_eq!(nearest.as_deref(), Some("Closed"));
        assert_eq!(accepted, ["New", "Received", "Closed"]);
    }

    #[test]
    fn a_stage_for_any_pipeline_needs_one_that_has_it() {
        assert_eq!(pipelines().any_stage("Received"), Ok(()));
        assert!(matches!(
            pipelines().any_stage("Gone"),
            Err(Reason::UnknownStage { .. })
        ));
        assert!(Pipelines::new(&[]).any_stage("New").is_err());
    }
}
