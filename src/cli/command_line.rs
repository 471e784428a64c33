//! The command line as it was typed: what a run keeps of it, and the command line of a
//! resume, which is the user's with the run's options added (R3).

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use crate::error::Error;
use crate::journal::{COMMENTS_OPTION, RunOptions};

/// Options that stay with a run until a resume is given others.
const KEPT: [&str; 11] = [
    "api",
    "batch-size",
    "concurrency",
    "horizon",
    "max-duration",
    "max-refused",
    "no-report",
    "rate",
    "reserve",
    "timeout",
    "wait-for-limit",
];

/// The option that may be given several times.
const LIST: &str = "attachment-host";

/// The version of the API that older versions of this tool used.
const FIRST_API: &str = "v3";

/// Options that say which portal; a run keeps that in a form of its own, without secrets.
const WHERE: [&str; 6] = [
    "portal",
    "sandbox-data",
    "like",
    "base-url",
    "token-file",
    "oauth-file",
];

/// Options of a resume that have no meaning for an export.
const FOR_IMPORTS: [&str; 6] = [
    "batch-size",
    "max-refused",
    "no-limit",
    "unknown",
    "attachment-host",
    "max-attachment",
];

/// Options that say where files come from, or where an export's files go: kept too, if the
/// registry confirms them.
pub const FILES: [&str; 3] = ["attachments", "attachment-host", "max-attachment"];

/// Options of a resume that have no meaning for an import.
const FOR_EXPORTS: [&str; 2] = ["force", "output"];

/// The arguments after the program's name, and the options among them.
pub struct CommandLine {
    /// All commands and options.
    line: clap::Command,
    words: Vec<String>,
    options: RunOptions,
}

impl CommandLine {
    /// What was typed, as `command` defines it; `matches` is how it was parsed.
    pub fn new(line: clap::Command, words: Vec<String>, matches: &ArgMatches) -> CommandLine {
        let innermost = innermost(matches);
        let names = KEPT.iter().chain(&WHERE);
        let names = names.chain(&FOR_IMPORTS).chain(&FOR_EXPORTS).chain(&FILES);
        let names = names.chain(&[COMMENTS_OPTION]);
        let options = names.filter_map(|name| Some(((*name).to_owned(), typed(innermost, name)?)));
        CommandLine {
            line,
            words,
            options: RunOptions::new(options),
        }
    }

    /// What stays with a run.
    pub fn run_options(&self) -> RunOptions {
        self.only(&[&KEPT[..], &FILES, &[COMMENTS_OPTION]].concat())
    }

    fn only(&self, names: &[&str]) -> RunOptions {
        let options = self.options.iter();
        let kept = options.filter(|(name, _)| names.contains(name));
        RunOptions::new(kept.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    /// The arguments of the command as if the run's options had been typed with it; those
    /// really typed take precedence.
    pub fn args_with<A: FromArgMatches>(&self, run_options: &RunOptions) -> Result<A, Error> {
        let run_options = began_with(run_options.clone());
        // A run folder is data: what it says about places is judged in `trust`.
        let kept = run_options
            .iter()
            .filter(|(name, _)| KEPT.contains(name) || FILES.contains(name));
        let kept = RunOptions::new(kept.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let rest = kept.without(&self.options);
        parse(self.line.clone(), with_options(&self.words, &rest))
    }

    /// Refuses options of a resume that have no meaning for an export.
    pub fn fits_export(&self) -> Result<(), Error> {
        self.lacks(&FOR_IMPORTS, "an export")
    }

    /// Refuses options of a resume that have no meaning for an import.
    pub fn fits_import(&self) -> Result<(), Error> {
        self.lacks(&FOR_EXPORTS, "an import")
    }

    fn lacks(&self, names: &[&str], what: &str) -> Result<(), Error> {
        match self.only(names).iter().next() {
            Some((name, _)) => {
                Err(Error::usage(format!("--{name} means nothing to {what}"))
                    .advise("leave it out"))
            }
            None => Ok(()),
        }
    }
}

/// The options of a run, with the version of the API that it began with. Earlier versions
/// of this tool kept that only if it was typed, and otherwise used v3.
pub fn began_with(run_options: RunOptions) -> RunOptions {
    RunOptions::new([("api".to_owned(), FIRST_API.to_owned())]).overlaid(&run_options)
}

/// The value of an option, or nothing if the command line does not give it.
fn typed(matches: &ArgMatches, name: &str) -> Option<String> {
    let id = name.replace('-', "_");
    let values = matches.try_get_raw(&id).ok()??;
    let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
    let value = match name {
        LIST => values.join(","),
        _ => values.last()?.clone().into_owned(),
    };
    let is_typed = matches.value_source(&id) == Some(ValueSource::CommandLine);
    is_typed.then_some(value)
}

/// The words with the options after them, but before a `--`.
fn with_options(words: &[String], options: &RunOptions) -> Vec<String> {
    let end = words.iter().position(|word| word == "--");
    let (before, behind) = words.split_at(end.unwrap_or(words.len()));
    let options = options
        .iter()
        .map(|(name, value)| format!("--{name}={value}"));
    let before = before.iter().cloned().chain(options);
    before.chain(behind.iter().cloned()).collect()
}

/// The matches of the command itself.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    let mut innermost = matches;
    while let Some((_, deeper)) = innermost.subcommand() {
        innermost = deeper;
    }
    innermost
}

/// Parses arguments typed at any time; of an option given twice the later one counts.
fn parse<A: FromArgMatches>(line: clap::Command, words: Vec<String>) -> Result<A, Error> {
    let words = std::iter::once("tickethaul".to_owned()).chain(words);
    let matches = line.try_get_matches_from(words);
    let args = matches.and_then(|matches| A::from_arg_matches(innermost(&matches)));
    args.map_err(|error| {
        let words = error.render().to_string();
        let words = words.trim_start_matches("error: ").trim_end();
        Error::must_fix(format!(
            "the options that the run was given can't be used any more: {words}"
        ))
        .advise("give them again on this command line")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::App;
    use crate::cli::resume::ResumeArgs;

    /// Every option of a command but the global ones.
    fn options(command: &str) -> BTreeSet<String> {
        let mut app = App::command();
        app.build();
        let found = app.find_subcommand(command).expect(command);
        let arguments = found.get_arguments().filter(|arg| !arg.is_global_set());
        let names = arguments.filter_map(|arg| arg.get_long());
        names
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    }

    /// Options that say what a run is, or matter only before it begins: its journal
    /// holds them, or nothing has to.
    const OF_THE_RUN: [&str; 20] = [
        COMMENTS_OPTION,
        "mapping",
        "op",
        "blind",
        "diff",
        "create-properties",
        "run-dir",
        "limit",
        "no-key",
        "encoding",
        "delimiter",
        "sheet",
        "yes",
        "ids",
        "ids-from",
        "codes",
        "run",
        "dry-run",
        "show",
        "detailed-exitcode",
    ];

    #[test]
    fn every_option_of_a_run_is_kept_or_has_its_reason() {
        let resume = options("resume");
        for command in [
            "import",
            "associate",
            "dissociate",
            "delete",
            "retry",
            "apply",
        ] {
            for name in options(command) {
                let name = name.as_str();
                let kept = KEPT.contains(&name) || WHERE.contains(&name) || FILES.contains(&name);
                assert!(
                    kept || OF_THE_RUN.contains(&name),
                    "{command} --{name}: is it kept?"
                );
                assert!(
                    !kept || resume.contains(name),
                    "resume lacks --{name} of {command}"
                );
            }
        }
        let known = [KEPT.as_slice(), &WHERE, &FILES, &FOR_IMPORTS, &FOR_EXPORTS].concat();
        for name in resume {
            assert!(
                known.contains(&name.as_str()),
                "resume --{name}: what does it mean to an export?"
            );
        }
        for name in KEPT
            .iter()
            .chain(&WHERE)
            .filter(|name| !FOR_IMPORTS.contains(name))
        {
            assert!(options("export").contains(*name), "export lacks --{name}");
        }
    }

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn typed_as(line: &str) -> CommandLine {
        let all = std::iter::once("tickethaul".to_owned()).chain(words(line));
        let matches = App::command().try_get_matches_from(all).expect(line);
        CommandLine::new(App::command(), words(line), &matches)
    }

    #[test]
    fn a_run_keeps_what_was_typed_and_nothing_else() {
        let typed =
            typed_as("import a.csv -m m.toml --rate 50/10s --portal sandbox --rate 20/10s -q");
        let run_options: Vec<(String, String)> = typed
            .run_options()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(run_options, [("rate".to_owned(), "20/10s".to_owned())]);
    }

    #[test]
    fn a_resume_is_told_what_the_run_was_unless_it_says_otherwise() {
        let run_options = typed_as("import a -m m --rate 50/10s --timeout 5").run_options();
        let args = typed_as("resume --timeout 7 -- -run").args_with::<ResumeArgs>(&run_options);
        let shown = format!("{:?}", args.expect("arguments"));
        for words in ["Rate { calls: 50,", "timeout: 7.0", "run: Some(\"-run\")"] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
    }

    #[test]
    fn what_a_run_folder_says_of_places_is_no_option() {
        let run_options = [
            ("rate", "50/10s"),
            ("base-url", "http://127.0.0.1:9"),
            ("token-file", "x"),
        ];
        let run_options =
            RunOptions::new(run_options.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let args = typed_as("resume").args_with::<ResumeArgs>(&run_options);
        let shown = format!("{:?}", args.expect("arguments"));
        assert!(shown.contains("Rate { calls: 50,"), "{shown}");
        assert!(
            shown.contains("base_url: None") && shown.contains("token_file: None"),
            "{shown}"
        );
    }

    #[test]
    fn options_of_imports_do_not_fit_an_export() {
        assert!(
            typed_as("resume --max-duration 60 --rate 5/1s")
                .fits_export()
                .is_ok()
        );
        for line in [
            "resume --batch-size 5",
            "resume --no-limit",
            "resume --unknown done",
        ] {
            assert!(typed_as(line).fits_export().is_err(), "{line}");
        }
    }
}
