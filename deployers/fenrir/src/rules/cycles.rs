//! Circular dependencies: CloudFormation creates a resource after those that it refers to.
//!
//! Most templates have none even if each generated resource counts as a part of its source. Only if that is not so, the
//! dependencies of the expanded template decide.

use super::rule_context::{Check, RuleContext};
use crate::sam::{Expanded, circles, needs_of};
use crate::template::{FindingCode, Span};

/// What a reference names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The resource of the template with this position.
    Resource(usize),
    /// The generated resource with this logical id.
    Generated(String),
}

/// A reference of a resource.
#[derive(Debug)]
struct Reference {
    /// The position of the resource that refers.
    from: usize,
    target: Target,
    span: Option<Span>,
    /// Whether it is the API of an event. Then SAM lets the API refer to the function, and a permission refer to both.
    is_of_event: bool,
}

/// The references of all resources.
#[derive(Debug, Default)]
pub(super) struct References {
    /// The resource whose references are collected. None for outputs, on which nothing depends.
    pub(super) from: Option<usize>,
    found: Vec<Reference>,
}

impl References {
    /// Adds a reference of the current resource.
    pub(super) fn add(&mut self, span: Option<Span>, target: Target, is_of_event: bool) {
        self.found.extend(self.from.map(|from| Reference { from, target, span, is_of_event }));
    }
}

/// The maximum number of reported circles. Others are reported once these are gone.
const MAX_REPORTED: usize = 20;

/// The maximum number of resources that a message names.
const MAX_SHOWN: usize = 20;

/// Refuses circular dependencies.
pub(super) fn check(check: &mut Check<'_>) {
    if !may_have_circle(check) {
        return;
    }
    let circles = circles(&needs_of(check.expanded().resources.iter()));
    for circle in circles.iter().take(MAX_REPORTED) {
        let steps = steps(check.expanded(), circle);
        let reference = first_reference(check, &steps);
        let (at, source, span) =
            reference.unwrap_or_else(|| (0, steps.first().map_or("", |step| step.source).to_owned(), None));
        let message = message(check.expanded(), circle, at);
        let help = "remove one of these references: CloudFormation creates a resource after those that it refers to";
        let context = &mut RuleContext::top(check, "Resources");
        context.within(&source).refuse(FindingCode::CircularDependency, span, message, help);
    }
}

/// Whether there may be a circle: there is one if each generated resource counts as a part of its source.
fn may_have_circle(check: &Check<'_>) -> bool {
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); check.resources.len()];
    let mut open = vec![0_usize; check.resources.len()];
    for reference in &check.references.found {
        let Target::Resource(to) = reference.target else { return true };
        let (from, to) = if reference.is_of_event { (to, reference.from) } else { (reference.from, to) };
        if let (Some(needed_by), Some(open)) = (needed_by.get_mut(to), open.get_mut(from)) {
            needed_by.push(from);
            *open += 1;
        }
    }
    let mut ready: Vec<usize> = open.iter().enumerate().filter(|(_, open)| **open == 0).map(|(at, _)| at).collect();
    let mut created = 0;
    while let Some(position) = ready.pop() {
        created += 1;
        for from in needed_by.get(position).into_iter().flatten() {
            if let Some(open) = open.get_mut(*from) {
                *open -= 1;
                ready.extend((*open == 0).then_some(*from));
            }
        }
    }
    created < open.len()
}

/// A dependency in a circle.
struct CircleStep<'c> {
    /// The resource of the template that the dependent resource is, or is generated for.
    source: &'c str,
    /// The logical id of what it depends on.
    needed: &'c str,
}

fn steps<'c>(expanded: &'c Expanded, circle: &'c [String]) -> Vec<CircleStep<'c>> {
    let needed = circle.iter().cycle().skip(1);
    let step = |(from, needed): (&'c String, &'c String)| {
        let source = expanded.generated.get(from).unwrap_or(from);
        CircleStep { source: expanded.name_of(source), needed }
    };
    circle.iter().zip(needed).map(step).collect()
}

/// The first reference in the text that is a step of the circle: the position of the step, the resource that refers, and its position in the
/// text.
fn first_reference(check: &Check<'_>, steps: &[CircleStep<'_>]) -> Option<(usize, String, Option<Span>)> {
    let found = check.references.found.iter().filter_map(|reference| {
        let (source, _) = check.resources.get_index(reference.from)?;
        let needed = match &reference.target {
            Target::Resource(position) => check.expanded().renames.id(check.resources.get_index(*position)?.0),
            Target::Generated(id) => id,
        };
        let at = steps.iter().position(|step| step.source == source && step.needed == needed)?;
        Some((at, source, reference.span))
    });
    let first = found.min_by_key(|(.., span)| span.map(|span| span.start));
    first.map(|(at, source, span)| (at, source.clone(), span))
}

/// All resources of a circle, from a step on.
fn message(expanded: &Expanded, circle: &[String], first: usize) -> String {
    let ids = circle.iter().cycle().skip(first).take(circle.len() + 1);
    let mut names: Vec<_> = ids.map(|id| format!("`{}`", expanded.name_of(id))).collect();
    if let [one, _] = names.as_slice() {
        return format!("{one} depends on itself");
    }
    if names.len() > MAX_SHOWN {
        let hidden = names.len() - MAX_SHOWN;
        names.splice(MAX_SHOWN - 1..names.len() - 1, [format!("({hidden} more)")]);
    }
    format!("circular dependency: {}", names.join(" -> "))
}

#[cfg(test)]
#[path = "cycles_tests.rs"]
mod tests;
