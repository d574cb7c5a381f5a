//! Checks that the end of a deploy is true: `Success` does not follow a failure, and `FailureClean` does not follow a change that nothing
//! undoes.

use crate::graph::Graph;
use crate::model::{Catch, Kind, Machine, Mark, On, State, Task};
use syn::{Error, Ident};

pub(super) fn check(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let mut errors = success_after_a_failure(machine, graph);
    errors.extend(clean_after_a_change(machine, graph));
    errors
}

/// The failure of a task must not lead to `Success` without another task that decides. A `catch` that names the same state as `next`
/// says that the failure does not matter, except where a halted deploy would then succeed.
fn success_after_a_failure(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let mut errors = Vec::new();
    for (name, task) in tasks(machine).filter(|(_, task)| !task.marks.has(Mark::Unlocks)) {
        let matters = |catch: &&Catch| catch.next != task.next || task.marks.has(Mark::LooksForHalt);
        let wrong =
            task.catches.iter().filter(matters).find(|catch| leads_to(graph, &catch.next, undecided, "Success"));
        errors.extend(wrong.map(|Catch { next, .. }| {
            let message = format!("the failure of `{name}` leads to `Success`: go to a state that leads to a failure");
            Error::new(next.span(), message)
        }));
    }
    errors
}

/// The states that follow without a task or a choice that decides about the end.
fn undecided(state: &State) -> Vec<&Ident> {
    match &state.kind {
        Kind::Wait { next, .. } | Kind::Pass { next, .. } => vec![next],
        Kind::Task(task) if task.marks.has(Mark::Unlocks) || task.marks.has(Mark::CleansUp) => vec![&task.next],
        _ => vec![],
    }
}

/// After a change, only a task marked `cleans up` leads from a failure to `FailureClean`. A `catch` of one variant may know better: its
/// author promises that nothing was changed.
fn clean_after_a_change(machine: &Machine, graph: &Graph) -> Option<Error> {
    let after = graph.reached_from(&machine.changes_from);
    // The first may be the one that gives the lock back, too.
    let changes = |name: &Ident, task: &Task| task.marks.role().is_none() || *name == machine.changes_from;
    let changing = tasks(machine).filter(|(name, task)| after.contains(name) && changes(name, task));
    for (name, task) in changing {
        let all = task.catches.iter().filter(|catch| matches!(catch.on, On::All(_)));
        for Catch { next, .. } in all {
            if leads_to(graph, next, unclean, "FailureClean") {
                let message = format!(
                    "`FailureClean` can be reached after `{name}` failed without a task marked `cleans up` in between, although it may \
                     have changed the target account: clean up first, or go to `FailureDirty`"
                );
                return Some(Error::new(next.span(), message));
            }
        }
    }
    None
}

/// The states that follow while what was changed is not cleaned up.
fn unclean(state: &State) -> Vec<&Ident> {
    match &state.kind {
        Kind::Task(task) if task.marks.has(Mark::CleansUp) => task.catches.iter().map(|catch| &catch.next).collect(),
        _ => state.targets(),
    }
}

fn leads_to<'a>(graph: &Graph<'a>, from: &'a Ident, step: fn(&State) -> Vec<&Ident>, end: &str) -> bool {
    graph.closure(vec![from], step).iter().any(|state| *state == end)
}

fn tasks(machine: &Machine) -> impl Iterator<Item = (&Ident, &Task)> {
    machine.states.iter().filter_map(|state| Some((&state.name, state.task()?)))
}
