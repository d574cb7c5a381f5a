//! The progress of a deploy between two states, for commands that follow it; no state uses it.

use super::health_snapshot::views;
use crate::capacity::Target;
use crate::client::dots;
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::groups::{Groups, service_name};
use crate::health::Health;
use crate::release::OdinRelease;
use bifrost::client::Progress;
use bifrost::cloud::CloudError;
use std::collections::BTreeMap;

/// The progress of each service: first the new groups of the release, then the groups that they replace, one line a service.
///
/// # Errors
/// `CloudError` from AWS.
pub(crate) async fn watch(ports: &OdinPorts, release: &OdinRelease) -> Result<Vec<Progress>, CloudError> {
    let groups = Groups::find(ports, &release.envelope).await?;
    // A deploy that fails detaches and deletes its groups: they are not starting any more. One that goes on after an error of
    // `DetachForSuccess` keeps them.
    let has_failed = release.envelope.error.is_some() && release.fields.healthy != Some(true);
    let mut services = Vec::new();
    for (name, service) in &release.fields.services {
        let is_of_service = |group: &&AutoScalingGroup| service_name(&group.tags) == Some(name.as_str());
        match (groups.own_or_deleting().find(is_of_service), &service.healthy_report) {
            (Some(group), _) if has_failed => services.push(given_up(name.to_string(), group)),
            (Some(group), _) if group.status.is_some() => services.push(leaving(name.to_string(), group)),
            (Some(group), _) => {
                let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
                let health = Health::of(group, &views(ports, service).await?);
                let report = health.report(&target, health.seen.size);
                services.push(dots(name.to_string(), &report));
            }
            // No group was created yet.
            (None, Some(report)) if groups.since().is_none() && !has_failed => {
                services.push(dots(name.to_string(), report));
            }
            (None, _) => {}
        }
    }
    services.extend(old(&groups));
    Ok(services)
}

/// The groups that the release replaces. A service may have several: AWS may take long to delete those of earlier deploys.
fn old(groups: &Groups<'_>) -> Vec<Progress> {
    let mut services = BTreeMap::<&str, Progress>::new();
    for group in groups.earlier_or_deleting() {
        let service = service_name(&group.tags).unwrap_or_default();
        let found = leaving(format!("{service} (old)"), group);
        services
            .entry(service)
            .and_modify(|sum| {
                sum.starting += found.starting;
                sum.healthy += found.healthy;
                sum.terminating += found.terminating;
            })
            .or_insert(found);
    }
    services.into_values().collect()
}

/// A group of a deploy that has failed. Its instances terminate soon, whatever state they are in.
fn given_up(name: String, group: &AutoScalingGroup) -> Progress {
    let terminating = u32::try_from(group.instances.len()).unwrap_or(u32::MAX);
    Progress { name, terminating, ..Progress::default() }
}

/// A group that is, or soon will be, deleted. Only Auto Scaling is asked: the balancers stop reporting its instances.
fn leaving(name: String, group: &AutoScalingGroup) -> Progress {
    let Health { seen, terminating, .. } = Health::of(group, &[]);
    let terminating = u32::try_from(terminating.len()).unwrap_or(u32::MAX);
    Progress {
        name,
        waiting: 0,
        starting: seen.instances.saturating_sub(seen.healthy).saturating_sub(terminating),
        healthy: seen.healthy,
        terminating,
        enough: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Odin;
    use crate::harness::{REGION, deploy, new_harness, output, ports, release};
    use crate::release::sample;
    use bifrost::release::Release;
    use bifrost::testing::TestHarness;
    use futures_util::FutureExt;
    use serde_json::{Value, json};

    /// A line for each service: its name, and its numbers of waiting, starting, healthy, terminating and required
    /// instances.
    async fn watched(harness: &TestHarness<Odin>, release: &OdinRelease) -> Vec<String> {
        let services = watch(&ports(harness).await, release).await.unwrap();
        let line = |it: Progress| {
            let counts = [it.waiting, it.starting, it.healthy, it.terminating, it.enough];
            format!("{} {counts:?}", it.name)
        };
        services.into_iter().map(line).collect()
    }

    #[tokio::test]
    async fn new_groups_are_listed_before_the_old_ones() {
        let harness = new_harness(&[]);
        let first = deploy(&harness, &release(2, &[])).await;
        assert_eq!(
            watched(&harness, &output(&harness, &first)).await,
            ["web [0, 0, 5, 0, 3]", "worker [0, 0, 1, 0, 1]"]
        );

        let second = release(1, &[]);
        harness.upload(&second, &[("userdata", sample::USER_DATA)]).await.unwrap();
        let name = harness.start(&second).await.unwrap();
        let mut steps = 0;
        harness
            .run_until(|| {
                steps += 1;
                steps == 2
            })
            .await
            .unwrap();
        let run = harness.execution(&name).await.unwrap();
        let last_output = run.history.iter().rev().find_map(|event| event.details.output.clone()).unwrap();
        let release = Release::read(&last_output, harness.cloud().defaults()).unwrap();
        let booting = watched(&harness, &release).await;
        assert_eq!(booting.len(), 4, "{booting:?}");
        assert!(booting[0].starts_with("web [") && booting[2].starts_with("web (old) ["), "{booting:?}");

        harness.run().await.unwrap();
        let run = harness.execution(&name).await.unwrap();
        assert_eq!(
            watched(&harness, &output(&harness, &run)).await,
            ["web [0, 0, 5, 0, 3]", "worker [0, 0, 1, 0, 1]",]
        );
    }

    /// Starts a deploy, and runs it until it waits in this state. Returns what it has done so far.
    async fn run_until_state(harness: &TestHarness<Odin>, sent: &Value, state: &str) -> OdinRelease {
        harness.upload(sent, &[("userdata", sample::USER_DATA)]).await.unwrap();
        let name = harness.start(sent).await.unwrap();
        let run = || harness.execution(&name).now_or_never().unwrap().unwrap();
        harness.run_until(|| run().path().last() == Some(&state)).await.unwrap();
        let last_output = run().history.iter().rev().find_map(|event| event.details.output.clone()).unwrap();
        Release::read(&last_output, harness.cloud().defaults()).unwrap()
    }

    #[tokio::test]
    async fn groups_of_a_failed_deploy_are_not_starting() {
        let pointer = format!("{REGION}/images/ami-0a1b2c3d4e5f60001/instances");
        let harness = new_harness(&[(&pointer, json!({"health": "never"}))]);
        let waiting = run_until_state(&harness, &release(1, &[("/timeout", json!(120))]), "WaitForHealthy").await;
        assert_eq!(watched(&harness, &waiting).await, ["web [0, 5, 0, 0, 3]", "worker [0, 1, 0, 0, 1]"]);

        let failing = run_until_state(&harness, &release(1, &[("/timeout", json!(120))]), "WaitDetachForFailure").await;
        assert_eq!(watched(&harness, &failing).await, ["web [0, 0, 0, 5, 0]", "worker [0, 0, 0, 1, 0]"]);
    }

    /// Auto Scaling may take long to delete the groups of an earlier deploy.
    #[tokio::test]
    async fn old_groups_of_a_service_are_one_line() {
        let pointer = format!("{REGION}/images/ami-0a1b2c3d4e5f60001/instances");
        let harness = new_harness(&[(&pointer, json!({"stops_after_seconds": 9000}))]);
        for hours_ago in [3, 2] {
            deploy(&harness, &release(hours_ago, &[])).await;
        }
        let waiting = run_until_state(&harness, &release(1, &[]), "WaitForHealthy").await;
        let lines = watched(&harness, &waiting).await;
        assert_eq!(lines[2..], ["web (old) [0, 0, 3, 7, 0]", "worker (old) [0, 0, 1, 1, 0]"], "{lines:?}");
    }
}
