//! What is deployed now, by whom, and what goes on.

use super::{Address, Client, LockState};
use crate::client::{ClientDeployer, Deployed};
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionSummary};
use bifrost_core::json;
use bifrost_core::release::started_by;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many executions are asked what was ever deployed.
const LATEST: usize = 500;

/// What is deployed of a project's config, and what goes on there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deployment {
    /// Of what.
    #[serde(flatten)]
    pub address: Address,
    /// What the target account says is there.
    pub services: Vec<Deployed>,
    /// Why it could not be asked: who may deploy need not be allowed to look into the target account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
    /// Who deployed each of their releases, as the client claimed, by release id.
    pub started_by: BTreeMap<String, String>,
    /// The execution that runs.
    pub running: Option<RunningExecution>,
    /// Who keeps others from deploying.
    #[serde(flatten)]
    pub locks: LockState,
}

/// An execution that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunningExecution {
    /// Its name.
    pub execution: String,
    /// The release that it deploys.
    pub release_id: String,
    /// Who started it, as the client claimed.
    pub started_by: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The state that it is in; none before its first.
    pub state: Option<String>,
}

impl<D: ClientDeployer> Client<D> {
    /// What is deployed of a project's config, and what goes on there.
    ///
    /// # Errors
    /// Whatever AWS answers.
    pub async fn deployment(&self, address: &Address) -> Result<Deployment, CloudError> {
        let (services, unseen) = match self.services(address).await {
            Ok(services) => (services, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let mut deployers = BTreeMap::new();
        for service in &services {
            if !deployers.contains_key(&service.release_id)
                && let Some(person) = self.who_deployed(address, &service.release_id).await?
            {
                deployers.insert(service.release_id.clone(), person);
            }
        }
        let running = match self.running(address).await? {
            Some(execution) => Some(self.where_it_is(execution).await?),
            None => None,
        };
        let locks = self.lock_state(address).await?;
        Ok(Deployment { address: address.clone(), services, unseen, started_by: deployers, running, locks })
    }

    /// What the target account says is deployed.
    pub(super) async fn services(&self, address: &Address) -> Result<Vec<Deployed>, CloudError> {
        D::deployed(&self.target(address).await?, &address.project, &address.config).await
    }

    /// Every project and config that the latest 500 executions of the deployer tell of, the latest first.
    ///
    /// # Errors
    /// Whatever Step Functions answers.
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

    /// The claim in the uploaded release. A tag in the target account may name a release that is not there.
    async fn who_deployed(&self, address: &Address, release_id: &str) -> Result<Option<String>, CloudError> {
        let Ok(id) = release_id.parse() else { return Ok(None) };
        let key = address.root_dir().release_dir(&id).release();
        let uploaded = self.account.objects.get(&address.bucket, &key).await?;
        let release = uploaded.and_then(|object| json::parse(&object.body).ok());
        Ok(release.as_ref().and_then(started_by).map(ToOwned::to_owned))
    }

    async fn where_it_is(&self, execution: ExecutionSummary) -> Result<RunningExecution, CloudError> {
        let (mut reader, _) = self.reader(&execution).await?;
        Ok(RunningExecution {
            release_id: execution.says("release_id").unwrap_or_default().to_owned(),
            started_by: started_by(&execution.input).map(ToOwned::to_owned),
            since: execution.start_date,
            state: reader.states.pop(),
            execution: execution.name,
        })
    }
}
