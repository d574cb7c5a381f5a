//! The fence: the root lock, as an attempt finds it beside its first calls.

use super::Context;
use super::context::project_config;
use super::lock::{LockFailure, LockUnknown, describe_lock};
use crate::cloud::{CloudError, EndedBy, EndedItem, LockItem};
use crate::error_code::Coded;
use crate::release::Envelope;

/// This execution does not hold the root lock any more, so it may not change anything. `LockError` on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[error("this execution may not change {project} any more: {}; see what is deployed with: {status}", describe(holder.as_deref(), ended.as_ref()))]
#[code(
    "lock/lost",
    "see with `status` what is deployed and what this deploy left over; the lock belongs to the deploy that the message names"
)]
pub struct LockLost {
    /// Project, config and account.
    pub project: String,
    /// Who holds the lock now.
    pub holder: Option<Box<LockItem>>,
    /// How this execution lost it.
    pub ended: Option<EndedItem>,
    /// The command that shows what is deployed and left over.
    pub status: String,
}

impl LockLost {
    /// Whether another execution holds the lock under the same owner: the owner was copied.
    pub(super) fn is_copied(&self, envelope: &Envelope) -> bool {
        let owner = envelope.uuid.map(|owner| owner.to_string());
        self.holder.as_ref().is_some_and(|holder| Some(&holder.id) == owner.as_ref())
    }
}

fn describe(holder: Option<&LockItem>, ended: Option<&EndedItem>) -> String {
    let lost = match ended.map(|ended| (ended.by, ended.time.format("%Y-%m-%dT%H:%M:%SZ"))) {
        Some((EndedBy::Unlock, time)) => format!("an operator cleared its lock with `unlock` at {time}"),
        Some((EndedBy::Execution, time)) => format!("it gave its lock back at {time}"),
        None => "it does not hold the lock".to_owned(),
    };
    match holder {
        Some(holder) => format!("{lost}, and {} holds the lock now", describe_lock(holder)),
        None => format!("{lost}, and nobody holds the lock now"),
    }
}

/// The root lock, as a fenced attempt found it.
#[derive(Debug, Clone)]
pub(super) enum Fence {
    /// It is this execution's.
    Held,
    /// It is not, and this execution gave it back: an earlier attempt has finished the deploy.
    Finished(EndedItem),
    /// It is not.
    Lost(LockLost),
    /// DynamoDB did not answer, or the release has no owner.
    Unknown(LockUnknown),
}

impl Fence {
    /// The error of a task that needs the lock.
    pub(super) fn failure<P>(&self, context: &Context<P>, envelope: &Envelope) -> Option<LockFailure> {
        match self {
            Self::Held => None,
            Self::Finished(ended) => Some(LockUnknown::given_back(context, envelope, ended.clone()).into()),
            Self::Lost(lost) => Some(LockUnknown::Lost(lost.clone()).into()),
            Self::Unknown(unknown) => Some(unknown.clone().into()),
        }
    }
}

impl<P> Context<P> {
    /// The fence of this attempt. The first call reads the root lock, later ones share its answer.
    pub(super) async fn fence(&self, envelope: &Envelope) -> &Fence {
        self.guard.fence.get_or_init(|| read(self, envelope)).await
    }
}

async fn read<P>(context: &Context<P>, envelope: &Envelope) -> Fence {
    let Some(owner) = envelope.uuid else { return Fence::Unknown(LockUnknown::NoOwner) };
    let locks = context.account.locks.as_ref();
    let found = locks.get(&envelope.root_dir().lock()).await;
    let holder = match found {
        Ok(Some(item)) if item.id == owner.to_string() && item.execution == context.attempt.execution => {
            return Fence::Held;
        }
        Ok(holder) => holder.map(Box::new),
        Err(source) => return unknown(source),
    };
    match locks.ended(owner).await {
        Ok(Some(ended)) if ended.by == EndedBy::Execution => Fence::Finished(ended),
        Ok(ended) => Fence::Lost(LockLost {
            project: project_config(envelope),
            holder,
            ended,
            status: context.command(envelope, "status"),
        }),
        Err(source) => unknown(source),
    }
}

fn unknown(source: CloudError) -> Fence {
    let context = "cannot tell whether the lock is held";
    Fence::Unknown(LockUnknown::Cloud { context, source: Box::new(source) })
}
