//! What a chart must satisfy beyond its grammar. Every error points at the author's token to change, and one mistake is
//! one error: what merely follows from another is left out.
//!
//! A state that is named but not there is left to rustc, which knows the similar names: the expansion says `Odin::Lokc`.

mod limits;

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
    // A chart with a hole in it has states that are not reached, but they are not its mistake.
    if errors.is_empty() && graph.is_closed() {
        errors.extend(ways(machine, &graph));
    }
    errors
}

/// No two states share a name, neither in Rust nor in the definition.
fn names(machine: &Machine) -> Vec<Error> {
    let mut seen = HashSet::new();
    let mut errors = Vec::new();
    for (place, State { name, rename, .. }) in machine.states.iter().enumerate() {
        if !seen.insert(name) {
            errors.push(Error::new(name.span(), format!("state `{name}` is defined twice")));
        } else if let Some(rename) = rename {
            errors.extend(limits::state_name(rename).or_else(|| taken(machine, place, rename)));
        }
    }
    errors
}

/// Of two states that are renamed alike, the second is the mistake.
fn taken(machine: &Machine, place: usize, rename: &LitStr) -> Option<Error> {
    let other = machine.states.iter().enumerate().find(|(other, state)| {
        *other != place && state.asl_name() == rename.value() && (state.rename.is_none() || *other < place)
    });
    let (_, other) = other?;
    Some(Error::new(rename.span(), format!("state `{}` is called {:?} already", other.name, rename.value())))
}

fn of_state(state: &State, graph: &Graph) -> Vec<Error> {
    match &state.kind {
        Kind::Task(task) => of_task(&state.name, task),
        Kind::Wait { wait, .. } => of_wait(&state.name, wait, graph).into_iter().collect(),
        Kind::Choice { rules, default } => {
            let message = if rules.is_empty() {
                format!(
                    "choice `{}` has nothing to choose by: write a rule, such as `$.field == true => State;`",
                    state.name
                )
            } else if default.is_none() {
                format!("choice `{}` needs `_ => State;`: an execution that matches no rule would fail", state.name)
            } else {
                return vec![];
            };
            vec![Error::new(state.name.span(), message)]
        }
        Kind::Fail { error, .. } if error.value().is_empty() => {
            vec![Error::new(error.span(), "an execution fails with an error that has a name")]
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
        let message =
            format!("task `{name}` needs `catch _ => State;`: an error that it does not name would end the execution");
        errors.push(Error::new(name.span(), message));
    }
    errors.extend(task.retries.iter().flat_map(limits::retry));
    errors
}

/// The first that matches wins, so what comes after `_`, or a second time, never would.
fn order(ons: &[&On], verb: &str) -> Vec<Error> {
    let mut seen = HashSet::new();
    let mut errors = Vec::new();
    for (place, on) in ons.iter().enumerate() {
        let message = match on {
            On::All(_) if place + 1 < ons.len() => format!("`_` {verb} every error, so it must come last"),
            On::Error(path) if path.segments.len() < 2 => {
                "an error is named with its type: `LockFailure::LockExists`".to_owned()
            }
            On::Error(path) if !seen.insert(text(path)) => format!("this task {verb} `{}` above already", text(path)),
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
            early.then(|| unread(variable)).flatten()
        }
    }
}

fn unread(variable: &Variable) -> Option<Error> {
    let field = variable.fields.last()?;
    let message = format!(
        "`{}` need not be there: an execution can wait here before any task has succeeded, and only a task fills in \
         what the client left out",
        variable.json_path()
    );
    Some(Error::new(field.span(), message))
}

/// Every state is entered by some execution, and from every state some execution ends.
fn ways(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let (reached, ending) = (graph.reached(), graph.ending());
    let stuck: Vec<_> = machine.states.iter().map(|state| &state.name).filter(|name| !ending.contains(name)).collect();
    if let [first, others @ ..] = stuck.as_slice() {
        let others: Vec<_> = others.iter().map(|name| format!("`{name}`")).collect();
        let with = if others.is_empty() { String::new() } else { format!(", it only leads to {}", others.join(", ")) };
        return vec![Error::new(first.span(), format!("state `{first}` never reaches an end{with}"))];
    }
    let mut excused = HashSet::new();
    let mut errors = Vec::new();
    let lost = |name: &&Ident| !reached.contains(*name);
    for name in heads_first(machine).into_iter().filter(lost) {
        if !excused.contains(name) {
            errors.push(Error::new(name.span(), format!("state `{name}` is never reached")));
        }
        excused.extend(graph.reached_from(name));
    }
    errors
}

/// States that no other names come first: what only they lead to is not a mistake of its own.
fn heads_first(machine: &Machine) -> Vec<&Ident> {
    let led_to: HashSet<_> = machine.states.iter().flat_map(State::targets).collect();
    let names = machine.states.iter().map(|state| &state.name);
    let (inner, mut heads): (Vec<_>, Vec<_>) = names.partition(|name| led_to.contains(name));
    heads.extend(inner);
    heads
}
