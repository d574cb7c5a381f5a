//! The error of AWS that a fault injects: a code, or a code with a message.

use super::error::ServiceError;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize, Serializer};
use std::fmt;

/// The message of an error for which a scenario gives only the code.
const DEFAULT_MESSAGE: &str = "injected by the scenario";

/// An error of AWS. A scenario writes its code, or an object with code and message where AWS has one code for many errors:
///
/// ```
/// # use bifrost_local::InjectedError;
/// let by_code: InjectedError = serde_json::from_str(r#""AccessDenied""#).unwrap();
/// assert_eq!(by_code, "AccessDenied".into());
/// let json = r#"{"code": "ValidationError", "message": "AutoScalingGroup name not found"}"#;
/// let whole: InjectedError = serde_json::from_str(json).unwrap();
/// assert_eq!(whole.message.as_deref(), Some("AutoScalingGroup name not found"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedError {
    /// AWS's error code.
    pub code: String,
    /// AWS's error message, if it matters.
    pub message: Option<String>,
}

/// The object form.
#[derive(Serialize, DeriveDeserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    code: String,
    message: String,
}

impl From<&str> for InjectedError {
    fn from(code: &str) -> Self {
        Self { code: code.to_owned(), message: None }
    }
}

impl From<InjectedError> for ServiceError {
    fn from(InjectedError { code, message }: InjectedError) -> Self {
        Self::new(code, message.unwrap_or_else(|| DEFAULT_MESSAGE.to_owned()))
    }
}

impl Serialize for InjectedError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.message {
            None => self.code.serialize(serializer),
            Some(message) => Whole { code: self.code.clone(), message: message.clone() }.serialize(serializer),
        }
    }
}

// Not `untagged`: its errors do not name the field, and it reads an array as an object.
impl<'de> Deserialize<'de> for InjectedError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ErrorVisitor)
    }
}

struct ErrorVisitor;

impl<'de> Visitor<'de> for ErrorVisitor {
    type Value = InjectedError;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error code, or an object with `code` and `message`")
    }

    fn visit_str<E: de::Error>(self, code: &str) -> Result<InjectedError, E> {
        Ok(code.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InjectedError, A::Error> {
        let Whole { code, message } = Whole::deserialize(MapAccessDeserializer::new(map))?;
        Ok(InjectedError { code, message: Some(message) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::json;
    use serde_json::{Value, from_value, json, to_value};

    #[test]
    fn both_forms_are_read_and_written() {
        for written in [json!("AccessDenied"), json!({"code": "ValidationError", "message": "not found"})] {
            let read: InjectedError = from_value(written.clone()).unwrap();
            assert_eq!(to_value(&read).unwrap(), written);
        }
        assert_eq!(ServiceError::from(InjectedError::from("AccessDenied")).message, DEFAULT_MESSAGE);
    }

    #[test]
    fn other_forms_are_refused() {
        let refused = |written: Value| json::read::<InjectedError>(&written).unwrap_err().to_string();
        for written in [json!(["ValidationError", "not found"]), json!(7), json!({"code": "ValidationError"})] {
            refused(written);
        }
        let unknown = refused(json!({"code": "ValidationError", "message": "no", "text": "no"}));
        assert!(unknown.contains("text"), "{unknown}");
    }
}
