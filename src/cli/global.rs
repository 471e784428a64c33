//! Options that every command takes.

use clap::{Args, ColorChoice, ValueEnum};

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Print the result as JSON on stdout
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) json: bool,
    /// How to show progress on stderr; auto is a moving line on a terminal, plain lines
    /// elsewhere
    #[arg(long, global = true, value_enum, default_value_t = ProgressMode::Auto, help_heading = "Output")]
    pub(super) progress: ProgressMode,
    /// Print nothing but errors, and a line where something did not end well
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(super) quiet: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, help_heading = "Output")]
    pub(super) color: ColorChoice,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    Auto,
    Plain,
    Json,
    None,
}
