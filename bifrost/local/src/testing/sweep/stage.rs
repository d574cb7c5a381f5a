//! One release of a sweep: its run without faults, and its runs with them.

use super::fault::is_swept;
use super::report::Broken;
use super::rules::{Compared, Deploy, Journal, broken_at_end, last_task};
use super::{Case, Check, FaultSweep, SweepError, SweepFault};
use crate::testing::{HarnessError, Run, TestHarness};
use crate::{CallRecord, Fault, LocalDeployer, LocalState};
use bifrost_core::cloud::{CallName, Principal};
use bifrost_core::lifecycle::request_halt;
use bifrost_core::machine::Machine;
use bifrost_core::release::{Envelope, ExecutionName};
use chrono::TimeDelta;
use futures_util::FutureExt;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// One release, uploaded into a local cloud in which the earlier ones were deployed.
pub(super) struct Stage<D: LocalDeployer> {
    /// What the names of its cases begin with.
    prefix: String,
    release: Value,
    envelope: Envelope,
    /// Before the release is deployed.
    before: LocalState<D::Resources>,
    /// After the run without faults.
    pub(super) after: LocalState<D::Resources>,
    compared_before: Value,
    /// What the run without faults left, if it succeeded.
    compared_success: Option<Value>,
    /// The calls of the run without faults.
    pub(super) calls: Vec<CallRecord>,
}

/// A case: a fault at a call, and perhaps another.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    place: String,
    kinds: Vec<SweepFault>,
    /// In the order in which they are tried at each call.
    faults: Vec<Fault>,
}

impl Planned {
    pub(super) fn may_be_followed(&self) -> bool {
        matches!(&self.kinds[..], [kind] if kind.may_be_followed())
    }

    fn is_in(&self, state: &str) -> bool {
        self.faults.first().is_some_and(|fault| fault.state.as_deref() == Some(state))
    }
}

/// A run, and the rules that it broke.
pub(super) struct Ran<D: LocalDeployer> {
    pub(super) run: Run,
    pub(super) calls: Vec<CallRecord>,
    pub(super) violations: Vec<String>,
    settled: LocalState<D::Resources>,
}

/// The call, as the names of cases have it.
fn place(name: &CallName) -> String {
    let CallName { attempt, operation, resource, occurrence } = name;
    format!("{}.{} {operation} {resource}.{occurrence}", attempt.state, attempt.retry_count)
}

/// What makes a call of a failed deploy another one. What the framework calls has names that depend on what failed.
fn kind_of_place(record: &CallRecord) -> String {
    let CallName { attempt, operation, resource, occurrence } = &record.call.name;
    let resource = if record.call.principal == Principal::Deployer { "" } else { resource.as_str() };
    format!("{} {operation} {resource}.{occurrence}", attempt.state)
}

impl<D: LocalDeployer> Stage<D> {
    /// Deploys the release without faults.
    pub(super) async fn set(
        sweep: &FaultSweep<D>,
        index: usize,
        cloud: LocalState<D::Resources>,
        release: &Value,
        end: D::Machine,
    ) -> Result<Self, SweepError> {
        let harness = TestHarness::<D>::new(cloud)?;
        // Groups of a seed, for example, launch what they need when the clock first moves.
        harness.advance(TimeDelta::zero()).map_err(HarnessError::from)?;
        settle(&harness)?;
        let release = harness.release(release);
        let files = sweep.files.iter().filter(|(of, ..)| of.is_none_or(|of| of == index));
        let files: Vec<_> = files.map(|(_, name, body)| (*name, &body[..])).collect();
        harness.upload(&release, &files).await?;
        let before = harness.store().read(LocalState::clone).map_err(HarnessError::from)?;
        let envelope = harness.read(&release)?.envelope;
        let prefix = if sweep.releases.len() > 1 { format!("release {}: ", index + 1) } else { String::new() };
        let after = before.clone();
        let compared_before = compared(sweep, &before);
        let mut stage = Self {
            prefix,
            release,
            envelope,
            before,
            after,
            compared_before,
            compared_success: None,
            calls: Vec::new(),
        };
        let none = Planned { place: "the deploy".into(), kinds: Vec::new(), faults: Vec::new() };
        let mut ran = stage.run(sweep, &none).await?;
        let found = ran.run.path().last().copied().unwrap_or_default();
        if found != end.name() {
            ran.violations.insert(0, format!("must end in {}, and ended in {found}", end.name()));
        }
        if !ran.violations.is_empty() {
            let broken = Broken::new(stage.name_of(&none), &ran.run, ran.violations);
            return Err(SweepError::WithoutFaults(Box::new(broken)));
        }
        if end == D::Machine::SUCCESS {
            stage.compared_success = Some(compared(sweep, &ran.settled));
        }
        (stage.calls, stage.after) = (ran.calls, ran.settled);
        Ok(stage)
    }

    pub(super) fn name_of(&self, planned: &Planned) -> String {
        format!("{}{}", self.prefix, planned.place)
    }

    /// The kinds of places of the calls that are made without faults.
    pub(super) fn places(&self) -> BTreeSet<String> {
        self.calls.iter().map(kind_of_place).collect()
    }

    /// One fault at each call. Of calls that a loop repeats, the first and the last.
    pub(super) fn single_faults(&self, sweep: &FaultSweep<D>) -> Vec<Planned> {
        let mut planned = Vec::new();
        for (index, record) in self.calls.iter().enumerate().filter(|(_, it)| sweep.whole_audit_log || is_swept(it)) {
            let name = &record.call.name;
            let earlier = self.calls.iter().take(index).filter(|it| it.call.name == *name).count();
            let is_last = !self.calls.iter().skip(index + 1).any(|it| it.call.name == *name);
            if earlier > 0 && !is_last {
                continue;
            }
            let again = if earlier > 0 { " at the last time" } else { "" };
            for kind in sweep.faults.iter().copied().filter(|kind| kind.applies_to(record)) {
                let fault = kind.at(&self.calls, index, D::TASK_TIMEOUT_SECONDS);
                planned.extend(fault.map(|fault| Planned {
                    place: format!("{}{again}: {kind}", place(name)),
                    kinds: vec![kind],
                    faults: vec![fault],
                }));
            }
        }
        planned
    }

    /// A second fault at each call that no earlier run made, in the states that follow the failed one.
    pub(super) fn double_faults(
        sweep: &FaultSweep<D>,
        first: &Planned,
        calls: &[CallRecord],
        seen: &mut BTreeSet<String>,
    ) -> Vec<Planned> {
        let mut planned = Vec::new();
        for (index, record) in calls.iter().enumerate() {
            let is_of_failed = first.is_in(&record.call.name.attempt.state);
            let is_swept = sweep.whole_audit_log || is_swept(record);
            if is_of_failed || !is_swept || !seen.insert(kind_of_place(record)) {
                continue;
            }
            for kind in sweep.faults.iter().copied().filter(|kind| kind.applies_to(record)) {
                let Some(fault) = kind.at(calls, index, D::TASK_TIMEOUT_SECONDS) else { continue };
                // The second is tried first, so that it counts the calls at which the first happens.
                planned.push(Planned {
                    place: format!("{}, then {}: {kind}", first.place, place(&record.call.name)),
                    kinds: first.kinds.iter().copied().chain([kind]).collect(),
                    faults: std::iter::once(fault).chain(first.faults.iter().cloned()).collect(),
                });
            }
        }
        planned
    }

    /// Deploys the release with these faults, and checks what must hold.
    pub(super) async fn run(&self, sweep: &FaultSweep<D>, planned: &Planned) -> Result<Ran<D>, HarnessError> {
        let mut state = self.before.clone();
        state.faults.splice(0..0, planned.faults.iter().cloned());
        let harness = TestHarness::<D>::new(state)?;
        let name = ExecutionName::for_release(&self.envelope, D::EXECUTION_NAMES);
        let identity = Arc::clone(harness.cloud().identity());
        let deploy = Arc::new(Deploy {
            arn: identity.execution_arn(name.as_str()),
            identity,
            target: self.envelope.aws_account_id.clone(),
            root_dir: self.envelope.root_dir(),
        });
        let journal = Arc::new(Mutex::new(Journal::default()));
        let (seen, watched) = (Arc::clone(&journal), Arc::clone(&deploy));
        harness.store().watch(Box::new(move |record, before, after| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).add::<D>(&watched, record, before, after);
        }));
        let audit = harness.check_audit();
        let checks: Vec<Check<D>> =
            sweep.observers.iter().map(|observe| observe(&harness, &self.release, &deploy.arn)).collect();
        let name = harness.start(&self.release).await?;
        self.run_to_end(&harness, &name, planned).await?;

        let run = harness.execution(&name).await?;
        let at_end = harness.store().read(LocalState::clone)?;
        settle(&harness)?;
        let settled = harness.store().read(LocalState::clone)?;
        let mut journal = std::mem::take(&mut *journal.lock().unwrap_or_else(PoisonError::into_inner));
        let calls = std::mem::take(&mut journal.calls);
        let case = Case {
            name: &planned.place,
            faults: &planned.kinds,
            release: &self.release,
            run: &run,
            calls: &calls,
            before: &self.before,
            at_end: &at_end,
            settled: &settled,
        };
        let mut violations: Vec<String> = journal.violations.iter().cloned().collect();
        let now = compared(sweep, &settled);
        let values = Compared { before: &self.compared_before, success: self.compared_success.as_ref(), now: &now };
        violations.extend(broken_at_end(&deploy, &journal, &case, &values));
        // What a deploy records after it was stopped at its end, no entry of the log has.
        let is_late = case.has_fault(SweepFault::Stop) && planned.is_in(last_task::<D>(&run));
        let audited = audit.violations(&run).into_iter().filter(|_| !is_late);
        violations.extend(audited.map(|violation| format!("audit log: {violation}")));
        if at_end.faults.iter().take(planned.faults.len()).any(|fault| !has_happened(fault)) {
            violations.push("the deploy must make the same calls each time, and did not make this one again".into());
        }
        violations.extend(checks.into_iter().filter_map(|check| check(&case).err()));
        Ok(Ran { run, calls, violations, settled })
    }

    /// Runs the execution to its end. Halts or stops it during the call of the first fault if that is meant.
    async fn run_to_end(&self, harness: &TestHarness<D>, name: &str, planned: &Planned) -> Result<(), HarnessError> {
        let Some(act) = planned.kinds.last().copied().filter(|kind| kind.is_by_operator()) else {
            return harness.run().await;
        };
        let mut done = false;
        let mut failed = None;
        let during_the_call = || {
            let is_called = harness.store().read(|state| state.faults.first().is_some_and(has_happened));
            if !done && is_called.unwrap_or_default() {
                done = true;
                failed = self.act(harness, name, act).err();
            }
            false
        };
        harness.run_until(during_the_call).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        if act == SweepFault::Stop {
            harness.redrive(name)?;
            harness.run().await?;
        }
        Ok(())
    }

    /// What an operator does. The local cloud in memory answers at once.
    fn act(&self, harness: &TestHarness<D>, name: &str, act: SweepFault) -> Result<(), HarnessError> {
        if act == SweepFault::Stop {
            return harness.abort(name).now_or_never().unwrap_or(Ok(()));
        }
        let (objects, dir) = (harness.cloud().account().objects, self.envelope.root_dir());
        let halt = request_halt(objects.as_ref(), &self.envelope.bucket, &dir, "halted by a test");
        Ok(halt.now_or_never().unwrap_or(Ok(()))?)
    }
}

fn has_happened(fault: &Fault) -> bool {
    fault.skip == 0 && fault.times.is_none_or(|left| left == 0)
}

/// Lets an hour pass.
fn settle<D: LocalDeployer>(harness: &TestHarness<D>) -> Result<(), HarnessError> {
    Ok(harness.advance(TimeDelta::hours(1))?)
}

/// The resources of all accounts, as the sweep compares them.
fn compared<D: LocalDeployer>(sweep: &FaultSweep<D>, state: &LocalState<D::Resources>) -> Value {
    let accounts = state.accounts.iter();
    let accounts: Map<_, _> =
        accounts.map(|(id, account)| (id.to_string(), (sweep.compared)(&account.resources))).collect();
    accounts.into()
}
