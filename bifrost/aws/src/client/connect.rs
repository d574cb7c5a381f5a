//! Finds the region and the account, and opens the ports.

use super::acts::AwsActs;
use super::caller::account_of_caller;
use super::inventory::AwsInventory;
use super::stacks::CloudFormationStacks;
use crate::executions::SfnExecutions;
use crate::roles::{KnownRoles, RoleOptions};
use crate::{AssumedRoles, AwsDeployer, AwsSession, CallScope, S3Objects, configuration, deployer_account};
use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_config::SdkConfig;
use bifrost_core::account::Identity;
use bifrost_core::audit::{Audit, DeployerVersion};
use bifrost_core::cloud::Principal;
use bifrost_core::deployer::{BootstrapTarget, Connect, ConnectError, ConnectErrorKind, ConnectOptions, Connection};
use bifrost_core::release::Region;
use std::sync::Arc;
use std::time::Duration;

/// How long the upload of a function's code may take over a slow connection.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(10);

/// Connects to AWS with the credentials and the region that the AWS CLI would use: environment, profiles, SSO, roles of
/// instances and containers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aws;

#[async_trait(?Send)]
impl<D: AwsDeployer> Connect<D> for Aws {
    async fn connect(&self, options: &ConnectOptions) -> Result<Connection<D>, ConnectError> {
        let config = configuration(options.region.as_ref()).await;
        let region = region(&config)?;
        let account = account_of_caller(&config, options.account.as_ref()).await?;
        let identity = Identity { name: options.name.clone(), account, region };
        let mut defaults = identity.defaults(D::TIMEOUT_SECONDS).map_err(|error| ConnectError {
            kind: ConnectErrorKind::DeployerName,
            problem: format!("no bucket can have the name of the deployer {}: {error}", identity.name),
            next_step: "pass another name with --deployer".into(),
        })?;
        defaults.allowed_buckets.clone_from(&options.allowed_buckets);
        // Only functions write the log. Readers connect with `connect_audit`.
        let audit = Audit::off(DeployerVersion { name: identity.name.clone(), ..DeployerVersion::default() });
        let identity = Arc::new(identity);
        let (account, region) = (identity.account.clone(), identity.region.clone());
        let session = AwsSession::new(&config, Arc::new(CallScope::default()), Principal::Deployer, account, region);
        let (roles, known) = (RoleOptions::default(), KnownRoles::default());
        let targets = AssumedRoles::<D>::new(session.clone(), Arc::clone(&identity), roles, known);
        Ok(Connection {
            executions: Arc::new(SfnExecutions::new(session.clone(), Arc::clone(&identity))),
            acts: Arc::new(AwsActs::new(session.clone(), Arc::clone(&identity))),
            targets: Arc::new(targets),
            account: deployer_account(&session, identity, defaults, audit),
            inventory: Arc::new(AwsInventory::new(session)),
        })
    }

    async fn bootstrap_target(&self, region: Option<&Region>) -> Result<BootstrapTarget, ConnectError> {
        let config = configuration(region).await;
        let region = self::region(&config)?;
        let account = account_of_caller(&config, None).await?;
        let timeouts = configuration::timeouts().to_builder();
        let timeouts = timeouts.operation_attempt_timeout(UPLOAD_TIMEOUT).operation_timeout(UPLOAD_TIMEOUT).build();
        let config = config.to_builder().timeout_config(timeouts).build();
        let scope = Arc::new(CallScope::default());
        let session = AwsSession::new(&config, scope, Principal::Deployer, account.clone(), region.clone());
        let stacks = Arc::new(CloudFormationStacks::new(session.clone()));
        let inventory = Arc::new(AwsInventory::new(session.clone()));
        Ok(BootstrapTarget { account, region, stacks, objects: Arc::new(S3Objects::new(session)), inventory })
    }
}

pub(super) async fn configuration(region: Option<&Region>) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(configuration::http())
        .timeout_config(configuration::timeouts())
        .retry_config(configuration::retries());
    match region {
        Some(region) => loader.region(aws_config::Region::new(region.to_string())).load().await,
        None => loader.load().await,
    }
}

pub(super) fn region(config: &SdkConfig) -> Result<Region, ConnectError> {
    let name = config.region().ok_or_else(|| ConnectError {
        kind: ConnectErrorKind::NoRegion,
        problem: "no region is configured".into(),
        next_step: "set AWS_REGION, or `region` of your profile in ~/.aws/config, or pass --deployer-region".into(),
    })?;
    name.as_ref().parse().map_err(|error| ConnectError {
        kind: ConnectErrorKind::NoRegion,
        problem: format!("the configured region is not valid: {error}"),
        next_step: "set AWS_REGION to a region such as us-east-1, or pass --deployer-region".into(),
    })
}
