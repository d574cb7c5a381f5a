//! Finds credentials, region and the deployer, and says what to do where that fails.

use super::clock::{Clock, TOO_FAR_OFF};
use super::executions::SfnExecutions;
use super::inventory::AwsInventory;
use super::stacks::CloudFormationStacks;
use crate::error::in_full;
use crate::roles::{KnownRoles, RoleOptions};
use crate::{AssumedRoles, AwsDeployer, DynamoDbLocks, Passage, S3Objects, Session, SystemSurroundings, configuration};
use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use bifrost::Identity;
use bifrost::client::{Client, Connect, ConnectError, Connection, Ground, Place};
use bifrost::cloud::{CloudError, Principal};
use bifrost::release::{AccountId, Region};
use std::sync::Arc;
use std::time::Duration;

/// How long the upload of a function's code may take, over a line that is no better than a person's at home.
const UPLOAD: Duration = Duration::from_mins(10);

/// AWS, by the credentials and the region that AWS's own tools would use: environment, profiles, SSO, roles of instances
/// and containers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aws;

#[async_trait(?Send)]
impl<D: AwsDeployer> Connect<D> for Aws {
    async fn connect(&self, place: &Place) -> Result<Connection<D>, ConnectError> {
        let config = configuration(place.region.as_ref()).await;
        let region = region(&config)?;
        let account = account(&config, place.account.as_ref()).await?;
        let identity = Identity { name: place.name.clone(), account, region };
        let defaults = identity.defaults(D::TIMEOUT_SECONDS).map_err(|error| ConnectError {
            problem: format!("{} makes no name of a bucket: {error}", identity.name),
            next_step: "name another deployer with --deployer".into(),
        })?;
        let identity = Arc::new(identity);
        let (account, region) = (identity.account.clone(), identity.region.clone());
        let session = Session::new(&config, Arc::new(Passage::default()), Principal::Deployer, account, region);
        let (roles, known) = (RoleOptions::default(), KnownRoles::default());
        let targets = AssumedRoles::<D>::new(session.clone(), Arc::clone(&identity), roles, known);
        let client = Client {
            defaults: Arc::new(defaults),
            objects: Arc::new(S3Objects::new(session.clone())),
            locks: Arc::new(DynamoDbLocks::new(session.clone())),
            executions: Arc::new(SfnExecutions::new(session.clone(), Arc::clone(&identity))),
            targets: Arc::new(targets),
            surroundings: Arc::new(SystemSurroundings),
            identity,
        };
        Ok(Connection { client, inventory: Arc::new(AwsInventory::new(session)) })
    }

    async fn ground(&self, region: Option<&Region>) -> Result<Ground, ConnectError> {
        let config = configuration(region).await;
        let region = self::region(&config)?;
        let account = account(&config, None).await?;
        let patient = configuration::timeouts().to_builder();
        let patient = patient.operation_attempt_timeout(UPLOAD).operation_timeout(UPLOAD).build();
        let config = config.to_builder().timeout_config(patient).build();
        let passage = Arc::new(Passage::default());
        let session = Session::new(&config, passage, Principal::Deployer, account.clone(), region.clone());
        let stacks = Arc::new(CloudFormationStacks::new(session.clone()));
        Ok(Ground { account, region, stacks, objects: Arc::new(S3Objects::new(session)) })
    }
}

async fn configuration(region: Option<&Region>) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(configuration::http())
        .timeout_config(configuration::timeouts())
        .retry_config(configuration::retries());
    match region {
        Some(region) => loader.region(aws_config::Region::new(region.to_string())).load().await,
        None => loader.load().await,
    }
}

fn region(config: &SdkConfig) -> Result<Region, ConnectError> {
    let name = config.region().ok_or_else(|| ConnectError {
        problem: "no region is configured".into(),
        next_step: "set AWS_REGION, or `region` of your profile in ~/.aws/config, or give --deployer-region".into(),
    })?;
    name.as_ref().parse().map_err(|error| ConnectError {
        problem: format!("the region that is configured is none: {error}"),
        next_step: "name one such as us-east-1".into(),
    })
}

/// Refuses to go on without credentials, before a request fails for lack of them.
async fn check_credentials(config: &SdkConfig) -> Result<(), ConnectError> {
    let provider = config.credentials_provider();
    let loaded = match &provider {
        Some(provider) => provider.provide_credentials().await.map(drop),
        None => Err(CredentialsError::not_loaded_no_source()),
    };
    loaded.map_err(|error| ConnectError {
        problem: match &error {
            CredentialsError::CredentialsNotLoaded(_) => "there are no AWS credentials".into(),
            _ => format!("the AWS credentials cannot be loaded: {}", in_full(&error)),
        },
        next_step: "log in, such as with `aws sso login`, or choose a profile with AWS_PROFILE; --local needs none"
            .into(),
    })
}

/// Whose the credentials are, if that is where the deployer is said to be.
async fn account(config: &SdkConfig, asked: Option<&AccountId>) -> Result<AccountId, ConnectError> {
    check_credentials(config).await?;
    let clock = Clock::default();
    let sts = aws_sdk_sts::Client::new(config);
    let answer = sts.get_caller_identity().customize().interceptor(clock.clone()).send().await;
    let skew = clock.skew();
    let caller = answer.map_err(|error| refused(&crate::cloud_error("sts:GetCallerIdentity", "", &error)))?;
    let account: Option<AccountId> = caller.account().and_then(|account| account.parse().ok());
    let account = account.ok_or_else(|| ConnectError {
        problem: "AWS does not say which account the credentials belong to".into(),
        next_step: "try `aws sts get-caller-identity`".into(),
    })?;
    if let Some(skew) = skew.filter(|skew| skew.abs() > TOO_FAR_OFF) {
        let (minutes, way) = (skew.abs().num_minutes(), if skew.num_seconds() > 0 { "ahead of" } else { "behind" });
        return Err(ConnectError {
            problem: format!(
                "the clock of this machine is {minutes} minutes {way} AWS's, and deployers refuse releases from the future"
            ),
            next_step: "set it, such as by `timedatectl set-ntp true`".into(),
        });
    }
    match asked {
        Some(asked) if *asked != account => Err(ConnectError {
            problem: format!(
                "the credentials are of account {account} ({}), and the deployer is said to be in {asked}",
                caller.arn().unwrap_or("an unknown principal")
            ),
            next_step: "choose a profile of that account with AWS_PROFILE, or another --deployer-account".into(),
        }),
        _ => Ok(account),
    }
}

/// Why AWS does not take the credentials, and what to do.
fn refused(error: &CloudError) -> ConnectError {
    let next_step = match error.code.as_str() {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            "the credentials have expired: log in anew, such as with `aws sso login`"
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch" | "InvalidAccessKeyId" => {
            "AWS does not know these credentials: choose others with AWS_PROFILE, or log in anew"
        }
        "ConnectionFailure" | "RequestTimeout" => "is there a way to AWS from here, and is AWS_ENDPOINT_URL right?",
        _ => "try `aws sts get-caller-identity`",
    };
    ConnectError { problem: format!("AWS cannot be reached: {error}"), next_step: next_step.into() }
}
