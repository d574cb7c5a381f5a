//! The ports to AWS that Step needs in a target account.

#[cfg(feature = "lambda")]
mod aws;
#[cfg(feature = "local")]
pub mod local;

use bifrost::asl::MachineType;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::release::{ReleaseId, Sha256};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tags of a resource: values by key.
pub type Tags = BTreeMap<String, String>;

/// All ports into one account and region, used with the one role that Step assumes there.
#[derive(Clone)]
pub struct StepPorts {
    /// Lambda.
    pub functions: Arc<dyn Functions>,
    /// Step Functions.
    pub state_machines: Arc<dyn StateMachines>,
}

/// Lambda functions.
#[bifrost::port]
pub trait Functions {
    /// The present configuration of a function (`$LATEST`), or of one of its versions; `None` if it does not exist.
    #[call("lambda:GetFunctionConfiguration", name)]
    async fn function(&self, name: &str, version: Option<&str>) -> Result<Option<Function>, CloudError>;

    /// The tags of a function that exists.
    #[call("lambda:ListTags", name)]
    async fn tags(&self, name: &str) -> Result<Tags, CloudError>;

    /// The published versions of a function, in any order.
    #[call("lambda:ListVersionsByFunction", name)]
    async fn versions(&self, name: &str) -> Result<Vec<FunctionVersion>, CloudError>;

    /// Starts to replace the code of a function. Fails if its revision is another one.
    #[change("lambda:UpdateFunctionCode", update.function)]
    async fn update_code(&self, proof: &Proof, update: &CodeUpdate) -> Result<(), CloudError>;

    /// Publishes a version of a function with this code, and returns its number. If nothing has changed since the last version was
    /// published, that is the last one. Fails if the function has other code.
    #[change("lambda:PublishVersion", version.function)]
    async fn publish_version(&self, proof: &Proof, version: &NewVersion) -> Result<String, CloudError>;

    /// Deletes a version of a function. Succeeds if it does not exist.
    #[change("lambda:DeleteFunction", format_args!("{name}:{version}"))]
    async fn delete_version(&self, proof: &Proof, name: &str, version: &str) -> Result<(), CloudError>;
}

/// The configuration of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Such as `provided.al2023`; `None` for one that is a container image.
    pub runtime: Option<String>,
    /// What the runtime calls, such as `app.handler`.
    pub handler: Option<String>,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// `Zip` or `Image`.
    pub package_type: String,
    /// How many layers it has.
    pub layers: usize,
    /// SHA-256 of its code; `None` for a container image.
    pub code_sha256: Option<Sha256>,
    /// The size of its zip file.
    pub code_size_bytes: u64,
    /// `Pending`, `Active`, `Inactive` or `Failed`.
    pub state: String,
    /// `Successful`, `InProgress` or `Failed`.
    pub last_update_status: String,
    /// Lambda's reason for that status.
    pub last_update_reason: Option<String>,
    /// Changes with each update.
    pub revision_id: String,
}

/// A published version of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionVersion {
    /// Its number.
    pub version: String,
    /// For a version that Step published, the id of the release.
    pub description: String,
    /// When it was published.
    pub published: DateTime<Utc>,
}

/// New code of a function.
#[derive(Debug, Clone)]
pub struct CodeUpdate {
    /// The function.
    pub function: String,
    /// The zip file.
    pub zip: Vec<u8>,
    /// The revision that it replaces.
    pub revision_id: String,
}

/// A version to publish.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The function.
    pub function: String,
    /// SHA-256 of the code that it must have.
    pub code_sha256: Sha256,
    /// The release, which becomes the version's description.
    pub release_id: ReleaseId,
}

/// State machines.
#[bifrost::port]
pub trait StateMachines {
    /// The state machine, or `None` if it does not exist.
    #[call("states:DescribeStateMachine", name)]
    async fn state_machine(&self, name: &str) -> Result<Option<StateMachine>, CloudError>;

    /// The tags of a state machine that exists.
    #[call("states:ListTagsForResource", name)]
    async fn tags(&self, name: &str) -> Result<Tags, CloudError>;

    /// What Step Functions says of a definition for a state machine of this type: at most 100 diagnostics.
    #[call("states:ValidateStateMachineDefinition")]
    async fn validate(&self, definition: &str, machine_type: MachineType) -> Result<Vec<Diagnostic>, CloudError>;

    /// Replaces the definition of a state machine.
    #[change("states:UpdateStateMachine", name)]
    async fn update(&self, proof: &Proof, name: &str, definition: &str) -> Result<(), CloudError>;
}

/// A state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMachine {
    /// Its definition, as text.
    pub definition: String,
    /// ARN of its role.
    pub role_arn: String,
    /// Standard or express.
    pub machine_type: MachineType,
    /// `ACTIVE` or `DELETING`.
    pub status: String,
}

/// What Step Functions says of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it refuses the definition; otherwise it warns.
    pub is_error: bool,
    /// Such as `SCHEMA_VALIDATION_FAILED`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Where, such as `/States/Deploy/Next`; may be empty.
    pub location: String,
}
