//! What a deployer gets to answer a client: its ports in a target account, and what the client knows.

use super::{Address, Client, ClientDeployer};
use bifrost_core::account::DeployerAccount;
use bifrost_core::cloud::{CloudError, TargetRole, limit_bytes};
use bifrost_core::deployer::{Deployer, Ports};
use bifrost_core::json;
use bifrost_core::release::Release;

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

impl<D: ClientDeployer> Client<D> {
    /// Opens the deployer's ports in a target account, which a client uses only to read.
    ///
    /// # Errors
    /// `CloudError` from STS, if the user may not assume the deployer's role there.
    pub async fn context(&self, address: &Address) -> Result<ClientContext<D>, CloudError> {
        let target = TargetRole {
            account: address.account.clone(),
            region: address.region.clone(),
            role: self.account.identity.assumed_role(),
            session: format!("{}-client", self.account.identity.command()),
            tags: vec![("ProjectName", address.project.to_string()), ("ConfigName", address.config.to_string())],
        };
        let ports = self.targets.assume(&target).await?;
        Ok(ClientContext { ports, address: address.clone(), account: self.account.clone() })
    }
}
