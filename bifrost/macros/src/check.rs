//! Checks a chart beyond its grammar. Every error points at the token to change, and one mistake is one error: errors that
//! only follow from another one are not reported.
//!
//! rustc reports states that are named but do not exist, because it suggests similar names: the expansion has `Odin::Lokc`.

mod choice;
mod lifecycle;
mod limits;
mod lock;
mod outcome;

pub(crate) use limits::MAX_SECONDS;

use crate::graph::Graph;
use crate::model::{Catch, Kind, Machine, On, Retry, State, Task, Variable, Wait};
use proc_macro2::Span;
use std::collections::HashSet;
use syn::{Error, Ident, LitStr, Path};

pub(crate) fn check(machine: &Machine) -> Vec<Error> {
    let graph = Graph::of(machine);
    let mut errors = machine.errors.clone();
    errors.extend(names(machine));
    errors.extend(machine.states.iter().flat_map(|state| of_state(state, &graph)));
    // If a named state does not exist, other states are unreachable only because of that.
    if errors.is_empty() && graph.is_closed() {
        errors.extend(reachability(machine, &graph));
        if errors.is_empty() {
            errors.extend(lifecycle::check(machine, &graph));
        }
    }
    errors
}

/// No two states may share a name, in Rust or in the definition.
fn names(machine: &Machine) -> Vec<Error> {
    let mut seen = HashSet::new();
    let mut errors = Vec::new();
    for (index, State { name, rename, .. }) in machine.states.iter().enumerate() {
        if !seen.insert(name) {
            errors.push(Error::new(name.span(), format!("state `{name}` is defined twice")));
        } else if let Some(rename) = rename {
            errors.extend(limits::state_name(rename).or_else(|| duplicate(machine, index, rename)));
        }
    }
    errors
}

/// If two states have the same name in the definition, the second one is reported.
fn duplicate(machine: &Machine, index: usize, rename: &LitStr) -> Option<Error> {
    let other = machine.states.iter().enumerate().find(|(other, state)| {
        *other != index && state.asl_name() == rename.value() && (state.rename.is_none() || *other < index)
    });
    let (_, other) = other?;
    Some(Error::new(rename.span(), format!("state `{}` already has the name {:?}", other.name, rename.value())))
}

fn of_state(state: &State, graph: &Graph) -> Vec<Error> {
    match &state.kind {
        Kind::Task(task) => of_task(&state.name, task),
        Kind::Wait { wait, .. } => of_wait(&state.name, wait, graph).into_iter().collect(),
        Kind::Choice { rules, default } => choice::check(&state.name, rules, default.as_ref()),
        Kind::Fail { error, .. } if error.value().is_empty() => {
            vec![Error::new(error.span(), "a `fail` state needs the name of its error")]
        }
        Kind::Fail { error, .. } if error.value().starts_with("States.") => {
            vec![Error::new(
                error.span(),
                "names that begin with `States.` are those of Step Functions: choose another name",
            )]
        }
        Kind::Pass { .. } | Kind::Succeed | Kind::Fail { .. } => vec![],
    }
}

fn of_task(name: &Ident, task: &Task) -> Vec<Error> {
    let retries: Vec<_> = task.retries.iter().map(|Retry { on, .. }| on).collect();
    let catches: Vec<_> = task.catches.iter().map(|Catch { on, .. }| on).collect();
    let mut errors = order(&retries, "retries");
    errors.extend(order(&catches, "catches"));
    if !catches.iter().any(|on| matches!(on, On::All(_))) {
        let message = format!(
            "task `{name}` needs `catch _ => State;`: without it, an error that no `catch` names ends the execution"
        );
        errors.push(Error::new(name.span(), message));
    }
    errors.extend(task.retries.iter().flat_map(limits::retry));
    errors.extend(limits::last_retry(&task.retries));
    errors
}

/// The first entry that matches is used, so an entry after `_`, or for the same error again, would never match.
fn order(ons: &[&On], verb: &str) -> Vec<Error> {
    let mut seen = HashSet::new();
    let mut errors = Vec::new();
    for (index, on) in ons.iter().enumerate() {
        let message = match on {
            On::All(_) if index + 1 < ons.len() => format!("`_` {verb} every error, so it must come last"),
            On::Error(path) if path.segments.len() < 2 => {
                "write the error with its type, such as `LockFailure::LockExists`".to_owned()
            }
            On::Error(path) if !seen.insert(text(path)) => format!("this task already {verb} `{}` above", text(path)),
            On::All(_) | On::Error(_) => continue,
        };
        errors.push(Error::new(span(on), message));
    }
    errors
}

fn span(on: &On) -> Span {
    match on {
        On::All(span) => *span,
        On::Error(path) => path.segments.last().map_or_else(Span::call_site, |variant| variant.ident.span()),
    }
}

fn text(path: &Path) -> String {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::")
}

fn of_wait(name: &Ident, wait: &Wait, graph: &Graph) -> Option<Error> {
    match wait {
        Wait::Seconds(seconds) => limits::seconds(seconds),
        Wait::Timestamp(timestamp) => limits::timestamp(timestamp),
        Wait::SecondsPath(variable) | Wait::TimestampPath(variable) => {
            let early = graph.entered_with_unread_data().contains(name);
            early.then(|| may_be_absent(variable)).flatten()
        }
    }
}

fn may_be_absent(variable: &Variable) -> Option<Error> {
    let field = variable.fields.last()?;
    let message = format!(
        "`{}` may be absent: an execution can wait here before any task has succeeded, and only tasks fill in fields that \
         the client left out",
        variable.json_path()
    );
    Some(Error::new(field.span(), message))
}

/// Every state must be reachable, and must be able to reach an end state.
fn reachability(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let (reached, reaching_an_end) = (graph.reached(), graph.reaching_an_end());
    let names = machine.states.iter().map(|state| &state.name);
    let stuck: Vec<_> = names.filter(|name| !reaching_an_end.contains(name)).collect();
    if let [first, others @ ..] = stuck.as_slice() {
        let others: Vec<_> = others.iter().map(|name| format!("`{name}`")).collect();
        let detail =
            if others.is_empty() { String::new() } else { format!(": it only leads to {}", others.join(", ")) };
        return vec![Error::new(first.span(), format!("state `{first}` never reaches an end{detail}"))];
    }
    // States that are unreachable only because another one is.
    let mut excused = HashSet::new();
    let mut errors = Vec::new();
    let unreachable = |name: &&Ident| !reached.contains(*name);
    for name in without_predecessors_first(machine).into_iter().filter(unreachable) {
        if !excused.contains(name) {
            errors.push(Error::new(name.span(), format!("state `{name}` is never reached")));
        }
        excused.extend(graph.reached_from(name));
    }
    errors
}

/// States to which no other leads come first: the states after them are unreachable only because of them.
fn without_predecessors_first(machine: &Machine) -> Vec<&Ident> {
    let targets: HashSet<_> = machine.states.iter().flat_map(State::targets).collect();
    let names = machine.states.iter().map(|state| &state.name);
    let (others, mut first): (Vec<_>, Vec<_>) = names.partition(|name| targets.contains(name));
    first.extend(others);
    first
}
