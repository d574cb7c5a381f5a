//! What a deploy would do: which groups it would make, what of them is new, and which groups would go.

use crate::capacity::Target;
use crate::cloud::{AutoScalingGroup, Capacity, OdinPorts};
use crate::deployer::USER_DATA;
use crate::findings::Findings;
use crate::groups::{Groups, release_id, service_name};
use crate::handlers::check_user_data;
use crate::machine::Odin;
use crate::names::group_name;
use crate::release::{OdinFields, OdinRelease, Service, ServiceName, fill_defaults};
use crate::resources::{look_up, resolve};
use crate::safe_release::{DeployedReleaseError, differences, read_deployed};
use bifrost::Deployer;
use bifrost::client::Prepared;
use bifrost::client::{Action, Body, DeployPlan, PlanError, PlannedChange};
use bifrost::cloud::Objects;
use bifrost::release::{Defaults, Envelope};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::try_join;

/// What kind of resource each change is about.
const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// The releases that are deployed, by id. At most one, unless an earlier deploy left something.
type Deployed = BTreeMap<String, OdinRelease>;

/// Looks everything up as `ValidateResources` does, and tells what Deploy and the clean-up after it would do.
pub(crate) async fn plan(
    ports: &OdinPorts,
    objects: &dyn Objects,
    prepared: &Prepared<OdinFields>,
) -> Result<Option<DeployPlan>, PlanError> {
    let mut release = prepared.release.clone();
    fill_defaults(&mut release);
    let envelope = release.envelope.clone();
    let (found, groups) = try_join!(look_up(ports, &release), Groups::find(ports, &envelope))?;
    let mut plan = DeployPlan::default();
    let mut refuse = |checked: Result<(), Findings>| {
        plan.findings.extend(checked.err().iter().flat_map(Findings::lines));
    };
    refuse(user_data(prepared).map_or(Ok(()), |template| check_user_data(&release, &template)));
    refuse(resolve(&mut release, &found, &groups));
    let deployed = read_all(objects, &release, &groups, &mut plan).await?;
    plan.changes = changes(&release, &groups, &deployed);
    plan.notes.push("the name of a new group holds the time at which its release is made".to_owned());
    Ok(Some(plan))
}

/// The user data that would be uploaded. What is no text is refused by Validate.
fn user_data(prepared: &Prepared<OdinFields>) -> Option<String> {
    let file = prepared.attachments.iter().find(|file| file.name == USER_DATA)?;
    match &file.body {
        Body::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
        Body::File { .. } => None,
    }
}

/// The deployed releases, and what is wrong if the new one is to be safe.
async fn read_all(
    objects: &dyn Objects,
    release: &OdinRelease,
    groups: &Groups<'_>,
    plan: &mut DeployPlan,
) -> Result<Deployed, PlanError> {
    let (envelope, is_safe) = (&release.envelope, release.fields.safe_release);
    let ids: BTreeSet<_> = groups.of_others().filter_map(|group| release_id(&group.tags)).collect();
    let mut all = Deployed::new();
    for id in ids {
        match read_deployed(objects, &defaults(envelope), envelope, id).await {
            Ok(deployed) => {
                if is_safe {
                    plan.findings.extend(differences(release, &deployed).lines());
                }
                all.insert(id.to_owned(), deployed);
            }
            Err(DeployedReleaseError::Cloud(error)) => return Err(error.into()),
            Err(unknown) if is_safe => plan.findings.push(format!("safe_release: {unknown}")),
            Err(unknown) => plan.notes.push(unknown.to_string()),
        }
    }
    Ok(all)
}

/// What the deployed release left out, it left to the same deployer.
fn defaults(envelope: &Envelope) -> Defaults {
    Defaults {
        account: envelope.aws_account_id.clone(),
        region: envelope.aws_region.clone(),
        bucket: envelope.bucket.clone(),
        timeout_seconds: Odin::TIMEOUT_SECONDS,
    }
}

/// Every new group, then every group that goes: those of all other releases do, once the new ones are healthy.
fn changes(release: &OdinRelease, groups: &Groups<'_>, deployed: &Deployed) -> Vec<PlannedChange> {
    let old: Vec<_> = groups.of_others().filter_map(|group| Some((group, release_id(&group.tags)?))).collect();
    let new = release.fields.services.iter().map(|(name, service)| {
        let before = old.iter().find(|(group, _)| service_name(&group.tags) == Some(name.as_str()));
        let before = before.map(|(group, id)| ReplacedGroups { group, release: deployed.get(*id) });
        change(Action::Add, group_name(&release.envelope, name), news(release, name, service, before.as_ref()))
    });
    let gone = old.iter().map(|(group, id)| {
        let is_replaced =
            service_name(&group.tags).is_some_and(|name| release.fields.services.keys().any(|it| it.as_str() == name));
        let why = if is_replaced { "once the new group is healthy" } else { "the release has no such service" };
        change(Action::Remove, group.name.clone(), vec![format!("of {id}; {why}")])
    });
    new.chain(gone).collect()
}

fn change(action: Action, resource: String, details: Vec<String>) -> PlannedChange {
    PlannedChange { action, resource, kind: GROUP.to_owned(), details, is_stateful: false }
}

/// What a service's new group takes the place of.
struct ReplacedGroups<'a> {
    group: &'a AutoScalingGroup,
    /// The release that made it, if it could be read.
    release: Option<&'a OdinRelease>,
}

/// What of a service is new: what it runs, on what, how many times, and whatever else differs.
fn news(
    release: &OdinRelease,
    name: &ServiceName,
    service: &Service,
    before: Option<&ReplacedGroups<'_>>,
) -> Vec<String> {
    let old = before.and_then(|before| before.release);
    let old_service = old.and_then(|old| old.fields.services.get(name));
    let image = service.resources.as_ref().and_then(|resources| resources.image.as_deref()).unwrap_or("not found");
    let mut news = vec![
        format!("image {} ({image})", told(old.map(|old| old.fields.ami.to_string()), release.fields.ami.as_ref())),
        format!(
            "instance type {}",
            told(old_service.map(|old| old.instance_type.to_string()), service.instance_type.as_ref())
        ),
        capacity(service, before.map(|before| before.group.capacity)),
    ];
    match old.map(|old| old.fields.user_data_sha256 == release.fields.user_data_sha256) {
        Some(true) => news.push("user data as before".to_owned()),
        Some(false) => news.push("user data are others".to_owned()),
        None => {}
    }
    if let (Some(old), Some(old_service)) = (old, old_service) {
        let subnets = |release: &OdinRelease| json!({"subnets": release.fields.subnets});
        news.extend(compare(&subnets(old), &subnets(release)));
        news.extend(compare(&rest(old_service), &rest(service)));
    }
    news
}

fn told(old: Option<String>, new: &str) -> String {
    match old {
        Some(old) if old != new => format!("{old} → {new}"),
        _ => new.to_owned(),
    }
}

/// How many instances there are now, how many there will be, and within which bounds.
fn capacity(service: &Service, now: Option<Capacity>) -> String {
    let Target { min_size, max_size, desired, .. } =
        Target::new(&service.autoscaling, now.map(|capacity| capacity.desired));
    let then = format!("{desired} of {min_size} to {max_size}");
    let now = now.map(|Capacity { min_size, desired, max_size }| format!("{desired} of {min_size} to {max_size}"));
    format!("instances {}", told(now, &then))
}

/// What the author of a release says of a service, save what is told apart.
fn rest(service: &Service) -> Value {
    let mut said = service.clone();
    said.clear_deployer_fields();
    let mut said = json!(said);
    if let Some(fields) = said.as_object_mut() {
        fields.shift_remove("instance_type");
        let autoscaling = fields.shift_remove("autoscaling");
        for (field, value) in autoscaling.as_ref().and_then(Value::as_object).into_iter().flatten() {
            if !matches!(field.as_str(), "min_size" | "max_size") {
                fields.insert(format!("autoscaling.{field}"), value.clone());
            }
        }
    }
    said
}

fn compare(old: &Value, new: &Value) -> Vec<String> {
    let nothing = Map::new();
    let (old, new) = (old.as_object().unwrap_or(&nothing), new.as_object().unwrap_or(&nothing));
    let fields: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let shown = |value: Option<&Value>| value.map_or_else(|| "absent".to_owned(), Value::to_string);
    let different = fields.into_iter().filter(|field| old.get(*field) != new.get(*field));
    different.map(|field| format!("{field} {} → {}", shown(old.get(field)), shown(new.get(field)))).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
