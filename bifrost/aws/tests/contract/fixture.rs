//! Where a story takes place.

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
/// A role that trusts another deployer.
pub const STRANGER: &str = "stranger";
/// When the original took its lock, as it writes times.
pub const TAKEN: &str = "2026-11-25T13:00:00.123456789+01:00";

/// How often a story polls on moto until a condition holds, and how long it waits in between. The limit is for a condition
/// that never holds: on a busy machine everything takes longer.
const MAX_POLLS: usize = 6000;
const PAUSE: Duration = Duration::from_millis(50);

/// A deployer account and a target account, made by hand beforehand:
///
/// - in the deployer account the deployer's state machine, its bucket, which is empty, and its lock table, where an
///   original holds a lock since [`TAKEN`]
/// - in the target account a bucket `theirs-<account>`, the deployer's role, and the role [`STRANGER`]
pub struct AccountFixture {
    pub client: Client<Idler>,
    /// The target account.
    pub target: String,
    /// What runs the executions of the embedded world; those of moto run by themselves.
    pub harness: Option<TestHarness<Idler>>,
}

impl AccountFixture {
    /// Waits until it holds; `what` is for the message of a test that waits in vain.
    pub async fn until(&self, what: &str, holds: impl AsyncFn(&Client<Idler>) -> bool) {
        for _ in 0..MAX_POLLS {
            if holds(&self.client).await {
                return;
            }
            self.pass().await;
        }
        panic!("it never came about that {what}");
    }

    /// Lets time pass: in the embedded world until something happens.
    async fn pass(&self) {
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

    /// The lock table of a deployer that was never made.
    pub async fn nobodys_locks(&self) -> Arc<dyn LockTable> {
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

/// The refusal of what must be refused: its kind, its code, and all that a person is told.
pub fn refusal<T: Debug>(answer: Result<T, CloudError>) -> (ErrorKind, String, String) {
    let error = answer.unwrap_err();
    (error.kind, error.code.clone(), error.to_string())
}
