//! `tickethaul sandbox`: serves the embedded portal for other programs until it is
//! stopped. Its help lists switches and troubles from the sandbox's own tables.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use tokio::sync::mpsc;

use super::config::{SANDBOX, Source};
use super::console::Console;
use super::exit::Exit;
use super::portal::sandbox_error;
use super::settings::{SANDBOX_STATE, config, named_sandbox, sandbox_folder, sandbox_token};
use super::signals::Signals;
use super::twin::{self, Twin};
use super::{portal_facts, twin_folder};
use crate::error::Error;
use crate::mapping::nearest;
use crate::model::count::count;
use crate::sandbox::reset;
use crate::sandbox::{
    Data, Held, KnownTrouble, Options, Rate, Sandbox, Switch, SwitchError, Switches, Trouble,
    TroubleError, account_of,
};

/// Serve the embedded portal on this machine
///
/// The first line of stdout is its address. It accepts the token in
/// TICKETHAUL_SANDBOX_TOKEN; if that is not set, each state has its own token, shown on
/// stderr. It is also the refresh token of its OAuth endpoint.
#[derive(Debug, Args)]
#[command(after_long_help = switches_and_troubles(), args_conflicts_with_subcommands = true)]
pub struct SandboxArgs {
    #[command(subcommand)]
    command: Option<SandboxCommand>,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// State file, or :memory:
    #[arg(long, value_name = "FILE", default_value = ":memory:")]
    data: PathBuf,
    /// The twin of a portal, by its name or by a copy that `schema pull -o` wrote: its
    /// definitions, limits and behaviour, without its records
    #[arg(long, value_name = "NAME|FILE")]
    like: Option<String>,
    /// What the portal allows, such as 190/10s, or off [default: 190/10s, or as in the twin]
    #[arg(long, value_name = "N/10s")]
    rate: Option<Rate>,
    /// A behaviour that HubSpot does not document, such as createdate_writable=no; --help lists them
    #[arg(long, value_name = "NAME=VALUE", value_parser = switch)]
    switch: Vec<Switch>,
    /// A trouble and the calls that it hits, such as post-502@3:tickets/batch/create; --help lists them
    #[arg(long, value_name = "NAME[=ARG]@N|P%[:PATH]", value_parser = trouble)]
    trouble: Vec<Trouble>,
    /// Fill a portal that has no tickets with this many, and with their contacts and companies
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed_tickets: u32,
    /// Seed for the tickets, the ids of a new state and shares of troubles [default: random]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Subcommands of the sandbox.
#[derive(Debug, Subcommand)]
enum SandboxCommand {
    /// Serve the embedded portal that `--portal sandbox` uses, to look at it in a browser; the
    /// address on stdout has the key to its pages
    Look(NamedSandbox),
    /// Empty the embedded portal that `--portal sandbox` uses, or a named sandbox; does not ask,
    /// since it is for rehearsals
    Reset(NamedSandbox),
}

/// Which embedded portal is meant.
#[derive(Debug, Args)]
struct NamedSandbox {
    /// A named sandbox [default: the one of `--portal sandbox`]
    #[arg(value_name = "NAME", conflicts_with_all = ["sandbox_data", "like"])]
    name: Option<String>,
    /// Folder of the embedded sandbox's state [default: in the user's data folder]
    #[arg(long, value_name = "DIR")]
    sandbox_data: Option<PathBuf>,
    /// The twin of this portal or copy: the next command with the same --like asks the
    /// portal, or reads the copy, again
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "sandbox_data")]
    like: Option<String>,
}

/// Serves until a signal stops it.
pub async fn run(args: SandboxArgs, console: &Console) -> Result<Exit, Error> {
    match &args.command {
        Some(SandboxCommand::Reset(named)) => return empty(named, console),
        Some(SandboxCommand::Look(named)) => return look(named, console).await,
        None => {}
    }
    let holds = args.trouble.iter().any(Trouble::holds);
    let twin = match &args.like {
        Some(like) => Some(Twin::of(like, console).await?),
        None => None,
    };
    let options = options(args, twin.as_ref())?;
    let token_known = options.token.is_some();
    let sandbox = Sandbox::start(options).await.map_err(sandbox_error)?;
    let served = serve(&sandbox, holds, token_known, console).await;
    sandbox.stop().await;
    ended(served)
}

/// How serving ended.
fn ended(served: io::Result<()>) -> Result<Exit, Error> {
    match served {
        // Nobody reads its address, or the held calls.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Fine),
        Err(error) => Err(Error::unexpected("can't serve the sandbox").because(error)),
        Ok(()) => Ok(Exit::Fine),
    }
}

/// Returns at a signal, or when stdout is closed.
async fn serve(
    sandbox: &Sandbox,
    holds: bool,
    token_known: bool,
    console: &Console,
) -> io::Result<()> {
    let mut signals = Signals::expect()?;
    print(&sandbox.base_url())?;
    if !token_known {
        console.say(&format!("its token: {}", sandbox.token()));
    }
    console.say(&format!("look at it in a browser: {}", sandbox.pages()));
    console.say("serving the sandbox; Ctrl-C ends it");
    let ended = signals.next();
    match sandbox.held().filter(|_| holds) {
        Some(held) => tokio::select! {
            _number = ended => Ok(()),
            failed = tell(sandbox, held) => Err(failed),
        },
        None => {
            let _number = ended.await;
            Ok(())
        }
    }
}

/// Serves an existing state, for people.
async fn look(named: &NamedSandbox, console: &Console) -> Result<Exit, Error> {
    let state = folder_of(named)?.join(SANDBOX_STATE);
    if !state.exists() {
        return Err(Error::usage(format!(
            "there is nothing to look at yet: no {}",
            state.display()
        ))
        .advise("rehearse first, with `--portal sandbox`"));
    }
    let options = Options {
        data: Data::File(state),
        token: sandbox_token()?,
        ..Options::default()
    };
    let token_known = options.token.is_some();
    let sandbox = Sandbox::start(options).await.map_err(sandbox_error)?;
    let served = show(&sandbox, token_known, console).await;
    sandbox.stop().await;
    ended(served)
}

async fn show(sandbox: &Sandbox, token_known: bool, console: &Console) -> io::Result<()> {
    let mut signals = Signals::expect()?;
    print(&sandbox.pages())?;
    console.say("open this address in a browser; Ctrl-C ends it");
    let address = sandbox.base_url();
    console.say(&format!(
        "until then other commands reach it with --base-url {address}"
    ));
    if !token_known {
        console.say(&format!(
            "its token, for HUBSPOT_ACCESS_TOKEN: {}",
            sandbox.token()
        ));
    }
    let _number = signals.next().await;
    Ok(())
}

/// Empties the embedded portal and reports what was in it.
fn empty(args: &NamedSandbox, console: &Console) -> Result<Exit, Error> {
    let folder = folder_of(args)?;
    let state = folder.join(SANDBOX_STATE);
    let account = account_of(&state);
    let held = reset(&state).map_err(sandbox_error)?;
    // The next state is a different account.
    if let Some(account) = account {
        portal_facts::forget(account);
    }
    twin::forget(&folder);
    let place = state.display();
    let records: Vec<String> = held
        .iter()
        .flatten()
        .map(|(kind, records)| format!("{} {kind}", count(*records)))
        .collect();
    console.say(&match (&held, records.as_slice()) {
        (None, _) => format!("the sandbox is empty already: there is no {place}"),
        (_, []) => format!("emptied the sandbox {place}: it held no records"),
        (_, records) => format!(
            "emptied the sandbox {place}: it held {}",
            records.join(", ")
        ),
    });
    let counts: serde_json::Map<String, serde_json::Value> = held
        .into_iter()
        .flatten()
        .map(|(kind, records)| (kind.to_owned(), records.into()))
        .collect();
    console.result(&serde_json::json!({"state": place.to_string(), "removed": counts}));
    Ok(Exit::Fine)
}

/// The folder of the sandbox that was named.
fn folder_of(args: &NamedSandbox) -> Result<PathBuf, Error> {
    let mut folder = sandbox_folder(args.sandbox_data.as_deref())?;
    if let Some(like) = &args.like {
        folder = twin_folder::folder_of(like, &folder);
        // One that was never created is empty; an unknown name is a mistake.
        if !folder.exists() {
            twin::check_original(like, &config()?)?;
        }
    }
    if let Some(name) = args.name.as_deref().filter(|name| *name != SANDBOX) {
        if !matches!(config()?.portal(name)?.source, Source::Sandbox(_)) {
            return Err(Error::usage(format!(
                "`{name}` is the name of no sandbox: nothing was done"
            )));
        }
        folder = named_sandbox(name)?;
    }
    Ok(folder)
}

/// Options take precedence over what the twin brings.
fn options(args: SandboxArgs, twin: Option<&Twin>) -> Result<Options, Error> {
    let mut switches: Switches = twin.into_iter().flat_map(Twin::switches).collect();
    args.switch
        .into_iter()
        .for_each(|switch| switches.set(switch));
    let chance = Options::default();
    Ok(Options {
        data: match args.data.to_str() {
            Some(":memory:") => Data::Memory,
            _ => Data::File(args.data),
        },
        port: args.port,
        token: sandbox_token()?,
        rate: args
            .rate
            .or(twin.and_then(Twin::rate))
            .unwrap_or(chance.rate),
        like: twin.map(Twin::blueprint).transpose()?,
        switches,
        troubles: args.trouble,
        seed: args.seed.unwrap_or(chance.seed),
        seed_tickets: args.seed_tickets,
    })
}

/// Prints each call that is held, and releases one for every line on stdin. Returns
/// only when stdout is closed.
async fn tell(sandbox: &Sandbox, mut held: mpsc::Receiver<Held>) -> io::Error {
    let mut lines = lines_of_stdin();
    loop {
        tokio::select! {
            Some(call) = held.recv() => {
                if let Err(error) = print(&call.to_string()) {
                    return error;
                }
            }
            Some(()) = lines.recv() => sandbox.go_on(),
            else => std::future::pending().await,
        }
    }
}

/// One message for each line. The thread ends with stdin, or with the process: reading
/// can't be cancelled.
fn lines_of_stdin() -> mpsc::Receiver<()> {
    let (sender, lines) = mpsc::channel(1);
    let _detached = std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if line.is_err() || sender.blocking_send(()).is_err() {
                return;
            }
        }
    });
    lines
}

fn print(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// The two lists of the long help.
fn switch(text: &str) -> Result<Switch, String> {
    let names = Switches::TABLE.iter().map(|known| known.name);
    text.parse().map_err(|error: SwitchError| match &error {
        SwitchError::Name(name) => meant("switch", name, names).unwrap_or(error.to_string()),
        _ => error.to_string(),
    })
}

fn trouble(text: &str) -> Result<Trouble, String> {
    let names = KnownTrouble::TABLE.iter().map(|known| known.name);
    text.parse().map_err(|error: TroubleError| match &error {
        TroubleError::Name(name) => meant("trouble", name, names).unwrap_or(error.to_string()),
        _ => error.to_string(),
    })
}

/// Names an unknown word and the one that was most likely meant; a list of all would hide that one.
fn meant<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let known = nearest(name, names)?;
    Some(format!(
        "no {what} is called `{name}`; did you mean {known}? `tickethaul sandbox --help` lists all"
    ))
}

fn switches_and_troubles() -> String {
    let mut text = "Switches, with what they take, the default first:\n".to_owned();
    for known in Switches::TABLE {
        let accepted = known.accepted();
        text.push_str(&entry(&format!("{}={accepted}", known.name), known.what));
    }
    text.push_str(
        "\nTroubles: NAME@N strikes the N-th call, NAME@P% a share of them, counted among\n\
         the calls whose path contains PATH where :PATH follows:\n",
    );
    for known in KnownTrouble::TABLE {
        text.push_str(&entry(&known.form(), known.what));
    }
    text
}

fn entry(name: &str, what: &str) -> String {
    format!("  {name}\n          {what}\n")
}
