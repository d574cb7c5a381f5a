//! The prefix of a deployer: its own, another one, and deployers with different prefixes in one file.

use crate::board::{Board, BoardDeployer, Chart, Note, Notes, local_state, release};
use bifrost::deployer::Prefix;
use bifrost::local::{LocalCloud, LocalDeployer, LocalSession, Role, Store};
use bifrost::testing::TestHarness;
use bifrost::{Deployer, Identity};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The board of a team that chose another prefix.
struct AcmeBoard;

impl Deployer for AcmeBoard {
    type Fields = Note;
    type Machine = Chart;

    const NAME: &'static str = BoardDeployer::NAME;
    const PREFIX: &'static str = "acme-";
    const TIMEOUT_SECONDS: u32 = BoardDeployer::TIMEOUT_SECONDS;
}

impl LocalDeployer for AcmeBoard {
    type Resources = Notes;

    const SEED: &'static str = BoardDeployer::SEED;

    fn local_ports(session: LocalSession<Notes>) -> Board {
        BoardDeployer::local_ports(session)
    }
}

async fn end<D: LocalDeployer>(harness: &TestHarness<D>) -> String {
    let run = harness.deploy(&release("first"), &[]).await.unwrap();
    run.path().last().copied().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn harness_has_the_prefix_of_the_deployer() {
    let harness = TestHarness::<AcmeBoard>::new(local_state(&json!([]))).unwrap();
    assert_eq!(end(&harness).await, "Success");
    assert_eq!(harness.cloud().identity().name, "acme-board");
}

#[tokio::test]
async fn chosen_prefix_is_that_of_all_names() {
    let prefix = Prefix::of::<AcmeBoard>(Some("zeta-")).unwrap();
    let harness = TestHarness::<AcmeBoard>::with_prefix(local_state(&json!([])), &prefix).unwrap();
    assert_eq!(end(&harness).await, "Success");
    let state = harness.store().read(|state| serde_json::to_string(state).unwrap()).unwrap();
    for name in [
        "zeta-board-000000000000",
        "us-east-1/zeta-board-locks",
        "zeta-board-assumed",
        "zeta-audit/000000000000/us-east-1",
    ] {
        assert!(state.contains(&format!("\"{name}\":")), "{name}");
    }
    assert!(!["coinbase-", "acme-board", "acme-audit"].iter().any(|other| state.contains(other)));
}

#[tokio::test]
async fn role_of_a_seed_is_kept() {
    let mut state = local_state(&json!([]));
    let target = state.accounts.get_mut(&"222222222222".parse().unwrap()).unwrap();
    target.roles.insert("coinbase-board-assumed".into(), Role::default());
    let harness = TestHarness::<BoardDeployer>::new(state).unwrap();
    assert_eq!(end(&harness).await, "FailureDirty", "the role trusts nobody, so nothing can be checked");
}

/// The file of a local cloud with the deploys of two teams.
async fn two_teams(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    for prefix in ["coinbase-", "acme-"] {
        let identity = Identity {
            name: Prefix::of::<BoardDeployer>(Some(prefix)).unwrap().deployer::<BoardDeployer>(),
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
        };
        let new_state = || local_state(&json!([])).bootstrap(&identity).unwrap();
        let store = Store::open(&folder.join(".bifrost/cloud.sqlite"), &identity.name, new_state).unwrap();
        let defaults = identity.defaults(BoardDeployer::TIMEOUT_SECONDS).unwrap();
        let cloud = LocalCloud::<BoardDeployer>::new(store, identity, defaults);
        assert_eq!(end(&TestHarness::with_cloud(cloud).unwrap()).await, "Success");
    }
    folder
}

fn audit(folder: &Path, line: &str, prefix: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bifrost"));
    command.arg("audit").args(line.split_whitespace()).current_dir(folder).env("HOME", folder);
    match prefix {
        Some(prefix) => command.env("BIFROST_PREFIX", prefix),
        None => command.env_remove("BIFROST_PREFIX"),
    };
    command.output().unwrap()
}

#[tokio::test]
async fn auditors_choose_a_log_by_prefix() {
    let folder = two_teams("audit-of-two-teams").await;
    let listed = |line: &str, prefix: Option<&str>| {
        let output = audit(&folder, line, prefix);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let row: Value = serde_json::from_slice(&output.stdout).unwrap();
        row["deployer"].as_str().unwrap().to_owned()
    };
    assert_eq!(listed("list --local", Some("acme-")), "acme-board");
    assert_eq!(listed("list --local --prefix acme-", None), "acme-board");
    assert_eq!(listed("list --local --prefix coinbase-", Some("acme-")), "coinbase-board");
    assert_eq!(listed("list --local", None), "coinbase-board");
    assert_eq!(audit(&folder, "verify --local", Some("acme-")).status.code(), Some(0));
}

#[tokio::test]
async fn wrong_prefix_of_a_log_is_refused() {
    let folder = two_teams("audit-of-another-team").await;
    for (prefix, code) in
        [("zeta-", "audit/other-prefix"), ("acme", "deployer/invalid-prefix"), ("a'-", "deployer/invalid-prefix")]
    {
        let output = audit(&folder, "list --local --output json", Some(prefix));
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!((output.status.code(), &error["error"]["code"]), (Some(2), &json!(code)), "{error}");
    }
}
