//! The environment variables of a function.

use super::combinations::given;
use super::limits::RESERVED_VARIABLES;
use super::rule_context::RuleContext;
use crate::template::{Content, FindingCode, Node};

/// The maximum size of all names and values, in bytes. (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>)
const MAX_BYTES: usize = 4096;

/// Checks what Lambda refuses: names that it sets itself, and more bytes than it takes.
pub(super) fn check(context: &mut RuleContext<'_, '_>, function: &Node) {
    let Some(variables) = given(function, "Environment").and_then(|environment| environment.get("Variables")) else {
        return;
    };
    let mut context = context.within("Environment");
    let mut context = context.within("Variables");
    let entries = variables.as_mapping().filter(|_| variables.intrinsic().is_none());
    for (name, entry) in entries.into_iter().flatten() {
        // A name that does not match Lambda's pattern is refused already.
        if RESERVED_VARIABLES.contains(&name.as_str()) && !name.starts_with('_') {
            let message = format!("Lambda sets `{name}` itself");
            let help = "remove it, or choose another name";
            context.within(name).refuse(FindingCode::InvalidName, entry.key_span, message, help);
        }
    }
    let bytes: usize = entries.into_iter().flatten().map(|(name, entry)| name.len() + len(&entry.value)).sum();
    if bytes > MAX_BYTES {
        let message = format!("has {bytes} bytes of names and values; Lambda takes {MAX_BYTES}");
        let help = "move long values to a file in the package, or to a parameter that the function reads";
        context.refuse(FindingCode::TooMany, variables.span, message, help);
    }
}

/// The bytes of a value, as far as they are known.
fn len(value: &Node) -> usize {
    match &value.content {
        Content::String(text) => text.len(),
        Content::Number(number) => number.to_string().len(),
        Content::Boolean(value) => value.to_string().len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    const PATH: &str = "hello.Properties.Environment.Variables";

    fn with(variables: &Value) -> Value {
        json!({"hello": function(json!({"Environment": {"Variables": variables}}))})
    }

    #[test]
    fn variables_of_lambda_are_refused() {
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "LAMBDA_TASK_ROOT"] {
            let path = format!("{PATH}.{name}");
            RulesFixture::default().refuses(with(&json!({name: "x"})), &path, FindingCode::InvalidName);
        }
        RulesFixture::default().accepts(with(&json!({"AWS_LAMBDA_EXEC_WRAPPER": "/opt/x"})));
    }

    #[test]
    fn variables_have_at_most_4096_bytes() {
        let of = |bytes: usize| with(&json!({"KEY": "x".repeat(bytes - 3), "NUMBER": {"Ref": "AWS::Region"}}));
        RulesFixture::default().accepts(of(4096 - 6));
        RulesFixture::default().refuses(of(4097 - 6), PATH, FindingCode::TooMany);
    }
}
