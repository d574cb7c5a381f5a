//! What a deploy would change.

use super::{Address, Client, Prepared, TargetAccountError};
use crate::client::{ClientDeployer, DeployPlan, PlanFinding};
use bifrost_core::error_code::{Coded, CodedError};

/// [`Client::plan`] failed. Nothing was changed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum PlanFailure {
    /// The target account cannot be read.
    #[error(transparent)]
    #[code(source)]
    Target(#[from] TargetAccountError),
    /// The deployer could not find out the changes.
    #[error("cannot find out what a deploy would change: {0}")]
    #[code(source)]
    Deployer(#[from] CodedError),
    /// The deployer has no plans.
    #[error("{0} does not implement `plan`")]
    #[code("cli/no-plan", "implement `ClientDeployer::plan` for the deployer")]
    Unsupported(&'static str),
}

/// Why a plan says that a deploy would be refused.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub(super) enum PlanRefusal {
    /// A deploy of the same project and config is running and changes what the plan is based on.
    #[error(
        "a deploy is running ({execution}), so this release would not be deployed now, and the target account is changing; \
         wait until that deploy has ended, which {status} shows, then plan again"
    )]
    #[code("lock/deploy-running", "follow the running deploy with `status`; plan or deploy again when it has ended")]
    DeployRunning {
        /// The running execution.
        execution: String,
        /// The command that shows it.
        status: String,
    },
}

impl<D: ClientDeployer> Client<D> {
    /// What a deploy of the release would change, without changing or uploading anything.
    ///
    /// # Errors
    /// [`PlanFailure`].
    pub async fn plan(&self, prepared: &Prepared<D::Fields>) -> Result<DeployPlan, PlanFailure> {
        let address = Address::from(&prepared.release.envelope);
        let (context, running) = tokio::join!(self.context(&address), self.running(&address));
        let context = context.map_err(|source| self.target_account_error(&address.account, source))?;
        let plan = D::plan(&context, prepared).await?;
        let plan = plan.ok_or(PlanFailure::Unsupported(D::NAME))?;
        // Users without permission to list executions may still read the target account.
        Ok(match running {
            Ok(Some(running)) => {
                let status = self.hint(&format!("status {}", address.arguments(&self.account.defaults)));
                while_deploying(plan, running.name, status)
            }
            _ => plan,
        })
    }
}

/// A plan that was made while a deploy runs. Its findings may be about resources of that deploy, such as a second group of a
/// service: the first finding says so.
fn while_deploying(mut plan: DeployPlan, execution: String, status: String) -> DeployPlan {
    if plan.findings.is_empty() {
        plan.notes
            .push(format!("a deploy is running ({execution}) and may change this plan; plan again when it has ended"));
    } else {
        let refusal = PlanRefusal::DeployRunning { execution, status };
        plan.findings.insert(0, PlanFinding::new(refusal.code(), "", refusal.to_string()));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_deploy_is_the_first_finding() {
        let finding = PlanFinding::new("odin/several-groups", "services.web", "two groups");
        let plan = DeployPlan { findings: vec![finding], ..DeployPlan::default() };
        let plan = while_deploying(plan, "deploy-1".into(), "`odin status`".into());
        let codes: Vec<_> = plan.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!((codes, plan.notes.len()), (vec!["lock/deploy-running", "odin/several-groups"], 0));
    }

    #[test]
    fn plan_gets_a_note_while_a_deploy_runs() {
        let plan = while_deploying(DeployPlan::default(), "deploy-1".into(), "`odin status`".into());
        assert_eq!((plan.findings.len(), plan.notes.len()), (0, 1));
        assert!(plan.notes[0].contains("deploy-1"));
    }
}
