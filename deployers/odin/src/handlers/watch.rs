//! How far a deploy is between two states: for those who look on, not for the state machine.

use super::health_snapshot::views;
use crate::capacity::Target;
use crate::client::dots;
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::groups::{Groups, service_name};
use crate::health::Health;
use crate::release::OdinRelease;
use bifrost::client::Progress;
use bifrost::cloud::CloudError;

/// Each service as it is now: first those of the release, then the groups that they replace.
///
/// # Errors
/// Whatever AWS answers.
pub(crate) async fn watch(ports: &OdinPorts, release: &OdinRelease) -> Result<Vec<Progress>, CloudError> {
    let groups = Groups::find(ports, &release.envelope).await?;
    let mut services = Vec::new();
    for (name, service) in &release.fields.services {
        let is_of_service = |group: &&AutoScalingGroup| service_name(&group.tags) == Some(name.as_str());
        match (groups.own_or_deleting().find(is_of_service), &service.healthy_report) {
            (Some(group), _) if group.status.is_some() => services.push(going(name.to_string(), group)),
            (Some(group), _) => {
                let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
                let report = Health::of(group, &views(ports, service).await?).report(&target);
                services.push(dots(name.to_string(), &report));
            }
            // Nothing was made yet.
            (None, Some(report)) if groups.since().is_none() => services.push(dots(name.to_string(), report)),
            (None, _) => {}
        }
    }
    services.extend(groups.earlier_or_going().map(|group| {
        let name = format!("{} (old)", service_name(&group.tags).unwrap_or_default());
        going(name, group)
    }));
    Ok(services)
}

/// A group that goes, or soon will, by what Auto Scaling says alone: its balancers let go of it.
fn going(name: String, group: &AutoScalingGroup) -> Progress {
    let Health { seen, terminating } = Health::of(group, &[]);
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
    use crate::harness::{deploy, new_harness, output, ports, release};
    use crate::release::sample;
    use bifrost::release::Release;
    use bifrost::testing::TestHarness;

    /// A line a service: its name, and how many wait, start, are healthy, terminate, and are enough.
    async fn seen(harness: &TestHarness<Odin>, release: &OdinRelease) -> Vec<String> {
        let services = watch(&ports(harness).await, release).await.unwrap();
        let line = |it: Progress| {
            let counts = [it.waiting, it.starting, it.healthy, it.terminating, it.enough];
            format!("{} {counts:?}", it.name)
        };
        services.into_iter().map(line).collect()
    }

    #[tokio::test]
    async fn new_groups_are_seen_beside_the_old_ones_which_go_in_the_end() {
        let harness = new_harness(&[]);
        let first = deploy(&harness, &release(2, &[])).await;
        assert_eq!(seen(&harness, &output(&harness, &first)).await, ["web [0, 0, 5, 0, 3]", "worker [0, 0, 1, 0, 1]"]);

        let second = release(1, &[]);
        harness.upload(&second, &[("userdata", sample::USER_DATA)]).await.unwrap();
        let name = harness.start(&second).await.unwrap();
        let mut looks = 0;
        harness
            .run_until(|| {
                looks += 1;
                looks == 2
            })
            .await
            .unwrap();
        let run = harness.execution(&name).await.unwrap();
        let left = run.history.iter().rev().find_map(|event| event.details.output.clone()).unwrap();
        let release = Release::read(&left, harness.cloud().defaults()).unwrap();
        let booting = seen(&harness, &release).await;
        assert_eq!(booting.len(), 4, "{booting:?}");
        assert!(booting[0].starts_with("web [") && booting[2].starts_with("web (old) ["), "{booting:?}");

        harness.run().await.unwrap();
        let run = harness.execution(&name).await.unwrap();
        assert_eq!(
            seen(&harness, &output(&harness, &run)).await,
            [
                "web [0, 0, 5, 0, 3]",
                "worker [0, 0, 1, 0, 1]",
                "web (old) [0, 0, 0, 3, 0]",
                "worker (old) [0, 0, 0, 1, 0]"
            ]
        );
    }
}
