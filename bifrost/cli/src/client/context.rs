//! What a deployer gets to answer a client: its ports in a target account, and what the client knows.

use super::{Address, Client, ClientDeployer};
use bifrost_core::account::DeployerAccount;
use bifrost_core::cloud::{CloudError, ErrorKind, TargetRole, limit_bytes};
use bifrost_core::deployer::{Deployer, Ports};
use bifrost_core::error_code::Coded;
use bifrost_core::json;
use bifrost_core::release::{AccountId, Region, Release};
use std::fmt;

/// What deployer `D` gets to answer a question of a client about one project and config.
///
/// A client holds no lock, so the functions that get it only read.
#[non_exhaustive]
pub struct ClientContext<D: Deployer> {
    /// The ports in the target account.
    pub ports: Ports<D>,
    /// The target account and region, the bucket of the releases, project and config.
    pub address: Address,
    /// The deployer account: its objects, the defaults of a release, and the time.
    pub account: DeployerAccount,
}

impl<D: Deployer> ClientContext<D> {
    /// The release that was deployed last, as it was uploaded. The lock table records which one it is (`dynamodb:GetItem`).
    /// `None` if none is recorded, or if it cannot be read: it was deleted, or this version of the deployer refuses it.
    ///
    /// # Errors
    /// `CloudError` from DynamoDB or S3.
    pub async fn last_deployed(&self) -> Result<Option<Release<D::Fields>>, CloudError> {
        let dir = self.address.root_dir();
        let Some(item) = self.account.locks.deployed(&dir).await? else { return Ok(None) };
        let key = dir.release_dir(&item.release_id).release();
        let object = match self.account.objects.get(&self.address.bucket, &key, limit_bytes::RELEASE).await {
            Err(error) if error.is_too_large() => None,
            object => object?,
        };
        let release = object.and_then(|object| json::parse(&object.body).ok());
        Ok(release.and_then(|release| Release::read(&release, &self.account.defaults).ok()))
    }
}

/// The user may not assume the deployer's role in a target account, or AWS did not answer.
#[derive(Debug, thiserror::Error, Coded)]
#[error("cannot read target account {account}: {source}{hint}", hint = PermissionHint(role, account, source.kind))]
#[code(crate = bifrost_core)]
#[code(source)]
pub struct TargetAccountError {
    /// The name of the role.
    pub role: String,
    /// The target account.
    pub account: AccountId,
    /// The answer of STS.
    pub source: CloudError,
}

/// The permissions that commands which read a target account need, and a deploy does not.
struct PermissionHint<'a>(&'a str, &'a AccountId, ErrorKind);

impl fmt::Display for PermissionHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(role, account, kind) = self;
        if *kind != ErrorKind::AccessDenied {
            return Ok(());
        }
        write!(
            f,
            "; to read it, allow your own credentials to assume role {role} of account {account}, in their policies and in the \
             role's trust policy (a deploy does not need it: the deployer's function assumes the role)"
        )
    }
}

impl<D: ClientDeployer> Client<D> {
    /// Opens the deployer's ports in a target account, to read there what belongs to all projects. The session has no tags,
    /// because these name one project. For one project use [`context`](Self::context).
    ///
    /// # Errors
    /// [`TargetAccountError`], if the user may not assume the deployer's role there, or STS does not answer.
    pub async fn target_ports(&self, account: &AccountId, region: &Region) -> Result<Ports<D>, TargetAccountError> {
        let target = self.target_role(account, region, Vec::new());
        self.targets.assume(&target).await.map_err(|source| self.target_account_error(account, source))
    }

    /// Says which role could not be assumed in which account.
    pub(super) fn target_account_error(&self, account: &AccountId, source: CloudError) -> TargetAccountError {
        TargetAccountError { role: self.account.identity.assumed_role(), account: account.clone(), source }
    }

    fn target_role(&self, account: &AccountId, region: &Region, tags: Vec<(&'static str, String)>) -> TargetRole {
        TargetRole {
            account: account.clone(),
            region: region.clone(),
            role: self.account.identity.assumed_role(),
            session: format!("{}-client", self.account.identity.command()),
            tags,
        }
    }

    /// Opens the deployer's ports in a target account, which a client uses only to read.
    ///
    /// # Errors
    /// `CloudError` from STS, if the user may not assume the deployer's role there.
    pub async fn context(&self, address: &Address) -> Result<ClientContext<D>, CloudError> {
        let tags = vec![("ProjectName", address.project.to_string()), ("ConfigName", address.config.to_string())];
        let ports = self.targets.assume(&self.target_role(&address.account, &address.region, tags)).await?;
        Ok(ClientContext { ports, address: address.clone(), account: self.account.clone() })
    }
}
