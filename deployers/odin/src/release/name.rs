//! Names inside a release: of services, of hooks, and of what exists in AWS.

use bifrost::Shape;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A text that is not the name it should be. The text itself is not repeated: the path in the release says which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(&'static str);

/// Defines a text that is valid by construction: `check` is the only way in.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                $check(&text).map(|()| Self(text))
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                Self::try_from(text.to_owned())
            }
        }

        impl Shape for $name {
            type Shape = String;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type! {
    /// A service's name: 1 to 64 of the characters that projects' names have. It becomes part of a group's name, of tags
    /// and of IAM paths, and is put into user data.
    ServiceName, check_service
}

text_type! {
    /// A lifecycle hook's name, as Auto Scaling takes it: at most 255 letters, digits, `-`, `_` and `/`.
    HookName, check_hook
}

text_type! {
    /// What a resource is found by in AWS: its name, name tag or id. At most 255 bytes, as no name tag is longer.
    ResourceName, check_resource
}

fn check_service(text: &str) -> Result<(), InvalidText> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '=' | '.' | '_' | '@');
    if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
        Ok(())
    } else {
        Err(InvalidText("a service's name has 1 to 64 ASCII letters, digits and + - = . _ @"))
    }
}

fn check_hook(text: &str) -> Result<(), InvalidText> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
    if (1..=255).contains(&text.len()) && text.chars().all(allowed) {
        Ok(())
    } else {
        Err(InvalidText("a lifecycle hook's name has 1 to 255 ASCII letters, digits, `-`, `_` and `/`"))
    }
}

fn check_resource(text: &str) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText("a resource's name may not be empty"));
    }
    if text.len() > 255 || text.chars().any(char::is_control) {
        return Err(InvalidText("a resource's name has at most 255 bytes and no control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_as_a_segment() {
        for right in ["web", "web-2", "a.b_c"] {
            assert!(right.parse::<ServiceName>().is_ok(), "{right}");
        }
        for wrong in ["", "a/b", "a b", "web:1", "wéb", &"a".repeat(65)] {
            assert!(wrong.parse::<ServiceName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_hook_is_named_as_auto_scaling_allows() {
        assert!("termhook/a-b_c".parse::<HookName>().is_ok());
        for wrong in ["", "a b", "a:b", &"a".repeat(256)] {
            assert!(wrong.parse::<HookName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_resource_has_some_name() {
        assert!("ec2::coinbase/deploy-test::development".parse::<ResourceName>().is_ok());
        for wrong in ["", " ", "a\nb", &"a".repeat(256)] {
            assert!(wrong.parse::<ResourceName>().is_err(), "{wrong:?}");
        }
    }
}
