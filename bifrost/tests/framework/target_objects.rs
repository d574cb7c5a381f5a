//! Objects in the buckets of a target account: a deployer that posts its notes as objects.

use crate::board::{Board, BoardDeployer, Note, Notes, local_state, release};
use bifrost::cloud::{Attempt, CloudError, Encryption, ErrorKind};
use bifrost::error_code::Coded;
use bifrost::lifecycle::{Context, LockFailure, Proof, fail, lock, succeed, validate};
use bifrost::local::{LocalDeployer, LocalSession};
use bifrost::release::{BucketName, InvalidName, Release, TargetKey};
use bifrost::testing::{Run, TestHarness};
use bifrost::{Deployer, TaskError};
use serde_json::{Value, json};

const TARGET: &str = "222222222222";
const POSTED: &str = "theirs-222222222222/notes/hello";

bifrost::state_machine! {
    machine Chart(Release<Note>, Board) starts at Validate, changes from Post;

    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Post; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }
    task Post = post { next Unlock; retry _ { max_attempts: 2 } catch _ => Remove; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task Remove = remove { cleans up; next UnlockFailure; catch _ => FailureDirty; }
    task UnlockFailure = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
enum PostFailure {
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    #[code(source)]
    Name(#[from] InvalidName),
}

fn bucket() -> BucketName {
    format!("theirs-{TARGET}").parse().unwrap()
}

fn key(release: &Release<Note>) -> Result<TargetKey, InvalidName> {
    format!("notes/{}", release.envelope.release_id.as_str().trim_start_matches("release-1-")).parse()
}

async fn post(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PostFailure> {
    let (objects, key) = (context.target(&release.envelope).await?.objects(), key(&release)?);
    let id = release.envelope.release_id.to_string().into_bytes();
    let proof = context.lock_proof(&release.envelope).await?;
    objects.put_new(&proof, &bucket(), &key, id).await?;
    Ok(release)
}

async fn remove(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PostFailure> {
    let (objects, key) = (context.target(&release.envelope).await?.objects(), key(&release)?);
    let posted =
        objects.get(&bucket(), &key, 1024).await?.map(|object| String::from_utf8_lossy(&object.body).into_owned());
    if let Some(proof) = context.ownership(&release.envelope).await?.proof(posted.as_deref()) {
        objects.delete(&proof, &bucket(), &key).await?;
    }
    Ok(release)
}

struct Poster;

impl Deployer for Poster {
    type Fields = Note;
    type Machine = Chart;

    const NAME: &'static str = "board";
    const TIMEOUT_SECONDS: u32 = 60;
}

impl LocalDeployer for Poster {
    type Resources = Notes;

    const SEED: &'static str = "{}";

    fn local_ports(session: LocalSession<Notes>) -> Board {
        BoardDeployer::local_ports(session)
    }
}

/// A harness whose target account has an empty bucket.
fn harness(faults: &Value) -> TestHarness<Poster> {
    harness_with(&json!({}), faults)
}

/// A harness whose target account has a bucket with these objects.
fn harness_with(objects: &Value, faults: &Value) -> TestHarness<Poster> {
    let mut state = serde_json::to_value(local_state(faults)).unwrap();
    state["accounts"][TARGET]["buckets"] = json!({ bucket().as_str(): { "objects": objects } });
    TestHarness::new(serde_json::from_value(state).unwrap()).unwrap()
}

/// An object that another release posted.
fn other_object() -> Value {
    json!({"body": {"text": "release-1-other"}, "last_modified": "2026-03-01T11:00:00Z"})
}

/// A deploy, whose audit log is checked, and what the log has of it.
async fn deploy(harness: &TestHarness<Poster>) -> (Run, String) {
    let check = harness.check_audit();
    let run = harness.deploy(&release("hello"), &[]).await.unwrap();
    let violations = check.violations(&run);
    assert!(violations.is_empty(), "{violations:#?}");
    (run, check.golden())
}

/// The keys in the bucket of the target account.
fn posted(harness: &TestHarness<Poster>) -> Vec<String> {
    let account = TARGET.parse().unwrap();
    let keys =
        harness.store().read(|state| state.accounts[&account].buckets[&bucket()].objects.keys().cloned().collect());
    keys.unwrap()
}

#[tokio::test]
async fn change_of_an_object_is_recorded() {
    let harness = harness(&json!([]));
    let (run, log) = deploy(&harness).await;
    assert_eq!((run.path().last(), posted(&harness)), (Some(&"Success"), vec!["notes/hello".to_owned()]));
    assert!(log.contains(POSTED), "{log}");
}

#[tokio::test]
async fn fault_strikes_a_call_for_an_object() {
    let lost =
        json!({"operation": "s3:PutObject", "resource": POSTED, "times": 1, "kind": {"error_after": "SlowDown"}});
    let (run, _) = deploy(&harness(&json!([lost]))).await;
    assert_eq!(run.path().last(), Some(&"Success"), "the second attempt finds the object: {:?}", run.errors());

    let denied = json!({"operation": "s3:PutObject", "resource": POSTED, "kind": {"error": "AccessDenied"}});
    let harness = harness(&json!([denied]));
    let (run, _) = deploy(&harness).await;
    assert_eq!((run.path().last(), posted(&harness).len()), (Some(&"FailureClean"), 0));
    assert_eq!(run.errors()[0].code.as_deref(), Some("aws/access-denied"));
}

#[tokio::test]
async fn clean_up_deletes_only_its_own_object() {
    let fails = json!([{"operation": "s3:PutObject", "resource": POSTED, "kind": {"error_after": "InternalError"}}]);
    for (found, left) in [(json!({}), 0), (json!({"notes/hello": other_object()}), 1)] {
        let harness = harness_with(&found, &fails);
        let (run, _) = deploy(&harness).await;
        assert_eq!((run.path().last(), posted(&harness).len()), (Some(&"FailureClean"), left));
    }
}

#[tokio::test]
async fn bucket_of_another_account_is_refused() {
    let harness = harness(&json!([]));
    let context = harness.context(Attempt::default(), json!({}));
    let release = Release::read(&release("hello"), harness.cloud().defaults()).unwrap();
    let objects = context.target(&release.envelope).await.unwrap().objects();
    let (key, proof) = (key(&release).unwrap(), Proof::unchecked_for_tests());
    let deployers: BucketName = harness.cloud().defaults().bucket.clone();
    for (bucket, kind) in [(deployers, ErrorKind::AccessDenied), ("nobodys".parse().unwrap(), ErrorKind::NotFound)] {
        let refused = [
            objects.get(&bucket, &key, 1).await.unwrap_err(),
            objects.exists(&bucket, &key).await.unwrap_err(),
            objects.put(&proof, &bucket, &key, Vec::new(), Encryption::Bucket).await.unwrap_err(),
            objects.put_new(&proof, &bucket, &key, Vec::new()).await.unwrap_err(),
            objects.delete(&proof, &bucket, &key).await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!((error.kind, error.resource), (kind, format!("{bucket}/{key}")));
        }
    }
}
