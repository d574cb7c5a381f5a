//! Checks that a chart has the life cycle of a deploy: it starts with validation, takes the lock before it changes anything, can
//! be halted, gives the lock back, and ends in one of three states.

use super::{lock, outcome};
use crate::graph::Graph;
use crate::model::{Kind, Machine, Mark, State};
use std::collections::HashSet;
use syn::{Error, Ident, LitStr};

const ENDS: [(&str, &str); 3] = [
    ("Success", "`succeed Success;`"),
    ("FailureClean", "`fail FailureClean = \"…\";`"),
    ("FailureDirty", "`fail FailureDirty = \"…\";`"),
];

pub(super) fn check(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let mut errors = ends(machine);
    errors.extend(changes_from(machine, graph));
    errors.extend(validates(machine, graph));
    errors.extend(locks(machine));
    // The walks below start at these states.
    if errors.is_empty() {
        errors.extend(lock::needed(machine, graph));
        errors.extend(lock::kept(machine, graph));
        errors.extend(waits(machine, graph));
        errors.extend(pauses(machine, graph));
    }
    // A path that lacks a task is reported once.
    if errors.is_empty() {
        errors.extend(lock::after_unlock(machine, graph));
        errors.extend(outcome::check(machine, graph));
    }
    errors
}

/// A deploy ends in exactly three ways.
fn ends(machine: &Machine) -> Vec<Error> {
    let is_end = |state: &State, name: &str| {
        let of_kind = match state.kind {
            Kind::Succeed => name == "Success",
            Kind::Fail { .. } => name != "Success",
            _ => false,
        };
        of_kind && state.name == name && state.rename.is_none()
    };
    let others = machine.states.iter().filter(|state| {
        matches!(state.kind, Kind::Succeed | Kind::Fail { .. }) && !ENDS.iter().any(|(name, _)| is_end(state, name))
    });
    let others: Vec<_> = others.map(other_end).collect();
    if !others.is_empty() {
        return others;
    }
    if let Some(error) = same_errors(machine) {
        return vec![error];
    }
    let missing = ENDS.iter().filter(|(name, _)| !machine.states.iter().any(|state| is_end(state, name)));
    let missing: Vec<_> = missing.map(|(_, text)| *text).collect();
    if missing.is_empty() {
        return vec![];
    }
    let message = format!("machine `{}` needs {}", machine.name, missing.join(" and "));
    vec![Error::new(machine.name.span(), message)]
}

fn other_end(state: &State) -> Error {
    let span = state.rename.as_ref().map_or_else(|| state.name.span(), LitStr::span);
    let [success, clean, dirty] = ENDS.map(|(_, text)| text);
    Error::new(span, format!("the only end states of a deploy are {success}, {clean} and {dirty}"))
}

/// Users and other programs distinguish the two failures by their errors.
fn same_errors(machine: &Machine) -> Option<Error> {
    let mut errors = machine.states.iter().filter_map(|state| match &state.kind {
        Kind::Fail { error, .. } => Some((&state.name, error)),
        _ => None,
    });
    let ((first, error), (_, second)) = (errors.next()?, errors.next()?);
    let message =
        format!("`{first}` already has the error {:?}: commands could not tell the two failures apart", error.value());
    (error.value() == second.value()).then(|| Error::new(second.span(), message))
}

/// `changes from` names a task that may change something: one that needs the lock, which may be the one that gives it back. rustc
/// reports a state that does not exist.
fn changes_from(machine: &Machine, graph: &Graph) -> Option<Error> {
    let name = &machine.changes_from;
    let detail = match graph.state(name)?.task() {
        None => format!("`{name}` is not a task"),
        Some(task) if task.marks.has(Mark::Unlocks) && !task.marks.has(Mark::CleansUp) => return None,
        Some(task) => format!("`{name}` is marked `{}`", task.marks.role()?),
    };
    let message = format!("{detail}, but `changes from` names the first task that may change the target account");
    Some(Error::new(name.span(), message))
}

/// Only the start state is marked `validates`.
fn validates(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let start = &machine.start;
    if !graph.state(start).is_some_and(|state| state.is(Mark::Validates)) {
        let message = format!("a machine starts at a task marked `validates`, but `{start}` is not");
        return vec![Error::new(start.span(), message)];
    }
    let others = marked(machine, Mark::Validates).into_iter().filter(|(state, _)| state.name != *start);
    let message = format!("only the start state, `{start}`, may be marked `validates`");
    others.map(|(_, word)| Error::new(word.span(), &message)).collect()
}

/// Exactly one task is marked `locks`.
fn locks(machine: &Machine) -> Vec<Error> {
    let marked = marked(machine, Mark::Locks);
    let [(first, _), others @ ..] = marked.as_slice() else {
        let message = format!("machine `{}` needs a task marked `locks`", machine.name);
        return vec![Error::new(machine.name.span(), message)];
    };
    let message = format!("only one task may be marked `locks`, and `{}` already is", first.name);
    others.iter().map(|(_, word)| Error::new(word.span(), &message)).collect()
}

/// The tasks with this mark, and its first word.
fn marked(machine: &Machine, mark: Mark) -> Vec<(&State, &Ident)> {
    let states = machine.states.iter();
    states.filter_map(|state| Some((state, state.task()?.marks.word(mark)?))).collect()
}

/// A deploy that waits can be halted, and cannot wait forever.
fn waits(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let waits = machine.states.iter().filter(|state| matches!(state.kind, Kind::Wait { .. }));
    let waits: Vec<_> = waits.map(|state| &state.name).collect();
    let Some(first) = waits.first() else { return vec![] };
    if !machine.states.iter().any(|state| state.is(Mark::LooksForHalt)) {
        let message = format!("machine `{}` waits, so it needs a task marked `looks for halt`", machine.name);
        return vec![Error::new(first.span(), message)];
    }
    let error =
        |wait: &Ident| Error::new(wait.span(), format!("the loop of `{wait}` needs a task marked `looks for halt`"));
    loops(waits, graph, without_halt).into_iter().map(error).collect()
}

/// A loop waits: otherwise it uses up the 25,000 events that an execution may have within minutes, and ends wherever it is.
fn pauses(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let names = machine.states.iter().map(|state| &state.name).collect();
    let error = |name: &Ident| {
        let message = format!(
            "`{name}` can follow itself without a `wait` in between, so an execution would soon have more events than Step Functions \
             allows: put a `wait` into the loop"
        );
        Error::new(name.span(), message)
    };
    loops(names, graph, without_wait).into_iter().map(error).collect()
}

/// The first of these states in each loop of transitions by `step`.
fn loops<'a>(names: Vec<&'a Ident>, graph: &Graph<'a>, step: fn(&State) -> Vec<&Ident>) -> Vec<&'a Ident> {
    let mut found: Vec<(&Ident, HashSet<&Ident>)> = Vec::new();
    for name in names {
        let after = graph.state(name).map(|state| graph.closure(step(state), step)).unwrap_or_default();
        let same_loop =
            |(other, after_other): &(&Ident, HashSet<&Ident>)| after.contains(*other) && after_other.contains(name);
        if after.contains(name) && !found.iter().any(same_loop) {
            found.push((name, after));
        }
    }
    found.into_iter().map(|(name, _)| name).collect()
}

fn without_wait(state: &State) -> Vec<&Ident> {
    if matches!(state.kind, Kind::Wait { .. }) { vec![] } else { state.targets() }
}

/// A task that cleans up does not stop when the deploy is halted.
fn without_halt(state: &State) -> Vec<&Ident> {
    if state.is(Mark::LooksForHalt) || state.is(Mark::CleansUp) { vec![] } else { state.targets() }
}
