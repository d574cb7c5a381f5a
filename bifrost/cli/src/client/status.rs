//! The status of a project's config: what is deployed, who deployed it, what is running, and the locks.

use super::{Address, Client, LockState};
use crate::client::{ClientDeployer, Deployed};
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionSummary, limit_bytes};
use bifrost_core::error_code::CodedError;
use bifrost_core::json;
use bifrost_core::release::started_by;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many executions are searched for projects and configs.
const LATEST: usize = 500;

/// The status of a project's config.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deployment {
    /// Project, config and account.
    #[serde(flatten)]
    pub address: Address,
    /// What is deployed, according to the target account.
    pub services: Vec<Deployed>,
    /// Why `services` could not be read: users may deploy without permission to read the target account.
    #[serde(rename = "unseen", skip_serializing_if = "Option::is_none")]
    pub services_error: Option<String>,
    /// Who deployed each release in `services`, as the client claimed, by release id.
    pub started_by: BTreeMap<String, String>,
    /// The running execution.
    pub running: Option<RunningExecution>,
    /// What blocks deploys.
    #[serde(flatten)]
    pub locks: LockState,
}

/// A running execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunningExecution {
    /// The name of the execution.
    pub execution: String,
    /// The release that it deploys.
    pub release_id: String,
    /// Who started it, as the client claimed.
    pub started_by: Option<String>,
    /// When it started.
    pub since: DateTime<Utc>,
    /// Its current state; `None` before the first.
    pub state: Option<String>,
}

impl<D: ClientDeployer> Client<D> {
    /// The status of a project's config.
    ///
    /// # Errors
    /// `CloudError` from S3, DynamoDB or Step Functions. That the target account cannot be read is not an error.
    pub async fn deployment(&self, address: &Address) -> Result<Deployment, CloudError> {
        let (services, services_error) = match self.services(address).await {
            Ok(services) => (services, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let mut deployers = BTreeMap::new();
        for service in &services {
            if !deployers.contains_key(&service.release_id)
                && let Some(user) = self.deployed_by(address, &service.release_id).await?
            {
                deployers.insert(service.release_id.clone(), user);
            }
        }
        let running = match self.running(address).await? {
            Some(execution) => Some(self.running_execution(execution).await?),
            None => None,
        };
        let locks = self.lock_state(address).await?;
        Ok(Deployment { address: address.clone(), services, services_error, started_by: deployers, running, locks })
    }

    /// What is deployed, according to the target account.
    pub(super) async fn services(&self, address: &Address) -> Result<Vec<Deployed>, CodedError> {
        D::deployed(&self.context(address).await?).await
    }

    /// The projects and configs of the latest 500 executions of the deployer, latest first.
    ///
    /// # Errors
    /// `CloudError` from Step Functions.
    pub async fn addresses(&self) -> Result<Vec<Address>, CloudError> {
        let mut found: Vec<Address> = Vec::new();
        for execution in self.executions.list(&ExecutionFilter::default(), LATEST).await? {
            if let Ok(address) = Address::read(&execution.input, &self.account.defaults)
                && !found.iter().any(|known| known.names_the_same(&address))
            {
                found.push(address);
            }
        }
        Ok(found)
    }

    /// Who deployed a release, as the uploaded release claims. A tag in the target account may name a release that was not
    /// uploaded, and an object that is not a release.
    async fn deployed_by(&self, address: &Address, release_id: &str) -> Result<Option<String>, CloudError> {
        let Ok(id) = release_id.parse() else { return Ok(None) };
        let key = address.root_dir().release_dir(&id).release();
        let uploaded = match self.account.objects.get(&address.bucket, &key, limit_bytes::RELEASE).await {
            Err(error) if error.is_too_large() => None,
            uploaded => uploaded?,
        };
        let release = uploaded.and_then(|object| json::parse(&object.body).ok());
        Ok(release.as_ref().and_then(started_by).map(ToOwned::to_owned))
    }

    async fn running_execution(&self, execution: ExecutionSummary) -> Result<RunningExecution, CloudError> {
        let (mut reader, _) = self.reader(&execution).await?;
        Ok(RunningExecution {
            release_id: execution.input_str("release_id").unwrap_or_default().to_owned(),
            started_by: started_by(&execution.input).map(ToOwned::to_owned),
            since: execution.start_date,
            state: reader.states.pop(),
            execution: execution.name,
        })
    }
}
