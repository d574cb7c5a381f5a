//! What makes a deployer: its machine, its ports, what its commands show, and who it is in AWS.

use crate::cloud::{CloudError, Encryption};
use crate::machine::{Flatten, Machine};
use crate::permission::Permission;
use crate::release::{AccountId, BucketName, ConfigName, Defaults, InvalidName, ProjectName, Region, Release};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::path::Path;

/// What a deployer adds to the envelope of a release: its own fields, at the top of the same JSON object.
pub trait Fields: Serialize + DeserializeOwned + Flatten + 'static {
    /// The deployer's own ports into a target account.
    type Ports: Send + Sync + 'static;

    /// Clears what only the deployer sets: a client may have sent it, and must not be believed. The framework does so
    /// with the envelope; fields of which all are the client's have nothing to clear.
    fn wipe(&mut self) {}
}

/// A deployer: everything that the framework's client, commands and engine have to know of it.
///
/// In the order of a deploy:
///
/// | when | what is asked |
/// | --- | --- |
/// | the client prepares a release | [`attach`](Self::attach), then [`check`](Self::check) |
/// | the client follows: a state is left, or time passes in one | [`progress`](Self::progress), [`watch`](Self::watch) |
/// | the client sees the end | [`changes`](Self::changes), and [`CHANGES_FROM`](Self::CHANGES_FROM) for the exit code |
/// | a person asks for the status | [`deployed`](Self::deployed) |
/// | a person prepares a target account | [`PERMISSIONS`](Self::PERMISSIONS) |
///
/// Where it runs, it says apart: in the embedded world as a [`LocalDeployer`](crate::local::LocalDeployer), and in AWS as
/// an `AwsDeployer` of the crate `bifrost-aws`. The Lambda function needs its machine alone. What a client does is advice: the handler of `Validate` must call
/// [`check`](Self::check) itself, as whoever starts an execution need not be our client.
#[async_trait]
pub trait Deployer: Sized + Send + Sync + 'static {
    /// Its own fields of a release.
    type Fields: Fields;
    /// Its chart, written with [`state_machine!`](crate::state_machine).
    type Machine: Machine<Data = Release<Self::Fields>>;

    /// Its name, which is its command's, too: `odin`.
    const NAME: &'static str;
    /// What it does, in a line.
    const ABOUT: &'static str;
    /// How long a deploy may take that does not say so, in seconds.
    const TIMEOUT_SECONDS: u32;
    /// The state with whose entry a target account may be changed: a failure before it is a refusal (contract §9).
    const CHANGES_FROM: &'static str;
    /// What its ports call in a target account, for the policy of the role there. By default nothing.
    const PERMISSIONS: &'static [Permission] = &[];
    /// Checks all that can be checked without AWS: the rules of the deployer's `Validate`. The client asks before it
    /// uploads anything.
    ///
    /// # Errors
    /// Says what is wrong, by JSON path, and what to do.
    fn check(release: &Release<Self::Fields>) -> Result<(), String> {
        let _ = release;
        Ok(())
    }

    /// Reads the files that belong to a release file and enters their hashes into the release. The client asks once
    /// defaults are filled in and before the release is read; the files are uploaded before it.
    ///
    /// # Errors
    /// Says which file is missing or unreadable.
    fn attach(
        release_file: &Path,
        release: &mut serde_json::Map<String, serde_json::Value>,
    ) -> Result<Vec<Attachment>, String> {
        let _ = (release_file, release);
        Ok(Vec::new())
    }

    /// How far each service of the release has come, for a line of dots each: as the state says that was left last.
    fn progress(release: &Release<Self::Fields>) -> Vec<Progress> {
        let _ = release;
        Vec::new()
    }

    /// How far each service has come as the target account tells it now, for who follows a deploy between the states
    /// that look. By default what the last of them said.
    ///
    /// # Errors
    /// Whatever AWS answers.
    fn watch(
        ports: &<Self::Fields as Fields>::Ports,
        release: &Release<Self::Fields>,
    ) -> impl Future<Output = Result<Vec<Progress>, CloudError>> {
        let _ = ports;
        std::future::ready(Ok(Self::progress(release)))
    }

    /// What a successful deploy made and removed, by the release that `Success` got.
    fn changes(release: &Release<Self::Fields>) -> Changes {
        let _ = release;
        Changes::default()
    }

    /// What is deployed now of a project and config, by what the target account says.
    ///
    /// # Errors
    /// Whatever AWS answers.
    async fn deployed(
        ports: &<Self::Fields as Fields>::Ports,
        project: &ProjectName,
        config: &ConfigName,
    ) -> Result<Vec<Deployed>, CloudError>;
}

/// A file that is uploaded before the release that refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name inside the release dir, such as `userdata`.
    pub name: &'static str,
    /// Its content.
    pub body: Vec<u8>,
    /// How it is encrypted.
    pub encryption: Encryption,
}

/// How far a service has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The service.
    pub name: String,
    /// Instances that are wanted and do not exist yet.
    pub waiting: u32,
    /// Instances that boot, or are not healthy yet.
    pub starting: u32,
    /// Instances that everybody calls healthy.
    pub healthy: u32,
    /// Instances that go.
    pub terminating: u32,
    /// How many healthy instances are enough; 0 for what is to go.
    pub enough: u32,
}

/// What a deploy made and removed, each named as a person would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// What it made.
    pub created: Vec<String>,
    /// What it removed.
    pub deleted: Vec<String>,
}

/// A service that is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The service.
    pub service: String,
    /// The release that it came with.
    pub release_id: String,
    /// Since when it is there.
    pub since: DateTime<Utc>,
    /// The resource that carries it, such as the name of an auto-scaling group.
    pub resource: String,
    /// What it consists of, each with its state, such as `i-0123 InService Healthy`.
    pub parts: Vec<String>,
}

/// Who a deployer is in AWS. Every name it uses there is made of these three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name of its Lambda function and of its state machine, such as `coinbase-odin`.
    pub name: String,
    /// The deployer account.
    pub account: AccountId,
    /// The region of its function, state machine and lock table.
    pub region: Region,
}

impl Identity {
    /// The command that drives it: its name without the prefix that the team gives its deployers.
    #[must_use]
    pub fn command(&self) -> &str {
        self.name.rsplit_once('-').map_or(self.name.as_str(), |(_, command)| command)
    }

    /// ARN of the Lambda function that runs every task.
    #[must_use]
    pub fn function_arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)
    }

    /// ARN of the state machine.
    #[must_use]
    pub fn state_machine_arn(&self) -> String {
        format!("arn:aws:states:{}:{}:stateMachine:{}", self.region, self.account, self.name)
    }

    /// ARN of the execution of that name.
    #[must_use]
    pub fn execution_arn(&self, execution: &str) -> String {
        format!("arn:aws:states:{}:{}:execution:{}:{execution}", self.region, self.account, self.name)
    }

    /// The DynamoDB table of root locks: `<lambda function name, lower case>-locks`.
    #[must_use]
    pub fn lock_table(&self) -> String {
        lock_table(&self.name)
    }

    /// The one role that a target account needs.
    #[must_use]
    pub fn assumed_role(&self) -> String {
        assumed_role(&self.name)
    }

    /// The role of the Lambda function: whom the roles in target accounts trust.
    #[must_use]
    pub fn execution_role(&self) -> String {
        execution_role(&self.name)
    }

    /// The bucket of releases, `<deployer>-<deployer account id>`, unless a release names another.
    ///
    /// # Errors
    /// If the deployer's name makes no name of a bucket.
    pub fn bucket(&self) -> Result<BucketName, InvalidName> {
        bucket(&self.name, self.account.as_str()).parse()
    }

    /// What a release leaves out.
    ///
    /// # Errors
    /// If the deployer's name makes no name of a bucket.
    pub fn defaults(&self, timeout_seconds: u32) -> Result<Defaults, InvalidName> {
        Ok(Defaults {
            account: self.account.clone(),
            region: self.region.clone(),
            bucket: self.bucket()?,
            timeout_seconds,
        })
    }
}

// The same names for who knows the deployer's name alone, as a template does.

pub(crate) fn lock_table(name: &str) -> String {
    format!("{}-locks", name.to_lowercase())
}

pub(crate) fn assumed_role(name: &str) -> String {
    format!("{name}-assumed")
}

pub(crate) fn execution_role(name: &str) -> String {
    format!("{name}-lambda")
}

pub(crate) fn bucket(name: &str, account: &str) -> String {
    format!("{}-{account}", name.to_lowercase())
}
