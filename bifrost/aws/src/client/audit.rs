//! Connects readers of an audit log: auditors, and clients that want a receipt.

use super::acts::AwsActs;
use super::caller::account_of_caller;
use super::connect::{configuration, region};
use crate::audit::{AuditLocation, AwsAuditStore, KmsSigner, KnownKey};
use crate::{Aws, AwsSession, CallScope};
use async_trait::async_trait;
use bifrost_core::account::{Identity, names};
use bifrost_core::cloud::{ErrorKind, LogSigner, Principal};
use bifrost_core::deployer::{AuditConnection, AuditOptions, ConnectAudit, ConnectError, ConnectErrorKind};
use bifrost_core::people::Acts;
use bifrost_core::release::{AccountId, Region};
use std::sync::Arc;

/// An audit log, whose bucket belongs to one of two accounts.
struct Log {
    session: AwsSession,
    /// The name of the log without account and region, such as `coinbase-audit`.
    name: String,
    /// The account whose deploys it has.
    deployers: AccountId,
    region: Region,
    bucket: String,
}

/// The account of the log, if it is set.
fn account_of_log() -> Result<Option<AccountId>, ConnectError> {
    const VARIABLE: &str = "BIFROST_AUDIT_ACCOUNT";
    let Some(set) = std::env::var_os(VARIABLE).filter(|set| !set.is_empty()) else { return Ok(None) };
    let account = set.to_string_lossy().parse().map_err(|error| ConnectError {
        kind: ConnectErrorKind::WrongAccount,
        problem: format!("{VARIABLE}: {error}"),
        next_step: "set it to the id of the account that the audit log is in, or unset it".into(),
    })?;
    Ok(Some(account))
}

#[async_trait(?Send)]
impl ConnectAudit for Aws {
    async fn connect_audit(&self, options: &AuditOptions) -> Result<AuditConnection, ConnectError> {
        let config = configuration(options.region.as_ref()).await;
        let region = region(&config)?;
        let caller = account_of_caller(&config, None).await?;
        let deployers = options.account.clone().unwrap_or_else(|| caller.clone());
        let scope = Arc::new(CallScope::default());
        let session = AwsSession::new(&config, scope, Principal::Deployer, caller.clone(), region.clone());
        let bucket = options.bucket.as_ref().map_or_else(
            || names::audit_bucket(&options.prefix, deployers.as_str(), region.as_str()),
            ToString::to_string,
        );
        let log = Log { session, name: names::audit_log(&options.prefix), deployers, region, bucket };
        let owner = log.owner(&caller, account_of_log()?).await;
        Ok(AuditConnection {
            origin: options.origin(&log.deployers, &log.region),
            public_key: log.public_key(&owner).await,
            place: format!("bucket {} in account {owner}", log.bucket),
            store: Arc::new(log.store(&owner)),
        })
    }

    async fn connect_acts(&self, deployer: &str, options: &AuditOptions) -> Result<Arc<dyn Acts>, ConnectError> {
        let config = configuration(options.region.as_ref()).await;
        let region = region(&config)?;
        let account = account_of_caller(&config, options.account.as_ref()).await?;
        let scope = Arc::new(CallScope::default());
        let session = AwsSession::new(&config, scope, Principal::Deployer, account.clone(), region.clone());
        let identity = Identity { name: deployer.to_owned(), account, region };
        Ok(Arc::new(AwsActs::new(session, Arc::new(identity))))
    }
}

impl Log {
    fn store(&self, owner: &AccountId) -> AwsAuditStore {
        let location = AuditLocation {
            bucket: self.bucket.clone(),
            owner: owner.clone(),
            has_object_lock: true,
            table: self.table(owner),
        };
        AwsAuditStore::new(&self.session, &location)
    }

    /// The account of the bucket: the deployer account, or an account of the log's own, which is that of the reader, unless
    /// `BIFROST_AUDIT_ACCOUNT` names it. S3 answers `AccessDenied` if a bucket belongs to another account than expected.
    async fn owner(&self, caller: &AccountId, set: Option<AccountId>) -> AccountId {
        if let Some(account) = set {
            return account;
        }
        if *caller != self.deployers {
            let probed = self.store(&self.deployers).probe().await;
            let is_denied = probed.is_err_and(|error| error.kind == ErrorKind::AccessDenied);
            if is_denied && self.store(caller).probe().await.is_ok() {
                return caller.clone();
            }
        }
        self.deployers.clone()
    }

    /// The table, and what the key's alias is named after. An account of its own may have the logs of several deployer accounts.
    fn table(&self, owner: &AccountId) -> String {
        if *owner == self.deployers { self.name.clone() } else { format!("{}-{}", self.name, self.deployers) }
    }

    async fn public_key(&self, owner: &AccountId) -> Option<[u8; 32]> {
        let alias = self.region.arn("kms", owner, &format!("alias/{}", self.table(owner)));
        let key = KmsSigner::new(self.session.clone(), alias, KnownKey::default()).public_key().await;
        key.inspect_err(|error| tracing::debug!(%error, "the public key of the audit log cannot be read")).ok()
    }
}
