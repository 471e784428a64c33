//! A served sandbox that a test fills by hand, and the tool that exports from it.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::scenario::{CHECKED, Held, Scenario};
use super::{
    Answer, Args, Ended, Invocation, Rehearsal, Served, TOKEN, raw, unique_text, wait_at_most,
};

/// What stays in the run folder of a finished export.
pub const OF_EXPORT: [&str; 5] = [
    "export.json",
    "lock",
    "report.html",
    "run.log",
    "summary.json",
];

/// A folder and a portal in another process.
pub struct FilledPortal {
    pub here: Rehearsal,
    pub sandbox: Served,
    runtime: tokio::runtime::Runtime,
}

impl FilledPortal {
    /// An empty portal.
    pub fn new(args: impl Args) -> FilledPortal {
        FilledPortal::in_folder(Rehearsal::new(), args)
    }

    /// A portal whose state may stand in a folder.
    pub fn in_folder(here: Rehearsal, args: impl Args) -> FilledPortal {
        let sandbox = here.serve(args);
        FilledPortal {
            here,
            sandbox,
            runtime: tokio::runtime::Runtime::new().expect("a runtime"),
        }
    }

    /// The same folder with a portal that is served anew.
    pub fn served(self, args: impl Args) -> FilledPortal {
        let FilledPortal { here, sandbox, .. } = self;
        drop(sandbox);
        FilledPortal::in_folder(here, args)
    }

    /// A portal without a limit, with so many plain tickets; their ids in order.
    pub fn with_tickets(tickets: usize) -> (FilledPortal, Vec<u64>) {
        let desk = FilledPortal::new("--rate off");
        let ids = desk.create(tickets, |n| json!({"subject": format!("Ticket {n}")}));
        (desk, ids)
    }

    /// Makes tickets in batches; their ids in order.
    pub fn create(&self, tickets: usize, properties: impl Fn(usize) -> Value) -> Vec<u64> {
        let mut ids = Vec::new();
        let numbers: Vec<usize> = (0..tickets).collect();
        for batch in numbers.chunks(100) {
            let inputs = batch.iter().map(|n| {
                let mut properties = properties(*n);
                properties["hs_pipeline_stage"] = json!("1");
                json!({"properties": properties})
            });
            let body = json!({"inputs": inputs.collect::<Vec<_>>()});
            let reply = self.call("POST", "/crm/v3/objects/tickets/batch/create", &body);
            let results = reply["results"].as_array().expect("results").clone();
            ids.extend(results.iter().map(id));
        }
        ids.sort_unstable();
        ids
    }

    /// Moves tickets to the recycle bin.
    pub fn archive(&self, ids: &[u64]) {
        for batch in ids.chunks(100) {
            let inputs = batch.iter().map(|id| json!({"id": id.to_string()}));
            let body = json!({"inputs": inputs.collect::<Vec<_>>()});
            let _none = self.call("POST", "/crm/v3/objects/tickets/batch/archive", &body);
        }
    }

    /// Makes so many contacts, with an e-mail each, and links every ticket to all of
    /// them; their ids in order.
    pub fn link_contacts(&self, tickets: &[u64], contacts: usize) -> Vec<u64> {
        let mut made = Vec::new();
        let emails: Vec<String> = (0..contacts)
            .map(|n| format!("c{n}@desk{}.example", tickets[0]))
            .collect();
        for batch in emails.chunks(100) {
            let inputs = batch
                .iter()
                .map(|email| json!({"properties": {"email": email}}));
            let body = json!({"inputs": inputs.collect::<Vec<_>>()});
            let reply = self.call("POST", "/crm/v3/objects/contacts/batch/create", &body);
            made.extend(reply["results"].as_array().expect("results").iter().map(id));
        }
        made.sort_unstable();
        let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]);
        let pairs = tickets.iter().flat_map(|ticket| {
            let link = |contact: &u64| {
                json!({
                    "from": {"id": ticket.to_string()}, "to": {"id": contact.to_string()},
                    "types": types,
                })
            };
            made.iter().map(link).collect::<Vec<_>>()
        });
        let pairs: Vec<Value> = pairs.collect();
        for inputs in pairs.chunks(1_000) {
            let path = "/crm/v4/associations/tickets/contacts/batch/create";
            let _linked = self.call("POST", path, &json!({"inputs": inputs}));
        }
        made
    }

    /// Makes a call that succeeds.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let address = self.sandbox.url().trim_start_matches("http://").to_owned();
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            length = body.len(),
        );
        let address = address.parse().expect("an address");
        let (bytes, _ended) = self.runtime.block_on(raw(address, request.as_bytes()));
        let answer = Answer::of(&bytes);
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        match answer.body.is_empty() {
            true => Value::Null,
            false => answer.json(),
        }
    }

    /// The tool, about to be run against the portal.
    pub fn tool(&self, args: impl Args) -> Invocation<'_> {
        self.here.tool(args).against(&self.sandbox)
    }

    /// Runs the tool against the portal.
    pub fn run(&self, args: impl Args) -> Ended {
        self.tool(args).run()
    }

    /// Makes a property of tickets whose values are texts and unique.
    pub fn unique_property(&self, name: &str) {
        let _made = self.call("POST", "/crm/v3/properties/tickets", &unique_text(name));
    }

    /// Runs `tickethaul export` with these arguments.
    pub fn export(&self, args: impl Args) -> Ended {
        self.run(("export", args))
    }

    /// Portal and files of the folder `run` are what a scenario says.
    #[track_caller]
    pub fn check(&self, scenario: &Scenario, story: &str) {
        let args = format!("--properties {CHECKED} --archived include -o held.csv");
        // Troubles that a story has stop an export too.
        let mut rounds = std::iter::repeat_with(|| self.export(&args)).take(5);
        let ended = rounds.find(|ended| ended.code != 5);
        let ended = ended.expect("an export that comes to its end");
        ended.expect(0);
        let held = self.here.rows("held.csv").into_iter().map(|row| {
            let text = |name: &str| row[name].clone();
            Held {
                id: text("hs_object_id"),
                key: text("source_ticket_id"),
                subject: text("subject"),
                content: text("content"),
                archived: text("archived") == "true",
            }
        });
        let held: Vec<Held> = held.collect();
        scenario.check(&held, &self.here.path("run"), story);
    }

    /// Starts the tool and kills it when `moment` has come, or lets it end.
    pub fn kill_tool(
        &mut self,
        args: impl Args,
        moment: impl FnOnce(&mut Child, &mut FilledPortal),
    ) {
        let mut child = self
            .tool(args)
            .command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tool starts");
        moment(&mut child, self);
        let _gone = child.kill();
        let _ended = child.wait();
    }

    /// Kills the tool while the portal holds a call; false when it ended before.
    pub fn kill_tool_while_held(&mut self, args: impl Args) -> bool {
        let mut held = false;
        self.kill_tool(args, |child, desk| {
            let sandbox_id = desk.sandbox.id().to_string();
            std::thread::scope(|scope| {
                let lines = scope.spawn(|| desk.sandbox.next_line());
                while !lines.is_finished() && matches!(child.try_wait(), Ok(None)) {
                    wait_at_most(child, Duration::from_millis(2));
                }
                held = lines.is_finished();
                if !held {
                    // Nothing was held, so the line that is waited for never comes.
                    let _gone = Command::new("kill").args(["-KILL", &sandbox_id]).status();
                }
            });
        });
        held
    }

    /// Names of the files in a folder, in order.
    #[track_caller]
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.here.path(folder)).expect("a folder");
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry.expect("an entry")))
            .collect();
        names.sort();
        names
    }

    /// Every export that has a run folder of its own name left its report there, and no page
    /// of tickets; so many of them.
    #[track_caller]
    pub fn exports_left_reports(&self, exports: usize) {
        let runs = self.names("tickethaul-runs");
        assert_eq!(runs.len(), exports, "{runs:?}");
        for run in runs {
            assert_eq!(self.names(&format!("tickethaul-runs/{run}")), OF_EXPORT);
        }
    }

    /// Runs in `tickethaul-runs`, but for exports.
    pub fn runs_of_rows(&self) -> Vec<String> {
        let mut runs = match self.here.path("tickethaul-runs").is_dir() {
            true => self.names("tickethaul-runs"),
            false => Vec::new(),
        };
        runs.retain(|run| !run.contains("-export-"));
        runs
    }

    /// A column of a CSV file of the folder.
    #[track_caller]
    pub fn column(&self, file: &str, name: &str) -> Vec<String> {
        let rows = self.here.rows(file);
        let cell = |row: BTreeMap<String, String>| row[name].clone();
        rows.into_iter().map(cell).collect()
    }

    /// The ids in a CSV file of the folder.
    #[track_caller]
    pub fn ids(&self, file: &str) -> Vec<u64> {
        let ids = self.column(file, "hs_object_id").into_iter();
        ids.map(|id| id.parse().expect("an id")).collect()
    }
}

/// The id of a record of a reply.
pub fn id(record: &Value) -> u64 {
    let id = record["id"].as_str().and_then(|id| id.parse().ok());
    id.unwrap_or_else(|| panic!("no id in {record}"))
}

/// When all of it was.
pub const HUNG_AT: &str = "2026-03-01T09:00:00Z";

/// Makes a record that hangs on tickets; gives its id.
pub fn hang(
    desk: &FilledPortal,
    kind: &str,
    link: u32,
    tickets: &[u64],
    properties: &Value,
) -> u64 {
    let mut properties = properties.clone();
    properties["hs_timestamp"] = HUNG_AT.into();
    let to = tickets.iter().map(|ticket| {
        let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link}]);
        json!({"to": {"id": ticket.to_string()}, "types": types})
    });
    let body = json!({"properties": properties, "associations": to.collect::<Vec<_>>()});
    id(&desk.call("POST", &format!("/crm/v3/objects/{kind}"), &body))
}
