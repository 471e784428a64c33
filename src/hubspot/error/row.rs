//! What an error means for the record that it is about. HubSpot's words for it are here,
//! and nowhere else: other modules use the kind.

use crate::hubspot::records::{ApiError, PropertyProblem};

/// Codes about a property itself, whatever its value.
const PROPERTY_CODES: [&str; 2] = ["PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"];
const COLLISION: &str = "CONFLICTING_UNIQUE_VALUE";

/// What an error means for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowErrorKind<'a> {
    /// The portal does not accept this property at all.
    Property(&'a PropertyProblem),
    /// Rate, a lock or an internal error of the portal: temporary.
    Passing,
    /// There is no such record.
    Missing,
    /// A unique value of it is another record's.
    Collision,
    /// It can't be written as it is.
    Refused,
}

impl ApiError {
    /// What the error says of the record that it is about.
    pub fn kind(&self) -> RowErrorKind<'_> {
        let about_property =
            |problem: &&PropertyProblem| PROPERTY_CODES.contains(&problem.code.as_str());
        if let Some(problem) = self.problems.iter().find(about_property) {
            return RowErrorKind::Property(problem);
        }
        if self.is_passing() {
            return RowErrorKind::Passing;
        }
        if self.is_missing() {
            return RowErrorKind::Missing;
        }
        let names_one = self.problems.iter().any(PropertyProblem::is_collision);
        match names_one || self.category == "CONFLICT" || self.status == 409 {
            true => RowErrorKind::Collision,
            false => RowErrorKind::Refused,
        }
    }

    /// Whether there is no such record.
    pub fn is_missing(&self) -> bool {
        self.category == "OBJECT_NOT_FOUND" || self.status == 404
    }

    /// Whether the same call may succeed in a while.
    pub fn is_passing(&self) -> bool {
        matches!(self.status, 423 | 429 | 477 | 500..)
            || matches!(self.category.as_str(), "RATE_LIMITS" | "INTERNAL_ERROR")
    }

    /// Whether the value that another record holds may be of this property: the error names
    /// it, or none.
    pub fn may_collide_on(&self, property: &str) -> bool {
        let named = self.problems.iter().filter(|one| one.is_collision());
        let mut named = named.map(|one| one.property.as_str()).peekable();
        named.peek().is_none() || named.any(|name| name.is_empty() || name == property)
    }

    /// A word for the error that people can look up.
    pub fn code(&self) -> String {
        match self.category.as_str() {
            "" => format!("STATUS_{}", self.status),
            category => category.to_owned(),
        }
    }
}

impl PropertyProblem {
    /// Whether the value is another record's.
    pub fn is_collision(&self) -> bool {
        self.code == COLLISION
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, category: &str, problems: &[(&str, &str)]) -> ApiError {
        let problem = |(code, property): &(&str, &str)| PropertyProblem {
            code: (*code).to_owned(),
            property: (*property).to_owned(),
            message: String::new(),
            value: None,
        };
        ApiError {
            status,
            category: category.to_owned(),
            problems: problems.iter().map(problem).collect(),
            ..ApiError::default()
        }
    }

    #[test]
    fn what_is_said_of_a_record_is_told_by_status_category_and_codes() {
        let kind = |status, category, problems: &[(&str, &str)]| {
            let error = error(status, category, problems);
            match error.kind() {
                RowErrorKind::Property(problem) => problem.property.clone(),
                other => format!("{other:?}"),
            }
        };
        for (status, category, problems, expected) in [
            (400, "VALIDATION_ERROR", &[][..], "Refused"),
            (
                400,
                "VALIDATION_ERROR",
                &[("INVALID_OPTION", "p")],
                "Refused",
            ),
            (400, "VALIDATION_ERROR", &[("READ_ONLY_VALUE", "p")], "p"),
            (207, "", &[("PROPERTY_DOESNT_EXIST", "q")], "q"),
            (400, "VALIDATION_ERROR", &[(COLLISION, "p")], "Collision"),
            (409, "", &[], "Collision"),
            (207, "CONFLICT", &[], "Collision"),
            (404, "", &[], "Missing"),
            (207, "OBJECT_NOT_FOUND", &[], "Missing"),
            (423, "", &[], "Passing"),
            (429, "", &[], "Passing"),
            (503, "", &[], "Passing"),
            (207, "RATE_LIMITS", &[], "Passing"),
            (207, "INTERNAL_ERROR", &[], "Passing"),
        ] {
            assert_eq!(
                kind(status, category, problems),
                expected,
                "{status} {category}"
            );
        }
    }

    #[test]
    fn a_collision_may_be_on_what_it_names_or_on_anything() {
        for (problems, expected) in [
            (&[][..], true),
            (&[("INVALID_OPTION", "p")], true),
            (&[(COLLISION, "")], true),
            (&[(COLLISION, "key")], true),
            (&[(COLLISION, "p")], false),
            (&[(COLLISION, "p"), (COLLISION, "key")], true),
        ] {
            let error = error(409, "CONFLICT", problems);
            assert_eq!(error.may_collide_on("key"), expected, "{problems:?}");
        }
    }
}
