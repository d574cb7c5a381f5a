//! The directory of an execution's records.

use crate::identity::Identity;
use crate::release::Sha256;
use serde_json::Value;

/// The directory of an execution's records, `records/<deployer>/<execution name>`.
///
/// `arns` is what the ARNs of the deployer's executions begin with. An execution with another ARN, or whose name does not fit into a
/// key, gets a name that is made of its hash.
#[must_use]
pub fn execution_key(deployer: &str, arns: &str, execution: &str) -> String {
    let name = execution.strip_prefix(arns).filter(|name| is_safe(name));
    let name = name.map_or_else(|| hashed(execution), ToOwned::to_owned);
    format!("records/{deployer}/{name}")
}

/// The directory of the records of an execution that the function does not know, because the definition is of the Go implementation:
/// that of its release.
///
/// All attempts of the execution get the same, though their inputs differ: `Validate` fills in the account.
#[must_use]
pub fn release_key(deployer: &Identity, input: &Value) -> String {
    let field = |name| input.get(name).and_then(Value::as_str);
    let account = field("aws_account_id").unwrap_or(deployer.account.as_str());
    let [project, config, release] =
        ["project_name", "config_name", "release_id"].map(|name| field(name).unwrap_or_default());
    format!("records/{}/{}", deployer.name, hashed(&format!("{:?}", [account, project, config, release])))
}

fn hashed(text: &str) -> String {
    let digest: String = Sha256::of(text.as_bytes()).to_string().chars().take(40).collect();
    format!("_{digest}")
}

/// Names of executions may have more characters, but our clients use only these.
fn is_safe(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "+-=._@".contains(c);
    !name.is_empty() && name.len() <= 80 && !name.starts_with(['_', '.']) && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARNS: &str = "arn:aws:states:us-east-1:000000000000:execution:coinbase-odin:";

    fn key(name: &str) -> String {
        execution_key("coinbase-odin", ARNS, &format!("{ARNS}{name}"))
    }

    #[test]
    fn plain_name_is_the_directory() {
        assert_eq!(key("deploy-acme-web-1"), "records/coinbase-odin/deploy-acme-web-1");
        assert_eq!(key(&"a".repeat(80)), format!("records/coinbase-odin/{}", "a".repeat(80)));
    }

    #[test]
    fn other_name_is_hashed() {
        let other =
            execution_key("coinbase-odin", ARNS, "arn:aws:states:us-east-1:000000000000:execution:coinbase-fenrir:a");
        let long = "a".repeat(81);
        let names =
            ["", ".", "..", "../coinbase-fenrir/a", "a/b", "_people", "_", "a b", "é", "a\n", "a%2fb", long.as_str()];
        let mut keys: Vec<String> = names.into_iter().map(key).chain([other]).collect();
        for key in &keys {
            let name = key.strip_prefix("records/coinbase-odin/_").unwrap();
            assert!(name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), names.len() + 1);
    }

    fn odin() -> Identity {
        let (account, region) = ("000000000000".parse().unwrap(), "us-east-1".parse().unwrap());
        Identity { name: "coinbase-odin".into(), account, region }
    }

    #[test]
    fn fields_of_a_release_are_kept_apart() {
        let key = |project: &str, config: &str| {
            release_key(&odin(), &json!({"project_name": project, "config_name": config, "aws_account_id": 7}))
        };
        assert_ne!(key("a/b", "c"), key("a", "b/c"));
        assert_ne!(key("a\", \"b", "c"), key("a", "b\", \"c"));
        assert_eq!(key("a", "b"), key("a", "b"));
        assert!(release_key(&odin(), &json!([])).starts_with("records/coinbase-odin/_"));
    }

    #[test]
    fn release_without_an_account_is_of_the_deployers_account() {
        let key = |account: &Value| {
            release_key(&odin(), &json!({"release_id": "release-1", "project_name": "a", "aws_account_id": account}))
        };
        assert_eq!(key(&Value::Null), key(&json!("000000000000")));
        assert_ne!(key(&Value::Null), key(&json!("111111111111")));
    }
}
