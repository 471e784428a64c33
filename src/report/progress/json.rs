//! Progress for programs: one JSON object per line, versioned. Fields may be added, never changed.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::line::Timing;
use super::snapshot::Snapshot;
use crate::model::visible::safe_json;
use crate::report::age::now_stamp;

/// A message in between, as a line: a `notice`, an `error`.
pub fn note_line(event: &str, text: &str, more: Map<String, Value>) -> String {
    let mut fields = Map::from_iter([("text".to_owned(), json!(text))]);
    fields.extend(more);
    event_line(event, fields)
}

/// An event as a line.
pub(super) fn event_line(event: &str, fields: Map<String, Value>) -> String {
    let mut line = Map::new();
    let _version = line.insert("v".to_owned(), json!(1));
    let _event = line.insert("event".to_owned(), json!(event));
    let _time = line.insert("time".to_owned(), json!(now_stamp()));
    line.extend(fields);
    safe_json(&Value::Object(line).to_string()).into_owned()
}

/// How far work is, as a line.
pub(super) fn progress_line(snapshot: &Snapshot, timing: &Timing) -> String {
    let hold = timing.hold.map(|hold| {
        let word = hold.cause.word();
        json!({"for": word, "seconds": tenths(hold.time)})
    });
    let mut fields = Map::from_iter([
        ("phase".to_owned(), json!(snapshot.phase)),
        ("unit".to_owned(), json!(snapshot.unit)),
        ("done".to_owned(), json!(snapshot.done)),
        ("total".to_owned(), json!(snapshot.total)),
        (
            "share".to_owned(),
            json!(snapshot.share().map(|share| rounded(share, 10_000.0))),
        ),
        ("seconds".to_owned(), json!(tenths(timing.passed))),
        (
            "rate".to_owned(),
            json!(timing.rate.map(|rate| rounded(rate, 10.0))),
        ),
        ("seconds_left".to_owned(), json!(timing.left.map(tenths))),
        ("waits".to_owned(), json!(hold)),
    ]);
    fields.extend(snapshot.more.clone());
    event_line("progress", fields)
}

fn tenths(time: Duration) -> f64 {
    rounded(time.as_secs_f64(), 10.0)
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pace::{Cause, Hold};

    #[test]
    fn a_line_has_time_rate_and_what_is_waited_for() {
        let snapshot = Snapshot {
            more: Map::from_iter([("rows".to_owned(), json!({"done": 50}))]),
            ..Snapshot::new("importing", "row", Some(200)).at(50)
        };
        let timing = Timing {
            passed: Duration::from_millis(12_340),
            rate: Some(4.04),
            left: Some(Duration::from_secs(36)),
            hold: Some(Hold {
                cause: Cause::Limit,
                time: Duration::from_secs(4),
            }),
        };
        let line: Value = serde_json::from_str(&progress_line(&snapshot, &timing)).expect("JSON");
        let time = line["time"].as_str().unwrap_or_default();
        assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
        for (field, expected) in [
            ("event", json!("progress")),
            ("share", json!(0.25)),
            ("seconds", json!(12.3)),
            ("rate", json!(4.0)),
            ("seconds_left", json!(36.0)),
            ("waits", json!({"for": "limit", "seconds": 4.0})),
            ("rows", json!({"done": 50})),
        ] {
            assert_eq!(line[field], expected, "{field}");
        }
        let line = progress_line(&snapshot, &Timing::default());
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert!(
            line["rate"].is_null() && line["seconds_left"].is_null() && line["waits"].is_null()
        );
    }
}
