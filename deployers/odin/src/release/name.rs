//! Names in a release: of services, hooks and AWS resources.

use bifrost::name_type;
use bifrost::release::{NameFault, check_segment};

name_type! {
    /// A service's name: 1 to 64 of the characters of project names. It is part of group names, tags, IAM paths and
    /// user data.
    ServiceName, "service name", check_service
}

name_type! {
    /// A lifecycle hook's name, as Auto Scaling accepts it: at most 255 letters, digits, `-`, `_` and `/`.
    HookName, "lifecycle hook name", check_hook
}

name_type! {
    /// The name, name tag or id of an AWS resource. At most 255 bytes, the longest value of a name tag.
    ResourceName, "resource name", check_resource
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
    fn service_name_is_one_path_segment() {
        for right in ["web", "web-2", "a.b_c"] {
            assert!(right.parse::<ServiceName>().is_ok(), "{right}");
        }
        for wrong in ["", ".", "..", "a/b", "a b", "web:1", "wéb", &"a".repeat(65)] {
            assert!(wrong.parse::<ServiceName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn hook_name_follows_auto_scaling() {
        assert!("termhook/a-b_c".parse::<HookName>().is_ok());
        for wrong in ["", "a b", "a:b", &"a".repeat(256)] {
            assert!(wrong.parse::<HookName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn resource_name_is_not_blank() {
        assert!("ec2::coinbase/deploy-test::development".parse::<ResourceName>().is_ok());
        for wrong in ["", " ", "a\nb", &"a".repeat(256)] {
            assert!(wrong.parse::<ResourceName>().is_err(), "{wrong:?}");
        }
    }
}
