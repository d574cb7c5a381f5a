//! Hello, the smallest whole deployer: it sets a feature flag, and puts the old value back if that fails.

use async_trait::async_trait;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::local::{Resources, ServiceError, Session};
use bifrost::lock::LockFailure;
use bifrost::machine::{Shape, TaskError};
use bifrost::release::{ConfigName, ProjectName, Release};
use bifrost::task::Context;
use bifrost::validate::ValidateFailure;
use bifrost::{Changes, Deployed, Deployer, Fields};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a release of ours says beside the envelope: which flag gets which value.
#[derive(Debug, Clone, Serialize, Deserialize, Shape)]
#[serde(deny_unknown_fields)]
struct Flag {
    flag: String,
    value: String,
}

type FlagRelease = Release<Flag>;

impl Fields for Flag {
    type Ports = Flags;

    fn wipe(&mut self) {}
}

bifrost::state_machine! {
    /// Sets a feature flag of a project's config.
    machine HelloMachine(FlagRelease) starts at Validate;

    /// Refuses what is replayed or tampered with.
    task Validate = bifrost::validate::validate { next Lock; catch _ => FailureClean; }

    /// One deploy at a time.
    task Lock = lock {
        next Deploy;
        catch LockFailure::LockExists => FailureClean;
        catch _ => Unlock;
    }

    task Deploy = deploy { next UnlockSuccess; catch _ => RollBack; }

    task UnlockSuccess = unlock { next Success; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    /// The flag gets the value back that it had before this release.
    task RollBack = roll_back { next Unlock; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    task Unlock = unlock { next FailureClean; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError)]
enum DeployFailure {
    #[error("cannot set the flag: {0}")]
    Deploy(#[from] CloudError),
}

async fn lock(context: &Context<Flags>, release: FlagRelease) -> Result<FlagRelease, LockFailure> {
    bifrost::lock::take(context, &release.envelope).await?;
    Ok(release)
}

async fn unlock(context: &Context<Flags>, release: FlagRelease) -> Result<FlagRelease, LockFailure> {
    bifrost::lock::give_back(context, &release.envelope).await?;
    Ok(release)
}

async fn deploy(context: &Context<Flags>, release: FlagRelease) -> Result<FlagRelease, DeployFailure> {
    context.target(&release.envelope).await?.set(&release).await?;
    Ok(release)
}

async fn roll_back(context: &Context<Flags>, release: FlagRelease) -> Result<FlagRelease, DeployFailure> {
    context.target(&release.envelope).await?.restore(&release).await?;
    Ok(release)
}

/// The table of flags in an account: our part of the embedded world.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct FlagTable(BTreeMap<String, Item>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Item {
    value: String,
    release_id: String,
    since: DateTime<Utc>,
    /// What was there before this release, to be put back.
    before: Option<Box<Item>>,
}

impl Resources for FlagTable {
    fn advance(&mut self, _: DateTime<Utc>) {}
}

/// The way to the flags of a target account.
struct Flags(Session<FlagTable>);

impl Flags {
    /// Sets the flag. A second time for the same release changes nothing: a task may run again.
    async fn set(&self, release: &FlagRelease) -> Result<(), CloudError> {
        let (key, id) = (key(release), release.envelope.release_id.to_string());
        self.0.call("dynamodb:PutItem", &key, |place| {
            let before = place.resources.0.get(&key).cloned();
            if before.as_ref().is_some_and(|item| item.release_id == id) {
                return Ok(());
            }
            if release.fields.value.is_empty() {
                return Err(ServiceError::new(ErrorKind::Invalid, "ValidationException", "a flag needs a value"));
            }
            let value = release.fields.value.clone();
            let item = Item { value, release_id: id.clone(), since: place.now, before: before.map(Box::new) };
            place.resources.0.insert(key.clone(), item);
            Ok(())
        }).await
    }

    /// Undoes [`set`](Self::set), if it had its effect.
    async fn restore(&self, release: &FlagRelease) -> Result<(), CloudError> {
        let (key, id) = (key(release), release.envelope.release_id.to_string());
        self.0.call("dynamodb:PutItem", &key, |place| {
            let flags = &mut place.resources.0;
            if let Some(Item { before, .. }) = flags.get(&key).filter(|item| item.release_id == id).cloned() {
                match before {
                    Some(before) => drop(flags.insert(key.clone(), *before)),
                    None => drop(flags.remove(&key)),
                }
            }
            Ok(())
        }).await
    }
}

fn key(release: &FlagRelease) -> String {
    format!("{}/{}/{}", release.envelope.project_name, release.envelope.config_name, release.fields.flag)
}
