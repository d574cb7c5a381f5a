//! Deploys releases in a local cloud and checks the invariants after every execution.

use crate::invariants;
use crate::journal::Journal;
use crate::plan::ReleasePlan;
use crate::sample_cloud::{DEPLOYER, REGION, TARGET, USER_DATA};
use bifrost::cloud::{Encryption, EndedItem, LockItem};
use bifrost::local::{Fault, LocalState};
use bifrost::release::{ObjectKey, RootDir};
use bifrost::testing::{AuditCheck, Run, TestHarness};
use chrono::{SecondsFormat, TimeDelta};
use futures_util::FutureExt;
use odin::Odin;
use odin::cloud::local::{OdinAccount, OdinRegion, StoredGroup};
use odin::release::OdinRelease;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The table of root locks in the local cloud.
pub const LOCKS: &str = "us-east-1/coinbase-odin-locks";
/// The deployer's bucket.
const BUCKET: &str = "coinbase-odin-000000000000";

/// A local cloud in which releases are deployed, with the journal of their calls.
pub struct Fixture {
    pub harness: TestHarness<Odin>,
    release: Value,
    journal: Arc<Mutex<Journal>>,
    pub audit: AuditCheck<Odin>,
}

/// A started deploy, with the state before it.
pub struct Deploy {
    pub name: String,
    pub arn: String,
    pub plan: ReleasePlan,
    pub before: LocalState<OdinAccount>,
}

impl Fixture {
    pub fn new(local_state: LocalState<OdinAccount>, release: Value) -> Self {
        let harness: TestHarness<Odin> = TestHarness::new(local_state).unwrap();
        let journal = Arc::new(Mutex::new(Journal::default()));
        let calls = Arc::clone(&journal);
        harness.store().watch(Box::new(move |call, before, after| calls.lock().unwrap().add(call, before, after)));
        let audit = harness.check_audit();
        let fixture = Self { harness, release, journal, audit };
        // Groups of the seed start to launch instances when the clock first advances.
        fixture.advance(TimeDelta::zero());
        fixture.settle();
        fixture
    }

    /// The scenario's release with an id, created now.
    pub fn release(&self, id: &str) -> Value {
        let mut release = self.release.clone();
        release["release_id"] = json!(format!("release-1-{id}"));
        release["created_at"] = json!(self.harness.store().now().to_rfc3339_opts(SecondsFormat::Secs, true));
        release
    }

    /// Deploys the scenario's release with an id, and checks the invariants.
    pub async fn deploy(&self, id: &str) -> Run {
        self.deploy_release(&self.release(id)).await
    }

    /// Uploads and deploys a release while nothing else changes, and checks the invariants.
    pub async fn deploy_release(&self, release: &Value) -> Run {
        self.upload(release).await;
        self.deploy_uploaded(release).await
    }

    pub async fn upload(&self, release: &Value) {
        self.harness.upload(release, &[("userdata", USER_DATA)]).await.unwrap();
    }

    /// Starts a deploy of a release that was uploaded, runs it to its end, and checks the invariants.
    pub async fn deploy_uploaded(&self, release: &Value) -> Run {
        let deploy = self.start(release).await;
        self.harness.run().await.unwrap();
        self.finish(&deploy).await
    }

    /// Starts a deploy of a release that was uploaded.
    pub async fn start(&self, release: &Value) -> Deploy {
        let before = self.local_state();
        let name = self.harness.start(release).await.unwrap();
        self.started(name, release, before).await
    }

    /// As [`start`](Self::start), with a new execution name: AWS refuses a name that it has seen.
    pub async fn start_as(&self, name: &str, release: &Value) -> Deploy {
        let before = self.local_state();
        self.harness.cloud().executions().start(name, release).await.unwrap();
        self.started(name.to_owned(), release, before).await
    }

    async fn started(&self, name: String, release: &Value, before: LocalState<OdinAccount>) -> Deploy {
        let arn = self.harness.execution(&name).await.unwrap().execution.arn;
        let plan = ReleasePlan::of(release, &before);
        self.journal().plans.insert(arn.clone(), plan.clone());
        Deploy { name, arn, plan, before }
    }

    /// The history of a deploy that has ended. Checks the invariants at its end, and again after an hour, when
    /// everything that drains or is being deleted has disappeared.
    pub async fn finish(&self, deploy: &Deploy) -> Run {
        let run = self.finish_while_others_run(deploy).await;
        self.settle();
        let violations = invariants::at_rest(deploy, &run, &self.local_state());
        assert!(violations.is_empty(), "{}", report(&run, &violations));
        run
    }

    /// As [`finish`](Self::finish), while another deploy runs: skips the check after an hour, which both would affect.
    pub async fn finish_while_others_run(&self, deploy: &Deploy) -> Run {
        let run = self.harness.execution(&deploy.name).await.unwrap();
        let mut violations = self.journal().violations.clone();
        violations.extend(invariants::at_end(deploy, &run, &self.local_state(), &self.journal()));
        violations.extend(self.audit.violations(&run));
        assert!(violations.is_empty(), "{}", report(&run, &violations));
        run
    }

    /// Runs the engine until an execution waits in this state, then stops the engine.
    pub async fn run_until_state(&self, deploy: &Deploy, state: &str) {
        self.run_until(deploy, |run| run.path().last() == Some(&state)).await;
        let run = self.harness.execution(&deploy.name).await.unwrap();
        assert_eq!(run.path().last(), Some(&state), "the execution never waited in {state}: {:?}", run.errors());
    }

    /// Runs the engine until this holds for an execution, then stops the engine. Asks whenever all executions wait.
    pub async fn run_until(&self, deploy: &Deploy, mut done: impl FnMut(&Run) -> bool) {
        let run = || self.harness.execution(&deploy.name).now_or_never().unwrap().unwrap();
        self.harness.run_until(|| done(&run())).await.unwrap();
    }

    /// Injects a fault from now on.
    pub fn fault(&self, fault: Value) {
        let fault: Fault = serde_json::from_value(fault).unwrap();
        self.harness.store().transact(|local_state| local_state.faults.push(fault)).unwrap();
    }

    /// Changes the target region, as another user might.
    pub fn change(&self, change: impl FnOnce(&mut OdinRegion)) {
        let change = |local_state: &mut LocalState<OdinAccount>| {
            let account = local_state.accounts.get_mut(&TARGET.parse().unwrap()).unwrap();
            change(account.resources.regions.of_mut(&REGION.parse().unwrap()));
        };
        self.harness.store().transact(change).unwrap();
    }

    /// Advances the clock by an hour.
    pub fn settle(&self) {
        self.advance(TimeDelta::hours(1));
    }

    /// Advances the clock.
    pub fn advance(&self, time: TimeDelta) {
        self.harness.advance(time).unwrap();
    }

    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap()
    }

    pub fn local_state(&self) -> LocalState<OdinAccount> {
        self.harness.store().read(Clone::clone).unwrap()
    }

    pub fn region(&self) -> OdinRegion {
        region(&self.local_state(), TARGET)
    }

    /// The groups of the project and config that are not being deleted, by service.
    pub fn live(&self) -> BTreeMap<String, StoredGroup> {
        let groups = self.region().auto_scaling_groups.into_values();
        let own = groups.filter(|group| group.tags["ConfigName"] == "development" && !group.deleting);
        own.map(|group| (group.tags["ServiceName"].clone(), group)).collect()
    }

    /// The release that each service runs.
    pub fn running(&self) -> Vec<(String, String)> {
        self.live().into_iter().map(|(service, group)| (service, group.tags["ReleaseID"].clone())).collect()
    }

    /// The item of the root lock, if it is held.
    pub fn root_lock(&self) -> Option<LockItem> {
        root_lock(&self.local_state(), &format!("{TARGET}/coinbase/deploy-test/development"))
    }

    /// Writes the halt flag.
    pub async fn halt(&self, reason: &str) {
        self.put(&self.root_dir().halt(), reason).await;
    }

    /// Writes the halt flag of a release's project and config.
    pub async fn halt_release(&self, release: &Value, reason: &str) {
        let release = OdinRelease::read(release, self.harness.cloud().defaults()).unwrap();
        self.put(&release.envelope.root_dir().halt(), reason).await;
    }

    /// Writes the freeze, as JSON.
    pub async fn freeze(&self, freeze: &str) {
        self.put(&self.root_dir().freeze(), freeze).await;
    }

    /// The log of a release.
    pub async fn log(&self, id: &str) -> String {
        let release = self.release(id);
        let release = OdinRelease::read(&release, self.harness.cloud().defaults()).unwrap();
        let client = self.harness.cloud().account().objects;
        let found = client.get(&BUCKET.parse().unwrap(), &release.envelope.release_dir().log(), 1 << 20).await.unwrap();
        found.map(|object| String::from_utf8(object.body).unwrap()).unwrap_or_default()
    }

    fn root_dir(&self) -> RootDir {
        let release = self.release("any");
        OdinRelease::read(&release, self.harness.cloud().defaults()).unwrap().envelope.root_dir()
    }

    async fn put(&self, key: &ObjectKey, body: &str) {
        let client = self.harness.cloud().account().objects;
        client.put(&BUCKET.parse().unwrap(), key, body.into(), Encryption::Bucket).await.unwrap();
    }
}

/// The state of the test region in an account.
pub fn region(local_state: &LocalState<OdinAccount>, account: &str) -> OdinRegion {
    let region = REGION.parse().unwrap();
    let account = local_state.accounts.get(&account.parse().unwrap());
    account.map(|account| account.resources.regions.of(&region).clone()).unwrap_or_default()
}

/// The root lock of a root dir.
pub fn root_lock(local_state: &LocalState<OdinAccount>, root_dir: &str) -> Option<LockItem> {
    let account = &local_state.accounts[&DEPLOYER.parse().unwrap()];
    account.lock_tables[LOCKS].locks.get(&format!("{root_dir}/lock")).cloned()
}

/// How the owner of a root lock lost it, if it has.
pub fn ended(local_state: &LocalState<OdinAccount>, uuid: &str) -> Option<EndedItem> {
    let account = &local_state.accounts[&DEPLOYER.parse().unwrap()];
    account.lock_tables[LOCKS].ended.get(&EndedItem::key(uuid)).cloned()
}

/// The owner of the locks of an execution.
pub fn uuid(run: &Run) -> String {
    let mut outputs = run.history.iter().filter_map(|event| event.details.output.as_deref());
    outputs.find_map(|output| output["uuid"].as_str()).unwrap_or_default().to_owned()
}

/// Whether the deployer's bucket contains that key.
pub fn has_object(local_state: &LocalState<OdinAccount>, key: &str) -> bool {
    let account = &local_state.accounts[&DEPLOYER.parse().unwrap()];
    account.buckets[&BUCKET.parse().unwrap()].objects.contains_key(key)
}

fn report(run: &Run, violations: &[String]) -> String {
    format!("{}\npath: {:?}\nerrors: {:#?}", violations.join("\n"), run.path(), run.errors())
}
