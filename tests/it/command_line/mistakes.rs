//! Mistakes that people make, a row each: what was typed, the exit code, and what is said.
//! The numbers are those of the list that a first user's mistakes were collected in, from 1
//! to 89; what a row can't show cheaply has a story of its own (`ELSEWHERE`).

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Ended, Rehearsal, Served, TOKEN, project};

/// A mistake.
struct Mistake {
    number: u8,
    /// As in a shell: `env -i` without the variables of the portal, `NAME=value` with one,
    /// `cd DIR` in a folder, `> FILE` for stdout; `'…'` is one word.
    typed: &'static str,
    code: i32,
    /// What stderr says, or stdout where that is a report.
    says: &'static [&'static str],
}

const fn row(number: u8, typed: &'static str, code: i32, says: &'static [&'static str]) -> Mistake {
    Mistake {
        number,
        typed,
        code,
        says,
    }
}

/// Tokens and portals.
const PORTALS: &[Mistake] = &[
    row(
        1,
        "env -i export --properties subject",
        64,
        &["no portal is named", "set HUBSPOT_ACCESS_TOKEN"],
    ),
    row(
        2,
        "env -i HUBSPOT_ACCESS_TOKEN=pat-wrong TICKETHAUL_BASE_URL={url} export --properties subject",
        7,
        &["does not accept the token (401)"],
    ),
    row(
        3,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file crlf.token -o 3.csv",
        0,
        &["tickets exported"],
    ),
    row(
        4,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file bom.token -o 4a.csv",
        0,
        &["tickets exported"],
    ),
    row(
        4,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file bearer.token -o 4b.csv",
        0,
        &["tickets exported"],
    ),
    row(
        4,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file blank.token",
        64,
        &["holds a character that no token has (a blank"],
    ),
    row(
        5,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file quoted.token -o 5a.csv",
        0,
        &["tickets exported"],
    ),
    row(
        5,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file named.token -o 5b.csv",
        0,
        &["tickets exported"],
    ),
    row(
        6,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file empty.csv",
        64,
        &["the token is empty"],
    ),
    row(
        6,
        "env -i TICKETHAUL_BASE_URL={url} export --properties subject --token-file none.token",
        64,
        &["can't read the token file none.token: there is no such file"],
    ),
    row(
        7,
        "export --properties subject --token x",
        64,
        &["'--token-file'"],
    ),
    row(
        8,
        "schema show --portal sandbox --sandbox-data own",
        0,
        &[
            "the embedded sandbox, chosen by --portal sandbox",
            "HUBSPOT_ACCESS_TOKEN and TICKETHAUL_BASE_URL are not used",
        ],
    ),
    row(
        50,
        "env -i export --properties subject --portal sandbox --sandbox-data busy",
        7,
        &["is in use by process", "--sandbox-data"],
    ),
    row(78, "sandbox --port {port}", 64, &["port {port} is taken"]),
    row(
        79,
        "sandbox --trouble post-5002@3",
        64,
        &["no trouble is called `post-5002`; did you mean post-502?"],
    ),
    row(
        79,
        "sandbox --switch createdat_writable=no",
        64,
        &["did you mean createdate_writable?"],
    ),
    row(
        79,
        "sandbox --trouble zzz@3",
        64,
        &["no trouble is called `zzz`; there are 429, 500"],
    ),
    row(
        82,
        "TICKETHAUL_BASE_URL={nobody} export --properties subject",
        5,
        &[
            "connection refused, nothing listens there",
            "run the same command again",
        ],
    ),
    row(
        83,
        "TICKETHAUL_BASE_URL=http://portal.example export --properties subject",
        64,
        &["allowed for loopback addresses only"],
    ),
    row(
        84,
        "TICKETHAUL_BASE_URL=127.0.0.1:8080 export --properties subject",
        64,
        &["it must start with https://"],
    ),
    row(
        84,
        "TICKETHAUL_BASE_URL= export --properties subject",
        64,
        &["is set, but is empty", "unset it for HubSpot itself"],
    ),
    row(
        86,
        "env -i HUBSPOT_ACCESS_TOKEN=pat-x HTTPS_PROXY={nobody} export --properties subject",
        5,
        &[
            "can't reach https://api.hubapi.com through the proxy",
            "(HTTPS_PROXY)",
        ],
    ),
    row(
        87,
        "HTTPS_PROXY=rubbish export --properties subject -o 87.csv",
        0,
        &["tickets exported"],
    ),
];

/// Files and mappings, as they are given to an import.
const INPUTS: &[Mistake] = &[
    row(
        9,
        "import none.csv -m m.toml",
        64,
        &["can't read none.csv: there is no such file"],
    ),
    row(
        10,
        "import in.csv -m none.toml",
        64,
        &[
            "there is no such file",
            "`tickethaul map init FILE -o none.toml`",
        ],
    ),
    row(
        10,
        "import in.csv -m zendsk",
        64,
        &["did you mean zendesk?"],
    ),
    row(10, "map check zendesk", 0, &[]),
    row(
        11,
        "import in.csv",
        64,
        &[
            "--mapping <MAPPING>",
            "`tickethaul map init FILE -o mine.toml`",
        ],
    ),
    row(
        12,
        "import {jira} -m zendesk",
        64,
        &[
            "the file has none of the columns `Id`, `Ticket ID`",
            "the file looks like an export of Jira: -m jira is the built-in mapping",
        ],
    ),
    row(
        13,
        "import folder -m m.toml",
        64,
        &["can't read folder: it is a folder", "name a CSV file in it"],
    ),
    row(
        14,
        "import in.csv -m folder",
        64,
        &["it is a folder", "name a TOML file in it"],
    ),
    row(
        15,
        "import in.csv -m in.csv",
        64,
        &[
            "this is a table, and no mapping",
            "`tickethaul map init FILE`",
        ],
    ),
    row(
        16,
        "import empty.csv -m m.toml",
        64,
        &["it is empty", "export it again"],
    ),
    row(
        17,
        "import head.csv -m m.toml",
        0,
        &["no rows in head.csv: nothing to do"],
    ),
    row(
        18,
        "import in.csv -m m.toml --creat-properties",
        64,
        &["'--create-properties'"],
    ),
    row(18, "improt in.csv", 64, &["'import'"]),
    row(18, "import in.csv -m m.toml --op creat", 64, &["'create'"]),
    row(
        20,
        "check old.xls",
        64,
        &[
            "the workbook is damaged",
            "open it in a spreadsheet and save it again",
        ],
    ),
    row(
        21,
        "import lines.jsonl -m m.toml",
        0,
        &["UTF-8, JSON lines", "2 exists"],
    ),
    row(
        21,
        "import pretty.csv -m m.toml",
        0,
        &["pretty.csv: UTF-8, JSON", "1 exists"],
    ),
    row(
        24,
        "import login.csv -m m.toml",
        64,
        &["it is a web page", "asks to log in"],
    ),
    row(
        60,
        "import again/idmap.csv -m m.toml",
        64,
        &["this is the idmap.csv of a run", "or its done.csv"],
    ),
    row(59, "import again/done.csv -m m.toml", 0, &["2 exists"]),
    row(
        62,
        "check dates.csv -m dates.toml",
        4,
        &[
            "format = \"spreadsheet\" reads it as 2020-03-07 08:56:33",
            "format = \"%m/%d/%Y %H:%M\" reads it as",
        ],
    ),
    row(
        63,
        "check rewritten.csv -m m.toml",
        4,
        &["2 KEY_REWRITTEN", "open the file with every column as text"],
    ),
    row(
        64,
        "check twice.csv -m m.toml",
        0,
        &[
            "2 columns are called Subject: subject gets the values of all of them",
            "nth = 1 takes the first",
        ],
    ),
    row(
        64,
        "import twice.csv -m m.toml",
        0,
        &["2 columns are called Subject"],
    ),
    row(
        65,
        "check quoted.csv -m m.toml",
        0,
        &["1 row: 1 would go in"],
    ),
    row(
        65,
        "check returns.csv -m m.toml",
        0,
        &["2 rows: 2 would go in", "`,`, CR\n"],
    ),
    row(
        65,
        "check hinted.csv -m m.toml",
        0,
        &["2 rows: 2 would go in", "`;`, LF"],
    ),
    row(
        66,
        "check ctrl-z.csv -m m.toml",
        0,
        &["1 row: 1 would go in"],
    ),
    row(
        67,
        "check title.csv",
        0,
        &["the header seems to be line 3: `skip_lines = 2`"],
    ),
    row(
        68,
        "check open.csv -m m.toml",
        4,
        &[
            "3 rows: 2 would go in, 1 would be refused",
            "UNCLOSED_QUOTE",
        ],
    ),
    row(
        69,
        "LC_ALL=C import 'größe 票/in.csv' -m m.toml --run-dir 'größe 票/run'",
        0,
        &["2 exists", "größe 票/run"],
    ),
    row(
        70,
        "check in.csv -m crlf.toml",
        0,
        &["2 rows: 2 would go in"],
    ),
    row(
        71,
        "check in.csv -m three.toml",
        64,
        &[
            "did you mean `Id`?",
            "did you mean `subject`?",
            "did you mean \"Closed\"?",
            "three.toml:4:10",
        ],
    ),
    row(
        72,
        "check in.csv -m smart.toml",
        64,
        &["a word processor's quotation marks", "smart.toml:3:12"],
    ),
    row(
        73,
        "check in.csv -m stage.toml",
        64,
        &["did you mean \"Closed\"? Accepted: \"New\""],
    ),
    row(
        80,
        "import in.csv -m m.toml --op delete",
        64,
        &[
            "possible values: create",
            "--op archive moves tickets to the recycle bin",
        ],
    ),
    row(
        81,
        "import in.csv in.csv -m m.toml",
        64,
        &["in.csv is named twice"],
    ),
    row(
        81,
        "import in.csv {jira} -m m.toml",
        64,
        &["has other columns than in.csv", "run this one by itself"],
    ),
    row(
        88,
        "import - -m m.toml",
        64,
        &["can't read standard input: it is empty"],
    ),
    row(
        89,
        "import in.csv -m m.toml --limit -5",
        64,
        &["'-5' for '--limit <N>'", "a whole number from 1 on"],
    ),
];

/// What commands write, and what is exported.
const OUTPUTS: &[Mistake] = &[
    row(
        25,
        "export --properties subject -o mine.csv",
        64,
        &["is there already, and is not an export", "--force"],
    ),
    row(
        26,
        "check in.csv -m m.toml -o mine.csv",
        64,
        &["mine.csv is there already", "--force"],
    ),
    row(
        26,
        "map init in.csv -o m.toml",
        64,
        &["m.toml is there already", "--force"],
    ),
    row(
        27,
        "schema pull -o m.toml",
        64,
        &["m.toml is there already", "--force"],
    ),
    row(
        28,
        "export --properties subject -o none/x.csv",
        64,
        &["there is no folder none"],
    ),
    row(
        29,
        "export --properties subject -o folder",
        64,
        &["folder is a folder", "such as folder/tickets.csv"],
    ),
    row(
        30,
        "export --properties subject -o x.xlsx",
        64,
        &["names no format that is written here", ".parquet"],
    ),
    row(
        30,
        "export --properties subject -o a.parquet.gz",
        64,
        &["Parquet is compressed by itself"],
    ),
    row(
        31,
        "cd stuck import ../in.csv -m ../lacking.toml --create-properties",
        7,
        &[
            "can't use the run folder",
            "nothing was written to the portal",
        ],
    ),
    row(
        32,
        "cd stuck export --properties subject -o ../32.csv",
        7,
        &[
            "can't use the run folder",
            "name a folder that can be written with --run-dir",
        ],
    ),
    row(
        35,
        "export --properties subject,hs_pipeline_stag",
        64,
        &["did you mean hs_pipeline_stage?"],
    ),
    row(
        36,
        "export --properties 'Ticket name,Priority'",
        64,
        &[
            "Ticket name (did you mean subject?)",
            "Priority (did you mean hs_ticket_priority?)",
        ],
    ),
    row(
        37,
        "export --properties ''",
        64,
        &["nothing says which properties", "--all-properties"],
    ),
    row(
        38,
        "export",
        64,
        &[
            "nothing says which properties",
            "--all-properties",
            "-m MAPPING",
        ],
    ),
    row(
        39,
        "export --properties subject --where 'createdate >> 2020'",
        64,
        &["at character 13: a value is expected"],
    ),
    row(
        39,
        "export --properties subject --where 'subject == x'",
        64,
        &["write one `=` to compare"],
    ),
    row(
        40,
        "export --properties subject --where 'creatdate >= 2020-01-01'",
        64,
        &["did you mean createdate?"],
    ),
    row(
        40,
        "export --properties subject --where 'hs_pipeline_stage = Closd'",
        64,
        &["did you mean Closed?"],
    ),
    row(
        40,
        "export --properties subject --where 'createdate >= 31.1.2026'",
        64,
        &["write 2026-01-31"],
    ),
    row(
        41,
        "export --properties subject --where 'createdate >= yesterday'",
        64,
        &["today - 7d or now - 12h"],
    ),
    row(
        41,
        "export --properties subject --where 'createdate >= today - 1d' -o 41.csv",
        0,
        &["tickets exported"],
    ),
    row(
        42,
        "export --properties subject --rate 190",
        64,
        &["write calls, a slash and a time, such as 190/10s"],
    ),
    row(
        42,
        "export --properties subject --rate 0/10s",
        64,
        &["write calls, a slash and a time, such as 190/10s"],
    ),
    row(
        58,
        "get zendesk-1",
        64,
        &["is not a record id", "--id-property"],
    ),
    row(
        75,
        "export --properties subject > /dev/full",
        1,
        &["No space left on device"],
    ),
    row(
        76,
        "TZ=rubbish export --properties subject -o 76.csv",
        0,
        &["tickets exported"],
    ),
    row(
        77,
        "export --properties createdate --zone CEST",
        64,
        &["an IANA zone such as Europe/Berlin"],
    ),
    row(
        77,
        "export --properties createdate --zone local",
        64,
        &["an IANA zone such as Europe/Berlin"],
    ),
];

/// Runs that are resumed, deletions, and what there is no command for.
const RUNS: &[Mistake] = &[
    row(
        43,
        "cd folder resume",
        64,
        &[
            "no run in this folder is unfinished",
            "with --all those of other folders",
        ],
    ),
    row(
        44,
        "resume done",
        0,
        &["run done is finished: every row is settled"],
    ),
    row(
        45,
        "resume folder",
        7,
        &[
            "folder holds no run.db",
            "run the command that made the folder again",
        ],
    ),
    row(
        47,
        "import in.csv -m m.toml --run-dir done",
        64,
        &["the run folder done is not empty", "`tickethaul resume`"],
    ),
    row(49, "resume changed --no-limit", 7, &["changed.csv"]),
    row(49, "resume remapped --no-limit", 7, &["remapped.toml"]),
    row(
        49,
        "resume moved --no-limit",
        64,
        &[
            "moved.csv: there is no such file",
            "bring it back to where it was",
        ],
    ),
    row(
        51,
        "delete --ids 1",
        64,
        &[
            "can't ask for confirmation: this is not a terminal",
            "--yes",
        ],
    ),
    row(
        52,
        "delete --ids 1234567890 --yes",
        3,
        &["1 TICKET_MISSING", "the portal has no such ticket"],
    ),
    row(
        53,
        "delete abc.csv --yes",
        3,
        &["1 INVALID_ID", "write the digits of its id"],
    ),
    row(
        54,
        "delete --ids-from listed.txt --yes",
        3,
        &["1 refused", "1 TICKET_MISSING"],
    ),
    row(
        55,
        "delete again/done.csv --yes",
        0,
        &["2 rows are left alone, since that run did not create their tickets"],
    ),
    row(
        56,
        "import in.csv -m m.toml --dry-run",
        0,
        &["Nothing would change in the portal"],
    ),
    row(
        56,
        "delete in.csv --dry-run",
        64,
        &["this command has no --dry-run", "`tickethaul plan FILE"],
    ),
    row(
        57,
        "restore 4711",
        64,
        &["there is no command to restore tickets", "recycle bin"],
    ),
    row(57, "undo again --yes", 0, &["undone"]),
    row(57, "verify done", 0, &["2 rows compared"]),
    row(57, "completions bash", 0, &[]),
];

/// Rows whose mistakes take a story of their own.
const ELSEWHERE: &[(u8, &str)] = &[
    (16, "import/inputs::damaged_and_foreign_archives_are_told"),
    (
        19,
        "import/workbooks::a_workbook_ends_as_the_csv_that_holds_the_same",
    ),
    (
        20,
        "import/workbooks::other_kinds_of_workbooks_are_read_and_their_files_associate_and_delete",
    ),
    (22, "import/inputs::damaged_and_foreign_archives_are_told"),
    (
        23,
        "import/inputs::packed_files_are_read_as_what_is_in_them",
    ),
    (
        33,
        "run/resume::a_full_disk_and_a_read_only_folder_are_told",
    ),
    (
        34,
        "run/resume::a_full_disk_and_a_read_only_folder_are_told",
    ),
    (
        46,
        "run/resume::a_second_signal_leaves_at_once_and_a_held_lock_is_told",
    ),
    (
        48,
        "command_line/mistakes::two_imports_of_one_file_at_once_make_each_ticket_once",
    ),
    (
        61,
        "import/inputs::our_refused_rows_come_back_from_a_spreadsheet",
    ),
    (
        74,
        "command_line/outputs::a_reader_that_went_away_is_no_error_of_any_command",
    ),
    (
        84,
        "portal/ways::an_address_that_is_no_portals_is_told_as_such",
    ),
    (
        85,
        "command_line/mistakes::another_web_server_is_told_from_a_portal",
    ),
    (
        88,
        "import/inputs::standard_input_is_kept_in_the_run_folder",
    ),
];

const MAPPING: &str = "version = 1
[key]
property = \"source_ticket_id\"
column = \"Id\"
[properties]
subject = \"Subject\"
hs_pipeline_stage = { value = \"New\" }
[[property]]
name = \"source_ticket_id\"
type = \"string\"
unique = true
";

/// Where the mistakes are made.
struct Place {
    here: Rehearsal,
    portal: Served,
    /// Serves the state that another command wants.
    _busy: Served,
    /// Nobody listens there.
    nobody: String,
}

impl Place {
    fn new() -> Place {
        let here = Rehearsal::new();
        for folder in ["folder", "stuck", "busy", "größe 票"] {
            fs::create_dir(here.path(folder)).expect("a folder");
        }
        write_files(&here);
        write_mappings(&here);
        let portal = here.serve(["--rate", "off"]);
        let busy = here.serve(["--data", "busy/sandbox.db"]);
        let free = TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr());
        let place = Place {
            here,
            portal,
            _busy: busy,
            nobody: format!("http://{}", free.expect("a port")),
        };
        place.begin_runs();
        place
    }

    /// A run that is done, one that found what was there, and some that came to a limit.
    fn begin_runs(&self) {
        let run = |args: &[&str]| self.here.run_against(&self.portal, args).expect(0);
        let import = ["import", "in.csv", "-m", "m.toml", "--run-dir"];
        let _done = run(&[&import[..], &["done", "--create-properties"]].concat());
        let _done = run(&[&import[..], &["again"]].concat());
        for (name, mapping) in [
            ("changed", "m.toml"),
            ("remapped", "remapped.toml"),
            ("moved", "m.toml"),
        ] {
            let file = format!("{name}.csv");
            self.here.write(&file, "Id,Subject\n1,a\n2,b\n");
            let _limited = run(&[
                "import",
                &file,
                "-m",
                mapping,
                "--run-dir",
                name,
                "--limit",
                "1",
            ]);
        }
        self.here.write("changed.csv", "Id,Subject\n1,a\n2,c\n");
        self.here
            .write("remapped.toml", MAPPING.replace("New", "Closed"));
        fs::remove_file(self.here.path("moved.csv")).expect("it was there");
    }

    fn run(&self, mistake: &Mistake) -> Ended {
        let mut words = words(&self.filled(mistake.typed)).into_iter().peekable();
        let is_bare = words.peek().is_some_and(|word| word == "env");
        let mut words = words.skip(if is_bare { 2 } else { 0 }).peekable();
        let mut variables = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
            variables.push((name.to_owned(), value.to_owned()));
            let _taken = words.next();
        }
        let folder = words
            .next_if(|word| word == "cd")
            .and_then(|_cd| words.next());
        let mut args: Vec<String> = words.collect();
        let stdout = args.iter().position(|word| word == ">");
        let stdout = stdout.map(|at| args.split_off(at).remove(1));
        let mut command = self.here.command(&args);
        if !is_bare {
            command
                .env("TICKETHAUL_BASE_URL", self.portal.url())
                .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
        }
        command.envs(variables);
        if let Some(folder) = folder {
            command.current_dir(self.here.path(&folder));
        }
        match stdout {
            Some(file) => into_file(command, &file),
            None => self.here.finish(command),
        }
    }

    /// With what is known only here.
    fn filled(&self, text: &str) -> String {
        let url = self.portal.url();
        let port = url.rsplit(':').next().unwrap_or_default();
        let jira = project("samples/jira-tickets.csv").display().to_string();
        text.replace("{url}", url)
            .replace("{port}", port)
            .replace("{nobody}", &self.nobody)
            .replace("{jira}", &jira)
    }

    /// What is wrong with what a row says, if anything is.
    fn fault(&self, mistake: &Mistake) -> Option<String> {
        let ended = self.run(mistake);
        let all = format!("{}\n{}", ended.stderr, ended.stdout);
        let unsaid = mistake
            .says
            .iter()
            .find(|words| !all.contains(&self.filled(words)));
        let what = match unsaid {
            _ if ended.code != mistake.code => format!("exit {}, not {}", ended.code, mistake.code),
            _ if all.contains("(os error 2)") => {
                "the system's words for a file that is not there".to_owned()
            }
            Some(words) => format!("not said: {words}"),
            None => return None,
        };
        Some(format!(
            "{} {}\n{what}\n{all}",
            mistake.number, mistake.typed
        ))
    }
}

fn into_file(mut command: Command, file: &str) -> Ended {
    let file = OpenOptions::new().write(true).open(file);
    let output = command
        .stdout(file.expect("it is there"))
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .expect("it runs");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Words as a shell cuts them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut begun) = (String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '\'' => (quoted, begun) = (!quoted, true),
            ' ' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            letter => {
                word.push(letter);
                begun = true;
            }
        }
    }
    words.extend(begun.then_some(word));
    words
}

fn write_files(here: &Rehearsal) {
    let bom = "\u{feff}";
    for (name, text) in [
        ("in.csv", "Id,Subject\n1,a\n2,b\n".to_owned()),
        ("größe 票/in.csv", "Id,Subject\n1,a\n2,b\n".to_owned()),
        ("head.csv", "Id,Subject\n".to_owned()),
        ("empty.csv", String::new()),
        ("mine.csv", "written by hand\n".to_owned()),
        ("stuck/tickethaul-runs", "no folder".to_owned()),
        ("crlf.token", format!("{TOKEN}\r\n")),
        ("bom.token", format!("{bom}{TOKEN}\n")),
        ("bearer.token", format!("Bearer {TOKEN}\n")),
        ("blank.token", "pat na1\n".to_owned()),
        ("quoted.token", format!("\"{TOKEN}\"\n")),
        ("named.token", format!("HUBSPOT_ACCESS_TOKEN={TOKEN}\n")),
        (
            "lines.jsonl",
            "{\"Id\":\"1\",\"Subject\":\"a\"}\n{\"Id\":\"2\",\"Subject\":\"b\"}\n".to_owned(),
        ),
        (
            "pretty.csv",
            "[\n  {\n    \"Id\": \"1\",\n    \"Subject\": \"a\"\n  }\n]\n".to_owned(),
        ),
        (
            "login.csv",
            "<!DOCTYPE html><html><head><title>Log in</title></head></html>".to_owned(),
        ),
        (
            "dates.csv",
            "Id,Subject,Created\n8,a,7/3/2020 8:56\n9,b,43897.3726\n".to_owned(),
        ),
        (
            "rewritten.csv",
            "Id,Subject\n1.00011E+05,a\n100004.0,b\n".to_owned(),
        ),
        ("twice.csv", "Id,Subject,Subject\n1,a,b\n".to_owned()),
        ("quoted.csv", "Id,Subject \r\n1,\"a\r\nb\",\r\n".to_owned()),
        ("returns.csv", "Id,Subject\r1,a\r2,b\r".to_owned()),
        ("hinted.csv", "sep=;\nId;Subject\n1;a\n2;b\n".to_owned()),
        ("ctrl-z.csv", "Id,Subject\r\n1,a\r\n\u{1a}".to_owned()),
        (
            "title.csv",
            "Report,,\nMade 2025,,\nId,Subject,Status\n1,a,open\n2,b,open\n".to_owned(),
        ),
        ("open.csv", "Id,Subject\n1,\"a\n2,b\n3,c\n".to_owned()),
        ("abc.csv", "ticket_id\nabc\n".to_owned()),
        ("listed.txt", "# closed twice\n1234567890\n\n".to_owned()),
    ] {
        here.write(name, text);
    }
    here.write("old.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and no more");
}

fn write_mappings(here: &Rehearsal) {
    let changed = |from: &str, to: &str| MAPPING.replace(from, to);
    let created = "hs_pipeline_stage = { value = \"New\" }\ncreatedate = { column = \"Created\", format = \"iso\" }";
    let three = changed("\"Id\"", "\"Idd\"").replace("subject =", "subjct =");
    for (name, text) in [
        ("m.toml", MAPPING.to_owned()),
        ("remapped.toml", MAPPING.to_owned()),
        (
            "dates.toml",
            changed("hs_pipeline_stage = { value = \"New\" }", created)
                .replace("[key]", "[source]\ntimezone = \"UTC\"\n[key]"),
        ),
        (
            "lacking.toml",
            changed("source_ticket_id", "source_other_id"),
        ),
        (
            "crlf.toml",
            format!("\u{feff}{}", changed("\n", "\r\n").replace(" = ", "\t=\t")),
        ),
        ("three.toml", three.replace("New", "Closd")),
        (
            "smart.toml",
            changed("\"source_ticket_id\"\ncolumn", "“source_ticket_id”\ncolumn"),
        ),
        ("stage.toml", changed("New", "Closd")),
    ] {
        here.write(name, text);
    }
}

fn all() -> Vec<&'static Mistake> {
    let tables = [PORTALS, INPUTS, OUTPUTS, RUNS];
    tables.into_iter().flatten().collect()
}

#[cfg(unix)]
#[test]
fn every_mistake_is_told_with_what_to_do_about_it() {
    let place = Place::new();
    let (mistakes, next) = (all(), AtomicUsize::new(0));
    let faults = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_worker| {
                scope.spawn(|| {
                    let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                    let mine = numbers.map_while(|number| mistakes.get(number));
                    mine.filter_map(|mistake| place.fault(mistake))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let ended = workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"));
        ended.flatten().collect::<Vec<_>>()
    });
    assert!(
        faults.is_empty(),
        "{} faults\n\n{}",
        faults.len(),
        faults.join("\n----\n")
    );
}

#[test]
fn every_row_of_the_list_has_its_test() {
    let mut found: BTreeSet<u8> = all().iter().map(|mistake| mistake.number).collect();
    for (number, story) in ELSEWHERE {
        let (file, name) = story.split_once("::").expect("a file and a story");
        let text = fs::read_to_string(project(&format!("tests/it/{file}.rs")));
        let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            text.contains(&format!("#[test]\nfn {name}()")),
            "{number}: {story}"
        );
        found.insert(*number);
    }
    let wanted: BTreeSet<u8> = (1..=89).collect();
    let lacking: Vec<&u8> = wanted.difference(&found).collect();
    assert!(lacking.is_empty(), "rows without a test: {lacking:?}");
}

#[test]
fn two_imports_of_one_file_at_once_make_each_ticket_once() {
    let here = Rehearsal::new();
    let portal = here.serve(["--rate", "off"]);
    let rows: String = (0..600).map(|n| format!("{n},subject {n}\n")).collect();
    here.write("in.csv", format!("Id,Subject\n{rows}"));
    here.write("m.toml", MAPPING);
    let schema = ["schema", "apply", "-m", "m.toml", "--yes"];
    here.run_against(&portal, schema).expect(0);
    let import = |run| {
        let args = [
            "import",
            "in.csv",
            "-m",
            "m.toml",
            "--batch-size",
            "10",
            "--run-dir",
            run,
        ];
        here.run_against(&portal, args).expect(0)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| import("other"));
        let _ended = import("one");
        let _ended = other.join().expect("no panic");
    });
    let export = [
        "export",
        "--properties",
        "source_ticket_id",
        "-o",
        "held.csv",
    ];
    here.run_against(&portal, export).expect(0);
    let held = here.rows("held.csv");
    let keys: BTreeSet<&str> = held.iter().map(|row| &*row["source_ticket_id"]).collect();
    assert_eq!((held.len(), keys.len()), (600, 600));
    let fates = |fate: &str| {
        let runs = ["one", "other"].into_iter();
        let rows = runs.flat_map(|run| here.rows(&format!("{run}/done.csv")));
        rows.filter(|row| row["_fate"] == fate).count()
    };
    assert_eq!((fates("done"), fates("exists")), (600, 600));
}

#[test]
fn another_web_server_is_told_from_a_portal() {
    let here = Rehearsal::new();
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", door.local_addr().expect("an address"));
    let page = "<html><head><title>Error response</title></head></html>";
    let answer = format!(
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let _server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in door.incoming() {
            let Ok(mut stream) = stream else { break };
            let _asked = stream.read(&mut [0; 4_096]);
            let _told = stream.write_all(answer.as_bytes());
        }
    });
    here.tool(["export", "--properties", "subject"])
        .at(&url)
        .run()
        .expect(7)
        .says("a web page instead of JSON, titled \"Error response\"");
}
