//! Whole executions in the local cloud: how each ends, what it leaves, and which errors it reports.

use crate::Fenrir;
use crate::harness::{REGION, STACK, deploy, new_harness, output, region, release, stacks};
use crate::release::FenrirRelease;
use bifrost::Fields;
use bifrost::error_code::split_code;
use bifrost::lifecycle::request_halt;
use bifrost::local::LocalDeployer;
use bifrost::release::{CaughtError, Release, Sha256};
use bifrost::testing::{Run, TestHarness};
use serde_json::{Value, json};

/// A second table, for a release that changes something.
const SECOND: (&str, &str) = ("/template/Resources/second", "AWS::Serverless::SimpleTable");

fn last(run: &Run) -> &str {
    run.path().last().copied().unwrap_or_default()
}

fn second() -> (&'static str, Value) {
    (SECOND.0, json!({ "Type": SECOND.1 }))
}

/// The errors that tasks raised, each as its name and its code.
fn errors(run: &Run) -> Vec<(String, String)> {
    run.errors().into_iter().map(|raised| (raised.error, raised.code.unwrap_or_default())).collect()
}

fn error(name: &str, code: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), code.to_owned())]
}

/// The error that the release has at its end: its name and its code.
fn final_error(harness: &TestHarness<Fenrir>, run: &Run) -> (String, String) {
    let CaughtError { error, cause } = input(harness, run, "FailureClean").envelope.error.unwrap();
    (error, split_code(&cause).0.unwrap_or_default().to_owned())
}

/// The input of a state of the execution.
fn input(harness: &TestHarness<Fenrir>, run: &Run, state: &str) -> FenrirRelease {
    let mut entered = run.history.iter().filter(|event| event.enters_state());
    let event = entered.rfind(|event| event.details.name.as_deref() == Some(state)).unwrap();
    Release::read(event.details.input.as_ref().unwrap(), harness.cloud().defaults()).unwrap()
}

fn behaviour(of: &str, how: Value) -> TestHarness<Fenrir> {
    new_harness(&[(&format!("{REGION}/behaviour/{of}"), how)])
}

async fn ask_halt(harness: &TestHarness<Fenrir>, sent: &Value) {
    let release: FenrirRelease = Release::read(sent, harness.cloud().defaults()).unwrap();
    let envelope = &release.envelope;
    request_halt(harness.cloud().account().objects.as_ref(), &envelope.bucket, &envelope.root_dir(), "wrong version")
        .await
        .unwrap();
}

async fn log(harness: &TestHarness<Fenrir>, sent: &Value) -> String {
    let release: FenrirRelease = Release::read(sent, harness.cloud().defaults()).unwrap();
    let envelope = &release.envelope;
    let log =
        harness.cloud().account().objects.get(&envelope.bucket, &envelope.release_dir().log(), u64::MAX).await.unwrap();
    String::from_utf8(log.unwrap().body).unwrap()
}

/// Whether no root lock is held.
fn is_unlocked(harness: &TestHarness<Fenrir>) -> bool {
    let account = "000000000000".parse().unwrap();
    harness
        .store()
        .read(|local_state| local_state.accounts[&account].lock_tables.values().all(|table| table.locks.is_empty()))
        .unwrap()
}

#[tokio::test]
async fn first_deploy_creates_the_stack() {
    let harness = new_harness(&[]);
    let sent = release(2, &[]);
    let run = deploy(&harness, &sent).await;
    let loops = ["WaitForChangeSet", "UpdateChangeSet", "Execute?", "WaitForComplete", "UpdateStack", "Complete?"];
    let straight: Vec<_> = run.path().into_iter().filter(|state| !loops.contains(state)).collect();
    assert_eq!(straight, ["Validate", "Lock", "CreateChangeSet", "Execute", "ReleaseLock", "Success?", "Success"]);
    let release = output(&harness, &run);
    assert_eq!(release.fields.stack_status.as_str(), "CREATE_COMPLETE");
    assert_eq!(release.envelope.success, Some(true));
    let [stack] = &stacks(&harness)[..] else { panic!("one stack") };
    assert_eq!(stack.tags["ReleaseID"], sent["release_id"].as_str().unwrap());
    assert!(is_unlocked(&harness));
    let log = log(&harness, &sent).await;
    assert!(log.contains(" ADD AWS::DynamoDB::Table table (it holds data)\n"), "{log}");
    assert!(log.ends_with(&format!(" CREATE_COMPLETE AWS::CloudFormation::Stack {STACK}\n")), "{log}");
}

#[tokio::test]
async fn second_deploy_updates_the_stack() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let run = deploy(&harness, &release(1, &[second()])).await;
    assert_eq!((last(&run), errors(&run)), ("Success", Vec::new()));
    assert_eq!(output(&harness, &run).fields.stack_status.as_str(), "UPDATE_COMPLETE");
    assert_eq!(stacks(&harness)[0].resources.len(), 2);
}

#[tokio::test]
async fn release_without_changes_succeeds() {
    let harness = new_harness(&[]);
    let first = release(2, &[]);
    deploy(&harness, &first).await;
    let before = stacks(&harness);
    let run = deploy(&harness, &release(1, &[])).await;
    assert_eq!(last(&run), "Success");
    assert!(!run.path().contains(&"Execute"));
    let release = output(&harness, &run);
    assert_eq!((release.envelope.success, release.fields.stack_status.as_str()), (Some(true), ""));
    assert_eq!(before.first().map(|stack| &stack.outputs), Some(&release.fields.outputs));
    assert_eq!(stacks(&harness), before);
    assert!(is_unlocked(&harness));
}

#[tokio::test]
async fn failed_creation_leaves_no_stack() {
    let harness = behaviour("table", json!({ "fails": "create", "reason": "no room" }));
    let sent = release(2, &[]);
    let run = deploy(&harness, &sent).await;
    assert_eq!(last(&run), "FailureClean");
    assert_eq!(stacks(&harness), Vec::new());
    assert_eq!(final_error(&harness, &run), ("DeployError".into(), "fenrir/resource-failed".into()));
    let cause = input(&harness, &run, "FailureClean").envelope.error.unwrap().cause;
    assert!(cause.ends_with("] CREATE_FAILED AWS::DynamoDB::Table table no room"), "{cause}");
    assert!(is_unlocked(&harness));
}

#[tokio::test]
async fn failed_update_is_rolled_back() {
    let harness = behaviour("second", json!({ "fails": "create", "reason": "no room" }));
    deploy(&harness, &release(2, &[])).await;
    let before = stacks(&harness)[0].resources.clone();
    let run = deploy(&harness, &release(1, &[second()])).await;
    assert_eq!(last(&run), "FailureClean");
    let stack = &stacks(&harness)[0];
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stack.resources, before);
    assert!(is_unlocked(&harness));
    let again = deploy(&harness, &release(0, &[("/template/Resources/third", json!({ "Type": SECOND.1 }))])).await;
    assert_eq!(last(&again), "Success");
}

#[tokio::test]
async fn failed_rollback_is_dirty_and_keeps_the_lock() {
    let harness = new_harness(&[
        (&format!("{REGION}/behaviour/second"), json!({ "fails": "create" })),
        (&format!("{REGION}/behaviour/table"), json!({ "fails": "rollback" })),
    ]);
    deploy(&harness, &release(2, &[])).await;
    let changed = json!({ "Type": SECOND.1, "Properties": { "ProvisionedThroughput": { "ReadCapacityUnits": 2, "WriteCapacityUnits": 2 } } });
    let slow = json!({ "Type": SECOND.1, "DependsOn": "table" });
    let run =
        deploy(&harness, &release(1, &[("/template/Resources/table", changed), ("/template/Resources/second", slow)]))
            .await;
    assert_eq!(last(&run), "FailureDirty", "{:?}", errors(&run));
    assert_eq!(stacks(&harness)[0].status.as_str(), "UPDATE_ROLLBACK_FAILED");
    assert!(!is_unlocked(&harness));
    let end = input(&harness, &run, "FailureDirty");
    let code = split_code(&end.envelope.error.as_ref().unwrap().cause).0;
    assert_eq!(code, Some("fenrir/resource-failed"));
    let mut cleared = end.clone();
    cleared.fields.clear_working_fields();
    assert_eq!(end, cleared);
}

#[tokio::test]
async fn failed_change_set_changes_nothing() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let before = stacks(&harness);
    let circle = json!({ "Type": SECOND.1, "DependsOn": "third" });
    let back = json!({ "Type": SECOND.1, "DependsOn": "second" });
    let run =
        deploy(&harness, &release(1, &[("/template/Resources/second", circle), ("/template/Resources/third", back)]))
            .await;
    assert_eq!(last(&run), "FailureClean", "{:?}", errors(&run));
    assert!(!run.path().contains(&"Execute"));
    assert_eq!(stacks(&harness), before);
    assert!(is_unlocked(&harness));
}

#[tokio::test]
async fn stack_in_rollback_complete_is_replaced() {
    let stuck = json!({
        "status": "ROLLBACK_COMPLETE", "creation_time": "2026-11-20T12:00:00Z",
        "tags": { "ProjectName": "coinbase/deploy-test", "ConfigName": "development", "ReleaseID": "release-1" },
    });
    let arn = format!("arn:aws:cloudformation:us-east-1:000000000000:stack~1{STACK}~11");
    let harness = new_harness(&[(&format!("{REGION}/stacks/{arn}"), stuck)]);
    let run = deploy(&harness, &release(2, &[])).await;
    assert_eq!((last(&run), errors(&run)), ("Success", Vec::new()));
    assert_eq!(stacks(&harness).len(), 1);
}

#[tokio::test]
async fn foreign_stack_is_left_alone() {
    let theirs = json!({
        "status": "CREATE_COMPLETE", "creation_time": "2026-11-20T12:00:00Z",
        "tags": { "ProjectName": "coinbase-deploy/test", "ConfigName": "development", "ReleaseID": "release-1" },
    });
    let arn = format!("arn:aws:cloudformation:us-east-1:000000000000:stack~1{STACK}~11");
    let harness = new_harness(&[(&format!("{REGION}/stacks/{arn}"), theirs)]);
    let before = stacks(&harness);
    let run = deploy(&harness, &release(2, &[])).await;
    assert_eq!(last(&run), "FailureClean");
    assert_eq!(errors(&run), error("DeployError", "fenrir/foreign-stack"));
    assert_eq!(stacks(&harness), before);
}

#[tokio::test]
async fn halt_before_execute_leaves_nothing() {
    let harness = new_harness(&[]);
    let sent = release(2, &[]);
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    ask_halt(&harness, &sent).await;
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(errors(&run), error("HaltError", "halt/requested"));
    assert_eq!(last(&run), "FailureClean");
    assert_eq!(stacks(&harness), Vec::new());
    assert!(is_unlocked(&harness));
}

#[tokio::test]
async fn halt_after_execute_cancels_the_update() {
    let harness = behaviour("second", json!({ "seconds": 120 }));
    deploy(&harness, &release(2, &[])).await;
    let before = stacks(&harness)[0].resources.clone();
    let sent = release(1, &[second()]);
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    harness.run_until(|| stacks(&harness)[0].status.as_str() == "UPDATE_IN_PROGRESS").await.unwrap();
    ask_halt(&harness, &sent).await;
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(last(&run), "FailureClean");
    let stack = &stacks(&harness)[0];
    assert_eq!((stack.status.as_str(), &stack.resources), ("UPDATE_ROLLBACK_COMPLETE", &before));
    assert_eq!(final_error(&harness, &run), ("HaltError".into(), "halt/requested".into()));
    assert!(is_unlocked(&harness));
}

#[tokio::test]
async fn timeout_cancels_the_update() {
    let harness = behaviour("second", json!({ "seconds": 1200 }));
    deploy(&harness, &release(2, &[])).await;
    let run = deploy(&harness, &release(1, &[second()])).await;
    assert_eq!(last(&run), "FailureClean");
    assert_eq!(final_error(&harness, &run), ("HaltError".into(), "halt/timeout".into()));
}

#[tokio::test]
async fn held_lock_refuses_the_release() {
    let harness = new_harness(&[]);
    let sent = release(2, &[]);
    deploy(&harness, &sent).await;
    let theirs = json!({ "key": "000000000000/coinbase/deploy-test/development/lock", "id": "another",
        "time": "2026-11-21T11:59:00Z" });
    let path = "/accounts/000000000000/lock_tables/us-east-1~1coinbase-fenrir-locks";
    let lock = format!("{path}/000000000000~1coinbase~1deploy-test~1development~1lock");
    let harness = new_harness(&[(&lock, theirs)]);
    let run = deploy(&harness, &sent).await;
    assert_eq!(run.path(), ["Validate", "Lock", "FailureClean"]);
    assert_eq!(errors(&run), error("LockExistsError", "lock/held"));
    assert_eq!(stacks(&harness), Vec::new());
}

#[tokio::test]
async fn template_is_refused_with_all_findings() {
    let harness = new_harness(&[]);
    let sent = release(
        2,
        &[
            ("/template/Resources/table/Properties", json!({ "TableName": "mine", "PrimaryKy": {} })),
            ("/template/Parameters", json!({})),
        ],
    );
    let run = deploy(&harness, &sent).await;
    assert_eq!(run.path(), ["Validate", "FailureClean"]);
    let [refusal] = &run.errors()[..] else { panic!("one error") };
    assert_eq!(refusal.error, "BadReleaseError");
    assert!(refusal.code.as_ref().is_some_and(|code| code.starts_with("template/")), "{refusal:?}");
    for path in ["Parameters", "Resources.table.Properties.TableName", "Resources.table.Properties.PrimaryKy"] {
        assert!(refusal.message.contains(&format!("]: {path}: ")), "{path}: {refusal:?}");
    }
    assert!(region(&harness).stacks.is_empty() && is_unlocked(&harness));
}

#[tokio::test]
async fn missing_and_foreign_files_are_refused() {
    let harness = new_harness(&[]);
    let ours =
        "s3://coinbase-fenrir-000000000000/000000000000/coinbase/deploy-test/development/release-1/release/f.zip";
    let theirs = "s3://coinbase-fenrir-000000000000/000000000000/coinbase/other/development/release-1/release/f.zip";
    let hash = "0".repeat(64);
    let run = deploy(&harness, &release(2, &[("/s3_uris_sha256s", json!({ ours: hash, theirs: hash }))])).await;
    assert_eq!(errors(&run), error("BadReleaseError", "release/file-missing"));
    let message = &run.errors()[0].message;
    for uri in [ours, theirs] {
        assert!(message.contains(&format!("s3_uris_sha256s.{uri}")), "{uri}: {message}");
    }
    assert!(message.contains("\n[release/invalid-name] "), "{message}");
}

#[tokio::test]
async fn definition_file_that_names_others_is_refused() {
    let invocation = |function: &str| {
        let functions = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions";
        let uri = format!("{functions}/arn:aws:lambda:us-east-1:000000000000:function:{function}/invocations");
        let integration = json!({ "type": "aws_proxy", "uri": uri });
        json!({ "paths": { "/": { "get": { "x-amazon-apigateway-integration": integration } } } }).to_string()
    };
    for (file, codes) in [
        (json!({ "openapi": "3.0.1", "paths": {} }).to_string(), Vec::new()),
        (invocation("victim"), error("BadReleaseError", "template/not-allowed")),
    ] {
        let harness = new_harness(&[]);
        let mut sent = release(2, &[]);
        let folder = "s3://coinbase-fenrir-000000000000/000000000000/coinbase/deploy-test/development";
        let uri = format!("{folder}/{}/api.json", sent["release_id"].as_str().unwrap());
        sent["template"]["Resources"]["api"] = json!({
            "Type": "AWS::Serverless::Api", "Properties": { "StageName": "live", "DefinitionUri": uri },
        });
        sent["s3_uris_sha256s"] = json!({ uri: Sha256::of(file.as_bytes()).to_string() });
        let run = harness.deploy(&sent, &[("api.json", file.as_bytes())]).await.unwrap();
        assert_eq!(errors(&run), codes, "{file}");
        assert_eq!(last(&run), if codes.is_empty() { "Success" } else { "FailureClean" });
    }
}

#[tokio::test]
async fn resources_are_named_in_their_partition() {
    for (region, partition, suffix) in
        [("us-gov-west-1", "aws-us-gov", "amazonaws.com"), ("cn-north-1", "aws-cn", "amazonaws.com.cn")]
    {
        let local_state = Fenrir::SEED.replace("us-east-1", region).replace("arn:aws:", &format!("arn:{partition}:"));
        let harness: TestHarness<Fenrir> = TestHarness::new(serde_json::from_str(&local_state).unwrap()).unwrap();
        let mut template = release(2, &[])["template"].clone();
        // With a note that makes the template too large for a request: CloudFormation reads it by its URL.
        template["Resources"]["queue"] =
            json!({ "Type": "AWS::SQS::Queue", "Metadata": { "note": "n".repeat(60_000) } });
        template["Outputs"] = json!({
            "Queue": { "Value": { "Ref": "queue" } },
            "Table": { "Value": { "Fn::GetAtt": ["table", "Arn"] } },
            "Stack": { "Value": { "Ref": "AWS::StackId" } },
            "Partition": { "Value": { "Ref": "AWS::Partition" } },
            "Suffix": { "Value": { "Fn::Sub": "${AWS::URLSuffix}" } },
        });
        let body = template.to_string().into_bytes();
        let changes = [("/aws_region", json!(region)), ("/template_sha256", json!(Sha256::of(&body).to_string()))];
        let mut sent = release(2, &changes);
        sent.as_object_mut().unwrap().remove("template");
        let run = harness.deploy(&sent, &[("template", &body)]).await.unwrap();
        assert_eq!((last(&run), errors(&run)), ("Success", Vec::new()));
        let execution = &run.execution.arn;
        assert!(execution.starts_with(&format!("arn:{partition}:states:{region}:")), "{execution}");

        let outputs = output(&harness, &run).fields.outputs;
        assert_eq!((outputs["Partition"].as_str(), outputs["Suffix"].as_str()), (partition, suffix));
        let start = |service: &str| format!("arn:{partition}:{service}:{region}:000000000000:");
        assert!(outputs["Table"].starts_with(&start("dynamodb")), "{}", outputs["Table"]);
        assert!(outputs["Stack"].starts_with(&start("cloudformation")), "{}", outputs["Stack"]);
        let queue = format!("https://sqs.{region}.{suffix}/000000000000/");
        assert!(outputs["Queue"].starts_with(&queue), "{}", outputs["Queue"]);
    }
}

/// A template of nearly a megabyte, which is all that CloudFormation takes.
fn huge() -> Value {
    let mut template = release(2, &[])["template"].clone();
    for number in 0..490 {
        let queue = json!({ "Type": "AWS::SQS::Queue", "Metadata": { "note": "n".repeat(1800) } });
        template["Resources"][format!("queue{number}")] = queue;
    }
    template
}

#[tokio::test]
async fn large_template_is_not_in_any_state_input() {
    let harness = new_harness(&[]);
    let body = huge().to_string().into_bytes();
    assert!(body.len() > 900_000, "{}", body.len());
    let mut sent = release(2, &[("/template_sha256", json!(Sha256::of(&body).to_string())), ("/timeout", json!(3600))]);
    sent.as_object_mut().unwrap().remove("template");
    let run = harness.deploy(&sent, &[("template", &body)]).await.unwrap();
    assert_eq!((last(&run), errors(&run)), ("Success", Vec::new()));
    assert_eq!(stacks(&harness)[0].resources.len(), 491);
    let largest =
        run.history.iter().filter_map(|event| event.details.input.as_ref()).map(|input| input.to_string().len());
    assert!(largest.max().unwrap() < 64 * 1024);
}

#[tokio::test]
async fn template_altered_in_the_bucket_is_refused() {
    let harness = new_harness(&[]);
    let mut sent = release(2, &[("/template_sha256", json!(Sha256::of(b"{}").to_string()))]);
    sent.as_object_mut().unwrap().remove("template");
    let run = harness.deploy(&sent, &[("template", b"{ }")]).await.unwrap();
    assert_eq!(run.path(), ["Validate", "FailureClean"]);
    assert_eq!(errors(&run), error("BadReleaseError", "release/file-differs"));
}

#[tokio::test]
async fn deployer_fields_of_a_release_are_ignored() {
    let harness = new_harness(&[]);
    let sent = release(
        2,
        &[
            ("/stack_name", json!("sam-another")),
            ("/change_set_empty", json!(true)),
            ("/stack_status", json!("UPDATE_COMPLETE")),
            ("/uuid", json!("00000000-0000-4000-8000-000000000000")),
            ("/wait_seconds", json!(99_999_999)),
        ],
    );
    let run = deploy(&harness, &sent).await;
    let release = output(&harness, &run);
    assert_eq!(release.fields.stack_name.as_deref(), Some(STACK));
    assert_ne!(release.envelope.uuid.unwrap().to_string(), "00000000-0000-4000-8000-000000000000");
    assert_eq!(release.fields.change_set_empty, None);
    assert_eq!(stacks(&harness).len(), 1);
}

#[tokio::test]
async fn base64_intrinsics_of_go_fenrir_are_read() {
    let harness = new_harness(&[]);
    // {"Ref":"table"}
    let outputs = json!({ "Table": { "Value": "eyJSZWYiOiJ0YWJsZSJ9" } });
    let run = deploy(&harness, &release(2, &[("/template/Outputs", outputs)])).await;
    let name = "fenrir-coinbase-deploy-test-development-table";
    assert_eq!(output(&harness, &run).fields.outputs["Table"], name);
}
