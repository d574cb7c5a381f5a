//! Which version of a Lambda function a definition runs.

use serde_json::Value;

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
                Value::String(text) if name == "Resource" || name == "FunctionName" => {
                    usize::from(set_in(text, function_arn, version))
                }
                _ => set_function_version(value, function_arn, version),
            })
            .sum(),
        Value::Array(items) => items.iter_mut().map(|item| set_function_version(item, function_arn, version)).sum(),
        _ => 0,
    }
}

fn set_in(text: &mut String, function_arn: &str, version: Option<&str>) -> bool {
    let name = function_arn.rsplit(':').next().unwrap_or_default();
    let of_function = |form: &str| {
        let qualifier = text.strip_prefix(form)?;
        let has_version =
            |qualifier: &str| qualifier == "$LATEST" || qualifier.bytes().all(|byte| byte.is_ascii_digit());
        (qualifier.is_empty() || qualifier.strip_prefix(':').is_some_and(has_version)).then(|| form.to_owned())
    };
    let Some(form) = of_function(function_arn).or_else(|| of_function(name)) else { return false };
    *text = match version {
        Some(version) => format!("{form}:{version}"),
        None => form,
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
    }

    #[test]
    fn other_functions_and_aliases_are_left_alone() {
        let definition = json!({"States": {
            "Alias": {"Resource": format!("{ARN}:live")},
            "Longer": {"Resource": format!("{ARN}-2")},
            "Other": {"Resource": "arn:aws:lambda:us-east-1:111111111111:function:odin"},
            "Payload": {"Parameters": {"Function": "odin"}},
        }});
        assert_eq!(set(definition.clone(), Some("12")), (definition, 0));
    }
}
