//! Parses one state: the fields of all kinds, and the simpler kinds.

use std::sync::Arc;

use super::completion::completion;
use super::fields::Fields;
use super::{MAX_SECONDS, choice, flow, map, refuses_jsonata};
use crate::model::{
    DataPath, Fail, Parallel, Pass, State, StateKind, StateName, Task, Text, Transition, ValueOrPath, Wait, WaitUntil,
};
use crate::resource::Resource;
use crate::syntax::SyntaxError;
use crate::template::Expression;

pub(super) fn state(name: StateName, fields: Option<Fields<'_>>) -> Option<State> {
    let fields = fields?;
    if refuses_jsonata(&fields) {
        return None;
    }
    let comment = fields.comment();
    let kind = fields.required_text("Type")?;
    let (input_path, output_path) = match kind {
        "Fail" => (DataPath::Whole, DataPath::Whole),
        _ => (fields.data_path("InputPath"), fields.data_path("OutputPath")),
    };
    let read = match kind {
        "Task" => task(&fields).map(Box::new).map(StateKind::Task),
        "Pass" => pass(&fields).map(Box::new).map(StateKind::Pass),
        "Choice" => choice::choice(&fields).map(StateKind::Choice),
        "Wait" => wait(&fields).map(StateKind::Wait),
        "Succeed" => Some(StateKind::Succeed),
        "Fail" => Some(StateKind::Fail(fail(&fields))),
        "Parallel" => parallel(&fields).map(Box::new).map(StateKind::Parallel),
        "Map" => map::map(&fields).map(Box::new).map(StateKind::Map),
        other => {
            let kinds = "Task, Pass, Choice, Wait, Succeed, Fail, Parallel or Map";
            fields.report("Type", format!("{other:?} is not a state type; write {kinds}"));
            return None;
        }
    };
    fields.finish(&format!("a {kind} state"));
    Some(State { name, comment, input_path, output_path, kind: read?, context_use: fields.context_use() })
}

/// `Next` or `End`.
pub(super) fn transition(fields: &Fields<'_>) -> Option<Transition> {
    let (next, end) = (fields.text("Next"), fields.boolean("End"));
    match (fields.has("Next"), fields.has("End")) {
        (true, true) => fields.report("End", "conflicts with Next; write only one of them"),
        (false, false) => fields.report("", "Next is missing; write the state that comes next, or \"End\": true"),
        (false, true) if end == Some(false) => fields.report("End", "is false; write true or a Next instead"),
        _ => {}
    }
    match (next, end) {
        (Some(next), _) => Some(Transition::Next(next.into())),
        (None, Some(true)) => Some(Transition::End),
        (None, _) => None,
    }
}

fn task(fields: &Fields<'_>) -> Option<Task> {
    let resource = fields.required_text("Resource").map(Resource::parse);
    let seconds = |fields: &Fields<'_>, field| fields.integer(field, 1..=MAX_SECONDS);
    let completion = completion(fields);
    let task = Task {
        parameters: fields.template("Parameters"),
        credentials: fields.object_template("Credentials"),
        timeout: fields.setting("TimeoutSeconds", "TimeoutSecondsPath", seconds),
        heartbeat: fields.setting("HeartbeatSeconds", "HeartbeatSecondsPath", seconds),
        resource: resource?,
        completion: completion?,
    };
    check_heartbeat(fields, &task);
    Some(task)
}

fn check_heartbeat(fields: &Fields<'_>, task: &Task) {
    if let (Some(ValueOrPath::Value(timeout)), Some(ValueOrPath::Value(heartbeat))) = (&task.timeout, &task.heartbeat)
        && heartbeat >= timeout
    {
        fields
            .report("HeartbeatSeconds", format!("is {heartbeat}; write less than TimeoutSeconds, which is {timeout}"));
    }
}

fn pass(fields: &Fields<'_>) -> Option<Pass> {
    let transition = transition(fields);
    Some(Pass {
        parameters: fields.template("Parameters"),
        result: fields.any("Result").cloned().map(Arc::new),
        result_path: fields.result_path(),
        assign: fields.assign(),
        transition: transition?,
    })
}

fn wait(fields: &Fields<'_>) -> Option<Wait> {
    let seconds = fields.setting("Seconds", "SecondsPath", |fields, field| fields.integer(field, 0..=MAX_SECONDS));
    let timestamp = fields.setting("Timestamp", "TimestampPath", Fields::timestamp);
    let ends = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
    match ends.into_iter().filter(|field| fields.has(field)).count() {
        0 => fields.report("", "Seconds is missing; write Seconds, SecondsPath, Timestamp or TimestampPath"),
        1 => {}
        _ => fields.report("", "waits for two things; write one of Seconds, SecondsPath, Timestamp, TimestampPath"),
    }
    let (assign, transition) = (fields.assign(), transition(fields));
    let until = seconds.map(WaitUntil::Seconds).or(timestamp.map(WaitUntil::Timestamp));
    Some(Wait { until: until?, assign, transition: transition? })
}

fn fail(fields: &Fields<'_>) -> Fail {
    Fail { error: text(fields, "Error", "ErrorPath"), cause: text(fields, "Cause", "CausePath") }
}

fn text(fields: &Fields<'_>, field: &'static str, path_field: &'static str) -> Option<Text> {
    let literal = fields.text(field).map(|text| Text::Literal(text.to_owned()));
    let computed = fields.text(path_field).and_then(|text| {
        let report = |error: SyntaxError| fields.report(path_field, error.to_string());
        Expression::parse(text).map_err(report).map(Text::Computed).ok()
    });
    if fields.has(field) && fields.has(path_field) {
        fields.report(path_field, format!("conflicts with {field}; write only one of them"));
    }
    literal.or(computed)
}

fn parallel(fields: &Fields<'_>) -> Option<Parallel> {
    fields.required("Branches", "an array of objects with StartAt and States");
    let listed = fields.list("Branches");
    if listed.as_ref().is_some_and(Vec::is_empty) {
        fields.report("Branches", "is empty; write at least one branch");
    }
    let completion = completion(fields);
    let branches: Vec<_> = listed.into_iter().flatten().map(|at| Fields::of(at, fields.problems())).collect();
    let branches: Vec<_> = branches.into_iter().map(|branch| branch.and_then(|fields| branch_flow(&fields))).collect();
    Some(Parallel {
        parameters: fields.template("Parameters"),
        branches: branches.into_iter().collect::<Option<_>>()?,
        completion: completion?,
    })
}

fn branch_flow(fields: &Fields<'_>) -> Option<crate::model::Flow> {
    if refuses_jsonata(fields) {
        return None;
    }
    fields.comment();
    let flow = flow(fields);
    fields.finish("a branch");
    flow
}
