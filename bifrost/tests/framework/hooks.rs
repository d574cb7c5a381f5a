//! Optional parts of a client deployer: its release files, reused files, its log, late halts, and the files of a rollback.

use crate::board::{Board, BoardDeployer, Chart, Note, Notes, context, harness as board, local_state};
use bifrost::Deployer;
use bifrost::client::{
    Address, Client, DeployEvent, Prepared, ROLLBACK_OF, Rollback, RollbackFailure, StartFailure, Started,
};
use bifrost::client::{
    Attachment, Body, ClientContext, ClientDeployer, Deployed, LogSeverity, ReleaseFile, ReusableFiles,
};
use bifrost::cloud::Encryption;
use bifrost::error_code::{Coded, CodedError};
use bifrost::local::{LocalDeployer, LocalSession};
use bifrost::release::{Defaults, Release, Sha256};
use bifrost::testing::TestHarness;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Pins notes from text files, each with a parcel that is uploaded once, and a stamp of its own.
struct Scribe;

impl Deployer for Scribe {
    type Fields = Note;
    type Machine = Chart;

    const NAME: &'static str = "board";
    const TIMEOUT_SECONDS: u32 = 3600;
}

impl ClientDeployer for Scribe {
    const ABOUT: &'static str = "Pins texts";
    const RELEASE_FILE: Option<&'static str> = Some("note.txt");
    const WRITES_LOG: bool = true;
    const REUSES_FILES: bool = true;

    fn read(file: &Path) -> Result<Map<String, Value>, CodedError> {
        let text = std::fs::read_to_string(file).map_err(|error| CodedError::from_parts("note/unreadable", error))?;
        let (config, note) = text.split_once(": ").ok_or_else(|| {
            CodedError::from_parts("note/no-config", "× no config\n ╭─[note.txt:1:1]\n ╰─ say `config: note`")
        })?;
        let release = json!({
            "aws_account_id": "222222222222", "project_name": "acme/shop", "config_name": config, "note": note,
        });
        Ok(release.as_object().unwrap().clone())
    }

    fn files(release: &Value) -> BTreeMap<String, Sha256> {
        let metadata = |name: &str| release.get("metadata")?.get(name)?.as_str();
        let parcel = || Some((metadata("parcel")?.to_owned(), metadata("parcel_sha256")?.parse().ok()?));
        parcel().into_iter().collect()
    }

    fn attach(
        file: &Path,
        release: &mut Map<String, Value>,
        earlier: &ReusableFiles,
    ) -> Result<Vec<Attachment>, CodedError> {
        let path = file.with_extension("parcel");
        let sha256 =
            Sha256::of(&std::fs::read(&path).map_err(|error| CodedError::from_parts("note/no-parcel", error))?);
        let (name, encryption) = ("release/parcel.zip".to_owned(), Encryption::Bucket);
        let dir = format!("222222222222/acme/shop/{}/{}", text(release, "config_name"), text(release, "release_id"));
        let uri = format!("s3://coinbase-board-000000000000/{dir}/{name}");
        let uri = earlier.uri(&sha256).map_or(uri, ToOwned::to_owned);
        let is_new = uri.contains(&dir);
        let metadata = release["metadata"].as_object_mut().unwrap();
        metadata.insert("parcel".into(), uri.into());
        metadata.insert("parcel_sha256".into(), sha256.to_string().into());
        let stamp =
            Attachment { name: "stamp".into(), body: Body::Bytes(b"stamp".into()), encryption: Encryption::Bucket };
        let parcel = is_new.then_some(Attachment { name, body: Body::File { path, sha256 }, encryption });
        Ok(parcel.into_iter().chain([stamp]).collect())
    }

    fn release_files(_: &Release<Note>) -> Vec<ReleaseFile> {
        vec![ReleaseFile { name: "stamp".into(), sha256: Sha256::of(b"stamp"), encryption: Encryption::Bucket }]
    }

    fn severity(line: &str) -> LogSeverity {
        if line.starts_with("FAILED") { LogSeverity::Bad } else { LogSeverity::Plain }
    }

    fn too_late(state: Chart, release: &Release<Note>) -> Option<String> {
        (state == Chart::Dry).then(|| format!("{} dries", release.envelope.release_id))
    }

    async fn deployed(_: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        Ok(Vec::new())
    }
}

impl LocalDeployer for Scribe {
    type Resources = Notes;

    const SEED: &'static str = "{}";

    fn local_ports(session: LocalSession<Notes>) -> Board {
        BoardDeployer::local_ports(session)
    }
}

fn text<'r>(release: &'r Map<String, Value>, field: &str) -> &'r str {
    release[field].as_str().unwrap()
}

fn harness() -> TestHarness<Scribe> {
    TestHarness::new(local_state(&json!([]))).unwrap()
}

/// A note and its parcel. Each test has its own folder.
fn note(test: &str, content: &str, parcel: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("note.parcel"), parcel).unwrap();
    let file = folder.join("note.txt");
    std::fs::write(&file, content).unwrap();
    file
}

async fn prepared(client: &Client<Scribe>, file: &Path) -> Prepared<Note> {
    client.prepare(file, "ada@laptop").await.unwrap()
}

async fn deployed(harness: &TestHarness<Scribe>, file: &Path) -> Prepared<Note> {
    let client = Client::from(harness.cloud());
    let prepared = prepared(&client, file).await;
    client.start(&prepared).await.unwrap();
    harness.run().await.unwrap();
    prepared
}

fn names(prepared: &Prepared<Note>) -> Vec<&str> {
    prepared.attachments.iter().map(|file| file.name.as_str()).collect()
}

fn address(defaults: &Defaults) -> Address {
    let release = json!({"aws_account_id": "222222222222", "project_name": "acme/shop", "config_name": "dev"});
    Address::read(&release, defaults).unwrap()
}

#[tokio::test]
async fn deployer_reads_its_own_release_file() {
    let (harness, file) = (harness(), note("own-file", "dev: hello", "parcel"));
    let client = Client::from(harness.cloud());
    let prepared = prepared(&client, &file).await;
    assert_eq!((&prepared.document["note"], &prepared.document["config_name"]), (&json!("hello"), &json!("dev")));
    assert_eq!(
        Address::read_file::<Scribe>(&file, &client.account.defaults).unwrap(),
        address(&client.account.defaults)
    );
    std::fs::write(&file, "hello").unwrap();
    let report = "× no config\n ╭─[note.txt:1:1]\n ╰─ say `config: note`";
    let refused = client.prepare(&file, "ada").await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.to_string().as_str()),
        ("note/no-config", report),
        "as the deployer renders it"
    );
    let refused = Address::read_file::<Scribe>(&file, &client.account.defaults).unwrap_err();
    assert_eq!((refused.code(), refused.to_string().as_str()), ("note/no-config", report));
}

#[tokio::test]
async fn earlier_upload_is_reused_while_it_exists() {
    let (harness, file) = (harness(), note("used-again", "dev: first", "parcel"));
    let first = deployed(&harness, &file).await;
    assert_eq!(names(&first), ["release/parcel.zip", "stamp"]);
    std::fs::write(&file, "dev: second").unwrap();
    let second = deployed(&harness, &file).await;
    assert_eq!(names(&second), ["stamp"]);
    assert_eq!(second.document["metadata"]["parcel"], first.document["metadata"]["parcel"]);

    std::fs::write(file.with_extension("parcel"), "another").unwrap();
    let client = Client::from(harness.cloud());
    assert_eq!(names(&prepared(&client, &file).await), ["release/parcel.zip", "stamp"], "it is another parcel");

    std::fs::write(file.with_extension("parcel"), "parcel").unwrap();
    let key = first.release.envelope.release_dir().attachment("release/parcel.zip").unwrap();
    client.account.objects.delete(&first.release.envelope.bucket, &key).await.unwrap();
    assert_eq!(names(&prepared(&client, &file).await), ["release/parcel.zip", "stamp"], "it was deleted");
}

#[tokio::test]
async fn files_of_another_config_are_not_reused() {
    let (harness, file) = (harness(), note("other-config", "dev: first", "parcel"));
    deployed(&harness, &file).await;
    std::fs::write(&file, "dev-canary: second").unwrap();
    assert_eq!(names(&prepared(&Client::from(harness.cloud()), &file).await), ["release/parcel.zip", "stamp"]);
}

#[tokio::test]
async fn file_changed_since_it_was_hashed_is_refused() {
    let (harness, file) = (harness(), note("changed", "dev: hello", "parcel"));
    let client = Client::from(harness.cloud());
    let prepared = prepared(&client, &file).await;
    std::fs::write(file.with_extension("parcel"), "another").unwrap();
    let refused = client.start(&prepared).await.unwrap_err();
    assert!(matches!(refused, StartFailure::FileChanged(_)), "{refused}");
    assert!(client.executions.list(&bifrost::cloud::ExecutionFilter::default(), 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn log_line_is_reported_once_with_time_and_severity() {
    let (harness, file) = (harness(), note("log", "dev: hello", "parcel"));
    let client = Client::from(harness.cloud());
    let prepared = prepared(&client, &file).await;
    let started = client.start(&prepared).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    let mut follower = client.follow(started);
    follower.poll().await.unwrap();
    let write = async |text: &str| {
        // As a handler does.
        let mut handlers = context(&board());
        handlers.account.objects = client.account.objects.clone();
        bifrost::log::write(&handlers, &prepared.release.envelope, text).await.unwrap();
    };
    write("2026-03-01T12:00:05Z ink is wet\nno time").await;
    let events = follower.poll().await.unwrap();
    let time = "2026-03-01T12:00:05Z".parse().ok();
    let line = |time, line: &str, severity| DeployEvent::Log { time, line: line.into(), severity };
    assert_eq!(events, [line(time, "ink is wet", LogSeverity::Plain), line(None, "no time", LogSeverity::Plain)]);
    assert_eq!(follower.poll().await.unwrap(), []);
    write("2026-03-01T12:00:05Z ink is wet\nno time\n2026-03-01T12:00:05Z FAILED it ran").await;
    assert_eq!(follower.poll().await.unwrap(), [line(time, "FAILED it ran", LogSeverity::Bad)]);
    assert_eq!(
        json!(line(time, "FAILED it ran", LogSeverity::Bad)),
        json!({"event": "log", "time": "2026-03-01T12:00:05Z", "line": "FAILED it ran", "tone": "bad"})
    );
}

#[tokio::test]
async fn late_halt_has_a_reason() {
    let (harness, file) = (harness(), note("too-late", "dev: hello", "parcel"));
    let client = Client::from(harness.cloud());
    let prepared = prepared(&client, &file).await;
    client.start(&prepared).await.unwrap();
    let halt = async || client.halt(&address(&client.account.defaults), "no").await.unwrap().too_late;
    assert_eq!(halt().await, None, "it has not started");
    harness.run_until(|| true).await.unwrap();
    assert_eq!(halt().await, Some(format!("{} dries", prepared.release.envelope.release_id)));
}

#[tokio::test]
async fn rollback_copies_files_of_the_earlier_release() {
    let (harness, file) = (harness(), note("rollback", "dev: first", "parcel"));
    let client = Client::from(harness.cloud());
    let roll_back = async || client.roll_back(&address(&client.account.defaults), None, "bob@ci").await;
    assert!(matches!(roll_back().await, Err(RollbackFailure::NothingDeployed(_))));
    let first = deployed(&harness, &file).await;
    assert!(matches!(roll_back().await, Err(RollbackFailure::NothingEarlier(..))));
    std::fs::write(&file, "dev: second").unwrap();
    deployed(&harness, &file).await;

    let Rollback { to, prepared, .. } = roll_back().await.unwrap();
    let id = first.release.envelope.release_id.to_string();
    let document = &prepared.document;
    assert_eq!((to.release_id.as_str(), &document["note"]), (id.as_str(), &json!("first")));
    assert_eq!(document["metadata"][ROLLBACK_OF], id.as_str());
    assert_eq!(document["metadata"]["started_by"], "bob@ci");
    assert_ne!(document["release_id"], id.as_str());
    assert_eq!(names(&prepared), ["stamp"]);
    let Started { is_ours, joined, .. } = client.start(&prepared).await.unwrap();
    assert!(is_ours && !joined);
    assert!(matches!(roll_back().await, Err(RollbackFailure::DeployRunning { .. })));
    harness.run().await.unwrap();
    let pinned =
        harness.store().read(|state| state.accounts[&"222222222222".parse().unwrap()].resources.0.clone()).unwrap();
    let pinned: Vec<_> = pinned.into_iter().map(|pinned| pinned.note).collect();
    assert_eq!(pinned, ["first", "second", "first"]);
}

#[tokio::test]
async fn rollback_with_missing_or_changed_files_is_refused() {
    let (harness, file) = (harness(), note("files-missing", "dev: first", "parcel"));
    let client = Client::from(harness.cloud());
    let first = deployed(&harness, &file).await;
    std::fs::write(&file, "dev: second").unwrap();
    deployed(&harness, &file).await;
    let refusal = async || {
        let id = &first.release.envelope.release_id;
        match client.roll_back(&address(&client.account.defaults), Some(id), "bob").await {
            Err(RollbackFailure::FileChanged { file, .. }) => ("changed", file),
            Err(RollbackFailure::FileMissing { file, .. }) => ("missing", file),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("rolled back"),
        }
    };
    let (bucket, dir) = (&first.release.envelope.bucket, first.release.envelope.release_dir());
    let stamp = dir.attachment("stamp").unwrap();
    client.account.objects.put(bucket, &stamp, b"forged".into(), Encryption::Bucket).await.unwrap();
    let (reason, name) = refusal().await;
    assert!(reason == "changed" && name.ends_with("/stamp"), "{reason}: {name}");
    client.account.objects.delete(bucket, &stamp).await.unwrap();
    let (reason, name) = refusal().await;
    assert!(reason == "missing" && name.ends_with("/stamp"), "{reason}: {name}");
    client.account.objects.delete(bucket, &dir.attachment("release/parcel.zip").unwrap()).await.unwrap();
    let (reason, name) = refusal().await;
    assert!(reason == "missing" && name.ends_with("/release/parcel.zip"), "{reason}: {name}");
}
