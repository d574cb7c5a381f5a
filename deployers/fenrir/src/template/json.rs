//! Reads the template of a release, which is JSON, into a [`Node`].

use super::finding::ReadPath;
use super::node::normalize;
use super::{Content, Entry, FindingCode, Findings, Mapping, Node, Severity, TemplateFinding};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bifrost::json;
use serde_json::Value;

/// How deep values may be nested: the limit of `serde_json`. Base64 strings could hide deeper values from it.
const MAX_DEPTH: usize = 128;

/// Reads the template of a release.
///
/// The client of Go Fenrir sends an intrinsic function as the base64 of its JSON (`eyJSZWYiOiJhIn0=` is `{"Ref":"a"}`), and
/// also the functions inside of it. This decodes them.
///
/// # Errors
/// [`FindingCode::TooDeep`].
pub fn of_release(template: &Value) -> Result<Node, Findings> {
    let mut findings = Findings::default();
    let node = value(template, &ReadPath::Top, &mut findings);
    if findings.refuse() { Err(findings) } else { Ok(node) }
}

fn value(json: &Value, path: &ReadPath<'_>, findings: &mut Findings) -> Node {
    if path.depth() > MAX_DEPTH {
        refuse_depth(path, findings);
        return Node::new(Content::Null);
    }
    let mut node = Node::new(match json {
        Value::Null => Content::Null,
        Value::Bool(boolean) => Content::Boolean(*boolean),
        Value::Number(number) => Content::Number(number.clone()),
        Value::String(text) => match encoded_call(text) {
            Some(call) => return value(&call, path, findings),
            None => Content::String(text.clone()),
        },
        Value::Array(values) => {
            let nodes = values.iter().enumerate();
            Content::Sequence(nodes.map(|(at, json)| value(json, &ReadPath::At(path, at), findings)).collect())
        }
        Value::Object(fields) => Content::Mapping(mapping(fields, path, findings)),
    });
    normalize(&mut node);
    node
}

fn mapping(fields: &serde_json::Map<String, Value>, path: &ReadPath<'_>, findings: &mut Findings) -> Mapping {
    let entry = |(name, json): (&String, &Value)| {
        let value = value(json, &ReadPath::Named(path, name), findings);
        (name.clone(), Entry { key_span: None, value })
    };
    fields.iter().map(entry).collect()
}

/// Decodes a string, if it is the base64 of an intrinsic function.
fn encoded_call(text: &str) -> Option<Value> {
    // The base64 of `{` begins with `e`; other strings are not decoded.
    let bytes = text.starts_with('e').then(|| STANDARD.decode(text).ok()).flatten()?;
    let call = json::from_slice::<Value>(&bytes).ok()?;
    Node::from(&call).intrinsic().is_some().then_some(call)
}

fn refuse_depth(path: &ReadPath<'_>, findings: &mut Findings) {
    findings.push(TemplateFinding {
        severity: Severity::Error,
        code: FindingCode::TooDeep,
        path: path.to_string(),
        span: None,
        message: format!("nested deeper than {MAX_DEPTH} values"),
        help: Some("flatten the value".into()),
    });
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
    fn base64_of_a_function_is_decoded() {
        assert_eq!(read(&json!({"Role": "eyJSZWYiOiJhIn0="})), json!({"Role": {"Ref": "a"}}));
        let spaced = STANDARD.encode("{ \"Fn::GetAtt\" : [ \"a\", \"Arn\" ] }");
        assert_eq!(read(&json!([spaced])), json!([{"Fn::GetAtt": ["a", "Arn"]}]));
    }

    #[test]
    fn nested_base64_is_decoded() {
        let inner = encoded(&json!({"Ref": "a"}));
        let outer = encoded(&json!({"Fn::Join": ["-", [inner, "b"]]}));
        assert_eq!(read(&json!({"Name": outer})), json!({"Name": {"Fn::Join": ["-", [{"Ref": "a"}, "b"]]}}));
    }

    #[test]
    fn other_base64_is_kept() {
        for text in
            ["", "e", "eyJ", "eyJh", "hello", &encoded(&json!({"a": "b"})), &encoded(&json!({"Ref": 1, "b": 2}))]
        {
            assert_eq!(read(&json!([text])), json!([text]));
        }
    }

    #[test]
    fn get_att_becomes_a_list() {
        let template = json!({"a": {"Fn::GetAtt": "b.Outputs.c"}, "d": {"Fn::GetAtt": "e.f", "g": 1}});
        let expected = json!({"a": {"Fn::GetAtt": ["b", "Outputs.c"]}, "d": {"Fn::GetAtt": "e.f", "g": 1}});
        assert_eq!(read(&template), expected);
    }

    #[test]
    fn digits_and_key_order_are_kept() {
        let text = r#"{"z":0.10,"a":123456789012345678901234567890}"#;
        assert_eq!(read(&serde_json::from_str(text).unwrap()).to_string(), text);
    }

    #[test]
    fn deep_nesting_in_base64_is_refused() {
        let lists = |depth: usize, inner: Value| (0..depth).fold(inner, |value, _| json!([value]));
        let hidden = encoded(&lists(100, json!("x")));
        assert_eq!(read(&lists(100, json!(hidden))), lists(100, json!(hidden)));
        let call = encoded(&json!({"Fn::Join": lists(100, json!("x"))}));
        let findings = of_release(&lists(100, json!(call))).unwrap_err();
        assert_eq!(findings.all()[0].code, FindingCode::TooDeep);
        assert!(findings.all()[0].path.ends_with(".0"), "{findings}");
    }
}
