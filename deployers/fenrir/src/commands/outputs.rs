//! `outputs`: what a stack gives to whoever uses it.

use super::{template_argument, template_file};
use crate::Fenrir;
use crate::names::stack_name_of;
use crate::ownership;
use crate::prepare::Opened;
use async_trait::async_trait;
use bifrost::cli::{CommandContext, CommandError, CustomCommand};
use bifrost::client::LogSeverity;
use clap::{ArgMatches, Command};

/// The command `outputs`.
pub struct Outputs;

#[async_trait(?Send)]
impl CustomCommand<Fenrir> for Outputs {
    fn command(&self) -> Command {
        Command::new("outputs")
            .about("Show the outputs of the stack that a template was deployed to")
            .arg(template_argument())
            .after_help(
                "Examples:\n  fenrir outputs\n  fenrir outputs other.yml --output json\n\n\
                 With --output json the answer is one object: the outputs by their names.",
            )
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Fenrir>) -> Result<u8, CommandError> {
        let opened = Opened::open(template_file(matches))?;
        let client = context.client().await?;
        let address = opened.address(&client)?;
        let name = stack_name_of(&address.project, &address.config);
        let stack = client.target(&address).await?.stacks.stack(&name).await?;
        let stack = stack.filter(|stack| ownership::is_of(&stack.tags, &address.project, &address.config));
        let stack = stack.ok_or_else(|| {
            format!(
                "there is no stack {name} in account {}: {} makes it",
                address.account,
                context.hint(&format!("deploy {}", opened.file().display()))
            )
        })?;
        if context.is_json() {
            context.print_json(&stack.outputs)?;
            return Ok(0);
        }
        if stack.outputs.is_empty() {
            context.note(&format!("stack {name} has no outputs: the template says which there are, under `Outputs`"));
        }
        for (key, value) in &stack.outputs {
            context.print(&format!("{key} = {value}"), LogSeverity::Plain)?;
        }
        Ok(0)
    }
}
