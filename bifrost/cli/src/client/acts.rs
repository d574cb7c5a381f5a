//! Acts of people: through the function that records them, if the deployer has one.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::audit::{Audit, Outcome};
use bifrost_core::deployer::fail_states;
use bifrost_core::deployer::task_limit;
use bifrost_core::people::{self, Act, ActError, ActOutcome, ActRequest, ActTarget, Caller, MachineAccess, Reconciled};
use chrono::{DateTime, Utc};
use std::fmt;
use std::sync::Arc;

/// Hears of each act that was done, and whether it is in the audit log.
pub type ActReport = Arc<dyn Fn(&ActOutcome) + Send + Sync>;

/// Why a person acts, for the audit log.
#[derive(Clone, Default)]
pub struct Motive {
    /// Who acts, as this machine claims.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// A ticket.
    pub ticket: Option<String>,
    /// Hears of each act that was done.
    pub report: Option<ActReport>,
}

impl fmt::Debug for Motive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, reason, ticket, .. } = self;
        f.debug_struct("Motive").field("by", by).field("reason", reason).field("ticket", ticket).finish_non_exhaustive()
    }
}

impl From<&Address> for ActTarget {
    fn from(address: &Address) -> Self {
        Self {
            aws_account_id: address.account.clone(),
            aws_region: address.region.clone(),
            bucket: address.bucket.clone(),
            project_name: address.project.clone(),
            config_name: address.config.clone(),
        }
    }
}

impl<D: ClientDeployer> Client<D> {
    /// The same client for a person who acts for a reason: freezes, unfreezes, halts, unlocks or reviews.
    #[must_use]
    pub fn acting(&self, motive: Motive) -> Self {
        Self { motive, ..self.clone() }
    }

    /// Reviews a break-glass act of another person, with a note of what the reviewer found.
    ///
    /// # Errors
    /// [`ActError`], such as [`ActError::Own`] for an act of the same person.
    pub async fn review(&self, act: &str, note: &str) -> Result<ActOutcome, ActError> {
        self.act(Act::Review { act: act.to_owned(), note: note.to_owned() }, None).await
    }

    /// Completes the audit log for executions that started at `since` or later: see [`people::reconcile`].
    ///
    /// # Errors
    /// [`ActError::NoFunction`], [`ActError::MayNotInvoke`] or [`ActError::NoLog`] if there is nothing to complete; [`ActError::Cloud`].
    pub async fn reconcile(&self, since: DateTime<Utc>) -> Result<Reconciled, ActError> {
        match &self.acts {
            Some(acts) => acts.reconcile(since).await,
            None => {
                people::reconcile(&self.account, self.executions.as_ref(), &fail_states::<D>(), since, &|| true).await
            }
        }
    }

    /// Makes sure that the audit log of a local cloud has the end of an execution: see [`people::close`]. In AWS the deployer's
    /// function does so.
    ///
    /// # Errors
    /// [`ActError::NoLog`] if there is none; [`ActError::Cloud`].
    pub async fn close(&self, execution: &str) -> Result<Option<Outcome>, ActError> {
        let arn = self.account.identity.execution_arn(execution);
        people::close(&self.account, self.executions.as_ref(), &fail_states::<D>(), &arn).await
    }

    /// Performs an act: through the deployer's function, or directly where there is none, or these credentials may not invoke it.
    /// `reason` is why, unless the person gave a reason.
    pub(super) async fn act(&self, act: Act, reason: Option<&str>) -> Result<ActOutcome, ActError> {
        let outcome = self.perform(act, reason).await?;
        if let Some(report) = &self.motive.report {
            report(&outcome);
        }
        Ok(outcome)
    }

    async fn perform(&self, act: Act, reason: Option<&str>) -> Result<ActOutcome, ActError> {
        let request = ActRequest {
            act,
            reason: self.motive.reason.clone().or_else(|| reason.map(ToOwned::to_owned)),
            ticket: self.motive.ticket.clone(),
            nonce: self.account.env.new_uuid(),
        };
        let (caller, machine) = (
            Caller::local(&self.motive.by),
            MachineAccess { executions: self.executions.as_ref(), task_limit: task_limit::<D>() },
        );
        let Some(acts) = &self.acts else {
            return people::perform(&self.account, machine, &caller, &request).await;
        };
        match acts.perform(&request).await {
            // Without a function, or the right to invoke it, IAM still decides about each write.
            Err(missing @ (ActError::NoFunction(_) | ActError::MayNotInvoke { .. }))
                if !matches!(request.act, Act::Review { .. }) =>
            {
                // With the person's own rights. They do not include the log, which only functions write.
                let mut account = self.account.clone();
                account.audit = Audit::off(account.audit.deployer);
                let done = people::perform(&account, machine, &caller, &request).await?;
                Ok(ActOutcome { not_recorded: Some(missing.to_string()), ..done })
            }
            answered => answered,
        }
    }
}
