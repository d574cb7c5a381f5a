//! `completions`: prints a completion script for a shell.

use super::error::CliError;
use super::output;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Shell to complete the command in
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command) -> Result<u8, CliError> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, name, &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
