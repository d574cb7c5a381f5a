//! The parts of intrinsic functions that refer to resources.

use serde_json::{Map, Value};

/// The intrinsic function that an object calls, if it does.
pub(crate) fn call(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = fields.iter().next().filter(|_| fields.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name, argument))
}

/// Resource and attribute of a `Fn::GetAtt`: `["a", "b"]` or `"a.b"`.
pub(crate) fn get_att(argument: &Value) -> Option<(String, String)> {
    match argument {
        Value::String(text) => text.split_once('.').map(|(name, attribute)| (name.into(), attribute.into())),
        argument => match argument.as_array()?.as_slice() {
            [Value::String(name), Value::String(attribute)] => Some((name.clone(), attribute.clone())),
            _ => None,
        },
    }
}

/// A part of the text of `Fn::Sub`.
pub(crate) enum SubPart<'t> {
    /// Literal text.
    Text(&'t str),
    /// A name to substitute, as it is written, with spaces around it.
    Name(&'t str),
}

/// Splits the text of `Fn::Sub` into parts.
pub(crate) fn sub_parts(mut text: &str) -> Vec<SubPart<'_>> {
    let mut parts = Vec::new();
    while let Some((before, (name, after))) =
        text.split_once("${").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        parts.push(SubPart::Text(before));
        match name.strip_prefix('!') {
            Some(literal) => parts.extend([SubPart::Text("${"), SubPart::Text(literal), SubPart::Text("}")]),
            None => parts.push(SubPart::Name(name)),
        }
        text = after;
    }
    parts.push(SubPart::Text(text));
    parts
}
