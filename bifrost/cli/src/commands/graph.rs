//! `graph`: the state machine as a picture.

use super::error::CliError;
use super::output;
use crate::client::ClientDeployer;
use bifrost_asl::{self, StateMachine};
use bifrost_core::machine::Machine;
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The language of the picture
    #[arg(default_value = "mermaid")]
    language: Language,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    /// For Markdown: GitHub and others draw it
    Mermaid,
    /// For Graphviz
    Dot,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} graph mermaid > machine.mmd
  {name} graph dot | dot -Tsvg > machine.svg"
    )
}

pub(super) fn run<D: ClientDeployer>(args: &Args) -> Result<u8, CliError> {
    // No picture shows the function, so any text may stand for its ARN.
    let machine = StateMachine::parse(&D::Machine::definition("function"))?;
    output::print(&match args.language {
        Language::Mermaid => bifrost_asl::mermaid(&machine),
        Language::Dot => bifrost_asl::dot(&machine),
    })?;
    Ok(0)
}
