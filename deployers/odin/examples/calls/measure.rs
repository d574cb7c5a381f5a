//! Counts the AWS calls of each task of a deploy, and the longest chain of calls that wait for one another.
//!
//! Every call takes one second of the local cloud's time, and nothing else in a task takes time. Concurrent calls end
//! in the same second, so the number of seconds in which calls end is the length of the chain.

use bifrost::audit::AuditMode;
use bifrost::local::{Fault, FaultKind, LocalDeployer, LocalState, read_seed};
use bifrost::release::Sha256;
use bifrost::testing::TestHarness;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use odin::Odin;
use odin::cloud::local::OdinAccount;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

const USER_DATA: &[u8] = include_bytes!("../../releases/deploy-test.json.userdata");

/// The calls of one task: its state, and when each call ended.
pub struct Task {
    state: String,
    ends: Vec<DateTime<Utc>>,
}

impl Task {
    /// The number of calls.
    pub fn calls(&self) -> usize {
        self.ends.len()
    }

    /// The length of the longest chain of dependent calls.
    pub fn chain(&self) -> usize {
        self.ends.iter().collect::<BTreeSet<_>>().len()
    }
}

/// The lifecycle hooks of a release.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hooks {
    None,
    /// One that makes terminating instances wait, so that the old group is scaled to 0 before it is deleted.
    Termination,
}

/// The tasks of a deploy, in order.
pub struct Calls(pub Vec<Task>);

impl Calls {
    /// The number of calls of the whole deploy.
    pub fn calls(&self) -> usize {
        self.0.iter().map(Task::calls).sum()
    }

    /// The sum of the chains of all tasks, which run one after another.
    pub fn chain(&self) -> usize {
        self.0.iter().map(Task::chain).sum()
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<18}{:>6}{:>7}", "task", "calls", "chain")?;
        for task in &self.0 {
            writeln!(f, "{:<18}{:>6}{:>7}", task.state, task.calls(), task.chain())?;
        }
        write!(f, "{:<18}{:>6}{:>7}", "the whole deploy", self.calls(), self.chain())
    }
}

/// Deploys these services of the sample release over an earlier release. Instances are healthy, drained and gone
/// at once, and the process has not assumed the role yet.
pub async fn calls_of(services: &[&str], hooks: Hooks, audit: AuditMode) -> Calls {
    let mut local_state = local_state(audit);
    let harness = TestHarness::new(local_state.clone()).unwrap();
    deploy(&harness, &release(services, hooks, local_state.clock, "11111111")).await;
    harness.advance(TimeDelta::hours(1)).unwrap();
    local_state = harness.store().read(LocalState::clone).unwrap();
    let release = release(services, hooks, local_state.clock, "22222222");
    let kind = FaultKind::DelaySeconds(1);
    local_state.faults = vec![Fault { operation: "*".into(), resource: None, state: None, skip: 0, times: None, kind }];
    let harness = TestHarness::new(local_state).unwrap();
    let tasks = Arc::new(Mutex::new(Vec::<Task>::new()));
    let recorded = Arc::clone(&tasks);
    harness.store().watch(Box::new(move |record, _, after| {
        let state = &record.call.name.attempt.state;
        let mut tasks = recorded.lock().unwrap();
        match tasks.last_mut() {
            _ if state.is_empty() => {}
            Some(task) if task.state == *state => task.ends.push(after.clock),
            _ => tasks.push(Task { state: state.clone(), ends: vec![after.clock] }),
        }
    }));
    deploy(&harness, &release).await;
    Calls(std::mem::take(&mut tasks.lock().unwrap()))
}

async fn deploy(harness: &TestHarness<Odin>, release: &Value) {
    let run = harness.deploy(release, &[("userdata", USER_DATA)]).await.unwrap();
    assert_eq!(run.path().last(), Some(&"Success"), "{:?}", run.errors());
}

fn local_state(audit: AuditMode) -> LocalState<OdinAccount> {
    let mut local_state: Value = serde_json::from_str(Odin::SEED).unwrap();
    local_state["audit"] = json!({"coinbase-audit/000000000000/us-east-1": {"mode": audit}});
    let region = &mut local_state["accounts"]["000000000000"]["resources"]["regions"]["us-east-1"];
    region["load_balancers"]["coinbase-deploy-test-web-elb"]["connection_draining_seconds"] = json!(0);
    region["target_groups"]["coinbase-deploy-test-web-tg"]["deregistration_delay_seconds"] = json!(0);
    let instances = &mut region["images"]["ami-0a1b2c3d4e5f60001"]["instances"];
    *instances = json!({"boots_after_seconds": 0, "health": {"after_seconds": 0}, "stops_after_seconds": 0});
    read_seed(Path::new("odin.json"), local_state.to_string().as_bytes()).unwrap()
}

/// The sample release with only these services, as the client prepares it.
fn release(services: &[&str], hooks: Hooks, now: DateTime<Utc>, random: &str) -> Value {
    let mut release: Value = serde_json::from_str(include_str!("../../releases/deploy-test.json")).unwrap();
    if hooks == Hooks::None {
        release.as_object_mut().unwrap().shift_remove("lifecycle");
    }
    let all = release["services"].as_object_mut().unwrap();
    all.retain(|name, _| services.contains(&name.as_str()));
    release["release_id"] = json!(format!("release-{}-{random}", now.format("%Y-%m-%dT%H-%M-%SZ")));
    release["created_at"] = json!(now.to_rfc3339_opts(SecondsFormat::Secs, true));
    release["user_data_sha256"] = json!(Sha256::of(USER_DATA).to_string());
    release
}
