//! `bootstrap --apply`: deploys the template.

use super::request::{BootstrapRequest, StackKind};
use crate::bootstrap::{Applied, AuditSettings, Builder, Code, Installation, StepDeployed, TEMPLATE_LIMIT_BYTES};
use crate::client::ClientDeployer;
use crate::commands::error::CliError;
use crate::commands::output;
use crate::commands::program::ProgramRun;
use bifrost_core::account::Identity;
use bifrost_core::audit::AuditMode;
use bifrost_core::cloud::{NewStack, StackEvent};
use bifrost_core::deployer::BootstrapTarget;
use bifrost_core::release::{BucketName, ObjectKey, StepOptIn};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, io};

/// The longest checkpoint that is read. It has a few lines, and one for each witness.
const MAX_CHECKPOINT_BYTES: u64 = 64 * 1024;

pub(super) async fn apply<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    plan: &BootstrapRequest,
    code: Option<PathBuf>,
) -> Result<u8, CliError> {
    check_size(&plan.template.to_string())?;
    // Before any change: the file may not be valid code.
    let code = code.map(|file| Code::read(&file)).transpose()?;
    let target = session.bootstrap_target().await?;
    check_account(plan, &target)?;
    check_audit_log(session, plan, &target).await?;
    let applied = if matches!(plan.kind, StackKind::Deployer { .. }) {
        let identity = session.deployer_args.identity(target.account.clone(), target.region.clone());
        apply_deployer(plan, &target, &identity, code).await?
    } else {
        let (name, template) = (plan.stack.clone(), plan.template.to_string());
        (deploy(&target, &NewStack { name, template, parameters: BTreeMap::new() }).await?, None)
    };
    output::print(&summary(plan, &target, &applied, &session.deployer_args.program::<D>()))?;
    Ok(0)
}

/// Deploys the stack of the deployer account with this code, or with that of this program. Once Step has deployed the function, its
/// code is left as it is, and the result says whose releases may update it.
async fn apply_deployer(
    plan: &BootstrapRequest,
    target: &BootstrapTarget,
    identity: &Identity,
    code: Option<Code>,
) -> Result<(Applied, Option<StepOptIn>), CliError> {
    let (stacks, inventory) = (target.stacks.as_ref(), target.inventory.as_ref());
    if let Some(deployed) = StepDeployed::find(stacks, inventory, identity).await? {
        if code.is_some() {
            let opt_in = Box::new(deployed.opt_in);
            return Err(CliError::DeployedByStep { function: identity.name.clone(), opt_in });
        }
        let opt_in = match &plan.kind {
            StackKind::Deployer { step: Some(opt_in), .. } => opt_in,
            _ => &deployed.opt_in,
        };
        let stack = deployed.update(&plan.stack, plan.template.clone(), opt_in);
        check_size(&stack.template)?;
        return Ok((deploy(target, &stack).await?, Some(opt_in.clone())));
    }
    let code = match code {
        Some(code) => code,
        None => Code::read(&env::current_exe()?)?,
    };
    let (stack, template, bucket) = (plan.stack.clone(), plan.template.clone(), &identity.bucket()?);
    let installation = Installation { stack, template, bucket, code: &code };
    let mut report = print_event;
    let mut builder = Builder::new(stacks, &target.region, &mut report);
    Ok((installation.install(&mut builder, target.objects.as_ref()).await?, None))
}

async fn deploy(target: &BootstrapTarget, stack: &NewStack) -> Result<Applied, CliError> {
    let mut report = print_event;
    Ok(Builder::new(target.stacks.as_ref(), &target.region, &mut report).apply(stack).await?)
}

fn check_size(template: &str) -> Result<(), CliError> {
    if template.len() > TEMPLATE_LIMIT_BYTES {
        return Err(CliError::LargeTemplate(template.len()));
    }
    Ok(())
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

/// Refuses to create a deployer whose audit log does not exist: it could not deploy anything. Whether a log in another account exists
/// is not known here.
async fn check_audit_log<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    plan: &BootstrapRequest,
    target: &BootstrapTarget,
) -> Result<(), CliError> {
    let StackKind::Deployer { audit: AuditSettings { mode, log_account }, .. } = &plan.kind else { return Ok(()) };
    if *mode == AuditMode::Off || log_account.as_ref().is_some_and(|log| *log != target.account) {
        return Ok(());
    }
    let identity = session.deployer_args.identity(target.account.clone(), target.region.clone());
    let bucket: BucketName = identity.audit_bucket().parse()?;
    match target.objects.get(&bucket, &ObjectKey::checkpoint(), MAX_CHECKPOINT_BYTES).await {
        Err(error) if error.is_not_found() => {
            Err(CliError::NoAuditLog { bucket, program: session.deployer_args.program::<D>() })
        }
        // The caller may not be allowed to read the log, or the log has no checkpoint yet.
        _ => Ok(()),
    }
}

/// The result, the next command after something was created, and what was left to Step. `program` is the program with the arguments
/// that name the deployer.
fn summary(
    plan: &BootstrapRequest,
    target: &BootstrapTarget,
    (applied, left_to): &(Applied, Option<StepOptIn>),
    program: &str,
) -> String {
    let result = match applied {
        Applied::Created => "created",
        Applied::Updated => "updated",
        Applied::Unchanged => "unchanged",
    };
    let (stack, account, region) = (&plan.stack, &target.account, &target.region);
    let next = match &plan.kind {
        StackKind::Deployer { target_arguments, .. } if *applied == Applied::Created => format!(
            "\nNext, with credentials of each target account: `{program} bootstrap --target ID --deployer-account \
             {account}{target_arguments} --apply`"
        ),
        StackKind::AuditLog { deployer_arguments } if *applied == Applied::Created => format!(
            "\nNext, with credentials of the deployer account: `{program} bootstrap{deployer_arguments} --apply`, and the \
             same for each deployer with this prefix"
        ),
        _ => String::new(),
    };
    let left = left_to.as_ref().map(|opt_in| left_to_step(stack, opt_in)).unwrap_or_default();
    format!("stack {stack} in account {account}, {region}: {result}{next}{left}")
}

fn left_to_step(function: &str, StepOptIn { project, config }: &StepOptIn) -> String {
    format!(
        "\nStep deployed function {function} (project {project}, config {config}): code, architecture and definition were left as they \
         are. Deploy new code with `step-deployer deploy FILE`, where FILE is a release file of this project and config"
    )
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
