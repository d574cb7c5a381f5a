//! `bootstrap`: prints the CloudFormation template of a deployer or of the audit log, or deploys it.

mod apply;
mod request;

use super::error::CliError;
use super::output;
use super::program::ProgramRun;
use crate::bootstrap::{LockMode, Reader, Retention, TEMPLATE_LIMIT_BYTES};
use crate::client::ClientDeployer;
use bifrost_core::audit::AuditMode;
use bifrost_core::release::{AccountId, BucketName, ConfigName, ProjectName, read_buckets};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use request::BootstrapRequest;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option without a value")]
pub(super) struct Args {
    /// Use the template of a target account: the role that deploys assume there
    #[arg(long, value_name = "ID", conflicts_with_all = ["project", "code", "alarm_email", "reader", "also_bucket"])]
    target: Option<AccountId>,
    /// Use the template of a project: the policy that allows uploading its releases
    #[arg(
        long,
        value_name = "PROJECT",
        conflicts_with_all = ["code", "alarm_email", "reader", "also_bucket", "external_id", "no_session_tags"]
    )]
    project: Option<ProjectName>,
    /// Use the template of the audit log, which all deployers with the same prefix share
    #[arg(
        long,
        requires = "audit_retention",
        conflicts_with_all = [
            "target", "project", "code", "alarm_email", "reader", "also_bucket", "external_id", "no_session_tags",
        ]
    )]
    audit: bool,
    /// Deploy the template with CloudFormation instead of printing it
    #[arg(long)]
    apply: bool,
    /// Code of the function: a Linux executable, or a zip that contains one named bootstrap [default: this program]
    #[arg(long, value_name = "FILE", requires = "apply")]
    code: Option<PathBuf>,
    /// External id that the role in a target account requires; use the same for the deployer account and the targets
    #[arg(long, value_name = "TEXT", value_parser = external_id)]
    external_id: Option<String>,
    /// Do not tag sessions in target accounts with project, config and release; use it for the deployer account and the targets
    #[arg(long)]
    no_session_tags: bool,
    // The default since there is an audit log: the name in `CloudTrail` of who made a call is not enough to join both.
    #[arg(long, hide = true, conflicts_with = "no_session_tags")]
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
    /// What happens when the audit log cannot be written: required (nothing new begins), best-effort (deploys go on), or off (there
    /// is no audit log) [default: required]
    #[arg(long, value_name = "MODE", value_parser = audit_mode(), conflicts_with_all = ["target", "project", "audit"])]
    audit_log: Option<AuditMode>,
    /// Account of the audit log, if it is not the deployer account
    #[arg(long, value_name = "ID", conflicts_with_all = ["target", "project"])]
    audit_account: Option<AccountId>,
    /// How long objects of the audit log can be neither overwritten nor deleted, such as 7y or 400d
    #[arg(long, value_name = "TIME", requires = "audit")]
    audit_retention: Option<Retention>,
    /// Who can delete objects of the audit log before their retention ends [default: compliance]
    #[arg(long, value_enum, value_name = "MODE", requires = "audit")]
    audit_mode: Option<LockMode>,
    /// Let releases of this project, together with --step-config, upgrade the deployer with step-deployer
    #[arg(long, value_name = "PROJECT", requires = "step_config", conflicts_with_all = ["target", "project", "audit"])]
    step_project: Option<ProjectName>,
    /// Config of the releases that upgrade the deployer with step-deployer
    #[arg(long, value_name = "CONFIG", requires = "step_project", conflicts_with_all = ["target", "project", "audit"])]
    step_config: Option<ConfigName>,
}

fn audit_mode() -> impl TypedValueParser<Value = AuditMode> {
    PossibleValuesParser::new(AuditMode::ALL.map(AuditMode::name))
        // The first parser accepts only names of modes.
        .map(|name| AuditMode::named(&name).unwrap_or(AuditMode::Required))
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
  {name} bootstrap --audit --audit-retention 7y --apply
      create the audit log, once for all deployers with the same prefix
  {name} bootstrap --apply
      create the deployer, with this program as the function
  {name} bootstrap --target 222222222222 --deployer-account 111111111111 --apply
      allow deploys to a target account, with credentials of that account
  {name} bootstrap --project acme/shop --apply
      create the policy that allows uploading releases of acme/shop
  {name} bootstrap --step-project acme/{name} --step-config production --apply
      let releases of acme/{name}, config production, upgrade the deployer
      with step-deployer

If the stack exists, --apply updates it. The stack of the deployer account
also creates policies for people: NAME-start to deploy, together with the
policy of a project, and NAME-operate to halt, freeze and unlock deploys.

--also-bucket lets the function use a bucket that exists. Commands accept it
with the environment variable BIFROST_BUCKETS (names with commas between).
The policies for people cover only the bucket of the deployer.

--step-project and --step-config tag function and state machine. Once
step-deployer has deployed to them, --apply updates the rest of the stack, and
leaves the code, the definition and the tags as they are.

In the mode compliance, the default, nobody can ever shorten the retention of
an object of the audit log. Try it with --audit-retention 1d first. To keep
the log in an account of its own, add --audit-account and --deployer-account
to the command that creates it, and --audit-account to the one that creates
the deployer."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let plan = BootstrapRequest::of(session, &args)?;
    if args.apply {
        return apply::apply(session, &plan, args.code).await;
    }
    output::print(&printed(&plan.template)?)?;
    Ok(0)
}

/// The template in the most readable form that CloudFormation still accepts in a request.
fn printed(template: &Value) -> io::Result<String> {
    let pretty = serde_json::to_string_pretty(template)?;
    Ok(if pretty.len() <= TEMPLATE_LIMIT_BYTES { pretty } else { template.to_string() })
}
