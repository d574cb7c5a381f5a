//! The alarms of a release: CloudWatch alarms that somebody else keeps, and that must not fire while it is deployed.

use crate::cloud::{AlarmState, OdinPorts};
use crate::errors::{AlarmProblem, HealthFailure};
use crate::release::OdinRelease;
use bifrost::cloud::CloudError;

/// The states of the release's alarms. No call is made if it names none.
pub(crate) async fn alarm_states(ports: &OdinPorts, release: &OdinRelease) -> Result<Vec<AlarmState>, CloudError> {
    let names: Vec<_> = release.fields.alarms.iter().map(ToString::to_string).collect();
    if names.is_empty() { Ok(Vec::new()) } else { ports.alarms.states(&names).await }
}

/// What is wrong with the release's alarms: each alarm that fires or does not exist, with its place in the release.
///
/// With `ignore_firing_alarms`, one that fired before the deploy started does not count.
pub(crate) fn alarm_problems<'a>(
    release: &'a OdinRelease,
    states: &'a [AlarmState],
) -> impl Iterator<Item = (usize, AlarmProblem)> {
    let fired_before = |state: &AlarmState| match (state.since, release.envelope.started_at) {
        (Some(since), Some(started_at)) => since < started_at,
        // A plan: no deploy has started.
        (_, None) => true,
        (None, Some(_)) => false,
    };
    let counts = move |state: &AlarmState| {
        state.value == "ALARM" && !(release.fields.ignore_firing_alarms && fired_before(state))
    };
    release.fields.alarms.iter().enumerate().filter_map(move |(index, name)| {
        let Some(state) = states.iter().find(|state| state.name == name.as_str()) else {
            return Some((index, AlarmProblem::Missing { alarm: name.to_string() }));
        };
        let AlarmState { name, since, reason, .. } = state.clone();
        counts(state).then_some((index, AlarmProblem::Firing { alarm: name, since, reason }))
    })
}

/// Checks that the alarms of the release exist, and that none fires.
///
/// # Errors
/// [`HealthFailure::Alarm`]; [`HealthFailure::Health`] if CloudWatch does not answer.
pub(super) async fn check_alarms(ports: &OdinPorts, release: &OdinRelease) -> Result<(), HealthFailure> {
    let states = alarm_states(ports, release).await?;
    let problems: Vec<_> = alarm_problems(release, &states).map(|(_, problem)| problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(HealthFailure::Alarm(problems.into())) }
}
