//! `tickethaul sandbox`: serves the embedded portal for other programs until it is
//! told to end.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::portal::sandbox_error;
use super::run_args::signal;
use super::settings::sandbox_token;
use super::talk::Talk;
use crate::error::Error;
use crate::sandbox::{Data, Options, Rate, Sandbox, Switch, Switches, Trouble};

/// Serve the embedded portal on this machine
///
/// The first line of stdout is its address. It accepts the token in
/// TICKETHAUL_SANDBOX_TOKEN, `sandbox` when that is not set.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// State file, or :memory:
    #[arg(long, value_name = "FILE", default_value = ":memory:")]
    data: PathBuf,
    /// What the portal allows, such as 190/10s, or off
    #[arg(long, value_name = "N/10s", default_value = "190/10s")]
    rate: Rate,
    /// A behaviour that HubSpot does not document, such as createdate_writable=no
    #[arg(long, value_name = "NAME=VALUE")]
    switch: Vec<Switch>,
    /// A trouble and the call that it hits, such as post-502@3:tickets/batch/create
    #[arg(long, value_name = "NAME@N[:PATH]")]
    trouble: Vec<Trouble>,
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: SandboxArgs, talk: &Talk) -> Result<Exit, Error> {
    let sandbox = Sandbox::start(options(args)).await.map_err(sandbox_error)?;
    let mut stdout = io::stdout();
    let told = writeln!(stdout, "{}", sandbox.base_url()).and_then(|()| stdout.flush());
    if let Err(error) = told {
        return Err(Error::unexpected(format!(
            "can't print the address: {error}"
        )));
    }
    talk.say("serving the sandbox; Ctrl-C ends it");
    if let Err(error) = signal().await {
        return Err(Error::unexpected(format!(
            "can't wait for a signal: {error}"
        )));
    }
    sandbox.stop().await;
    Ok(Exit::Fine)
}

fn options(args: SandboxArgs) -> Options {
    let mut switches = Switches::default();
    args.switch
        .into_iter()
        .for_each(|switch| switches.set(switch));
    Options {
        data: match args.data.to_str() {
            Some(":memory:") => Data::Memory,
            _ => Data::File(args.data),
        },
        port: args.port,
        token: sandbox_token(),
        rate: args.rate,
        switches,
        troubles: args.trouble,
    }
}
