//! `bootstrap`: prints the CloudFormation template of a deployer, or deploys it.

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
use bifrost_core::release::{AccountId, BucketName, ProjectName, read_buckets};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, io};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Use the template of a target account: the role that deploys assume there
    #[arg(long, value_name = "ID", conflicts_with_all = ["project", "code", "alarm_email", "reader", "also_bucket"])]
    target: Option<AccountId>,
    /// Use the template of a project: the policy that allows uploading its releases
    #[arg(
        long,
        value_name = "PROJECT",
        conflicts_with_all = ["code", "alarm_email", "reader", "also_bucket", "external_id", "session_tags"]
    )]
    project: Option<ProjectName>,
    /// Deploy the template with CloudFormation instead of printing it
    #[arg(long)]
    apply: bool,
    /// Code of the function: a Linux executable, or a zip that contains one named bootstrap [default: this program]
    #[arg(long, value_name = "FILE", requires = "apply")]
    code: Option<PathBuf>,
    /// External id that the role in a target account requires; use the same for the deployer account and the targets
    #[arg(long, value_name = "TEXT", value_parser = external_id)]
    external_id: Option<String>,
    /// Tag sessions in target accounts with project, config and release; use it for the deployer account and the targets
    #[arg(long)]
    session_tags: bool,
    /// Email address that is notified when a deploy cannot clean up
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    alarm_email: Option<String>,
    /// Target account or organization whose deploy roles may read the files of their releases; may be repeated
    #[arg(long, value_name = "ACCOUNT | ORGANIZATION")]
    reader: Vec<Reader>,
    /// Another bucket of the deployer account from which the deployer accepts releases; may be repeated
    #[arg(long, value_name = "NAME", value_parser = read_buckets)]
    also_bucket: Vec<BTreeSet<BucketName>>,
}

/// Parses an external id. The rules are those of STS.
fn external_id(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    if (2..=1224).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err("expected 2 to 1224 letters, digits and _+=,.@:/-".into())
}

fn address(text: &str) -> Result<String, String> {
    if text.contains('@') { Ok(text.to_owned()) } else { Err("expected an email address".into()) }
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} bootstrap
      print the template of the deployer account
  {name} bootstrap --apply
      deploy it, with this program as the function
  {name} bootstrap --target 222222222222 --deployer-account 111111111111 --apply
      allow deploys to a target account, with credentials of that account
  {name} bootstrap --project acme/shop --apply
      create the policy that allows uploading releases of acme/shop

If the stack exists, --apply updates it. The stack of the deployer account
also creates policies for people: NAME-start to deploy, together with the
policy of a project, and NAME-operate to halt, freeze and unlock deploys.

--also-bucket lets the function use a bucket that exists. Commands accept it
with the environment variable BIFROST_BUCKETS (names with commas between).
The policies for people cover only the bucket of the deployer."
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

struct BootstrapRequest {
    stack: String,
    template: Value,
    /// Whether it is the stack of the deployer account, which has code.
    is_deployer: bool,
    /// The account in which the stack belongs, if it was given.
    account: Option<AccountId>,
    /// The arguments that the template of a target account needs, too, with a space before each.
    target_arguments: String,
}

impl BootstrapRequest {
    fn of<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: &Args) -> Result<Self, CliError> {
        let options = session.deployer_args.options::<D>();
        let name: DeployerName = options.name.parse()?;
        let (external_id, session_tags) = (args.external_id.clone(), args.session_tags);
        let target_arguments = format!(
            "{}{}",
            // Its value may be a secret, and output is kept in logs.
            if external_id.is_some() { " --external-id ID" } else { "" },
            if session_tags { " --session-tags" } else { "" }
        );
        if let Some(project) = &args.project {
            let (stack, template) = (project_stack(&name, project), project_template(&name, project));
            return Ok(Self { stack, template, is_deployer: false, account: options.account, target_arguments });
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
                target_arguments,
            });
        }
        let (alarm_email, readers) = (args.alarm_email.clone(), args.reader.clone());
        let also_buckets = args.also_bucket.iter().flatten().cloned().collect();
        let deployer_options = DeployerOptions { external_id, session_tags, alarm_email, readers, also_buckets };
        let template = deployer_template::<D>(&name, &deployer_options);
        Ok(Self { stack: name.to_string(), template, is_deployer: true, account: options.account, target_arguments })
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
    // Before any change: the file may not be valid code.
    let code = if plan.is_deployer { Some(Code::read(&code.map_or_else(env::current_exe, Ok)?)?) } else { None };
    let target = session.bootstrap_target().await?;
    check_account(plan, &target)?;
    let mut report = print_event;
    let mut builder = Builder::new(target.stacks.as_ref(), &target.region, &mut report);
    let stack = plan.stack.clone();
    let applied = match &code {
        None => builder.apply(&NewStack { name: stack, template: text, parameters: BTreeMap::new() }).await?,
        Some(code) => {
            let bucket =
                &session.deployer_args.identity::<D>(target.account.clone(), target.region.clone()).bucket()?;
            Installation { stack, template: plan.template.clone(), bucket, code }
                .install(&mut builder, target.objects.as_ref())
                .await?
        }
    };
    output::print(&summary(plan, &target, applied, &session.deployer_args.program::<D>()))?;
    Ok(0)
}

/// Refuses credentials of another account than the one in which the stack belongs.
fn check_account(plan: &BootstrapRequest, target: &BootstrapTarget) -> Result<(), CliError> {
    match &plan.account {
        Some(asked) if *asked != target.account => {
            Err(CliError::WrongAccount { found: target.account.clone(), asked: asked.clone() })
        }
        _ => Ok(()),
    }
}

/// Prints one line per event of a resource.
fn print_event(event: &StackEvent) -> io::Result<()> {
    let StackEvent { logical_id, resource_type, status, reason, .. } = event;
    let reason = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    output::print_escaped(&format!("{status:<20} {logical_id} ({resource_type}){reason}"))
}

/// The result, and the next command after the deployer was created. `program` is the program with the arguments that name
/// the deployer.
fn summary(plan: &BootstrapRequest, target: &BootstrapTarget, applied: Applied, program: &str) -> String {
    let result = match applied {
        Applied::Created => "created",
        Applied::Updated => "updated",
        Applied::Unchanged => "unchanged",
    };
    let (stack, account, region) = (&plan.stack, &target.account, &target.region);
    let next = if plan.is_deployer && applied == Applied::Created {
        format!(
            "\nNext, with credentials of each target account: `{program} bootstrap --target ID --deployer-account \
             {account}{} --apply`",
            plan.target_arguments
        )
    } else {
        String::new()
    };
    format!("stack {stack} in account {account}, {region}: {result}{next}")
}
