//! Uploads a release and starts its execution, or finds the running one.

use super::{Address, Client, Prepared};
use crate::client::{Attachment, Body, ClientDeployer};
use bifrost_core::cloud::{CloudError, Encryption, StartError, limit_bytes};
use bifrost_core::error_code::Coded;
use bifrost_core::json;
use bifrost_core::release::{BucketName, ExecutionName, InvalidName, ReleaseDir, ReleaseId, Sha256};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use std::path::PathBuf;
use std::{fs, io};

/// How many files are uploaded at a time. Each is held in memory.
const MAX_CONCURRENT_CALLS: usize = 4;

/// The execution to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The name of the execution.
    pub execution: String,
    /// Whether it deploys the given release. If not, the given release was not deployed.
    pub is_ours: bool,
    /// Whether it was running already.
    pub joined: bool,
}

/// No execution was started for the release.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum StartFailure {
    /// AWS refused a request or did not answer.
    #[error("the release was not deployed: {0}")]
    #[code(source)]
    Cloud(#[from] CloudError),
    /// Step Functions did not start the execution.
    #[error("the release was not deployed: {0}")]
    #[code(source)]
    Start(#[from] StartError),
    /// The location of a file that belongs to the release is invalid.
    #[error("the release was not deployed: {0}")]
    #[code(source)]
    FileName(#[from] InvalidName),
    /// A file that belongs to the release can no longer be read.
    #[error("the release was not deployed: cannot read {path}: {source}")]
    #[code("release/attachment-unreadable", "check the path of the file and its permissions, then deploy again")]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file that belongs to the release changed while the release was being deployed.
    #[error("the release was not deployed: {0} changed while it was being deployed; deploy again")]
    #[code("release/file-changed", "deploy again")]
    FileChanged(PathBuf),
    /// Another release was uploaded with the same release id.
    #[error(
        "release_id: another release was uploaded as {0} before; remove `release_id` from the release, so that the client \
         creates a new id"
    )]
    #[code("release/id-taken", "remove `release_id` from the release, so that the client creates a new id")]
    ReleaseIdTaken(ReleaseId),
}

impl<D: ClientDeployer> Client<D> {
    /// Uploads the files of a prepared release, then the release, then starts its execution. If an execution for the same
    /// account, project and config is running, nothing is uploaded or started, and that execution is returned.
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
        let execution = execution_name::<D>(prepared);
        let joined = match self.executions.start(&execution, &prepared.document).await {
            Ok(()) => false,
            // The same release was deployed before: its execution is followed to its end.
            Err(StartError::AlreadyExists(_)) if self.has_deployed(prepared).await? => true,
            Err(refused) => return Err(refused.into()),
        };
        Ok(Started { execution, is_ours: true, joined })
    }

    /// Whether the execution of that name was started with exactly this release.
    async fn has_deployed(&self, prepared: &Prepared<D::Fields>) -> Result<bool, CloudError> {
        let existing = self.executions.describe(&execution_name::<D>(prepared)).await?;
        Ok(existing.is_some_and(|existing| json::same(&existing.input, &prepared.document)))
    }

    /// Uploads the release last, so that its files exist wherever it exists.
    async fn upload(&self, prepared: &Prepared<D::Fields>) -> Result<(), StartFailure> {
        let envelope = &prepared.release.envelope;
        let (bucket, dir) = (&envelope.bucket, envelope.release_dir());
        if let Some(existing) = self.account.objects.get(bucket, &dir.release(), limit_bytes::RELEASE).await?
            && !json::parse(&existing.body).is_ok_and(|existing| json::same(&existing, &prepared.document))
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
        let key = dir.attachment(name)?;
        let body = load(body.clone()).await?;
        Ok(self.account.objects.put(bucket, &key, body, encryption.clone()).await?)
    }
}

/// The content to upload. A file that has changed since it was hashed is refused.
async fn load(body: Body) -> Result<Vec<u8>, StartFailure> {
    let (path, sha256) = match body {
        Body::Bytes(bytes) => return Ok(bytes),
        Body::File { path, sha256 } => (path, sha256),
    };
    let file = path.clone();
    let read = move || fs::read(file).map(|bytes| (Sha256::of(&bytes) == sha256).then_some(bytes));
    match tokio::task::spawn_blocking(read).await.map_err(io::Error::other).flatten() {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(StartFailure::FileChanged(path)),
        Err(source) => Err(StartFailure::FileUnreadable { path, source }),
    }
}

/// The name of the execution that deploys the release.
fn execution_name<D: ClientDeployer>(prepared: &Prepared<D::Fields>) -> String {
    ExecutionName::for_release(&prepared.release.envelope, D::EXECUTION_NAMES).to_string()
}
