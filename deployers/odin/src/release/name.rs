//! Names inside a release: of services, of hooks, and of what exists in AWS.

use bifrost::name_type;
use bifrost::release::{NameFault, check_segment};

name_type! {
    /// A service's name: 1 to 64 of the characters that projects' names have. It becomes part of a group's name, of tags
    /// and of IAM paths, and is put into user data.
    ServiceName, "service name", check_service
}

name_type! {
    /// A lifecycle hook's name, as Auto Scaling takes it: at most 255 letters, digits, `-`, `_` and `/`.
    HookName, "name of a lifecycle hook", check_hook
}

name_type! {
    /// What a resource is found by in AWS: its name, name tag or id. At most 255 bytes, as no name tag is longer.
    ResourceName, "name of a resource", check_resource
}

fn check_service(name: &str) -> Result<(), NameFault> {
    check_segment(name, 64)
}

fn check_hook(name: &str) -> Result<(), NameFault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
    if (1..=255).contains(&name.len()) && name.chars().all(allowed) {
        Ok(())
    } else {
        Err(NameFault::Form("1 to 255 ASCII letters, digits, `-`, `_` and `/`"))
    }
}

fn check_resource(name: &str) -> Result<(), NameFault> {
    if !name.trim().is_empty() && name.len() <= 255 && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(NameFault::Form("1 to 255 bytes, not all of them white space, without control characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_as_a_segment() {
        for right in ["web", "web-2", "a.b_c"] {
            assert!(right.parse::<ServiceName>().is_ok(), "{right}");
        }
        for wrong in ["", ".", "..", "a/b", "a b", "web:1", "wéb", &"a".repeat(65)] {
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
