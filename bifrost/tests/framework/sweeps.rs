//! The sweep of faults finds the mistakes of a deployer, and reports where each is.

use bifrost::client::{ClientContext, ClientDeployer, Deployed};
use bifrost::cloud::CloudError;
use bifrost::error_code::{Coded, CodedError};
use bifrost::lifecycle::{Context, Finish, LockFailure, Proof, fail, lock, succeed, validate};
use bifrost::local::{LocalDeployer, LocalSession, RegionState, Resources};
use bifrost::release::Release;
use bifrost::testing::{FaultSweep, SweepError, SweepFault, SweepReport, TestHarness};
use bifrost::{Deployer, TaskError};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A book, and the mistake that the deployer makes with it.
#[bifrost::fields]
struct Book {
    title: String,
    #[serde(default)]
    mistake: Mistake,
}

#[bifrost::field_type]
#[derive(Copy, Default, Eq)]
#[serde(rename_all = "snake_case")]
enum Mistake {
    #[default]
    None,
    /// A second attempt adds the book again.
    AddsTwice,
    /// A deploy that fails leaves the book.
    ForgetsToRemove,
    /// A deploy that fails keeps the lock, although nothing is wrong.
    KeepsTheLock,
    /// A port changes something without a proof.
    AddsWithoutProof,
    /// The same, by an operation that is called like one that reads.
    AddsWhileReading,
}

bifrost::state_machine! {
    machine Chart(Release<Book>, Shelf) starts at Validate, changes from Add;

    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Add; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }
    task Add = add { looks for halt; next Unlock; catch _ => Remove; }
    task Unlock = succeed { unlocks; next Success; retry _ { max_attempts: 2 } catch _ => FailureDirty; }
    task Remove = remove { cleans up; next UnlockFailure; retry _ { max_attempts: 2 } catch _ => FailureDirty; }
    task UnlockFailure = unlock_failure { unlocks; next FailureClean; retry _ { max_attempts: 2 } catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
enum ShelfFailure {
    #[error("cannot change the shelf")]
    #[code(source)]
    Shelf(#[from] CloudError),
}

async fn add(context: &Context<Shelf>, release: Release<Book>) -> Result<Release<Book>, ShelfFailure> {
    let shelf = context.target(&release.envelope).await?;
    match release.fields.mistake {
        Mistake::AddsWithoutProof => shelf.add_without_proof("shelf:AddBook", &release).await?,
        Mistake::AddsWhileReading => shelf.add_without_proof("shelf:GetBook", &release).await?,
        _ => shelf.add(&context.lock_proof(&release.envelope).await?, &release).await?,
    }
    Ok(release)
}

async fn remove(context: &Context<Shelf>, release: Release<Book>) -> Result<Release<Book>, ShelfFailure> {
    let shelf = context.target(&release.envelope).await?;
    if release.fields.mistake != Mistake::ForgetsToRemove
        && let Some(proof) =
            context.ownership(&release.envelope).await?.proof(Some(release.envelope.release_id.as_str()))
    {
        shelf.remove(&proof, &release).await?;
    }
    Ok(release)
}

async fn unlock_failure(context: &Context<Shelf>, release: Release<Book>) -> Result<Finish<Book>, LockFailure> {
    if release.fields.mistake == Mistake::KeepsTheLock {
        return Ok(Finish::KeepLock(release));
    }
    fail(context, release).await
}

/// The books with the release that added each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Books(Vec<(String, String)>);

impl Resources for Books {}

fn put(books: &mut Books, release: &Release<Book>) {
    let book = (release.fields.title.clone(), release.envelope.release_id.to_string());
    if release.fields.mistake == Mistake::AddsTwice || !books.0.contains(&book) {
        books.0.push(book);
    }
}

struct Shelf(LocalSession<Books>);

impl Shelf {
    async fn add(&self, proof: &Proof, release: &Release<Book>) -> Result<(), CloudError> {
        let add = |region: &mut RegionState<'_, Books>| {
            put(region.resources, release);
            Ok(())
        };
        self.0.change(proof, "shelf:AddBook", &release.fields.title, add).await
    }

    async fn add_without_proof(&self, operation: &'static str, release: &Release<Book>) -> Result<(), CloudError> {
        let add = |region: &mut RegionState<'_, Books>| {
            put(region.resources, release);
            Ok(())
        };
        self.0.call(operation, &release.fields.title, add).await
    }

    async fn remove(&self, proof: &Proof, release: &Release<Book>) -> Result<(), CloudError> {
        let remove = |region: &mut RegionState<'_, Books>| {
            region.resources.0.retain(|(_, id)| *id != release.envelope.release_id.as_str());
            Ok(())
        };
        self.0.change(proof, "shelf:RemoveBook", &release.fields.title, remove).await
    }
}

struct Library;

impl Deployer for Library {
    type Fields = Book;
    type Machine = Chart;

    const NAME: &'static str = "library";
    const TIMEOUT_SECONDS: u32 = 60;
}

impl ClientDeployer for Library {
    const ABOUT: &'static str = "Adds a book to a shelf";

    async fn deployed(_: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        Ok(Vec::new())
    }
}

impl LocalDeployer for Library {
    type Resources = Books;

    const SEED: &'static str = r#"{
        "clock": "2026-01-01T00:00:00Z",
        "deployer_account": "000000000000",
        "deployer_region": "us-east-1",
        "accounts": {
            "000000000000": {},
            "222222222222": {}
        }
    }"#;

    fn local_ports(session: LocalSession<Books>) -> Shelf {
        Shelf(session)
    }
}

fn sweep(mistake: &str) -> FaultSweep<Library> {
    FaultSweep::of([json!({"title": "first", "mistake": mistake})])
}

/// The message about a mistake.
async fn found(mistake: &str) -> String {
    let error = sweep(mistake).faults(&[SweepFault::CrashAfter, SweepFault::ErrorAfter]).run().await.unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string(), "`unwrap` shows the message");
    error.to_string()
}

#[track_caller]
fn assert_has(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}

#[tokio::test]
async fn harness_fills_in_the_envelope() {
    let harness = TestHarness::<Library>::seeded().unwrap();
    for title in ["first", "second"] {
        let run = harness.deploy(&harness.release(&json!({"title": title})), &[]).await.unwrap();
        assert_eq!(run.path(), ["Validate", "Lock", "Add", "Unlock", "Success"], "{:?}", run.errors());
    }
    let own = harness.release(&json!({"title": "third", "project_name": "acme/bank", "timeout": 7}));
    assert_eq!((&own["project_name"], &own["timeout"]), (&json!("acme/bank"), &json!(7)));
    assert_eq!(own["aws_account_id"], "222222222222", "not the deployer account, in which it has no role");
}

#[tokio::test]
async fn deployer_without_mistakes_survives() {
    let report =
        FaultSweep::<Library>::of(["first", "second"].map(|title| json!({"title": title}))).run().await.unwrap();
    let SweepReport { runs, calls, ends, .. } = &report;
    assert!(*runs > 300 && *calls > 60, "{report}");
    for end in ["Success", "FailureClean", "FailureDirty"] {
        assert!(ends[end] > 10, "{report}");
    }
}

#[tokio::test]
async fn handler_that_is_not_idempotent() {
    let message = found("adds_twice").await;
    assert_has(
        &message,
        &[
            "Add.0 shelf:AddBook first.0: crash after the effect\n",
            "broken: Success: must leave what a run without faults leaves: /222222222222 is [",
            "path:   Validate → Lock → Add → Unlock → Success\n",
            "raised: Lambda.Unknown ",
            "BIFROST_ONLY='Add.0 shelf:AddBook first.0: crash after the effect' cargo test \
             sweeps::handler_that_is_not_idempotent",
        ],
    );
}

#[tokio::test]
async fn clean_up_that_forgets_a_resource() {
    let message = found("forgets_to_remove").await;
    assert_has(
        &message,
        &[
            "Add.0 shelf:AddBook first.0: error after the effect\n",
            "broken: FailureClean: must leave what was there before: /222222222222 is [",
        ],
    );
}

#[tokio::test]
async fn lock_that_is_kept() {
    let message = found("keeps_the_lock").await;
    assert_has(&message, &["broken: FailureDirty: a call must have failed in the last attempt of UnlockFailure"]);
}

#[tokio::test]
async fn change_without_a_proof() {
    let message = found("adds_without_proof").await;
    assert_has(&message, &["without faults, the deploy", "must end in Success", "ChangeWithoutProof"]);
    let message = found("adds_while_reading").await;
    assert_has(
        &message,
        &["a call changes something, but its operation is called like one that reads: Add shelf:GetBook first"],
    );
}

#[tokio::test]
async fn invariant_of_the_deployer_is_checked() {
    let few = || sweep("none").sample(20, 0);
    let never_dirty = few().invariant(|case| match case.end() {
        "FailureDirty" if case.has_single_fault() => Err("one fault needs an operator".into()),
        _ => Ok(()),
    });
    never_dirty.run().await.unwrap();
    let never_fails =
        few().invariant(|case| if case.end() == "Success" { Ok(()) } else { Err("must not fail".into()) });
    let error = never_fails.run().await.unwrap_err();
    assert_has(&error.to_string(), &["broken: must not fail", "and "]);
}

#[tokio::test]
async fn one_case_runs_alone() {
    let name = "Add.0 shelf:AddBook first.0: error, then Remove.0 shelf:RemoveBook first.0: halt";
    let report = sweep("none").only(name).run().await.unwrap();
    // The fault that leads to it, and the case.
    assert_eq!((report.runs, report.ends["FailureClean"]), (2, 2), "{report}");
    let error = sweep("none").only("Nothing.0").run().await.unwrap_err();
    assert!(matches!(error, SweepError::NoCase(Some(only)) if only == "Nothing.0"));
}

#[tokio::test]
async fn sample_is_the_same_each_time() {
    let run = async |seed| {
        let report = sweep("none").faults(&[SweepFault::Error, SweepFault::Crash]).sample(9, seed).run().await.unwrap();
        (report.runs, report.ends)
    };
    assert_eq!(run(1).await, run(1).await);
}
