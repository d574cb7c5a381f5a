//! Deploys of ECS services in the local cloud.

use super::cloud::{Region, Registered, Rollout};
use super::{EcsDeployer, EcsFields};
use bifrost::client::{Action, Client, DeployPlan, PlanFailure, Prepared};
use bifrost::error_code::Coded;
use bifrost::lifecycle::request_halt;
use bifrost::local::{ByRegion, LocalState};
use bifrost::release::Release;
use bifrost::testing::{Case, FaultSweep, Run, SweepFault, TestHarness};
use serde_json::{Value, json};

type Ecs = ByRegion<Region>;

fn new_harness() -> TestHarness<EcsDeployer> {
    TestHarness::seeded().unwrap()
}

/// A release of both services with these tags of their images.
fn services(api: &str, web: &str) -> Value {
    let service = |image: String, count: u32| json!({"cluster": "main", "image": image, "desired_count": count, "cpu": 512, "memory": 1024});
    json!({"services": {"api": service(format!("api:{api}"), 2), "web": service(format!("web:{web}"), 3)}})
}

fn ecs(resources: &Ecs) -> &Region {
    resources.of(&"us-east-1".parse().unwrap())
}

/// ECS in the target account.
fn target(state: &LocalState<Ecs>) -> &Region {
    ecs(&state.accounts[&"222222222222".parse().unwrap()].resources)
}

/// Image, number of tasks and rollout of each service.
fn served(harness: &TestHarness<EcsDeployer>) -> Vec<(String, u32, Rollout)> {
    harness.store().read(|state| served_in(target(state))).unwrap()
}

fn served_in(ecs: &Region) -> Vec<(String, u32, Rollout)> {
    let served = ecs.services.values().map(|service| {
        let state = &service.found.state;
        let running = ecs.definitions.iter().find(|definition| definition.arn == state.task_definition).unwrap();
        (running.definition.image.clone(), state.desired_count, service.found.rollout.clone())
    });
    served.collect()
}

fn both(api: &str, web: &str, count: [u32; 2], rollout: Rollout) -> [(String, u32, Rollout); 2] {
    [(api.to_owned(), count[0], rollout.clone()), (web.to_owned(), count[1], rollout)]
}

/// The images of the active task definitions that the deployer registered.
fn registered(ecs: &Region) -> Vec<String> {
    let is_ours = |it: &&Registered| it.is_active && it.definition.release_id.is_some();
    ecs.definitions.iter().filter(is_ours).map(|it| it.definition.image.clone()).collect()
}

async fn deploy(harness: &TestHarness<EcsDeployer>, fields: &Value) -> Run {
    harness.deploy(&harness.release(fields), &[]).await.unwrap()
}

/// The deploy has failed, and the services run again what they ran before.
fn assert_rolled_back(harness: &TestHarness<EcsDeployer>, run: &Run, code: &str) {
    assert_eq!(run.path()[run.path().len() - 3..], ["RollBack", "UnlockFailure", "FailureClean"]);
    assert_eq!(run.errors().last().unwrap().code.as_deref(), Some(code), "{:?}", run.errors());
    // ECS replaces the tasks once more.
    assert_eq!(served(harness), both("api:1", "web:1", [1, 1], Rollout::InProgress));
    harness.advance(chrono::TimeDelta::minutes(1)).unwrap();
    assert_eq!(served(harness), both("api:1", "web:1", [1, 1], Rollout::Completed));
    assert!(harness.store().read(|state| registered(target(state))).unwrap().is_empty());
}

#[tokio::test]
async fn deploy_ends_when_the_tasks_are_replaced() {
    let harness = new_harness();
    let run = deploy(&harness, &services("2", "2")).await;
    let polls = ["Rest", "Look", "Completed?"].repeat(4);
    let path = [&["Validate", "Lock", "Remember", "Update"], polls.as_slice(), &["UnlockSuccess", "Success"]].concat();
    assert_eq!((run.path(), run.errors()), (path, vec![]));
    assert_eq!(served(&harness), both("api:2", "web:2", [2, 3], Rollout::Completed));
    let output = run.execution.output.unwrap();
    assert!(output.get("before").is_none_or(|before| *before == json!({})), "{output}");
    let arn = "arn:aws:ecs:us-east-1:222222222222:task-definition/main_web:2";
    assert_eq!(output["services"]["web"]["task_definition"], arn);
}

#[tokio::test]
async fn failed_deployment_is_rolled_back() {
    let harness = new_harness();
    let run = deploy(&harness, &services("2", "broken")).await;
    assert_rolled_back(&harness, &run, "ecs/deployment-failed");
    assert!(run.errors()[0].message.starts_with("services.web: the deployment has failed: "), "{:?}", run.errors());
}

#[tokio::test]
async fn deploy_after_a_failed_one_succeeds() {
    let harness = new_harness();
    for (tag, end) in [("broken", "FailureClean"), ("2", "Success"), ("3", "Success")] {
        let run = deploy(&harness, &services(tag, tag)).await;
        assert_eq!(run.path().last(), Some(&end), "{tag}: {:?}", run.errors());
    }
    let images = harness.store().read(|state| registered(target(state))).unwrap();
    assert_eq!(images, ["api:2", "web:2", "api:3", "web:3"]);
}

#[tokio::test]
async fn halted_deploy_is_rolled_back() {
    let harness = new_harness();
    let sent = harness.release(&services("2", "2"));
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    assert_eq!(served(&harness), both("api:2", "web:2", [2, 3], Rollout::InProgress));
    let (objects, envelope) = (harness.cloud().account().objects, release(&harness, &sent).envelope);
    request_halt(objects.as_ref(), &envelope.bucket, &envelope.root_dir(), "wrong image").await.unwrap();
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_rolled_back(&harness, &run, "halt/requested");
}

#[tokio::test]
async fn slow_deploy_is_rolled_back() {
    let harness = new_harness();
    let mut fields = services("2", "2");
    fields["timeout"] = json!(40);
    let run = deploy(&harness, &fields).await;
    assert_rolled_back(&harness, &run, "halt/timeout");
}

#[tokio::test]
async fn service_that_does_not_exist_is_refused() {
    let harness = new_harness();
    let mut fields = services("2", "2");
    fields["services"]["cron"] = fields["services"]["web"].clone();
    let run = deploy(&harness, &fields).await;
    assert_eq!(run.path(), ["Validate", "Lock", "Remember", "UnlockFailure", "FailureClean"]);
    assert_eq!(run.errors()[0].code.as_deref(), Some("ecs/no-service"));
    assert_eq!(planned(&harness, &fields).await.unwrap_err().code(), "ecs/no-service");
}

#[tokio::test]
async fn number_beyond_a_limit_is_refused() {
    for (field, value) in [("cpu", 255), ("memory", 511), ("memory", 122_881), ("desired_count", 5_001)] {
        let mut fields = services("2", "2");
        fields["services"]["web"][field] = json!(value);
        let run = deploy(&new_harness(), &fields).await;
        assert_eq!(run.path(), ["Validate", "FailureClean"]);
        assert_eq!(run.errors()[0].code.as_deref(), Some("ecs/limit"));
        assert!(run.errors()[0].message.contains(&format!("services.web.{field} is {value}")), "{:?}", run.errors());
    }
}

#[tokio::test]
async fn service_that_somebody_else_updates_is_left_alone() {
    let harness = new_harness();
    let sent = harness.release(&services("2", "2"));
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    let update = |state: &mut LocalState<Ecs>| {
        let account = state.account(&"222222222222".parse().unwrap()).unwrap();
        let ecs = account.resources.of_mut(&"us-east-1".parse().unwrap());
        let mut by_hand = ecs.definitions[0].clone();
        (by_hand.arn, by_hand.definition.image) = ("by-hand".into(), "api:hand".into());
        ecs.definitions.push(by_hand);
        ecs.services.get_mut("main/api").unwrap().found.state.task_definition = "by-hand".into();
    };
    harness.store().transact(update).unwrap();
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path().last(), Some(&"FailureClean"));
    let images: Vec<_> = served(&harness).into_iter().map(|(image, ..)| image).collect();
    assert_eq!(images, ["api:hand", "web:1"]);
}

fn release(harness: &TestHarness<EcsDeployer>, sent: &Value) -> Release<EcsFields> {
    Release::read(sent, harness.cloud().defaults()).unwrap()
}

async fn planned(harness: &TestHarness<EcsDeployer>, fields: &Value) -> Result<DeployPlan, PlanFailure> {
    let document = harness.release(fields);
    let release = release(harness, &document);
    let client = Client::<EcsDeployer>::from(harness.cloud());
    client.plan(&Prepared { document, release, attachments: Vec::new() }).await
}

#[tokio::test]
async fn plan_lists_what_changes() {
    let harness = new_harness();
    let plan = planned(&harness, &services("2", "2")).await.unwrap();
    let changes: Vec<_> = plan.changes.iter().map(|it| (it.action, it.resource.as_str(), it.details.len())).collect();
    assert_eq!(changes, [(Action::Modify, "api", 1), (Action::Modify, "web", 1)]);
    assert!(
        plan.changes[1].details[0].contains("of web:1 ") && plan.changes[1].details[0].contains(" → 3 tasks of web:2 ")
    );
    deploy(&harness, &services("2", "2")).await;
    assert_eq!(planned(&harness, &services("2", "2")).await.unwrap(), DeployPlan::default());
}

/// Services and task definitions that are active: a revision that was deregistered is never deleted.
fn active(resources: &Ecs) -> Value {
    let Region { mut definitions, services } = ecs(resources).clone();
    definitions.retain(|definition| definition.is_active);
    json!({"definitions": definitions, "services": services})
}

/// After `FailureClean` each service runs what it ran before, and no task definition of the release is left.
fn failure_leaves_nothing(case: &Case<'_, EcsDeployer>) -> Result<(), String> {
    let (before, now) = (target(case.before), target(case.settled));
    if case.end() != "FailureClean" {
        return Ok(());
    }
    if (served_in(before), registered(before)) != (served_in(now), registered(now)) {
        return Err(format!("{:?} with {:?} is left", served_in(now), registered(now)));
    }
    Ok(())
}

/// After `Success` there is one more task definition a service.
fn success_registers_once(case: &Case<'_, EcsDeployer>) -> Result<(), String> {
    let added = registered(target(case.settled)).len() - registered(target(case.before)).len();
    if case.end() == "Success" && added != 2 { Err(format!("{added} task definitions are registered")) } else { Ok(()) }
}

#[tokio::test]
async fn every_call_may_fail() {
    let sweep = FaultSweep::<EcsDeployer>::of([services("2", "2"), services("3", "broken")]);
    let sweep = sweep.ends_in(EcsDeployer::FailureClean).comparing(active);
    let sweep = sweep.invariant(failure_leaves_nothing).invariant(success_registers_once);
    // `RegisterTaskDefinition` has no token: an attempt that outlives its task registers once more. On AWS the timeout of the
    // function ends the attempt before.
    let sweep = sweep.without(SweepFault::Zombie);
    sweep.sample(12, 1).run().await.unwrap();
}
