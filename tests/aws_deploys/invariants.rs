//! Invariants after every deploy (points 2 to 4 and 7 of Odin's guarantees), checked in AWS.

use crate::fixture::{DEPLOYER, FUNCTION, TARGET};
use crate::project::{Deployed, Project, tag};
use crate::release_files::{ProjectResources, healthy};
use bifrost_moto::Call;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Services that are called in the deployer account: bucket and key, lock table, executions, function and its logs,
/// STS.
const DEPLOYER_SERVICES: [&str; 7] = ["dynamodb", "kms", "lambda", "logs", "s3", "states", "sts"];

impl Project<'_> {
    /// Checks the invariants; `before` are the resources of the project before the deploy.
    pub(crate) fn check_invariants(&self, deployed: &Deployed, before: &ProjectResources) {
        calls_stay_within_bounds(&self.fixture.moto.calls(), deployed.release_id());
        let now = self.resources();
        match deployed.end()["status"].as_str() {
            Some("Success") => self.assert_only_release(&now, deployed.release_id()),
            Some("FailureClean") => assert_eq!(&now, before, "the earlier release has changed"),
            Some("FailureDirty") => {
                assert_eq!(self.holder().as_deref(), Some(deployed.release_id()), "the lock is missing");
                return;
            }
            _ => panic!("unknown end state: {deployed:#?}"),
        }
        assert_ne!(self.holder().as_deref(), Some(deployed.release_id()), "the lock is kept");
    }

    /// Each service has one healthy group, and nothing is left of other releases.
    fn assert_only_release(&self, now: &ProjectResources, release_id: &str) {
        let services = self.release["services"].as_object().unwrap();
        let of = |found: &[Value]| -> Vec<(String, String)> {
            let text = |found: &Value, key: &str| tag(found, key).unwrap_or_default().to_owned();
            let mut of: Vec<_> =
                found.iter().map(|found| (text(found, "ServiceName"), text(found, "ReleaseID"))).collect();
            of.sort();
            of
        };
        let expected: Vec<_> = services.keys().map(|name| (name.clone(), release_id.to_owned())).collect();
        assert_eq!(
            (of(&now.groups), of(&now.templates)),
            (expected.clone(), expected),
            "resources of other releases, or missing ones"
        );
        let mut alarms = BTreeSet::new();
        for group in &now.groups {
            let service = &services[tag(group, "ServiceName").unwrap()];
            self.assert_healthy(group, service);
            let name = group["AutoScalingGroupName"].as_str().unwrap();
            let policies = service["autoscaling"]["policies"].as_array().into_iter().flatten();
            alarms.extend(policies.map(|policy| format!("{name}-{}", policy["type"].as_str().unwrap())));
        }
        let known = now.alarms.iter().map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned());
        assert_eq!(known.collect::<BTreeSet<_>>(), alarms);
    }

    /// The group has its final size and enough healthy instances, and its balancers report exactly these healthy.
    fn assert_healthy(&self, group: &Value, service: &Value) {
        let autoscaling = &service["autoscaling"];
        let (min, spread) = (autoscaling["min_size"].as_u64().unwrap_or(1), autoscaling["spread"].as_f64());
        assert_eq!(group["MinSize"], min, "{group:#}");
        let healthy = healthy(group);
        let count = f64::from(u32::try_from(healthy.len()).unwrap());
        let required = (group["DesiredCapacity"].as_f64().unwrap() * (1.0 - spread.unwrap_or(0.0))).floor();
        assert!(
            count >= required && healthy.len() >= usize::try_from(min).unwrap(),
            "too few healthy instances: {group:#}"
        );
        for reported in self.healthy_in_balancers(&service["elbs"], &service["target_groups"]) {
            assert_eq!(reported, healthy, "a balancer reports other instances");
        }
    }
}

/// Point 7: in the target account, Odin uses the assumed role with a session of this release. It calls no other account
/// except the deployer account, and there only the deployer's own services.
fn calls_stay_within_bounds(calls: &[Call], release_id: &str) {
    let session = format!("arn:aws:sts::{TARGET}:assumed-role/coinbase-odin-assumed/{release_id}");
    for call in calls {
        if call.account == TARGET {
            let by = (call.function.as_deref(), call.principal.as_deref());
            assert_eq!(by, (Some(FUNCTION), Some(session.as_str())), "{call:#?}");
        } else {
            assert!(call.account == DEPLOYER && DEPLOYER_SERVICES.contains(&call.service.as_str()), "{call:#?}");
        }
    }
    // A crashed function restarts as another process, with another access key.
    let mut assumed: BTreeMap<&str, u32> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.action == "AssumeRole" && call.function.is_some()) {
        *assumed.entry(&call.access_key).or_default() += u32::from(call.status == Some(200));
    }
    assert!(assumed.values().all(|times| *times <= 1), "a process assumed the role more than once: {assumed:?}");
}
