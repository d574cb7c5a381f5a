//! Names that AWS defines.

use super::name::{NameFault, check_length};
use crate::name_type;

name_type! {
    /// An AWS account: 12 digits.
    AccountId, "AWS account id", check_account
}

name_type! {
    /// An AWS region, such as `eu-west-1` or `us-gov-east-1`.
    ///
    /// Only the form is checked, so that new regions need no new version of a deployer.
    Region, "AWS region", check_region
}

name_type! {
    /// An S3 bucket, by the rules for general purpose buckets: 3 to 63 lower-case letters, digits, `.` and `-`.
    BucketName, "bucket name", check_bucket
}

fn check_account(name: &str) -> Result<(), NameFault> {
    let is_account = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(()) } else { Err(NameFault::Form("12 digits")) }
}

fn check_region(name: &str) -> Result<(), NameFault> {
    const FORM: NameFault = NameFault::Form("a region such as eu-west-1 or us-gov-east-1");
    check_length(name, 32)?;
    let (words, number) = name.rsplit_once('-').ok_or(FORM)?;
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && words.contains('-') && words.split('-').all(is_word) { Ok(()) } else { Err(FORM) }
}

fn check_bucket(name: &str) -> Result<(), NameFault> {
    check_length(name, 63)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    if let Some(c) = name.chars().find(|c| !allowed(*c)) {
        return Err(NameFault::Character(c, "lower-case letters, digits, `.` and `-`"));
    }
    let has_whole_ends = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    if name.len() >= 3 && name.split('.').all(has_whole_ends) && !is_address {
        Ok(())
    } else {
        Err(NameFault::Form("3 to 63 characters, where each part between dots begins and ends with a letter or digit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_has_12_digits() {
        assert!("000000000000".parse::<AccountId>().is_ok());
        for wrong in ["", "00000000000", "0000000000000", "00000000000a", "00000000000٣", "../000000000"] {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn region_is_checked_by_its_form() {
        for right in ["us-east-1", "us-gov-west-1", "ap-southeast-7", "eusc-de-east-1", "us-isob-east-1"] {
            assert!(right.parse::<Region>().is_ok(), "{right}");
        }
        for wrong in ["", "us-east", "useast-1", "us-east-1a", "US-EAST-1", "us--1", "-east-1", "us-east-", "us/east-1"]
        {
            assert!(wrong.parse::<Region>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn bucket_follows_the_rules_of_s3() {
        for right in ["coinbase-odin-000000000000", "a.b-c.d", "abc"] {
            assert!(right.parse::<BucketName>().is_ok(), "{right}");
        }
        for wrong in ["", "ab", "Abc", "a_b", "-abc", "abc-", "a..b", "a.-b", "192.168.5.4", "a/b", &"a".repeat(64)] {
            assert!(wrong.parse::<BucketName>().is_err(), "{wrong}");
        }
    }
}
