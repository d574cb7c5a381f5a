//! What `bootstrap` is asked for: a stack, its template and its account.

use super::Args;
use crate::bootstrap::{
    AuditLogOptions, AuditSettings, DeployerName, DeployerOptions, LockMode, TargetOptions, audit_stack,
    audit_template, deployer_template, project_stack, project_template, target_template,
};
use crate::client::ClientDeployer;
use crate::commands::error::CliError;
use crate::commands::program::ProgramRun;
use bifrost_core::account::names;
use bifrost_core::audit::AuditMode;
use bifrost_core::release::{AccountId, BucketName, StepOptIn};
use serde_json::Value;

/// The longest name of a region, to check names that contain the region.
const LONGEST_REGION: &str = "ap-southeast-1";

pub(super) struct BootstrapRequest {
    pub(super) stack: String,
    pub(super) template: Value,
    pub(super) kind: StackKind,
    /// The account in which the stack belongs, if it was given.
    pub(super) account: Option<AccountId>,
}

pub(super) enum StackKind {
    /// The deployer account. The stack has code.
    Deployer {
        /// How the deployer uses the audit log.
        audit: AuditSettings,
        /// The arguments that the template of a target account needs, too, with a space before each.
        target_arguments: String,
        /// The releases of Step that may upgrade the deployer, if they were given.
        step: Option<StepOptIn>,
    },
    Target,
    Project,
    AuditLog {
        /// The arguments that the template of the deployer needs, too, with a space before each.
        deployer_arguments: String,
    },
}

impl BootstrapRequest {
    pub(super) fn of<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: &Args) -> Result<Self, CliError> {
        let options = session.deployer_args.options();
        let (name, account): (DeployerName, _) = (options.name.parse()?, options.account);
        if let Some(project) = &args.project {
            let (stack, template) = (project_stack(&name, project), project_template(&name, project));
            return Ok(Self { stack, template, kind: StackKind::Project, account });
        }
        if let Some(target) = &args.target {
            let deployer_account = account.ok_or(CliError::NoDeployerAccount)?;
            let target_options = TargetOptions {
                deployer_account,
                external_id: args.external_id.clone(),
                session_tags: !args.no_session_tags,
            };
            let template = target_template(&name, D::PERMISSIONS, D::BOUNDARY, &target_options);
            let (stack, account) = (format!("{name}-assumed"), Some(target.clone()));
            return Ok(Self { stack, template, kind: StackKind::Target, account });
        }
        match args.audit_retention {
            Some(retention) => {
                let mode = args.audit_mode.unwrap_or(LockMode::Compliance);
                let log_account = args.audit_account.clone();
                let deployer_account = match &log_account {
                    Some(_) => Some(account.clone().ok_or(CliError::NoDeployersOfLog)?),
                    None => None,
                };
                let deployer_account = deployer_account.filter(|deployer| Some(deployer) != log_account.as_ref());
                Self::audit_log(&name, &AuditLogOptions { retention, mode, deployer_account }, log_account.or(account))
            }
            None => Self::deployer::<D>(&name, account, args),
        }
    }

    fn audit_log(name: &DeployerName, options: &AuditLogOptions, account: Option<AccountId>) -> Result<Self, CliError> {
        check_names(name)?;
        let deployer_arguments = match (&account, &options.deployer_account) {
            (Some(log), Some(_)) => format!(" --audit-account {log}"),
            _ => String::new(),
        };
        let (stack, template) = (audit_stack(name, options), audit_template(name, options));
        Ok(Self { stack, template, kind: StackKind::AuditLog { deployer_arguments }, account })
    }

    fn deployer<D: ClientDeployer>(
        name: &DeployerName,
        account: Option<AccountId>,
        args: &Args,
    ) -> Result<Self, CliError> {
        let target_arguments = format!(
            "{}{}",
            // Its value may be a secret, and output is kept in logs.
            if args.external_id.is_some() { " --external-id ID" } else { "" },
            if args.no_session_tags { " --no-session-tags" } else { "" }
        );
        let log_account = args.audit_account.clone().filter(|log| Some(log) != account.as_ref());
        let audit = AuditSettings { mode: args.audit_log.unwrap_or(AuditMode::Required), log_account };
        if audit.mode != AuditMode::Off {
            check_names(name)?;
        }
        let options = DeployerOptions {
            external_id: args.external_id.clone(),
            session_tags: !args.no_session_tags,
            alarm_email: args.alarm_email.clone(),
            readers: args.reader.clone(),
            also_buckets: args.also_bucket.iter().flatten().cloned().collect(),
            audit: audit.clone(),
            step: args
                .step_project
                .clone()
                .zip(args.step_config.clone())
                .map(|(project, config)| StepOptIn { project, config }),
        };
        let template = deployer_template::<D>(name, &options);
        let kind = StackKind::Deployer { audit, target_arguments, step: options.step };
        Ok(Self { stack: name.to_string(), template, kind, account })
    }
}

/// Refuses a deployer whose prefix does not make a valid name of the audit log's bucket in every region.
fn check_names(name: &DeployerName) -> Result<(), CliError> {
    let bucket = names::audit_bucket(name.as_str(), "000000000000", LONGEST_REGION);
    bucket.parse::<BucketName>()?;
    Ok(())
}
