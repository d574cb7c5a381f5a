//! The message for a field that is not a field of its object.

use super::choice;
use super::context::QueryLanguage;

pub(super) fn message(name: &str, owner: &str, language: QueryLanguage) -> String {
    let instead = match language {
        QueryLanguage::JsonPath => in_jsonpath(name),
        QueryLanguage::Jsonata => in_jsonata(name),
    };
    match (instead, language) {
        (None, _) => format!("is not a field of {owner}; remove it or correct its name"),
        (Some(instead), QueryLanguage::JsonPath) => format!("is a field of JSONata; in JSONPath, write {instead}"),
        (Some(instead), QueryLanguage::Jsonata) => format!("is a field of JSONPath; in JSONata, write {instead}"),
    }
}

/// What JSONPath has instead of a field of JSONata.
fn in_jsonpath(name: &str) -> Option<String> {
    let instead = match name {
        "Arguments" => "Parameters",
        "Output" => "ResultSelector, ResultPath or OutputPath",
        "Items" => "ItemsPath",
        "Condition" => "Variable and a comparison",
        _ => return None,
    };
    Some(instead.to_owned())
}

/// What JSONata has instead of a field of JSONPath.
fn in_jsonata(name: &str) -> Option<String> {
    let instead = match name {
        "InputPath" => "`{% $states.input… %}` where the value is used",
        "OutputPath" | "ResultPath" | "ResultSelector" | "Result" => "Output",
        "Parameters" => "Arguments, or ItemSelector in a Map",
        "ItemsPath" => "Items",
        "Variable" | "And" | "Or" | "Not" => "Condition",
        _ if choice::is_operator(name) => "Condition",
        _ => {
            return name
                .strip_suffix("Path")
                .map(|field| format!("{field} with an expression such as `{{% $states.input… %}}`"));
        }
    };
    Some(instead.to_owned())
}
