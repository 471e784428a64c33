//! Whether the target of a stopped export holds something newer.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::export::{Asked, Earlier, has_published};
use crate::output::Place;

/// When the target of a stopped export was written, if that was after the export began.
pub fn newer(folder: &Path, asked: &Asked) -> Option<Timestamp> {
    let (earlier, stands) = match asked.selection.partition_by {
        Some(_) => {
            let manifest = asked.target.join("_manifest.json");
            (Earlier::inside(&asked.target), manifest)
        }
        None => (Earlier::beside(&asked.target), asked.target.clone()),
    };
    let written = modified(&stands)?;
    let by_another = earlier.is_some_and(|earlier| {
        earlier.run.as_deref() != Some(&*asked.run) && is_later(earlier.started, asked.started)
    });
    let later = !has_published(folder) && written > asked.begun;
    (by_another || later).then_some(written)
}

/// Whether one export started after another by the portal's clock, as far as that is known:
/// a portal dates its replies to the second.
fn is_later(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.duration_since(other) > SignedDuration::from_secs(2),
        (one, other) => one > other,
    }
}

fn modified(path: &Path) -> Option<Timestamp> {
    if Place::of(path) != Place::File {
        return None;
    }
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    Timestamp::try_from(modified).ok()
}
