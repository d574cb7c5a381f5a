//! Proofs: an attempt changes something only with one.

use super::fence::Fence;
use super::{Context, go_lock};
use crate::cloud::{CloudError, ErrorKind};
use crate::error_code::full_message;
use crate::release::{Envelope, ReleaseId};
use tokio::join;

/// Proof that an attempt may change something in the target account now. Methods of ports that change something take it.
///
/// A handler gets it from [`Context::lock_proof`], [`Context::held_lock_proof`] or [`Ownership::proof`]; there is no other way.
#[derive(Debug)]
pub struct Proof(());

#[cfg(feature = "client")]
impl Proof {
    /// A proof without a check, for tests of ports, which have no execution.
    #[doc(hidden)]
    #[must_use]
    pub fn unchecked_for_tests() -> Self {
        Self(())
    }

    /// A proof for a client, which is no attempt of a deploy and holds no lock. Use it only for resources that no deploy uses,
    /// such as the change set of a plan.
    #[doc(hidden)]
    #[must_use]
    pub fn of_client() -> Self {
        Self(())
    }
}

/// Which resources a task that cleans up may change: those that carry the id of its release. See [`Context::ownership`].
#[derive(Debug)]
pub struct Ownership(Option<ReleaseId>);

impl Ownership {
    /// Proves that a resource belongs to this release: `release_id` is the id that the resource carries, such as its tag
    /// `ReleaseID`. `None` if it belongs to another release, or to none.
    #[must_use]
    pub fn proof(&self, release_id: Option<&str>) -> Option<Proof> {
        let ours = self.0.as_ref().map(ReleaseId::as_str);
        (ours.is_some() && ours == release_id).then_some(Proof(()))
    }
}

impl<P> Context<P> {
    /// Proves that the root lock is this execution's, so that the attempt may change something. The lock is read once in an
    /// attempt, beside its first calls: ask just before the first change, and use the proof for all of them.
    ///
    /// # Errors
    /// [`CloudError`] with the code `LockNotProved` if the lock is not this execution's, or if DynamoDB did not answer; with
    /// the code `HaltNotExcluded` if the task is marked `looks for halt`, did not ask [`halt`](Self::halt), and the deploy must
    /// stop, or S3 did not answer. Whatever the handler makes of it, the task raises `LockError`, `HaltError` or `HealthError`.
    pub async fn lock_proof(&self, envelope: &Envelope) -> Result<Proof, CloudError> {
        if !self.guard.may_change() {
            return Err(refused(
                envelope,
                "ChangeBeforeLock",
                "a task marked `validates` or `locks` changes nothing".into(),
            ));
        }
        let (held, announced) = join!(self.require_lock(envelope), self.announce(envelope));
        held?;
        if self.guard.must_look_for_halt()
            && let Err(halt) = self.read_halt(envelope).await
        {
            return Err(refused(envelope, "HaltNotExcluded", full_message(&halt)));
        }
        announced?;
        Ok(Proof(()))
    }

    /// Checks that the root lock is this execution's, for a handler that changes nothing, but whose result is about what the lock
    /// protects. Unlike [`lock_proof`](Self::lock_proof) it does not announce a change in the audit log.
    ///
    /// # Errors
    /// [`CloudError`] with the code `LockNotProved`, and the task raises `LockError`, as for [`lock_proof`](Self::lock_proof).
    pub async fn require_lock(&self, envelope: &Envelope) -> Result<(), CloudError> {
        let Some(failure) = self.fence(envelope).await.failure(self, envelope) else { return Ok(()) };
        self.guard.refuse();
        Err(refused(envelope, "LockNotProved", full_message(&failure)))
    }

    /// As [`lock_proof`](Self::lock_proof), for a task marked `cleans up` that does less without the lock: `None` if the lock is
    /// not this execution's. That does not fail the task.
    ///
    /// # Errors
    /// [`CloudError`] if it is not known whether the lock is this execution's, and in a task that is not marked `cleans up`.
    pub async fn held_lock_proof(&self, envelope: &Envelope) -> Result<Option<Proof>, CloudError> {
        self.check_cleans_up(envelope)?;
        match self.fence(envelope).await {
            Fence::Held => {
                self.announce(envelope).await?;
                Ok(Some(Proof(())))
            }
            Fence::Lost(_) | Fence::Finished(_) => Ok(None),
            Fence::Unknown(unknown) => Err(refused(envelope, "LockNotProved", full_message(unknown))),
        }
    }

    /// Which resources a task marked `cleans up` may change, no matter who holds the root lock: those that carry the id of its release,
    /// if this execution is the one that may deploy the release. Another execution with the same release owns nothing, nor does
    /// a second attempt of a task that has ended the deploy.
    ///
    /// # Errors
    /// [`CloudError`] if S3 or DynamoDB did not answer, and in a task that is not marked `cleans up`.
    pub async fn ownership(&self, envelope: &Envelope) -> Result<Ownership, CloudError> {
        self.check_cleans_up(envelope)?;
        let (is_ours, fence) = join!(self.holds_release_lock(envelope), self.fence(envelope));
        let owns = is_ours? && !matches!(fence, Fence::Finished(_));
        if owns {
            self.announce(envelope).await?;
        }
        Ok(Ownership(owns.then(|| envelope.release_id.clone())))
    }

    async fn holds_release_lock(&self, envelope: &Envelope) -> Result<bool, CloudError> {
        let Some(owner) = envelope.uuid else { return Ok(false) };
        let read = || go_lock::holds_release_lock(self, envelope, owner);
        self.guard.release_lock.get_or_init(read).await.clone()
    }

    fn check_cleans_up(&self, envelope: &Envelope) -> Result<(), CloudError> {
        if self.guard.cleans_up() {
            return Ok(());
        }
        Err(refused(
            envelope,
            "NotACleanUp",
            "only a task marked `cleans up` may change something without the lock".into(),
        ))
    }
}

fn refused(envelope: &Envelope, code: &str, message: String) -> CloudError {
    CloudError {
        operation: "dynamodb:GetItem",
        resource: envelope.root_dir().lock().to_string(),
        kind: ErrorKind::Conflict,
        code: code.into(),
        message,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::Ownership;

    #[test]
    fn resource_of_another_release_is_not_owned() {
        let ours = Ownership(Some("release-1-a".parse().unwrap()));
        assert!(ours.proof(Some("release-1-a")).is_some());
        for carried in [None, Some(""), Some("release-1-ab"), Some("release-1")] {
            assert!(ours.proof(carried).is_none(), "{carried:?}");
            assert!(Ownership(None).proof(carried).is_none(), "{carried:?}");
        }
    }
}
