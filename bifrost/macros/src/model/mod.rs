//! The model of a chart, which is only created by parsing.

mod chunks;
mod condition;
mod marks;
mod parse;

use proc_macro2::Span;
use syn::{Attribute, Error, Ident, Lit, LitInt, LitStr, Path, Visibility};

pub(crate) use condition::{Comparison, Condition, Literal, Ordering, Test, Variable};
pub(crate) use marks::{Mark, Marks};

pub(crate) struct Machine {
    /// The path of the crate `bifrost`.
    pub(crate) library: Path,
    pub(crate) comment: Comment,
    pub(crate) visibility: Visibility,
    /// The word `machine`.
    pub(crate) keyword: Span,
    pub(crate) name: Ident,
    pub(crate) data: syn::Type,
    /// The ports of the handlers. `None` if they have none.
    pub(crate) ports: Option<syn::Type>,
    pub(crate) start: Ident,
    /// The first task that may change the target account.
    pub(crate) changes_from: Ident,
    pub(crate) states: Vec<State>,
    /// The errors of states that cannot be parsed. Each of these states is also in `states`, as an end state, so that naming
    /// it elsewhere is not a second error.
    pub(crate) errors: Vec<Error>,
}

pub(crate) struct State {
    pub(crate) comment: Comment,
    /// The first word of the state. Generated code gets its span, so that errors point near their cause, and go-to-definition
    /// on the author's tokens has one target.
    pub(crate) keyword: Span,
    pub(crate) name: Ident,
    /// The name in the definition if it is not a Rust identifier, such as `"Healthy?"`.
    pub(crate) rename: Option<LitStr>,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Task(Task),
    Wait { wait: Wait, next: Ident },
    Choice { rules: Vec<Rule>, default: Option<Ident> },
    Pass { set: Option<Assignment>, next: Ident },
    Succeed,
    Fail { error: LitStr, cause: Option<LitStr> },
}

pub(crate) struct Task {
    pub(crate) handler: Path,
    pub(crate) marks: Marks,
    pub(crate) next: Ident,
    pub(crate) retries: Vec<Retry>,
    pub(crate) catches: Vec<Catch>,
}

pub(crate) enum Wait {
    Seconds(LitInt),
    SecondsPath(Variable),
    Timestamp(LitStr),
    TimestampPath(Variable),
}

pub(crate) struct Retry {
    pub(crate) comment: Comment,
    pub(crate) on: On,
    pub(crate) fields: Vec<RetryField>,
}

pub(crate) struct RetryField {
    pub(crate) name: Ident,
    pub(crate) value: Lit,
}

pub(crate) struct Catch {
    pub(crate) comment: Comment,
    pub(crate) on: On,
    pub(crate) next: Ident,
}

/// The errors that a retry or a catch matches.
pub(crate) enum On {
    /// `_`
    All(Span),
    /// One variant of the handler's error type.
    Error(Path),
}

pub(crate) struct Rule {
    pub(crate) comment: Comment,
    pub(crate) condition: Condition,
    pub(crate) next: Ident,
}

/// `$.field = literal`.
pub(crate) struct Assignment {
    pub(crate) variable: Variable,
    pub(crate) literal: Literal,
}

/// The `///` lines above an item.
#[derive(Default)]
pub(crate) struct Comment {
    /// The original attributes: generated ones would break go-to-definition.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) text: Option<String>,
}

impl Retry {
    pub(crate) fn whole(&self, field: &str) -> Option<u32> {
        match self.value(field)? {
            Lit::Int(value) => value.base10_parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn decimal(&self, field: &str) -> Option<f64> {
        match self.value(field)? {
            Lit::Int(value) => value.base10_parse().ok(),
            Lit::Float(value) => value.base10_parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn value(&self, field: &str) -> Option<&Lit> {
        self.fields.iter().find(|given| given.name == field).map(|given| &given.value)
    }
}

impl State {
    pub(crate) fn task(&self) -> Option<&Task> {
        match &self.kind {
            Kind::Task(task) => Some(task),
            _ => None,
        }
    }

    /// Whether this is a task with this mark.
    pub(crate) fn is(&self, mark: Mark) -> bool {
        self.task().is_some_and(|task| task.marks.has(mark))
    }

    /// The name in the definition.
    pub(crate) fn asl_name(&self) -> String {
        self.rename.as_ref().map_or_else(|| self.name.to_string(), LitStr::value)
    }

    /// All states that may follow this one.
    pub(crate) fn targets(&self) -> Vec<&Ident> {
        match &self.kind {
            Kind::Task(task) => {
                std::iter::once(&task.next).chain(task.catches.iter().map(|catch| &catch.next)).collect()
            }
            Kind::Wait { next, .. } | Kind::Pass { next, .. } => vec![next],
            Kind::Choice { rules, default } => rules.iter().map(|rule| &rule.next).chain(default).collect(),
            Kind::Succeed | Kind::Fail { .. } => vec![],
        }
    }

    /// The states that may follow with data that no handler has read and written.
    pub(crate) fn targets_with_unread_data(&self) -> Vec<&Ident> {
        match &self.kind {
            Kind::Task(task) => task.catches.iter().map(|catch| &catch.next).collect(),
            _ => self.targets(),
        }
    }
}
