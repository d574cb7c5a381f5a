//! Deploys that wait in vain say why: in the log of the release while they wait, and in the cause of their failure. What cannot
//! pass by itself ends them early.

use crate::fixture::Fixture;
use crate::paths::{failed_at_later_check, healthy, without_repeated_checks};
use crate::sample_cloud::{IMAGE, Scenario, TARGET};
use bifrost::cloud::limit_bytes;
use bifrost::testing::{RaisedError, Run};
use futures_util::FutureExt;
use odin::cloud::local::OdinRegion;
use odin::release::OdinRelease;
use serde_json::{Value, json};

const NO_ROOM: &str = "web: 2 healthy of 3 needed; InsufficientInstanceCapacity in us-east-1a, us-east-1b";

/// Room for 2 of the 3 instances that `web` needs.
fn without_capacity() -> Fixture {
    Scenario::web().with("/timeout", json!(180)).in_region("/spare_capacity", json!({"t3.nano": 2})).build()
}

/// `web`, whose instances never pass their health checks.
fn unhealthy() -> Scenario {
    Scenario::web().instances(json!({"health": "never"})).with("/timeout", json!(180))
}

/// The code of the only error, and the lines of its message.
fn stopped(run: &Run) -> (String, Vec<String>) {
    let [RaisedError { error, code, message }] = &run.errors()[..] else { panic!("{:#?}", run.errors()) };
    assert_eq!(error, "HaltError");
    (code.clone().unwrap(), message.lines().map(ToOwned::to_owned).collect())
}

/// The log of a release, without its times.
async fn log(fixture: &Fixture, id: &str) -> Vec<String> {
    let account = fixture.harness.cloud().account();
    let envelope = OdinRelease::read(&fixture.release(id), fixture.harness.cloud().defaults()).unwrap().envelope;
    let key = envelope.release_dir().log();
    let log = account.objects.get(&envelope.bucket, &key, limit_bytes::FILE).await.unwrap();
    let log = log.map(|object| String::from_utf8(object.body).unwrap()).unwrap_or_default();
    log.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

/// How often the health was checked. After 10 checks the first instances of `web` have been healthy, if ever.
fn checks(run: &Run) -> usize {
    run.path().iter().filter(|state| **state == "CheckHealthy").count()
}

/// Deploys `scenario`, and changes the resources right after Deploy has created the group.
async fn deploy_and_change(scenario: Scenario, change: impl FnOnce(&Fixture)) -> Run {
    let fixture = scenario.build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_state(&deploy, "WaitForDeploy").await;
    change(&fixture);
    fixture.harness.run().await.unwrap();
    // The change is not the deploy's.
    let run = fixture.finish_while_others_run(&deploy).await;
    assert!(fixture.live().is_empty());
    run
}

#[tokio::test]
async fn timeout_names_missing_capacity() {
    let fixture = without_capacity();
    let run = fixture.deploy("first").await;
    let (code, lines) = stopped(&run);
    assert_eq!(code, "halt/timeout");
    assert_eq!(lines[1..], [NO_ROOM]);
    let log = log(&fixture, "first").await;
    assert_eq!(log.last().map(String::as_str), Some(NO_ROOM));
    assert!(log.len() <= 3, "a line for each number and place, once: {log:?}");
    let cause = format!(r#""cause":"{NO_ROOM}""#);
    assert!(fixture.audit.golden().contains(&cause), "the audit log has the cause");
}

#[tokio::test]
async fn halt_names_reasons_of_balancers() {
    let fixture = unhealthy().build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until(&deploy, |run| checks(run) == 10).await;
    fixture.halt("wrong image").await;
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    let (code, lines) = stopped(&run);
    assert_eq!(code, "halt/requested");
    let [halted, web] = &lines[..] else { panic!("{lines:?}") };
    assert!(halted.contains("wrong image"), "{halted}");
    for part in
        ["web: 0 healthy of 3 needed; ", "UnhealthyThreshold", "Target.FailedHealthChecks: Health checks failed ("]
    {
        assert!(web.contains(part), "{web}");
    }
    assert_eq!(log(&fixture, "first").await.len(), 2, "a line for each reason, once");
}

#[tokio::test]
async fn terminations_name_what_is_missing() {
    let terminating = json!({"terminates_after_seconds": 30});
    let fixture = Scenario::web().instance(1, terminating.clone()).instance(2, terminating).build();
    fixture.change(|region| {
        region.spare_capacity.insert("t3.nano".into(), 3);
    });
    let run = fixture.deploy("first").await;
    let (code, lines) = stopped(&run);
    assert_eq!(code, "odin/terminating");
    assert!(lines.last().unwrap().contains("0 healthy of 3 needed; InsufficientInstanceCapacity"), "{lines:?}");
}

#[tokio::test]
async fn starting_instances_are_named_at_the_timeout_only() {
    let fixture = Scenario::web().instances(json!({"boots_after_seconds": 900})).with("/timeout", json!(120)).build();
    let run = fixture.deploy("first").await;
    let (_, lines) = stopped(&run);
    assert!(lines[1].starts_with("web: 0 healthy of 3 needed; Pending (i-"), "{lines:?}");
    assert_eq!(log(&fixture, "first").await, Vec::<String>::new());
}

/// A change after Deploy, and the code that is shown.
type Loss = (&'static str, fn(&mut OdinRegion));

#[tokio::test]
async fn what_cannot_pass_ends_the_deploy_early() {
    let losses: [Loss; 4] = [
        ("InvalidAMIID.NotFound", |region| drop(region.images.remove(IMAGE))),
        ("InvalidGroup.NotFound", |region| region.security_groups.clear()),
        ("InvalidLaunchTemplateName.NotFoundException", |region| region.launch_templates.clear()),
        ("InstanceLimitExceeded", |region| {
            region.instance_limits.insert("t3.nano".into(), 2);
        }),
    ];
    for (code, lose) in losses {
        let run = deploy_and_change(Scenario::web(), |fixture| fixture.change(lose)).await;
        // Two launches have failed before the first check.
        assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check(), "{code}");
        let (raised, lines) = stopped(&run);
        assert_eq!(raised, "odin/cannot-launch");
        assert!(lines[0].starts_with(&format!("service web: cannot launch instances: {code}: ")), "{lines:?}");
        assert!(lines[1].contains(" healthy of 3 needed; ") && lines[1].contains(code), "{lines:?}");
    }
}

#[tokio::test]
async fn lost_profile_ends_the_deploy_early() {
    let lose = |fixture: &Fixture| {
        let lose = |state: &mut bifrost::local::LocalState<odin::cloud::local::OdinAccount>| {
            let account = state.accounts.get_mut(&TARGET.parse().unwrap()).unwrap();
            account.resources.iam.instance_profiles.clear();
        };
        fixture.harness.store().transact(lose).unwrap();
    };
    let run = deploy_and_change(Scenario::web(), lose).await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
    assert!(stopped(&run).1[0].contains("InvalidIamInstanceProfile"), "{:#?}", run.errors());
}

/// The quota has room for all that the release needs, but not for its spares.
#[tokio::test]
async fn quota_that_leaves_enough_is_no_failure() {
    let fixture = Scenario::web().in_region("/instance_limits", json!({"t3.nano": 3})).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    let log = log(&fixture, "first").await;
    assert!(log.len() == 1 && log[0].contains("InstanceLimitExceeded"), "{log:?}");
}

#[tokio::test]
async fn capacity_that_returns_is_used() {
    let fixture = without_capacity();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until(&deploy, |run| checks(run) == 10).await;
    fixture.change(|region| {
        region.spare_capacity.insert("t3.nano".into(), 9);
    });
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    let waited = "web: 2 healthy of 3 needed; InsufficientInstanceCapacity in us-east-1a";
    assert_eq!(log(&fixture, "first").await.last().map(String::as_str), Some(waited));
}

#[tokio::test]
async fn healthy_deploy_makes_no_further_calls() {
    let fixture = Scenario::sample().build();
    fixture.deploy("first").await;
    fixture.deploy("second").await;
    assert_eq!(fixture.journal().count("autoscaling:DescribeScalingActivities"), 0);
    let journal = fixture.journal();
    let logged = journal.calls.iter().filter(|record| record.call.name.resource.ends_with("/log"));
    assert_eq!(logged.count(), 0);
}

#[tokio::test]
async fn denied_activities_cost_only_the_reason() {
    let fixture = without_capacity();
    fixture.fault(denied("autoscaling:DescribeScalingActivities"));
    let run = fixture.deploy("first").await;
    let (code, lines) = stopped(&run);
    assert_eq!(code, "halt/timeout");
    assert!(lines[1].contains("not known") && lines[1].contains("AccessDenied"), "{lines:?}");
}

fn denied(operation: &str) -> Value {
    json!({"operation": operation, "state": "CheckHealthy", "kind": {"error": "AccessDenied"}})
}

#[tokio::test]
async fn halt_counts_more_than_errors_of_calls() {
    let fixture = unhealthy().build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_state(&deploy, "WaitForHealthy").await;
    fixture.fault(denied("autoscaling:DescribeAutoScalingGroups"));
    fixture.halt("wrong image").now_or_never().unwrap();
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(stopped(&run).0, "halt/requested");
}

#[tokio::test]
async fn unknown_halt_flag_is_no_halt() {
    let fixture = Scenario::worker().build();
    fixture.fault(json!({
        "operation": "s3:GetObject", "resource": "/halt", "state": "CheckHealthy", "times": 1, "kind": {"error": "SlowDown"},
    }));
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(run.errors()[0].error, "HealthError");
}
