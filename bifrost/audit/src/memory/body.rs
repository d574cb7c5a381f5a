//! The bytes of an object or entry.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes that are shared by the copies of a state. As JSON they are `{"text": …}`, or `{"base64": …}` if they are not UTF-8, so that
/// users can read a state.
#[derive(Clone, Default)]
pub struct Body(Arc<[u8]>);

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        // Copies of a state are compared at every call.
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Body {}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Encoded<'a> {
    Text(Cow<'a, str>),
    Base64(String),
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(self).map(|text| Encoded::Text(text.into()));
        text.unwrap_or_else(|_| Encoded::Base64(BASE64_STANDARD.encode(&self.0))).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match Encoded::deserialize(deserializer)? {
            Encoded::Text(text) => text.into_owned().into_bytes(),
            Encoded::Base64(text) => BASE64_STANDARD.decode(text).map_err(D::Error::custom)?,
        };
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_text_where_possible() {
        for (bytes, json) in
            [(&b"{}\n"[..], r#"{"text":"{}\n"}"#), (b"\xff\x00", r#"{"base64":"/wA="}"#), (b"", r#"{"text":""}"#)]
        {
            let body = Body::from(bytes.to_vec());
            assert_eq!(serde_json::to_string(&body).unwrap(), json);
            assert_eq!(serde_json::from_str::<Body>(json).unwrap(), body);
        }
    }

    #[test]
    fn invalid_base64_is_refused() {
        assert!(serde_json::from_str::<Body>(r#"{"base64":"?"}"#).is_err());
    }
}
