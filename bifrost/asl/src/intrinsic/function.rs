//! The eighteen functions: names, arguments, and the call of each.

use serde_json::{Map, Value};

use super::{Random, arrays, encoding, format, numbers};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

/// The type of an argument. Literals are checked when a definition is parsed, data when the function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Array,
    Number,
    Object,
    Text,
}

/// The arguments of a function.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) required: &'static [Kind],
    pub(super) optional: &'static [Kind],
    /// Whether any number of further arguments of any kind may follow.
    pub(super) open: bool,
}

const ALL: [Function; 18] = [
    Function::Array,
    Function::ArrayContains,
    Function::ArrayGetItem,
    Function::ArrayLength,
    Function::ArrayPartition,
    Function::ArrayRange,
    Function::ArrayUnique,
    Function::Base64Decode,
    Function::Base64Encode,
    Function::Format,
    Function::Hash,
    Function::JsonMerge,
    Function::JsonToString,
    Function::MathAdd,
    Function::MathRandom,
    Function::StringSplit,
    Function::StringToJson,
    Function::Uuid,
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|function| function.name() == name)
    }

    pub(super) fn all_names() -> String {
        ALL.map(Self::name).join(", ")
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Array => "States.Array",
            Self::ArrayContains => "States.ArrayContains",
            Self::ArrayGetItem => "States.ArrayGetItem",
            Self::ArrayLength => "States.ArrayLength",
            Self::ArrayPartition => "States.ArrayPartition",
            Self::ArrayRange => "States.ArrayRange",
            Self::ArrayUnique => "States.ArrayUnique",
            Self::Base64Decode => "States.Base64Decode",
            Self::Base64Encode => "States.Base64Encode",
            Self::Format => "States.Format",
            Self::Hash => "States.Hash",
            Self::JsonMerge => "States.JsonMerge",
            Self::JsonToString => "States.JsonToString",
            Self::MathAdd => "States.MathAdd",
            Self::MathRandom => "States.MathRandom",
            Self::StringSplit => "States.StringSplit",
            Self::StringToJson => "States.StringToJson",
            Self::Uuid => "States.UUID",
        }
    }

    pub(super) fn signature(self) -> Signature {
        use Kind::{Any, Array, Number, Object, Text};
        let takes = |required: &'static [Kind]| Signature { required, optional: &[], open: false };
        match self {
            Self::Array => Signature { open: true, ..takes(&[]) },
            Self::ArrayContains => takes(&[Array, Any]),
            Self::ArrayGetItem | Self::ArrayPartition => takes(&[Array, Number]),
            Self::ArrayLength | Self::ArrayUnique => takes(&[Array]),
            Self::ArrayRange => takes(&[Number, Number, Number]),
            Self::Base64Decode | Self::Base64Encode | Self::StringToJson => takes(&[Text]),
            Self::Format => Signature { open: true, ..takes(&[Text]) },
            Self::Hash => takes(&[Any, Text]),
            Self::JsonMerge => takes(&[Object, Object, Any]),
            Self::JsonToString => takes(&[Any]),
            Self::MathAdd => takes(&[Number, Number]),
            Self::MathRandom => Signature { optional: &[Number], ..takes(&[Number, Number]) },
            Self::StringSplit => takes(&[Text, Text]),
            Self::Uuid => takes(&[]),
        }
    }

    pub(super) fn may_give_text(self) -> bool {
        matches!(
            self,
            Self::ArrayGetItem
                | Self::Base64Decode
                | Self::Base64Encode
                | Self::Format
                | Self::Hash
                | Self::JsonToString
                | Self::Uuid
        )
    }

    /// The result, or `None` if the arguments are invalid.
    pub(super) fn call(self, arguments: &[&Value], random: &dyn Random) -> Option<Value> {
        match (self, arguments) {
            (Self::Array, items) => Some(items.iter().copied().cloned().collect()),
            (Self::ArrayContains, [Value::Array(items), wanted]) => Some(arrays::contains(items, wanted).into()),
            (Self::ArrayGetItem, [Value::Array(items), index]) => arrays::item(items, index),
            (Self::ArrayLength, [Value::Array(items)]) => Some(items.len().into()),
            (Self::ArrayPartition, [Value::Array(items), size]) => arrays::partition(items, size),
            (Self::ArrayRange, [first, last, step]) => arrays::range(first, last, step),
            (Self::ArrayUnique, [Value::Array(items)]) => Some(arrays::unique(items)),
            (Self::Base64Decode, [Value::String(text)]) => encoding::base64_decode(text),
            (Self::Base64Encode, [Value::String(text)]) => encoding::base64_encode(text),
            (Self::Format, [Value::String(template), values @ ..]) => format::format(template, values),
            (Self::Hash, [data, Value::String(algorithm)]) => encoding::hash(data, algorithm),
            (Self::JsonMerge, [Value::Object(base), Value::Object(over), deep]) => json_merge(base, over, deep),
            (Self::JsonToString, [value]) => Some(value.to_string().into()),
            (Self::MathAdd, [left, right]) => numbers::add(left, right),
            (Self::MathRandom, [start, end]) => numbers::random(start, end, random),
            (Self::MathRandom, [start, end, seed]) => numbers::random_seeded(start, end, seed),
            (Self::StringSplit, [Value::String(text), Value::String(separators)]) => Some(split(text, separators)),
            (Self::StringToJson, [Value::String(text)]) => string_to_json(text),
            (Self::Uuid, []) => Some(random.uuid().into()),
            _ => None,
        }
    }
}

impl Kind {
    pub(super) fn admits(self, literal: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Array => literal.is_array(),
            Self::Number => literal.is_number(),
            Self::Object => literal.is_object(),
            Self::Text => literal.is_string(),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Array => "a path or a function that returns an array",
            Self::Number => "a number, or a path or a function that returns one",
            Self::Object => "a path or a function that returns an object",
            Self::Text => "a string in single quotes, or a path or a function that returns one",
        }
    }
}

/// The fields of both objects; those of the second take precedence. AWS does not support deep merges, and treats any
/// value other than `true` as `false`.
fn json_merge(base: &Map<String, Value>, over: &Map<String, Value>, deep: &Value) -> Option<Value> {
    if *deep == Value::Bool(true) {
        return None;
    }
    let mut merged = base.clone();
    merged.extend(over.iter().map(|(name, value)| (name.clone(), value.clone())));
    Some(Value::Object(merged))
}

/// Splits at every character of `separators`, and omits empty parts.
fn split(text: &str, separators: &str) -> Value {
    text.split(|c| separators.contains(c)).filter(|part| !part.is_empty()).collect()
}

fn string_to_json(text: &str) -> Option<Value> {
    match text.trim() {
        // AWS reads blanks as null, and has no negative zero.
        "" => Some(Value::Null),
        "-0" => Some(0.into()),
        text => serde_json::from_str(text).ok(),
    }
}
