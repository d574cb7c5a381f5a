//! Rules for the variables of the whole machine.

use std::collections::HashMap;

use crate::outline::{Outline, OutlineState, Variable};
use crate::problem::{Location, Problem};

/// Where each variable of the flows around a flow is assigned.
type Assigned<'d> = HashMap<&'d str, Location<'d>>;

/// Reports each variable of an inner flow that has the name of one around it. An inner flow may read outer variables, but
/// not assign them, whichever is assigned first.
pub(super) fn problems(machine: &Outline<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    flow(machine, &Assigned::new(), &mut problems);
    problems
}

fn flow<'d>(flow: &Outline<'d>, outer: &Assigned<'d>, problems: &mut Vec<Problem>) {
    problems
        .extend(flow.states.values().flat_map(|state| &state.variables).filter_map(|variable| fault(variable, outer)));
    for state in flow.states.values().filter(|state| !state.flows.is_empty()) {
        let scope = around(state, flow, outer);
        for inner in &state.flows {
            self::flow(&inner.flow, &scope, problems);
        }
    }
}

fn fault(variable: &Variable<'_>, outer: &Assigned<'_>) -> Option<Problem> {
    let first = outer.get(variable.name)?;
    let message = format!(
        "`{}` is a variable of the flow around this one, assigned at {first}; use another name, since an inner flow can \
         only read outer variables",
        variable.name
    );
    Some(Problem { location: variable.location.to_string(), message })
}

/// The variables around the flows of a state: all but those that only the state itself assigns. AWS lets a branch assign
/// what a catcher of its `Parallel` assigns.
fn around<'d>(state: &OutlineState<'d>, flow: &Outline<'d>, outer: &Assigned<'d>) -> Assigned<'d> {
    let mut scope = outer.clone();
    let others = flow.states.values().filter(|other| other.name != state.name);
    for variable in others.flat_map(|other| &other.variables) {
        scope.entry(variable.name).or_insert_with(|| variable.location.clone());
    }
    scope
}
