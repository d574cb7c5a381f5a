//! Checks the rules of a choice: each must be able to matter.

use crate::model::{Comparison, Condition, Literal, Ordering, Rule, Test, Variable};
use quote::ToTokens;
use std::collections::HashSet;
use syn::{Error, Ident};

pub(super) fn check(name: &Ident, rules: &[Rule], default: Option<&Ident>) -> Vec<Error> {
    let Some(default) = default else {
        let message =
            format!("choice `{name}` needs `_ => State;`: without it, an execution that matches no rule fails");
        return vec![Error::new(name.span(), message)];
    };
    if rules.is_empty() {
        let message = format!("choice `{name}` needs a rule, such as `$.field == true => State;`");
        return vec![Error::new(name.span(), message)];
    }
    if rules.iter().all(|rule| rule.next == *default) {
        let message = format!("every rule of `{name}` leads to `{default}`, so it chooses nothing: name another state");
        return vec![Error::new(name.span(), message)];
    }
    repeated(rules)
}

/// The first rule that matches is used, so the same condition again never is.
fn repeated(rules: &[Rule]) -> Vec<Error> {
    let mut seen = HashSet::new();
    let repeated = rules.iter().filter(|rule| !seen.insert(text(&rule.condition)));
    let message = "an earlier rule has the same condition, so this one never matches";
    repeated.filter_map(|rule| Some(Error::new(first(&rule.condition)?.dollar, message))).collect()
}

/// The first field that a condition reads.
fn first(condition: &Condition) -> Option<&Variable> {
    match condition {
        Condition::Test(test) => Some(&test.variable),
        Condition::All(conditions) | Condition::Any(conditions) => conditions.iter().find_map(first),
        Condition::Not(condition) => first(condition),
    }
}

/// The same text for the same condition.
fn text(condition: &Condition) -> String {
    let list = |conditions: &[Condition]| conditions.iter().map(text).collect::<Vec<_>>().join(", ");
    match condition {
        Condition::Test(Test { variable, comparison }) => format!("{} {}", variable.json_path(), compared(comparison)),
        Condition::All(conditions) => format!("all({})", list(conditions)),
        Condition::Any(conditions) => format!("any({})", list(conditions)),
        Condition::Not(condition) => format!("not({})", text(condition)),
    }
}

fn compared(comparison: &Comparison) -> String {
    match comparison {
        Comparison::Equals(value) => format!("== {}", literal(value)),
        Comparison::Differs(value) => format!("!= {}", literal(value)),
        Comparison::Orders(ordering, value) => {
            let operator = match ordering {
                Ordering::Less => "<",
                Ordering::LessOrEqual => "<=",
                Ordering::Greater => ">",
                Ordering::GreaterOrEqual => ">=",
            };
            format!("{operator} {}", literal(value))
        }
        Comparison::In(values) => format!("in {:?}", values.iter().map(literal).collect::<Vec<_>>()),
        Comparison::Present => "present".to_owned(),
    }
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => text.to_token_stream().to_string(),
        Literal::Boolean(boolean) => boolean.value.to_string(),
        Literal::Number { minus, digits } => {
            format!("{}{}", minus.map_or("", |_| "-"), digits.to_token_stream())
        }
    }
}
