//! The smallest deployer: its executions wait, and its ports know their account.

use async_trait::async_trait;
use bifrost::client::{ClientDeployer, Deployed};
use bifrost::cloud::CloudError;
use bifrost::local::{self, LocalDeployer, Resources};
use bifrost::release::{ConfigName, ProjectName, Release};
use bifrost::{Deployer, Fields, Shape};
use bifrost_aws::{AwsDeployer, AwsSession};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Shape)]
#[serde(deny_unknown_fields)]
pub struct IdlerFields {
    long: bool,
}

impl Fields for IdlerFields {
    type Ports = IdlerPorts;
}

bifrost::state_machine! {
    pub machine IdlerMachine(Release<IdlerFields>) starts at Choose;

    choice Choose { $.long == true => IdleLong; _ => IdleShort; }
    wait IdleLong for 100_000 seconds { next Success; }
    wait IdleShort for 1 seconds { next Success; }
    succeed Success;
}

pub struct Idler;

impl Deployer for Idler {
    type Fields = IdlerFields;
    type Machine = IdlerMachine;

    const NAME: &'static str = "idler";
    const TIMEOUT_SECONDS: u32 = 60;
}

#[async_trait]
impl ClientDeployer for Idler {
    const ABOUT: &'static str = "Waits";
    const CHANGES_FROM: &'static str = "Success";

    async fn deployed(_: &IdlerPorts, _: &ProjectName, _: &ConfigName) -> Result<Vec<Deployed>, CloudError> {
        Ok(Vec::new())
    }
}

/// The ports in a target account, which only know the account.
pub enum IdlerPorts {
    Local(local::LocalSession<NoResources>),
    Aws(Box<AwsSession>),
}

impl IdlerPorts {
    /// The account of the session.
    pub async fn account(&self) -> String {
        const OPERATION: &str = "sts:GetCallerIdentity";
        match self {
            Self::Local(session) => session.call(OPERATION, "", |region| Ok(region.account.to_string())).await.unwrap(),
            Self::Aws(session) => {
                let client = aws_sdk_sts::Client::new(session.config());
                let caller = session.call(OPERATION, "", client.get_caller_identity().send()).await.unwrap();
                caller.account.unwrap()
            }
        }
    }
}

/// Its resources on the local cloud.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NoResources {}

impl Resources for NoResources {}

impl LocalDeployer for Idler {
    type Resources = NoResources;

    const SEED: &'static str = "{}";

    fn local_ports(session: local::LocalSession<NoResources>) -> IdlerPorts {
        IdlerPorts::Local(session)
    }
}

impl AwsDeployer for Idler {
    fn aws_ports(session: AwsSession) -> IdlerPorts {
        IdlerPorts::Aws(Box::new(session))
    }
}
