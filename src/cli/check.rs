use super::exit::Exit;
use super::input::InputArgs;
use super::talk::Talk;
use crate::error::Error;
use clap::Args;
/// x
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    input: InputArgs,
}
pub fn run(args: &CheckArgs, _talk: &Talk) -> Result<Exit, Error> {
    let _ = args;
    Ok(Exit::Fine)
}
