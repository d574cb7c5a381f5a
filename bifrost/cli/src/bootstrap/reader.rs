//! Who of other accounts may read files of releases: the roles for deploys there, where AWS's services fetch in their name
//! what a deploy hands on to them.

use super::names::Names;
use super::policy::{Statement, allow};
use bifrost_core::release::AccountId;
use serde_json::{Value, json};
use std::str::FromStr;

/// Accounts of which the role for deploys may read the files of the releases to that account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// One account.
    Account(AccountId),
    /// All accounts of an organization of AWS Organizations, by its id: `o-` and 10 to 32 letters and digits.
    Organization(String),
}

impl FromStr for Reader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(id) = text.strip_prefix("o-") else {
            let account = text.parse().map(Self::Account);
            return account
                .map_err(|_| format!("{text} is neither the 12 digits of an account nor an organization's o-…"));
        };
        let is_id = (10..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if is_id {
            return Ok(Self::Organization(text.to_owned()));
        }
        Err(format!("{text} is no organization's id: that is o- and 10 to 32 small letters and digits"))
    }
}

/// What the bucket allows them. What is a target account's begins with its id: nobody reads another's.
///
/// A policy may name no role that is not there yet, but any account.
pub(super) fn statements(names: Names, readers: &[Reader]) -> Vec<Statement> {
    let account = |reader: &Reader| match reader {
        Reader::Account(id) => Some(json!({"Fn::Sub": format!("arn:${{AWS::Partition}}:iam::{id}:root")})),
        Reader::Organization(_) => None,
    };
    let accounts: Vec<Value> = readers.iter().filter_map(account).collect();
    let organization = |reader: &'_ Reader| match reader {
        Reader::Organization(id) => Some(id.clone()),
        Reader::Account(_) => None,
    };
    let organizations: Vec<String> = readers.iter().filter_map(organization).collect();
    let ids: Vec<&str> = organizations.iter().map(String::as_str).collect();
    let of_accounts = (!accounts.is_empty()).then(|| reads("AccountsRead", names).of(json!({"AWS": accounts})));
    let of_organizations = (!ids.is_empty()).then(|| {
        reads("OrganizationsRead", names).when("StringEquals", "aws:PrincipalOrgID", &ids).of(json!({"AWS": "*"}))
    });
    of_accounts.into_iter().chain(of_organizations).collect()
}

fn reads(sid: &str, names: Names) -> Statement {
    let role = format!("arn:${{AWS::Partition}}:iam::*:role/{}", names.assumed_role());
    // What begins with `!` is for IAM to put in, not for CloudFormation.
    allow(sid, &["s3:GetObject"], &[names.objects_arn("${!aws:PrincipalAccount}/*")]).when(
        "ArnLike",
        "aws:PrincipalArn",
        &[&role],
    )
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[test]
    fn a_reader_is_an_account_or_an_organization() {
        assert_eq!("222222222222".parse(), Ok(Reader::Account("222222222222".parse().unwrap())));
        assert_eq!("o-exampleorgid".parse(), Ok(Reader::Organization("o-exampleorgid".into())));
        for wrong in ["", "*", "2222", "o-", "o-short", "o-EXAMPLEORGID", "ou-exampleorgid"] {
            assert!(wrong.parse::<Reader>().is_err(), "{wrong}");
        }
    }
}
