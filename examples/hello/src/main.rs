//! Hello, the smallest complete deployer: it sets a feature flag in a DynamoDB table, and takes it back if that fails.

#[cfg(test)]
mod contract;
#[cfg(feature = "lambda")]
use aws_sdk_dynamodb::{Client, types::AttributeValue};
#[cfg(feature = "lambda")]
use bifrost::aws::{AwsCall, AwsChange, AwsClient, AwsDeployer, AwsSession};
use bifrost::client::{ClientContext, ClientDeployer, DeployPlan, PlannedChange, Prepared};
use bifrost::lifecycle::{Context, LockFailure, Proof, TaskFailure, fail, lock, succeed, validate};
use bifrost::local::{ByRegion, LocalDeployer, LocalSession, RegionState, ServiceError};
use bifrost::{Deployer, Permission, cloud::CloudError, error_code::CodedError, release::Release};
use std::{collections::BTreeMap, sync::Arc};

/// The fields of a release, beside those of the envelope.
#[bifrost::fields]
struct Flag {
    flag: String,
    value: String,
}

bifrost::state_machine! {
    /// Sets a feature flag of a project's config.
    machine Hello(Release<Flag>, Arc<dyn Flags>) starts at Validate, changes from Deploy;
    /// Refuses a release that is replayed or changed.
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    /// Allows one deploy at a time.
    task Lock = lock { locks; next Deploy; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }
    /// Sets the flag.
    task Deploy = deploy { looks for halt; next UnlockSuccess; catch _ => RollBack; }
    /// Gives the lock back, and records what is deployed.
    task UnlockSuccess = succeed { unlocks; next Success; retry _ { max_attempts: 3 } catch _ => FailureDirty; }
    /// Takes the flag back.
    task RollBack = roll_back { cleans up; next UnlockFailure; retry _ { max_attempts: 3 } catch _ => FailureDirty; }
    /// Gives the lock back.
    task UnlockFailure = fail { unlocks; next FailureClean; retry _ { max_attempts: 3 } catch _ => FailureDirty; }
}

/// The table `flags` of a target account, with the keys `flag` and `number`. The last version of a flag has its value.
#[bifrost::port]
trait Flags {
    #[call("dynamodb:Query", flag)]
    async fn last(&self, flag: &str) -> Result<Option<Version>, CloudError>;
    #[change("dynamodb:PutItem", version.flag)]
    async fn put(&self, proof: &Proof, version: &Version) -> Result<(), CloudError>;
    #[change("dynamodb:DeleteItem", version.flag)]
    async fn delete(&self, proof: &Proof, version: &Version) -> Result<(), CloudError>;
}

#[bifrost::field_type]
struct Version {
    flag: String,
    number: u32,
    value: String,
    release_id: String,
}

fn flag(Release { envelope, fields }: &Release<Flag>) -> String {
    format!("{}/{}/{}", envelope.project_name, envelope.config_name, fields.flag)
}

async fn deploy(context: &Context<Arc<dyn Flags>>, release: Release<Flag>) -> Result<Release<Flag>, TaskFailure> {
    let (flags, flag) = (context.target(&release.envelope).await?, flag(&release));
    let (last, release_id) = (flags.last(&flag).await?, release.envelope.release_id.to_string());
    if last.as_ref().is_none_or(|last| last.release_id != release_id) {
        let number = last.map_or(1, |last| last.number.saturating_add(1));
        let version = Version { flag, number, value: release.fields.value.clone(), release_id };
        flags.put(&context.lock_proof(&release.envelope).await?, &version).await?;
    }
    Ok(release)
}

async fn roll_back(context: &Context<Arc<dyn Flags>>, release: Release<Flag>) -> Result<Release<Flag>, TaskFailure> {
    let flags = context.target(&release.envelope).await?;
    let Some(last) = flags.last(&flag(&release)).await? else { return Ok(release) };
    if let Some(proof) = context.ownership(&release.envelope).await?.proof(Some(&last.release_id)) {
        flags.delete(&proof, &last).await?;
    }
    Ok(release)
}

const TABLE: &str = "arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/flags";
impl Deployer for Hello {
    type Fields = Flag;
    type Machine = Self;
    const NAME: &'static str = "hello";
    const TIMEOUT_SECONDS: u32 = 60;
    const PERMISSIONS: &[Permission] = &[Permission::new("Flags", "Sets flags", <dyn Flags>::OPERATIONS, &[TABLE])];
}

impl ClientDeployer for Hello {
    const ABOUT: &'static str = "Deploys a feature flag";
    async fn plan(context: &ClientContext<Self>, prepared: &Prepared<Flag>) -> Result<Option<DeployPlan>, CodedError> {
        let last = context.ports.last(&flag(&prepared.release)).await?.map(|last| last.value);
        let Flag { flag, value } = &prepared.release.fields;
        Ok(Some(DeployPlan::of(PlannedChange::between("flag", flag, last.as_deref(), value))))
    }
}

impl LocalFlags for ByRegion<BTreeMap<String, Version>> {
    fn last(region: &RegionState<'_, Self>, flag: &str) -> Result<Option<Version>, ServiceError> {
        Ok(region.here().values().filter(|version| version.flag == flag).max_by_key(|version| version.number).cloned())
    }
    fn put(region: &mut RegionState<'_, Self>, version: &Version) -> Result<(), ServiceError> {
        region.here_mut().insert(format!("{}/{}", version.flag, version.number), version.clone());
        Ok(())
    }
    fn delete(region: &mut RegionState<'_, Self>, version: &Version) -> Result<(), ServiceError> {
        region.here_mut().remove(&format!("{}/{}", version.flag, version.number));
        Ok(())
    }
}

impl LocalDeployer for Hello {
    type Resources = ByRegion<BTreeMap<String, Version>>;
    fn local_ports(session: LocalSession<Self::Resources>) -> Arc<dyn Flags> {
        Arc::new(session)
    }
}

#[cfg(feature = "lambda")]
impl AwsFlags for Client {
    async fn last(&self, call: AwsCall<'_>, flag: &str) -> Result<Option<Version>, CloudError> {
        let query = self.query().table_name("flags").key_condition_expression("flag = :flag").consistent_read(true);
        let query = query.expression_attribute_values(":flag", AttributeValue::S(flag.into()));
        let item =
            call.send(query.scan_index_forward(false).limit(1).send()).await?.items.and_then(|mut items| items.pop());
        item.map(|item| call.document(serde_dynamo::from_item(item))).transpose()
    }

    async fn put(&self, call: AwsChange<'_>, version: &Version) -> Result<(), CloudError> {
        let item = call.document(serde_dynamo::to_item(version))?;
        call.send(self.put_item().table_name("flags").set_item(Some(item)).send()).await.map(drop)
    }

    async fn delete(&self, call: AwsChange<'_>, Version { flag, number, .. }: &Version) -> Result<(), CloudError> {
        let delete = self.delete_item().table_name("flags").key("flag", AttributeValue::S(flag.clone()));
        call.send(delete.key("number", AttributeValue::N(number.to_string())).send()).await.map(drop)
    }
}

#[cfg(feature = "lambda")]
impl AwsDeployer for Hello {
    fn aws_ports(session: AwsSession) -> Arc<dyn Flags> {
        Arc::new(AwsClient::new(&session, Client::new))
    }
}

bifrost::main!(Hello, clouds: [local, aws]);
bifrost::testing::every_call_may_fail!(Hello, {"flag": "beta", "value": "off"}, {"flag": "beta", "value": "on"});
