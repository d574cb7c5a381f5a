use super::file::LAYOUT;
use super::*;
use crate::audit::LocalAudit;
use crate::error::StoreError;
use bifrost_core::audit::AuditMode;
use bifrost_core::cloud::{AuditStore, LogSigner, PutNew};
use serde::Serialize;
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
struct Notes(Vec<String>);

impl Resources for Notes {}

fn state() -> LocalState<Notes> {
    let account = json!({"buckets": {"releases": {}}, "resources": ["first"]});
    let state = json!({
        "clock": "2026-11-21T12:00:00Z", "deployer_account": "000000000000", "deployer_region": "us-east-1",
        "accounts": {"000000000000": account.clone(), "000000000001": account},
    });
    serde_json::from_value(state).unwrap()
}

/// A folder that is deleted with the test, and the file in it.
fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloud.sqlite");
    (folder, path)
}

fn open(path: &Path) -> Sqlite<Notes> {
    Sqlite::open(path, "board", state).unwrap()
}

fn change(state: &mut LocalState<Notes>) {
    let object = serde_json::from_value(json!({"body": {"text": "a"}, "last_modified": "2026-11-21T12:00:00Z"}));
    let account = state.accounts.get_mut(&"000000000000".parse().unwrap()).unwrap();
    account.resources.0.push("second".into());
    account.buckets.values_mut().next().unwrap().objects.insert("a/b~c".into(), object.unwrap());
    state.accounts.remove(&"000000000001".parse().unwrap());
    state.ids = 7;
}

#[test]
fn changes_are_read_by_other_processes() {
    let (_folder, path) = file();
    let (mut one, mut other) = (open(&path), open(&path));
    assert_eq!(other.read(LocalState::clone).unwrap(), state());
    one.transact(change).unwrap();
    let mut expected = state();
    change(&mut expected);
    for file in [&mut one, &mut other, &mut open(&path)] {
        assert_eq!(file.read(LocalState::clone).unwrap(), expected);
    }
}

#[test]
fn panic_in_a_call_changes_nothing() {
    let (_folder, path) = file();
    let mut file = open(&path);
    let panics = |state: &mut LocalState<Notes>| {
        change(state);
        panic!("in a call");
    };
    catch_unwind(AssertUnwindSafe(|| file.transact(panics))).unwrap_err();
    assert_eq!(file.read(LocalState::clone).unwrap(), state());
    assert_eq!(file.now(), state().clock);
}

#[test]
fn replaced_cloud_is_seen_by_other_processes() {
    let (_folder, path) = file();
    let (mut one, mut other_deployer) = (open(&path), Sqlite::<Notes>::open(&path, "other", state).unwrap());
    one.transact(change).unwrap();
    replace(&path, "board", &state()).unwrap();
    assert_eq!(one.read(LocalState::clone).unwrap(), state());
    other_deployer.transact(change).unwrap();
    assert_eq!(one.read(LocalState::clone).unwrap(), state());
}

#[test]
fn other_layout_is_refused_then_replaced() {
    let (_folder, path) = file();
    let old = "CREATE TABLE world (deployer TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
        CREATE TABLE event (deployer TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;";
    Connection::open(&path).unwrap().execute_batch(old).unwrap();
    let refused = Sqlite::open(&path, "board", state).err().unwrap();
    assert!(matches!(refused, StoreError::Layout { found: 0, expected: LAYOUT, .. }));
    replace(&path, "board", &state()).unwrap();
    assert_eq!(open(&path).read(LocalState::clone).unwrap(), state());
}

#[test]
fn file_of_another_program_is_refused_and_kept() {
    let (_folder, path) = file();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (7);").unwrap();
    let refused = [Sqlite::open(&path, "board", state).err().unwrap(), replace(&path, "board", &state()).unwrap_err()];
    for error in refused {
        assert!(matches!(&error, StoreError::Foreign { table, .. } if table == "orders"), "{error}");
    }
    let kept: i64 = connection.query_one("SELECT id FROM orders", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 7);
}

fn running(name: &str) -> StoredExecution {
    let summary = json!({
        "name": name, "arn": name, "status": "RUNNING", "start_date": "2026-11-21T12:00:00Z", "input": {},
    });
    serde_json::from_value(json!({ "summary": summary })).unwrap()
}

#[test]
fn executions_are_listed_from_newest_to_oldest() {
    let (_folder, path) = file();
    let mut file = open(&path);
    for name in ["first", "second", "third"] {
        file.insert_execution(&running(name)).unwrap();
    }
    let mut names = |before, limit| {
        let found = file.executions(&ExecutionFilter::default(), before, limit).unwrap();
        found.into_iter().map(|execution| execution.summary.name).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 2), ["third", "second"]);
    assert_eq!(names(Some("second"), 2), ["first"]);
    assert_eq!(names(Some("first"), 2), [""; 0]);
}

#[test]
fn stopped_execution_keeps_its_end() {
    let (_folder, path) = file();
    let (mut engine, mut operator) = (open(&path), open(&path));
    let execution = running("deploy");
    assert!(engine.insert_execution(&execution).unwrap());
    assert!(engine.save_execution(&execution, &[]).unwrap());
    let now = state().clock;
    let stop = |execution: &mut StoredExecution, last_event| ((), execution.stop("enough", now, last_event));
    assert_eq!(operator.change_execution("deploy", stop).unwrap(), Some(()));
    assert_eq!(operator.change_execution("other", stop).unwrap(), None);
    // The engine has not noticed yet.
    assert!(!engine.save_execution(&execution, &[]).unwrap());
    let stopped = engine.execution("deploy").unwrap().unwrap().summary;
    assert_eq!((stopped.status, stopped.stop_date), (ExecutionStatus::Aborted, Some(now)));
    assert_eq!(
        engine.executions(&ExecutionFilter::running(bifrost_core::cloud::Names::Any), None, 9).unwrap().len(),
        0
    );
    // Stopping it again changes nothing.
    operator.change_execution("deploy", stop).unwrap();
    let history = engine.history("deploy", 0).unwrap();
    assert_eq!(history.iter().map(|event| event.id).collect::<Vec<_>>(), [1]);
}

/// The name of the audit log.
const LOG: &str = "coinbase-audit/000000000000/us-east-1";

/// Writes an object of the audit log.
fn record(file: &mut Sqlite<Notes>, key: &str) {
    let put = |state: &mut LocalState<Notes>| {
        let now = state.clock;
        Arc::make_mut(state.audit.entry(LOG.into()).or_default()).put_new(key, b"record".to_vec(), now)
    };
    assert_eq!(file.transact(put).unwrap(), PutNew::Written);
}

/// The keys of the audit log.
fn recorded(file: &mut Sqlite<Notes>) -> Vec<String> {
    file.read(|state| state.audit.get(LOG).map_or_else(Vec::new, |audit| audit.state().list(""))).unwrap()
}

#[test]
fn deployers_of_a_file_share_the_audit_log() {
    let (_folder, path) = file();
    let (mut board, mut other) = (open(&path), Sqlite::<Notes>::open(&path, "other", state).unwrap());
    record(&mut board, "records/board/1/000001");
    assert_eq!(recorded(&mut other), ["records/board/1/000001"]);
    record(&mut other, "records/other/1/000001");
    let both = ["records/board/1/000001", "records/other/1/000001"];
    for file in [&mut board, &mut other, &mut open(&path)] {
        assert_eq!(recorded(file), both);
    }
    // The rest stays apart.
    board.transact(change).unwrap();
    assert_eq!(other.read(|state| state.ids).unwrap(), 0);
    assert_eq!(recorded(&mut other), both);
}

#[test]
fn replaced_cloud_keeps_the_audit_log_of_the_file() {
    let (_folder, path) = file();
    let mut board = open(&path);
    record(&mut board, "records/board/1/000001");
    let mut new = state();
    let mut audit = LocalAudit::default();
    audit.mode = AuditMode::BestEffort;
    audit.put_new("records/board/2/000001", Vec::new(), new.clock);
    new.audit.insert(LOG.into(), Arc::new(audit));
    replace(&path, "board", &state()).unwrap();
    assert_eq!(recorded(&mut board), ["records/board/1/000001"]);
    replace(&path, "board", &new).unwrap();
    assert_eq!(recorded(&mut board), ["records/board/1/000001"]);
    assert_eq!(board.read(|state| state.audit[LOG].mode).unwrap(), AuditMode::BestEffort);
}

#[test]
fn new_audit_log_is_moved_to_a_file_without_one() {
    let (_folder, path) = file();
    let mut new = state();
    let mut audit = LocalAudit::default();
    audit.put_new("records/board/1/000001", b"record".to_vec(), new.clock);
    new.audit.insert(LOG.into(), Arc::new(audit));
    open(&path);
    replace(&path, "board", &new).unwrap();
    assert_eq!(recorded(&mut open(&path)), ["records/board/1/000001"]);
}

#[tokio::test]
async fn auditor_reads_and_writes_the_log_without_a_deployer() {
    let (_folder, path) = file();
    assert!(matches!(open_audit(&path, None).err().unwrap(), StoreError::Io { .. }));
    let mut board = open(&path);
    assert!(open_audit(&path, None).unwrap().is_none());
    record(&mut board, "records/board/1/000001");
    let log = open_audit(&path, None).unwrap().unwrap();
    assert_eq!((log.origin(), log.now().unwrap()), (LOG, state().clock));
    assert_eq!(log.get("records/board/1/000001", 99).await.unwrap().unwrap(), b"record");
    assert_eq!(log.put_new("records/_people/1", b"act".to_vec()).await.unwrap(), PutNew::Written);
    assert_eq!(log.put_new("records/_people/1", b"act".to_vec()).await.unwrap(), PutNew::Exists);
    assert_eq!(recorded(&mut board), ["records/_people/1", "records/board/1/000001"]);
    record(&mut board, "records/board/1/000002");
    assert_eq!(log.list("records/board/").await.unwrap().len(), 2);
    let key = log.public_key().await.unwrap();
    assert_eq!(open_audit(&path, Some(LOG)).unwrap().unwrap().public_key().await.unwrap(), key);
    assert!(open_audit(&path, Some("other")).unwrap().is_none());
    assert_eq!(audit_logs(&path).unwrap(), [LOG]);
}

#[test]
fn altered_log_is_saved_whole() {
    let (_folder, path) = file();
    let mut board = open(&path);
    record(&mut board, "records/board/1/000001");
    let tamper = |state: &mut LocalState<Notes>| {
        let now = state.clock;
        let audit = Arc::make_mut(state.audit.get_mut(LOG).unwrap());
        audit.tamper(|state| state.delete("records/board/1/000001", now));
    };
    board.transact(tamper).unwrap();
    assert_eq!(recorded(&mut open(&path)), [""; 0]);
}
