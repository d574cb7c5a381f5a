//! JSON of a release into a [`Node`].

use super::intrinsics::{BadCall, settle};
use super::place::Place;
use super::{Content, Entry, Finding, Findings, Mapping, Node, Severity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Reads the template of a release.
///
/// The original's client sends a call of an intrinsic function as the base64 text of its JSON (`eyJSZWYiOiJhIn0=` is
/// `{"Ref":"a"}`), and calls within it likewise. They become what they stand for.
///
/// # Errors
/// All that is wrong, by its path alone: there is no text to point to.
pub fn of_release(template: &Value) -> Result<Node, Findings> {
    let mut findings = Findings::default();
    let node = value(template, &Place::Top, &mut findings);
    if findings.refuse() { Err(findings) } else { Ok(node) }
}

/// How deep values may lie in each other. serde reads no JSON deeper than 128, but base64 texts may hold more of it.
const MAX_DEPTH: usize = 128;

fn value(json: &Value, place: &Place<'_>, findings: &mut Findings) -> Node {
    if place.depth() > MAX_DEPTH {
        let message = format!("nested deeper than {MAX_DEPTH} values");
        refuse(place, BadCall { message, help: None }, findings);
        return Node::new(Content::Null);
    }
    let mut node = Node::new(match json {
        Value::Null => Content::Null,
        Value::Bool(boolean) => Content::Boolean(*boolean),
        Value::Number(number) => Content::Number(number.clone()),
        Value::String(text) => match encoded_call(text) {
            Some(call) => return value(&call, place, findings),
            None => Content::String(text.clone()),
        },
        Value::Array(values) => {
            let nodes = values.iter().enumerate();
            Content::Sequence(nodes.map(|(at, json)| value(json, &Place::At(place, at), findings)).collect())
        }
        Value::Object(fields) => Content::Mapping(mapping(fields, place, findings)),
    });
    if let Err(bad) = settle(&mut node) {
        refuse(place, bad, findings);
    }
    node
}

fn mapping(fields: &serde_json::Map<String, Value>, place: &Place<'_>, findings: &mut Findings) -> Mapping {
    let entry = |(name, json): (&String, &Value)| {
        let value = value(json, &Place::Named(place, name), findings);
        (name.clone(), Entry { key_span: None, value })
    };
    fields.iter().map(entry).collect()
}

/// The call of an intrinsic function that a text encodes, if it does.
fn encoded_call(text: &str) -> Option<Value> {
    // So begins the base64 of a brace; nothing else is tried.
    let bytes = text.starts_with('e').then(|| STANDARD.decode(text).ok()).flatten()?;
    let call = serde_json::from_slice::<Value>(&bytes).ok()?;
    Node::from(&call).intrinsic().is_some().then_some(call)
}

fn refuse(place: &Place<'_>, BadCall { message, help }: BadCall, findings: &mut Findings) {
    let (severity, path) = (Severity::Error, place.to_string());
    findings.push(Finding { severity, path, span: None, message, help });
}
