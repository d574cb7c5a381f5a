use super::*;
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
    assert_eq!(engine.executions(&ExecutionFilter::running(bifrost_core::cloud::Names::Any), 9).unwrap().len(), 0);
    // Stopping it again changes nothing.
    operator.change_execution("deploy", stop).unwrap();
    let history = engine.history("deploy", 0).unwrap();
    assert_eq!(history.iter().map(|event| event.id).collect::<Vec<_>>(), [1]);
}
