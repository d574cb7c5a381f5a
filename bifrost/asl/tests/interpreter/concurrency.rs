//! `Parallel` and `Map`: concurrent branches, also when one fails.

use bifrost_asl::interpreter::EventType;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, task};

fn after(seconds: i64, answer: Answer) -> Answer {
    Answer::After(seconds, Box::new(answer))
}

fn branch(name: &str, state: Value) -> Value {
    json!({"StartAt": name, "States": {name: state}})
}

fn parallel(fields: Value, branches: &[Value]) -> Fixture {
    let mut state = json!({"Type": "Parallel", "Branches": branches});
    state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Fixture::new(json!({"StartAt": "Fork", "States": {"Fork": state, "Handler": {"Type": "Pass", "End": true}}}))
}

/// `Handler` is always reachable.
fn caught(fields: Value) -> Value {
    let mut fields = fields;
    fields["Catch"] = json!([{"ErrorEquals": ["Other", "E"], "Next": "Handler"}]);
    fields["End"] = json!(true);
    fields
}

fn ending_task() -> Value {
    task(json!({"End": true}))
}

#[test]
fn results_of_branches_keep_their_order() {
    let branches = [branch("Slow", ending_task()), branch("Quick", ending_task())];
    let fields =
        caught(json!({"Parameters": {"n.$": "$.n"}, "ResultSelector": {"second.$": "$[1]", "first.$": "$[0]"}}));
    let fixture = parallel(fields, &branches)
        .answering("Slow", [after(30, Answer::Output(json!("slow")))])
        .answering("Quick", [after(10, Answer::Echo)]);
    assert_eq!(fixture.output(json!({"n": 1, "m": 2})), json!({"second": {"n": 1}, "first": "slow"}));
    assert_eq!(fixture.now(), 30);
    assert_eq!(fixture.times(EventType::LambdaFunctionSucceeded), [10.0, 30.0]);
}

#[test]
fn failed_branch_aborts_the_others() {
    let wait = json!({"Type": "Wait", "Seconds": 60, "End": true});
    let branches = [branch("Long", wait), branch("Work", ending_task()), branch("Done", json!({"Type": "Succeed"}))];
    let fixture = parallel(caught(json!({})), &branches).answering("Work", [after(5, Answer::Fail("E"))]);
    assert_eq!(fixture.output(json!({})), json!({"Error": "E", "Cause": "E happened"}));
    assert_eq!(fixture.now(), 5);
    let expected = [
        "ExecutionStarted<0",
        "ParallelStateEntered<0",
        "ParallelStateStarted<2",
        "WaitStateEntered<3",
        "TaskStateEntered<3",
        "LambdaFunctionScheduled<5",
        "LambdaFunctionStarted<6",
        "SucceedStateEntered<3",
        "SucceedStateExited<8",
        "LambdaFunctionFailed<7",
        "WaitStateAborted<10",
        "TaskStateAborted<10",
        "ParallelStateFailed<10",
        "ParallelStateExited<13",
        "PassStateEntered<14",
        "PassStateExited<15",
        "ExecutionSucceeded<16",
    ];
    assert_eq!(fixture.history(0), expected);
}

#[test]
fn parallel_is_retried_as_a_whole() {
    let fields = json!({
        "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 10, "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["Other"], "Next": "Handler"}],
        "End": true,
    });
    let branches = [branch("Steady", ending_task()), branch("Shaky", ending_task())];
    let fixture = parallel(fields.clone(), &branches).answering("Shaky", [Answer::Fail("E"), Answer::Output(json!(2))]);
    assert_eq!(fixture.output(json!(1)), json!([1, 2]));
    assert_eq!(fixture.times(EventType::ParallelStateStarted), [0.0, 10.0]);
    assert_eq!(fixture.times(EventType::ParallelStateFailed), [] as [f64; 0]);
    let fixture = parallel(fields, &branches).answering("Shaky", [Answer::Fail("E")]);
    assert_eq!(fixture.failure(json!(1)).0, "E");
    assert_eq!(fixture.times(EventType::ParallelStateFailed), [10.0]);
}

#[test]
fn runtime_error_in_a_branch_ends_the_execution() {
    let bad = json!({"Type": "Pass", "Parameters": {"m.$": "$.nope"}, "End": true});
    let fields = json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Handler"}], "End": true});
    let fixture = parallel(fields, &[branch("Bad", bad)]);
    let (error, cause) = fixture.failure(json!({}));
    assert_eq!(error, "States.Runtime");
    assert!(cause.contains("executing the state 'Bad' (entered at the event id #4)"), "{cause}");
    assert_eq!(fixture.history(3), ["PassStateEntered<3", "ExecutionFailed<4"]);
}

#[test]
fn branches_nest() {
    let inner =
        json!({"Type": "Parallel", "End": true, "Branches": [branch("A", ending_task()), branch("B", ending_task())]});
    let branches = [branch("Inner", inner), branch("C", ending_task())];
    let fixture = parallel(caught(json!({})), &branches)
        .answering("A", [Answer::Never])
        .answering("B", [Answer::Never])
        .answering("C", [after(1, Answer::Fail("E"))]);
    fixture.output(json!({}));
    let aborted: Vec<_> = fixture.history(0).into_iter().filter(|event| event.contains("Aborted")).collect();
    let failed = "<15";
    let expected = ["TaskStateAborted", "TaskStateAborted", "ParallelStateAborted", "TaskStateAborted"];
    assert_eq!(aborted, expected.map(|event| format!("{event}{failed}")));
}

fn map(fields: Value) -> Fixture {
    let mut state = json!({
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {"StartAt": "Each", "States": {"Each": ending_task()}},
        "End": true,
    });
    state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Fixture::new(json!({"StartAt": "All", "States": {"All": state}}))
}

#[test]
fn max_concurrency_limits_iterations() {
    for (most, expected) in [(1, 40), (2, 20), (3, 20), (0, 10)] {
        let fixture = map(json!({"MaxConcurrency": most})).answering("Each", [after(10, Answer::Echo)]);
        assert_eq!(fixture.output(json!({"items": [1, 2, 3, 4]})), json!([1, 2, 3, 4]));
        assert_eq!(fixture.now(), expected, "at most {most}");
    }
}

#[test]
fn inline_map_runs_forty_iterations_at_a_time() {
    let fixture = map(json!({})).answering("Each", [after(10, Answer::Echo)]);
    let items: Vec<u64> = (0..81).collect();
    assert_eq!(fixture.output(json!({"items": items})), json!(items));
    assert_eq!(fixture.now(), 30);
}

#[test]
fn item_selector_sees_item_and_input() {
    let selector =
        json!({"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.items", "name.$": "$$.State.Name"});
    let fixture = map(json!({"ItemSelector": selector}));
    let expected = json!([
        {"i": 0, "v": "a", "all": ["a", "b"], "name": "All"},
        {"i": 1, "v": "b", "all": ["a", "b"], "name": "All"},
    ]);
    assert_eq!(fixture.output(json!({"items": ["a", "b"]})), expected);
}

#[test]
fn failed_iteration_aborts_the_others() {
    let fixture = map(json!({})).answering("Each", [after(9, Answer::Echo), Answer::Fail("E")]);
    assert_eq!(fixture.failure(json!({"items": [1, 2]})).0, "E");
    assert_eq!(fixture.now(), 0);
    let expected = [
        "LambdaFunctionFailed<11",
        "MapIterationAborted<12",
        "TaskStateAborted<12",
        "TaskStateAborted<12",
        "MapIterationFailed<12",
        "MapStateFailed<12",
        "ExecutionFailed<17",
    ];
    assert_eq!(fixture.history(11), expected);
}

#[test]
fn map_needs_an_array_which_may_be_empty() {
    assert_eq!(map(json!({})).output(json!({"items": []})), json!([]));
    let (error, cause) = map(json!({})).failure(json!({"items": {"a": 1}}));
    assert_eq!(error, "States.Runtime");
    assert!(cause.ends_with("Reference path \"$.items\" must point to array."), "{cause}");
}

#[test]
fn distributed_map_tolerates_failures() {
    let distributed = |fields: Value| {
        let mut all = json!({"ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Each",
            "States": {"Each": ending_task()},
        }});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        map(all).answering("Each", [Answer::Fail("E"), Answer::Echo])
    };
    let items = json!({"items": [1, 2, 3]});
    assert_eq!(distributed(json!({"ToleratedFailureCount": 1})).output(items.clone()), json!([2, 3]));
    let fixture = distributed(json!({}));
    let (error, cause) = fixture.failure(items);
    assert_eq!(error, "States.ExceedToleratedFailureThreshold");
    assert_eq!(cause, "The specified tolerated failure threshold was exceeded");
    let expected = ["MapStateStarted<2", "MapRunStarted<3", "MapRunFailed<4", "MapStateFailed<5", "ExecutionFailed<6"];
    assert_eq!(fixture.history(2), expected);
}
