//! Lets every call of a deploy fail, in a run of its own, and checks after each what must hold whatever happens.

mod compare;
mod fault;
mod report;
mod rules;
mod stage;

pub use fault::SweepFault;
pub use report::{SweepError, SweepReport};

use super::{HarnessError, Run, TestHarness};
use crate::{CallRecord, LocalDeployer, LocalState};
use bifrost_core::machine::Machine;
use report::Broken;
use serde_json::Value;
use stage::{Planned, Stage};
use std::collections::BTreeSet;
use std::time::Instant;

/// The environment variable that selects cases, as [`FaultSweep::only`] does.
const ONLY: &str = "BIFROST_ONLY";

/// A sweep of faults over all calls of a deployer's releases.
///
/// First it deploys the releases one after another without faults, and lists the calls of each. Then, for each call and
/// each [`SweepFault`] that can happen to it, it deploys the release again, in a local cloud as the earlier releases left
/// it. Calls that only a failed deploy makes, to clean up, fail as well: as a second fault, after the one that leads to
/// them. After each run these rules must hold:
///
/// - The execution ends in an end state of the machine. After [`SweepFault::Stop`] it is redriven first.
/// - `Success`: the root lock is free, and the resources are those that a run without faults leaves, except times, UUIDs
///   and ids.
/// - `FailureClean`: the root lock is free, and the resources are those from before; except after
///   [`SweepFault::Zombie`], as what the attempt changes after the clean-up stays. (On AWS the timeout of the function
///   ends it earlier.)
/// - `FailureDirty`: a call failed in the last attempt of the last task, and the root lock is kept.
/// - Every call is made in the account of the release, with the deployer's role there, or in the deployer account.
/// - A call that changes something is not called like one that reads, so it needs a proof.
/// - The audit log has what happened.
///
/// Resources are compared an hour after the end, when everything that drains or is being deleted has disappeared.
///
/// The runs are the same each time: time is virtual, and nothing is drawn by chance.
///
/// [`every_call_may_fail!`](super::every_call_may_fail) is a sweep as one line. A sweep with rules of its own is a test:
///
/// ```ignore
/// #[tokio::test]
/// async fn no_service_is_left() {
///     FaultSweep::<Ecs>::of([json!({"service": "web"})]).invariant(no_service_is_left).run().await.unwrap();
/// }
/// ```
pub struct FaultSweep<D: LocalDeployer> {
    state: Option<LocalState<D::Resources>>,
    releases: Vec<Value>,
    /// Files by name, for all releases or for that of an index.
    files: Vec<(Option<usize>, &'static str, Vec<u8>)>,
    end: D::Machine,
    faults: Vec<SweepFault>,
    whole_audit_log: bool,
    only: Option<String>,
    sample: Option<(usize, u64)>,
    compared: Compare<D::Resources>,
    observers: Vec<Observer<D>>,
}

/// What of an account's resources is compared.
type Compare<R> = Box<dyn Fn(&R) -> Value>;

/// Prepares the check of one run: sees the harness, the release and the ARN of its execution before the deploy starts.
type Observer<D> = Box<dyn Fn(&TestHarness<D>, &Value, &str) -> Check<D>>;

/// Checks one run.
type Check<D> = Box<dyn FnOnce(&Case<'_, D>) -> Result<(), String>>;

impl<D: LocalDeployer> FaultSweep<D> {
    /// A sweep over these releases, in the built-in seed. A release has the deployer's own fields, and those of the
    /// envelope that matter: [`TestHarness::release`] fills in the others.
    #[must_use]
    pub fn of(releases: impl IntoIterator<Item = Value>) -> Self {
        Self {
            state: None,
            releases: releases.into_iter().collect(),
            files: Vec::new(),
            end: D::Machine::SUCCESS,
            faults: SweepFault::ALL.to_vec(),
            whole_audit_log: false,
            only: std::env::var(ONLY).ok(),
            sample: None,
            compared: Box::new(|resources| serde_json::to_value(resources).unwrap_or_default()),
            observers: Vec::new(),
        }
    }

    /// Starts from this state instead of the built-in seed. Faults that it has happen in every run.
    #[must_use]
    pub fn in_state(mut self, state: LocalState<D::Resources>) -> Self {
        self.state = Some(state);
        self
    }

    /// Uploads a file with each release.
    #[must_use]
    pub fn file(mut self, name: &'static str, body: &[u8]) -> Self {
        self.files.push((None, name, body.to_vec()));
        self
    }

    /// Uploads a file with one of the releases, the first of which has the index 0.
    #[must_use]
    pub fn file_of(mut self, index: usize, name: &'static str, body: &[u8]) -> Self {
        self.files.push((Some(index), name, body.to_vec()));
        self
    }

    /// The last release ends in this state without faults. By default it succeeds, as the ones before it must.
    #[must_use]
    pub fn ends_in(mut self, end: D::Machine) -> Self {
        self.end = end;
        self
    }

    /// Injects only these faults.
    #[must_use]
    pub fn faults(mut self, faults: &[SweepFault]) -> Self {
        self.faults = faults.to_vec();
        self
    }

    /// Does not inject this fault.
    #[must_use]
    pub fn without(mut self, fault: SweepFault) -> Self {
        self.faults.retain(|other| *other != fault);
        self
    }

    /// Injects faults into every call to the audit log. By default only into those that write records and entries,
    /// because the framework makes these calls, and tests them.
    #[must_use]
    pub fn with_whole_audit_log(mut self) -> Self {
        self.whole_audit_log = true;
        self
    }

    /// Runs only the cases whose name contains this text. The environment variable `BIFROST_ONLY` does the same.
    #[must_use]
    pub fn only(mut self, text: &str) -> Self {
        self.only = Some(text.to_owned());
        self
    }

    /// Runs only so many of the cases with one fault of each release, and of those with a second fault after each of
    /// them. The same seed selects the same cases.
    #[must_use]
    pub fn sample(mut self, count: usize, seed: u64) -> Self {
        self.sample = Some((count, seed));
        self
    }

    /// Compares what this returns, instead of the whole resources of each account: leave out what only grows, such as
    /// counters.
    #[must_use]
    pub fn comparing(mut self, compared: impl Fn(&D::Resources) -> Value + 'static) -> Self {
        self.compared = Box::new(compared);
        self
    }

    /// Adds a rule of the deployer, which is checked after each run. `Err` says what is wrong.
    #[must_use]
    pub fn invariant(self, rule: impl Fn(&Case<'_, D>) -> Result<(), String> + Clone + 'static) -> Self {
        self.observe(move |_, _, _| rule.clone())
    }

    /// Adds rules of the deployer that need to see each call: `observe` is called before each run with the harness, the
    /// release and the ARN of its execution, and may [`watch`](crate::Store::watch) the calls. What it returns is called
    /// after the run.
    #[must_use]
    pub fn observe<C>(mut self, observe: impl Fn(&TestHarness<D>, &Value, &str) -> C + 'static) -> Self
    where
        C: FnOnce(&Case<'_, D>) -> Result<(), String> + 'static,
    {
        self.observers.push(Box::new(move |harness, release, arn| Box::new(observe(harness, release, arn))));
        self
    }

    /// Runs the sweep.
    ///
    /// # Errors
    /// [`SweepError::Broken`] if a run broke a rule, [`SweepError::WithoutFaults`] if a release does not end as it must
    /// without faults, [`SweepError::NoCase`] if no case was selected. Its `Debug` is its message, so that
    /// `unwrap` shows it.
    pub async fn run(self) -> Result<SweepReport, SweepError> {
        let started = Instant::now();
        let (mut report, mut broken) = (SweepReport::default(), Vec::new());
        let mut cloud = match &self.state {
            Some(state) => state.clone(),
            None => TestHarness::<D>::seed()?,
        };
        for (index, release) in self.releases.iter().enumerate() {
            let is_last = index + 1 == self.releases.len();
            let end = if is_last { self.end } else { D::Machine::SUCCESS };
            let stage = Stage::set(&self, index, cloud, release, end).await?;
            let (single, mut seen) = (stage.single_faults(&self), stage.places());
            report.calls += stage.calls.len();
            let mut tails = Vec::new();
            for planned in self.selected(&single, |case| stage.name_of(case)) {
                let outcome = self.judge(&stage, planned, &mut report, &mut broken).await?;
                tails.extend(outcome.map(|calls| (planned, calls)));
            }
            // The last calls that failed come first: at them the most had been created.
            for (planned, calls) in tails.into_iter().rev() {
                let double = Stage::double_faults(&self, planned, &calls, &mut seen);
                for planned in self.selected(&double, |case| stage.name_of(case)) {
                    self.judge(&stage, planned, &mut report, &mut broken).await?;
                }
            }
            cloud = stage.after;
        }
        report.seconds = started.elapsed().as_secs_f64();
        if !broken.is_empty() {
            return Err(SweepError::Broken { report, broken });
        }
        if report.runs == 0 { Err(SweepError::NoCase(self.only)) } else { Ok(report) }
    }

    /// As [`run`](Self::run), for a test that is not async.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`SweepError::NoRuntime`] if the system gives the runtime no resources.
    pub fn run_blocking(self) -> Result<SweepReport, Box<SweepError>> {
        Ok(super::block_on(self.run()).map_err(SweepError::NoRuntime)??)
    }

    /// Runs one case. Returns its calls if it ended clean and another fault may follow.
    async fn judge(
        &self,
        stage: &Stage<D>,
        planned: &Planned,
        report: &mut SweepReport,
        broken: &mut Vec<Broken>,
    ) -> Result<Option<Vec<CallRecord>>, HarnessError> {
        let name = stage.name_of(planned);
        let ran = stage.run(self, planned).await?;
        report.runs += 1;
        let end = ran.run.path().last().copied().unwrap_or_default().to_owned();
        let may_follow = end == D::Machine::FAILURE_CLEAN.name() && planned.may_be_followed();
        *report.ends.entry(end).or_default() += 1;
        if !ran.violations.is_empty() {
            broken.push(Broken::new(name, &ran.run, ran.violations));
            return Ok(None);
        }
        Ok(may_follow.then_some(ran.calls))
    }

    fn selected<'p>(&self, planned: &'p [Planned], name: impl Fn(&Planned) -> String) -> Vec<&'p Planned> {
        let is_only = |text: &String| self.only.as_ref().is_none_or(|only| text.contains(only.as_str()));
        // A fault that leads to a selected case is needed to find it.
        let leads = |text: &String| self.only.as_ref().is_some_and(|only| only.starts_with(&format!("{text}, then ")));
        let named = planned.iter().map(|case| (name(case), case));
        let mut named: Vec<_> = named.filter(|(name, _)| is_only(name) || leads(name)).collect();
        if let Some((count, seed)) = self.sample {
            let places: BTreeSet<_> = sampled(named.iter().map(|(name, _)| name.as_str()), count, seed);
            let mut index = 0;
            named.retain(|_| {
                index += 1;
                places.contains(&(index - 1))
            });
        }
        named.into_iter().map(|(_, case)| case).collect()
    }
}

/// The places of `count` names, selected by a hash of seed and name (FNV-1a), which is the same on every machine.
fn sampled<'n>(names: impl Iterator<Item = &'n str>, count: usize, seed: u64) -> BTreeSet<usize> {
    let hash = |name: &str| {
        name.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let mut places: Vec<_> = names.enumerate().map(|(place, name)| (hash(name), place)).collect();
    places.sort_unstable();
    places.into_iter().take(count).map(|(_, place)| place).collect()
}

/// One run of a sweep, for the rules of a deployer.
pub struct Case<'a, D: LocalDeployer> {
    /// Its name: call and fault. The first word is the state.
    pub name: &'a str,
    /// The faults that were injected; none in the run without faults.
    pub faults: &'a [SweepFault],
    /// The release.
    pub release: &'a Value,
    /// The execution.
    pub run: &'a Run,
    /// The calls of tasks, in order.
    pub calls: &'a [CallRecord],
    /// The state before the release was deployed.
    pub before: &'a LocalState<D::Resources>,
    /// The state at the end of the execution.
    pub at_end: &'a LocalState<D::Resources>,
    /// The state an hour later.
    pub settled: &'a LocalState<D::Resources>,
}

impl<D: LocalDeployer> Case<'_, D> {
    /// The last state of the execution.
    #[must_use]
    pub fn end(&self) -> &str {
        self.run.path().last().copied().unwrap_or_default()
    }

    /// Whether this fault was injected.
    #[must_use]
    pub fn has_fault(&self, fault: SweepFault) -> bool {
        self.faults.contains(&fault)
    }

    /// Whether one fault was injected that does not happen again, so that a retry succeeds.
    #[must_use]
    pub fn has_single_fault(&self) -> bool {
        matches!(self.faults, [fault] if fault.is_single())
    }
}

/// The test that lets every call fail that a deploy of these releases makes, one release after another: a
/// [`FaultSweep`](crate::testing::FaultSweep) as one line.
///
/// ```ignore
/// bifrost::testing::every_call_may_fail!(Hello, {"flag": "beta", "value": "off"}, {"flag": "beta", "value": "on"});
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __every_call_may_fail {
    ($deployer:ty, $({$($release:tt)*}),+ $(,)?) => {
        #[cfg(test)]
        #[test]
        fn every_call_may_fail() -> ::core::result::Result<(), ::std::boxed::Box<$crate::testing::SweepError>> {
            let releases = [$($crate::testing::__json!({$($release)*})),+];
            $crate::testing::FaultSweep::<$deployer>::of(releases).run_blocking().map(drop)
        }
    };
}
