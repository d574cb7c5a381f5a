//! Payload templates: JSON in which a key that ends in `.$` has an expression as its value.
//!
//! `{"Task": "Lock", "Input.$": "$"}` becomes `{"Task": "Lock", "Input": <the input>}`. Keys at any depth count,
//! including those of objects in arrays; a string that is itself an item of an array is always literal.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::intrinsic::{Intrinsic, IntrinsicFailure, Random};
use super::path::{Path, PathFailure, Scope};
use super::syntax::{Cursor, SyntaxError};

/// A path or an intrinsic function: the value of a `.$` key, `ErrorPath` or `CausePath`.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// `$.a.b`
    Path(Path),
    /// `States.Format('…', $.a)`
    Intrinsic(Intrinsic),
}

/// Why an expression has no value. The message is the cause that AWS gives, after the words that name the state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionFailure {
    /// The path selects nothing.
    #[error("The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{input}'")]
    NotFound {
        /// The path as it is written in the definition.
        path: String,
        /// The key, such as `value.$`.
        field: String,
        /// The input, as JSON.
        input: String,
    },
    /// The path starts at a variable that no state assigned.
    #[error(transparent)]
    Variable(PathFailure),
    /// The function failed.
    #[error(transparent)]
    Intrinsic(#[from] IntrinsicFailure),
}

/// A payload template (`Parameters`, `ItemSelector`, `ResultSelector`, `Assign` …).
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// A part without expressions.
    Literal(Value),
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Expression {
        /// The key as it is written, with `.$`.
        key: String,
        expression: Expression,
    },
}

/// A key of a template without a valid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {message}")]
pub struct TemplateError {
    /// The location, from the template's root: `a.b[0].c.$`.
    pub location: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`SyntaxError`] if the string is neither a path nor a call of an intrinsic function.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        if text.starts_with('$') {
            Path::parse(text).map(Self::Path)
        } else if text.starts_with("States.") {
            Intrinsic::parse(text).map(Self::Intrinsic)
        } else {
            let expected = "a path such as `$.a`, or an intrinsic function such as `States.UUID()`";
            Err(Cursor::new(text).unexpected("JSONPath or intrinsic function", expected))
        }
    }

    /// Its value. `field` is its key, such as `value.$` or `ErrorPath`, which the cause of a failure names.
    ///
    /// # Errors
    /// [`ExpressionFailure`] if a path selects nothing or a function fails. AWS names all of these `States.Runtime`.
    pub fn evaluate<'a>(
        &self,
        field: &str,
        scope: &Scope<'a>,
        random: &dyn Random,
    ) -> Result<Cow<'a, Value>, ExpressionFailure> {
        match self {
            Self::Path(path) => path.evaluate(scope).map_err(|failure| match failure {
                PathFailure::UnknownVariable { .. } => ExpressionFailure::Variable(failure),
                _ => ExpressionFailure::NotFound {
                    path: path.to_string(),
                    field: field.to_owned(),
                    input: scope.input.to_string(),
                },
            }),
            Self::Intrinsic(intrinsic) => Ok(Cow::Owned(intrinsic.evaluate(scope, random)?)),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Intrinsic(intrinsic) => intrinsic.fmt(f),
        }
    }
}

impl ExpressionFailure {
    /// AWS's error name. AWS documents `States.IntrinsicFailure` and `States.ParameterPathFailure`, but raises
    /// `States.Runtime`.
    #[must_use]
    pub fn error_name(&self) -> &'static str {
        "States.Runtime"
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Every invalid key, with its location.
    pub fn parse(template: &Value) -> Result<Self, Vec<TemplateError>> {
        let mut errors = Vec::new();
        let node = node(template, "", &mut errors);
        if errors.is_empty() { Ok(Self(node)) } else { Err(errors) }
    }

    /// The payload.
    ///
    /// # Errors
    /// [`ExpressionFailure`] of the first expression without a value.
    pub fn evaluate(&self, scope: &Scope<'_>, random: &dyn Random) -> Result<Value, ExpressionFailure> {
        self.0.evaluate(scope, random)
    }

    /// The names of the payload's fields, if it is an object.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match &self.0 {
            Node::Literal(Value::Object(fields)) => fields.keys().map(String::as_str).collect(),
            Node::Object(fields) => fields.iter().map(|(name, _)| name.as_str()).collect(),
            Node::Literal(_) | Node::Array(_) | Node::Expression { .. } => Vec::new(),
        }
    }
}

impl Node {
    fn evaluate(&self, scope: &Scope<'_>, random: &dyn Random) -> Result<Value, ExpressionFailure> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression { key, expression } => expression.evaluate(key, scope, random).map(Cow::into_owned),
            Self::Array(items) => items.iter().map(|item| item.evaluate(scope, random)).collect(),
            Self::Object(fields) => {
                let mut object = Map::with_capacity(fields.len());
                for (name, node) in fields {
                    object.insert(name.clone(), node.evaluate(scope, random)?);
                }
                Ok(Value::Object(object))
            }
        }
    }
}

fn node(template: &Value, location: &str, errors: &mut Vec<TemplateError>) -> Node {
    match template {
        Value::Object(fields) => object(fields, location, errors),
        Value::Array(items) => {
            let nodes: Vec<Node> =
                items.iter().enumerate().map(|(at, item)| node(item, &format!("{location}[{at}]"), errors)).collect();
            if all_literal(&nodes) { Node::Literal(template.clone()) } else { Node::Array(nodes) }
        }
        other => Node::Literal(other.clone()),
    }
}

fn object(fields: &Map<String, Value>, location: &str, errors: &mut Vec<TemplateError>) -> Node {
    let mut nodes: Vec<(String, Node)> = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        let location = if location.is_empty() { key.clone() } else { format!("{location}.{key}") };
        match key.strip_suffix(".$") {
            None => nodes.push((key.clone(), node(value, &location, errors))),
            Some(name) if fields.contains_key(name) => {
                let message = format!("the field is defined twice, as `{name}` and as `{key}`; remove one of them");
                errors.push(TemplateError { location, message });
            }
            Some(name) => match expression(value) {
                Ok(expression) => nodes.push((name.to_owned(), Node::Expression { key: key.clone(), expression })),
                Err(message) => errors.push(TemplateError { location, message }),
            },
        }
    }
    if nodes.iter().all(|(_, node)| matches!(node, Node::Literal(_))) {
        Node::Literal(Value::Object(fields.clone()))
    } else {
        Node::Object(nodes)
    }
}

fn expression(value: &Value) -> Result<Expression, String> {
    let problem = "the value of a key that ends in `.$` must be a string, a path or an intrinsic function; for a literal \
                   value, remove `.$` from the key";
    match value {
        Value::String(text) => Expression::parse(text).map_err(|error| error.to_string()),
        _ => Err(problem.to_owned()),
    }
}

fn all_literal(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| matches!(node, Node::Literal(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn unit(&self) -> f64 {
            0.5
        }
        fn uuid(&self) -> String {
            "00000000-0000-4000-8000-000000000000".to_owned()
        }
    }

    fn filled(template: &Value, input: &Value) -> Result<Value, ExpressionFailure> {
        let context = json!({"Task": {"Token": "t"}});
        let mut variables = Map::new();
        variables.insert("name".to_owned(), json!("deploy"));
        Template::parse(template).unwrap().evaluate(&Scope { input, context: &context, variables: &variables }, &Fixed)
    }

    #[test]
    fn dollar_keys_are_computed_at_any_depth() {
        let template = json!({
            "literal": "$.a",
            "path.$": "$.a",
            "token.$": "$$.Task.Token",
            "variable.$": "$name",
            "id.$": "States.UUID()",
            "nested": {"list": [1, "$.a", {"deep.$": "States.Format('{}!', $.a)"}], "untouched": {"x": null}},
            "found.$": "$.list[*]"
        });
        let expected = json!({
            "literal": "$.a",
            "path": 5,
            "token": "t",
            "variable": "deploy",
            "id": "00000000-0000-4000-8000-000000000000",
            "nested": {"list": [1, "$.a", {"deep": "5!"}], "untouched": {"x": null}},
            "found": [1, 2]
        });
        assert_eq!(filled(&template, &json!({"a": 5, "list": [1, 2]})), Ok(expected));
    }

    #[test]
    fn template_without_expressions_is_literal() {
        for template in [json!({}), json!([]), json!("$.a"), json!(null), json!({"a": [{"b": {}}]})] {
            assert_eq!(filled(&template, &json!(1)), Ok(template));
        }
    }

    #[test]
    fn missing_value_has_the_cause_of_aws() {
        let failure = filled(&json!({"a": {"value.$": "$.x.y"}}), &json!({"z": 1})).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "The JSONPath '$.x.y' specified for the field 'value.$' could not be found in the input '{\"z\":1}'"
        );
        assert_eq!(failure.error_name(), "States.Runtime");
        let failure = filled(&json!({"value.$": "$other.y"}), &json!({})).unwrap_err();
        assert_eq!(failure.to_string(), "The variable 'other' is not defined: no state that ran before assigned it.");
    }

    #[test]
    fn invalid_keys_are_reported_by_location() {
        let template = json!({
            "bad1.$": 23,
            "bad2.$": "23",
            "good.$": "$.b[23]",
            "f": ["x", {"g": {"bad3.$": {"h": 1}, "bad4.$": "$$23"}}],
            "twice": 1,
            "twice.$": "$.a",
            "bad5.$": "  States.UUID()"
        });
        let errors = Template::parse(&template).unwrap_err();
        let locations: Vec<&str> = errors.iter().map(|error| error.location.as_str()).collect();
        assert_eq!(locations, ["bad1.$", "bad2.$", "f[1].g.bad3.$", "f[1].g.bad4.$", "twice.$", "bad5.$"]);
    }
}
