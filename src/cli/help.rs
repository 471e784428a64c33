//! What --help says beyond the options: commands grouped by task, and one to three
//! examples for each. A test checks that every command is in one group and that every
//! example can be parsed.

use clap::Command;
use clap::builder::StyledStr;

/// Commands by task, in the order in which people do them.
const GROUPS: [(&str, &[&str]); 7] = [
    ("Get ready", &["portal", "map", "schema"]),
    (
        "Bring tickets in",
        &["check", "plan", "apply", "import", "resume", "retry"],
    ),
    ("Look at runs", &["status", "runs", "verify", "report"]),
    ("Take tickets out", &["export", "get"]),
    (
        "Change what is there",
        &["associate", "dissociate", "delete", "undo"],
    ),
    ("Rehearse", &["sandbox"]),
    ("For the shell", &["completions", "man", "help"]),
];

/// Examples by command, each with what it is for.
const EXAMPLES: [(&str, &[(&str, &str)]); 34] = [
    (
        "check",
        &[
            ("check tickets.csv", "what is in the file"),
            (
                "check tickets.csv -m mine.toml",
                "which rows an import would refuse, and why",
            ),
            (
                "check tickets.csv -m mine.toml -o refused.csv",
                "the same, with those rows in a file",
            ),
        ],
    ),
    (
        "import",
        &[
            (
                "import tickets.csv -m zendesk --portal sandbox",
                "a rehearsal, without an account",
            ),
            (
                "import tickets.csv -m mine.toml --op upsert",
                "changes what is there, adds what is not",
            ),
            (
                "import part-*.csv.gz -m mine.toml --run-dir night",
                "several files, one run, in a named folder",
            ),
        ],
    ),
    (
        "plan",
        &[
            (
                "plan tickets.csv -m mine.toml --op upsert",
                "what would change, row by row",
            ),
            (
                "plan tickets.csv -m mine.toml -o monday",
                "kept, for `tickethaul apply monday`",
            ),
        ],
    ),
    ("apply", &[("apply monday", "does what the plan shows")]),
    (
        "associate",
        &[(
            "associate tickets.csv -m mine.toml",
            "links the tickets of these rows to their contacts",
        )],
    ),
    (
        "dissociate",
        &[(
            "dissociate tickets.csv -m mine.toml",
            "removes the links that these rows name",
        )],
    ),
    (
        "delete",
        &[
            (
                "delete tickets.csv -m mine.toml",
                "the tickets of these rows, after a question",
            ),
            (
                "delete --run rehearsal --yes",
                "the tickets that a run created",
            ),
            ("delete --ids-from ids.txt", "by id, a line each"),
        ],
    ),
    (
        "resume",
        &[
            ("resume", "the last run of this folder that stopped"),
            ("resume tickethaul-runs/night", "another one"),
        ],
    ),
    (
        "retry",
        &[(
            "retry night",
            "the refused rows of a run, as its refused.csv is now",
        )],
    ),
    (
        "verify",
        &[
            ("verify", "the last run of this folder"),
            ("verify night --json", "another one, for a script"),
        ],
    ),
    (
        "undo",
        &[
            ("undo night --plan", "what would be undone"),
            ("undo night", "takes it back, after a question"),
        ],
    ),
    (
        "report",
        &[
            ("report", "the last run, as report.html in its folder"),
            (
                "report night -o page.html",
                "another run, written elsewhere",
            ),
        ],
    ),
    ("status", &[("status", "the last run of this folder")]),
    (
        "runs",
        &[("runs", "all runs of this folder, the oldest first")],
    ),
    (
        "runs clean",
        &[(
            "runs clean --older-than 90d",
            "removes old ones, after a question",
        )],
    ),
    (
        "export",
        &[
            (
                "export --properties subject,createdate -o tickets.csv",
                "some columns",
            ),
            (
                "export --all-properties --since last -o lake",
                "a folder, brought up to date",
            ),
            (
                "export --properties subject --where hs_pipeline_stage=1 -o new.csv",
                "the tickets of one stage",
            ),
        ],
    ),
    (
        "get",
        &[
            ("get 4711", "a ticket by its id"),
            (
                "get zendesk-17 --id-property source_ticket_id",
                "by a unique property",
            ),
        ],
    ),
    (
        "schema pull",
        &[(
            "schema pull -o portal.toml",
            "a copy of what the portal defines",
        )],
    ),
    (
        "schema show",
        &[("schema show", "properties, pipelines, stages and owners")],
    ),
    (
        "schema diff",
        &[(
            "schema diff -m mine.toml",
            "what the portal lacks for this mapping",
        )],
    ),
    (
        "schema apply",
        &[("schema apply -m mine.toml", "creates what it lacks")],
    ),
    (
        "map init",
        &[
            (
                "map init tickets.csv -o mine.toml",
                "a mapping to start from",
            ),
            (
                "map init tickets.csv --from freshdesk -o mine.toml",
                "from the built-in one for Freshdesk",
            ),
        ],
    ),
    ("map list", &[("map list", "the systems that are known")]),
    (
        "map check",
        &[("map check mine.toml", "its mistakes, all at once")],
    ),
    (
        "map schema",
        &[("map schema", "for an editor that completes TOML")],
    ),
    (
        "portal add",
        &[
            (
                "portal add acme --token-env ACME_TOKEN",
                "its token is in this variable",
            ),
            ("portal add trial --sandbox", "a sandbox of that name"),
        ],
    ),
    (
        "portal list",
        &[("portal list", "the portals that have names")],
    ),
    (
        "portal check",
        &[(
            "portal check acme",
            "what its token may do, and how the portal behaves",
        )],
    ),
    ("portal show", &[("portal show acme", "what was found out")]),
    (
        "portal use",
        &[("portal use acme", "the default from now on")],
    ),
    (
        "portal remove",
        &[("portal remove acme", "forgets the name")],
    ),
    (
        "sandbox",
        &[(
            "sandbox --port 8080 --seed-tickets 1000",
            "a portal with tickets, for other programs",
        )],
    ),
    (
        "sandbox look",
        &[("sandbox look", "what was rehearsed, in a browser")],
    ),
    ("sandbox reset", &[("sandbox reset", "start again")]),
];

/// The commands with all that help says of them.
pub(super) fn complete(command: Command) -> Command {
    let listed = listed(&command);
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{listed}Options:\n{{options}}{{after-help}}"
    );
    with_examples(command.help_template(template), "")
}

/// What `--version --verbose` says, for bug reports.
pub(super) fn build() -> String {
    format!(
        "{version}\ntarget: {target}\nprofile: {profile}\npaths of the API: 2026-09, v3\nformat of journals: {journal}",
        version = env!("CARGO_PKG_VERSION"),
        target = env!("TICKETHAUL_TARGET"),
        profile = env!("TICKETHAUL_PROFILE"),
        journal = crate::journal::FORMAT_VERSION,
    )
}

/// The commands by their groups, a line each.
fn listed(command: &Command) -> String {
    let mut text = String::new();
    for (group, names) in GROUPS {
        text.push_str(&format!("{group}:\n"));
        for name in names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map_or(
                "Print the help of a command".to_owned(),
                StyledStr::to_string,
            );
            text.push_str(&format!("  {name:<12} {}\n", in_short(&about)));
        }
        text.push('\n');
    }
    text
}

/// A command's description up to its details.
fn in_short(about: &str) -> &str {
    let ends = [". ", "; ", ": ", ", reading", ", or ", ", wherever"]
        .into_iter()
        .filter_map(|mark| about.find(mark));
    ends.min().map_or(about, |end| &about[..end])
}

fn with_examples(command: Command, path: &str) -> Command {
    let own = EXAMPLES.iter().find(|(of, _)| *of == path);
    let command = match own {
        Some((_, examples)) => {
            let text = written(examples);
            let also = |after: Option<&StyledStr>| match after {
                Some(after) => format!("{text}\n{after}"),
                None => text.clone(),
            };
            let (short, long) = (
                also(command.get_after_help()),
                command.get_after_long_help(),
            );
            let long = long.map(|long| also(Some(long)));
            let command = command.after_help(short);
            match long {
                Some(long) => command.after_long_help(long),
                None => command,
            }
        }
        None => command,
    };
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    names.into_iter().fold(command, |command, name| {
        let below = format!("{path} {name}");
        command.mut_subcommand(name, |sub| with_examples(sub, below.trim_start()))
    })
}

/// Each on its own line, with what it is for next to it if there is room.
fn written(examples: &[(&str, &str)]) -> String {
    let widest = examples
        .iter()
        .map(|(line, _)| line.len())
        .max()
        .unwrap_or_default();
    let lines = examples
        .iter()
        .map(|(line, what)| format!("  tickethaul {line:<widest$}  {what}\n"));
    format!("Examples:\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::App;

    #[test]
    fn every_command_is_in_one_group() {
        let command = App::command();
        let mut grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        grouped.sort_unstable();
        let mut names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        names.push("help");
        names.sort_unstable();
        assert_eq!(grouped, names);
    }

    #[test]
    fn every_command_has_examples_and_they_are_understood() {
        let mut leaves = Vec::new();
        let command = App::command();
        for sub in command.get_subcommands() {
            let below = sub
                .get_subcommands()
                .map(|leaf| format!("{} {}", sub.get_name(), leaf.get_name()));
            leaves.extend(below);
            if !sub.is_subcommand_required_set() {
                leaves.push(sub.get_name().to_owned());
            }
        }
        // Their examples take more than one line of shell.
        leaves.retain(|name| !["completions", "man"].contains(&name.as_str()));
        let mut shown: Vec<&str> = EXAMPLES.iter().map(|(of, _)| *of).collect();
        shown.sort_unstable();
        leaves.sort_unstable();
        assert_eq!(shown, leaves);
        for (of, examples) in EXAMPLES {
            for (line, _) in examples {
                let words = format!("tickethaul {line}");
                let read = App::command().try_get_matches_from(words.split(' '));
                assert!(read.is_ok(), "{line}: {}", read.expect_err("an error"));
                assert!(line.starts_with(of), "{line}");
            }
        }
    }

    #[test]
    fn no_line_is_wider_than_a_hundred() {
        for line in listed(&App::command()).lines() {
            assert!(line.len() <= 100, "{line}");
        }
        for (_, examples) in EXAMPLES {
            for line in written(examples).lines() {
                assert!(line.len() <= 120, "{line}");
            }
        }
    }
}
