//! The world as one serde value.

use super::changes::{Changed, Changes};
use super::error::ServiceError;
use super::fault::Fault;
use bifrost_asl::interpreter::Checkpoint;
use bifrost_core::cloud::{ErrorKind, ExecutionFilter, ExecutionSummary, LockItem};
use bifrost_core::json;
use bifrost_core::release::{AccountId, BucketName, Region};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A deployer's own part of an account: the resources that it looks up, creates and deletes, of all regions.
pub trait Resources: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + 'static {
    /// Lets everything happen that is due by `now`, in the order of its time, however far the clock jumped:
    /// instances boot, fail or go, targets drain. Resources in which nothing happens by itself need not say so.
    fn advance(&mut self, now: DateTime<Utc>) {
        let _ = now;
    }

    /// Copies what changed to `saved`, and reports each part that did to `changes`. Without an implementation, resources
    /// are one part, which is written whole at each change: too slow for a thousand projects. Every field must be saved,
    /// under the name that it has in JSON.
    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        changes.whole(self, saved);
    }
}

/// Everything there is: accounts, clock and faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "R: Resources"))]
pub struct LocalState<R> {
    /// The world's time. Only the engine moves it.
    pub clock: DateTime<Utc>,
    /// The account that holds the deployer's bucket, lock table and executions.
    pub deployer_account: AccountId,
    /// The region of the deployer's lock table and state machine.
    pub deployer_region: Region,
    /// All accounts, the deployer's among them.
    pub accounts: BTreeMap<AccountId, Account<R>>,
    /// What shall go wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// How many ids were given out: the next is made of it.
    #[serde(default)]
    pub ids: u64,
}

/// One account. What lies in one is not seen from another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "R: Resources"))]
pub struct Account<R> {
    /// Roles to assume, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, Role>,
    /// Buckets that this account owns, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub buckets: BTreeMap<BucketName, Bucket>,
    /// Lock tables by `<region>/<table>`, each with its items by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lock_tables: BTreeMap<String, BTreeMap<String, LockItem>>,
    /// The deployer's own part.
    #[serde(default)]
    pub resources: R,
}

/// An IAM role that may be assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The accounts whose deployer may assume it.
    #[serde(default)]
    pub trusts: Vec<AccountId>,
}

/// An S3 bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its objects by key.
    #[serde(default)]
    pub objects: BTreeMap<String, StoredObject>,
}

/// An S3 object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredObject {
    /// Its bytes: `{"text": …}`, or `{"base64": …}` for what is no text.
    #[serde(with = "body")]
    pub body: Vec<u8>,
    /// When it was last written, by the world's clock.
    pub last_modified: DateTime<Utc>,
    /// The KMS key it is encrypted with, if it asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
}

impl<R: Resources> LocalState<R> {
    /// Moves the clock to `now` and lets happen what is due by then. A clock never goes back.
    pub(crate) fn advance(&mut self, now: DateTime<Utc>) {
        self.clock = self.clock.max(now);
        for account in self.accounts.values_mut() {
            account.resources.advance(self.clock);
        }
    }

    /// Copies what changed to `saved`, and gives each part that did.
    pub(super) fn save(&self, saved: &mut Self) -> serde_json::Result<Vec<Changed>> {
        let mut changes = Changes::default();
        let Self { clock, deployer_account, deployer_region, accounts, faults, ids } = self;
        changes.value("clock", clock, &mut saved.clock);
        changes.value("deployer_account", deployer_account, &mut saved.deployer_account);
        changes.value("deployer_region", deployer_region, &mut saved.deployer_region);
        changes.nested("accounts", accounts, &mut saved.accounts, save_account);
        changes.value("faults", faults, &mut saved.faults);
        changes.value("ids", ids, &mut saved.ids);
        changes.finish()
    }

    /// All parts.
    pub(super) fn parts(&self) -> serde_json::Result<Vec<Changed>> {
        let mut head = Self { accounts: BTreeMap::new(), ..self.clone() };
        let mut changes = Changes::default();
        changes.write(&head);
        let mut parts = changes.finish()?;
        parts.extend(self.save(&mut head)?);
        Ok(parts)
    }

    /// The account of that id.
    ///
    /// # Errors
    /// `AccessDenied`, as AWS answers for an account that is not there.
    pub fn account(&mut self, id: &AccountId) -> Result<&mut Account<R>, ServiceError> {
        self.accounts.get_mut(id).ok_or_else(|| no_account(id))
    }
}

fn save_account<R: Resources>(changes: &mut Changes, account: &Account<R>, saved: &mut Account<R>) {
    let Account { roles, buckets, lock_tables, resources } = account;
    changes.value("roles", roles, &mut saved.roles);
    changes.nested("buckets", buckets, &mut saved.buckets, |changes, Bucket { objects }, saved| {
        changes.entries("objects", objects, &mut saved.objects);
    });
    changes.value("lock_tables", lock_tables, &mut saved.lock_tables);
    changes.within("resources", |changes| resources.save(&mut saved.resources, changes));
}

/// AWS's answer for an account that is not there.
pub(super) fn no_account(id: &AccountId) -> ServiceError {
    let message = format!("there is no account {id} in this world");
    ServiceError::new(ErrorKind::AccessDenied, "AccessDenied", message)
}

/// That many seconds later, or the end of time: a world file may say any time and any length.
#[must_use]
pub fn later(time: DateTime<Utc>, seconds: u32) -> DateTime<Utc> {
    time.checked_add_signed(TimeDelta::seconds(i64::from(seconds))).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A world file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file cannot be read.
    #[error(
        "cannot read world file {path}: {source}; name a world file, or leave --cloud out for the one that comes along"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not JSON.
    #[error("{path}: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: json::ParseError,
    },
    /// The JSON does not describe a world of this deployer.
    #[error("{path}: {source}")]
    Content {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: json::ReadError,
    },
}

/// Reads a world file. `path` is named in errors; the text may come from elsewhere, such as from the binary.
///
/// # Errors
/// Says what is wrong and where: line and column, or JSON path.
pub fn read_seed<R: Resources>(path: &Path, text: &[u8]) -> Result<LocalState<R>, SeedError> {
    let value = json::parse(text).map_err(|source| SeedError::Syntax { path: path.into(), source })?;
    let mut state: LocalState<R> =
        json::read(&value).map_err(|source| SeedError::Content { path: path.into(), source })?;
    // What the file describes is as it stands at its clock: nothing of it is still to come about.
    state.advance(state.clock);
    Ok(state)
}

/// An execution as it is kept, without its history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredExecution {
    pub(super) summary: ExecutionSummary,
    /// Where it has come to; none before its first state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checkpoint: Option<Checkpoint>,
}

impl StoredExecution {
    /// Whether it is one of those that are asked for.
    pub(super) fn is_one_of(&self, which: &ExecutionFilter) -> bool {
        which.status.is_none_or(|status| self.summary.status == status) && which.may_be(&self.summary.name)
    }
}

/// A body is text where it can be, so that a world file can be read and written by a person.
mod body {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use std::borrow::Cow;

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Body<'a> {
        Text(Cow<'a, str>),
        Base64(String),
    }

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(bytes).map(|text| Body::Text(text.into()));
        text.unwrap_or_else(|_| Body::Base64(BASE64_STANDARD.encode(bytes))).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        match Body::deserialize(deserializer)? {
            Body::Text(text) => Ok(text.into_owned().into_bytes()),
            Body::Base64(text) => BASE64_STANDARD.decode(text).map_err(D::Error::custom),
        }
    }
}
