//! Hello, the smallest complete deployer: it sets a feature flag, and restores the old value if that fails.

use bifrost::client::{Action, ClientContext, ClientDeployer, DeployPlan, Deployed, PlannedChange, Prepared};
use bifrost::cloud::CloudError;
use bifrost::error_code::{Coded, CodedError};
use bifrost::lifecycle::{Context, LockFailure, Proof, fail, lock, succeed, validate};
use bifrost::local::{LocalDeployer, LocalSession, Resources};
use bifrost::release::Release;
use bifrost::{Deployer, Permission, TaskError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fields of a release, in addition to the envelope: a flag and its value.
#[bifrost::fields]
struct Flag {
    flag: String,
    value: String,
}

bifrost::state_machine! {
    /// Sets a feature flag of a project's config.
    machine Chart(Release<Flag>, Flags) starts at Validate, changes from Deploy;

    /// Refuses a release that is replayed or changed.
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }

    /// Allows one deploy at a time.
    task Lock = lock {
        locks;
        next Deploy;
        catch LockFailure::LockExists => FailureClean;
        catch _ => UnlockFailure;
    }

    /// Sets the flag.
    task Deploy = deploy { looks for halt; next UnlockSuccess; catch _ => RollBack; }

    /// Gives the lock back, and records what is deployed.
    task UnlockSuccess = succeed { unlocks; next Success; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    /// Restores the value before this release.
    task RollBack = roll_back { cleans up; next UnlockFailure; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    /// Gives the lock back.
    task UnlockFailure = fail { unlocks; next FailureClean; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
enum FlagFailure {
    #[error("cannot set the flag")]
    #[code(source)]
    Deploy(#[from] CloudError),
}

async fn deploy(context: &Context<Flags>, release: Release<Flag>) -> Result<Release<Flag>, FlagFailure> {
    let flags = context.target(&release.envelope).await?;
    flags.set(&context.lock_proof(&release.envelope).await?, &release).await?;
    Ok(release)
}

async fn roll_back(context: &Context<Flags>, release: Release<Flag>) -> Result<Release<Flag>, FlagFailure> {
    let flags = context.target(&release.envelope).await?;
    // Only this release's own value is removed.
    let (current, ownership) = (flags.current(&release).await?, context.ownership(&release.envelope).await?);
    if let Some(proof) = ownership.proof(current.as_ref().map(|item| item.release_id.as_str())) {
        flags.restore(&proof, &release).await?;
    }
    Ok(release)
}

/// The flags of an account with their current and earlier values: the resources of this deployer in the local cloud.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct FlagTable(BTreeMap<String, Vec<Deployed>>);

impl Resources for FlagTable {}

/// The port to the flags of a target account.
struct Flags(LocalSession<FlagTable>);

impl Flags {
    /// Changes nothing if it runs again, because a task may.
    async fn set(&self, proof: &Proof, Release { envelope, fields }: &Release<Flag>) -> Result<(), CloudError> {
        let key = format!("{}/{}/{}", envelope.project_name, envelope.config_name, fields.flag);
        let (service, release_id) = (fields.flag.clone(), envelope.release_id.to_string());
        let (resource, parts) = ("flag".to_owned(), vec![fields.value.clone()]);
        let put = self.0.change(proof, "dynamodb:PutItem", &key, |region| {
            let values = region.resources.0.entry(key.clone()).or_default();
            if values.last().is_none_or(|item| item.release_id != release_id) {
                values.push(Deployed { service, release_id, since: region.now, resource, parts });
            }
            Ok(())
        });
        put.await
    }

    /// The current value of the flag, with the release that set it.
    async fn current(&self, Release { envelope, fields }: &Release<Flag>) -> Result<Option<Deployed>, CloudError> {
        let key = format!("{}/{}/{}", envelope.project_name, envelope.config_name, fields.flag);
        let get = self.0.call("dynamodb:GetItem", &key, |region| {
            Ok(region.resources.0.get(&key).and_then(|values| values.last()).cloned())
        });
        get.await
    }

    async fn restore(&self, proof: &Proof, Release { envelope, fields }: &Release<Flag>) -> Result<(), CloudError> {
        let key = format!("{}/{}/{}", envelope.project_name, envelope.config_name, fields.flag);
        let put = self.0.change(proof, "dynamodb:PutItem", &key, |region| {
            let values = region.resources.0.entry(key.clone()).or_default();
            values.pop_if(|item| item.release_id == envelope.release_id.as_str());
            region.resources.0.retain(|_, values| !values.is_empty());
            Ok(())
        });
        put.await
    }
}

/// The deployer.
struct Hello;

impl Deployer for Hello {
    type Fields = Flag;
    type Machine = Chart;

    const NAME: &'static str = "hello";
    const TIMEOUT_SECONDS: u32 = 60;
    const PERMISSIONS: &'static [Permission] = &[Permission {
        sid: "Flags",
        why: "Reads and sets the flags of a project's config",
        actions: &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"],
        resources: &["arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/flags"],
        conditions: &[],
    }];
}

impl ClientDeployer for Hello {
    const ABOUT: &'static str = "Deploys a feature flag";

    async fn plan(context: &ClientContext<Self>, prepared: &Prepared<Flag>) -> Result<Option<DeployPlan>, CodedError> {
        let Flag { flag, value } = &prepared.release.fields;
        let current = context.ports.current(&prepared.release).await?.and_then(|item| item.parts.into_iter().next());
        let (action, detail) = match current {
            None => (Action::Add, value.clone()),
            Some(now) if now == *value => return Ok(Some(DeployPlan::default())),
            Some(now) => (Action::Modify, format!("{now} → {value}")),
        };
        let (resource, kind, details) = (flag.clone(), "flag".to_owned(), vec![detail]);
        let changes = vec![PlannedChange { action, resource, kind, details, is_stateful: false }];
        Ok(Some(DeployPlan { changes, ..DeployPlan::default() }))
    }

    async fn deployed(context: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        let dir = format!("{}/{}/", context.address.project, context.address.config);
        let scan = context.ports.0.call("dynamodb:Scan", "flags", |region| {
            let ours = region.resources.0.iter().filter(|(key, _)| key.starts_with(&dir));
            Ok(ours.filter_map(|(_, values)| values.last().cloned()).collect())
        });
        Ok(scan.await?)
    }
}

/// It runs in the local cloud.
impl LocalDeployer for Hello {
    type Resources = FlagTable;

    const SEED: &'static str = include_str!("../seed.json");

    fn local_ports(session: LocalSession<FlagTable>) -> Flags {
        Flags(session)
    }
}

bifrost::main!(Hello, clouds: [local]);

#[cfg(test)]
mod tests {
    use super::Hello;
    use bifrost::testing::FaultSweep;
    use serde_json::json;

    #[tokio::test]
    async fn every_call_may_fail() {
        let releases = ["off", "on"].map(|value| json!({"flag": "new-checkout", "value": value}));
        FaultSweep::<Hello>::of(releases).run().await.unwrap();
    }
}
