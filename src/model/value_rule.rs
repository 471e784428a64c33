//! Rules that an admin of a portal made for values of a property.

use serde::{Deserialize, Serialize};

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueRule {
    /// HubSpot's `ruleType`, such as `MAX_LENGTH`.
    pub kind: String,
    /// What it asks for, such as `40`.
    pub arguments: Vec<String>,
    /// Whether the portal brings values into form before it looks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normalises: bool,
}

impl ValueRule {
    /// For people: `MAX_LENGTH 40`.
    pub fn words(&self) -> String {
        match self.arguments.is_empty() {
            true => self.kind.clone(),
            false => format!("{} {}", self.kind, self.arguments.join(", ")),
        }
    }
}
