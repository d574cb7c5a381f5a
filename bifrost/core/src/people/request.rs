//! What a person asks for. The request comes from outside, so it is read strictly.

use super::ActError;
use crate::account::DeployerAccount;
use crate::cloud::LockItem;
use crate::release::{AccountId, BucketName, ConfigName, Defaults, ProjectName, Region, RootDir};
use crate::strip_control::is_control;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest text of a person that is recorded, in characters.
const MAX_TEXT: usize = 1000;

/// The longest ticket and the longest name of a person, in characters.
const MAX_NAME: usize = 200;

/// The longest id of a lock's owner. A lock of our deployers has a uuid.
const MAX_OWNER: usize = 100;

/// The config of a project in a target account, and the bucket of its releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActTarget {
    /// The target account.
    pub aws_account_id: AccountId,
    /// The target region.
    pub aws_region: Region,
    /// The bucket with its releases and flags.
    pub bucket: BucketName,
    /// The project.
    pub project_name: ProjectName,
    /// The config of the project.
    pub config_name: ConfigName,
}

impl ActTarget {
    /// The directory of its releases and flags.
    #[must_use]
    pub fn root_dir(&self) -> RootDir {
        RootDir::new(&self.aws_account_id, &self.project_name, &self.config_name)
    }

    /// Whether an execution with this input deploys this config. Any client may have started it, with any input.
    pub(super) fn is_of(&self, input: &serde_json::Value, defaults: &Defaults) -> bool {
        let text = |field: &str| input.get(field).and_then(serde_json::Value::as_str);
        let account = text("aws_account_id").unwrap_or(defaults.account.as_str());
        account == self.aws_account_id.as_str()
            && text("project_name") == Some(self.project_name.as_str())
            && text("config_name") == Some(self.config_name.as_str())
    }
}

/// A root lock that a deploy left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldLock {
    /// Its owner: the uuid of a release. The lock is kept if it has another owner by then.
    pub owner: String,
    /// Whether it is the S3 object that deployers of the Go implementation write.
    pub is_object: bool,
}

impl HeldLock {
    /// The lock of this holder.
    #[must_use]
    pub fn of(holder: &LockItem, is_object: bool) -> Self {
        Self { owner: holder.id.clone(), is_object }
    }
}

/// What a person does to a deployer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Refuse all deploys of a config, until somebody lifts the freeze.
    Freeze {
        /// The config.
        config: ActTarget,
        /// Who freezes it, as other people will read it. Nobody has checked it.
        user: String,
        /// The reason, shown to anyone who tries to deploy.
        message: String,
    },
    /// Lift a freeze.
    Unfreeze {
        /// The config.
        config: ActTarget,
    },
    /// Ask the running deploy to stop and clean up.
    Halt {
        /// The config.
        config: ActTarget,
        /// The name of the execution.
        execution: String,
        /// The text of the halt flag, with which the deploy fails.
        message: String,
    },
    /// Stop the execution that holds the root lock, without clean-up: the first half of `unlock --force`.
    ForcedUnlock {
        /// The config.
        config: ActTarget,
        /// The name of the execution.
        execution: String,
        /// The cause with which it ends.
        message: String,
    },
    /// Clear root locks that deploys left.
    Unlock {
        /// The config.
        config: ActTarget,
        /// The locks.
        locks: Vec<HeldLock>,
        /// Whether another lock is held that is not to be cleared: then the halt flag is kept, which may be meant for its owner.
        keep_halt_flag: bool,
        /// Whether the person did not wait until the last task of the deploy must have ended.
        early: bool,
    },
    /// Review an act of another person.
    Review {
        /// The id of the act.
        act: String,
        /// What the reviewer found.
        note: String,
    },
}

impl Act {
    /// Its name in records.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::Freeze { .. } => "freeze",
            Self::Unfreeze { .. } => "unfreeze",
            Self::Halt { .. } => "halt",
            Self::ForcedUnlock { .. } => "forced-unlock",
            Self::Unlock { .. } => "unlock",
            Self::Review { .. } => "review",
        }
    }

    /// The config that it is about.
    #[must_use]
    pub fn config(&self) -> Option<&ActTarget> {
        match self {
            Self::Freeze { config, .. }
            | Self::Unfreeze { config }
            | Self::Halt { config, .. }
            | Self::ForcedUnlock { config, .. }
            | Self::Unlock { config, .. } => Some(config),
            Self::Review { .. } => None,
        }
    }

    /// Whether it goes on although the log is required and cannot be written: it only stops a deploy, which then cleans up.
    pub(super) fn is_safe_unrecorded(&self) -> bool {
        matches!(self, Self::Halt { .. })
    }
}

/// An act, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActRequest {
    /// What.
    pub act: Act,
    /// Why, in the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// A random number, so that no two requests are equal.
    pub nonce: Uuid,
}

impl ActRequest {
    /// Checks what the types do not.
    pub(super) fn check(&self, account: &DeployerAccount) -> Result<(), ActError> {
        if let Some(ActTarget { bucket, .. }) = self.act.config()
            && *bucket != account.defaults.bucket
            && !account.defaults.allowed_buckets.contains(bucket)
        {
            return Err(ActError::ForeignBucket { bucket: bucket.clone() });
        }
        for (field, text, longest) in self.texts() {
            let length = text.chars().count();
            if length > longest {
                return Err(ActError::TooLong { field, length, longest });
            }
        }
        match &self.act {
            Act::Halt { execution, .. } | Act::ForcedUnlock { execution, .. } if !is_execution_name(execution) => {
                Err(ActError::Malformed(format!("`{}` is not the name of an execution", plain(execution))))
            }
            Act::Unlock { locks, .. } if locks.is_empty() || locks.len() > 2 => {
                Err(ActError::Malformed(format!("a config has 1 or 2 root locks, not {}", locks.len())))
            }
            _ => Ok(()),
        }
    }

    /// All texts with their names and greatest lengths.
    fn texts(&self) -> Vec<(&'static str, &str, usize)> {
        let mut texts = Vec::new();
        texts.extend(self.reason.as_deref().map(|text| ("reason", text, MAX_TEXT)));
        texts.extend(self.ticket.as_deref().map(|text| ("ticket", text, MAX_NAME)));
        match &self.act {
            Act::Freeze { user, message, .. } => {
                texts.extend([("user", user.as_str(), MAX_NAME), ("reason", message, MAX_TEXT)]);
            }
            Act::Halt { message, .. } | Act::ForcedUnlock { message, .. } => {
                texts.push(("message", message, MAX_TEXT + 2 * MAX_NAME));
            }
            Act::Unlock { locks, .. } => {
                texts.extend(locks.iter().map(|lock| ("owner", lock.owner.as_str(), MAX_OWNER)));
            }
            Act::Review { note, .. } => texts.push(("note", note, MAX_TEXT)),
            Act::Unfreeze { .. } => {}
        }
        texts
    }
}

/// Text of a person, as a record has it: on one line, without control characters.
pub(super) fn plain(text: &str) -> String {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.chars().filter(|c| !is_control(*c)).take(MAX_TEXT).collect()
}

/// The characters that Step Functions allows in practice; see `CreateStateMachine` for those that it refuses.
fn is_execution_name(name: &str) -> bool {
    let is_refused = |c: char| c.is_control() || c.is_whitespace() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
    !name.is_empty() && name.len() <= 80 && !name.chars().any(is_refused)
}
