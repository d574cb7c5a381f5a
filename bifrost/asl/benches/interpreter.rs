//! Benchmarks of the interpreter: an execution of 13 states with 5 KB of data.

use std::sync::Arc;

use async_trait::async_trait;
use bifrost_asl::interpreter::{
    Checkpoint, Event, Execution, ExecutionOutcome, Interpreter, Recorder, RecorderError, Redrive, TaskOutcome,
    TaskRequest, Tasks, VirtualClock,
};
use bifrost_asl::{Random, StateMachine};
use chrono::DateTime;
use divan::Bencher;
use futures_util::FutureExt as _;
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

/// A state machine as a deployer has it: tasks with catches and retries, waits, choices.
fn definition() -> Value {
    let mut states = Map::new();
    for index in 0..12 {
        let next = format!("S{}", index + 1);
        let state = match index % 4 {
            0 | 2 => json!({
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:000000000000:function:deployer",
                "Parameters": {
                    "Task": "S",
                    "Input.$": "$",
                    "Execution.$": "$$.Execution.Id",
                    "RetryCount.$": "$$.State.RetryCount",
                },
                "Retry": [{"ErrorEquals": ["Lambda.ServiceException"], "IntervalSeconds": 2, "MaxAttempts": 6}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "S12"}],
                "Next": next,
            }),
            1 => json!({"Type": "Wait", "Seconds": 60, "Next": next}),
            _ => json!({
                "Type": "Choice",
                "Choices": [{"Variable": "$.healthy", "BooleanEquals": true, "Next": next}],
                "Default": "S12",
            }),
        };
        states.insert(format!("S{index}"), state);
    }
    states.insert("S12".to_owned(), json!({"Type": "Succeed"}));
    json!({"StartAt": "S0", "States": states})
}

/// A release of about 5 KB.
fn input() -> Value {
    let service = |index: usize| {
        json!({
            "service_name": format!("service-{index}"),
            "instance_type": "c5.xlarge",
            "security_groups": ["web::development", "shared::development"],
            "target_groups": [format!("web-development-{index}")],
            "tags": {"Team": "infrastructure", "CostCenter": "12345", "Index": index.to_string()},
            "autoscaling": {"min_size": 3, "max_size": 5, "spread": 0.8, "max_terms": 1},
            "resources": {"image": "ami-0123456789abcdef0", "subnets": ["subnet-0123456789abcdef0"]},
        })
    };
    let services: Map<_, _> = (0..11).map(|index| (format!("service-{index}"), service(index))).collect();
    json!({"healthy": true, "release_id": "release-1", "services": services})
}

/// Returns the input of each task.
struct Echo;

#[async_trait(?Send)]
impl Tasks for Echo {
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome {
        let parameters = Arc::unwrap_or_clone(request.parameters);
        match parameters {
            Value::Object(mut fields) => TaskOutcome::Succeeded(Arc::new(fields.remove("Input").unwrap_or_default())),
            other => TaskOutcome::Succeeded(Arc::new(other)),
        }
    }
}

struct Nothing;

impl Recorder for Nothing {
    fn record(&self, event: Event) {
        divan::black_box(event);
    }

    fn checkpoint(&self, at: &Checkpoint) -> Result<(), RecorderError> {
        divan::black_box(at);
        Ok(())
    }
}

impl Random for Nothing {
    fn unit(&self) -> f64 {
        0.5
    }

    fn uuid(&self) -> String {
        String::new()
    }
}

#[divan::bench]
fn execution_of_13_states(bencher: Bencher<'_, '_>) {
    let machine = StateMachine::parse(&definition()).ok();
    let execution = Execution {
        arn: "arn:aws:states:us-east-1:000000000000:execution:deployer:name".to_owned(),
        name: "name".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/deployer".to_owned(),
        start_time: DateTime::UNIX_EPOCH,
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:deployer".to_owned(),
        state_machine_name: "deployer".to_owned(),
        input: Arc::new(input()),
        redrive: Redrive::default(),
    };
    bencher.bench_local(|| {
        let clock = VirtualClock::new(DateTime::UNIX_EPOCH);
        let interpreter = Interpreter::new(machine.as_ref()?, &clock, &Echo, &Nothing);
        let outcome = clock.run(interpreter.start(&execution, &Nothing)).now_or_never()?.ok()?;
        assert!(matches!(outcome, ExecutionOutcome::Succeeded { .. }), "{outcome:?}");
        Some(outcome)
    });
}

#[divan::bench]
fn parse_and_validate(bencher: Bencher<'_, '_>) {
    let definition = definition();
    bencher.bench_local(|| StateMachine::parse(&definition));
}
