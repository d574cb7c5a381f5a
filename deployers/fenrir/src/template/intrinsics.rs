//! The intrinsic functions that a template may call, and the one form that a call has in a [`Node`].

use super::{Content, Entry, Mapping, Node, Span, nearest};

/// Their short names, which are tags in YAML. The long names of all but two begin with `Fn::`. Those that need the transform
/// `AWS::LanguageExtensions` are not among them, as Fenrir refuses that transform.
const FUNCTIONS: [&str; 18] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "Transform",
];

/// Why a call cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadCall {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// The long name of the function with that short name (`GetAtt`: `Fn::GetAtt`).
pub(super) fn long_name(short: &str) -> Result<String, BadCall> {
    if !FUNCTIONS.contains(&short) {
        let message = format!("CloudFormation knows no tag !{short}");
        let help = nearest(short, FUNCTIONS).map(|name| format!("did you mean !{name}?"));
        return Err(BadCall { message, help });
    }
    Ok(match short {
        "Ref" | "Condition" => short.to_owned(),
        _ => format!("Fn::{short}"),
    })
}

/// The call of a function by its long name.
pub(super) fn call(name: String, name_span: Option<Span>, argument: Node) -> Content {
    Content::Mapping(Mapping::from([(name, Entry { key_span: name_span, value: argument })]))
}

/// Puts a call of an intrinsic function into its one form. Whatever is no call stays as it is.
pub(super) fn settle(node: &mut Node) -> Result<(), BadCall> {
    let Content::Mapping(mapping) = &mut node.content else { return Ok(()) };
    if mapping.len() != 1 {
        return Ok(());
    }
    match mapping.first_mut() {
        Some((name, entry)) if name == "Fn::GetAtt" => settle_get_att(&mut entry.value),
        Some((name, _)) => name.strip_prefix("Fn::").map_or(Ok(()), check_long_name),
        None => Ok(()),
    }
}

/// `a.b` becomes `[a, b]`. Only the first dot counts: an attribute of a nested stack has one itself (`Outputs.name`).
fn settle_get_att(argument: &mut Node) -> Result<(), BadCall> {
    let Some(text) = argument.as_str() else { return Ok(()) };
    let Some((resource, attribute)) = text.split_once('.') else {
        return Err(BadCall {
            message: format!("`{text}` names a resource, but none of its attributes"),
            help: Some(format!("write {text}.<attribute>, such as {text}.Arn")),
        });
    };
    let part = |text: &str| Node { content: Content::String(text.to_owned()), span: argument.span };
    argument.content = Content::Sequence(vec![part(resource), part(attribute)]);
    Ok(())
}

fn check_long_name(short: &str) -> Result<(), BadCall> {
    if long_name(short).is_ok() {
        return Ok(());
    }
    let message = format!("Fenrir knows no function Fn::{short}");
    let help = nearest(short, FUNCTIONS).and_then(|name| long_name(name).ok());
    Err(BadCall { message, help: help.map(|name| format!("did you mean {name}?")) })
}
