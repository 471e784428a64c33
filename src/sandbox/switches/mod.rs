//! The switches: what can't be known about a live portal without having one, as named choices. One
//! line of the table below is one row of C1 §12, the list of unknowns; the first value of a line is
//! the default.

pub(crate) mod value;
pub(crate) mod time_text;

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;

use super::files::FileLimit;
use value::{
    DailyLimit, DayEnds, FileSearchLag, LinkLag, Names, NoLag, SearchLag, SearchRate, SignedLife,
};

/// Generates the choices, the set of them, and the parser of `NAME=VALUE` from one table, so that a
/// new switch is one new line. Values after the line are free-form: a type that parses them, its
/// default, and how to describe the others.
macro_rules! switches {
    (
        $( $row:literal $name:ident: $choice:ident {
            $default:ident = $first:literal $(, $variant:ident = $word:literal)* $(,)?
        } $what:literal )+
        free
        $( $free_row:literal $free_name:ident: $free_type:ident = $free_first:literal, $free_form:literal; $free_what:literal )+
    ) => {
        $(
            #[doc = $what]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub(crate) enum $choice { #[default] $default, $($variant),* }
        )+

        /// How the portal behaves where the contract leaves it open.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Switches {
            $( pub(crate) $name: $choice, )+
            $( pub(crate) $free_name: $free_type, )+
            /// Values that are not the default, as they were typed.
            turned: BTreeMap<&'static str, String>,
        }

        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(non_camel_case_types, reason = "the variants are the names that users type")]
        enum Setting { $( $name($choice), )+ $( $free_name($free_type), )+ }

        impl Switches {
            /// Every switch there is.
            pub const TABLE: &[KnownSwitch] = &[
                $( KnownSwitch { row: $row, name: stringify!($name), values: &[$first $(, $word)*], form: None, what: $what }, )+
                $( KnownSwitch { row: $free_row, name: stringify!($free_name), values: &[$free_first], form: Some($free_form), what: $free_what }, )+
            ];

            /// Turns one switch.
            pub fn set(&mut self, switch: Switch) {
                let Switch { setting, name, value } = switch;
                match known(name).is_some_and(|known| known.values[0] == value) {
                    true => drop(self.turned.remove(name)),
                    false => drop(self.turned.insert(name, value)),
                }
                match setting {
                    $( Setting::$name(choice) => self.$name = choice, )+
                    $( Setting::$free_name(value) => self.$free_name = value, )+
                }
            }
        }

        fn setting(name: &str, value: &str) -> Option<Setting> {
            match (name, value) {
                $(
                    (stringify!($name), $first) => Some(Setting::$name($choice::$default)),
                    $( (stringify!($name), $word) => Some(Setting::$name($choice::$variant)), )*
                )+
                $( (stringify!($free_name), value) => value.parse().ok().map(Setting::$free_name), )+
                _ => None,
            }
        }
    };
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct KnownSwitch {
    /// Row of C1 §12 in docs/contract.md; 0 for what is not listed there.
    pub row: u8,
    /// Its name as typed.
    pub name: &'static str,
    /// The values that it accepts, default first.
    pub values: &'static [&'static str],
    /// What else it accepts, if that can't be listed.
    pub form: Option<&'static str>,
    /// What it decides, as a fragment.
    pub what: &'static str,
}

impl KnownSwitch {
    /// The values as they are shown to people, default first.
    pub fn accepted(&self) -> String {
        let values: Vec<&str> = self.values.iter().copied().chain(self.form).collect();
        values.join(" | ")
    }
}

switches! {
    1 createdate_writable: CreatedateWritable { Always = "create+update", OnCreate = "create", Never = "no" }
        "when createdate can be written"
    2 created_at_follows_createdate: CreatedAt { Follows = "yes", Inserted = "no" }
        "whether createdAt is createdate, or the true time of insertion"
    3 closed_date_writable: ClosedDate { Explicit = "explicit", Auto = "auto", Never = "no" }
        "closed_date: a given value wins, the portal's own wins, or it is read-only"
    4 closed_date_on_reopen: Reopened { Cleared = "cleared", Kept = "kept" }
        "what leaving a closed stage does to closed_date"
    5 required_on_create: Required { Stage = "stage", Subject = "stage+subject", Pipeline = "stage+subject+pipeline" }
        "what a new ticket must have"
    6 foreign_stage: ForeignStage { Refused = "400", Moves = "moves" }
        "a stage of another pipeline without hs_pipeline"
    7 clear_stage: ClearStage { Refused = "400", Ignored = "ignored" }
        "a stage that is cleared"
    8 result_order: ResultOrder { Shuffled = "shuffled", Input = "input", Reversed = "reversed", ById = "by-id" }
        "the order of results of a batch"
    9 echo_trace_id: EchoTraceId { No = "no", Yes = "yes" }
        "whether results carry objectWriteTraceId"
    10 partial_success: PartialSuccess { PerRow = "207", Whole = "400", WholeCreate = "400-create", WholeUpdate = "400-update", WholeUpsert = "400-upsert" }
        "whether a bad row with a trace id costs only itself, or (for one verb) the call"
    11 partial_trace_ids: PartialTraceIds { Whole = "400", PerRow = "207" }
        "a bad row in a batch where only some inputs have trace ids"
    12 duplicate_trace_ids: DuplicateTraceIds { Refused = "400", Accepted = "accepted" }
        "a trace id that is used twice in a batch"
    13 unique_collision: UniqueCollision { Invalid = "400", Conflict = "409" }
        "a value of a unique property that is taken"
    14 archived_holds_unique: ArchivedHoldsUnique { Free = "free", Blocks = "blocks" }
        "whether records in the recycle bin keep their unique values"
    15 upsert_fills_key: UpsertFillsKey { Yes = "yes", No = "no" }
        "whether an upsert that creates takes the key from its id"
    16 read_missing: ReadMissing { PerId = "207", Whole = "404" }
        "ids of a batch read that lead nowhere"
    17 read_duplicates: ReadDuplicates { Collapse = "collapse", Repeat = "repeat", Refused = "400" }
        "an id that is asked for twice"
    18 delete_missing: DeleteMissing { Done = "204", Missing = "404" }
        "archiving what is not there"
    19 read_archived: ReadArchived { Missing = "404", Shown = "200" }
        "reading an archived record without archived=true, or a live one with it"
    20 over_limit: OverLimit { Refused = "400", Clamped = "clamp" }
        "a limit over the most of a list, a search or the owners"
    21 history_limit: HistoryLimit { Refused = "400", Clamped = "clamp", None = "none" }
        "a list of more than 50 with history"
    22 list_cursor: ListCursor { Id = "id", Opaque = "opaque" }
        "whether a list's after is the next id (inclusive)"
    23 unset_property: UnsetProperty { Null = "null", Omitted = "omitted" }
        "a property that is asked for and not set"
    24 null_write: NullWrite { Ignored = "ignored", Clears = "clears", Refused = "400" }
        "null as a value that is written"
    25 write_reply: WriteReply { Set = "set+system", Default = "default", All = "all" }
        "the properties that a write answers with"
    26 zero_millis: ZeroMillis { Dropped = "dropped", Written = ".000" }
        "the fraction of a time that has none"
    27 long_string: LongString { Refused = "400", Truncated = "truncate" }
        "a text of more than 65,536 characters"
    28 bad_owner_code: BadOwnerCode { Option = "INVALID_OPTION", Owner = "INVALID_OWNER_ID" }
        "the code for an owner that is none"
    28 archived_owner: ArchivedOwner { Refused = "refused", Assignable = "assignable" }
        "whether deactivated owners can be given records"
    30 search_over_cap: SearchOverCap { Refused = "400", Empty = "empty" }
        "a page of a search beyond 10,000 results"
    30 search_length: SearchLength { Question = "without-properties", Body = "whole" }
        "what is counted of a search's body towards the 3,000 characters that it may have"
    31 retry_after: RetryAfter { Absent = "absent", Seconds = "seconds" }
        "Retry-After on a 429"
    33 rate_headers: RateHeaders { Present = "present", NoDaily = "no-daily", Absent = "absent" }
        "the headers that state the allowance (OAuth apps have no daily ones)"
    34 empty_inputs: EmptyInputs { Refused = "400", Accepted = "200" }
        "a batch without inputs"
    34 large_body: LargeBody { TooLarge = "413", Refused = "400" }
        "a body of more than 10 MiB"
    34 other_type: OtherType { Unsupported = "415", Refused = "400" }
        "a body whose Content-Type is not JSON"
    35 bad_association: BadAssociation { Row = "row", Kept = "kept" }
        "whether an association that can't be made costs the record it came with"
    36 link_ids: LinkIds { Integer = "integer", String = "string" }
        "the JSON type of ids in association replies"
    37 link_archive_most: LinkArchiveMost { Hundred = "100", TwoThousand = "2000" }
        "inputs of an association batch/archive"
    37 link_archive_status: LinkArchiveStatus { Empty = "204", Ok = "200" }
        "the status of an association batch/archive"
    38 no_links: NoLinks { Listed = "207", Absent = "absent" }
        "a record without associations in an association batch/read"
    38 missing_from: MissingFrom {
        Id = "207-id", Ids = "207-ids", From = "207-from", Message = "207-text", NoLinks = "207-none",
        Absent = "absent", Whole = "404", WholeUnnamed = "404-bare", Refused = "400",
    }
        "a record that is not there in an association batch/read: how its row names it, or what the call gets"
    39 primary_replaces: PrimaryReplaces { Yes = "yes", No = "no" }
        "whether a new primary company takes the place of the old one"
    39 primary_adds_default: PrimaryAddsDefault { Yes = "yes", No = "no" }
        "whether type 26 brings 339 along"
    40 url_and_warnings: UrlAndWarnings { Off = "off", On = "on" }
        "url and warnings on records"
    41 validation_2026_09: Validation { Off = "off", On = "on" }
        "the write rules of 2026-09, on its paths"
    42 external_ids_unique: ExternalIdsUnique { No = "no", Yes = "yes" }
        "whether hs_external_object_ids is unique"
    43 urgent_priority: UrgentPriority { Yes = "yes", No = "no" }
        "whether there is the priority URGENT"
    44 merged_ids: MergedIds { Resolve = "on", Gone = "off" }
        "whether the id of a record that was merged away leads to the survivor, and is passed over in batches"
    46 unknown_fields: UnknownFields { Ignored = "ignore", Refused = "400" }
        "unknown fields and parameters"
    47 external_options: ExternalOptions { Empty = "empty", Filled = "filled" }
        "the options in definitions of pipeline, stage and owner"
    48 legacy_links: LegacyLinks { Served = "yes", Gone = "no" }
        "the association endpoints of v3"
    0 list_pairs_2026_09: ListPairs { Missing = "404", Served = "200" }
        "the list of one record's associations on the paths of 2026-09"
    50 served_paths: ServedPaths { All = "all", Dated = "dated", Numbered = "numbered" }
        "whether v1 to v4 have been switched off, or the dated versions are not there yet"
    0 ended_reply: EndedReply { Missing = "404", Gone = "410" }
        "the status of a path whose version is switched off"
    0 archived_by_key: ArchivedByKey { Found = "found", Missing = "missing" }
        "whether records in the recycle bin can be read by a unique value"
    0 fold_unique_case: FoldUniqueCase { No = "no", Yes = "yes" }
        "whether unique values differ by case alone"
    0 links_touch_modified: LinksTouchModified { No = "no", Yes = "yes" }
        "whether a new association moves hs_lastmodifieddate"
    0 merge_id: MergeId { New = "new", Kept = "kept" }
        "the id of what a merge leaves behind: a new one, or the primary's"
    0 merge_loser: MergeLoser { Absent = "absent", Archived = "archived" }
        "whether records that were merged away are listed with the archived ones"
    0 merge_touches_modified: MergeTouches { Yes = "yes", No = "no" }
        "whether a merge moves the survivor's hs_lastmodifieddate"
    0 restore_touches_modified: RestoreTouches { No = "no", Yes = "yes" }
        "whether a restored record's hs_lastmodifieddate moves"
    0 ticket_gdpr_2026_09: TicketGdpr { Missing = "404", Served = "204" }
        "gdpr-delete of tickets in 2026-09 (2025-09 has it)"
    0 count_requests: CountRequests { Arrival = "arrival", Reply = "reply" }
        "when a request counts"
    0 activity_key: ActivityKey {
        Unique = "unique", Claimed = "claimed", Silent = "silent", Plain = "plain", ReadOnly = "read-only", Absent = "absent",
    }
        "hs_unique_id of activities: kept unique, only said to be, kept but not said to be, a text like others, not writable, not there"
    0 activity_collision: ActivityCollision { Named = "400-unique-value", Conflict = "409", Invalid = "400" }
        "a value of a unique property of activities that is taken"
    0 activity_key_reads: ActivityKeyReads { Refused = "400", Works = "works" }
        "activities by hs_unique_id as idProperty"
    0 activity_properties: ActivityProperties {
        Denied = "403", Made = "201", Unenforced = "unenforced", PlainOnly = "400-unique", Refused = "400",
    }
        "a property of one's own on activities: no scope for it, made, made but its unique values not kept, only made when not unique, refused"
    0 activity_scopes: ActivityScopes { Contacts = "contacts", Own = "own", Either = "either" }
        "whose scopes guard activities: those of contacts, such as crm.objects.notes.write, or one of both"
    0 body_form: BodyForm { Kept = "kept", Wrapped = "wrapped", Breaks = "breaks" }
        "texts of activities when they are read back: as they were written, wrapped in a div, line breaks as <br>"
    0 lone_activity: LoneActivity { Accepted = "accepted", Refused = "400" }
        "an activity that is made without an association"
    0 file_duplicate: FileDuplicate { Content = "content", Both = "content+name", Name = "name" }
        "what makes an uploaded file a duplicate"
    0 file_reject: FileReject { Refused = "400", RefusedNamed = "400-id", Conflict = "409", ConflictNamed = "409-id" }
        "a duplicate under REJECT, with or without the id of the file that is there"
    0 file_existing: FileExisting { Created = "201", Ok = "200" }
        "the status of a duplicate under RETURN_EXISTING"
    0 file_existing_archived: FileExistingArchived { No = "no", Seen = "yes" }
        "whether deleted files are taken for duplicates"
    0 oversized_file: OversizedFile { Refused = "400", TooLarge = "413" }
        "a file over the limit"
    0 barred_file: BarredFile { Refused = "400", Unsupported = "415" }
        "a file with an ending that is not allowed"
    0 file_rename: FileRename { Dash = "-1", Bracket = "(1)", Random = "random" }
        "what follows a file's name that is taken"
    0 file_rename_path: FileRenamePath { Follows = "yes", Stays = "no" }
        "whether the path of such a file changes with its name"
    0 file_names: FileNames { Kept = "kept", Slugged = "slugged" }
        "letters of files' and folders' names: kept, or all but plain ones turned into -"
    0 deleted_file_in_note: DeletedFile { Kept = "kept", Dropped = "dropped" }
        "the id of a deleted file in the activities that name it"
    0 file_race: FileRace { Renamed = "renamed", Conflict = "409", Same = "same" }
        "two uploads to one path at once: the later one is renamed, refused, or answered with the earlier one"
    0 unknown_file_id: UnknownFileId { Accepted = "accepted", Refused = "400" }
        "an activity that names a file that is not there"
    free
    0 file_stat_lag: NoLag = "0s", "TIME"; "how late a new file is found by its path"
    0 file_search_lag: FileSearchLag = "5s", "TIME"; "how late a new file is found by a search"
    0 file_limit: FileLimit = "20mb", "SIZE"; "the most bytes of a file, such as 20mb or 2gb"
    0 barred_endings: Names = "none", "ENDING,ENDING…"; "endings of files that are not taken, such as exe"
    0 signed_url_life: SignedLife = "15m", "TIME"; "how long a signed address leads to its file unless the call says otherwise"
    0 link_lag: LinkLag = "0s", "TIME"; "how late the associations of a new record are read by the association endpoints"
    29 search_lag: SearchLag = "5s", "TIME"; "how late the search index is"
    32 daily_limit: DailyLimit = "625000", "N"; "requests a day (the ones in 10 s are --rate)"
    0 day_ends: DayEnds = "none", "TIME"; "how soon after its start the portal's day ends, and its clock is so far ahead"
    32 search_rate: SearchRate = "5/1s", "N/TIME"; "searches, which do not count towards --rate"
    0 missing_scopes: Names = "none", "SCOPE,SCOPE…"; "scopes that the token lacks"
    0 ended_versions: Names = "none", "VERSION,VERSION…"; "versions that are switched off one by one, such as v3, v4 or 2026-09"
    0 not_kept: Names = "none", "PROPERTY,PROPERTY…"; "properties whose values are taken and silently not stored"
}

/// One switch with its value, read from `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    setting: Setting,
    name: &'static str,
    value: String,
}

/// A switch that could not be read; the message lists what can be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SwitchError {
    /// There is no `=` in it.
    #[error("`{0}` is not a switch: expected NAME=VALUE, with NAME one of {names}", names = names())]
    Form(String),
    /// No switch has this name.
    #[error("no switch is called `{0}`; there are {names}", names = names())]
    Name(String),
    /// The switch does not accept this value.
    #[error("`{value}` is not a value of the switch `{name}`; it takes {accepted}")]
    Value {
        /// The switch.
        name: &'static str,
        /// What was given.
        value: String,
        /// The values that it accepts, default first.
        accepted: String,
    },
}

impl FromStr for Switch {
    type Err = SwitchError;

    fn from_str(text: &str) -> Result<Switch, SwitchError> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| SwitchError::Form(text.to_owned()))?;
        let known = known(name).ok_or_else(|| SwitchError::Name(name.to_owned()))?;
        setting(name, value)
            .map(|setting| Switch {
                setting,
                name: known.name,
                value: value.to_owned(),
            })
            .ok_or_else(|| SwitchError::Value {
                name: known.name,
                value: value.to_owned(),
                accepted: known.accepted(),
            })
    }
}

impl Switches {
    /// What a switch is set to.
    pub(crate) fn value(&self, known: &KnownSwitch) -> &str {
        let turned = self.turned.get(known.name);
        turned.map_or(known.values[0], String::as_str)
    }
}

fn known(name: &str) -> Option<&'static KnownSwitch> {
    Switches::TABLE.iter().find(|known| known.name == name)
}

impl FromIterator<Switch> for Switches {
    fn from_iter<I: IntoIterator<Item = Switch>>(turned: I) -> Switches {
        let mut switches = Switches::default();
        turned.into_iter().for_each(|switch| switches.set(switch));
        switches
    }
}

fn names() -> String {
    let names: Vec<&str> = Switches::TABLE.iter().map(|known| known.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_value_of_the_table_is_read_and_the_first_is_the_default() {
        for known in Switches::TABLE {
            for (place, value) in known.values.iter().enumerate() {
                let (name, text) = (known.name, format!("{}={value}", known.name));
                let switch: Switch = text.parse().expect(name);
                let turned: Switches = [switch].into_iter().collect();
                assert_eq!(turned == Switches::default(), place == 0, "{text}");
            }
        }
    }

    #[test]
    fn every_row_of_the_unknowns_has_a_switch() {
        // Row 45 is about troubles; row 49 is not about behaviour.
        let rows: BTreeSet<u8> = Switches::TABLE.iter().map(|known| known.row).collect();
        let expected: BTreeSet<u8> = (0..=44).chain(46..=48).chain([50]).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn later_switches_win() {
        let turned: Switches = ["result_order=input", "not_kept=a, b", "result_order=by-id"]
            .iter()
            .map(|text| text.parse::<Switch>().expect("a switch"))
            .collect();
        assert_eq!(turned.result_order, ResultOrder::ById);
        assert_eq!(turned.not_kept.0.len(), 2);
    }

    #[test]
    fn says_what_is_accepted() {
        for (text, part) in [
            ("createdate_writable", "expected NAME=VALUE"),
            ("colour=red", "there are createdate_writable, created_at"),
            ("search_lag=soon", "it takes 5s | TIME"),
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
