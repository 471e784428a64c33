//! The helper: a page followed as its reader does. Each line of its shell blocks is run as
//! it stands, one after the other, in a folder that holds what a clone holds, with a fresh
//! home. `# exits N` behind a line is its exit code, 0 where nothing is said; numbers in
//! the comment (`1,193 done`) must come out. `pat-…` is the token of the reader's portal,
//! for which a served sandbox stands in. What serves a sandbox has to print its address,
//! and does so until the block ends. Of a crontab the command is run.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Ended, Rehearsal, Served, TOKEN, project};

/// The token of the reader's portal, as pages write it.
const READERS_TOKEN: &str = "pat-…";

/// Where pages let a sandbox listen; tests take a free port.
const PORT: &str = "--port 8080";
const ADDRESS: &str = "http://127.0.0.1:8080";

/// A line of a shell block.
#[derive(Debug, PartialEq)]
enum Line {
    /// A variable that holds until the block ends.
    Export(String, String),
    /// The end of a block.
    End,
    /// A command, its exit code, and the numbers that it must report.
    Command {
        text: String,
        code: i32,
        reports: Vec<String>,
    },
}

/// Runs what stands in the shell blocks of a page; `before` sees each command first, and
/// does what the page leaves to its reader's hands. Returns how many commands there were.
pub fn follow(page: &str, before: fn(&Rehearsal, &str)) -> usize {
    let here = Rehearsal::new();
    for folder in ["samples", "samples/zendesk-history-files", "mappings"] {
        copy_files(&here, folder);
    }
    let text = fs::read_to_string(project(page)).expect("the page");
    let mut reader = Reader::new(&here);
    let mut commands = 0;
    for line in lines(&text) {
        match line {
            Line::Export(name, value) => reader.export(name, &value),
            Line::End => reader.end(),
            Line::Command {
                text,
                code,
                reports,
            } => {
                commands += 1;
                before(&here, &text);
                reader.run(&text, code, &reports);
            }
        }
    }
    commands
}

/// The lines of a page's shell blocks and crontabs; cargo is left to the reader.
fn lines(page: &str) -> Vec<Line> {
    let mut block = None;
    let mut found = Vec::new();
    let mut whole = String::new();
    for line in page.lines().map(str::trim) {
        match (block, line) {
            (None, "```sh" | "```cron") => block = Some(line),
            (Some(_), "```") => {
                block = None;
                found.push(Line::End);
            }
            (None, _) | (_, "") => {}
            (Some(kind), _) => {
                whole.push_str(line);
                if whole.ends_with('\\') {
                    let _mark = whole.pop();
                    continue;
                }
                found.extend(read_line(kind, &whole));
                whole.clear();
            }
        }
    }
    found
}

fn read_line(block: &str, line: &str) -> Option<Line> {
    if line.starts_with('#') || line.starts_with("cargo ") {
        return None;
    }
    if block == "```cron" {
        let command: Vec<&str> = line.split_whitespace().skip(5).collect();
        return Some(command_of(&command.join(" ")));
    }
    let variable = line.strip_prefix("export ");
    Some(match variable.and_then(|rest| rest.split_once('=')) {
        Some((name, value)) => Line::Export(name.to_owned(), value.to_owned()),
        None => command_of(line),
    })
}

fn command_of(line: &str) -> Line {
    let (text, comment) = line.split_once("  # ").unwrap_or((line, ""));
    let (exits, numbers) = match comment.trim().strip_prefix("exits ") {
        Some(rest) => rest.split_once(':').unwrap_or((rest, "")),
        None => ("0", comment),
    };
    let code = exits.trim().parse().expect("an exit code");
    let begins_with_digit = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
    Line::Command {
        text: text.trim().to_owned(),
        code,
        reports: numbers
            .split([';', ':'])
            .flat_map(|part| part.split(", "))
            .map(str::trim)
            .filter(begins_with_digit)
            .map(str::to_owned)
            .collect(),
    }
}

/// Somebody at a shell.
struct Reader<'a> {
    here: &'a Rehearsal,
    /// Stands in for the portal at HubSpot, once a page has its token.
    portal: Option<Served>,
    /// Variables of this block.
    exports: Vec<(String, String)>,
    /// A sandbox that was served in this block.
    served: Option<Served>,
}

impl Reader<'_> {
    fn new(here: &Rehearsal) -> Reader<'_> {
        Reader {
            here,
            portal: None,
            exports: Vec::new(),
            served: None,
        }
    }

    fn export(&mut self, name: String, value: &str) {
        let value = self.meant(value);
        if value == TOKEN {
            let url = self.portal().to_owned();
            self.exports.push(("TICKETHAUL_BASE_URL".to_owned(), url));
        }
        self.exports.push((name, value));
    }

    fn end(&mut self) {
        self.exports.clear();
        self.served = None;
    }

    fn portal(&mut self) -> &str {
        let here = self.here;
        let portal = self.portal.get_or_insert_with(|| here.serve("--rate off"));
        portal.url()
    }

    /// What a line means here: with the token, and the address of a sandbox that is served.
    fn meant(&self, line: &str) -> String {
        let line = line.replace(READERS_TOKEN, TOKEN);
        match &self.served {
            Some(served) => line.replace(ADDRESS, served.url()),
            None => line,
        }
    }

    fn run(&mut self, text: &str, code: i32, reports: &[String]) {
        let mut line = self.meant(text);
        if line.starts_with("tickethaul sandbox look") || line.starts_with("tickethaul sandbox --")
        {
            let line = format!("exec {}", line.replace(PORT, "--port 0"));
            let served = self.here.serve_by(self.shell(&line));
            assert!(served.url().starts_with("http://"), "{text}");
            self.served = Some(served);
            return;
        }
        // The reader's portal is at HubSpot, which needs no address.
        if line.starts_with("tickethaul portal add ") && !line.contains("--sandbox") {
            line = format!("{line} --base-url {}", self.portal());
        }
        let Ended {
            code: ended,
            stdout,
            stderr,
        } = self.here.finish(self.shell(&line));
        assert_eq!(ended, code, "{text}\n{stdout}\n{stderr}");
        let talk = format!("{stdout}\n{stderr}");
        let words: Vec<&str> = talk.split_whitespace().collect();
        let talk = words.join(" ");
        for report in reports {
            assert!(
                talk.contains(report),
                "{text}\nnot reported: {report}\n{talk}"
            );
        }
    }

    /// A line as a shell runs it, in a home that only this reader has used.
    fn shell(&self, line: &str) -> Command {
        let tool = Path::new(env!("CARGO_BIN_EXE_tickethaul"));
        let folder = tool.parent().expect("a folder").display();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .current_dir(self.here.path("."))
            .env_clear()
            .env("HOME", self.here.path("."))
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
            .envs(self.exports.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }
}

fn copy_files(here: &Rehearsal, folder: &str) {
    fs::create_dir(here.path(folder)).expect("a folder");
    for entry in fs::read_dir(project(folder)).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let name = path.file_name().expect("a name");
            let _bytes = fs::copy(&path, here.path(folder).join(name)).expect("copied");
        }
    }
}

#[test]
fn comments_name_exit_codes_and_numbers() {
    let line = |text: &str, code, reports: &[&str]| Line::Command {
        text: text.to_owned(),
        code,
        reports: reports.iter().map(|&report| report.to_owned()).collect(),
    };
    for (written, expected) in [
        (
            "tickethaul import a.csv   # exits 3: 1,193 done, 7 refused; 9 notes",
            line(
                "tickethaul import a.csv",
                3,
                &["1,193 done", "7 refused", "9 notes"],
            ),
        ),
        (
            "tickethaul import a.csv   # once all are fixed: 7 done",
            line("tickethaul import a.csv", 0, &["7 done"]),
        ),
        (
            "tickethaul runs   # all runs",
            line("tickethaul runs", 0, &[]),
        ),
        ("sed 's/# //' m.toml", line("sed 's/# //' m.toml", 0, &[])),
    ] {
        assert_eq!(command_of(written), expected);
    }
}

#[test]
fn blocks_end_lines_go_on_and_a_crontab_has_its_command() {
    let page = "```sh\n# a remark\ncargo test\nexport A=b\nfirst \\\n  second\n```\ntickethaul not\n\
                ```cron\n17 2 * * *  tickethaul  export\n```\n";
    let command = |text: &str| Line::Command {
        text: text.to_owned(),
        code: 0,
        reports: Vec::new(),
    };
    assert_eq!(
        lines(page),
        [
            Line::Export("A".to_owned(), "b".to_owned()),
            command("first second"),
            Line::End,
            command("tickethaul export"),
            Line::End,
        ]
    );
}
