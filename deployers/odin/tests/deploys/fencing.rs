//! Executions that lost their root lock: an operator stopped them and cleared the lock, and a newer release was deployed. Then
//! they are redriven. The newer release stays byte for byte the same.

use crate::fixture::{Deploy, Fixture, ended, uuid};
use crate::plan::ReleasePlan;
use crate::sample_cloud::{IMAGE, REGION, Scenario, TARGET};
use bifrost::client::{Address, Client};
use bifrost::cloud::EndedBy;
use bifrost::lifecycle::Proof;
use bifrost::local::LocalSession;
use bifrost::testing::{RaisedError, Run};
use odin::Odin;
use odin::cloud::OdinPorts;
use odin::cloud::local::{OdinRegion, ports};
use odin::release::OdinRelease;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where a deploy that would succeed is stopped: in a task, while it waits for this call. Then how it ends.
const SUCCEEDING: [(&str, &str, &str); 12] = [
    ("Validate", "*", "FailureClean"),
    ("Lock", "*", "FailureClean"),
    ("Lock", "dynamodb:TransactWriteItems", "FailureClean"),
    ("ValidateResources", "*", "FailureClean"),
    ("Deploy", "*", "FailureClean"),
    ("Deploy", "autoscaling:CreateAutoScalingGroup", "FailureClean"),
    ("CheckHealthy", "*", "FailureClean"),
    ("DetachForSuccess", "*", "FailureDirty"),
    ("DetachForSuccess", "autoscaling:DetachLoadBalancers", "FailureDirty"),
    ("CleanUpSuccess", "*", "FailureDirty"),
    ("CleanUpSuccess", "autoscaling:UpdateAutoScalingGroup", "FailureDirty"),
    ("CleanUpSuccess", "dynamodb:TransactWriteItems", "FailureDirty"),
];

/// The same for a deploy whose instances never become healthy.
const FAILING: [(&str, &str, &str); 6] = [
    ("DetachForFailure", "*", "FailureClean"),
    ("DetachForFailure", "autoscaling:DetachLoadBalancers", "FailureClean"),
    ("CleanUpFailure", "*", "FailureClean"),
    ("CleanUpFailure", "autoscaling:DeleteAutoScalingGroup", "FailureClean"),
    ("ReleaseLockFailure", "*", "FailureClean"),
    ("ReleaseLockFailure", "dynamodb:TransactWriteItems", "FailureClean"),
];

/// A fixture in which `first` is deployed and `second` was stopped.
struct Stopped {
    fixture: Fixture,
    second: Deploy,
    is_failing: bool,
}

impl Stopped {
    /// Starts `second`, and stops it in the task while it waits for the call.
    async fn at(task: &str, call: &str, is_failing: bool) -> Self {
        let fixture = Scenario::sample().with("/timeout", json!(120)).build();
        fixture.deploy("first").await;
        fixture.settle();
        set_health(&fixture, if is_failing { json!({"health": "never"}) } else { json!({}) });
        // A transaction is that of the root lock, not that of the audit log.
        let resource = if call.starts_with("dynamodb:") { "/lock" } else { "" };
        fixture.fault(json!({
            "operation": call, "resource": resource, "state": task, "times": 1, "kind": {"delay_seconds": 60},
        }));
        let release = fixture.release("second");
        fixture.upload(&release).await;
        let second = fixture.start(&release).await;
        fixture.run_until_state(&second, task).await;
        fixture.harness.abort(&second.name).await.unwrap();
        set_health(&fixture, json!({}));
        Self { fixture, second, is_failing }
    }

    /// An operator clears the lock.
    async fn unlock(&self) {
        unlock(&self.fixture).await;
    }

    /// An operator deletes what would keep the next release from being deployed: one of two groups of a service.
    async fn make_room(&self) {
        let fixture = &self.fixture;
        let superfluous = if self.is_failing { "release-1-second" } else { "release-1-first" };
        let ports = operator(fixture);
        let groups = fixture.region().auto_scaling_groups;
        let has_two = |service: &str| groups.values().filter(|group| is_live(group, service)).count() == 2;
        for (name, group) in &groups {
            if group.tags["ReleaseID"] == superfluous && !group.deleting && has_two(&group.tags["ServiceName"]) {
                ports.groups.delete_group(&Proof::unchecked_for_tests(), name).await.unwrap();
            }
        }
        fixture.settle();
    }

    /// Deploys the newer release.
    async fn overtake(&self) -> Deploy {
        let release = self.fixture.release("third");
        self.fixture.upload(&release).await;
        let third = self.fixture.start(&release).await;
        self.fixture.harness.run().await.unwrap();
        let run = self.fixture.finish(&third).await;
        assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
        third
    }

    /// Continues the stopped execution to its end.
    async fn redrive(&self) -> Run {
        self.fixture.harness.redrive(&self.second.name).unwrap();
        self.fixture.harness.run().await.unwrap();
        self.fixture.finish_while_others_run(&self.second).await
    }

    /// What is not of `second`.
    fn others(&self) -> OdinRegion {
        others(self.fixture.region(), &self.second.plan)
    }
}

async fn unlock(fixture: &Fixture) {
    let cloud = fixture.harness.cloud();
    let client = Client::<Odin>::from(cloud);
    let release = OdinRelease::read(&fixture.release("any"), cloud.defaults()).unwrap();
    let address = Address::from(&release.envelope);
    let plan = client.prepare_unlock(&address, None).await.unwrap();
    client.unlock(&address, plan).await.unwrap();
    assert_eq!(fixture.root_lock(), None);
}

pub fn set_health(fixture: &Fixture, behaviour: Value) {
    fixture.change(|region| {
        region.images.get_mut(IMAGE).unwrap().instances = serde_json::from_value(behaviour).unwrap();
    });
}

/// The ports of a person who works in the target account.
fn operator(fixture: &Fixture) -> OdinPorts {
    let store = Arc::clone(fixture.harness.store());
    ports(LocalSession::new(store, TARGET.parse().unwrap(), REGION.parse().unwrap()))
}

fn is_live(group: &odin::cloud::local::StoredGroup, service: &str) -> bool {
    !group.deleting && group.tags["ConfigName"] == "development" && group.tags["ServiceName"] == service
}

/// The region without the resources of a release, and without counters, which only grow.
pub fn others(mut region: OdinRegion, plan: &ReleasePlan) -> OdinRegion {
    region.ids = 0;
    region.images.values_mut().for_each(|image| image.launched = 0);
    region.auto_scaling_groups.retain(|_, group| !plan.created(&group.tags));
    region.launch_templates.retain(|_, stored| !plan.created(&stored.template.tags));
    let groups: Vec<_> = plan.services.values().map(|service| &service.group).collect();
    region.alarms.retain(|_, alarm| !groups.contains(&&alarm.group_name));
    region
}

pub fn text(region: &OdinRegion) -> String {
    serde_json::to_string_pretty(region).unwrap()
}

/// The last error of a run.
fn last_error(run: &Run) -> RaisedError {
    run.errors().pop().unwrap()
}

async fn overtaken(task: &str, call: &str, end: &str, is_failing: bool) {
    let at = format!("{task} {call}");
    let stopped = Stopped::at(task, call, is_failing).await;
    stopped.unlock().await;
    stopped.make_room().await;
    let third = stopped.overtake().await;
    let before = text(&stopped.others());

    let run = stopped.redrive().await;

    assert_eq!(run.path().last(), Some(&end), "{at}: {:#?}", run.errors());
    assert_eq!(text(&stopped.others()), before, "{at}: redriven");
    assert_eq!(stopped.fixture.root_lock(), None, "{at}");
    if end == "FailureDirty" {
        let error = last_error(&run);
        assert_eq!((error.error.as_str(), error.code.as_deref()), ("LockError", Some("lock/lost")), "{at}");
        assert!(error.message.contains("cleared its lock with `unlock`"), "{at}: {}", error.message);
    }
    for payload in run.invocations() {
        let name = payload["Task"].clone();
        // Whatever it answers.
        let _ = stopped.fixture.harness.invoke(payload).await;
        assert_eq!(text(&stopped.others()), before, "{at}: {name} invoked again");
    }
    assert_eq!(stopped.fixture.root_lock(), None, "{at}");
    stopped.fixture.finish_while_others_run(&stopped.second).await;
    stopped.fixture.finish(&third).await;
    assert_eq!(stopped.fixture.running(), ["web", "worker"].map(|it| (it.into(), "release-1-third".into())), "{at}");
}

#[tokio::test]
async fn overtaken_deploy_changes_nothing_when_redriven() {
    for (task, call, end) in SUCCEEDING {
        overtaken(task, call, end, false).await;
    }
}

#[tokio::test]
async fn overtaken_clean_up_changes_nothing_when_redriven() {
    for (task, call, end) in FAILING {
        overtaken(task, call, end, true).await;
    }
}

#[tokio::test]
async fn unlocked_deploy_names_the_holder() {
    let stopped = Stopped::at("CleanUpSuccess", "*", false).await;
    stopped.unlock().await;
    stopped.make_room().await;
    let release = stopped.fixture.release("third");
    stopped.fixture.upload(&release).await;
    let third = stopped.fixture.start(&release).await;
    stopped.fixture.run_until_state(&third, "WaitForHealthy").await;
    let run = stopped.redrive().await;
    assert_eq!(run.path().last(), Some(&"FailureDirty"));
    let first = run.errors().into_iter().find(|raised| raised.error == "LockError").unwrap();
    assert_eq!(first.code.as_deref(), Some("lock/lost"));
    assert!(first.message.contains("release-1-third"), "{}", first.message);
    let by = ended(&stopped.fixture.local_state(), &uuid(&run)).map(|ended| ended.by);
    assert_eq!(by, Some(EndedBy::Unlock));
    assert_eq!(stopped.fixture.finish(&third).await.path().last(), Some(&"Success"));
}

/// Without a newer release, a redriven deploy does not go on either, and deletes what it created.
#[tokio::test]
async fn unlocked_deploy_cleans_up_when_redriven() {
    for task in ["Deploy", "CheckHealthy"] {
        let stopped = Stopped::at(task, "*", false).await;
        stopped.unlock().await;
        let run = stopped.redrive().await;
        assert_eq!(run.path().last(), Some(&"FailureClean"), "{task}: {:#?}", run.errors());
        stopped.fixture.finish(&stopped.second).await;
        assert_eq!(stopped.fixture.running(), ["web", "worker"].map(|it| (it.into(), "release-1-first".into())));
    }
}

const PLACEMENT: &str = "odin/coinbase/deploy-test/development/close";

/// The next release uses the placement group that the first created, without tags of its own on it.
#[tokio::test]
async fn overtaken_clean_up_keeps_the_placement_group() {
    for state in ["WaitForHealthy", "Success"] {
        let fixture = Scenario::worker()
            .with("/services/worker/placement_group_name", json!(PLACEMENT))
            .with("/services/worker/placement_group_strategy", json!("cluster"))
            .build();
        fixture.fault(json!({"operation": "*", "state": "CheckHealthy", "times": 1, "kind": {"delay_seconds": 60}}));
        let first = start(&fixture, "first").await;
        fixture.run_until_state(&first, "CheckHealthy").await;
        fixture.harness.abort(&first.name).await.unwrap();
        unlock(&fixture).await;
        set_health(&fixture, json!({"boots_after_seconds": 300}));
        let second = start(&fixture, "second").await;
        fixture.run_until_state(&second, state).await;
        let (before, lock) = (text(&others(fixture.region(), &first.plan)), fixture.root_lock());
        assert_eq!(fixture.region().placement_groups[PLACEMENT].tags["ReleaseID"], "release-1-first");

        fixture.harness.redrive(&first.name).unwrap();
        fixture.run_until_state(&first, "FailureClean").await;

        let run = fixture.finish_while_others_run(&first).await;
        assert!(run.path().contains(&"CleanUpFailure"), "{state}: {:?}", run.path());
        assert_eq!(text(&others(fixture.region(), &first.plan)), before, "{state}");
        assert_eq!(fixture.root_lock(), lock, "{state}");
        fixture.harness.run().await.unwrap();
        assert_eq!(fixture.finish(&second).await.path().last(), Some(&"Success"), "{state}");
        let region = fixture.region();
        assert_eq!(region.placement_groups.keys().collect::<Vec<_>>(), [PLACEMENT], "{state}");
        assert_eq!(fixture.journal().count("ec2:DeletePlacementGroup"), 0, "{state}");
        assert_eq!(fixture.running(), [("worker".into(), "release-1-second".into())], "{state}");
    }
}

async fn start(fixture: &Fixture, id: &str) -> Deploy {
    let release = fixture.release(id);
    fixture.upload(&release).await;
    fixture.start(&release).await
}
