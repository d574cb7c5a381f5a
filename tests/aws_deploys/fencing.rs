//! Fencing: a deploy that was stopped, unlocked and overtaken changes nothing of the newer release, however late its
//! invocations arrive, and if it goes on where it was stopped.

use crate::accounts::{TaskError, last_state, wait_until};
use crate::fixture::{AccountsFixture, FUNCTION};
use crate::project::Project;
use bifrost::Deployer as _;
use bifrost_moto::Fault;
use odin::Odin;
use serde_json::Value;

/// Tasks that a deploy may not have reached when it is stopped.
const LATER: [&str; 5] =
    ["DetachForSuccess", "CleanUpSuccess", "DetachForFailure", "CleanUpFailure", "ReleaseLockFailure"];

/// A deploy that was stopped.
struct Stopped<'p> {
    project: &'p Project<'p>,
    /// The ARN of its execution.
    execution: String,
    release_id: String,
}

impl<'p> Stopped<'p> {
    /// Stops a deploy while it waits for its instances, which do not become healthy.
    fn while_waiting(project: &'p Project<'p>) -> Self {
        project.fixture.never_healthy();
        let mut deploy = project.start();
        deploy.wait_for("state", "WaitForHealthy");
        let execution = project.fixture.stop_execution(FUNCTION, Odin::TASK_TIMEOUT_SECONDS, 1);
        let release_id = deploy.finish_stopped().release_id().to_owned();
        project.fixture.healthy_at_once();
        Self { project, execution, release_id }
    }

    /// Stops a deploy while its function makes a call. The function does not notice.
    fn in_call(project: &'p Project<'p>, service: &str, action: &str) -> Self {
        let fixture = project.fixture;
        fixture.moto.faults(&[Fault::delay(service, action, 3.0).function(FUNCTION)]);
        let deploy = project.start();
        let delayed = || fixture.moto.calls().into_iter().find(|call| call.fault.is_some());
        wait_until("the call is made", || delayed().is_some());
        let execution = fixture.stop_execution(FUNCTION, Odin::TASK_TIMEOUT_SECONDS, 1);
        let release_id = deploy.finish_stopped().release_id().to_owned();
        wait_until("the call has ended", || delayed().is_some_and(|call| call.ended.is_some()));
        wait_until("the function has ended", || fixture.moto.calls().iter().all(|call| call.ended.is_some()));
        Self { project, execution, release_id }
    }

    /// Sends all invocations straight to the function. Resources of the other release, and the lock, stay as they are.
    fn send_late(&self, other: &str) {
        let (resources, lock) = (self.project.resources_of(other), self.project.root_lock());
        assert_eq!(resources.groups.len(), 2, "{resources:#?}");
        for payload in self.project.fixture.invocations(&self.execution, &LATER) {
            let task = payload["Task"].as_str().unwrap();
            let answer = self.project.fixture.invoke(FUNCTION, &payload);
            if task != "Validate" {
                assert_eq!(answer.err(), refusal(task), "{task}");
            }
            assert_eq!(self.project.resources_of(other), resources, "{task}");
            assert_eq!(self.project.root_lock(), lock, "{task}");
        }
    }

    /// Goes on where it was stopped. Returns the state in which it ends.
    fn redrive(&self, other: &str) -> String {
        let (resources, deployed) = (self.project.resources_of(other), self.project.deployed_item());
        let redriven = self.project.fixture.redrive(FUNCTION, &self.execution);
        assert_eq!(self.project.resources_of(other), resources, "{redriven:#?}");
        assert_eq!(self.project.deployed_item(), deployed);
        self.project.assert_unlocked();
        last_state(&redriven).0.to_owned()
    }

    /// An operator clears the lock with the command.
    fn unlock(&self) {
        let unlocked = self.project.unlock("");
        assert_eq!(unlocked.status.code(), Some(0), "{unlocked:?}");
        self.project.assert_unlocked();
    }
}

/// The error of a task of a deploy whose lock was cleared with `unlock`.
fn refusal(task: &str) -> Option<TaskError> {
    let (error, code) = match task {
        "Lock" => ("LockExistsError", "lock/ended"),
        // They clean up what the release itself created.
        "DetachForFailure" | "CleanUpFailure" | "ReleaseLockFailure" => return None,
        _ => ("LockError", "lock/lost"),
    };
    Some((error.into(), Some(code.into())))
}

#[test]
fn overtaken_deploy_changes_nothing_of_the_newer_release() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "overtaken");
    let stopped = Stopped::while_waiting(&project);
    assert_eq!(project.holder().as_ref(), Some(&stopped.release_id));
    stopped.unlock();

    fixture.never_healthy();
    let mut newer = project.start();
    newer.wait_for("state", "WaitForHealthy");
    let running = project.holder().unwrap();
    stopped.send_late(&running);
    assert_eq!(project.resources_of(&stopped.release_id).groups, [] as [Value; 0], "it cleaned up");
    fixture.healthy_at_once();
    fixture.moto.clear_calls();
    let newer = newer.finish();
    assert_eq!((newer.code, newer.release_id()), (0, running.as_str()), "{newer:#?}");

    stopped.send_late(&running);
    assert_eq!(stopped.redrive(&running), "FailureClean");
}

#[test]
fn lock_that_arrives_late_is_refused() {
    let Some(fixture) = AccountsFixture::unaudited() else { return };
    let project = Project::create(&fixture, "late-lock");
    let stopped = Stopped::in_call(&project, "dynamodb", "TransactWriteItems");
    assert_eq!(project.holder().as_ref(), Some(&stopped.release_id), "the invocation took the lock after the stop");
    stopped.unlock();
    let newer = project.deploy();
    assert_eq!(newer.code, 0, "{newer:#?}");
    stopped.send_late(newer.release_id());
    assert_eq!(stopped.redrive(newer.release_id()), "FailureClean");
}

#[test]
fn overtaken_switch_ends_dirty() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "switching");
    assert_eq!(project.deploy().code, 0);
    let stopped = Stopped::in_call(&project, "autoscaling", "DetachLoadBalancers");
    stopped.unlock();
    // Else there would be two earlier groups.
    project.delete_other_releases(&stopped.release_id);
    let newer = project.deploy();
    assert_eq!(newer.code, 0, "{newer:#?}");
    stopped.send_late(newer.release_id());
    assert_eq!(stopped.redrive(newer.release_id()), "FailureDirty");
}
