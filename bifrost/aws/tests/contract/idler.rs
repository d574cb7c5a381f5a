//! The smallest deployer: its executions wait, and its ports know their account.

use bifrost::Deployer;
use bifrost::client::{ClientContext, ClientDeployer, Deployed};
use bifrost::error_code::CodedError;
use bifrost::lifecycle::{Context, TargetObjects};
use bifrost::local::{self, LocalDeployer, Resources};
use bifrost::machine::{DefinitionSettings, Machine, State};
use bifrost::release::Release;
use bifrost::task::FunctionError;
use bifrost_aws::{AwsDeployer, AwsSession};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

#[bifrost::fields]
pub struct IdlerFields {
    long: bool,
}

/// The states of the idler. It deploys nothing, so it has no life cycle, and is not written with `state_machine!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdlerMachine {
    Choose,
    IdleLong,
    IdleShort,
    Success,
}

impl Machine for IdlerMachine {
    type Data = Release<IdlerFields>;
    type Ports = IdlerPorts;

    const NAME: &'static str = "Idler";
    const STATES: &'static [State] = &[];
    const ALL: &'static [Self] = &[Self::Choose, Self::IdleLong, Self::IdleShort, Self::Success];
    const CHANGES_FROM: Self = Self::Choose;
    const SUCCESS: Self = Self::Success;
    const FAILURE_CLEAN: Self = Self::Success;
    const FAILURE_DIRTY: Self = Self::Success;

    fn name(self) -> &'static str {
        match self {
            Self::Choose => "Choose",
            Self::IdleLong => "IdleLong",
            Self::IdleShort => "IdleShort",
            Self::Success => "Success",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }

    fn definition(_: &DefinitionSettings) -> Value {
        json!({
            "StartAt": "Choose",
            "States": {
                "Choose": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.long", "BooleanEquals": true, "Next": "IdleLong"}],
                    "Default": "IdleShort",
                },
                "IdleLong": {"Type": "Wait", "Seconds": 100_000, "Next": "Success"},
                "IdleShort": {"Type": "Wait", "Seconds": 1, "Next": "Success"},
                "Success": {"Type": "Succeed"},
            },
        })
    }

    async fn run(_: &Context<IdlerPorts>, task: &str, _: &Value) -> Result<Value, FunctionError> {
        Err(FunctionError::new("TaskError", task))
    }
}

impl fmt::Display for IdlerMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

pub struct Idler;

impl Deployer for Idler {
    type Fields = IdlerFields;
    type Machine = IdlerMachine;

    const NAME: &'static str = "idler";
    const TIMEOUT_SECONDS: u32 = 60;
}

impl ClientDeployer for Idler {
    const ABOUT: &'static str = "Waits";

    async fn deployed(_: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        Ok(Vec::new())
    }
}

/// The ports in a target account, which only know the account.
pub enum IdlerPorts {
    Local(local::LocalSession<NoResources>),
    Aws(Box<AwsSession>),
}

impl IdlerPorts {
    /// The objects of the account.
    pub fn objects(&self) -> Arc<dyn TargetObjects> {
        match self {
            Self::Local(session) => session.objects(),
            Self::Aws(session) => session.objects(),
        }
    }

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
