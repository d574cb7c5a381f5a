//! Why services have too few healthy instances: shown while `CheckHealthy` waits, and in the cause when it stops the deploy.

use super::Context;
use super::health_snapshot::ServiceHealth;
use crate::cloud::OdinPorts;
use crate::concurrently::each;
use crate::errors::{HealthFailure, ServiceError};
use crate::launch_failures::LaunchFailures;
use crate::release::ServiceName;
use crate::release_log;
use crate::stopped::{CannotLaunch, StopReason, Stopped};
use bifrost::lifecycle::HaltCheckError;
use bifrost::release::Envelope;
use chrono::{DateTime, TimeDelta, Utc};

/// How many instances a reason names.
const NAMED_INSTANCES: usize = 3;

/// How old a group is when it should have begun to launch its first instances. Before that nothing is wrong, and no call is needed.
const LAUNCHED_AFTER: TimeDelta = TimeDelta::seconds(30);

/// The services with too few healthy instances, and why. A healthy release has none, and costs no calls.
pub(super) struct Shortfalls<'a> {
    context: &'a Context,
    services: Vec<Shortfall>,
}

struct Shortfall {
    service: ServiceName,
    healthy: u32,
    needed: u32,
    /// Whether the group has fewer instances than it needs, so that nothing that starts already can make the service healthy.
    lacks_instances: bool,
    launches: LaunchFailures,
    /// Those that point to a failure first.
    reasons: Vec<Reason>,
}

struct Reason {
    /// Whether every instance goes through this while it starts.
    is_starting: bool,
    /// The reason without any text of AWS.
    code: String,
    text: String,
}

impl<'a> Shortfalls<'a> {
    /// Finds them. Reads the scaling activities of groups that have fewer instances than they want: if AWS does not answer, the
    /// reasons say so, and the deploy goes on.
    pub(super) async fn find(context: &'a Context, ports: &OdinPorts, services: &[ServiceHealth<'_>]) -> Self {
        let short = services.iter().filter(|service| !service.health.is_enough(&service.target));
        let now = context.now();
        let services = each(short, async |service: &ServiceHealth<'_>| Shortfall::find(ports, service, now).await);
        Self { context, services: services.await }
    }

    /// Writes what points to a failure into the release's log: a line for each service and reason.
    pub(super) async fn log(&self, envelope: &Envelope) {
        let lines = self.services.iter().flat_map(|short| {
            let failures = short.reasons.iter().filter(|reason| !reason.is_starting);
            failures.map(|reason| format!("{}; {}", short.counts(), reason.text))
        });
        release_log::append(self.context, envelope, &lines.collect::<Vec<_>>()).await;
    }

    /// Stops the deploy for that reason. The audit log gets the reasons, too.
    pub(super) fn stop(&self, reason: impl Into<StopReason>) -> HealthFailure {
        let codes: Vec<_> = self.services.iter().map(|short| short.line(|reason| &reason.code)).collect();
        if !codes.is_empty() {
            self.context.record_cause(&codes.join("; "));
        }
        let waiting = self.services.iter().map(|short| short.line(|reason| &reason.text)).collect();
        Stopped { source: reason.into(), waiting }.into()
    }

    /// Stops the deploy if it was halted or its timeout has passed.
    pub(super) fn check_halt(&self, halted: Result<(), HaltCheckError>) -> Result<(), HealthFailure> {
        halted.map_err(|error| match error {
            HaltCheckError::Halt(halt) => self.stop(halt),
            HaltCheckError::Cloud(_) => error.into(),
        })
    }

    /// Stops the deploy if groups cannot launch the instances that they need, however long it waits.
    pub(super) fn check_launches(&self) -> Result<(), HealthFailure> {
        let hopeless = self.services.iter().filter(|short| short.lacks_instances && short.launches.is_hopeless());
        let hopeless: Vec<_> = hopeless
            .map(|Shortfall { service, launches, .. }| {
                let reasons = launches.reasons().iter().map(|reason| reason.text.clone()).collect();
                ServiceError::new(service, CannotLaunch { reasons })
            })
            .collect();
        if hopeless.is_empty() { Ok(()) } else { Err(self.stop(StopReason::CannotLaunch(hopeless.into()))) }
    }
}

impl Shortfall {
    async fn find(ports: &OdinPorts, service: &ServiceHealth<'_>, now: DateTime<Utc>) -> Self {
        let ServiceHealth { name, group, health, target, .. } = service;
        let mut reasons = Vec::new();
        let mut launches = LaunchFailures::default();
        let should_have_launched = now.signed_duration_since(group.created_time) >= LAUNCHED_AFTER;
        if should_have_launched && health.active() < health.seen.size.desired {
            match ports.groups.scaling_activities(&group.name).await {
                Ok(activities) => launches = LaunchFailures::of(&activities),
                Err(error) => reasons.push(Reason {
                    is_starting: false,
                    code: "instances are missing".to_owned(),
                    text: format!("instances are missing, and why is not known: {error}"),
                }),
            }
        }
        reasons.extend(launches.reasons().iter().map(|found| Reason {
            is_starting: false,
            code: found.code.clone(),
            text: found.text.clone(),
        }));
        reasons.extend(health.unhealthy.iter().map(|(found, ids)| Reason {
            is_starting: found.is_starting,
            code: found.code.clone(),
            text: with_instances(&found.text, ids),
        }));
        Self {
            service: (*name).clone(),
            healthy: health.seen.healthy,
            needed: target.enough,
            lacks_instances: health.active() < target.enough,
            launches,
            reasons,
        }
    }

    fn counts(&self) -> String {
        let Self { service, healthy, needed, .. } = self;
        format!("{service}: {healthy} healthy of {needed} needed")
    }

    fn line(&self, text: fn(&Reason) -> &str) -> String {
        self.reasons.iter().fold(self.counts(), |line, reason| format!("{line}; {}", text(reason)))
    }
}

/// `Target.Timeout: Request timed out (i-1, i-2, i-3 and 4 more)`.
fn with_instances(reason: &str, ids: &[String]) -> String {
    let named = ids.get(..NAMED_INSTANCES).unwrap_or(ids);
    let more = match ids.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{reason} ({}{more})", named.join(", "))
}

/// A halt counts more than an error of a call: it is why the deploy stops.
pub(super) fn unless_halted<T, E: Into<HealthFailure>>(
    halted: &Result<(), HaltCheckError>,
    seen: Result<T, E>,
) -> Result<T, HealthFailure> {
    seen.map_err(|error| match halted {
        Err(halt) => halt.clone().into(),
        Ok(()) => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_instances_are_named() {
        let ids: Vec<_> = (1..=5).map(|number| format!("i-{number}")).collect();
        assert_eq!(with_instances("unhealthy", &ids[..1]), "unhealthy (i-1)");
        assert_eq!(with_instances("unhealthy", &ids[..3]), "unhealthy (i-1, i-2, i-3)");
        assert_eq!(with_instances("unhealthy", &ids), "unhealthy (i-1, i-2, i-3 and 2 more)");
    }
}
