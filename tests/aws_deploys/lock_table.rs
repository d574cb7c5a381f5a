//! The lock table, as tests read and write it.

use crate::fixture::{DEPLOYER, LOCKS, TARGET};
use crate::project::Project;
use serde_json::{Value, json};
use std::process::Output;

impl Project<'_> {
    /// The key of its root lock, which is also the key of the object that Go deployers write.
    pub(crate) fn lock_key(&self) -> String {
        format!("{}/lock", self.root_dir())
    }

    /// Its root lock, as DynamoDB returns it.
    pub(crate) fn root_lock(&self) -> Option<Value> {
        self.item(&self.lock_key())
    }

    /// What the table says is deployed.
    pub(crate) fn deployed_item(&self) -> Option<Value> {
        self.item(&format!("deployed/{}", self.root_dir()))
    }

    /// An item of the table, as DynamoDB returns it.
    pub(crate) fn item(&self, key: &str) -> Option<Value> {
        let get = json!({"TableName": LOCKS, "Key": {"key": {"S": key}}, "ConsistentRead": true});
        self.fixture.aws(DEPLOYER, "dynamodb", "GetItem", get).get("Item").cloned()
    }

    /// The id of the release that holds its root lock. That of a Go deployer names only its owner.
    pub(crate) fn holder(&self) -> Option<String> {
        let lock = self.root_lock()?;
        let holder = lock.get("release_id").unwrap_or(&lock["id"]);
        Some(holder["S"].as_str().unwrap().to_owned())
    }

    /// Checks that its root lock is free.
    pub(crate) fn assert_unlocked(&self) {
        assert_eq!(self.root_lock(), None);
    }

    /// Runs the command `unlock` with these options.
    pub(crate) fn unlock(&self, options: &str) -> Output {
        // The longest invocation here takes a second. The command would wait for minutes after the end of a deploy.
        let wait = if options.contains("--wait") { "" } else { "--wait 1" };
        let line = format!("unlock {} development --account {TARGET} {options} {wait}", self.name);
        self.fixture.run(line.trim_end())
    }
}
