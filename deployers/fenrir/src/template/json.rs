//! JSON of a release into a [`Node`].

use super::finding::ReadPath;
use super::node::settle;
use super::{Content, Entry, Findings, Mapping, Node, Severity, TemplateFinding};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// How deep values may lie in each other: as deep as serde reads JSON. Base64 texts could hold more of it.
const MAX_DEPTH: usize = 128;

/// Reads the template of a release.
///
/// The original's client sends a call of an intrinsic function as the base64 text of its JSON (`eyJSZWYiOiJhIn0=` is
/// `{"Ref":"a"}`), and calls within it likewise. They become what they stand for.
///
/// # Errors
/// It is nested too deep.
pub fn of_release(template: &Value) -> Result<Node, Findings> {
    let mut findings = Findings::default();
    let node = value(template, &ReadPath::Top, &mut findings);
    if findings.refuse() { Err(findings) } else { Ok(node) }
}

fn value(json: &Value, place: &ReadPath<'_>, findings: &mut Findings) -> Node {
    if place.depth() > MAX_DEPTH {
        refuse_depth(place, findings);
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
            Content::Sequence(nodes.map(|(at, json)| value(json, &ReadPath::At(place, at), findings)).collect())
        }
        Value::Object(fields) => Content::Mapping(mapping(fields, place, findings)),
    });
    settle(&mut node);
    node
}

fn mapping(fields: &serde_json::Map<String, Value>, place: &ReadPath<'_>, findings: &mut Findings) -> Mapping {
    let entry = |(name, json): (&String, &Value)| {
        let value = value(json, &ReadPath::Named(place, name), findings);
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

fn refuse_depth(place: &ReadPath<'_>, findings: &mut Findings) {
    let (severity, path) = (Severity::Error, place.to_string());
    let message = format!("nested deeper than {MAX_DEPTH} values");
    findings.push(TemplateFinding { severity, path, span: None, message, help: None });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(template: &Value) -> Value {
        Value::from(&of_release(template).unwrap())
    }

    fn encoded(call: &Value) -> String {
        STANDARD.encode(call.to_string())
    }

    #[test]
    fn a_call_in_base64_becomes_what_it_stands_for() {
        assert_eq!(read(&json!({"Role": "eyJSZWYiOiJhIn0="})), json!({"Role": {"Ref": "a"}}));
        let spaced = STANDARD.encode("{ \"Fn::GetAtt\" : [ \"a\", \"Arn\" ] }");
        assert_eq!(read(&json!([spaced])), json!([{"Fn::GetAtt": ["a", "Arn"]}]));
    }

    #[test]
    fn calls_within_calls_do_so_too() {
        let inner = encoded(&json!({"Ref": "a"}));
        let outer = encoded(&json!({"Fn::Join": ["-", [inner, "b"]]}));
        assert_eq!(read(&json!({"Name": outer})), json!({"Name": {"Fn::Join": ["-", [{"Ref": "a"}, "b"]]}}));
    }

    #[test]
    fn other_texts_stay_as_they_are_though_they_are_base64() {
        for text in
            ["", "e", "eyJ", "eyJh", "hello", &encoded(&json!({"a": "b"})), &encoded(&json!({"Ref": 1, "b": 2}))]
        {
            assert_eq!(read(&json!([text])), json!([text]));
        }
    }

    #[test]
    fn an_attribute_takes_its_one_form() {
        let template = json!({"a": {"Fn::GetAtt": "b.Outputs.c"}, "d": {"Fn::GetAtt": "e.f", "g": 1}});
        let expected = json!({"a": {"Fn::GetAtt": ["b", "Outputs.c"]}, "d": {"Fn::GetAtt": "e.f", "g": 1}});
        assert_eq!(read(&template), expected);
    }

    #[test]
    fn numbers_keep_their_digits_and_names_their_order() {
        let text = r#"{"z":0.10,"a":123456789012345678901234567890}"#;
        assert_eq!(read(&serde_json::from_str(text).unwrap()).to_string(), text);
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_even_within_base64() {
        let lists = |depth: usize, inner: Value| (0..depth).fold(inner, |value, _| json!([value]));
        let hidden = encoded(&lists(100, json!("x")));
        assert_eq!(read(&lists(100, json!(hidden))), lists(100, json!(hidden)));
        let call = encoded(&json!({"Fn::Join": lists(100, json!("x"))}));
        let refusal = of_release(&lists(100, json!(call))).unwrap_err().to_string();
        assert!(refusal.ends_with("0: nested deeper than 128 values"), "{refusal}");
    }
}
