//! Which version of a Lambda function a definition runs.

use serde_json::Value;
use std::collections::BTreeSet;

/// The version that stands for the function's present code. A definition without a version runs it, too.
pub const LATEST: &str = "$LATEST";

/// Sets the version of the function in each place of a definition that names it, and returns the number of these places. `None` removes
/// it: Step Functions then runs the function's present code, `$LATEST`.
///
/// A place is a `Resource` with the function's ARN, or a `FunctionName` with its ARN or name, for
/// `arn:aws:states:::lambda:invoke`. A place that names an alias is left alone, and does not count: an alias has a version of its own.
pub fn set_function_version(definition: &mut Value, function_arn: &str, version: Option<&str>) -> usize {
    match definition {
        Value::Object(fields) => fields
            .iter_mut()
            .map(|(name, value)| match value {
                Value::String(text) if is_place(name) => usize::from(set_in(text, function_arn, version)),
                _ => set_function_version(value, function_arn, version),
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(|item| set_function_version(item, function_arn, version)).sum(),
        _ => 0,
    }
}

/// The versions of the function that a definition names: published ones such as `12`, and `$LATEST` for the function's present code.
/// Empty if it does not name the function. An alias does not count.
#[must_use]
pub fn function_versions(definition: &Value, function_arn: &str) -> BTreeSet<String> {
    match definition {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if is_place(name) => {
                    read_place(text, function_arn).map(|place| place.version.to_owned()).into_iter().collect()
                }
                _ => function_versions(value, function_arn),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| function_versions(item, function_arn)).collect(),
        _ => BTreeSet::new(),
    }
}

/// Whether a field with this name may have a function.
fn is_place(field: &str) -> bool {
    field == "Resource" || field == "FunctionName"
}

/// A text that names the function.
struct Place<'t> {
    /// The function's ARN or name.
    function: &'t str,
    version: &'t str,
}

/// `None` if the text names something else, or an alias of the function.
fn read_place<'t>(text: &'t str, function_arn: &str) -> Option<Place<'t>> {
    let name = function_arn.rsplit(':').next().unwrap_or_default();
    [function_arn, name].into_iter().find_map(|form| {
        let rest = text.strip_prefix(form)?;
        let version = if rest.is_empty() { LATEST } else { rest.strip_prefix(':')? };
        let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        let is_version = version == LATEST || is_number;
        is_version.then(|| Place { function: text.get(..form.len()).unwrap_or_default(), version })
    })
}

fn set_in(text: &mut String, function_arn: &str, version: Option<&str>) -> bool {
    let Some(Place { function, .. }) = read_place(text, function_arn) else { return false };
    *text = match version {
        Some(version) => format!("{function}:{version}"),
        None => function.to_owned(),
    };
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:odin";

    fn set(mut definition: Value, version: Option<&str>) -> (Value, usize) {
        let count = set_function_version(&mut definition, ARN, version);
        (definition, count)
    }

    #[test]
    fn every_place_gets_the_version() {
        let invoke = "arn:aws:states:::lambda:invoke";
        let map = |arn: &str| json!({"ItemProcessor": {"States": {"A": {"Resource": arn}}}});
        let definition = |version: &str| {
            json!({"States": {
                "Arn": {"Resource": format!("{ARN}{version}")},
                "Name": {"Resource": invoke, "Parameters": {"FunctionName": format!("odin{version}"), "Payload.$": "$"}},
                "ByArn": {"Resource": invoke, "Arguments": {"FunctionName": format!("{ARN}{version}")}},
                "Map": map(&format!("{ARN}{version}")),
                "Parallel": {"Branches": [map(&format!("{ARN}{version}"))]},
            }})
        };
        for before in ["", ":3", ":$LATEST"] {
            assert_eq!(set(definition(before), Some("12")), (definition(":12"), 5));
            assert_eq!(set(definition(before), None), (definition(""), 5));
        }
        for (qualifier, version) in [("", LATEST), (":$LATEST", LATEST), (":3", "3")] {
            assert_eq!(function_versions(&definition(qualifier), ARN), [version.to_owned()].into());
        }
    }

    #[test]
    fn other_functions_and_aliases_are_left_alone() {
        let definition = json!({"States": {
            "Alias": {"Resource": format!("{ARN}:live")},
            "Longer": {"Resource": format!("{ARN}-2")},
            "Other": {"Resource": "arn:aws:lambda:us-east-1:111111111111:function:odin"},
            "Payload": {"Parameters": {"Function": "odin"}},
        }});
        assert_eq!(function_versions(&definition, ARN), BTreeSet::new());
        assert_eq!(set(definition.clone(), Some("12")), (definition, 0));
    }
}
