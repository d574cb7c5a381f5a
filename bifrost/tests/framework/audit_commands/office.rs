//! A folder in which auditors run commands.

use crate::board::{BoardDeployer, local_state, release};
use bifrost::local::{LocalCloud, Store};
use bifrost::testing::TestHarness;
use bifrost::{Deployer, Identity};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

/// A folder with a local cloud, in which auditors run commands.
pub(super) struct Office {
    pub(super) folder: PathBuf,
    pub(super) harness: TestHarness<BoardDeployer>,
}

/// A local cloud in the default file of this folder.
fn cloud_in(folder: &Path, faults: &Value) -> LocalCloud<BoardDeployer> {
    let identity = Identity {
        name: "coinbase-board".into(),
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
    };
    let new_state = || local_state(faults).bootstrap(&identity).unwrap();
    let store = Store::open(&folder.join(".bifrost/cloud.sqlite"), "coinbase-board", new_state).unwrap();
    let defaults = identity.defaults(BoardDeployer::TIMEOUT_SECONDS).unwrap();
    LocalCloud::new(store, identity, defaults)
}

impl Office {
    /// Without deploys.
    pub(super) fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("audit-{test}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("home")).unwrap();
        // The third deploy fails, and cleans up.
        let faults = json!([{"operation": "board:PinNote", "skip": 2, "kind": {"error": "AccessDenied"}}]);
        let harness = TestHarness::with_cloud(cloud_in(&folder, &faults)).unwrap();
        Self { folder, harness }
    }

    /// With two deploys that succeed, one that fails, and one that is refused.
    pub(super) async fn with_deploys(test: &str) -> Self {
        let office = Self::new(test);
        for id in ["first", "second", "third"] {
            office.harness.deploy(&release(id), &[]).await.unwrap();
        }
        let mut empty = release("fourth");
        empty["note"] = json!("");
        office.harness.deploy(&empty, &[]).await.unwrap();
        office
    }

    pub(super) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bifrost"));
        command.arg("audit").args(line.split_whitespace()).current_dir(&self.folder);
        for variable in ["XDG_STATE_HOME", "XDG_CACHE_HOME", "BIFROST_PREFIX", "AWS_REGION"] {
            command.env_remove(variable);
        }
        command.env("HOME", self.folder.join("home")).env("USER", "bob");
        command
    }

    pub(super) fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// The output of a command with this exit code.
    pub(super) fn text(&self, line: &str, code: i32) -> String {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON lines of a command with this exit code.
    pub(super) fn json(&self, line: &str, code: i32) -> Vec<Value> {
        self.text(line, code).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The code and the message of the error of a command with this exit code.
    pub(super) fn error(&self, line: &str, code: i32) -> (String, String) {
        let output = self.run(&format!("{line} --output json"));
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{line}: {complaint}");
        let error: Value = serde_json::from_str(&complaint).unwrap();
        let part = |name: &str| error["error"][name].as_str().unwrap().to_owned();
        (part("code"), part("message"))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Changes the log as an attacker would.
    pub(super) fn tamper(&self, key_part: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) {
        let origin = self.harness.cloud().identity().audit_origin();
        let tamper = |state: &mut bifrost::local::LocalState<_>| {
            let audit = Arc::make_mut(state.audit.get_mut(&origin).unwrap());
            audit.tamper(|state| {
                let found = state.objects.iter_mut().find(|(key, _)| key.contains(key_part));
                let body = found.unwrap().1[0].body.as_mut().unwrap();
                *body = change(body.to_vec()).into();
            });
        };
        self.harness.store().transact(tamper).unwrap();
    }

    /// The policy of the log, in a file.
    pub(super) fn policy(&self) -> &'static str {
        std::fs::write(self.path("log.policy"), self.text("policy --local", 0)).unwrap();
        "log.policy"
    }
}
