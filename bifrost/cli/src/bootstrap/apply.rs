//! Deploys a template as a stack, and waits for its end.

use bifrost_core::cloud::{CloudError, NewStack, StackEvent, StackUpdate, Stacks};
use std::io;
use std::time::Duration;

/// How often a stack is looked at, at most and at least.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// How a stack ends whose first deploy failed.
const ROLLBACK_COMPLETE: &str = "ROLLBACK_COMPLETE";

/// What became of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was as it is to be already.
    Unchanged,
}

/// A stack did not become what it is to be.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// AWS refused, or did not answer.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// CloudFormation failed, and went back to what was, if it could.
    #[error("stack {stack} is {status} because of {resource}: {reason}; {advice}")]
    Failed {
        /// Its name.
        stack: String,
        /// How it ended.
        status: String,
        /// The first of its resources that failed.
        resource: String,
        /// Why it failed.
        reason: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// Somebody else is at it, or it is stuck.
    #[error("stack {stack} is {status} and cannot be changed now: {advice}")]
    NotReady {
        /// Its name.
        stack: String,
        /// How it is.
        status: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// Progress cannot be told.
    #[error("cannot write the answer: {0}")]
    Output(#[from] io::Error),
}

impl ApplyError {
    /// Whether CloudFormation could not go back to what was: a person must look.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        matches!(self, Self::Failed { status, .. } if !status.ends_with(ROLLBACK_COMPLETE))
    }
}

/// CloudFormation, and somebody who is told what it does.
pub struct Builder<'a> {
    stacks: &'a dyn Stacks,
    tell: &'a mut dyn FnMut(&StackEvent) -> io::Result<()>,
}

impl<'a> Builder<'a> {
    /// A builder that tells each thing that happens to a resource as it comes.
    pub fn new(stacks: &'a dyn Stacks, tell: &'a mut dyn FnMut(&StackEvent) -> io::Result<()>) -> Self {
        Self { stacks, tell }
    }

    /// Makes the stack, or changes it into what it is to be. One that a failed first try left behind is removed first:
    /// CloudFormation can do nothing else with it.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn apply(&mut self, stack: &NewStack) -> Result<Applied, ApplyError> {
        let Some(status) = self.find(&stack.name).await? else {
            self.stacks.create(stack).await?;
            self.wait(&stack.name, None).await?;
            return Ok(Applied::Created);
        };
        check_ready(&stack.name, &status)?;
        // What happened before is not told again.
        let seen = self.stacks.events(&stack.name, None).await?.pop().map(|event| event.id);
        if self.stacks.update(stack).await? == StackUpdate::Nothing {
            return Ok(Applied::Unchanged);
        }
        self.wait(&stack.name, seen).await?;
        Ok(Applied::Updated)
    }

    /// How the stack is, if there is one that was ever made.
    ///
    /// # Errors
    /// [`ApplyError`], if the remains of one cannot be removed.
    pub(super) async fn find(&mut self, name: &str) -> Result<Option<String>, ApplyError> {
        let status = self.stacks.status(name).await?;
        if status.as_deref() == Some(ROLLBACK_COMPLETE) {
            self.delete(name).await?;
            return Ok(None);
        }
        Ok(status)
    }

    async fn delete(&mut self, name: &str) -> Result<(), ApplyError> {
        self.stacks.delete(name).await?;
        let (mut pause, most) = LOOK;
        while let Some(status) = self.stacks.status(name).await? {
            if status == "DELETE_FAILED" {
                check_ready(name, &status)?;
            }
            if status == "DELETE_COMPLETE" {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(most);
        }
        Ok(())
    }

    /// Waits until CloudFormation is done, looking less often while nothing happens.
    async fn wait(&mut self, name: &str, mut seen: Option<String>) -> Result<(), ApplyError> {
        let (least, most) = LOOK;
        let (mut pause, mut failure) = (least, None);
        loop {
            // In this order, so that the events of a stack that is done are whole.
            let status = self.stacks.status(name).await?.unwrap_or_else(|| "DELETE_COMPLETE".into());
            let events = self.stacks.events(name, seen.as_deref()).await?;
            pause = if events.is_empty() { (pause * 2).min(most) } else { least };
            for event in events {
                (self.tell)(&event)?;
                seen = Some(event.id.clone());
                // What fails after the first is only cancelled.
                failure = failure.or_else(|| event.status.ends_with("_FAILED").then_some(event));
            }
            match status.as_str() {
                "CREATE_COMPLETE" | "UPDATE_COMPLETE" => return Ok(()),
                status if status.ends_with("_IN_PROGRESS") => tokio::time::sleep(pause).await,
                status => return Err(failed(name, status, failure)),
            }
        }
    }
}

fn failed(stack: &str, status: &str, failure: Option<StackEvent>) -> ApplyError {
    let (resource, reason) = failure.map_or_else(
        || (stack.to_owned(), None),
        |event| (format!("{} ({})", event.logical_id, event.resource_type), event.reason),
    );
    let reason = reason.unwrap_or_else(|| "CloudFormation does not say why".into());
    // The next try removes what a failed first one left.
    let advice = if status == ROLLBACK_COMPLETE { None } else { advice(status) };
    let advice = advice.unwrap_or("all is as it was before: mend that, and try again");
    ApplyError::Failed { stack: stack.into(), status: status.into(), resource, reason, advice }
}

fn check_ready(stack: &str, status: &str) -> Result<(), ApplyError> {
    match advice(status) {
        None => Ok(()),
        Some(advice) => Err(ApplyError::NotReady { stack: stack.into(), status: status.into(), advice }),
    }
}

/// What to do about a stack in that status; none if it can be changed.
fn advice(status: &str) -> Option<&'static str> {
    match status {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" => None,
        "UPDATE_ROLLBACK_FAILED" => Some("see why in its events, then let CloudFormation continue the roll-back"),
        status if status.ends_with("_IN_PROGRESS") => Some("wait for its end, and try again"),
        _ => Some("see why in its events, delete it, and try again"),
    }
}
