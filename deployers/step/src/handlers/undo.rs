//! Undoes an update that failed.

use super::update::Update;
use crate::Step;
use crate::cloud::Function;
use crate::errors::UpdateError;
use crate::package::MAX_ZIP_BYTES;
use crate::release::{CODE_FILE, is_definition_of};
use bifrost::Deployer;
use bifrost::cloud::CloudError;
use bifrost::error_code::full_message;
use bifrost::release::Sha256;
use chrono::TimeDelta;

impl Update<'_> {
    /// Restores what was deployed before, as far as this release has replaced it. Returns what is not as it was before, and why.
    pub(super) async fn undo(&self) -> Vec<String> {
        // Step Functions has given this attempt up, and another one may have succeeded meanwhile.
        if self.context.now() - self.started >= TimeDelta::seconds(Step::TASK_TIMEOUT_SECONDS.into()) {
            return vec!["the attempt took longer than its task may".to_owned()];
        }
        let definition = self.undo_definition().await;
        // A version that the definition names cannot be left out.
        let version = if definition.is_ok() { self.undo_version().await } else { Ok(()) };
        let code = self.undo_code().await;
        [definition, version, code].into_iter().filter_map(Result::err).collect()
    }

    async fn undo_definition(&self) -> Result<(), String> {
        let name = &self.release.fields.step_fn_name;
        let unknown =
            |error: UpdateError| format!("state machine {name} may have the new definition: {}", full_message(&error));
        let now = self.state_machine().await.map_err(unknown)?.definition;
        if Sha256::of(now.as_bytes()) == self.previous.definition_sha256 {
            return Ok(());
        }
        if !is_definition_of(self.release, &now) {
            return Err(format!("state machine {name} has a definition that somebody else wrote"));
        }
        let kept = |reason: &str| format!("state machine {name} has the definition of this release: {reason}");
        let previous = self.previous_definition().await.map_err(|error| kept(&full_message(&error)))?;
        let previous = previous.ok_or_else(|| kept("the one before was not saved"))?;
        self.put_definition(&previous).await.map_err(|error| kept(&full_message(&error)))
    }

    /// Deletes the version that this release published.
    async fn undo_version(&self) -> Result<(), String> {
        if !self.release.fields.publish_version {
            return Ok(());
        }
        let (name, release_id) = (self.function_name(), self.release.envelope.release_id.as_str());
        let delete = async {
            for version in self.ports.functions.versions(name).await? {
                if version.description == release_id {
                    self.ports.functions.delete_version(&self.proof, name, &version.version).await?;
                }
            }
            Ok::<_, CloudError>(())
        };
        delete.await.map_err(|error| {
            format!("function {name} may have a version with the description {release_id}: {}", full_message(&error))
        })
    }

    async fn undo_code(&self) -> Result<(), String> {
        let name = self.function_name();
        let unknown = |error: UpdateError| format!("function {name} may have the new code: {}", full_message(&error));
        let now = self.settled(None).await.map_err(unknown)?;
        if now.code_sha256 == Some(self.previous.code_sha256) {
            return Ok(());
        }
        if now.code_sha256 != Some(self.release.fields.lambda_sha256) {
            return Err(format!("function {name} has code that somebody else deployed"));
        }
        let kept = |reason: &str| format!("function {name} has the code of this release: {reason}");
        match self.restore_code(now).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(kept("the code before was not deployed by this deployer, so it cannot be restored")),
            Err(error) => Err(kept(&full_message(&error))),
        }
    }

    /// Restores the code of the release that was deployed last, if that is what the function had.
    async fn restore_code(&self, now: Function) -> Result<bool, UpdateError> {
        let (account, envelope) = (&self.context.account, &self.release.envelope);
        let root = envelope.root_dir();
        let Some(deployed) = account.locks.deployed(&root).await? else { return Ok(false) };
        let key = root.release_dir(&deployed.release_id).file(CODE_FILE);
        let zip = account.objects.get(&envelope.bucket, &key, MAX_ZIP_BYTES).await?.map(|object| object.body);
        let Some(zip) = zip.filter(|zip| Sha256::of(zip) == self.previous.code_sha256) else { return Ok(false) };
        self.replace_code(now, zip).await?;
        Ok(true)
    }
}
