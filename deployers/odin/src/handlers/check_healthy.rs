//! The state `CheckHealthy`.

use super::Context;
use super::alarms::check_alarms;
use super::health_snapshot::{HealthSnapshot, Moment, ServiceHealth, resize};
use super::reasons::{Shortfalls, unless_halted};
use crate::cloud::OdinPorts;
use crate::errors::{Errors, HealthFailure, ServiceError};
use crate::health::TooManyTerminating;
use crate::pace::seconds_until_next_check;
use crate::release::{HealthyReport, OdinRelease, ServiceName};
use crate::release_log;
use bifrost::cloud::CloudError;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::join;

/// Reads the health of every instance, and takes the next step of the rollout.
///
/// # Errors
/// [`HealthFailure::Halt`] if the deploy was halted or timed out, too many instances terminate, or instances cannot be launched: with
/// the reasons why instances are missing or unhealthy. [`HealthFailure::Alarm`] if an alarm of the release fires.
pub async fn check_healthy(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, HealthFailure> {
    let (halted, seen) = join!(context.halt(&release.envelope), look(context, &release));
    let (ports, snapshot, alarms) = unless_halted(&halted, seen)?;
    let services = unless_halted(&halted, snapshot.services())?;
    let shortfalls = Shortfalls::find(context, &ports, &services).await;
    shortfalls.log(&release.envelope).await;
    shortfalls.check_halt(halted)?;
    check_terminating(&services).map_err(|terminating| shortfalls.stop(terminating))?;
    alarms?;
    shortfalls.check_launches()?;
    let proof = context.lock_proof(&release.envelope).await?;
    resize(&ports, &proof, &services, Moment::Rollout).await?;
    let checks: Vec<_> = services.iter().map(Check::of).collect();
    let was_baking = release.fields.healthy_since.is_some();
    record(&mut release, checks, context.now());
    if let (false, Some(_), Some(seconds)) = (was_baking, release.fields.healthy_since, release.fields.bake_time) {
        let line =
            format!("all services are healthy; they must stay so for {seconds} s before the old groups are detached");
        release_log::append(context, &release.envelope, &[line]).await;
    }
    Ok(release)
}

/// What AWS reports, and whether the alarms of the release allow to go on.
type Seen<'a> = (OdinPorts, HealthSnapshot<'a>, Result<(), HealthFailure>);

async fn look<'a>(context: &Context, release: &'a OdinRelease) -> Result<Seen<'a>, CloudError> {
    let ports = context.target(&release.envelope).await?;
    let (snapshot, alarms) = join!(HealthSnapshot::of(&ports, release), check_alarms(&ports, release));
    Ok((ports, snapshot?, alarms))
}

fn check_terminating(services: &[ServiceHealth<'_>]) -> Result<(), Errors<ServiceError<TooManyTerminating>>> {
    let failed = services.iter().filter_map(|ServiceHealth { name, service, health, .. }| {
        let error = health.check_terminating(&service.autoscaling).err()?;
        Some(ServiceError::new(name, error))
    });
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.into()) }
}

/// What the check of a service found.
struct Check {
    name: ServiceName,
    report: HealthyReport,
    is_healthy: bool,
    replaced_desired: Option<u32>,
}

impl Check {
    fn of(service: &ServiceHealth<'_>) -> Self {
        Self {
            name: service.name.clone(),
            report: service.health.report(&service.target, service.set_sizes()),
            is_healthy: service.health.is_enough(&service.target),
            replaced_desired: service.replaced_desired,
        }
    }
}

/// Records in the release what was found, whether the deploy goes on, and when to check again if not.
fn record(release: &mut OdinRelease, checks: Vec<Check>, now: DateTime<Utc>) {
    let all_healthy = checks.iter().all(|check| check.is_healthy);
    let bake_left = bake_left(release, all_healthy, now);
    let is_done = all_healthy && bake_left.is_zero();
    for Check { name, report, is_healthy, replaced_desired } in checks {
        let Some(service) = release.fields.services.get_mut(&name) else { continue };
        (service.healthy_report, service.healthy) = (Some(report), Some(is_healthy));
        if is_done {
            // The old group is detached soon, and has no load any more that shows how many instances it needs.
            service.previous_desired_capacity = replaced_desired;
        }
    }
    release.fields.healthy = Some(is_done);
    release.fields.wait_for_healthy = wait(release, bake_left, now);
}

/// How long the new groups must stay healthy from now on. Without `bake_time` no time at all.
fn bake_left(release: &mut OdinRelease, all_healthy: bool, now: DateTime<Utc>) -> TimeDelta {
    let fields = &mut release.fields;
    let Some(bake_time) = fields.bake_time.filter(|_| all_healthy) else {
        fields.healthy_since = None;
        return TimeDelta::zero();
    };
    let since = *fields.healthy_since.get_or_insert(now);
    (TimeDelta::seconds(bake_time.into()) - now.signed_duration_since(since)).max(TimeDelta::zero())
}

/// The wait until the next check, in seconds: not longer than the new groups still bake, or than the deploy may take.
fn wait(release: &OdinRelease, bake_left: TimeDelta, now: DateTime<Utc>) -> u32 {
    let elapsed = release.envelope.started_at.map_or(TimeDelta::zero(), |start| now.signed_duration_since(start));
    let timeout_left = TimeDelta::seconds(release.envelope.timeout.into()) - elapsed;
    let wait = seconds_until_next_check(whole_seconds(elapsed));
    let wait = if bake_left.is_zero() { wait } else { wait.min(whole_seconds(bake_left).max(1)) };
    // A second after the timeout it has passed.
    wait.min(whole_seconds(timeout_left).saturating_add(1))
}

/// Rounded up; 0 if it is negative.
fn whole_seconds(time: TimeDelta) -> u32 {
    let milliseconds = u64::try_from(time.num_milliseconds()).unwrap_or(0);
    u32::try_from(milliseconds.div_ceil(1_000)).unwrap_or(u32::MAX)
}
