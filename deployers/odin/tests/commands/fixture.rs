//! A local cloud in which releases are deployed already: their items in the lock table, their objects, and their groups.

use crate::shell::{Shell, text};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

const RELEASE: &str = include_str!("../../releases/deploy-test.json");
pub(crate) const DEPLOYER: &str = "000000000000";
const BUCKET: &str = "coinbase-odin-000000000000";
const LOCKS: &str = "us-east-1/coinbase-odin-locks";

/// A release of a project's config in a target account and region.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) project: &'static str,
    pub(crate) config: &'static str,
    /// How many days ago it was created.
    pub(crate) days: i64,
}

impl Release {
    /// A release in the deployer's own account and region.
    pub(crate) fn new(project: &'static str, config: &'static str, days: i64) -> Self {
        Self { account: DEPLOYER, region: "us-east-1", project, config, days }
    }

    pub(crate) fn id(&self) -> String {
        format!("release-{}-days-ago", self.days)
    }

    fn root_dir(&self) -> String {
        format!("{}/{}/{}", self.account, self.project, self.config)
    }

    /// The key of its object.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}/release", self.root_dir(), self.id())
    }

    /// The key of its item in the lock table.
    pub(crate) fn item_key(&self) -> String {
        format!("deployed/{}", self.root_dir())
    }

    /// The sample release with these names.
    pub(crate) fn document(&self) -> Value {
        let mut release: Value = serde_json::from_str(RELEASE).unwrap();
        for (field, value) in [
            ("aws_account_id", json!(self.account)),
            ("aws_region", json!(self.region)),
            ("project_name", json!(self.project)),
            ("config_name", json!(self.config)),
            ("release_id", json!(self.id())),
            ("bucket", json!(BUCKET)),
            ("created_at", json!(rfc3339(self.created_at()))),
            ("user_data_sha256", json!("a".repeat(64))),
        ] {
            release[field] = value;
        }
        release
    }

    fn created_at(&self) -> DateTime<Utc> {
        now() - TimeDelta::days(self.days)
    }
}

/// The time in the local cloud.
fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The seed of a local cloud.
pub(crate) struct Seed(pub(crate) Value);

impl Seed {
    pub(crate) fn new() -> Self {
        let account = json!({
            "buckets": {BUCKET: {"objects": {}}},
            "lock_tables": {LOCKS: {}},
        });
        Self(json!({
            "clock": rfc3339(now()),
            "deployer_account": DEPLOYER,
            "deployer_region": "us-east-1",
            "accounts": {DEPLOYER: account},
        }))
    }

    /// Adds a deployed release: its item, its object, and a group with so many instances.
    pub(crate) fn with(self, release: &Release, instances: usize) -> Self {
        self.item(release).object(&release.key(), &release.document().to_string()).group(release, instances)
    }

    pub(crate) fn item(mut self, release: &Release) -> Self {
        let key = release.item_key();
        let item = json!({
            "key": key,
            "release_id": release.id(),
            "created_at_ms": release.created_at().timestamp_millis(),
            "time": rfc3339(release.created_at() + TimeDelta::minutes(10)),
            "deployer": "coinbase-odin",
            "started_by": "ada@laptop",
        });
        self.deployer()["lock_tables"][LOCKS][key] = item;
        self
    }

    pub(crate) fn object(mut self, key: &str, body: &str) -> Self {
        self.deployer()["buckets"][BUCKET]["objects"][key] =
            json!({"body": {"text": body}, "last_modified": rfc3339(now())});
        self
    }

    /// Adds a group, created 5 minutes after its release.
    pub(crate) fn group(self, release: &Release, instances: usize) -> Self {
        let tags = json!({
            "ProjectName": release.project, "ConfigName": release.config, "ServiceName": "web", "ReleaseID": release.id(),
        });
        self.group_with_tags(release, instances, &tags)
    }

    pub(crate) fn group_with_tags(mut self, release: &Release, instances: usize, tags: &Value) -> Self {
        let created = rfc3339(release.created_at() + TimeDelta::minutes(5));
        let name = format!("{}-{}-{}-web", release.project, release.config, release.days);
        let instance = |number: usize| {
            let id = format!("i-{}-{number}", release.days);
            (
                id,
                json!({"image_id": "ami-1", "instance_type": "t3.nano", "launched_at": created, "lifecycle_state": "InService"}),
            )
        };
        let group = json!({
            "created_time": created,
            "tags": tags,
            "capacity": {"min_size": instances, "desired": instances, "max_size": instances},
            "launch_configuration": "old",
            "instances": (0..instances).map(instance).collect::<serde_json::Map<_, _>>(),
        });
        let region = &mut self.0["accounts"][release.account]["resources"]["regions"][release.region];
        region["launch_configurations"]["old"] = json!({"image_id": "ami-1", "instance_type": "t3.nano"});
        region["images"]["ami-1"] = json!({});
        region["auto_scaling_groups"][name] = group;
        self
    }

    pub(crate) fn deployer(&mut self) -> &mut Value {
        &mut self.0["accounts"][DEPLOYER]
    }

    /// A folder with this seed, for one test.
    pub(crate) fn open(&self, test: &str) -> Shell {
        let shell = Shell::new(env!("CARGO_BIN_EXE_odin"), test);
        shell.write("cloud.json", self.0.to_string());
        shell
    }
}

/// What a command prints as text, and its exit code.
pub(crate) fn shown(shell: &Shell, line: &str) -> (String, i32) {
    let output = shell.run(&format!("{line} --cloud cloud.json --output text"));
    let [out, err] = [output.stdout, output.stderr].map(|bytes| text(&bytes));
    assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "{out:?}");
    (format!("{out}{err}"), output.status.code().unwrap())
}

/// The object that a command prints, and its exit code.
pub(crate) fn object(shell: &Shell, line: &str) -> (Value, i32) {
    let output = shell.run(&format!("{line} --cloud cloud.json --output json"));
    let out = text(&output.stdout);
    let object = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{}", text(&output.stderr)));
    (object, output.status.code().unwrap())
}

/// The code of the error of a command that is refused.
pub(crate) fn refusal(shell: &Shell, line: &str) -> (String, String) {
    let error = shell.refused(&format!("{line} --cloud cloud.json"));
    (crate::shell::error_code(&error), error)
}
