//! What holds after every deploy (points 2 to 4 and 7 of what Odin promises), asked of AWS.

use crate::fixture::{DEPLOYER, FUNCTION, TARGET};
use crate::project::{Deployed, Project, tag};
use crate::release_files::{Belongings, healthy};
use bifrost_moto::Call;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is called in the deployer account: bucket and key, lock table, executions, function and its logs, STS.
const AT_HOME: [&str; 7] = ["dynamodb", "kms", "lambda", "logs", "s3", "states", "sts"];

impl Project<'_> {
    /// Nothing that was promised is broken; before the deploy the project had these.
    pub(crate) fn holds(&self, deployed: &Deployed, before: &Belongings) {
        calls_stay_within_bounds(&self.fixture.moto.calls(), deployed.release_id());
        let now = self.belongings();
        match deployed.end()["status"].as_str() {
            Some("Success") => self.runs_this_alone(&now, deployed.release_id()),
            Some("FailureClean") => assert_eq!(&now, before, "what ran before is not as it was"),
            Some("FailureDirty") => {
                assert_eq!(self.holder().as_deref(), Some(deployed.release_id()), "the lock is gone");
                return;
            }
            _ => panic!("no declared end: {deployed:#?}"),
        }
        assert_ne!(self.holder().as_deref(), Some(deployed.release_id()), "the lock is kept");
    }

    /// Each service has one live group, healthy, and nothing is left of other releases.
    fn runs_this_alone(&self, now: &Belongings, release_id: &str) {
        let services = self.release["services"].as_object().unwrap();
        let of = |found: &[Value]| -> Vec<(String, String)> {
            let text = |found: &Value, key: &str| tag(found, key).unwrap_or_default().to_owned();
            let mut of: Vec<_> =
                found.iter().map(|found| (text(found, "ServiceName"), text(found, "ReleaseID"))).collect();
            of.sort();
            of
        };
        let expected: Vec<_> = services.keys().map(|name| (name.clone(), release_id.to_owned())).collect();
        assert_eq!((of(&now.groups), of(&now.templates)), (expected.clone(), expected), "not this release alone");
        let mut alarms = BTreeSet::new();
        for group in &now.groups {
            let service = &services[tag(group, "ServiceName").unwrap()];
            self.is_healthy(group, service);
            let name = group["AutoScalingGroupName"].as_str().unwrap();
            let policies = service["autoscaling"]["policies"].as_array().into_iter().flatten();
            alarms.extend(policies.map(|policy| format!("{name}-{}", policy["type"].as_str().unwrap())));
        }
        let known = now.alarms.iter().map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned());
        assert_eq!(known.collect::<BTreeSet<_>>(), alarms);
    }

    /// A group has its final size, and enough healthy instances; its balancers know these and no others.
    fn is_healthy(&self, group: &Value, service: &Value) {
        let autoscaling = &service["autoscaling"];
        let (min, spread) = (autoscaling["min_size"].as_u64().unwrap_or(1), autoscaling["spread"].as_f64());
        assert_eq!(group["MinSize"], min, "{group:#}");
        let healthy = healthy(group);
        let count = f64::from(u32::try_from(healthy.len()).unwrap());
        let enough = (group["DesiredCapacity"].as_f64().unwrap() * (1.0 - spread.unwrap_or(0.0))).floor();
        assert!(count >= enough && healthy.len() >= usize::try_from(min).unwrap(), "too few are healthy: {group:#}");
        for behind in self.healthy_behind(&service["elbs"], &service["target_groups"]) {
            assert_eq!(behind, healthy, "a balancer sees others");
        }
    }
}

/// Point 7: in the target account Odin acts as the assumed role, in a session of this release; elsewhere only in the
/// deployer account, on what is the deployer's.
fn calls_stay_within_bounds(calls: &[Call], release_id: &str) {
    let session = format!("arn:aws:sts::{TARGET}:assumed-role/coinbase-odin-assumed/{release_id}");
    for call in calls {
        if call.account == TARGET {
            let by = (call.function.as_deref(), call.principal.as_deref());
            assert_eq!(by, (Some(FUNCTION), Some(session.as_str())), "{call:#?}");
        } else {
            assert!(call.account == DEPLOYER && AT_HOME.contains(&call.service.as_str()), "{call:#?}");
        }
    }
    // A function that was killed is another process.
    let mut assumed: BTreeMap<&str, u32> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.action == "AssumeRole" && call.function.is_some()) {
        *assumed.entry(&call.access_key).or_default() += u32::from(call.status == Some(200));
    }
    assert!(assumed.values().all(|times| *times <= 1), "one process assumes a role once: {assumed:?}");
}
