//! Parses one state: the fields of all kinds, and the simpler kinds.

use std::sync::Arc;

use super::assign::assign;
use super::completion::completion;
use super::context::{Context, QueryLanguage};
use super::fields::Fields;
use super::resource::{check_credentials, resource};
use super::{MAX_SECONDS, choice, flow, jsonata_state, language, map};
use crate::model::{
    DataPath, Fail, Flow, Parallel, Pass, State, StateKind, StateName, Task, Text, Transition, ValueOrPath, Wait,
    WaitUntil,
};
use crate::syntax::SyntaxError;
use crate::template::Expression;

/// `None` if the state cannot be read, or is in JSONata.
pub(super) fn state(name: StateName, fields: Fields<'_>) -> Option<State> {
    let language = language::of_state(&fields)?;
    let context = Context { language, ..fields.context() };
    let fields = fields.with(context);
    let comment = fields.comment();
    let kind = fields.required_text("Type")?;
    if language == QueryLanguage::Jsonata {
        jsonata_state::check(&fields, kind);
        return None;
    }
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
            report_kind(&fields, other);
            return None;
        }
    };
    fields.finish(&format!("a {kind} state"));
    Some(State { name, comment, input_path, output_path, kind: read?, context_use: fields.context_use() })
}

/// Reports a `Type` that no state has.
pub(super) fn report_kind(fields: &Fields<'_>, kind: &str) {
    let kinds = "Task, Pass, Choice, Wait, Succeed, Fail, Parallel or Map";
    fields.report("Type", format!("{kind:?} is not a state type; write {kinds}"));
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
    let resource = resource(fields);
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
    if let Some(credentials) = &task.credentials {
        check_credentials(fields, credentials.names().into_iter());
    }
    if let (Some(ValueOrPath::Value(timeout)), Some(ValueOrPath::Value(heartbeat))) = (&task.timeout, &task.heartbeat) {
        check_heartbeat(fields, *timeout, *heartbeat);
    }
    Some(task)
}

pub(super) fn check_heartbeat(fields: &Fields<'_>, timeout: u64, heartbeat: u64) {
    if heartbeat >= timeout {
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
        assign: assign(fields),
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
    let (assign, transition) = (assign(fields), transition(fields));
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
    if let Some(Text::Computed(Expression::Intrinsic(intrinsic))) = &computed
        && !intrinsic.may_give_text()
    {
        let message = format!(
            "`{intrinsic}` does not return a string; write a path, or one of States.ArrayGetItem, States.Base64Encode, \
             States.Base64Decode, States.Format, States.JsonToString, States.Hash, States.UUID"
        );
        fields.report(path_field, message);
    }
    literal.or(computed)
}

fn parallel(fields: &Fields<'_>) -> Option<Parallel> {
    let (branches, completion) = (branches(fields), completion(fields));
    Some(Parallel { parameters: fields.template("Parameters"), branches: branches?, completion: completion? })
}

/// The branches; `None` if one of them cannot be read, or has states in JSONata.
pub(super) fn branches(fields: &Fields<'_>) -> Option<Vec<Flow>> {
    fields.required("Branches", "an array of objects with StartAt and States");
    let listed = fields.list("Branches");
    if listed.as_ref().is_some_and(Vec::is_empty) {
        fields.report("Branches", "is empty; write at least one branch");
    }
    let branch = |at| Fields::of(at, fields.context()).and_then(|fields| branch(&fields));
    let branches: Vec<_> = listed?.into_iter().map(branch).collect();
    branches.into_iter().collect()
}

fn branch(fields: &Fields<'_>) -> Option<Flow> {
    fields.comment();
    let flow = flow(fields);
    fields.finish("a branch");
    flow
}
