//! What HubSpot does not document, and what a portal can be asked about it. Each has a
//! name, the same as the sandbox's switch for it. `read` asks without writing anything,
//! `write` with one ticket that it creates and archives. Nothing here is needed for a
//! run: what is not known is learned during the run.

mod ask;
mod bins;
mod definitions;
mod facts;
mod links;
mod lists;
mod notes;
mod trace;
mod write;
mod found;

use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use ask::Asking;

pub use found::Found;

pub use facts::{Facts, LinkLimit, ValueRules};
pub use trace::{Cleared, Trace};

/// One of the things that HubSpot does not document.
#[derive(Clone, Copy, Debug)]
pub struct Unknown {
    /// Its name.
    pub name: &'static str,
    /// How it can be found out.
    pub way: Way,
}

/// How something can be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By reading, if the portal holds records that show it.
    Read,
    /// By writing one ticket, and some notes of it.
    Write,
    /// Not at all; with the reason.
    Neither(&'static str),
}

const TWO: Way = Way::Neither("two tickets are needed");
const LINKED: Way = Way::Neither("records of other kinds are needed");
const STAYS: Way = Way::Neither("a property of notes would be left behind");
const DENIED: Way = Way::Neither("only a token that lacks scopes shows it");
const BY_HAND: Way = Way::Neither("only a person can bring it about");
const TROUBLE: Way = Way::Neither("the portal would have to be overloaded");
const LATE: Way = Way::Neither("a run waits as long as the answer takes");
const SECRET: Way = Way::Neither("the day's end says it, and the account's zone is known");
const BODY: Way = Way::Neither("no run sends such a body");
const FILES: Way = Way::Neither("files would be left behind");
const KEY: Way = Way::Neither("a unique property of one's own is needed");

/// All of them.
pub const UNKNOWNS: &[Unknown] = &[
    unknown("activity_collision", Way::Write),
    unknown("activity_key", Way::Read),
    unknown("activity_key_reads", Way::Read),
    unknown("activity_properties", STAYS),
    unknown("activity_scopes", DENIED),
    unknown("archived_by_key", Way::Read),
    unknown("archived_holds_unique", TWO),
    unknown("archived_owner", Way::Write),
    unknown("bad_association", Way::Write),
    unknown("bad_owner_code", Way::Write),
    unknown("barred_endings", FILES),
    unknown("barred_file", FILES),
    unknown("body_form", Way::Write),
    unknown("clear_stage", Way::Write),
    unknown("closed_date_on_reopen", Way::Write),
    unknown("closed_date_writable", Way::Write),
    unknown("count_requests", TROUBLE),
    unknown("created_at_follows_createdate", Way::Read),
    unknown("createdate_writable", Way::Write),
    unknown("daily_limit", Way::Read),
    unknown("day_ends", SECRET),
    unknown("delete_missing", Way::Write),
    unknown("deleted_file_in_note", FILES),
    unknown("duplicate_trace_ids", Way::Write),
    unknown("echo_trace_id", Way::Write),
    unknown("empty_inputs", Way::Read),
    unknown("ended_reply", Way::Read),
    unknown("ended_versions", Way::Read),
    unknown("external_ids_unique", Way::Read),
    unknown("external_options", Way::Read),
    unknown("file_duplicate", FILES),
    unknown("file_existing", FILES),
    unknown("file_existing_archived", FILES),
    unknown("file_limit", FILES),
    unknown("file_names", FILES),
    unknown("file_race", FILES),
    unknown("file_reject", FILES),
    unknown("file_rename", FILES),
    unknown("file_rename_path", FILES),
    unknown("file_search_lag", FILES),
    unknown("file_stat_lag", FILES),
    unknown("fold_unique_case", Way::Read),
    unknown("foreign_stage", Way::Write),
    unknown("history_limit", Way::Read),
    unknown("large_body", BODY),
    unknown("legacy_links", Way::Read),
    unknown("link_archive_most", Way::Write),
    unknown("link_archive_status", Way::Write),
    unknown("link_ids", Way::Read),
    unknown("link_lag", LINKED),
    unknown("links_touch_modified", LINKED),
    unknown("list_cursor", Way::Read),
    unknown("list_pairs_2026_09", Way::Read),
    unknown("lone_activity", Way::Write),
    unknown("long_string", Way::Write),
    unknown("merge_id", TWO),
    unknown("merge_loser", TWO),
    unknown("merge_touches_modified", TWO),
    unknown("merged_ids", Way::Read),
    unknown("missing_from", Way::Read),
    unknown("missing_scopes", Way::Read),
    unknown("no_links", Way::Read),
    unknown("not_kept", Way::Write),
    unknown("null_write", Way::Write),
    unknown("other_type", BODY),
    unknown("over_limit", Way::Read),
    unknown("oversized_file", FILES),
    unknown("partial_success", Way::Write),
    unknown("partial_trace_ids", Way::Write),
    unknown("primary_adds_default", LINKED),
    unknown("primary_replaces", LINKED),
    unknown("rate_headers", Way::Read),
    unknown("read_archived", Way::Read),
    unknown("read_duplicates", Way::Read),
    unknown("read_missing", Way::Read),
    unknown("required_on_create", Way::Write),
    unknown("restore_touches_modified", BY_HAND),
    unknown("result_order", Way::Read),
    unknown("retry_after", TROUBLE),
    unknown("search_lag", LATE),
    unknown("search_length", Way::Read),
    unknown("search_over_cap", Way::Read),
    unknown("search_rate", TROUBLE),
    unknown("served_paths", Way::Read),
    unknown("signed_url_life", FILES),
    unknown(
        "ticket_gdpr_2026_09",
        Way::Neither("what it erases can't be brought back"),
    ),
    unknown("unique_collision", TWO),
    unknown("unknown_fields", Way::Read),
    unknown("unknown_file_id", FILES),
    unknown("unset_property", Way::Read),
    unknown("upsert_fills_key", KEY),
    unknown("urgent_priority", Way::Read),
    unknown("url_and_warnings", Way::Read),
    unknown("validation_2026_09", Way::Write),
    unknown("write_reply", Way::Write),
    unknown("zero_millis", Way::Read),
];

const fn unknown(name: &'static str, way: Way) -> Unknown {
    Unknown { name, way }
}

impl Client {
    /// Finds out what reading can settle; some forty calls.
    pub async fn unknowns_by_reading(&self) -> Result<Found, CallError> {
        let mut asking = Asking::new(self);
        asking.definitions().await?;
        asking.versions().await?;
        let sample = asking.sample().await?;
        asking.lists(&sample).await?;
        asking.searches().await?;
        asking.batches(&sample).await?;
        asking.keys(&sample).await?;
        asking.links(&sample).await?;
        asking.paths(&sample).await?;
        asking.bin(&sample).await?;
        Ok(asking.found)
    }

    /// Finds out what one ticket can settle, beyond what is known by reading: it is created,
    /// changed, given some notes and archived with them; they stay in the recycle bin. The caller
    /// has kept `trace` before, and `keep` is called whenever it grows: with it the remains of an
    /// interrupted probe are found. Returns the final trace first.
    pub async fn unknowns_by_writing(
        &self,
        read: &Found,
        trace: Trace,
        keep: &mut (dyn FnMut(&Trace) + Send + Sync),
    ) -> (Trace, Result<Found, CallError>) {
        let mut probe = write::Probe::new(Asking::new(self), read, trace, keep);
        let written = probe.run().await;
        let (trace, found) = probe.ended();
        (trace, written.map(|()| found))
    }
}
