//! Uploads a release and starts its execution, or finds the one that runs already.

use super::{Address, Client, Prepared};
use crate::client::{Attachment, Body, ClientDeployer};
use bifrost_core::cloud::{CloudError, Encryption, StartError};
use bifrost_core::json;
use bifrost_core::release::{BucketName, ReleaseDir, ReleaseId, Sha256};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use std::{fs, io};

/// How many files are uploaded at a time. Each is in memory then.
const MAX_CONCURRENT_CALLS: usize = 4;

/// The execution to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its name.
    pub execution: String,
    /// Whether it deploys the release that was asked for. If not, that one was not deployed.
    pub is_ours: bool,
    /// Whether it ran already.
    pub joined: bool,
}

/// No execution was started for the release.
#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    /// AWS refused, or did not answer.
    #[error("the release was not deployed: {0}")]
    Cloud(#[from] CloudError),
    /// Step Functions refused to start the execution.
    #[error("the release was not deployed: {0}")]
    Start(#[from] StartError),
    /// A file that belongs to it cannot be read any more, or is another by now.
    #[error("the release was not deployed: {0}")]
    File(String),
    /// Another release was uploaded under the same id.
    #[error(
        "release_id: another release was uploaded as {0} before, and its record must stay as it is; \
         leave `release_id` out, and the client makes a new one"
    )]
    ReleaseIdTaken(ReleaseId),
}

impl<D: ClientDeployer> Client<D> {
    /// Deploys a prepared release: uploads its files, then the release, then starts its execution. If one runs for the
    /// same account, project and config, nothing is uploaded or started: that one is to be followed.
    ///
    /// # Errors
    /// [`StartFailure`]: no execution was started.
    pub async fn start(&self, prepared: &Prepared<D::Fields>) -> Result<Started, StartFailure> {
        let address = Address::from(&prepared.release.envelope);
        if let Some(running) = self.running(&address).await? {
            let is_ours = json::same(&running.input, &prepared.document);
            return Ok(Started { execution: running.name, is_ours, joined: true });
        }
        self.upload(prepared).await?;
        let execution = prepared.execution().to_string();
        let joined = match self.executions.start(&execution, &prepared.document).await {
            Ok(()) => false,
            // A client that comes again after its release was deployed is told how that went.
            Err(StartError::AlreadyExists(_)) if self.has_deployed(prepared).await? => true,
            Err(refused) => return Err(refused.into()),
        };
        Ok(Started { execution, is_ours: true, joined })
    }

    /// Whether the execution of that name was started with this very release.
    async fn has_deployed(&self, prepared: &Prepared<D::Fields>) -> Result<bool, CloudError> {
        let there = self.executions.describe(prepared.execution().as_str()).await?;
        Ok(there.is_some_and(|there| json::same(&there.input, &prepared.document)))
    }

    /// The release goes last: where it is, its files are.
    async fn upload(&self, prepared: &Prepared<D::Fields>) -> Result<(), StartFailure> {
        let envelope = &prepared.release.envelope;
        let (bucket, dir) = (&envelope.bucket, envelope.release_dir());
        if let Some(there) = self.account.objects.get(bucket, &dir.release()).await?
            && !json::parse(&there.body).is_ok_and(|there| json::same(&there, &prepared.document))
        {
            return Err(StartFailure::ReleaseIdTaken(envelope.release_id.clone()));
        }
        let files = prepared.attachments.iter().map(|file| self.upload_file(bucket, &dir, file));
        stream::iter(files).buffer_unordered(MAX_CONCURRENT_CALLS).try_collect::<()>().await?;
        let body = prepared.document.to_string().into_bytes();
        Ok(self.account.objects.put(bucket, &dir.release(), body, Encryption::Bucket).await?)
    }

    async fn upload_file(&self, bucket: &BucketName, dir: &ReleaseDir, file: &Attachment) -> Result<(), StartFailure> {
        let Attachment { name, body, encryption } = file;
        let key = dir.attachment(name).map_err(|error| StartFailure::File(error.to_string()))?;
        let body = load(body.clone()).await.map_err(StartFailure::File)?;
        Ok(self.account.objects.put(bucket, &key, body, encryption.clone()).await?)
    }
}

/// The content to upload: that which the release means, though the file may have been changed since it was hashed.
async fn load(body: Body) -> Result<Vec<u8>, String> {
    let (path, sha256) = match body {
        Body::Bytes(bytes) => return Ok(bytes),
        Body::File { path, sha256 } => (path, sha256),
    };
    let shown = path.display().to_string();
    let read = move || fs::read(path).map(|bytes| (Sha256::of(&bytes) == sha256).then_some(bytes));
    match tokio::task::spawn_blocking(read).await.map_err(io::Error::other).flatten() {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(format!("{shown} was changed while it was being deployed; deploy it again")),
        Err(error) => Err(format!("cannot read {shown}: {error}")),
    }
}
