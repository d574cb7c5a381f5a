//! The smallest deployer: its executions idle, and its ports know where they are.

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
pub struct Idleness {
    long: bool,
}

impl Fields for Idleness {
    type Ports = Visit;
}

bifrost::state_machine! {
    pub machine Chart(Release<Idleness>) starts at HowLong;

    choice HowLong { $.long == true => IdleLong; _ => IdleShort; }
    wait IdleLong for 100_000 seconds { next Success; }
    wait IdleShort for 1 seconds { next Success; }
    succeed Success;
}

pub struct Idler;

impl Deployer for Idler {
    type Fields = Idleness;
    type Machine = Chart;

    const NAME: &'static str = "idler";
    const TIMEOUT_SECONDS: u32 = 60;
}

#[async_trait]
impl ClientDeployer for Idler {
    const ABOUT: &'static str = "Idles";
    const CHANGES_FROM: &'static str = "Success";

    async fn deployed(_: &Visit, _: &ProjectName, _: &ConfigName) -> Result<Vec<Deployed>, CloudError> {
        Ok(Vec::new())
    }
}

/// What a role lets one do in a target account: here, ask where one is.
pub enum Visit {
    Embedded(local::LocalSession<Nothing>),
    Aws(Box<AwsSession>),
}

impl Visit {
    /// The account that calls are made in.
    pub async fn account(&self) -> String {
        const OPERATION: &str = "sts:GetCallerIdentity";
        match self {
            Self::Embedded(session) => {
                session.call(OPERATION, "", |fixture| Ok(fixture.account.to_string())).await.unwrap()
            }
            Self::Aws(session) => {
                let client = aws_sdk_sts::Client::new(session.config());
                let caller = session.call(OPERATION, "", client.get_caller_identity().send()).await.unwrap();
                caller.account.unwrap()
            }
        }
    }
}

/// Its part of the embedded world.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Nothing {}

impl Resources for Nothing {}

impl LocalDeployer for Idler {
    type Resources = Nothing;

    const SEED: &'static str = "{}";

    fn local_ports(session: local::LocalSession<Nothing>) -> Visit {
        Visit::Embedded(session)
    }
}

impl AwsDeployer for Idler {
    fn aws_ports(session: AwsSession) -> Visit {
        Visit::Aws(Box::new(session))
    }
}
