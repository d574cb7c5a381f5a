//! The state of a local cloud as one serde value.

use super::audit::LocalAudit;
use super::changes::{Changed, Changes};
use super::error::{ServiceError, shortened};
use super::fault::Fault;
use super::lock_table::LockItems;
use bifrost_asl::interpreter::{Checkpoint, Event, EventDetails, EventType, Redrive};
use bifrost_audit::memory::Body;
use bifrost_core::account::Identity;
use bifrost_core::cloud::{ExecutionFilter, ExecutionStatus, ExecutionSummary};
use bifrost_core::error_code::Coded;
use bifrost_core::json;
use bifrost_core::release::{AccountId, BucketName, InvalidName, Region};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A deployer's own part of an account: the resources that it looks up, creates and deletes, in all regions.
pub trait Resources: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Makes everything happen that is due by `now`, in order of time, however far the clock jumped: instances boot,
    /// fail or terminate, targets drain. The default does nothing.
    fn advance(&mut self, now: DateTime<Utc>) {
        let _ = now;
    }

    /// Copies what changed to `saved`, and reports each changed part to `changes`. Every field must be saved under its
    /// JSON name. The default saves all resources as one part, which is too slow for a thousand projects.
    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        changes.whole(self, saved);
    }
}

/// The state of a local cloud: accounts, clock and faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "R: Resources"))]
pub struct LocalState<R> {
    /// The time. Only the engine moves it.
    pub clock: DateTime<Utc>,
    /// The account that holds the deployer's bucket, lock table and executions.
    pub deployer_account: AccountId,
    /// The region of the deployer's lock table and state machine.
    pub deployer_region: Region,
    /// All accounts, including the deployer account.
    pub accounts: BTreeMap<AccountId, Shared<Account<R>>>,
    /// Audit logs by name: `<prefix>audit/<account>/<region>`. All deployers of a file have the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub audit: BTreeMap<String, Arc<LocalAudit>>,
    /// Faults to inject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Number of ids assigned so far; the next id is derived from it.
    #[serde(default)]
    pub ids: u64,
}

/// A value that copies of a state share until one of them changes it: watchers see a copy of the state for each call, and a call changes
/// at most one account.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.0 == other.0
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

/// One account. Its content is not visible from other accounts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "R: Resources"))]
pub struct Account<R> {
    /// Roles that can be assumed, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, Role>,
    /// Buckets that this account owns, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub buckets: BTreeMap<BucketName, Bucket>,
    /// Lock tables by `<region>/<table>`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lock_tables: BTreeMap<String, LockItems>,
    /// The deployer's own resources.
    #[serde(default)]
    pub resources: R,
}

/// An IAM role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The accounts whose deployers may assume the role.
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
    /// Its bytes.
    pub body: Body,
    /// When it was last written, by the clock of the local cloud.
    pub last_modified: DateTime<Utc>,
    /// The KMS key that encrypts it, if the upload named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
}

impl<R: Resources> LocalState<R> {
    /// Adds what `bootstrap` creates for a deployer of that identity: bucket and lock table in the deployer account, and in every
    /// account the role that it assumes. What exists under such a name is kept: a role that trusts nobody refuses the deployer.
    ///
    /// # Errors
    /// If the deployer's name does not make a valid bucket name.
    pub fn bootstrap(mut self, identity: &Identity) -> Result<Self, InvalidName> {
        let deployer = self.accounts.entry(identity.account.clone()).or_default();
        deployer.buckets.entry(identity.bucket()?).or_default();
        deployer.lock_tables.entry(format!("{}/{}", identity.region, identity.lock_table())).or_default();
        for account in self.accounts.values_mut() {
            let role = || Role { trusts: vec![identity.account.clone()] };
            account.roles.entry(identity.assumed_role()).or_insert_with(role);
        }
        Ok(self)
    }

    /// Moves the clock to `now` and makes everything happen that is due by then. The clock never goes back.
    pub(crate) fn advance(&mut self, now: DateTime<Utc>) {
        self.clock = self.clock.max(now);
        for account in self.accounts.values_mut() {
            account.resources.advance(self.clock);
        }
    }

    /// Copies what changed to `saved`, and returns the changed parts.
    pub(super) fn save(&mut self, saved: &mut Self) -> serde_json::Result<Vec<Changed>> {
        let mut changes = Changes::default();
        let Self { clock, deployer_account, deployer_region, accounts, audit, faults, ids } = self;
        changes.value("clock", clock, &mut saved.clock);
        changes.value("deployer_account", deployer_account, &mut saved.deployer_account);
        changes.value("deployer_region", deployer_region, &mut saved.deployer_region);
        changes.nested("accounts", accounts, &mut saved.accounts, save_account);
        changes.nested("audit", audit, &mut saved.audit, save_audit);
        changes.value("faults", faults, &mut saved.faults);
        changes.value("ids", ids, &mut saved.ids);
        for audit in audit.values_mut().filter(|audit| audit.may_have_changed()) {
            Arc::make_mut(audit).set_saved();
        }
        changes.finish()
    }

    /// All parts.
    pub(super) fn parts(&self) -> serde_json::Result<Vec<Changed>> {
        let mut whole = self.clone();
        for audit in whole.audit.values_mut() {
            Arc::make_mut(audit).tamper(|_| ());
        }
        let mut without_maps = Self { accounts: BTreeMap::new(), audit: BTreeMap::new(), ..self.clone() };
        let mut changes = Changes::default();
        changes.write(&without_maps);
        let mut parts = changes.finish()?;
        parts.extend(whole.save(&mut without_maps)?);
        Ok(parts)
    }

    /// The account of that id.
    ///
    /// # Errors
    /// `AccessDenied`, as AWS answers for an account that does not exist.
    pub fn account(&mut self, id: &AccountId) -> Result<&mut Account<R>, ServiceError> {
        self.accounts.get_mut(id).map(DerefMut::deref_mut).ok_or_else(|| no_account(id))
    }
}

fn save_account<R: Resources>(changes: &mut Changes, account: &Shared<Account<R>>, saved: &mut Shared<Account<R>>) {
    if account.is_same(saved) {
        return;
    }
    let (Account { roles, buckets, lock_tables, resources }, saved) = (&**account, &mut **saved);
    changes.value("roles", roles, &mut saved.roles);
    changes.nested("buckets", buckets, &mut saved.buckets, |changes, Bucket { objects }, saved| {
        changes.entries("objects", objects, &mut saved.objects);
    });
    changes.nested("lock_tables", lock_tables, &mut saved.lock_tables, LockItems::save);
    changes.within("resources", |changes| resources.save(&mut saved.resources, changes));
}

fn save_audit(changes: &mut Changes, audit: &Arc<LocalAudit>, saved: &mut Arc<LocalAudit>) {
    if !Arc::ptr_eq(audit, saved) {
        audit.save(Arc::make_mut(saved), changes);
    }
}

/// AWS's answer for an account that does not exist.
pub(super) fn no_account(id: &AccountId) -> ServiceError {
    let message = format!("the local cloud has no account {id}");
    ServiceError::new("AccessDenied", message)
}

/// `time` plus `seconds`, or the last time that can be represented: a seed may contain any time and any duration.
#[must_use]
pub fn later(time: DateTime<Utc>, seconds: u32) -> DateTime<Utc> {
    time.checked_add_signed(TimeDelta::seconds(i64::from(seconds))).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A seed cannot be used.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum SeedError {
    /// The seed, a JSON file that describes a local cloud, cannot be read.
    #[error(
        "cannot read seed {path}: {source}; pass another file with --cloud FILE, or use --local for the built-in seed"
    )]
    #[code("seed/unreadable", "pass an existing file with `--cloud FILE`, or use `--local` for the built-in seed")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The seed is not valid JSON.
    #[error("{path}: {source}")]
    #[code("seed/not-json", "correct the file at the line and column that the message names")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: json::ParseError,
    },
    /// The seed does not describe a local cloud of this deployer.
    #[error("{path}: {}", shortened(&source.to_string()))]
    #[code("seed/invalid", "correct the field that the message names; `examples/clouds` has a seed of each deployer")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: json::ReadError,
    },
}

/// Reads a seed. Errors name `path`; the text may come from elsewhere, for example from the binary.
///
/// # Errors
/// [`SeedError::Syntax`] with line and column, or [`SeedError::Content`] with the JSON path.
pub fn read_seed<R: Resources>(path: &Path, text: &[u8]) -> Result<LocalState<R>, SeedError> {
    let value = json::parse(text).map_err(|source| SeedError::Syntax { path: path.into(), source })?;
    let mut state: LocalState<R> =
        json::read(&value).map_err(|source| SeedError::Content { path: path.into(), source })?;
    // The seed describes the state at its clock: nothing that is due by then may still be pending.
    state.advance(state.clock);
    Ok(state)
}

/// An execution as it is stored, without its history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredExecution {
    pub(super) summary: ExecutionSummary,
    /// Its progress; `None` before its first state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checkpoint: Option<Checkpoint>,
    /// How often it was continued after its end.
    #[serde(default)]
    pub(super) redrive: Redrive,
}

impl StoredExecution {
    pub(super) fn is_running(&self) -> bool {
        self.summary.status == ExecutionStatus::Running
    }

    /// Ends it as `states:StopExecution` does, and returns the event. Does nothing if it has ended.
    pub(super) fn stop(&mut self, cause: &str, now: DateTime<Utc>, last_event: u64) -> Option<Event> {
        if !self.is_running() {
            return None;
        }
        let summary = &mut self.summary;
        (summary.status, summary.stop_date) = (ExecutionStatus::Aborted, Some(now));
        summary.cause = Some(cause.to_owned());
        let details = EventDetails { cause: Some(cause.into()), ..EventDetails::default() };
        Some(event(EventType::ExecutionAborted, last_event, now, details))
    }

    /// Continues it with the state in which it ended without success, as `states:RedriveExecution` does, and returns the
    /// event. `None` if it is running, has succeeded, or had entered no state.
    pub(super) fn redrive(&mut self, now: DateTime<Utc>, last_event: u64) -> Option<Event> {
        let Self { summary, checkpoint: Some(checkpoint), redrive } = self else { return None };
        if matches!(summary.status, ExecutionStatus::Running | ExecutionStatus::Succeeded) {
            return None;
        }
        (summary.status, summary.stop_date) = (ExecutionStatus::Running, None);
        (summary.error, summary.cause) = (None, None);
        *redrive = Redrive { count: redrive.count.saturating_add(1), last: Some(now) };
        let details = EventDetails { redrive_count: Some(redrive.count), ..EventDetails::default() };
        let event = event(EventType::ExecutionRedriven, last_event, now, details);
        checkpoint.last_event = event.id;
        Some(event)
    }

    pub(super) fn matches(&self, filter: &ExecutionFilter) -> bool {
        filter.status.is_none_or(|status| self.summary.status == status) && filter.may_include(&self.summary.name)
    }
}

/// The event after the last one of a history.
fn event(event_type: EventType, last_event: u64, timestamp: DateTime<Utc>, details: EventDetails) -> Event {
    Event { id: last_event.saturating_add(1), previous_event_id: last_event, timestamp, event_type, details }
}
