//! Updates the state machine and the function of a release.

use super::validate::read_code;
use super::{Context, PREVIOUS_FILE};
use crate::cloud::{CodeUpdate, Function, NewVersion, StateMachine, StepPorts};
use crate::errors::{Resource, UpdateError};
use crate::release::{Previous, StepRelease, function_arn};
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::json;
use bifrost::lifecycle::Proof;
use bifrost::machine::set_function_version;
use bifrost::release::Sha256;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::time::Duration;
use tokio::try_join;

/// How long an update of a function may take, in seconds. Deploy waits for two at most, and has 300 s.
const MAX_UPDATE_SECONDS: u64 = 100;

/// The longest pause between two looks at a function, in seconds.
const MAX_PAUSE_SECONDS: u64 = 5;

/// The largest definition, in bytes: 1 MiB (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
const MAX_DEFINITION_BYTES: u64 = 1024 * 1024;

/// The update of one attempt of Deploy.
pub(super) struct Update<'a> {
    pub(super) context: &'a Context,
    pub(super) ports: StepPorts,
    pub(super) proof: Proof,
    pub(super) release: &'a StepRelease,
    pub(super) previous: &'a Previous,
    /// The definition of the release, as it was sent.
    pub(super) definition: Value,
    /// The code of the release.
    code: Vec<u8>,
    /// When the attempt began.
    pub(super) started: DateTime<Utc>,
}

impl<'a> Update<'a> {
    /// Reads what the update needs, and proves that the lock is held. Changes nothing.
    pub(super) async fn prepare(context: &'a Context, release: &'a StepRelease) -> Result<Self, UpdateError> {
        let started = context.now();
        let previous = release.fields.previous.as_ref().ok_or(UpdateError::NotRecorded)?;
        let definition = crate::release::definition(release).map_err(|invalid| UpdateError::Code(invalid.into()))?;
        let ports = async { Ok::<_, UpdateError>(context.target(&release.envelope).await?) };
        let code = async { Ok(read_code(context, release).await?) };
        let (ports, code) = try_join!(ports, code)?;
        let proof = context.lock_proof(&release.envelope).await?;
        Ok(Self { context, ports, proof, release, previous, definition, code, started })
    }

    /// Updates both, and returns the version that it published.
    pub(super) async fn run(&self) -> Result<Option<String>, UpdateError> {
        if !self.release.fields.publish_version {
            self.update_definition(&self.definition).await?;
            self.update_code().await?;
            return Ok(None);
        }
        self.update_code().await?;
        let version = self.publish_version().await?;
        let mut definition = self.definition.clone();
        set_function_version(&mut definition, &function_arn(self.release), Some(&version));
        self.update_definition(&definition).await?;
        Ok(Some(version))
    }

    /// Replaces the definition that was deployed before.
    async fn update_definition(&self, wanted: &Value) -> Result<(), UpdateError> {
        let now = self.state_machine().await?.definition;
        if is_same(&now, wanted) {
            return Ok(());
        }
        if Sha256::of(now.as_bytes()) != self.previous.definition_sha256 {
            return Err(self.changed_machine());
        }
        match self.put_definition(&format!("{wanted:#}")).await {
            // The answer was lost: executions may have started with the new definition.
            Err(error)
                if error.kind == ErrorKind::Unavailable && is_same(&self.state_machine().await?.definition, wanted) =>
            {
                Ok(())
            }
            answer => Ok(answer?),
        }
    }

    /// Replaces the code that was deployed before, and waits until Lambda has done so.
    async fn update_code(&self) -> Result<(), UpdateError> {
        let now = self.settled(None).await?;
        let wanted = self.release.fields.lambda_sha256;
        if now.code_sha256 == Some(wanted) {
            return self.check_updated(now);
        }
        if now.code_sha256 != Some(self.previous.code_sha256) {
            return Err(self.changed_function());
        }
        self.replace_code(now, self.code.clone()).await
    }

    /// Replaces the code of the function in this revision, and waits.
    pub(super) async fn replace_code(&self, now: Function, zip: Vec<u8>) -> Result<(), UpdateError> {
        let wanted = Sha256::of(&zip);
        let update = CodeUpdate { function: self.function_name().to_owned(), zip, revision_id: now.revision_id };
        let answer = self.ports.functions.update_code(&self.proof, &update).await;
        // If the answer was lost, the update may have started all the same.
        if answer.as_ref().is_err_and(|error| error.kind != ErrorKind::Unavailable) {
            return Ok(answer?);
        }
        let updated = self.settled(None).await?;
        if updated.code_sha256 != Some(wanted) {
            answer?;
            if updated.last_update_status != "Failed" {
                return Err(self.changed_function());
            }
        }
        self.check_updated(updated)
    }

    fn check_updated(&self, function: Function) -> Result<(), UpdateError> {
        if function.last_update_status != "Failed" {
            return Ok(());
        }
        let reason = function.last_update_reason.unwrap_or_else(|| "Lambda gives no reason".into());
        Err(UpdateError::UpdateFailed { function: self.release.fields.lambda_name.clone(), reason })
    }

    async fn publish_version(&self) -> Result<String, UpdateError> {
        let version = NewVersion {
            function: self.function_name().to_owned(),
            code_sha256: self.release.fields.lambda_sha256,
            release_id: self.release.envelope.release_id.clone(),
        };
        let version = self.ports.functions.publish_version(&self.proof, &version).await?;
        // Until it is active, invocations of it fail.
        self.check_updated(self.settled(Some(&version)).await?)?;
        Ok(version)
    }

    /// The function, or one of its versions, once Lambda is not busy with it.
    pub(super) async fn settled(&self, version: Option<&str>) -> Result<Function, UpdateError> {
        let (mut waited, mut pause) = (0, 1);
        loop {
            let function = self.ports.functions.function(self.function_name(), version).await?;
            let function = function.ok_or_else(|| self.changed_function())?;
            if function.last_update_status != "InProgress" && function.state != "Pending" {
                return Ok(function);
            }
            if waited >= MAX_UPDATE_SECONDS {
                let function = self.release.fields.lambda_name.clone();
                return Err(UpdateError::TakesTooLong { function, seconds: waited });
            }
            self.context.account.env.sleep(Duration::from_secs(pause)).await;
            waited += pause;
            pause = (pause + 1).min(MAX_PAUSE_SECONDS);
        }
    }

    pub(super) async fn state_machine(&self) -> Result<StateMachine, UpdateError> {
        let machine = self.ports.state_machines.state_machine(self.release.fields.step_fn_name.as_str()).await?;
        machine.ok_or_else(|| self.changed_machine())
    }

    pub(super) async fn put_definition(&self, definition: &str) -> Result<(), CloudError> {
        self.ports.state_machines.update(&self.proof, self.release.fields.step_fn_name.as_str(), definition).await
    }

    /// The text of the definition that was deployed before; `None` if the file is not there, or not the one that was recorded.
    pub(super) async fn previous_definition(&self) -> Result<Option<String>, CloudError> {
        let key = self.release.envelope.release_dir().file(PREVIOUS_FILE);
        let bucket = &self.release.envelope.bucket;
        let file = self.context.account.objects.get(bucket, &key, MAX_DEFINITION_BYTES).await?;
        let recorded = |body: &Vec<u8>| Sha256::of(body) == self.previous.definition_sha256;
        Ok(file.map(|file| file.body).filter(recorded).and_then(|body| String::from_utf8(body).ok()))
    }

    pub(super) fn function_name(&self) -> &str {
        self.release.fields.lambda_name.as_str()
    }

    fn changed_machine(&self) -> UpdateError {
        UpdateError::ChangedMeanwhile(Resource::StateMachine(self.release.fields.step_fn_name.clone()))
    }

    fn changed_function(&self) -> UpdateError {
        UpdateError::ChangedMeanwhile(Resource::Function(self.release.fields.lambda_name.clone()))
    }
}

/// Whether the text is this definition, except for white space.
fn is_same(text: &str, definition: &Value) -> bool {
    json::parse(text.as_bytes()).is_ok_and(|parsed| json::same(&parsed, definition))
}
