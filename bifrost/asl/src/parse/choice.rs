//! Parses a `Choice` state and its conditions.

use serde_json::{Number, Value};

use super::assign::assign;
use super::fields::{Fields, Located};
use crate::model::{Choice, ChoiceRule, Comparison, Condition, Ordering, Sort, ValueOrPath};
use crate::path::Path;

/// The deepest nesting of conditions: deeper nesting could exhaust the stack.
pub(super) const MAX_DEPTH: usize = 64;

pub(super) fn choice(fields: &Fields<'_>) -> Option<Choice> {
    fields.required("Choices", "an array of rules");
    let rules = fields.list("Choices");
    if rules.as_ref().is_some_and(Vec::is_empty) {
        fields.report("Choices", "is empty; write at least one rule");
    }
    let default = fields.text("Default").map(Into::into);
    let assign = assign(fields);
    let rule = |at: Located<'_>| Fields::of(at, fields.context()).and_then(|fields| rule(&fields));
    let rules: Vec<_> = rules?.into_iter().map(rule).collect();
    Some(Choice { choices: rules.into_iter().collect::<Option<_>>()?, default, assign })
}

fn rule(fields: &Fields<'_>) -> Option<ChoiceRule> {
    fields.comment();
    let next = fields.required_text("Next");
    let assign = assign(fields);
    let condition = condition(fields, 0);
    fields.finish("a choice rule");
    Some(ChoiceRule { condition: condition?, next: next?.into(), assign })
}

fn condition(fields: &Fields<'_>, depth: usize) -> Option<Condition> {
    if depth > MAX_DEPTH {
        fields.report("", format!("has more than {MAX_DEPTH} levels of conditions; split it into several states"));
        return None;
    }
    let (and, or, not) = (fields.has("And"), fields.has("Or"), fields.has("Not"));
    if usize::from(and) + usize::from(or) + usize::from(not) + usize::from(fields.has("Variable")) > 1 {
        fields.report("", "has several conditions; write one of And, Or, Not, or Variable with a comparison");
    }
    if and {
        conditions(fields, "And", depth).map(Condition::And)
    } else if or {
        conditions(fields, "Or", depth).map(Condition::Or)
    } else if not {
        let inner = fields.object("Not")?;
        nested(&inner, depth).map(Box::new).map(Condition::Not)
    } else {
        test(fields)
    }
}

fn conditions(fields: &Fields<'_>, field: &'static str, depth: usize) -> Option<Vec<Condition>> {
    let conditions = fields.list(field)?;
    if conditions.is_empty() {
        fields.report(field, "is empty; write at least one condition");
    }
    let inner = |at| Fields::of(at, fields.context()).and_then(|fields| nested(&fields, depth));
    let conditions: Vec<_> = conditions.into_iter().map(inner).collect();
    conditions.into_iter().collect()
}

fn nested(fields: &Fields<'_>, depth: usize) -> Option<Condition> {
    fields.comment();
    let condition = condition(fields, depth + 1);
    fields.finish("a nested condition");
    condition
}

fn test(fields: &Fields<'_>) -> Option<Condition> {
    fields.required("Variable", "the path of the value to compare");
    let variable = fields.path("Variable");
    let operators: Vec<_> = OPERATORS.iter().filter(|(name, _)| fields.has(name)).collect();
    let comparison = match operators.as_slice() {
        [(name, operator)] => comparison(fields, name, *operator),
        [] => {
            fields.report("", "has no comparison; write one, such as StringEquals or IsPresent");
            None
        }
        [(first, _), (second, _), ..] => {
            // Mark all as read: they are not unknown.
            for (name, _) in &operators {
                fields.any(name);
            }
            fields.report(second, format!("conflicts with {first}; join both with And"));
            None
        }
    };
    Some(Condition::Test { variable: variable?, comparison: comparison? })
}

/// Whether a field is a comparison operator.
pub(super) fn is_operator(field: &str) -> bool {
    OPERATORS.iter().any(|(name, _)| *name == field)
}

#[derive(Clone, Copy)]
enum Operator {
    String(Ordering),
    StringPath(Ordering),
    Numeric(Ordering),
    NumericPath(Ordering),
    Timestamp(Ordering),
    TimestampPath(Ordering),
    Boolean,
    BooleanPath,
    StringMatches,
    Is(Sort),
}

#[rustfmt::skip]
const OPERATORS: &[(&str, Operator)] = {
    use Operator::{Boolean, BooleanPath, Is, Numeric, NumericPath, String, StringMatches, StringPath, Timestamp, TimestampPath};
    use Ordering::{Equals, GreaterThan, GreaterThanEquals, LessThan, LessThanEquals};
    &[
        ("StringEquals", String(Equals)), ("StringEqualsPath", StringPath(Equals)),
        ("StringLessThan", String(LessThan)), ("StringLessThanPath", StringPath(LessThan)),
        ("StringLessThanEquals", String(LessThanEquals)), ("StringLessThanEqualsPath", StringPath(LessThanEquals)),
        ("StringGreaterThan", String(GreaterThan)), ("StringGreaterThanPath", StringPath(GreaterThan)),
        ("StringGreaterThanEquals", String(GreaterThanEquals)), ("StringGreaterThanEqualsPath", StringPath(GreaterThanEquals)),
        ("StringMatches", StringMatches),
        ("NumericEquals", Numeric(Equals)), ("NumericEqualsPath", NumericPath(Equals)),
        ("NumericLessThan", Numeric(LessThan)), ("NumericLessThanPath", NumericPath(LessThan)),
        ("NumericLessThanEquals", Numeric(LessThanEquals)), ("NumericLessThanEqualsPath", NumericPath(LessThanEquals)),
        ("NumericGreaterThan", Numeric(GreaterThan)), ("NumericGreaterThanPath", NumericPath(GreaterThan)),
        ("NumericGreaterThanEquals", Numeric(GreaterThanEquals)), ("NumericGreaterThanEqualsPath", NumericPath(GreaterThanEquals)),
        ("BooleanEquals", Boolean), ("BooleanEqualsPath", BooleanPath),
        ("TimestampEquals", Timestamp(Equals)), ("TimestampEqualsPath", TimestampPath(Equals)),
        ("TimestampLessThan", Timestamp(LessThan)), ("TimestampLessThanPath", TimestampPath(LessThan)),
        ("TimestampLessThanEquals", Timestamp(LessThanEquals)), ("TimestampLessThanEqualsPath", TimestampPath(LessThanEquals)),
        ("TimestampGreaterThan", Timestamp(GreaterThan)), ("TimestampGreaterThanPath", TimestampPath(GreaterThan)),
        ("TimestampGreaterThanEquals", Timestamp(GreaterThanEquals)), ("TimestampGreaterThanEqualsPath", TimestampPath(GreaterThanEquals)),
        ("IsNull", Is(Sort::Null)), ("IsPresent", Is(Sort::Present)), ("IsNumeric", Is(Sort::Numeric)),
        ("IsString", Is(Sort::String)), ("IsBoolean", Is(Sort::Boolean)), ("IsTimestamp", Is(Sort::Timestamp)),
    ]
};

fn comparison(fields: &Fields<'_>, name: &'static str, operator: Operator) -> Option<Comparison> {
    let path = |fields: &Fields<'_>| fields.path(name);
    Some(match operator {
        Operator::String(ordering) => Comparison::String(ordering, ValueOrPath::Value(fields.text(name)?.to_owned())),
        Operator::StringPath(ordering) => Comparison::String(ordering, looked_up(path(fields))?),
        Operator::Numeric(ordering) => Comparison::Numeric(ordering, ValueOrPath::Value(numeric(fields, name)?)),
        Operator::NumericPath(ordering) => Comparison::Numeric(ordering, looked_up(path(fields))?),
        Operator::Timestamp(ordering) => Comparison::Timestamp(ordering, ValueOrPath::Value(fields.timestamp(name)?)),
        Operator::TimestampPath(ordering) => Comparison::Timestamp(ordering, looked_up(path(fields))?),
        Operator::Boolean => Comparison::Boolean(ValueOrPath::Value(fields.boolean(name)?)),
        Operator::BooleanPath => Comparison::Boolean(looked_up(path(fields))?),
        Operator::StringMatches => Comparison::StringMatches(fields.text(name)?.to_owned()),
        Operator::Is(sort) => Comparison::Is(sort, fields.boolean(name)?),
    })
}

fn looked_up<T>(path: Option<Path>) -> Option<ValueOrPath<T>> {
    path.map(ValueOrPath::Path)
}

fn numeric(fields: &Fields<'_>, name: &'static str) -> Option<Number> {
    match fields.any(name)? {
        Value::Number(number) => Some(number.clone()),
        other => fields.mistyped(name, other, "a number"),
    }
}
