//! How a plan is shown.

use clap::Args;

/// How a plan is shown.
#[derive(Clone, Debug, Default, Args)]
pub struct PlanOutputArgs {
    /// Show everything about the rows with this key
    #[arg(long, value_name = "KEY")]
    pub show: Option<String>,
    /// Exit with 2 where something would change, 3 where rows would be refused, 0 where
    /// nothing would change; notes count as changes, since a plan does not look for
    /// existing ones
    #[arg(long)]
    pub detailed_exitcode: bool,
}
