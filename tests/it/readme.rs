//! Every `tickethaul` line of the README's shell blocks, as it stands, one after the
//! other, in a folder that holds what a clone holds, with a fresh home. `# exits N`
//! behind a line is its exit code, 0 where nothing is said; numbers in the comment
//! (`1,193 done`) must come out. Where the README has its reader export a token, a
//! served sandbox stands in for the reader's portal until the block ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::rehearsal::{Ended, Rehearsal, Served, TOKEN, project};

/// A line of a shell block.
#[derive(Debug, PartialEq)]
enum Line {
    /// From here to the end of the block the reader's own portal is meant.
    Token,
    /// The end of a block.
    End,
    /// A command, its exit code, and the numbers that it must report.
    Command {
        text: String,
        code: i32,
        reports: Vec<String>,
    },
}

/// The lines of the README's shell blocks that concern `tickethaul`.
fn lines(readme: &str) -> Vec<Line> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in readme.lines().map(str::trim) {
        match line {
            "```sh" => inside = true,
            "```" if inside => {
                inside = false;
                found.push(Line::End);
            }
            _ if inside && line.starts_with("export HUBSPOT_ACCESS_TOKEN=") => {
                found.push(Line::Token);
            }
            _ if inside && line.starts_with("tickethaul ") => found.push(command(line)),
            _ => {}
        }
    }
    found
}

fn command(line: &str) -> Line {
    let (text, comment) = line.split_once('#').unwrap_or((line, ""));
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

#[test]
fn comments_name_exit_codes_and_numbers() {
    let line = |text: &str, code, reports: &[&str]| Line::Command {
        text: text.to_owned(),
        code,
        reports: reports.iter().map(|&report| report.to_owned()).collect(),
    };
    assert_eq!(
        command("tickethaul import a.csv   # exits 3: 1,193 done, 7 refused"),
        line("tickethaul import a.csv", 3, &["1,193 done", "7 refused"])
    );
    assert_eq!(
        command("tickethaul import a.csv   # once all are fixed: 7 done"),
        line("tickethaul import a.csv", 0, &["7 done"])
    );
    assert_eq!(
        command("tickethaul runs   # all runs"),
        line("tickethaul runs", 0, &[])
    );
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let here = Rehearsal::new();
    for folder in ["samples", "samples/zendesk-history-files", "mappings"] {
        copy_files(&here, folder);
    }
    let portal = here.serve(&["--rate", "off"]);
    let lines = lines(&fs::read_to_string(project("README.md")).expect("the README"));
    let mut live = None;
    let mut commands = 0;
    for line in lines {
        match line {
            Line::Token => live = Some(&portal),
            Line::End => live = None,
            Line::Command {
                text,
                code,
                reports,
            } => {
                commands += 1;
                if text.starts_with("tickethaul retry rehearsal") {
                    crate::first::repair_in_place(&here, "rehearsal/refused.csv");
                }
                let ended = shell(&here, &text, live);
                assert_eq!(ended.code, code, "{text}\n{}", ended.stderr);
                let talk = format!("{}\n{}", ended.stdout, ended.stderr);
                let words: Vec<&str> = talk.split_whitespace().collect();
                let talk = words.join(" ");
                for report in reports {
                    assert!(
                        talk.contains(&report),
                        "{text}\nnot reported: {report}\n{talk}"
                    );
                }
            }
        }
    }
    assert!(commands >= 20, "the README has {commands} commands");
}

/// A line as a shell runs it, in a home that only this test has used.
fn shell(here: &Rehearsal, line: &str, portal: Option<&Served>) -> Ended {
    // The reader's portal is at HubSpot, which needs no address.
    let line = match portal.filter(|_| line.starts_with("tickethaul portal add ")) {
        Some(portal) => format!("{line} --base-url {}", portal.url()),
        None => line.to_owned(),
    };
    let tool = Path::new(env!("CARGO_BIN_EXE_tickethaul"));
    let folder = tool.parent().expect("a folder").display();
    let mut command = Command::new("/bin/sh");
    let _same = command
        .args(["-c", &line])
        .current_dir(here.path("."))
        .env_clear()
        .env("HOME", here.path("."))
        .env("PATH", format!("{folder}:/usr/bin:/bin"))
        .stdin(Stdio::null());
    if let Some(portal) = portal {
        let _same = command
            .env("TICKETHAUL_BASE_URL", portal.url())
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    }
    here.finish(command)
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
