//! The summary of a run as JSON: for summary.json and for `--json`. Versioned:
//! fields may be added, never changed.

use serde_json::json;

use crate::model::event::Summary;
use crate::model::outcome::Fate;
use crate::model::stop::Stop;
use crate::model::ticket::Remark;

/// Values of one remark that are listed; done.csv has them all.
const VALUES: usize = 100;

/// The summary as JSON: for summary.json and for `--json`.
pub fn summary_json(summary: &Summary) -> serde_json::Value {
    let rows: serde_json::Map<String, serde_json::Value> = Fate::ALL
        .into_iter()
        .map(|fate| (fate.word().to_owned(), json!(summary.tally.of(fate))))
        .collect();
    let changes = summary.changes.iter();
    let changes: serde_json::Map<String, serde_json::Value> = changes
        .map(|(change, rows)| (change.word().to_owned(), json!(rows)))
        .collect();
    let refusals = summary
        .refusals
        .iter()
        .map(|group| json!({"code": group.code, "rows": group.rows, "example": group.example}));
    let remarks = summary.remarks.iter();
    let remarks = remarks.map(|(remark, count)| remark_json(*remark, *count, summary));
    let remarks: Vec<_> = remarks.collect();
    json!({
        "version": 1,
        "run": summary.run,
        "folder": summary.folder.display().to_string(),
        "operation": summary.operation,
        "portal": summary.portal_id,
        "ticket_address": summary.ticket_address,
        "read": summary.tally.read(),
        "rows": rows,
        "changes": changes,
        "settled_before": summary.settled_before,
        "refusals": refusals.collect::<Vec<_>>(),
        "remarks": remarks,
        "spared": summary.spared.map(|spared| json!({"rows": spared.rows, "calls": spared.calls})),
        "contacts_created": summary.contacts_created,
        "notes": {"created": summary.notes_made, "there": summary.notes_there},
        "files": {"uploaded": summary.files_made, "bytes": summary.files_bytes, "there": summary.files_there},
        "comments_left_out": summary.comments_left,
        "calls": summary.calls,
        "seconds": summary.elapsed.as_secs_f64(),
        "limited": summary.limited,
        "stopped": summary.stop.as_ref().map(stop_json),
    })
}

fn stop_json(stop: &Stop) -> serde_json::Value {
    let kind = match stop {
        Stop::Later(_) => "later",
        Stop::MustFix(_) => "fix",
        Stop::TooManyRefused(_) => "too many refused",
    };
    json!({"kind": kind, "why": stop.to_string()})
}

/// A remark with its most frequent values, if these are counted one by one.
fn remark_json(remark: Remark, count: u64, summary: &Summary) -> serde_json::Value {
    let known = summary.values.iter();
    let known = known.filter(|(placed, _)| placed.remark == remark);
    let values: Vec<_> = known
        .take(VALUES)
        .map(|(placed, count)| {
            json!({
                "property": &*placed.property,
                "column": placed.column.as_deref(),
                "value": &*placed.value,
                "count": count,
            })
        })
        .collect();
    let named = values.iter().filter_map(|value| value["count"].as_u64());
    let others = count.saturating_sub(named.sum());
    let mut words = json!({"what": remark.words(), "code": remark.code(), "count": count});
    if remark.counts_values() {
        words["values"] = json!(values);
        words["others"] = json!(others);
    }
    words
}
