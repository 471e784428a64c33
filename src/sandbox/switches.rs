//! The switches: what nobody can know about a live portal without having one, as
//! named choices. One line of the table below is one row of the contract's list
//! of unknowns; the first value of a line is what the portal does by itself.

use std::collections::BTreeSet;
use std::str::FromStr;

use thiserror::Error;

/// Makes the choices, the set of them, and the reader of `NAME=VALUE` out of one
/// table, so that a new switch is one new line.
macro_rules! switches {
    ($( $row:literal $name:ident: $choice:ident {
        $default:ident = $first:literal $(, $variant:ident = $word:literal)* $(,)?
    } )+) => {
        $(
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub(super) enum $choice { #[default] $default, $($variant),* }
        )+

        /// How the portal behaves where the contract leaves it open.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Switches {
            $( pub(super) $name: $choice, )+
            /// Properties whose values are taken and silently not stored.
            pub(super) not_kept: BTreeSet<String>,
        }

        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(non_camel_case_types, reason = "the variants are the names that users type")]
        enum Setting { $( $name($choice), )+ not_kept(BTreeSet<String>) }

        impl Switches {
            /// Every switch: its row in the contract's list of unknowns (0 for our
            /// own), its name, and its values, default first.
            pub const TABLE: &[(u8, &str, &[&str])] = &[
                $( ($row, stringify!($name), &[$first $(, $word)*]), )+
                (0, "not_kept", &["none", "PROPERTY,PROPERTY…"]),
            ];

            /// Turns one switch.
            pub fn set(&mut self, switch: Switch) {
                match switch.0 {
                    $( Setting::$name(choice) => self.$name = choice, )+
                    Setting::not_kept(names) => self.not_kept = names,
                }
            }
        }

        fn setting(name: &str, value: &str) -> Option<Setting> {
            match (name, value) {
                $(
                    (stringify!($name), $first) => Some(Setting::$name($choice::$default)),
                    $( (stringify!($name), $word) => Some(Setting::$name($choice::$variant)), )*
                )+
                ("not_kept", "none") => Some(Setting::not_kept(BTreeSet::new())),
                ("not_kept", names) => property_names(names).map(Setting::not_kept),
                _ => None,
            }
        }
    };
}

switches! {
    1 createdate_writable: CreatedateWritable { Always = "create+update", OnCreate = "create", Never = "no" }
    8 result_order: ResultOrder { Shuffled = "shuffled", Input = "input", Reversed = "reversed", ById = "by-id" }
    9 echo_trace_id: EchoTraceId { No = "no", Yes = "yes" }
    10 partial_success: PartialSuccess { PerRow = "207", Whole = "400" }
    13 unique_collision: UniqueCollision { Invalid = "400", Conflict = "409" }
    14 archived_holds_unique: ArchivedHoldsUnique { Free = "free", Blocks = "blocks" }
}

/// One switch, turned: read from `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch(Setting);

/// A switch that could not be read; the message lists what can be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SwitchError {
    /// There is no `=` in it.
    #[error("`{0}` is not a switch: expected NAME=VALUE, with NAME one of {names}", names = names())]
    Form(String),
    /// No switch has this name.
    #[error("no switch is called `{0}`; there are {names}", names = names())]
    Name(String),
    /// The switch does not take this value.
    #[error("`{value}` is not a value of the switch `{name}`; it takes {accepted}")]
    Value {
        /// The switch.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it takes, default first.
        accepted: String,
    },
}

impl FromStr for Switch {
    type Err = SwitchError;

    fn from_str(text: &str) -> Result<Switch, SwitchError> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| SwitchError::Form(text.to_owned()))?;
        let known = Switches::TABLE.iter().find(|(_, known, _)| *known == name);
        let (_, name, values) = known.ok_or_else(|| SwitchError::Name(name.to_owned()))?;
        setting(name, value)
            .map(Switch)
            .ok_or_else(|| SwitchError::Value {
                name,
                value: value.to_owned(),
                accepted: values.join(" | "),
            })
    }
}

impl FromIterator<Switch> for Switches {
    fn from_iter<I: IntoIterator<Item = Switch>>(turned: I) -> Switches {
        let mut switches = Switches::default();
        turned.into_iter().for_each(|switch| switches.set(switch));
        switches
    }
}

fn property_names(list: &str) -> Option<BTreeSet<String>> {
    let names: BTreeSet<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    (!names.iter().any(String::is_empty)).then_some(names)
}

fn names() -> String {
    let names: Vec<&str> = Switches::TABLE.iter().map(|(_, name, _)| *name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_the_table_is_read_and_the_first_is_the_default() {
        for (_, name, values) in Switches::TABLE {
            for (place, value) in values.iter().enumerate() {
                let switch: Switch = format!("{name}={value}").parse().expect(name);
                let turned: Switches = [switch].into_iter().collect();
                assert_eq!(turned == Switches::default(), place == 0, "{name}={value}");
            }
        }
    }

    #[test]
    fn later_switches_win() {
        let turned: Switches = ["result_order=input", "not_kept=a, b", "result_order=by-id"]
            .iter()
            .map(|text| text.parse::<Switch>().expect("a switch"))
            .collect();
        assert_eq!(turned.result_order, ResultOrder::ById);
        assert_eq!(turned.not_kept.len(), 2);
    }

    #[test]
    fn says_what_is_accepted() {
        for (text, part) in [
            ("createdate_writable", "expected NAME=VALUE"),
            ("colour=red", "there are createdate_writable, result_order"),
            (
                "result_order=backwards",
                "it takes shuffled | input | reversed | by-id",
            ),
            ("not_kept=a,,b", "it takes none | PROPERTY"),
        ] {
            let error = text.parse::<Switch>().expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
