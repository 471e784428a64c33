//! The summary of a run as JSON: for summary.json and for `--json`. Versioned:
//! fields may be added, never changed.

use serde_json::json;

use crate::model::event::{Stop, Summary};
use crate::model::outcome::Fate;

/// The summary as JSON: for summary.json and for `--json`.
pub fn summary_json(summary: &Summary) -> serde_json::Value {
    let rows: serde_json::Map<String, serde_json::Value> = Fate::ALL
        .into_iter()
        .map(|fate| (fate.word().to_owned(), json!(summary.tally.of(fate))))
        .collect();
    let changes: serde_json::Map<String, serde_json::Value> = summary
        .changes
        .iter()
        .map(|(change, rows)| (change.word().to_owned(), json!(rows)))
        .collect();
    let refusals: Vec<_> = summary
        .refusals
        .iter()
        .map(|group| json!({"code": group.code, "rows": group.rows, "example": group.example}))
        .collect();
    let remarks: Vec<_> = summary
        .remarks
        .iter()
        .map(|(remark, count)| json!({"what": remark.words(), "count": count}))
        .collect();
    let stop = summary.stop.as_ref().map(|stop| {
        let kind = match stop {
            Stop::Later(_) => "later",
            Stop::Mend(_) => "mend",
            Stop::TooManyRefused(_) => "too many refused",
        };
        json!({"kind": kind, "why": stop.words()})
    });
    json!({
        "version": 1,
        "run": summary.run,
        "folder": summary.folder.display().to_string(),
        "operation": summary.operation,
        "portal": summary.portal_id,
        "read": summary.tally.read(),
        "rows": rows,
        "changes": changes,
        "settled_before": summary.settled_before,
        "refusals": refusals,
        "remarks": remarks,
        "spared": summary.spared.map(|spared| json!({"rows": spared.rows, "calls": spared.calls})),
        "contacts_created": summary.contacts_created,
        "calls": summary.calls,
        "seconds": summary.elapsed.as_secs_f64(),
        "limited": summary.limited,
        "stopped": stop,
    })
}
