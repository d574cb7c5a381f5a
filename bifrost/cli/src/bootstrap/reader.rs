//! Which other accounts may read files of releases. The roles for deploys there need it where an AWS service fetches a
//! file with their permissions.

use super::names::Names;
use super::policy::{Statement, allow};
use bifrost_core::release::AccountId;
use serde_json::{Value, json};
use std::str::FromStr;

/// Accounts whose role for deploys may read the files of the releases to that account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// One account.
    Account(AccountId),
    /// All accounts of an AWS organization, by its id: `o-` and 10 to 32 lower-case letters and digits.
    Organization(String),
}

impl FromStr for Reader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(id) = text.strip_prefix("o-") else {
            let account = text.parse().map(Self::Account);
            return account.map_err(|_| {
                format!(
                    "`{text}` is not a 12-digit account id and not the id of an organization, such as o-exampleorgid"
                )
            });
        };
        let is_id = (10..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if is_id {
            return Ok(Self::Organization(text.to_owned()));
        }
        Err(format!("`{text}` is not the id of an organization: use o- and 10 to 32 lower-case letters and digits"))
    }
}

/// The statements of the bucket policy for these readers. Keys begin with the id of the target account, so no account
/// can read the files of another one.
///
/// They name accounts and compare the role by a condition: a policy cannot name a role that does not exist yet.
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
    // IAM replaces a variable that begins with `!`, CloudFormation does not.
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
    fn reader_is_an_account_or_an_organization() {
        assert_eq!("222222222222".parse(), Ok(Reader::Account("222222222222".parse().unwrap())));
        assert_eq!("o-exampleorgid".parse(), Ok(Reader::Organization("o-exampleorgid".into())));
        for wrong in ["", "*", "2222", "o-", "o-short", "o-EXAMPLEORGID", "ou-exampleorgid"] {
            assert!(wrong.parse::<Reader>().is_err(), "{wrong}");
        }
    }
}
