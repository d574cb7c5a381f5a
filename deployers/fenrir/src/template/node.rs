//! A value of a template, and its position.

use indexmap::IndexMap;
use serde_json::{Number, Value};

/// A part of the text that a template was read from, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The first byte after it.
    pub end: usize,
}

/// A value of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value itself.
    pub content: Content,
    /// Its position. None if it was not read from a text.
    pub span: Option<Span>,
}

/// The content of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, with all of its digits.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Values by key, in the order of the text.
    Mapping(Mapping),
}

/// Values by key.
pub type Mapping = IndexMap<String, Entry>;

/// A value of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The position of the key.
    pub key_span: Option<Span>,
    /// The value.
    pub value: Node,
}

/// A call of an intrinsic function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intrinsic<'n> {
    /// The long name: `Ref`, `Condition` or `Fn::…`.
    pub name: &'n str,
    /// The argument.
    pub argument: &'n Node,
}

impl Node {
    /// A value without a position.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self { content, span: None }
    }

    /// The value, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::String(text) => Some(text),
            _ => None,
        }
    }

    /// The values by key, if it is a mapping. Intrinsic functions are mappings, too.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.content {
            Content::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.content {
            Content::Sequence(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// The value of a key, if it is a mapping that has the key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.as_mapping()?.get(name).map(|entry| &entry.value)
    }

    /// The intrinsic function, if it calls one.
    #[must_use]
    pub fn intrinsic(&self) -> Option<Intrinsic<'_>> {
        let mapping = self.as_mapping().filter(|mapping| mapping.len() == 1)?;
        let (name, entry) = mapping.first()?;
        let is_function = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
        is_function.then_some(Intrinsic { name, argument: &entry.value })
    }

    /// Its type for messages: `a string`, `a list` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "null",
            Content::Boolean(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::String(_) => "a string",
            Content::Sequence(_) => "a list",
            Content::Mapping(_) if self.intrinsic().is_some() => "an intrinsic function",
            Content::Mapping(_) => "a mapping",
        }
    }
}

impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        match &node.content {
            Content::Null => Self::Null,
            Content::Boolean(boolean) => Self::Bool(*boolean),
            Content::Number(number) => Self::Number(number.clone()),
            Content::String(text) => Self::String(text.clone()),
            Content::Sequence(nodes) => nodes.iter().map(Self::from).collect(),
            Content::Mapping(mapping) => {
                mapping.iter().map(|(name, entry)| (name.clone(), Self::from(&entry.value))).collect()
            }
        }
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        let named = |(name, value): (&String, &Value)| (name.clone(), Entry { key_span: None, value: value.into() });
        Self::new(match value {
            Value::Null => Content::Null,
            Value::Bool(boolean) => Content::Boolean(*boolean),
            Value::Number(number) => Content::Number(number.clone()),
            Value::String(text) => Content::String(text.clone()),
            Value::Array(values) => Content::Sequence(values.iter().map(Self::from).collect()),
            Value::Object(fields) => Content::Mapping(fields.iter().map(named).collect()),
        })
    }
}

/// The functions that have a short form, which is a tag in YAML.
#[cfg(feature = "cli")]
pub(super) const SHORT_NAMES: [&str; 18] = [
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

/// The long name of a function by its short name: `Fn::GetAtt` for `GetAtt`.
#[cfg(feature = "cli")]
pub(super) fn long_name(short: &str) -> Option<String> {
    let long = match short {
        "Ref" | "Condition" => short.to_owned(),
        _ => format!("Fn::{short}"),
    };
    SHORT_NAMES.contains(&short).then_some(long)
}

/// Builds the call of a function.
#[cfg(feature = "cli")]
pub(super) fn call(name: String, name_span: Option<Span>, argument: Node) -> Content {
    Content::Mapping(Mapping::from([(name, Entry { key_span: name_span, value: argument })]))
}

/// Rewrites `Fn::GetAtt: a.b` to `[a, b]`, and keeps any other value. Splits at the first dot, because an attribute of a nested
/// stack contains a dot (`Outputs.name`).
pub(super) fn normalize(node: &mut Node) {
    let Content::Mapping(mapping) = &mut node.content else { return };
    let is_call = mapping.len() == 1;
    let Some(entry) = mapping.get_mut("Fn::GetAtt").filter(|_| is_call) else { return };
    let span = entry.value.span;
    let part = |text: &str| Node { content: Content::String(text.to_owned()), span };
    if let Some((resource, attribute)) = entry.value.as_str().and_then(|text| text.split_once('.')) {
        entry.value.content = Content::Sequence(vec![part(resource), part(attribute)]);
    }
}
