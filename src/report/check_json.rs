//! A check as JSON, for `--json`. Versioned: fields may be added, never changed.

use serde_json::{Map, Value, json};

use super::check::effect_lines;
use crate::model::check::{CheckReport, Effects, FileSums, RefusedRows, UnmappedColumn};

/// The whole report.
pub fn check_json(report: &CheckReport) -> Value {
    let remarks: Vec<Value> = report
        .remarks
        .iter()
        .map(|(remark, count)| json!({"what": remark.words(), "count": count}))
        .collect();
    json!({
        "version": 1,
        "clashes": report.clashes,
        "read": report.read,
        "rows": rows(report),
        "refusals": report.refusals.iter().map(refused).collect::<Vec<_>>(),
        "unmapped": report.unmapped.iter().map(unmapped).collect::<Vec<_>>(),
        "remarks": remarks,
        "unused_columns": report.unused_columns,
        "import": effects(report.ready, &report.effects),
        "in_words": effect_lines(report),
        "notices": report.notices,
    })
}

fn rows(report: &CheckReport) -> Map<String, Value> {
    let rows = [
        ("ready", report.ready),
        ("skipped", report.skipped),
        ("refused", report.refused),
    ];
    rows.into_iter()
        .map(|(fate, rows)| (fate.to_owned(), json!(rows)))
        .collect()
}

pub(super) fn refused(group: &RefusedRows) -> Value {
    let examples: Vec<Value> = group
        .examples
        .iter()
        .map(|row| {
            json!({
                "line": row.place,
                "column": row.column,
                "value": row.value,
                "hint": row.hint,
            })
        })
        .collect();
    json!({"code": group.code, "rows": group.rows, "examples": examples})
}

fn unmapped(column: &UnmappedColumn) -> Value {
    let values: Vec<Value> = column
        .values
        .iter()
        .map(|value| {
            json!({
                "value": value.text,
                "count": value.count,
                "suggestion": value.suggestion,
                "refused": value.refused,
            })
        })
        .collect();
    json!({
        "property": column.property,
        "column": column.column,
        "values": values,
        "others": column.others,
    })
}

pub(super) fn effects(tickets: u64, effects: &Effects) -> Value {
    let stages: Vec<Value> = effects
        .stages
        .iter()
        .map(|stage| json!({"pipeline": stage.pipeline, "stage": stage.stage, "rows": stage.rows}))
        .collect();
    let (calls, window) = effects.rate;
    json!({
        "tickets": tickets,
        "stages": stages,
        "operation": effects.operation,
        "emails": effects.emails,
        "creates_contacts": effects.creates_contacts,
        "notes": {
            "tickets": effects.notes.tickets,
            "notes": effects.notes.notes,
            "parts": effects.notes.parts,
        },
        "files": files(effects.files),
        "undated": effects.undated,
        "closed_undated": effects.closed_undated,
        "calls_at_most": effects.calls.total(),
        "calls": {
            "begin": effects.calls.begin,
            "properties": effects.calls.properties,
            "tickets": effects.calls.tickets,
            "look_ups": effects.calls.look_ups,
            "contacts": effects.calls.contacts,
            "links": effects.calls.links,
            "notes": effects.calls.notes,
            "files": effects.calls.files,
        },
        "held": effects.held.map(|held| {
            json!({"looked_up": held.looked_up, "all": held.all, "found": held.found})
        }),
        "seconds": effects.time.as_secs_f64(),
        "rate": {"calls": calls, "seconds": window.as_secs_f64()},
        "daily_calls": effects.daily_calls,
    })
}

fn files(sums: FileSums) -> Value {
    json!({"files": sums.files, "bytes": sums.bytes, "size_unknown": sums.unsized_files})
}
