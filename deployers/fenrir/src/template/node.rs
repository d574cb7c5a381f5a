//! A value of a template, and where it stands.

use indexmap::IndexMap;
use serde_json::{Number, Value};

/// A part of the text that a template was read from, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// Where it ends: the first byte after it.
    pub end: usize,
}

/// A value of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// Where it stands; none if it was not read from a text.
    pub span: Option<Span>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, with all of its digits.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Values by name, in the order of the text.
    Mapping(Mapping),
}

/// Values by name. No name is there twice.
pub type Mapping = IndexMap<String, Entry>;

/// A value that has a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where the name stands.
    pub key_span: Option<Span>,
    /// The value.
    pub value: Node,
}

/// A call of an intrinsic function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intrinsic<'n> {
    /// Its long name: `Ref`, `Condition` or `Fn::…`.
    pub name: &'n str,
    /// What it is called with.
    pub argument: &'n Node,
}

impl Node {
    /// A value that stands nowhere.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self { content, span: None }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::String(text) => Some(text),
            _ => None,
        }
    }

    /// The values by name, if it is that. A call of an intrinsic function is, too.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.content {
            Content::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.content {
            Content::Sequence(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// The value of that name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.as_mapping()?.get(name).map(|entry| &entry.value)
    }

    /// The intrinsic function that it calls, if it does.
    #[must_use]
    pub fn intrinsic(&self) -> Option<Intrinsic<'_>> {
        let mapping = self.as_mapping().filter(|mapping| mapping.len() == 1)?;
        let (name, entry) = mapping.first()?;
        let is_one = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
        is_one.then_some(Intrinsic { name, argument: &entry.value })
    }

    /// What it is, in words, for messages: `a text`, `a list` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "null",
            Content::Boolean(_) => "true or false",
            Content::Number(_) => "a number",
            Content::String(_) => "a text",
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

/// The functions that have a short form, a tag in YAML.
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

/// The long name of the function with that short name, if there is one: `Fn::GetAtt` for `GetAtt`.
#[cfg(feature = "cli")]
pub(super) fn long_name(short: &str) -> Option<String> {
    let long = match short {
        "Ref" | "Condition" => short.to_owned(),
        _ => format!("Fn::{short}"),
    };
    SHORT_NAMES.contains(&short).then_some(long)
}

/// The call of a function by its long name.
#[cfg(feature = "cli")]
pub(super) fn call(name: String, name_span: Option<Span>, argument: Node) -> Content {
    Content::Mapping(Mapping::from([(name, Entry { key_span: name_span, value: argument })]))
}

/// Puts a call of `Fn::GetAtt` into its one form: `a.b` becomes `[a, b]`. Only the first dot counts, as an attribute of a
/// nested stack has one itself (`Outputs.name`). Anything else stays as it is.
pub(super) fn settle(node: &mut Node) {
    let Content::Mapping(mapping) = &mut node.content else { return };
    let is_call = mapping.len() == 1;
    let Some(entry) = mapping.get_mut("Fn::GetAtt").filter(|_| is_call) else { return };
    let span = entry.value.span;
    let part = |text: &str| Node { content: Content::String(text.to_owned()), span };
    if let Some((resource, attribute)) = entry.value.as_str().and_then(|text| text.split_once('.')) {
        entry.value.content = Content::Sequence(vec![part(resource), part(attribute)]);
    }
}
