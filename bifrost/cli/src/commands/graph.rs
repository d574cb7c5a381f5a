//! `graph`: prints the state machine as a diagram.

use super::error::CliError;
use super::output;
use crate::client::ClientDeployer;
use bifrost_asl::{self, StateMachine};
use bifrost_core::deployer;
use bifrost_core::error_code::CodedError;
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Language of the diagram
    #[arg(default_value = "mermaid")]
    language: Language,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    /// Mermaid, which GitHub renders in Markdown
    Mermaid,
    /// DOT, for Graphviz
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
    // The diagram does not show the ARN of the function.
    let machine = StateMachine::parse(&deployer::definition::<D>("function"))
        .map_err(|error| CliError::Definition(CodedError::from_parts("definition/invalid", error)))?;
    output::print(&match args.language {
        Language::Mermaid => bifrost_asl::mermaid(&machine),
        Language::Dot => bifrost_asl::dot(&machine),
    })?;
    Ok(0)
}
