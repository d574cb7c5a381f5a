//! `outputs`: the outputs of a stack.

use super::{template_argument, template_file};
use crate::Fenrir;
use crate::cloud::StackStatus;
use crate::errors::ChangeSetError;
use crate::names;
use crate::names::stack_name_of;
use crate::prepare::Opened;
use bifrost::cli::{CommandContext, CommandError, CustomCommand};
use bifrost::client::LogSeverity;
use bifrost::error_code::Coded;
use bifrost::release::AccountId;
use clap::{ArgMatches, Command};

/// The command `outputs`.
pub struct Outputs;

/// The stack of the template does not exist.
#[derive(Debug, thiserror::Error, Coded)]
#[error("account {account} has no stack {stack}; create it with {deploy}")]
#[code("fenrir/no-stack", "deploy the template first")]
pub(crate) struct NoStack {
    stack: String,
    account: AccountId,
    /// The command that creates the stack.
    deploy: String,
}

impl CustomCommand<Fenrir> for Outputs {
    fn command(&self) -> Command {
        Command::new("outputs")
            .about("Show the outputs of the stack that a template was deployed to")
            .arg(template_argument())
            .after_help(
                "Examples:\n  fenrir outputs\n  fenrir outputs other.yml --output json\n\n\
                 With --output json the result is one object with the outputs by name.",
            )
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Fenrir>) -> Result<u8, CommandError> {
        let opened = Opened::open(template_file(matches))?;
        let client = context.client().await?;
        let address = opened.address(&client)?;
        let name = stack_name_of(&address.project, &address.config);
        let stack = client.context(&address).await?.ports.stacks.stack(&name).await?;
        // Without resources, and without tags: a deploy creates it.
        let stack = stack.filter(|stack| stack.status != StackStatus::ReviewInProgress).ok_or_else(|| NoStack {
            stack: name.clone(),
            account: address.account.clone(),
            deploy: context.hint(&format!("deploy {}", opened.file().display())),
        })?;
        if !names::owned_by(&stack.tags, &address.project, &address.config) {
            return Err(ChangeSetError::foreign_stack(name, &stack.tags).into());
        }
        if context.is_json() {
            context.print_json(&stack.outputs)?;
            return Ok(0);
        }
        if stack.outputs.is_empty() {
            context.note(&format!("stack {name} has no outputs; declare them under `Outputs` in the template"));
        }
        for (key, value) in &stack.outputs {
            context.print(&format!("{key} = {value}"), LogSeverity::Plain)?;
        }
        Ok(0)
    }
}
