//! Every `tickethaul` line of the README's shell blocks, in their order, in a folder
//! that holds what a clone holds. `# exits N` behind a line is its exit code, 0 where
//! nothing is said.

use std::fs;

use crate::rehearsal::{Rehearsal, TOKEN, project};

/// The commands of the README with their exit codes.
fn commands() -> Vec<(String, i32)> {
    let text = fs::read_to_string(project("README.md")).expect("the README");
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside && line.starts_with("tickethaul ") => found.push(command(line)),
            _ => {}
        }
    }
    found
}

fn command(line: &str) -> (String, i32) {
    let (command, comment) = line.split_once('#').unwrap_or((line, ""));
    let digits = comment.split_once("exits ").map_or("0", |(_, rest)| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit());
        &rest[..end.unwrap_or(rest.len())]
    });
    let code = digits.parse().expect("an exit code");
    (command.trim().to_owned(), code)
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let here = Rehearsal::new();
    for folder in ["samples", "mappings"] {
        copy_files(&here, folder);
    }
    let sandbox = here.serve(&["--rate", "off"]);
    let commands = commands();
    assert!(commands.len() >= 6, "the README has commands: {commands:?}");
    for (line, code) in commands {
        let args = line.split_whitespace().skip(1);
        let mut command = here.command(args);
        let _same = command
            .env("TICKETHAUL_BASE_URL", sandbox.url())
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
            .env("XDG_DATA_HOME", here.path("data"));
        if line.contains("rehearsal/refused.csv") {
            crate::first::repair_in_place(&here, "rehearsal/refused.csv");
        }
        let ended = here.finish(command);
        assert_eq!(ended.code, code, "{line}\n{}", ended.stderr);
    }
    assert_eq!(here.rows("tickets.csv").len(), 1_193);
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
