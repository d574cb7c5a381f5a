//! What a deploy would change: the groups that it would create, how they differ from the old ones, and the groups that
//! it would delete.

use crate::capacity::Target;
use crate::cloud::{AccountLimits, AutoScalingGroup, Capacity};
use crate::deployer::USER_DATA;
use crate::groups::{Groups, release_id, service_name};
use crate::handlers::check_user_data;
use crate::machine::Odin;
use crate::names::group_name;
use crate::pace::transitions_within;
use crate::release::{OdinFields, OdinRelease, Service, ServiceName, fill_defaults, notes};
use crate::resources::{look_up, resolve};
use crate::safe_release::{DeployedReleaseError, differences, read_deployed};
use bifrost::Shape as _;
use bifrost::account::DeployerAccount;
use bifrost::client::{Action, Body, ClientContext, DeployPlan, PlanFinding, PlannedChange, Prepared};
use bifrost::error_code::CodedError;
use bifrost::findings::Findings;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::join;

/// The type of every resource in a plan.
const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// How long instances boot in the example of a plan, in seconds.
const TYPICAL_BOOT_SECONDS: u32 = 180;

/// The deployed releases, by id. More than one only if an earlier deploy left groups over, or one is running.
type Deployed = BTreeMap<String, OdinRelease>;

/// Looks everything up as `ValidateResources` does, and lists what `Deploy` and `CleanUpSuccess` would change.
pub(crate) async fn plan(
    context: &ClientContext<Odin>,
    prepared: &Prepared<OdinFields>,
) -> Result<DeployPlan, CodedError> {
    let ports = &context.ports;
    let mut release = prepared.release.clone();
    fill_defaults(&mut release);
    let envelope = release.envelope.clone();
    let lock = context.address.root_dir().lock();
    let (found, groups, limits, deploying) = join!(
        look_up(ports, &release),
        Groups::find(ports, &envelope),
        ports.groups.account_limits(),
        context.account.locks.get(&lock)
    );
    let (found, mut groups) = (found?, groups?);
    let mut plan = DeployPlan { notes: notes(&prepared.release), ..DeployPlan::default() };
    // Without the permission to read the lock, the groups of a running deploy are not known as such.
    let deploying = deploying.ok().flatten().and_then(|lock| lock.release_id);
    plan.notes.extend(deploying.and_then(|id| groups.leave_out(&id)));
    let user_data = user_data(prepared).map_or(Ok(()), |template| check_user_data(&release, template));
    plan.findings.extend(user_data.err().iter().flat_map(Findings::iter).map(PlanFinding::from));
    plan.findings
        .extend(resolve(&mut release, &found, &groups).err().iter().flat_map(Findings::iter).map(PlanFinding::from));
    let deployed = read_all(&context.account, &release, &groups, &mut plan).await?;
    plan.changes = changes(&release, &groups, &deployed);
    plan.notes.extend(found.notes(&release));
    plan.notes.extend(limits.ok().and_then(|limits| quota_note(&release, limits)));
    plan.notes
        .push("the names of new groups contain the time of their release, so a deploy uses other names".to_owned());
    plan.notes.push(expected_transitions(&release));
    Ok(plan)
}

/// What Step Functions charges for. Audit log, Lambda and other AWS calls cost far less.
fn expected_transitions(release: &OdinRelease) -> String {
    let healthy_after = TYPICAL_BOOT_SECONDS.saturating_add(release.fields.bake_time.unwrap_or_default());
    let timeout = release.envelope.timeout;
    format!(
        "expected: {} if instances are healthy {TYPICAL_BOOT_SECONDS} s after their launch, and at most {} in the timeout of \
         {timeout} s; prices of us-east-1",
        transitions_within(healthy_after.min(timeout)),
        transitions_within(timeout)
    )
}

/// Warns of the quota of auto-scaling groups, if the new ones reach nine tenths of it: they exist beside the old ones.
fn quota_note(release: &OdinRelease, AccountLimits { groups, max_groups }: AccountLimits) -> Option<String> {
    let new = u32::try_from(release.fields.services.len()).unwrap_or(u32::MAX);
    let then = groups.saturating_add(new);
    (u64::from(then) * 10 >= u64::from(max_groups) * 9).then(|| {
        let envelope = &release.envelope;
        format!(
            "account {} has {groups} of at most {max_groups} auto-scaling groups in {}, and the deploy creates {new} before it \
             deletes others: ask AWS for a higher quota",
            envelope.aws_account_id, envelope.aws_region
        )
    })
}

/// The user data that would be uploaded.
fn user_data(prepared: &Prepared<OdinFields>) -> Option<&[u8]> {
    let file = prepared.attachments.iter().find(|file| file.name == USER_DATA)?;
    match &file.body {
        Body::Bytes(bytes) => Some(bytes),
        Body::File { .. } => None,
    }
}

/// Reads the deployed releases, and compares a safe release with them.
async fn read_all(
    account: &DeployerAccount,
    release: &OdinRelease,
    groups: &Groups<'_>,
    plan: &mut DeployPlan,
) -> Result<Deployed, CodedError> {
    let (envelope, is_safe) = (&release.envelope, release.fields.safe_release);
    let ids: BTreeSet<_> = groups.of_others().filter_map(|group| release_id(&group.tags)).collect();
    let mut all = Deployed::new();
    for id in ids {
        match read_deployed(account.objects.as_ref(), &account.defaults, envelope, id).await {
            Ok(deployed) => {
                if is_safe {
                    plan.findings.extend(differences(release, &deployed).iter().map(PlanFinding::from));
                }
                all.insert(id.to_owned(), deployed);
            }
            Err(DeployedReleaseError::Cloud(error)) => return Err(error.into()),
            Err(DeployedReleaseError::Unreadable(error)) if is_safe => {
                plan.findings.extend(error.finding().iter().map(PlanFinding::from));
            }
            Err(DeployedReleaseError::Unreadable(error)) => plan.notes.push(error.to_string()),
        }
    }
    Ok(all)
}

/// Every new group, then every group that the deploy deletes: those of all other releases, once the new ones are
/// healthy.
fn changes(release: &OdinRelease, groups: &Groups<'_>, deployed: &Deployed) -> Vec<PlannedChange> {
    let old: Vec<_> = groups.of_others().filter_map(|group| Some((group, release_id(&group.tags)?))).collect();
    let new = release.fields.services.iter().map(|(name, service)| {
        let replaced = old.iter().find(|(group, _)| service_name(&group.tags) == Some(name.as_str()));
        let replaced = replaced.map(|(group, id)| ReplacedGroup { group, release: deployed.get(*id) });
        change(Action::Add, group_name(&release.envelope, name), details(release, name, service, replaced.as_ref()))
    });
    let deleted = old.iter().map(|(group, id)| {
        let is_replaced =
            service_name(&group.tags).is_some_and(|name| release.fields.services.keys().any(|it| it.as_str() == name));
        let reason =
            if is_replaced { "deleted once the new group is healthy" } else { "the release has no such service" };
        change(Action::Remove, group.name.clone(), vec![format!("of {id}; {reason}")])
    });
    new.chain(deleted).collect()
}

fn change(action: Action, resource: String, details: Vec<String>) -> PlannedChange {
    PlannedChange { action, resource, kind: GROUP.to_owned(), details, is_stateful: false }
}

/// The group that a service's new group replaces.
struct ReplacedGroup<'a> {
    group: &'a AutoScalingGroup,
    /// Its release, if that could be read.
    release: Option<&'a OdinRelease>,
}

/// Image, instance type and sizes of a service's new group, and how it differs from the group that it replaces.
fn details(
    release: &OdinRelease,
    name: &ServiceName,
    service: &Service,
    replaced: Option<&ReplacedGroup<'_>>,
) -> Vec<String> {
    let old = replaced.and_then(|replaced| replaced.release);
    let old_service = old.and_then(|old| old.fields.services.get(name));
    let image = service.resources.as_ref().and_then(|resources| resources.image.as_deref()).unwrap_or("not found");
    let mut details = vec![
        format!(
            "image {} ({image})",
            old_to_new(old.map(|old| old.fields.ami.to_string()), release.fields.ami.as_ref())
        ),
        format!(
            "instance type {}",
            old_to_new(old_service.map(|old| old.instance_type.to_string()), service.instance_type.as_ref())
        ),
        capacity(service, replaced.map(|replaced| replaced.group.capacity)),
    ];
    match old.map(|old| old.fields.user_data_sha256 == release.fields.user_data_sha256) {
        Some(true) => details.push("user data unchanged".to_owned()),
        Some(false) => details.push("user data changed".to_owned()),
        None => {}
    }
    if let (Some(old), Some(old_service)) = (old, old_service) {
        let subnets = |release: &OdinRelease| json!({"subnets": release.fields.subnets});
        details.extend(compare(&subnets(old), &subnets(release)));
        details.extend(compare(&other_fields(old_service), &other_fields(service)));
    }
    details
}

fn old_to_new(old: Option<String>, new: &str) -> String {
    match old {
        Some(old) if old != new => format!("{old} → {new}"),
        _ => new.to_owned(),
    }
}

/// The desired capacity and its bounds, now and after the deploy.
fn capacity(service: &Service, now: Option<Capacity>) -> String {
    let Target { min_size, max_size, desired, .. } =
        Target::new(&service.autoscaling, now.map(|capacity| capacity.desired));
    let then = format!("{desired} of {min_size} to {max_size}");
    let now = now.map(|Capacity { min_size, desired, max_size }| format!("{desired} of {min_size} to {max_size}"));
    format!("instances {}", old_to_new(now, &then))
}

/// The fields of a service that its author sets, except those with a detail of their own.
fn other_fields(service: &Service) -> Value {
    let mut service = service.clone();
    service.clear_deployer_fields();
    let mut service = json!(service);
    if let Some(fields) = service.as_object_mut() {
        fields.shift_remove("instance_type");
        let autoscaling = fields.shift_remove("autoscaling");
        for (field, value) in autoscaling.as_ref().and_then(Value::as_object).into_iter().flatten() {
            if !matches!(field.as_str(), "min_size" | "max_size") {
                fields.insert(format!("autoscaling.{field}"), value.clone());
            }
        }
    }
    service
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
