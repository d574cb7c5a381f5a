//! What a deploy would do.

use super::{Address, Client, Prepared};
use crate::client::{ClientDeployer, DeployPlan, PlanError};
use bifrost_core::cloud::{CloudError, ErrorKind};
use bifrost_core::release::AccountId;
use std::fmt;

/// It cannot be told what a deploy would do. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PlanFailure {
    /// The role in the target account may not be assumed, or AWS does not answer.
    #[error("the target account cannot be looked into: {source}{hint}", hint = PermissionHint(role, account, source.kind))]
    Target {
        /// The role's name.
        role: String,
        /// The target account.
        account: AccountId,
        /// What AWS says.
        source: CloudError,
    },
    /// The deployer could not find it out.
    #[error("what a deploy would change is not known: {0}")]
    Deployer(#[from] PlanError),
    /// The deployer has no plans.
    #[error("{0} cannot plan: it does not tell what a deploy would change")]
    Unknown(&'static str),
}

/// What who plans needs, and who deploys does not.
struct PermissionHint<'a>(&'a str, &'a AccountId, ErrorKind);

impl fmt::Display for PermissionHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(role, account, kind) = self;
        if *kind != ErrorKind::AccessDenied {
            return Ok(());
        }
        write!(
            f,
            "; to plan, your own credentials must be allowed to assume role {role} of account {account}, and its trust policy \
             must name you: deploying takes neither, as the deployer's function does it"
        )
    }
}

impl<D: ClientDeployer> Client<D> {
    /// What a deploy of the release would do, found out without changing or uploading anything.
    ///
    /// # Errors
    /// [`PlanFailure`].
    pub async fn plan(&self, prepared: &Prepared<D::Fields>) -> Result<DeployPlan, PlanFailure> {
        let address = Address::from(&prepared.release.envelope);
        let (ports, running) = tokio::join!(self.target(&address), self.running(&address));
        let ports = ports.map_err(|source| PlanFailure::Target {
            role: self.account.identity.assumed_role(),
            account: address.account.clone(),
            source,
        })?;
        let plan = D::plan(&ports, self.account.objects.as_ref(), prepared).await?;
        let mut plan = plan.ok_or(PlanFailure::Unknown(D::NAME))?;
        // Who may not see executions may see the account all the same.
        if let Ok(Some(running)) = running {
            plan.notes.push(format!("{} runs now, and may change what this says", running.name));
        }
        Ok(plan)
    }
}
