//! Logs that are damaged, foreign or empty: errors with a clear message, and never a panic.

use crate::honest::{body, check, insert, key, policy, small};
use crate::untouched::{check_copy, copy};
use async_trait::async_trait;
use bifrost_audit::memory::AuditState;
use bifrost_audit::policy::{Policy, PolicyError};
use bifrost_audit::receipt::verify_receipt;
use bifrost_audit::source::{Folder, LogSource, Pages, SourceError, StoreSource};
use bifrost_audit::verify::{VerifyError, verify};
use bifrost_core::cloud::{
    AuditStore, CHECKPOINT_KEY, CloudError, ErrorKind, LogHead, NewEntry, ObjectVersion, PutNew, Sequenced,
    StoredCheckpoint,
};
use bifrost_core::error_code::Coded as _;
use proptest::prelude::*;
use std::fs;
use std::sync::Arc;

/// A bucket to which every call fails.
struct Failing(ErrorKind, &'static str);

impl Failing {
    fn fail<T>(&self, operation: &'static str) -> Result<T, CloudError> {
        let (resource, message) = ("s3://coinbase-audit/log/checkpoint".to_owned(), "no".to_owned());
        Err(CloudError { operation, resource, kind: self.0, code: self.1.into(), message, request_id: None })
    }
}

#[async_trait]
impl AuditStore for Failing {
    async fn put_new(&self, _: &str, _: Vec<u8>) -> Result<PutNew, CloudError> {
        self.fail("s3:PutObject")
    }
    async fn get(&self, _: &str, _: u64) -> Result<Option<Vec<u8>>, CloudError> {
        self.fail("s3:GetObject")
    }
    async fn list(&self, _: &str) -> Result<Vec<String>, CloudError> {
        self.fail("s3:ListObjectsV2")
    }
    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        self.fail("s3:GetObject")
    }
    async fn put_checkpoint(&self, _: Vec<u8>, _: Option<&str>) -> Result<bool, CloudError> {
        self.fail("s3:PutObject")
    }
    async fn head(&self) -> Result<LogHead, CloudError> {
        self.fail("dynamodb:GetItem")
    }
    async fn sequence(&self, _: &NewEntry) -> Result<Sequenced, CloudError> {
        self.fail("dynamodb:TransactWriteItems")
    }
    async fn entries(&self, _: u64, _: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        self.fail("dynamodb:BatchGetItem")
    }
    async fn versions(&self, _: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        self.fail("s3:ListObjectVersions")
    }
    async fn get_version(&self, _: &str, _: &str, _: u64) -> Result<Vec<u8>, CloudError> {
        self.fail("s3:GetObjectVersion")
    }
}

#[tokio::test]
async fn bucket_that_cannot_be_read_is_an_error() {
    let cases = [
        (ErrorKind::AccessDenied, "AccessDenied", "aws/access-denied"),
        (ErrorKind::NotFound, "NoSuchBucket", "aws/not-found"),
        (ErrorKind::Unavailable, "InternalError", "aws/unavailable"),
    ];
    for (kind, aws, code) in cases {
        let source = StoreSource::new(Arc::new(Failing(kind, aws)));
        let error = verify(&source, &policy(), None, &|_, _| {}).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
}

#[test]
fn copy_that_is_no_directory_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();
    for name in ["file", "nothing", "file/below"] {
        let error = Folder::open(dir.path().join(name)).unwrap_err();
        let is_named = matches!(&error, SourceError::NoCopy(_) | SourceError::Copy { .. });
        assert!(is_named, "{error:?}");
    }
}

#[tokio::test]
async fn copy_that_was_not_finished_is_named() {
    let state = small().await.state();
    let keys: Vec<&String> = state.objects.keys().collect();
    // The first half of the keys, and the one after it in part, under the name of a download.
    let (half, rest) = keys.split_at(keys.len() / 2);
    let mut part = state.clone();
    part.objects.retain(|key, _| half.contains(&key));
    insert(&mut part, &format!("{}.6eF12345", rest[0]), b"{\"schema\":1,".to_vec());
    let dir = tempfile::tempdir().unwrap();
    copy(&part, dir.path());
    let report = check_copy(dir.path()).await;
    assert!(!report.is_ok());
    assert!(report.findings.iter().any(|finding| finding.code == "audit/foreign-object"));
    // Files that are cut, and files of size 0, as a full disk leaves them.
    for length in [0, 7] {
        let dir = tempfile::tempdir().unwrap();
        copy(&state, dir.path());
        let cut = dir.path().join("records/coinbase-odin/deployed/000002");
        let bytes = fs::read(&cut).unwrap();
        fs::write(&cut, &bytes[..length]).unwrap();
        let report = check_copy(dir.path()).await;
        assert_eq!(report.first_error().map(|first| first.code), Some("audit/record-malformed"));
    }
}

#[tokio::test]
async fn copy_with_other_things_in_it_is_read() {
    let state = small().await.state();
    let dir = tempfile::tempdir().unwrap();
    copy(&state, dir.path());
    let path = |name: &str| dir.path().join(name);
    fs::write(path(".DS_Store"), [0; 9]).unwrap();
    fs::create_dir_all(path("records/empty/directory")).unwrap();
    fs::create_dir_all(path("log/tile/0/001")).unwrap();
    fs::create_dir_all(path("records/coinbase-odin/deployed/000099")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        use std::os::unix::fs::symlink;
        symlink(dir.path(), path("records/loop")).unwrap();
        symlink("/nowhere", path("dangling")).unwrap();
        fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"records/\xff\xfe")), "x").unwrap();
        fs::create_dir(dir.path().join(std::ffi::OsStr::from_bytes(b"records/\xff"))).unwrap();
    }
    let report = check_copy(dir.path()).await;
    assert!(report.is_ok(), "{:#?}", report.findings);
    assert!(report.findings.iter().all(|finding| finding.code == "audit/foreign-object"));
    assert_eq!(report.executions, 6);
}

#[cfg(unix)]
#[test]
fn pipe_in_the_place_of_an_object_is_no_object() {
    let state = small_state();
    for (key, code) in
        [(CHECKPOINT_KEY, "audit/checkpoint-missing"), ("log/tile/entries/000.p/13", "audit/entries-missing")]
    {
        let dir = tempfile::tempdir().unwrap();
        copy(state, dir.path());
        let pipe = dir.path().join(key);
        fs::remove_file(&pipe).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (sender, receiver) = std::sync::mpsc::channel();
        let path = dir.path().to_owned();
        let _ = std::thread::spawn(move || drop(sender.send(Box::new(block(check_copy(&path))))));
        // Nobody writes to the pipe: who opens it waits forever.
        let report = receiver.recv_timeout(std::time::Duration::from_mins(2)).expect("the verification ends");
        assert_eq!(report.first_error().map(|first| first.code), Some(code));
    }
}

#[tokio::test]
async fn key_from_the_log_never_leaves_the_copy() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("copy")).unwrap();
    fs::write(dir.path().join("secret"), "x").unwrap();
    let folder = Folder::open(dir.path().join("copy")).unwrap();
    let absolute = dir.path().join("secret").display().to_string();
    for key in [
        "../secret",
        "a/../../secret",
        &absolute,
        "",
        ".",
        "..",
        "/",
        "a//b",
        "a\\..\\..\\secret",
        "c:secret",
        "\0",
        &"a/".repeat(5000),
    ] {
        assert!(folder.get(key).await.unwrap().is_none(), "{key}");
        assert_eq!(folder.list(key).await.unwrap_or_default(), [], "{key}");
    }
}

#[test]
fn policy_errors_name_the_line() {
    let log = key().public();
    let witness = "w.example+2df4a53a+BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
    let honest = format!("# keys\n\nlog {log} https://log.example\r\nquorum none\n");
    let read = Policy::parse(honest.as_bytes()).unwrap();
    assert_eq!(Policy::parse(read.to_string().as_bytes()).unwrap(), read);
    assert_eq!(read.not_enforced(), None);
    let cases = [
        (format!("log {log}\nlog {log}\n"), 2),
        ("log x\n".to_owned(), 1),
        (format!("log {log} a b\n"), 1),
        (format!("log {log}\nlogs x\n"), 2),
        (format!("log {log}\nlog {}\n", bifrost_audit::key::LocalKey::generate("other", [7; 32]).public()), 2),
        (format!("log {log}\n\nquorum w\n"), 3),
        (format!("log {log}\nquorum none\nquorum none\n"), 3),
        (format!("log {log}\nwitness w {witness}x\n"), 2),
        (format!("log {log}\ngroup g 1 w\n"), 2),
        (format!("log {log}\ngroup g 1\n"), 2),
        (format!("log {log}\n\u{1b}[31m\n"), 2),
    ];
    for (text, line) in cases {
        match Policy::parse(text.as_bytes()) {
            Err(PolicyError::Line { line: found, problem }) => {
                assert_eq!(found, line, "{text}: {problem}");
                assert!(!problem.contains('\u{1b}'));
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(matches!(Policy::parse(b"# nothing\n"), Err(PolicyError::NoLog)));
    assert!(matches!(Policy::parse(&vec![b'\n'; 300_000]), Err(PolicyError::TooLarge(_))));
    assert!(matches!(Policy::parse(b"log \xff\n"), Err(PolicyError::Line { line: 1, .. })));
}

#[tokio::test]
async fn quorum_that_is_not_checked_is_said() {
    use bifrost_audit::memory::MemoryStore;
    let public = [&[4], &[7; 32][..]].concat();
    let id = signed_note::key_id("w.example", &public);
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &public);
    let text = format!(
        "log {}\nwitness w w.example+{id:08x}+{encoded}\ngroup all-of-them all w\nquorum all-of-them\n",
        key().public()
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(policy.witnesses.len(), 1);
    assert_eq!(Policy::parse(policy.to_string().as_bytes()).unwrap(), policy);
    let source = StoreSource::new(Arc::new(MemoryStore::new(small().await.state())));
    let report = verify(&source, &policy, None, &|_, _| {}).await.unwrap();
    assert_eq!(report.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["audit/policy-not-enforced"]);
}

#[tokio::test]
async fn object_that_is_too_large_is_a_finding() {
    let mut state = small().await.state();
    let key = "records/coinbase-odin/deployed/000003";
    insert(&mut state, key, vec![b'x'; 65 * 1024 * 1024]);
    let report = check(state).await;
    assert_eq!(
        report.first_error().map(|first| (first.code, first.key.as_deref())),
        Some(("audit/object-oversized", Some(key)))
    );
}

#[tokio::test]
async fn error_of_the_listing_is_an_error() {
    struct Cut;
    #[async_trait]
    impl Pages for Cut {
        async fn next(&mut self) -> Result<Option<Vec<ObjectVersion>>, SourceError> {
            Err(SourceError::NoCopy("gone".into()))
        }
    }
    struct Source;
    #[async_trait]
    impl LogSource for Source {
        async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, SourceError> {
            Ok(None)
        }
        async fn pages<'s>(&'s self, _: &str) -> Result<Box<dyn Pages + 's>, SourceError> {
            Ok(Box::new(Cut))
        }
        fn has_versions(&self) -> bool {
            false
        }
    }
    let result = verify(&Source, &policy(), None, &|_, _| {}).await;
    assert!(matches!(result, Err(VerifyError::Source(SourceError::NoCopy(_)))));
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn small_state() -> &'static AuditState {
    static STATE: std::sync::OnceLock<AuditState> = std::sync::OnceLock::new();
    STATE.get_or_init(|| block(async { small().await.state() }))
}

/// Keys that an audit log has.
const KEYS: &str = "(records/[a-z]/[a-z]/00000[1-9]|records/_people/20260301T120000Z-0123456789abcde[0-9a-f](-result)?\
    |bundles/2026-01-01/00000[1-3]|log/tile/(0|entries)/00[01](\\.p/[1-9])?)";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn any_policy_is_read_or_refused(bytes: Vec<u8>, text in "((log|witness|group|quorum|#)( [a-z+0-9=]{0,9}){0,4}\n){0,5}") {
        let _ = Policy::parse(&bytes);
        let _ = Policy::parse(text.as_bytes());
    }

    #[test]
    fn any_receipt_is_refused(text in ".{0,200}", release: Vec<u8>) {
        prop_assert!(verify_receipt(&text, &release, &policy()).is_err());
    }

    #[test]
    fn garbage_anywhere_is_named(at: prop::sample::Index, garbage: Vec<u8>) {
        let mut state = small_state().clone();
        let keys: Vec<String> = state.objects.keys().filter(|key| !key.contains("/running/")).cloned().collect();
        let key = &keys[at.index(keys.len())];
        prop_assume!(garbage != body(&state, key));
        insert(&mut state, key, garbage);
        let report = block(check(state));
        prop_assert!(report.findings.iter().any(|finding| finding.key.as_ref() == Some(key)), "{}: {:#?}", key, report.findings);
        prop_assert!(!report.is_ok());
    }

    #[test]
    fn log_of_garbage_never_panics(objects in prop::collection::vec((KEYS, prop::collection::vec(any::<u8>(), 0..200)), 0..12), has_checkpoint: bool) {
        let mut state = AuditState::default();
        for (key, bytes) in objects {
            insert(&mut state, &key, bytes);
        }
        if has_checkpoint {
            insert(&mut state, CHECKPOINT_KEY, body(small_state(), CHECKPOINT_KEY));
        }
        let is_empty = state.objects.is_empty();
        prop_assert_eq!(block(check(state)).is_ok(), is_empty);
    }

    #[test]
    fn records_that_look_real_never_panic(lines in prop::collection::vec((any::<u8>(), any::<u64>(), prop::sample::select(vec!["start", "end", "refusal", "closure", "act", "review", "change", "new"]), "[0-9T:Z-]{0,25}"), 0..8)) {
        let mut state = small_state().clone();
        let body = lines.iter().fold(String::new(), |body, (schema, number, kind, time)| {
            body + &format!("{{\"schema\":{schema},\"number\":{number},\"kind\":\"{kind}\",\"time\":\"{time}\",\"deployer\":{{\"name\":\"a\"}}}}\n")
        });
        insert(&mut state, "records/a/b/000001", body.clone().into_bytes());
        insert(&mut state, "records/_people/20260301T120000Z-0123456789abcdef", body.into_bytes());
        block(check(state));
    }
}
