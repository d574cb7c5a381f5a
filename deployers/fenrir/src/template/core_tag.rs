//! The tags that YAML itself defines, such as `!!str`.

use super::Content;
use super::scalar::resolve;
use serde_json::Number;

const NAMESPACE: &str = "tag:yaml.org,2002:";

/// A tag of YAML that CloudFormation accepts. It has no dates, sets, ordered mappings and binary values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoreTag {
    /// `!`: the value is read as if it had no quotes.
    NonSpecific,
    Bool,
    Float,
    Int,
    Map,
    Null,
    Seq,
    Str,
}

impl CoreTag {
    /// The tag with a full name, such as `tag:yaml.org,2002:str`.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match (name, name.strip_prefix(NAMESPACE)) {
            ("!", _) => Self::NonSpecific,
            (_, Some("bool")) => Self::Bool,
            (_, Some("float")) => Self::Float,
            (_, Some("int")) => Self::Int,
            (_, Some("map")) => Self::Map,
            (_, Some("null")) => Self::Null,
            (_, Some("seq")) => Self::Seq,
            (_, Some("str")) => Self::Str,
            _ => return None,
        })
    }

    /// The tag as it is usually written: `!!str`.
    pub(super) fn short(name: &str) -> String {
        name.strip_prefix(NAMESPACE).map_or_else(|| name.to_owned(), |suffix| format!("!!{suffix}"))
    }

    /// The value of a scalar with the tag. None if it is not a value of that type.
    pub(super) fn scalar(self, text: &str) -> Option<Content> {
        match (self, resolve(text)) {
            (Self::Str, _) => Some(Content::String(text.to_owned())),
            (Self::NonSpecific, content)
            | (Self::Bool, content @ Content::Boolean(_))
            | (Self::Null, content @ Content::Null) => Some(content),
            (Self::Int, Content::Number(number)) if !is_fraction(&number) => Some(Content::Number(number)),
            (Self::Float, Content::Number(number)) => Some(Content::Number(number)),
            _ => None,
        }
    }

    /// Whether a list may have the tag.
    pub(super) fn is_of_lists(self) -> bool {
        matches!(self, Self::NonSpecific | Self::Seq)
    }

    /// Whether a mapping may have the tag.
    pub(super) fn is_of_mappings(self) -> bool {
        matches!(self, Self::NonSpecific | Self::Map)
    }
}

fn is_fraction(number: &Number) -> bool {
    number.as_str().contains('.')
}
