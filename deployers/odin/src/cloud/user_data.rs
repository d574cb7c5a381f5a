//! User data of instances.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::str;

/// What marks encoded bytes in JSON.
const ENCODED: &str = "base64:";

/// User data as an instance gets it: a text, or other bytes, such as a gzip archive.
///
/// In JSON, a text is written as it is. Other bytes, and a text that could be taken for them, are written as `base64:…`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserData(Vec<u8>);

/// The text after `base64:` is not base64.
#[derive(Debug, thiserror::Error)]
#[error("user data begins with {ENCODED}, but the rest is not valid base64: {0}")]
pub struct InvalidUserData(#[from] base64::DecodeError);

impl UserData {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }

    /// As requests to EC2 contain it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl From<Vec<u8>> for UserData {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for UserData {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl TryFrom<String> for UserData {
    type Error = InvalidUserData;

    fn try_from(text: String) -> Result<Self, InvalidUserData> {
        match text.strip_prefix(ENCODED) {
            Some(encoded) => Ok(Self(STANDARD.decode(encoded)?)),
            None => Ok(Self(text.into_bytes())),
        }
    }
}

impl From<UserData> for String {
    fn from(user_data: UserData) -> Self {
        match user_data.as_text() {
            Some(text) if !text.starts_with(ENCODED) => text.to_owned(),
            _ => format!("{ENCODED}{}", user_data.to_base64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn text_is_written_as_it_is() {
        assert_eq!(json!(UserData::from("#!/bin/sh")), json!("#!/bin/sh"));
        assert_eq!(json!(UserData::from(vec![0x1f, 0x8b])), json!("base64:H4s="));
    }

    #[test]
    fn invalid_base64_is_refused() {
        let read = bifrost::json::read::<UserData>(&json!("base64:?")).unwrap_err();
        assert!(read.to_string().contains("not valid base64"), "{read}");
    }

    proptest! {
        #[test]
        fn written_bytes_are_read_as_the_same(bytes: Vec<u8>, text in "(base64:)?.{0,40}") {
            for user_data in [UserData::from(bytes), UserData::from(text.as_str())] {
                prop_assert_eq!(&bifrost::json::read::<UserData>(&json!(user_data)).unwrap(), &user_data);
            }
        }
    }
}
