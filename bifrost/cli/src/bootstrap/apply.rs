//! Deploys a template as a CloudFormation stack and waits until the stack has reached a final status.

use bifrost_core::cloud::{CloudError, NewStack, StackEvent, StackUpdate, Stacks};
use bifrost_core::error_code::Coded;
use bifrost_core::release::Region;
use std::io;
use std::time::Duration;

const MIN_POLL_INTERVAL: Duration = Duration::from_secs(1);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(10);

/// The status of a stack whose creation failed and was undone.
const ROLLBACK_COMPLETE: &str = "ROLLBACK_COMPLETE";

/// What deploying a stack did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The stack was created.
    Created,
    /// The stack was updated.
    Updated,
    /// The stack already had this template and these parameters.
    Unchanged,
}

/// A stack was not deployed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum ApplyError {
    /// A call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
    /// CloudFormation could not create or update a resource of the stack.
    #[error("stack {stack} is {status}, because {resource} failed: {reason}; {advice}")]
    #[code("bootstrap/stack-failed", "fix the cause that the message names, then run `bootstrap --apply` again")]
    Failed {
        /// The name of the stack.
        stack: String,
        /// The status that it ended in.
        status: String,
        /// The first of its resources that failed, with its type.
        resource: String,
        /// CloudFormation's reason for the failure.
        reason: String,
        /// What to do about it.
        advice: String,
    },
    /// The status of the stack does not allow an update.
    #[error("stack {stack} is {status} and cannot be updated now: {advice}")]
    #[code("bootstrap/stack-not-ready", "do what the message says for this status, then run `bootstrap --apply` again")]
    NotReady {
        /// The name of the stack.
        stack: String,
        /// Its status.
        status: String,
        /// What to do about it.
        advice: String,
    },
    /// Progress could not be written to the standard output.
    #[error("cannot write to the standard output: {0}; CloudFormation continues without this command")]
    #[code("bootstrap/output", "wait until CloudFormation has finished, then run `bootstrap --apply` again")]
    Output(#[from] io::Error),
}

impl ApplyError {
    /// Whether CloudFormation could not restore the previous state: the stack needs manual intervention.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        matches!(self, Self::Failed { status, .. } if !status.ends_with(ROLLBACK_COMPLETE))
    }
}

/// Deploys stacks and reports their events.
pub struct Builder<'a> {
    stacks: &'a dyn Stacks,
    region: &'a Region,
    report: &'a mut dyn FnMut(&StackEvent) -> io::Result<()>,
}

impl<'a> Builder<'a> {
    /// A builder of stacks in this region. It calls `report` with each event of a resource, oldest first.
    pub fn new(
        stacks: &'a dyn Stacks,
        region: &'a Region,
        report: &'a mut dyn FnMut(&StackEvent) -> io::Result<()>,
    ) -> Self {
        Self { stacks, region, report }
    }

    /// Creates the stack or updates it. A stack whose creation failed is deleted first: CloudFormation allows no other
    /// operation on it.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn apply(&mut self, stack: &NewStack) -> Result<Applied, ApplyError> {
        let Some(status) = self.find(&stack.name).await? else {
            self.stacks.create(stack).await?;
            self.wait(&stack.name, None).await?;
            return Ok(Applied::Created);
        };
        self.check_ready(&stack.name, &status)?;
        // Events of earlier deploys are not reported again.
        let last_event = self.stacks.events(&stack.name, None).await?.pop().map(|event| event.id);
        if self.stacks.update(stack).await? == StackUpdate::Nothing {
            return Ok(Applied::Unchanged);
        }
        self.wait(&stack.name, last_event).await?;
        Ok(Applied::Updated)
    }

    /// The status of the stack; `None` if it does not exist. A stack whose creation failed is deleted.
    ///
    /// # Errors
    /// [`ApplyError`], if such a stack cannot be deleted.
    pub(super) async fn find(&mut self, name: &str) -> Result<Option<String>, ApplyError> {
        let status = self.stacks.status(name).await?;
        if status.as_deref() == Some(ROLLBACK_COMPLETE) {
            self.delete(name).await?;
            return Ok(None);
        }
        Ok(status)
    }

    async fn delete(&self, name: &str) -> Result<(), ApplyError> {
        self.stacks.delete(name).await?;
        let mut interval = MIN_POLL_INTERVAL;
        while let Some(status) = self.stacks.status(name).await? {
            if status == "DELETE_FAILED" {
                self.check_ready(name, &status)?;
            }
            if status == "DELETE_COMPLETE" {
                break;
            }
            tokio::time::sleep(interval).await;
            interval = (interval * 2).min(MAX_POLL_INTERVAL);
        }
        Ok(())
    }

    /// Waits until the operation on the stack has ended. Polls less often while there are no new events.
    async fn wait(&mut self, name: &str, mut last_event: Option<String>) -> Result<(), ApplyError> {
        let (mut interval, mut first_failure) = (MIN_POLL_INTERVAL, None);
        loop {
            // The status is read before the events, so that no event of a finished operation is missed.
            let status = self.stacks.status(name).await?.unwrap_or_else(|| "DELETE_COMPLETE".into());
            let events = self.stacks.events(name, last_event.as_deref()).await?;
            interval = if events.is_empty() { (interval * 2).min(MAX_POLL_INTERVAL) } else { MIN_POLL_INTERVAL };
            for event in events {
                (self.report)(&event)?;
                last_event = Some(event.id.clone());
                // CloudFormation cancels the other resources after the first failure: their failures explain nothing.
                first_failure = first_failure.or_else(|| event.status.ends_with("_FAILED").then_some(event));
            }
            match status.as_str() {
                "CREATE_COMPLETE" | "UPDATE_COMPLETE" => return Ok(()),
                status if status.ends_with("_IN_PROGRESS") => tokio::time::sleep(interval).await,
                status => return Err(failed(name, self.region, status, first_failure)),
            }
        }
    }

    fn check_ready(&self, stack: &str, status: &str) -> Result<(), ApplyError> {
        match advice(stack, self.region, status) {
            None => Ok(()),
            Some(advice) => Err(ApplyError::NotReady { stack: stack.into(), status: status.into(), advice }),
        }
    }
}

fn failed(stack: &str, region: &Region, status: &str, failure: Option<StackEvent>) -> ApplyError {
    let (resource, reason) = failure.map_or_else(
        || (stack.to_owned(), None),
        |event| (format!("{} ({})", event.logical_id, event.resource_type), event.reason),
    );
    let reason = reason.unwrap_or_else(|| "CloudFormation gives no reason".into());
    let advice = match status {
        // The next run deletes this stack.
        ROLLBACK_COMPLETE => Some("what it had created was deleted: fix the cause and run this command again".into()),
        status => advice(stack, region, status),
    };
    let advice = advice
        .unwrap_or_else(|| "it was rolled back to what it was before: fix the cause and run this command again".into());
    ApplyError::Failed { stack: stack.into(), status: status.into(), resource, reason, advice }
}

/// What to do about a stack in this status; `None` if it can be updated.
///
/// It says to delete a stack only where nothing of it was ever in service: a failed creation, or a deletion that began.
fn advice(stack: &str, region: &Region, status: &str) -> Option<String> {
    let command = |command: &str| format!("`aws --region {region} cloudformation {command} --stack-name {stack}`");
    let events = format!("read the reason with {}", command("describe-stack-events"));
    Some(match status {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" => return None,
        "UPDATE_ROLLBACK_FAILED" => {
            format!("{events}, fix the cause, then continue the rollback with {}", command("continue-update-rollback"))
        }
        "UPDATE_FAILED" => format!("{events}, fix the cause, then roll back with {}", command("rollback-stack")),
        // A change set for a new stack, which nobody has executed: waiting would not end.
        "REVIEW_IN_PROGRESS" => format!(
            "it has a change set and no resources: delete it with {} and run this command again",
            command("delete-stack")
        ),
        status if status.ends_with("_IN_PROGRESS") => {
            "another operation is in progress: wait until it has ended, then run this command again".into()
        }
        "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED" => {
            format!("{events}, delete it with {} and run this command again", command("delete-stack"))
        }
        "DELETE_COMPLETE" => "somebody deleted it meanwhile: run this command again".into(),
        _ => format!("{events}; it needs manual intervention"),
    })
}
