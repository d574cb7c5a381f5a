//! Hello, the smallest whole deployer: it sets a feature flag, and puts the old value back if that fails.

use async_trait::async_trait;
use bifrost::client::{Action, ClientDeployer, DeployPlan, Deployed, PlanError, PlannedChange, Prepared};
use bifrost::cloud::{CloudError, Objects};
use bifrost::local::{LocalDeployer, LocalSession, Resources};
use bifrost::lock::{LockFailure, lock, unlock};
use bifrost::release::{ConfigName, ProjectName, Release};
use bifrost::task::Context;
use bifrost::validate::validate;
use bifrost::{Deployer, Fields, Shape, TaskError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a release of ours says beside the envelope: which flag gets which value.
#[derive(Debug, Clone, Serialize, Deserialize, Shape)]
#[serde(deny_unknown_fields)]
struct Flag {
    flag: String,
    value: String,
}

impl Fields for Flag {
    type Ports = Flags;
}

bifrost::state_machine! {
    /// Sets a feature flag of a project's config.
    machine Chart(Release<Flag>) starts at Validate;

    /// Refuses what is replayed or tampered with.
    task Validate = validate { next Lock; catch _ => FailureClean; }

    /// One deploy at a time.
    task Lock = lock {
        next Deploy;
        catch LockFailure::LockExists => FailureClean;
        catch _ => UnlockFailure;
    }

    task Deploy = deploy { next UnlockSuccess; catch _ => RollBack; }

    task UnlockSuccess = unlock { next Success; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    /// The flag gets back the value that it had before this release.
    task RollBack = roll_back { next UnlockFailure; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    task UnlockFailure = unlock { next FailureClean; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError)]
enum FlagFailure {
    #[error("cannot set the flag")]
    Deploy(#[from] CloudError),
}

async fn deploy(context: &Context<Flags>, release: Release<Flag>) -> Result<Release<Flag>, FlagFailure> {
    context.target(&release.envelope).await?.set(&release).await?;
    Ok(release)
}

async fn roll_back(context: &Context<Flags>, release: Release<Flag>) -> Result<Release<Flag>, FlagFailure> {
    context.target(&release.envelope).await?.restore(&release).await?;
    Ok(release)
}

/// The flags of an account, each with the values that it has had: our part of the embedded world.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct FlagTable(BTreeMap<String, Vec<Deployed>>);

impl Resources for FlagTable {}

/// Our port: the flags of a target account.
struct Flags(LocalSession<FlagTable>);

impl Flags {
    /// A task may run again: a second time, nothing changes.
    async fn set(&self, Release { envelope, fields }: &Release<Flag>) -> Result<(), CloudError> {
        let key = format!("{}/{}/{}", envelope.project_name, envelope.config_name, fields.flag);
        let (service, release_id) = (fields.flag.clone(), envelope.release_id.to_string());
        let (resource, parts) = ("flag".to_owned(), vec![fields.value.clone()]);
        let put = self.0.call("dynamodb:PutItem", &key, |place| {
            let values = place.resources.0.entry(key.clone()).or_default();
            if values.last().is_none_or(|item| item.release_id != release_id) {
                values.push(Deployed { service, release_id, since: place.now, resource, parts });
            }
            Ok(())
        });
        put.await
    }

    /// The value that the flag has.
    async fn value(&self, Release { envelope, fields }: &Release<Flag>) -> Result<Option<String>, CloudError> {
        let key = format!("{}/{}/{}", envelope.project_name, envelope.config_name, fields.flag);
        let get = self.0.call("dynamodb:GetItem", &key, |place| {
            let item = place.resources.0.get(&key).and_then(|values| values.last());
            Ok(item.and_then(|item| item.parts.first().cloned()))
        });
        get.await
    }

    async fn restore(&self, Release { envelope, fields }: &Release<Flag>) -> Result<(), CloudError> {
        let key = format!("{}/{}/{}", envelope.project_name, envelope.config_name, fields.flag);
        let put = self.0.call("dynamodb:PutItem", &key, |place| {
            let values = place.resources.0.entry(key.clone()).or_default();
            values.pop_if(|item| item.release_id == envelope.release_id.as_str());
            Ok(())
        });
        put.await
    }
}

/// Everything that the framework has to know of us.
struct Hello;

impl Deployer for Hello {
    type Fields = Flag;
    type Machine = Chart;

    const NAME: &'static str = "hello";
    const TIMEOUT_SECONDS: u32 = 60;
}

/// What its commands have to know of us.
#[async_trait]
impl ClientDeployer for Hello {
    const ABOUT: &'static str = "Deploys a feature flag";
    const CHANGES_FROM: &'static str = "Deploy";

    fn plan(
        ports: &Flags,
        _: &dyn Objects,
        prepared: &Prepared<Flag>,
    ) -> impl Future<Output = Result<Option<DeployPlan>, PlanError>> {
        plan(ports, &prepared.release)
    }

    async fn deployed(ports: &Flags, project: &ProjectName, config: &ConfigName) -> Result<Vec<Deployed>, CloudError> {
        let dir = format!("{project}/{config}/");
        let scan = ports.0.call("dynamodb:Scan", "flags", |place| {
            let ours = place.resources.0.iter().filter(|(key, _)| key.starts_with(&dir));
            Ok(ours.filter_map(|(_, values)| values.last().cloned()).collect())
        });
        scan.await
    }
}

/// What setting the flag would change.
async fn plan(ports: &Flags, release: &Release<Flag>) -> Result<Option<DeployPlan>, PlanError> {
    let Flag { flag, value } = &release.fields;
    let (action, detail) = match ports.value(release).await? {
        None => (Action::Add, value.clone()),
        Some(now) if now == *value => return Ok(Some(DeployPlan::default())),
        Some(now) => (Action::Modify, format!("{now} → {value}")),
    };
    let (resource, kind, details) = (flag.clone(), "flag".to_owned(), vec![detail]);
    let changes = vec![PlannedChange { action, resource, kind, details, is_stateful: false }];
    Ok(Some(DeployPlan { changes, ..DeployPlan::default() }))
}

/// Where it runs: in the embedded world.
impl LocalDeployer for Hello {
    type Resources = FlagTable;

    const SEED: &'static str = include_str!("../seed.json");

    fn local_ports(session: LocalSession<FlagTable>) -> Flags {
        Flags(session)
    }
}

bifrost::main!(Hello, clouds: [local]);
