//! `bootstrap`: makes what a deployer needs in AWS, or prints the template of it.

use super::error::CliError;
use super::output;
use super::program::ProgramRun;
use crate::bootstrap::{
    Applied, Builder, Code, DeployerName, DeployerOptions, Installation, Reader, TEMPLATE_LIMIT_BYTES, TargetOptions,
    deployer_template, project_stack, project_template, target_template,
};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{NewStack, StackEvent};
use bifrost_core::deployer::BootstrapTarget;
use bifrost_core::release::{AccountId, ProjectName};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, io};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of a target account, instead: the role that deploys assume there
    #[arg(long, value_name = "ID", conflicts_with_all = ["project", "code", "alarm_email", "reader"])]
    target: Option<AccountId>,
    /// Of a project, instead: the policy for who may upload its releases
    #[arg(long, value_name = "PROJECT", conflicts_with_all = ["code", "alarm_email", "reader", "external_id", "session_tags"])]
    project: Option<ProjectName>,
    /// Deploy it with CloudFormation, and do not only print it
    #[arg(long)]
    apply: bool,
    /// The function's code: an executable for Linux, or a zip with one named bootstrap [default: this program]
    #[arg(long, value_name = "FILE", requires = "apply")]
    code: Option<PathBuf>,
    /// What a deploy must say to assume the role in a target account; give both templates the same
    #[arg(long, value_name = "TEXT", value_parser = external_id)]
    external_id: Option<String>,
    /// Tag the sessions in target accounts with project, config and release; give it to both templates
    #[arg(long)]
    session_tags: bool,
    /// Who is told by mail of a deploy that could not clean up
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    alarm_email: Option<String>,
    /// A target account, or an organization with all of its accounts, whose role for deploys may read the files of the
    /// releases to it; may be given several times
    #[arg(long, value_name = "ACCOUNT or ORGANIZATION")]
    reader: Vec<Reader>,
}

/// By the rules of STS.
fn external_id(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    if (2..=1224).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err("an external id has 2 to 1224 letters, digits and _+=,.@:/-".into())
}

fn address(text: &str) -> Result<String, String> {
    if text.contains('@') { Ok(text.to_owned()) } else { Err("an address has an @".into()) }
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} bootstrap                        print the template of the deployer account
  {name} bootstrap --apply                deploy it there, and this program as its function
  {name} bootstrap --target 222222222222 --deployer-account 111111111111 --apply
                                        with that account's credentials: deploys may go there
  {name} bootstrap --project acme/shop --apply
                                        a policy for who may upload releases of acme/shop

A second run updates what is there. In the deployer account come policies for
people, too: NAME-start for who may deploy, together with that of a project, and
NAME-operate for who may halt, freeze and unlock."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let plan = BootstrapRequest::of(session, &args)?;
    if args.apply {
        return apply(session, &plan, args.code).await;
    }
    output::print(&serde_json::to_string_pretty(&plan.template).map_err(io::Error::from)?)?;
    Ok(0)
}

/// What is asked for.
struct BootstrapRequest {
    stack: String,
    template: Value,
    /// Whether it is the deployer itself, which has code.
    is_deployer: bool,
    /// The account that it belongs into, if anybody says so.
    account: Option<AccountId>,
}

impl BootstrapRequest {
    fn of<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: &Args) -> Result<Self, CliError> {
        let options = session.deployer_args.options::<D>();
        let name: DeployerName = options.name.parse()?;
        let (external_id, session_tags) = (args.external_id.clone(), args.session_tags);
        if let Some(project) = &args.project {
            let (stack, template) = (project_stack(&name, project), project_template(&name, project));
            return Ok(Self { stack, template, is_deployer: false, account: options.account });
        }
        if let Some(target) = &args.target {
            let deployer_account = options.account.ok_or(CliError::NoDeployerAccount)?;
            let target_options = TargetOptions { deployer_account, external_id, session_tags };
            let template = target_template(&name, D::PERMISSIONS, D::BOUNDARY, &target_options);
            return Ok(Self {
                stack: format!("{name}-assumed"),
                template,
                is_deployer: false,
                account: Some(target.clone()),
            });
        }
        let (alarm_email, readers) = (args.alarm_email.clone(), args.reader.clone());
        let deployer_options = DeployerOptions { external_id, session_tags, alarm_email, readers };
        let template = deployer_template::<D>(&name, &deployer_options);
        Ok(Self { stack: name.to_string(), template, is_deployer: true, account: options.account })
    }
}

async fn apply<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    plan: &BootstrapRequest,
    code: Option<PathBuf>,
) -> Result<u8, CliError> {
    let text = plan.template.to_string();
    if text.len() > TEMPLATE_LIMIT_BYTES {
        return Err(CliError::LargeTemplate(text.len()));
    }
    // Before anything is made: it may be no code at all.
    let code = if plan.is_deployer { Some(Code::read(&code.map_or_else(env::current_exe, Ok)?)?) } else { None };
    let ground = session.ground().await?;
    check_account(plan, &ground)?;
    let mut tell = tell;
    let mut builder = Builder::new(ground.stacks.as_ref(), &mut tell);
    let stack = plan.stack.clone();
    let applied = match &code {
        None => builder.apply(&NewStack { name: stack, template: text, parameters: BTreeMap::new() }).await?,
        Some(code) => {
            let bucket =
                &session.deployer_args.identity::<D>(ground.account.clone(), ground.region.clone()).bucket()?;
            Installation { stack, template: plan.template.clone(), bucket, code }
                .install(&mut builder, ground.objects.as_ref())
                .await?
        }
    };
    output::print(&told::<D>(plan, &ground, applied))?;
    Ok(0)
}

/// What belongs into one account must not come into another by mistake.
fn check_account(plan: &BootstrapRequest, ground: &BootstrapTarget) -> Result<(), CliError> {
    match &plan.account {
        Some(asked) if *asked != ground.account => {
            Err(CliError::AnotherAccount { found: ground.account.clone(), asked: asked.clone() })
        }
        _ => Ok(()),
    }
}

/// One line a resource, as it comes.
fn tell(event: &StackEvent) -> io::Result<()> {
    let StackEvent { logical_id, resource_type, status, reason, .. } = event;
    let reason = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    output::print_escaped(&format!("{status:<20} {logical_id} ({resource_type}){reason}"))
}

fn told<D: ClientDeployer>(plan: &BootstrapRequest, ground: &BootstrapTarget, applied: Applied) -> String {
    let became = match applied {
        Applied::Created => "is made",
        Applied::Updated => "is updated",
        Applied::Unchanged => "is as it is to be already: nothing was changed",
    };
    let (stack, account, region) = (&plan.stack, &ground.account, &ground.region);
    let next = if plan.is_deployer && applied == Applied::Created {
        format!(
            "\nNext, with the credentials of each account to deploy to: `{} bootstrap --target ID --deployer-account {account} --apply`",
            D::NAME
        )
    } else {
        String::new()
    };
    format!("stack {stack} in account {account}, {region}, {became}{next}")
}
