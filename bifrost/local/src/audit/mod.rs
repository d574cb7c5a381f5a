//! The audit logs of a local cloud: one for each prefix of deployers, account and region. Deployers that share a file share them, too.

mod store;

pub(super) use store::{AuditAccess, LocalAuditStore, SessionAudit};

use super::changes::Changes;
use bifrost_audit::key::LocalKey;
use bifrost_audit::memory::AuditState;
use bifrost_core::audit::AuditMode;
use bifrost_core::cloud::{CloudError, ErrorKind, NewEntry, PutNew, Sequenced};
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An audit log of a local cloud.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalAudit {
    /// What happens to a deploy when the log cannot be written.
    #[serde(default)]
    pub mode: AuditMode,
    #[serde(default)]
    state: AuditState,
    /// What changed since the log was last saved.
    #[serde(skip, default = "Touched::anything")]
    touched: Touched,
}

impl PartialEq for LocalAudit {
    fn eq(&self, other: &Self) -> bool {
        let Self { mode, state, touched: _ } = self;
        *mode == other.mode && *state == other.state
    }
}

/// Parts of a log that changed. A log has many parts, and comparing them all at every call would be slow.
#[derive(Debug, Clone, Default)]
struct Touched {
    /// Whether any part may have changed.
    is_unknown: bool,
    objects: BTreeSet<String>,
    entries: BTreeSet<(u64, Sha256)>,
}

impl Touched {
    fn anything() -> Self {
        Self { is_unknown: true, ..Self::default() }
    }
}

impl LocalAudit {
    /// Its objects and table.
    #[must_use]
    pub fn state(&self) -> &AuditState {
        &self.state
    }

    /// Changes anything, as an attacker could. Writers use [`AuditStore`](bifrost_core::cloud::AuditStore).
    pub fn tamper<T>(&mut self, change: impl FnOnce(&mut AuditState) -> T) -> T {
        self.touched.is_unknown = true;
        change(&mut self.state)
    }

    pub(super) fn put_new(&mut self, key: &str, body: Vec<u8>, now: DateTime<Utc>) -> PutNew {
        let put = self.state.put_new(key, body, now);
        if put == PutNew::Written {
            self.touched.objects.insert(key.to_owned());
        }
        put
    }

    pub(super) fn put_checkpoint(&mut self, body: Vec<u8>, replaces: Option<&str>, now: DateTime<Utc>) -> bool {
        self.touched.objects.insert(bifrost_core::cloud::CHECKPOINT_KEY.to_owned());
        self.state.put_checkpoint(body, replaces, now)
    }

    pub(super) fn sequence(&mut self, entry: &NewEntry) -> Sequenced {
        self.touched.entries.insert((entry.head.size, entry.sha256));
        self.state.sequence(entry)
    }

    /// The key that signs checkpoints of the log with this name. The first call makes it.
    pub(super) fn key(&mut self, origin: &str) -> Result<LocalKey, CloudError> {
        let text = self.state.key.get_or_insert_with(|| new_key(origin).private());
        LocalKey::parse(text).map_err(|error| CloudError {
            operation: "kms:Sign",
            resource: origin.to_owned(),
            kind: ErrorKind::Invalid,
            code: "InvalidKey".into(),
            message: error.to_string(),
            request_id: None,
        })
    }

    /// Forgets what changed: it is saved.
    pub(super) fn set_saved(&mut self) {
        self.touched = Touched::default();
    }

    /// Whether anything may have changed since it was last saved.
    pub(super) fn may_have_changed(&self) -> bool {
        let Touched { is_unknown, objects, entries } = &self.touched;
        *is_unknown || !objects.is_empty() || !entries.is_empty()
    }

    /// Copies what changed to `saved`, and reports each changed part to `changes`.
    pub(super) fn save(&self, saved: &mut Self, changes: &mut Changes) {
        changes.value("mode", &self.mode, &mut saved.mode);
        changes.within("state", |changes| {
            let AuditState { objects, head, entries, index, key } = &self.state;
            let saved = &mut saved.state;
            if self.touched.is_unknown {
                changes.entries("objects", objects, &mut saved.objects);
                changes.entries("entries", entries, &mut saved.entries);
                changes.entries("index", index, &mut saved.index);
            }
            for key in &self.touched.objects {
                changes.entry("objects", key, objects, &mut saved.objects);
            }
            for (number, sha256) in &self.touched.entries {
                changes.entry("entries", number, entries, &mut saved.entries);
                changes.entry("index", sha256, index, &mut saved.index);
            }
            changes.value("head", head, &mut saved.head);
            changes.value("key", key, &mut saved.key);
        });
    }
}

/// A key that nobody can guess.
fn new_key(origin: &str) -> LocalKey {
    let random: Vec<u8> = (0..4).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
    LocalKey::generate(origin, *Sha256::of(&random).as_bytes())
}
