//! The review of a break-glass act by another person.

use super::perform::{draft, new_id};
use super::request::plain;
use super::{ActError, ActOutcome, Caller, Effect, Person};
use crate::account::Env;
use crate::audit::{ActId, ActWritten, Audit, AuditPorts, Event, PEOPLE, Subject, read_act, write_act};
use crate::cloud::CloudError;
use futures_util::stream::{self, StreamExt, TryStreamExt};

/// How many records are read at a time.
const MAX_CONCURRENT_CALLS: usize = 16;

/// Records the review of an act, with a note of what the reviewer found. Whatever the mode, a review that cannot be recorded is refused:
/// it is only its record.
///
/// # Errors
/// [`ActError`], such as [`ActError::Own`].
pub async fn review(
    audit: &Audit,
    env: &dyn Env,
    caller: &Caller,
    (act, note): (&str, &str),
    ticket: Option<&str>,
) -> Result<ActOutcome, ActError> {
    let ports = audit.ports.as_ref().ok_or(ActError::NoLog)?;
    let note = plain(note);
    if note.is_empty() {
        return Err(ActError::NoNote);
    }
    let reviewed: ActId = act.parse().map_err(|_| ActError::Unknown(plain(act)))?;
    let subject = check(ports, caller, &reviewed).await?;
    let event = Event::Review {
        act: reviewed.to_string(),
        identity: caller.identity.clone(),
        confirmed: caller.confirmed,
        note,
        ticket: ticket.map(plain),
        request_id: caller.request_id.clone(),
    };
    let id = new_id(env, caller);
    match write_act(ports, &id.key(), draft(audit, env, subject, event)).await {
        ActWritten::Recorded => Ok(ActOutcome {
            id: Some(id.to_string()),
            not_recorded: None,
            break_glass: false,
            effect: Effect::Reviewed,
        }),
        ActWritten::Exists => Err(ActError::Repeated(id.to_string())),
        ActWritten::Unrecorded { error, .. } => Err(ActError::NotRecorded { source: Box::new(error) }),
    }
}

/// Whether the caller may review the act. Returns what the act is about.
async fn check(ports: &AuditPorts, caller: &Caller, id: &ActId) -> Result<Subject, ActError> {
    let record = read_act(ports.store.as_ref(), &id.key()).await?.ok_or_else(|| ActError::Unknown(id.to_string()))?;
    let Event::Act { action, identity: actor, break_glass, .. } = record.draft.event else {
        return Err(ActError::Unknown(id.to_string()));
    };
    if !break_glass {
        return Err(ActError::NeedsNoReview { act: id.to_string(), action });
    }
    let reviewer = Person::read(&caller.identity).map_err(|error| ActError::Identity(error.to_string()))?;
    if !reviewer.is_named() {
        return Err(ActError::Nameless(caller.identity.clone()));
    }
    let is_same = caller.identity == actor || Person::read(&actor).is_ok_and(|actor| actor.may_be(&reviewer));
    if is_same {
        return Err(ActError::Own { act: id.to_string(), reviewer: caller.identity.clone(), actor });
    }
    if has_reviewed(ports, &reviewer, id).await? {
        return Err(ActError::Reviewed { act: id.to_string(), reviewer: caller.identity.clone() });
    }
    Ok(record.draft.subject)
}

/// Whether the person has reviewed the act before. Ids sort by time, and reviews are later than their acts.
async fn has_reviewed(ports: &AuditPorts, reviewer: &Person, act: &ActId) -> Result<bool, CloudError> {
    let keys = ports.store.list(PEOPLE).await?;
    let later = keys.into_iter().filter(|key| ActId::of_key(key).is_some_and(|id| id >= *act));
    let mut records = stream::iter(later)
        .map(|key| async move { read_act(ports.store.as_ref(), &key).await })
        .buffered(MAX_CONCURRENT_CALLS);
    while let Some(record) = records.try_next().await? {
        if let Some(Event::Review { act: found, identity, .. }) = record.map(|record| record.draft.event)
            && found == act.as_str()
            && Person::read(&identity).is_ok_and(|person| person.may_be(reviewer))
        {
            return Ok(true);
        }
    }
    Ok(false)
}
