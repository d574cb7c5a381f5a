//! The accounts of a test.

use crate::idler::Idler;
use crate::moto::connect;
use bifrost::Identity;
use bifrost::client::Client;
use bifrost::cloud::{CloudError, ErrorKind, LockTable, TargetRole};
use bifrost::local::LocalCloud;
use bifrost::release::{BucketName, ReleaseDir, RootDir};
use bifrost::testing::TestHarness;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

pub const REGION: &str = "us-east-1";
/// A role that trusts another account.
pub const FOREIGN_ROLE: &str = "foreign";
/// When the Go deployer took its lock, as Go writes times.
pub const GO_LOCK_TIME: &str = "2026-11-25T13:00:00.123456789+01:00";

/// How often a test on moto polls until a condition holds, and how long it waits in between. The limit ends tests whose
/// condition never holds; it is high, because everything takes longer on a busy machine.
const MAX_POLLS: usize = 6000;
const PAUSE: Duration = Duration::from_millis(50);

/// A deployer account and a target account:
///
/// - in the deployer account the deployer's state machine, its empty bucket, its lock table, where a Go deployer has held a
///   lock since [`GO_LOCK_TIME`], and an empty audit log
/// - in the target account a bucket `theirs-<account>`, the deployer's role, and the role [`FOREIGN_ROLE`]
pub struct AccountFixture {
    pub client: Client<Idler>,
    /// The target account.
    pub target: String,
    /// Runs the executions of the local cloud; those of moto run by themselves.
    pub harness: Option<TestHarness<Idler>>,
}

impl AccountFixture {
    /// Waits until the condition holds. `what` describes it in the message of a failure.
    pub async fn until(&self, what: &str, holds: impl AsyncFn(&Client<Idler>) -> bool) {
        for _ in 0..MAX_POLLS {
            if holds(&self.client).await {
                return;
            }
            self.advance().await;
        }
        panic!("condition never held: {what}");
    }

    /// Lets time pass; on the local cloud until something happens.
    async fn advance(&self) {
        let Some(harness) = &self.harness else { return std::thread::sleep(PAUSE) };
        let mut waits = 0;
        let once = || {
            waits += 1;
            waits > 1
        };
        harness.run_until(once).await.unwrap();
    }

    pub fn bucket(&self) -> BucketName {
        self.client.account.identity.bucket().unwrap()
    }

    /// The lock table of a deployer that does not exist.
    pub async fn missing_lock_table(&self) -> Arc<dyn LockTable> {
        let name = "coinbase-nobody";
        let Some(harness) = &self.harness else { return connect(name).await.account.locks };
        let identity = Identity { name: name.into(), ..self.client.account.identity.as_ref().clone() };
        let defaults = identity.defaults(60).unwrap();
        LocalCloud::<Idler>::new(Arc::clone(harness.store()), identity, defaults).account().locks
    }

    /// A role in the target account, and a session of it.
    pub fn role(&self, name: &str) -> TargetRole {
        TargetRole {
            account: self.target.parse().unwrap(),
            region: REGION.parse().unwrap(),
            role: name.into(),
            session: "release-1-session".into(),
            tags: Vec::new(),
        }
    }
}

/// The directory of a project's config, and of one of its releases.
pub fn root_dir(config: &str) -> RootDir {
    RootDir::new(&"222222222222".parse().unwrap(), &"acme/shop".parse().unwrap(), &config.parse().unwrap())
}

pub fn release_dir() -> ReleaseDir {
    root_dir("development").release_dir(&"release-1".parse().unwrap())
}

/// Kind, code and message of the expected error.
pub fn refusal<T: Debug>(answer: Result<T, CloudError>) -> (ErrorKind, String, String) {
    let error = answer.unwrap_err();
    (error.kind, error.code.clone(), error.to_string())
}
