//! Records: what happened in an execution, one JSON object a line.

use crate::json;
use crate::release::Sha256;
use crate::strip_control::is_control;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The version of the records' schema. A reader reads all versions up to its own.
pub const SCHEMA: u32 = 1;

/// The longest text in a record that comes from outside, in characters.
const MAX_TEXT: usize = 200;

/// Makes a name from outside safe for a record: without control characters, and cut.
#[must_use]
pub fn safe_text(text: &str) -> String {
    text.chars().filter(|c| !is_control(*c)).take(MAX_TEXT).collect()
}

/// A record of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the schema.
    pub schema: u32,
    /// Its number in the chain of its execution, from 1.
    pub number: u64,
    /// The SHA-256 of the exact bytes of the record before it, without the line end. Absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sha256>,
    /// What happened.
    #[serde(flatten)]
    pub draft: Draft,
}

/// A record that has no place in a chain yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// When it happened, by the clock of the function.
    pub time: DateTime<Utc>,
    /// The deployer that writes.
    #[serde(deserialize_with = "json::by_name")]
    pub deployer: DeployerVersion,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// A deployer and its code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployerVersion {
    /// Its name in AWS, such as `coinbase-odin`.
    pub name: String,
    /// The version of its program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The SHA-256 of the function's executable. Absent in a local cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_sha256: Option<Sha256>,
}

/// What a record is about, as far as it is known: an execution can be started with anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// ARN of the execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
    /// The project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_name: Option<String>,
    /// The target account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_account_id: Option<String>,
    /// The target region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_region: Option<String>,
}

/// What happened. `kind` is its name in a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// An execution began.
    Start {
        /// The SHA-256 of the release's stored bytes. Absent if they could not be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_sha256: Option<Sha256>,
        /// The SHA-256 of the definition of the deployer's state machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        definition_sha256: Option<Sha256>,
        /// What the client claims. Nobody has checked it.
        #[serde(default, deserialize_with = "json::by_name")]
        claims: Claims,
    },
    /// What an attempt may change, written before its first change.
    MayChange {
        /// The state.
        state: String,
        /// Which attempt, from 0.
        attempt: u32,
        /// The account that it may change.
        account: String,
        /// The region.
        region: String,
        /// The operations with which its ports may change something.
        operations: Vec<String>,
    },
    /// A change in a target account, or an attempt at one.
    Change {
        /// The state.
        state: String,
        /// Which attempt, from 0.
        attempt: u32,
        /// The AWS name of the operation.
        operation: String,
        /// The resource, as the deployer names it.
        resource: String,
        /// The account.
        account: String,
        /// The region.
        region: String,
        /// What AWS answered.
        outcome: CallOutcome,
        /// AWS's error code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// AWS's id of the request, which `CloudTrail` has, too. Absent in a local cloud.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// Whether the role refused session tags, so that `CloudTrail` does not name the release.
        #[serde(default, skip_serializing_if = "is_false")]
        untagged: bool,
    },
    /// An attempt of a task ended, as far as its own work goes: it may be followed by a refusal, because the log could not be written.
    Attempt {
        /// The state.
        state: String,
        /// Which attempt, from 0.
        attempt: u32,
        /// How long it took, in milliseconds.
        duration_ms: u64,
        /// How it ended.
        outcome: AttemptOutcome,
        /// The name of the error on the wire.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// The stable code of the error, such as `lock/held`: `docs/errors.md` lists all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// What the deployer found, or the call that failed last. It has no text of AWS, which may contain a secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
        /// The SHA-256 of the whole message, as the history of the execution has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause_sha256: Option<Sha256>,
    },
    /// The release was refused: it is not deployed.
    Refusal {
        /// The state.
        state: String,
        /// The name of the error on the wire.
        error: String,
        /// The reason, as a stable code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// The root lock was taken.
    LockTaken {
        /// Its key.
        lock: String,
    },
    /// The root lock was given back.
    LockFreed {
        /// Its key.
        lock: String,
        /// Whether the release is recorded as deployed.
        deployed: bool,
    },
    /// What the deploy is about to do, as a digest.
    Plan {
        /// The SHA-256 of the plan.
        sha256: Sha256,
    },
    /// The deploy ended.
    End {
        /// How.
        outcome: Outcome,
        /// The SHA-256 of the release's stored bytes, as the start has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_sha256: Option<Sha256>,
    },
    /// An execution ended and could not record it itself, or something was recorded after its end, which this record covers.
    Closure {
        /// How it ended.
        outcome: Outcome,
        /// The status of the execution in Step Functions, such as `ABORTED`.
        status: String,
        /// The `Error` with which it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// Resources whose last recorded change is not their deletion. Empty if the outcome is not dirty.
        #[serde(default, deserialize_with = "json::by_name", skip_serializing_if = "Vec::is_empty")]
        left_over: Vec<TouchedResource>,
    },
    /// A person did something to a deployer: froze or unfroze a config, halted or unlocked a deploy.
    Act {
        /// What, such as `freeze`.
        action: String,
        /// Who, as STS says: an ARN. In a local cloud the user of the machine.
        identity: String,
        /// Whether STS has confirmed the identity.
        confirmed: bool,
        /// Why, in the person's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// A ticket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
        /// Whether it went around a protection, so that another person must review it.
        break_glass: bool,
        /// The id of the function's invocation, which its log has, too. Absent if the client recorded the act itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// How an act ended.
    ActResult {
        /// The id of the act.
        act: String,
        /// Whether it was done.
        done: bool,
        /// The code of the error, if it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// A person reviewed an act of another person.
    Review {
        /// The id of the act.
        act: String,
        /// Who, as STS says.
        identity: String,
        /// Whether STS has confirmed the identity.
        confirmed: bool,
        /// What they found.
        note: String,
        /// A ticket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
        /// The id of the function's invocation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// A kind that a later version writes.
    #[serde(other)]
    Unknown,
}

/// What the client of a release claims. Nobody has checked it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who started the deploy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The ticket of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The commit that is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// How an attempt of a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
}

/// What AWS answered to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// The call was made.
    Done,
    /// AWS answered with an error.
    Refused,
    /// AWS did not answer: it is not known whether the call had an effect.
    Unknown,
}

/// How a deploy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The release is deployed.
    Success,
    /// It failed, and everything that it created is deleted.
    FailureClean,
    /// It failed, and needs manual intervention.
    FailureDirty,
    /// It was refused: nothing was changed.
    Refused,
    /// Somebody stopped it, or it ran out of time: it ended wherever it was.
    Stopped,
}

impl Outcome {
    /// Its name: that of the end state, where there is one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::FailureClean => "FailureClean",
            Self::FailureDirty => "FailureDirty",
            Self::Refused => "Refused",
            Self::Stopped => "Stopped",
        }
    }
}

/// A resource that an execution changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TouchedResource {
    /// The operation that changed it last.
    pub operation: String,
    /// The resource.
    pub resource: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
