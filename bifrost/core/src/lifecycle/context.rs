//! The context of a handler: its attempt, the time, the deployer account, and access to the target account.

use super::attempt::Role;
use super::fence::Fence;
use super::halt::HaltCheckError;
use super::recording::Recording;
use crate::account::DeployerAccount;
use crate::audit::ChangeLog;
use crate::cloud::{Attempt, CloudError, SESSION_TAGS, TargetRole, Targets};
use crate::release::Envelope;
use crate::task::RawInput;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::OnceCell;

/// The context of one attempt of one task. `P` are the deployer's ports.
pub struct Context<P> {
    /// The deployer account.
    pub account: DeployerAccount,
    /// The attempt and the task.
    pub attempt: Attempt,
    /// The state's input as it was sent, before defaults are filled in, for replay protection.
    pub sent: RawInput,
    targets: Arc<dyn Targets<P>>,
    pub(super) guard: Guard,
    /// The changes of this attempt, which the call middleware adds.
    pub(super) changes: Arc<ChangeLog>,
    pub(super) recording: Recording,
}

impl<P> Context<P> {
    /// The context of an attempt. `targets` assumes the role in a target account, and its sessions add their changes to `changes`.
    #[must_use]
    pub fn new(
        account: DeployerAccount,
        attempt: Attempt,
        sent: RawInput,
        targets: Arc<dyn Targets<P>>,
        changes: Arc<ChangeLog>,
    ) -> Self {
        // In a local cloud the clock is a session that has these changes: a strong reference would keep both forever.
        let env = Arc::downgrade(&account.env);
        changes.set_clock(move || env.upgrade().map_or(DateTime::UNIX_EPOCH, |env| env.now()));
        Self { account, attempt, sent, targets, guard: Guard::default(), changes, recording: Recording::default() }
    }

    /// Assumes the deployer's role in the release's account, and opens its ports in the release's region.
    ///
    /// # Errors
    /// [`CloudError`] if the role does not exist or may not be assumed. The message names role and account.
    pub async fn target(&self, envelope: &Envelope) -> Result<P, CloudError> {
        let target = TargetRole {
            account: envelope.aws_account_id.clone(),
            region: envelope.aws_region.clone(),
            role: self.account.identity.assumed_role(),
            // STS rejects session names over 64 characters.
            session: envelope.release_id.as_str().chars().take(64).collect(),
            tags: SESSION_TAGS
                .into_iter()
                .zip([
                    envelope.project_name.to_string(),
                    envelope.config_name.to_string(),
                    envelope.release_id.to_string(),
                ])
                .collect(),
        };
        self.targets.assume(&target).await
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.account.now()
    }

    /// A command of the deployer's client for this project and config, with all arguments that it needs here.
    pub(super) fn command(&self, envelope: &Envelope, name: &str) -> String {
        let Envelope { aws_account_id, bucket, project_name, config_name, .. } = envelope;
        // Only arguments that differ from the command's defaults are needed.
        let unless = |is_default, argument: String| if is_default { String::new() } else { argument };
        let account = unless(*aws_account_id == self.account.defaults.account, format!(" --account {aws_account_id}"));
        let bucket = unless(*bucket == self.account.defaults.bucket, format!(" --bucket {bucket}"));
        let (program, cloud) = (self.account.identity.command(), &self.account.cloud_arguments);
        format!("{program} {name} {project_name} {config_name}{account}{bucket}{cloud}")
    }
}

/// Project, config and account of a release, for messages.
pub(super) fn project_config(envelope: &Envelope) -> String {
    format!("{} {} in account {}", envelope.project_name, envelope.config_name, envelope.aws_account_id)
}

/// What decides whether an attempt may continue. Each question to AWS is asked once in an attempt.
#[derive(Debug, Default)]
pub(super) struct Guard {
    pub(super) fence: OnceCell<Fence>,
    pub(super) halt: OnceCell<Result<(), HaltCheckError>>,
    /// Whether this execution holds the release lock.
    pub(super) release_lock: OnceCell<Result<bool, CloudError>>,
    /// The role of the task; unset in tests that call a handler directly.
    role: OnceLock<Role>,
    /// Whether the handler asked for the halt, so that it decides what a halt means.
    handler_decides: AtomicBool,
    /// Whether the handler was refused a proof of the lock.
    was_refused: AtomicBool,
}

impl Guard {
    pub(super) fn set_role(&self, role: Role) {
        // One context is for one attempt.
        let _ = self.role.set(role);
    }

    /// The role of the task; `None` in tests that call a handler directly.
    pub(super) fn role(&self) -> Option<Role> {
        self.role.get().copied()
    }

    /// Whether the task comes after the one that takes the lock.
    pub(super) fn may_change(&self) -> bool {
        !matches!(self.role.get(), Some(Role::Validates | Role::Locks))
    }

    /// Whether the task may change what its release owns, without the lock.
    pub(super) fn cleans_up(&self) -> bool {
        matches!(self.role.get(), Some(Role::CleansUp | Role::Unlocks { cleans_up: true, .. }))
    }

    pub(super) fn let_handler_decide(&self) {
        self.handler_decides.store(true, Ordering::Relaxed);
    }

    /// Whether the framework decides what a halt means.
    pub(super) fn must_look_for_halt(&self) -> bool {
        let looks_for_halt = matches!(self.role.get(), Some(Role::Fenced { looks_for_halt: true }));
        looks_for_halt && !self.handler_decides.load(Ordering::Relaxed)
    }

    pub(super) fn refuse(&self) {
        self.was_refused.store(true, Ordering::Relaxed);
    }

    pub(super) fn was_refused(&self) -> bool {
        self.was_refused.load(Ordering::Relaxed)
    }
}
