//! Why a group cannot launch instances, from its scaling activities.

mod known;

use crate::cloud::ScalingActivity;
use chrono::{DateTime, TimeDelta, Utc};
use known::KnownFailure;
use std::collections::BTreeSet;

/// How long launches must fail for reasons that do not pass until the group is given up. A reason may be wrong at first: the next
/// attempt succeeds once IAM has propagated a new instance profile, after 34 s in
/// <https://github.com/eksctl-io/eksctl/issues/8039>, and Auto Scaling tries again a minute later.
const CERTAIN_AFTER: TimeDelta = TimeDelta::seconds(45);

/// The code of a failure that is not known.
const UNKNOWN: &str = "launches fail";

/// How much of a message is shown.
const MAX_CHARS: usize = 200;

/// The launches of a group that failed since its last successful one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LaunchFailures {
    reasons: Vec<LaunchReason>,
    is_hopeless: bool,
}

/// Why launches fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LaunchReason {
    /// A known code, with zones if they matter, without any text of AWS.
    pub(crate) code: String,
    /// The code with what AWS says: `InsufficientInstanceCapacity in us-east-1a, us-east-1b`, or
    /// `InvalidAMIID.NotFound: The image id '[ami-1]' does not exist`.
    pub(crate) text: String,
}

impl LaunchFailures {
    /// Reads the activities of one group, newest first.
    pub(crate) fn of(activities: &[ScalingActivity]) -> Self {
        let launches: Vec<_> = activities.iter().filter(|found| is_launch(found)).collect();
        // Launches that begin together are listed in any order.
        let succeeded = launches.iter().find(|found| found.status == "Successful").map(|found| found.start_time);
        let is_since = |time: DateTime<Utc>| succeeded.is_none_or(|succeeded| time >= succeeded);
        let failed = launches.iter().filter(|found| is_since(found.start_time));
        let failed: Vec<_> = failed.filter_map(|found| FailedLaunch::of(found)).collect();
        Self { reasons: reasons(&failed), is_hopeless: is_hopeless(&failed, &launches) }
    }

    /// What failed, newest first, each reason once.
    pub(crate) fn reasons(&self) -> &[LaunchReason] {
        &self.reasons
    }

    /// Whether no launch can succeed until somebody changes something.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.is_hopeless
    }
}

fn is_launch(activity: &ScalingActivity) -> bool {
    activity.description.starts_with("Launching a new EC2 instance")
}

struct FailedLaunch<'a> {
    at: DateTime<Utc>,
    message: &'a str,
    zone: Option<&'a str>,
    known: Option<&'static KnownFailure>,
}

impl<'a> FailedLaunch<'a> {
    /// `None` if the launch did not fail. An instance that became unhealthy before it was in service has a cancelled launch.
    fn of(activity: &'a ScalingActivity) -> Option<Self> {
        let ScalingActivity { start_time, status, description, status_message, availability_zone } = activity;
        if status != "Failed" && status != "Cancelled" {
            return None;
        }
        let message = status_message.as_deref().unwrap_or(description);
        Some(Self { at: *start_time, message, zone: availability_zone.as_deref(), known: KnownFailure::of(message) })
    }

    /// The reason without its zone.
    fn reason(&self) -> LaunchReason {
        let said = first_sentence(self.message);
        let Some(known) = self.known else { return LaunchReason { code: UNKNOWN.to_owned(), text: said } };
        let code = known.code.to_owned();
        let text = if known.is_of_zone { code.clone() } else { format!("{code}: {said}") };
        LaunchReason { code, text }
    }
}

/// The first sentence of a message, without the end that all have.
fn first_sentence(message: &str) -> String {
    let message = message.trim_end_matches(" Launching EC2 instance failed.");
    let sentence = message.split_once(". ").map_or(message, |(first, _)| first).trim_end_matches('.');
    match sentence.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", sentence.get(..end).unwrap_or_default()),
        None => sentence.to_owned(),
    }
}

fn reasons(failed: &[FailedLaunch<'_>]) -> Vec<LaunchReason> {
    let mut found: Vec<(LaunchReason, BTreeSet<&str>)> = Vec::new();
    for launch in failed {
        let (reason, is_of_zone) = (launch.reason(), launch.known.is_some_and(|known| known.is_of_zone));
        let zone = launch.zone.filter(|_| is_of_zone);
        match found.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, zones)) => zones.extend(zone),
            None => found.push((reason, zone.into_iter().collect())),
        }
    }
    let with_zones = |(LaunchReason { code, text }, zones): (LaunchReason, BTreeSet<&str>)| {
        let zones: Vec<_> = zones.into_iter().collect();
        let place = if zones.is_empty() { String::new() } else { format!(" in {}", zones.join(", ")) };
        LaunchReason { code: code + &place, text: text + &place }
    };
    found.into_iter().map(with_zones).collect()
}

/// Whether all launches since the last successful one failed for reasons that do not pass, more than once, and for some time. One
/// reason that may pass is enough to go on: a type that one zone does not offer may only lack capacity in another. So is a launch
/// that began after the last failure.
fn is_hopeless(failed: &[FailedLaunch<'_>], launches: &[&ScalingActivity]) -> bool {
    let times = || failed.iter().map(|launch| launch.at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return false };
    let never_passes = |launch: &FailedLaunch<'_>| launch.known.is_some_and(|known| !known.may_pass);
    let is_last = launches.iter().all(|launch| launch.start_time <= last);
    failed.len() > 1 && is_last && failed.iter().all(never_passes) && last - first >= CERTAIN_AFTER
}

#[cfg(test)]
#[path = "launch_failures/tests.rs"]
mod tests;
