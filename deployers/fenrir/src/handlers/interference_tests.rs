//! What somebody else does to the change set or the stack of a deploy, in each of its states: every deploy ends within a bound, and
//! says what it saw.

use super::fence_tests::{entered, hang, read, start_until, with_table};
use crate::Fenrir;
use crate::cloud::local::{FenrirAccount, StoredStack, ports};
use crate::cloud::{ChangeSetType, CloudFormation, NewChangeSet, StackStatus, TemplateSource};
use crate::harness::{QUICK, REGION, STACK, deploy as run_deploy, paced_harness, region, release};
use crate::names::change_set_name;
use crate::rules::Tags;
use bifrost::error_code::split_code;
use bifrost::lifecycle::Proof;
use bifrost::local::{FaultKind, LocalSession};
use bifrost::testing::{Run, TestHarness};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// A deploy ends at most so long after an interference: the default timeout, and the retries of `CleanUp`.
const BOUND: TimeDelta = TimeDelta::seconds(300 + 210);

/// The token of somebody else's requests.
const TOKEN: &str = "Console-1";

/// A deploy that somebody else interferes with.
#[derive(Debug, Clone, Copy)]
enum Deploy {
    Creates,
    Updates,
}

/// What somebody else does.
#[derive(Debug, Clone, Copy)]
enum Intervention {
    ExecutesChangeSet,
    DeletesChangeSet,
    RecreatesChangeSet,
    DeletesStack,
    RecreatesStack,
    StartsUpdate,
    FinishesUpdate,
}

const INTERVENTIONS: [Intervention; 7] = [
    Intervention::ExecutesChangeSet,
    Intervention::DeletesChangeSet,
    Intervention::RecreatesChangeSet,
    Intervention::DeletesStack,
    Intervention::RecreatesStack,
    Intervention::StartsUpdate,
    Intervention::FinishesUpdate,
];

const STATES: [&str; 7] =
    ["WaitForChangeSet", "UpdateChangeSet", "Execute", "WaitForComplete", "UpdateStack", "ReleaseLock", "CleanUp"];

/// A running deploy, and somebody else with permission to use CloudFormation.
struct Scene {
    harness: TestHarness<Fenrir>,
    deploy: Deploy,
    sent: Value,
    /// The name of the execution.
    name: String,
    /// The ARN of the stack of the deploy.
    stack: String,
    stacks: Arc<dyn CloudFormation>,
}

impl Scene {
    /// Runs a deploy until it is in that state. A deploy that cleans up has failed.
    async fn of(deploy: Deploy, state: &str) -> Self {
        let slow = json!({ "seconds": 100_000 });
        let fails =
            if state == "CleanUp" { json!({ "fails": "create", "seconds": QUICK }) } else { json!({ "seconds": 30 }) };
        let behaviour = |name: &str| format!("{REGION}/behaviour/{name}");
        let harness = paced_harness(QUICK, &[(&behaviour("slow"), slow), (&behaviour("mine"), fails)]);
        if let Deploy::Updates = deploy {
            run_deploy(&harness, &release(6, &[])).await;
        }
        let sent = with_table(2, "mine");
        let name = if state.starts_with("WaitFor") {
            harness.upload(&sent, &[]).await.unwrap();
            let name = harness.start(&sent).await.unwrap();
            harness.run_until(|| entered(&harness, &name, state)).await.unwrap();
            name
        } else {
            start_until(&harness, &sent, hang(state, 0, FaultKind::DelaySeconds(1))).await
        };
        assert!(entered(&harness, &name, state), "{deploy:?} {state}");
        let (account, place) = ("000000000000".parse().unwrap(), "us-east-1".parse().unwrap());
        let stacks = ports(LocalSession::new(Arc::clone(harness.store()), account, place)).stacks;
        let stack = region(&harness).stacks.into_keys().next().unwrap();
        Self { harness, deploy, sent, name, stack, stacks }
    }

    fn change_set(&self) -> String {
        change_set_name(&read(&self.harness, &self.sent).envelope)
    }

    /// Creates a change set and executes it; `None` if CloudFormation refuses.
    async fn change_stack(&self, change_set_type: ChangeSetType, table: &str) -> Option<()> {
        let proof = Proof::unchecked_for_tests();
        let created = self.stacks.create_change_set(&proof, &request("by-hand", change_set_type, table)).await.ok()?;
        self.stacks.execute_change_set(&proof, STACK, &created.id, TOKEN).await.ok()
    }

    fn pass(&self, seconds: i64) {
        self.harness.advance(TimeDelta::seconds(seconds)).unwrap();
    }

    /// Does it; `None` if CloudFormation refuses, as the stack's status does not allow it.
    async fn interfere(&self, intervention: Intervention) -> Option<()> {
        let (stacks, proof, name) = (&self.stacks, Proof::unchecked_for_tests(), self.change_set());
        let found = stacks.change_set(STACK, &name).await.unwrap();
        match intervention {
            Intervention::ExecutesChangeSet => stacks.execute_change_set(&proof, STACK, &found?.id, TOKEN).await.ok(),
            Intervention::DeletesChangeSet => stacks.delete_change_set(&proof, STACK, &found?.id).await.ok(),
            Intervention::RecreatesChangeSet => {
                stacks.delete_change_set(&proof, STACK, &found?.id).await.ok()?;
                let kind = ChangeSetType::of(stacks.stack(STACK).await.unwrap().as_ref());
                stacks.create_change_set(&proof, &request(&name, kind, "other")).await.ok().map(drop)
            }
            Intervention::DeletesStack => {
                stacks.stack(STACK).await.unwrap()?;
                stacks.delete_stack(&proof, STACK, TOKEN).await.ok()
            }
            Intervention::RecreatesStack => {
                stacks.stack(STACK).await.unwrap()?;
                stacks.delete_stack(&proof, STACK, TOKEN).await.ok()?;
                self.pass(40);
                self.change_stack(ChangeSetType::Create, "other").await
            }
            Intervention::StartsUpdate => self.change_stack(ChangeSetType::Update, "slow").await,
            Intervention::FinishesUpdate => {
                self.change_stack(ChangeSetType::Update, "other").await?;
                self.pass(5);
                Some(())
            }
        }
    }

    /// Runs the deploy to its end. Returns how long that took since a time.
    async fn end(&self, since: DateTime<Utc>) -> (Run, TimeDelta) {
        self.harness.run().await.unwrap();
        let run = self.harness.execution(&self.name).await.unwrap();
        (run, self.harness.store().now() - since)
    }

    fn is_unlocked(&self) -> bool {
        let account = "000000000000".parse().unwrap();
        let is_free = |account: &FenrirState| account.lock_tables.values().all(|table| table.locks.is_empty());
        self.harness.store().read(|state| is_free(&state.accounts[&account])).unwrap()
    }

    fn stored(&self) -> Vec<(String, StoredStack)> {
        let stacks = region(&self.harness).stacks.into_iter();
        stacks.filter(|(_, stack)| stack.status != StackStatus::DeleteComplete).collect()
    }

    /// Whether nothing of the release is left, and what ran before still exists.
    fn is_clean(&self) -> bool {
        let id = self.sent["release_id"].as_str().unwrap();
        let is_left = |(arn, stack): &(String, StoredStack)| {
            let has_change_set = stack.change_sets.iter().any(|(name, found)| {
                *name == self.change_set() && found.execution_status.is_none() && *arn == self.stack
            });
            let is_deleted = stack.status == StackStatus::DeleteInProgress;
            has_change_set || (!is_deleted && stack.tags.get("ReleaseID").is_some_and(|found| found == id))
        };
        let stored = self.stored();
        let is_kept = match self.deploy {
            Deploy::Creates => stored
                .iter()
                .all(|(arn, stack)| *arn != self.stack || stack.tags.get("ReleaseID").is_none_or(|found| found != id)),
            Deploy::Updates => stored.iter().any(|(arn, _)| *arn == self.stack),
        };
        is_kept && !stored.iter().any(is_left)
    }
}

/// Somebody else's request for a change set.
fn request(name: &str, change_set_type: ChangeSetType, table: &str) -> NewChangeSet {
    let template = with_table(1, table)["template"].clone();
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tags = Tags::from([tag("ProjectName", "coinbase/deploy-test"), tag("ConfigName", "development")]);
    NewChangeSet {
        stack_name: STACK.into(),
        name: name.into(),
        change_set_type,
        template: TemplateSource::Body(template.to_string()),
        tags,
        token: TOKEN.into(),
        description: "by hand".into(),
    }
}

type FenrirState = bifrost::local::Account<FenrirAccount>;

/// How the deploy ends: one line of the table.
async fn outcome(deploy: Deploy, state: &str, intervention: Intervention) -> Option<String> {
    let scene = Scene::of(deploy, state).await;
    if scene.interfere(intervention).await.is_none() {
        // CloudFormation allows it once the operation of the deploy has ended.
        if !["WaitForComplete", "UpdateStack"].contains(&state) {
            return None;
        }
        scene.pass(40);
        scene.interfere(intervention).await?;
    }
    let since = scene.harness.store().now();
    let (run, time) = scene.end(since).await;
    let case = format!("{deploy:?} {state:<16} {intervention:?}");
    let end = run.path().last().copied().unwrap_or_default().to_owned();
    assert!(time <= BOUND, "{case}: {time}");
    let code = match end.as_str() {
        "Success" => String::new(),
        _ => cause_code(&scene.harness, &run).unwrap_or_else(|| panic!("{case}: no code: {:?}", run.errors())),
    };
    match end.as_str() {
        "Success" => assert!(scene.is_unlocked(), "{case}"),
        "FailureClean" => assert!(scene.is_unlocked() && scene.is_clean(), "{case}: {:#?}", scene.stored()),
        "FailureDirty" => assert!(!scene.is_unlocked(), "{case}: {code}"),
        other => panic!("{case}: {other}"),
    }
    Some(format!("{case:<48} {end:<12} {:>3} s {code}", time.num_seconds()).trim_end().to_owned())
}

/// The code in the error that the release ends with.
fn cause_code(harness: &TestHarness<Fenrir>, run: &Run) -> Option<String> {
    let last = run.history.iter().rfind(|event| event.enters_state())?;
    let cause = read(harness, last.details.input.as_ref()?).envelope.error?.cause;
    // As Lambda reports the error of a task.
    let reported: Option<Value> = serde_json::from_str(&cause).ok();
    let message = reported.as_ref().and_then(|reported| reported["errorMessage"].as_str()).unwrap_or(&cause);
    split_code(message).0.map(str::to_owned)
}

#[tokio::test]
async fn every_interference_ends_within_a_bound() {
    let mut lines = Vec::new();
    for deploy in [Deploy::Creates, Deploy::Updates] {
        for state in STATES {
            for intervention in INTERVENTIONS {
                lines.extend(outcome(deploy, state, intervention).await);
            }
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
