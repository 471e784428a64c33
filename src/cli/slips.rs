//! Commands, options and values that people try and that do not exist, and help that goes
//! beyond what clap says.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// A message that replaces clap's own, and what to do.
pub fn instead(error: &clap::Error) -> Option<(&'static str, &'static str)> {
    let is = |kind, word: &str| {
        let found = error.get(kind);
        found.is_some_and(|value| value.to_string() == word)
    };
    if is(ContextKind::InvalidArg, "--dry-run") {
        return Some((
            "this command has no --dry-run",
            "`tickethaul plan FILE -m MAPPING --op OPERATION` shows what an import or a deletion \
             would do, row by row, and writes nothing; `tickethaul schema diff -m MAPPING` what \
             schema apply would create",
        ));
    }
    if is(ContextKind::InvalidSubcommand, "restore") {
        return Some((
            "there is no command to restore tickets: HubSpot has no call for it",
            "in HubSpot, the recycle bin of tickets restores them within 90 days; `tickethaul undo RUN` \
             undoes the values and links that a run wrote",
        ));
    }
    None
}

/// Help in addition to clap's own words.
pub fn help(error: &clap::Error) -> Option<&'static str> {
    let lacks = |option: &str| {
        let lacking = error.get(ContextKind::InvalidArg);
        matches!(lacking, Some(ContextValue::Strings(names)) if names.iter().any(|name| name.starts_with(option)))
    };
    let is_op = error
        .get(ContextKind::InvalidArg)
        .is_some_and(|arg| arg.to_string().starts_with("--op "));
    let value = error
        .get(ContextKind::InvalidValue)
        .map(ToString::to_string);
    match error.kind() {
        ErrorKind::MissingRequiredArgument if lacks("--mapping") => Some(
            "`tickethaul map init FILE -o mine.toml` writes a mapping for your file; `tickethaul map \
             list` shows the built-in ones, such as -m zendesk",
        ),
        ErrorKind::InvalidValue if is_op && value.as_deref() == Some("delete") => {
            Some("--op archive moves tickets to the recycle bin, and so does `tickethaul delete`")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::App;

    use super::*;

    #[test]
    fn slips_are_answered_and_other_words_are_claps() {
        for (line, said, helps) in [
            ("delete in.csv --dry-run", Some("no --dry-run"), None),
            ("restore 4711", Some("no command to restore"), None),
            ("import in.csv", None, Some("map init")),
            ("import in.csv -m m --op delete", None, Some("--op archive")),
            ("import in.csv -m m --op creat", None, None),
            ("improt", None, None),
            ("import", None, Some("map init")),
        ] {
            let words = format!("tickethaul {line}");
            let error = App::command().try_get_matches_from(words.split(' '));
            let error = error.expect_err("refused");
            let found = instead(&error).map(|(words, _help)| words);
            let has = |found: Option<&str>, wanted: Option<&str>| match (found, wanted) {
                (Some(found), Some(wanted)) => found.contains(wanted),
                (found, wanted) => found.is_none() && wanted.is_none(),
            };
            assert!(has(found, said), "{line}: {found:?}");
            assert!(has(help(&error), helps), "{line}: {:?}", help(&error));
        }
    }
}
