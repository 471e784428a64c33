//! A plan as JSON, for `--json`. Versioned: fields may be added, never changed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::check_json::{effects, refused};
use super::plan::effect_lines;
use crate::model::plan::{PlanReport, PlannedAction, PlannedLink, PropertyCounts, ShownRow};
use crate::model::schema::ObjectType;

/// The whole report. `folder` is where the plan is kept.
pub fn plan_json(report: &PlanReport, folder: Option<&str>) -> Value {
    let rows: Map<String, Value> = PlannedAction::ALL
        .into_iter()
        .map(|action| (action.word().to_owned(), json!(report.rows(action))))
        .collect();
    let properties = report.properties.iter();
    let properties: Map<String, Value> = properties
        .map(|(name, counts)| (name.clone(), changes_json(counts)))
        .collect();
    let remarks: Vec<Value> = report
        .remarks
        .iter()
        .map(|(remark, count)| {
            json!({"what": remark.words(), "code": remark.code(), "count": count})
        })
        .collect();
    json!({
        "version": 1,
        "operation": report.operation,
        "portal": report.portal_id,
        "blind": report.blind,
        "read": report.read,
        "rows": rows,
        "properties": properties,
        "links": by_object(&report.links),
        "links_left_out": report.left_out,
        "created_for_links": by_object(&report.others),
        "keys_in_recycle_bin": report.held_in_bin,
        "refused": report.refused(),
        "refusals": report.refusals.iter().map(refused).collect::<Vec<_>>(),
        "remarks": remarks,
        "lacking": report.lacking,
        "import": effects(report.writes(), &report.effects),
        "in_words": effect_lines(report),
        "first": report.shown.iter().map(row_json).collect::<Vec<_>>(),
        "notices": report.notices,
        "plan": folder,
    })
}

fn changes_json(counts: &PropertyCounts) -> Value {
    json!({
        "changed": counts.changed,
        "filled": counts.filled,
        "cleared": counts.cleared,
    })
}

fn by_object(counts: &BTreeMap<ObjectType, u64>) -> Map<String, Value> {
    let counts = counts.iter();
    counts
        .map(|(object, number)| (object.plural().into_owned(), json!(number)))
        .collect()
}

/// A row with everything that is done for it.
pub fn row_json(row: &ShownRow) -> Value {
    let changes: Vec<Value> = row
        .changes
        .iter()
        .map(|change| {
            json!({
                "property": &*change.name,
                "before": change.before,
                "after": change.after,
            })
        })
        .collect();
    let links: Vec<Value> = row.links.iter().map(link_json).collect();
    let refusal = row.refusal.as_ref().map(|refusal| {
        json!({
            "code": refusal.code,
            "column": refusal.column,
            "value": refusal.value,
            "hint": refusal.hint,
        })
    });
    json!({
        "line": row.place,
        "key": row.key,
        "action": row.action.word(),
        "ticket": row.ticket.as_deref().unwrap_or_default(),
        "changes": changes,
        "links": links,
        "refusal": refusal,
    })
}

fn link_json(link: &PlannedLink) -> Value {
    json!({
        "to": link.to.plural(),
        "by": link.by.word(),
        "value": link.value,
        "label": link.label,
        "record": link.record,
        "action": link.state.word(),
    })
}
