//! How long the last task of an execution may go on after its execution has ended.

use super::Client;
use crate::client::ClientDeployer;
use bifrost_core::cloud::ExecutionSummary;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

/// How far the clock of this machine may be from that of Step Functions, which writes when an execution ended.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(5);

/// The longest time that an invocation of the function may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskLimit {
    /// The time, in seconds: the longest `TimeoutSeconds` of a task.
    pub seconds: u32,
    /// Whether it is that of this program, because the deployed definition cannot be read or has no such limit.
    pub is_assumed: bool,
}

impl TaskLimit {
    /// The limit of a deployer with tasks of `own` seconds whose deployed definition allows `deployed` seconds.
    fn new(own: u32, deployed: Option<u64>) -> Self {
        let seconds = deployed.map_or(own, |seconds| u32::try_from(seconds).unwrap_or(u32::MAX).max(own));
        Self { seconds, is_assumed: deployed.is_none() }
    }

    /// For how long an invocation may go on from now, if its execution ended now.
    pub(super) fn after_now(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.seconds))
    }

    /// For how long an invocation may go on from now, if its execution ended earlier. Zero for one that runs.
    pub(super) fn after(self, execution: &ExecutionSummary, now: DateTime<Utc>) -> TimeDelta {
        let Some(end) = execution.stop_date else { return TimeDelta::zero() };
        let longest = self.after_now() + CLOCK_MARGIN;
        (end - now).checked_add(&longest).unwrap_or(longest).clamp(TimeDelta::zero(), longest)
    }
}

impl<D: ClientDeployer> Client<D> {
    /// The limit of the deployed definition. A local cloud runs the definition of this program.
    pub(super) async fn task_limit(&self) -> TaskLimit {
        let own = D::TASK_TIMEOUT_SECONDS;
        let Some(inventory) = &self.inventory else { return TaskLimit { seconds: own, is_assumed: false } };
        let machine = inventory.state_machine(&self.account.identity.state_machine_arn()).await;
        let machine = machine.ok().flatten();
        TaskLimit::new(own, machine.and_then(|machine| task_seconds(&machine.definition).max()))
    }
}

/// `TimeoutSeconds` of each task of a definition that has it.
pub(crate) fn task_seconds(definition: &Value) -> impl Iterator<Item = u64> {
    let states = definition.get("States").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let tasks = states.filter(|state| state.get("Type").is_some_and(|kind| kind == "Task"));
    tasks.filter_map(|task| task.get("TimeoutSeconds")?.as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::cloud::ExecutionStatus;
    use serde_json::json;

    #[test]
    fn longer_limit_of_the_deployed_definition_counts() {
        let limit = |definition| TaskLimit::new(310, task_seconds(&definition).max());
        let tasks = |first: u32, second: u32| {
            json!({"States": {
                "A": {"Type": "Task", "TimeoutSeconds": first},
                "B": {"Type": "Task", "TimeoutSeconds": second},
                "C": {"Type": "Wait", "TimeoutSeconds": 9000},
            }})
        };
        assert_eq!(limit(tasks(910, 40)), TaskLimit { seconds: 910, is_assumed: false });
        assert_eq!(limit(tasks(60, 40)), TaskLimit { seconds: 310, is_assumed: false });
        // As Go deployers write it.
        assert_eq!(limit(json!({"States": {"A": {"Type": "Task"}}})), TaskLimit { seconds: 310, is_assumed: true });
        assert_eq!(TaskLimit::new(310, None), TaskLimit { seconds: 310, is_assumed: true });
    }

    #[test]
    fn earlier_end_counts_with_a_margin_for_clocks() {
        let (now, limit) = (DateTime::UNIX_EPOCH + TimeDelta::days(1), TaskLimit { seconds: 310, is_assumed: false });
        let ended = |ago: i64| {
            let execution = ExecutionSummary {
                name: "deploy-1".into(),
                arn: "arn".into(),
                status: ExecutionStatus::Failed,
                start_date: now,
                stop_date: Some(now - TimeDelta::seconds(ago)),
                input: json!({}).into(),
                output: None,
                error: None,
                cause: None,
            };
            limit.after(&execution, now).num_seconds()
        };
        // The last two have an end after now, by a clock that is behind.
        let expected = [(0, 610), (310, 300), (609, 1), (610, 0), (100_000, 0), (-60, 610), (-100_000, 610)];
        for (ago, seconds) in expected {
            assert_eq!(ended(ago), seconds, "{ago}");
        }
    }
}
