//! The audit log of a test: its storage, and what an attacker could do to its bucket.

use crate::fixture::{AccountFixture, REGION};
use crate::idler::Idler;
use crate::moto::AUDIT_LOG;
use aws_sdk_s3::primitives::ByteStream;
use bifrost::cloud::{AuditStore, LogHead, NewEntry, Principal, Sequenced};
use bifrost::release::Sha256;
use bifrost::testing::TestHarness;
use bifrost_audit::log::next_head;
use bifrost_audit::memory::AuditState;
use bifrost_aws::{AuditLocation, AwsAuditStore, AwsSession, CallScope, sdk_config};
use chrono::TimeDelta;
use std::env;
use std::sync::Arc;

pub struct AuditLogFixture {
    pub store: Arc<dyn AuditStore>,
    bucket: Bucket,
}

#[allow(clippy::large_enum_variant, reason = "a test has one")]
enum Bucket {
    Local(TestHarness<Idler>),
    S3 { client: aws_sdk_s3::Client, name: String },
}

impl AccountFixture {
    /// The audit log of the deployer.
    pub fn audit_log(self) -> AuditLogFixture {
        if let Some(harness) = self.harness {
            let store = harness.cloud().account().audit.ports.unwrap().store;
            return AuditLogFixture { store, bucket: Bucket::Local(harness) };
        }
        let session = session(&self.client.account.identity.account);
        let name = self.client.account.identity.audit_bucket();
        let store = Arc::new(AwsAuditStore::new(&session, &self.audit_location()));
        let config = aws_sdk_s3::config::Builder::from(session.config()).force_path_style(true).build();
        AuditLogFixture { store, bucket: Bucket::S3 { client: aws_sdk_s3::Client::from_conf(config), name } }
    }

    /// Where the log is on moto.
    pub fn audit_location(&self) -> AuditLocation {
        let identity = &self.client.account.identity;
        AuditLocation {
            bucket: identity.audit_bucket(),
            owner: identity.account.clone(),
            has_object_lock: true,
            table: AUDIT_LOG.into(),
        }
    }
}

/// A session with the credentials of the environment.
pub fn session(account: &bifrost::release::AccountId) -> AwsSession {
    let variable = |name: &str| env::var(name).unwrap();
    let credentials = aws_credential_types::Credentials::new(
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "test",
    );
    let region = REGION.parse().unwrap();
    let config = sdk_config(credentials, &region, Some(variable("AWS_ENDPOINT_URL")));
    AwsSession::new(&config, Arc::new(CallScope::default()), Principal::Deployer, account.clone(), region)
}

impl AuditLogFixture {
    /// Deletes an object without naming a version: S3 adds a delete marker.
    pub async fn delete(&self, key: &str) {
        match &self.bucket {
            Bucket::Local(_) => self.tamper(|state, now| state.delete(key, now)),
            Bucket::S3 { client, name } => drop(client.delete_object().bucket(name).key(key).send().await.unwrap()),
        }
    }

    /// Writes an object without a condition.
    pub async fn overwrite(&self, key: &str, body: &[u8]) {
        match &self.bucket {
            Bucket::Local(_) => self.tamper(|state, now| state.put(key, body.to_vec(), now)),
            Bucket::S3 { client, name } => {
                let put = client.put_object().bucket(name).key(key).body(ByteStream::from(body.to_vec()));
                put.send().await.unwrap();
            }
        }
    }

    fn tamper(&self, change: impl FnOnce(&mut AuditState, chrono::DateTime<chrono::Utc>)) {
        let Bucket::Local(harness) = &self.bucket else { return };
        harness.advance(TimeDelta::seconds(1)).unwrap();
        let change = |state: &mut bifrost::local::LocalState<_>| {
            let now = state.clock;
            // The log of the only deployer.
            let log = state.audit.values_mut().next().unwrap();
            Arc::make_mut(log).tamper(|state| change(state, now));
        };
        harness.store().transact(change).unwrap();
    }

    /// Tries to add an entry after this head.
    pub async fn add(&self, head: &LogHead, entry: &str) -> Sequenced {
        let next = next_head(head, entry.as_bytes()).unwrap();
        let (entry, sha256) = (entry.as_bytes().to_vec(), Sha256::of(entry.as_bytes()));
        self.store.sequence(&NewEntry { head: head.clone(), next, entry, sha256 }).await.unwrap()
    }

    /// Adds an entry at the end of the log.
    pub async fn append(&self, entry: &str) {
        while self.add(&self.store.head().await.unwrap(), entry).await == Sequenced::HeadMoved {
            tokio::task::yield_now().await;
        }
    }
}
