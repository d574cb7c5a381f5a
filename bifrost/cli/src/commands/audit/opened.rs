//! Opens the log that the arguments select: in AWS, in a local cloud, or a copy.

use super::arguments::LogArgs;
use super::seen::SeenCheckpoint;
use super::{AuditCliError, AuditProgram};
use crate::commands::error::CliError;
#[cfg(feature = "local")]
use crate::commands::local;
use bifrost_audit::policy::Policy;
use bifrost_audit::reader::Index;
use bifrost_audit::source::{Folder, LogSource, StoreSource};
use bifrost_core::account::Env;
#[cfg(feature = "local")]
use bifrost_core::account::names;
use bifrost_core::audit::{AuditPorts, safe_text};
use bifrost_core::cloud::CHECKPOINT_KEY;
#[cfg(feature = "local")]
use bifrost_core::cloud::LogSigner as _;
#[cfg(feature = "local")]
use bifrost_core::deployer::Prefix;
use bifrost_core::release::Sha256;
#[cfg(feature = "local")]
use bifrost_local::AuditFile;
use chrono::{DateTime, Utc};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
#[cfg(feature = "local")]
use std::sync::Arc;
#[cfg(feature = "local")]
use uuid::Uuid;

/// An audit log, and what is known of it from outside of it.
pub(super) struct OpenedLog {
    pub(super) source: Box<dyn LogSource>,
    /// The name that its checkpoints must have. Of a copy, the name that they do have.
    pub(super) origin: String,
    /// The public key that must have signed it. A copy does not say it.
    pub(super) public_key: Option<[u8; 32]>,
    /// Whether it is a copy, which may be older than the log.
    pub(super) is_copy: bool,
    /// How messages name it.
    pub(super) place: String,
    /// The time, from which ages count: in a local cloud, its own.
    pub(super) now: DateTime<Utc>,
    /// The arguments of another command for the same log, with a space before each.
    pub(super) arguments: String,
    /// The file of the index, which is rebuilt if it is missing. `None` to keep it in memory.
    index: Option<PathBuf>,
    /// The file of a local cloud.
    cloud: Option<PathBuf>,
    how_to_get_one: String,
    /// Writes to it. Only in a local cloud: in AWS the functions do.
    pub(super) writer: Option<Writer>,
}

/// What a person needs to record something in a local cloud.
pub(super) struct Writer {
    pub(super) ports: AuditPorts,
    pub(super) env: Box<dyn Env>,
}

pub(super) async fn open(program: &AuditProgram, args: &LogArgs) -> Result<OpenedLog, CliError> {
    match &args.copy {
        Some(folder) => of_copy(folder, args).await,
        None if args.cloud.is_local() => of_local_cloud(args).await,
        None => of_aws(program, args).await,
    }
}

async fn of_copy(folder: &Path, args: &LogArgs) -> Result<OpenedLog, CliError> {
    let source = Folder::open(folder)?;
    let mut log = OpenedLog {
        source: Box::new(source),
        origin: String::new(),
        is_copy: true,
        public_key: None,
        place: folder.display().to_string(),
        now: Utc::now(),
        arguments: args.arguments(),
        index: index_file(&fs::canonicalize(folder).unwrap_or_else(|_| folder.into()).to_string_lossy()),
        cloud: None,
        how_to_get_one:
            "name the folder that `bifrost audit copy` wrote; if that was interrupted, run it again: it downloads \
                         the checkpoint last"
                .into(),
        writer: None,
    };
    if let Some(checkpoint) = log.source.get(CHECKPOINT_KEY).await? {
        let first_line = checkpoint.split(|byte| *byte == b'\n').next().unwrap_or_default();
        log.origin = String::from_utf8_lossy(first_line).into_owned();
    }
    Ok(log)
}

#[cfg(not(feature = "local"))]
async fn of_local_cloud(_: &LogArgs) -> Result<OpenedLog, CliError> {
    Err(CliError::NoLocal(super::NAME))
}

#[cfg(feature = "local")]
async fn of_local_cloud(args: &LogArgs) -> Result<OpenedLog, CliError> {
    let given = args.prefix()?;
    let path = local::file(args.cloud.cloud.as_deref());
    let place = format!("the local cloud {}", path.display());
    let how_to_get_one =
        format!("deploy something into it first, for example with `odin deploy release.json{}`", args.arguments());
    let missing = || AuditCliError::NoLog { place: place.clone(), how_to_get_one: how_to_get_one.clone() };
    if !path.exists() {
        return Err(missing().into());
    }
    let logs = bifrost_local::audit_logs(&path)?;
    let Some(origin) = choose(&logs, given, &place)? else { return Err(missing().into()) };
    let Some(file) = bifrost_local::open_audit(&path, Some(origin))? else { return Err(missing().into()) };
    let file = Arc::new(file);
    Ok(OpenedLog {
        source: Box::new(StoreSource::new(Arc::<AuditFile>::clone(&file))),
        origin: origin.clone(),
        is_copy: false,
        public_key: Some(file.public_key().await?),
        now: file.now()?,
        arguments: args.arguments(),
        index: None,
        cloud: Some(path),
        writer: Some(Writer { ports: file.ports(), env: Box::new(LocalEnv(file)) }),
        place,
        how_to_get_one,
    })
}

/// The log of deployers with the prefix that was given; without one, the only log.
#[cfg(feature = "local")]
fn choose<'l>(logs: &'l [String], given: Option<Prefix>, place: &str) -> Result<Option<&'l String>, AuditCliError> {
    let prefix = given.clone().unwrap_or_default();
    let ours = format!("{}/", names::audit_log(prefix.as_str()));
    let ours: Vec<&String> = logs.iter().filter(|origin| origin.starts_with(&ours)).collect();
    match (logs, ours.as_slice(), given) {
        ([], ..) => Ok(None),
        (_, [only], _) => Ok(Some(only)),
        ([only], [], None) => Ok(Some(only)),
        (_, [], Some(prefix)) => {
            Err(AuditCliError::OtherPrefix { place: place.to_owned(), prefix, logs: logs.join(", ") })
        }
        _ => Err(AuditCliError::SeveralLogs { place: place.to_owned(), logs: logs.join(", ") }),
    }
}

/// The clock of a local cloud.
#[cfg(feature = "local")]
struct LocalEnv(Arc<AuditFile>);

#[cfg(feature = "local")]
impl Env for LocalEnv {
    fn now(&self) -> DateTime<Utc> {
        self.0.now().unwrap_or_else(|_| Utc::now())
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}

async fn of_aws(program: &AuditProgram, args: &LogArgs) -> Result<OpenedLog, CliError> {
    let connection = program.connect(args).await?;
    Ok(OpenedLog {
        source: Box::new(StoreSource::new(connection.store)),
        cloud: None,
        index: index_file(&connection.place),
        origin: connection.origin,
        is_copy: false,
        public_key: connection.public_key,
        place: connection.place,
        now: Utc::now(),
        arguments: args.arguments(),
        how_to_get_one:
            "check --prefix, --bucket, --deployer-account and --deployer-region; the log begins with the first deploy \
                         after `bootstrap --apply` has set it up"
                .into(),
        writer: None,
    })
}

impl OpenedLog {
    /// The signed checkpoint.
    pub(super) async fn checkpoint(&self) -> Result<Vec<u8>, CliError> {
        match self.source.get(CHECKPOINT_KEY).await? {
            Some(checkpoint) => Ok(checkpoint),
            None => Err(self.without_checkpoint().await?.into()),
        }
    }

    /// The index of its entries, up to date.
    pub(super) async fn index(&self) -> Result<Index, CliError> {
        self.checkpoint().await?;
        let folder = self.index.as_deref().and_then(Path::parent);
        // Without a folder for it, the index is made again each time.
        let is_possible = folder.is_some_and(|folder| fs::create_dir_all(folder).is_ok());
        Ok(Index::open(self.index.as_deref().filter(|_| is_possible), &*self.source).await?)
    }

    /// Another command for the same log, in backticks.
    pub(super) fn hint(&self, words: &str) -> String {
        format!("`bifrost audit {words}{}`", self.arguments)
    }

    /// The command that completes this log, in backticks. In a local cloud only a deployer can, and a copy is never written to.
    pub(super) fn reconcile(&self) -> String {
        match (&self.cloud, self.is_copy) {
            (Some(_), _) => format!("`reconcile` of the deployer, such as `odin reconcile{}`", self.arguments),
            (None, true) => "`bifrost audit reconcile` where the log is, and copy it again".to_owned(),
            (None, false) => self.hint("reconcile"),
        }
    }

    /// Where the last checkpoint is kept that was seen of it: in this file if there is one.
    pub(super) fn seen(&self, file: Option<PathBuf>, policy: &Policy) -> Option<SeenCheckpoint> {
        match (file, &self.cloud) {
            (Some(file), _) => Some(SeenCheckpoint::in_file(file)),
            (None, Some(cloud)) => Some(SeenCheckpoint::beside(cloud)),
            (None, None) => SeenCheckpoint::of_log(policy),
        }
    }

    /// The key of an object. `None` if there is nothing at all.
    pub(super) async fn first_key(&self) -> Result<Option<String>, CliError> {
        let page = self.source.pages("").await?.next().await?;
        Ok(page.and_then(|page| page.into_iter().next()).map(|object| object.key))
    }

    /// The error if there is no log.
    pub(super) fn missing(&self) -> AuditCliError {
        AuditCliError::NoLog { place: self.place.clone(), how_to_get_one: self.how_to_get_one.clone() }
    }

    /// The error if there is no checkpoint: with it everything else may be missing.
    async fn without_checkpoint(&self) -> Result<AuditCliError, CliError> {
        let Some(key) = self.first_key().await? else { return Ok(self.missing()) };
        let next_step = if self.is_copy {
            "the copy is not complete: run `bifrost audit copy` again, which downloads the checkpoint last; if the bucket has none, \
             somebody deleted it"
                .to_owned()
        } else {
            format!(
                "somebody deleted it, or no writer has come to its end: {} says what is there, and {} publishes what waits",
                self.hint("verify"),
                self.reconcile()
            )
        };
        Ok(AuditCliError::NoCheckpoint { place: self.place.clone(), key: safe_text(&key), next_step })
    }
}

/// A file in the folder for caches of this user. `None` if the user has none.
fn index_file(place: &str) -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .or_else(|| absolute("LOCALAPPDATA"))?;
    let hash: String = Sha256::of(place.as_bytes()).to_string().chars().take(32).collect();
    Some(folder.join("bifrost").join("audit").join(format!("{hash}.sqlite")))
}
