//! Performs an act of a person between its two records.

use super::effect::{self, Effect};
use super::examine::{Examined, examine};
use super::request::plain;
use super::review::review;
use super::{Act, ActError, ActRequest, Caller, MachineAccess};
use crate::account::{DeployerAccount, Env};
use crate::audit::{ActId, ActWritten, Audit, AuditMode, AuditPorts, Draft, Event, Subject, write_act};
use crate::cloud::CloudError;
use crate::error_code::Coded;
use crate::release::Sha256;
use serde::{Deserialize, Serialize};

/// An act that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActOutcome {
    /// Its id in the audit log. `None` if the log does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why the log does not have all of it, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_recorded: Option<String>,
    /// Whether another person must review it.
    pub break_glass: bool,
    /// What it did.
    pub effect: Effect,
}

/// Performs an act for a caller, and records it: what is asked for before it is done, and then how it ended. A halt does not wait for its
/// record.
///
/// An act that is refused is recorded, too; but not a request that is malformed, nor a review that the rules forbid: a review is only its
/// record.
///
/// # Errors
/// [`ActError`]. [`ActError::NotRecorded`] if nothing was done because the log cannot be written.
pub async fn perform(
    account: &DeployerAccount,
    machine: MachineAccess<'_>,
    caller: &Caller,
    request: &ActRequest,
) -> Result<ActOutcome, ActError> {
    request.check(account)?;
    if let Act::Review { act, note } = &request.act {
        let (audit, env) = (&account.audit, account.env.as_ref());
        return review(audit, env, caller, (act, note), request.ticket.as_deref()).await;
    }
    let examined = examine(account, machine, request).await;
    let begin = Record::begin(account, caller, request, &examined);
    let act = async {
        match &examined.verdict {
            Ok(()) => effect::perform(account, machine.executions, request).await,
            Err(refused) => Err(refused.clone()),
        }
    };
    let (record, result) = if request.act.is_safe_unrecorded() {
        // A log that does not answer must not delay it.
        let (record, result) = tokio::join!(begin, act);
        (record?, result)
    } else {
        (begin.await?, act.await)
    };
    let not_recorded = record.end(account, examined.subject, result.as_ref().err()).await;
    Ok(ActOutcome { id: record.id(), not_recorded, break_glass: examined.is_break_glass, effect: result? })
}

/// The record of an act.
struct Record<'a> {
    /// Where it is; `None` if there is no log.
    place: Option<(&'a AuditPorts, ActId)>,
    /// Why the log does not have it.
    missing: Option<CloudError>,
}

impl<'a> Record<'a> {
    /// Records the act before it is performed.
    async fn begin(
        account: &'a DeployerAccount,
        caller: &Caller,
        request: &ActRequest,
        examined: &Examined,
    ) -> Result<Self, ActError> {
        let Some(ports) = &account.audit.ports else { return Ok(Self { place: None, missing: None }) };
        let id = new_id(account.env.as_ref(), caller);
        let event = Event::Act {
            action: request.act.action().to_owned(),
            identity: caller.identity.clone(),
            confirmed: caller.confirmed,
            reason: request.reason.as_deref().map(plain),
            ticket: request.ticket.as_deref().map(plain),
            break_glass: examined.is_break_glass,
            request_id: caller.request_id.clone(),
        };
        let (is_written, error) = match write_act(
            ports,
            &id.key(),
            draft(&account.audit, account.env.as_ref(), examined.subject.clone(), event),
        )
        .await
        {
            ActWritten::Recorded => return Ok(Self { place: Some((ports, id)), missing: None }),
            ActWritten::Exists => return Err(ActError::Repeated(id.to_string())),
            ActWritten::Unrecorded { is_written, error } => (is_written, error),
        };
        tracing::error!(%error, %id, action = request.act.action(), "the audit log does not have an act");
        let record = Self { place: is_written.then_some((ports, id)), missing: Some(error.clone()) };
        // Only the object makes sure that a signed request is used once.
        let is_enough = is_written && account.audit.mode != AuditMode::Required;
        if !is_enough && !request.act.is_safe_unrecorded() {
            let refused = ActError::NotRecorded { source: Box::new(error) };
            // `reconcile` may append the act later: then its result must say that nothing was done.
            record.end(account, examined.subject.clone(), Some(&refused)).await;
            return Err(refused);
        }
        Ok(record)
    }

    /// Records how the act ended. Returns why the log does not have all of it, if it does not.
    async fn end(&self, account: &DeployerAccount, subject: Subject, error: Option<&ActError>) -> Option<String> {
        let mut missing = self.missing.clone();
        if let Some((ports, id)) = &self.place {
            let code = error.map(|error| error.code().to_owned());
            let event = Event::ActResult { act: id.to_string(), done: error.is_none(), code };
            // Another record with this key would be the result of a request that was used twice, which `begin` refuses.
            if let ActWritten::Unrecorded { error, .. } =
                write_act(ports, &id.result_key(), draft(&account.audit, account.env.as_ref(), subject, event)).await
            {
                tracing::error!(%error, %id, "the audit log does not have the result of an act");
                missing.get_or_insert(error);
            }
        }
        missing.map(|error| error.to_string())
    }

    /// The id, if the log has the act.
    fn id(&self) -> Option<String> {
        self.place.as_ref().filter(|_| self.missing.is_none()).map(|(_, id)| id.to_string())
    }
}

/// The id of a new act of this caller.
pub(super) fn new_id(env: &dyn Env, caller: &Caller) -> ActId {
    let random = || Sha256::of(env.new_uuid().as_bytes());
    caller.act.clone().unwrap_or_else(|| ActId::new(env.now(), &random()))
}

pub(super) fn draft(audit: &Audit, env: &dyn Env, subject: Subject, event: Event) -> Draft {
    Draft { time: env.now(), deployer: audit.deployer.clone(), subject, event }
}
