//! The identity of a deployer: its name, account and region, and the names of its resources that follow.

use crate::release::{AccountId, BucketName, Defaults, InvalidName, Region};
use std::collections::BTreeSet;

/// The identity of a deployer in AWS. All names that it uses there derive from these fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name of its Lambda function and of its state machine, such as `coinbase-odin`.
    pub name: String,
    /// The deployer account.
    pub account: AccountId,
    /// The region of its function, state machine and lock table.
    pub region: Region,
}

impl Identity {
    /// The name of its command: its name without the team's prefix.
    #[must_use]
    pub fn command(&self) -> &str {
        self.name.strip_prefix(self.prefix()).unwrap_or(&self.name)
    }

    /// ARN of the Lambda function that runs every task.
    #[must_use]
    pub fn function_arn(&self) -> String {
        self.arn("lambda", &format!("function:{}", self.name))
    }

    /// ARN of the state machine.
    #[must_use]
    pub fn state_machine_arn(&self) -> String {
        self.arn("states", &format!("stateMachine:{}", self.name))
    }

    /// ARN of an execution, by its name.
    #[must_use]
    pub fn execution_arn(&self, execution: &str) -> String {
        self.arn("states", &format!("execution:{}:{execution}", self.name))
    }

    /// ARN of a role in the deployer account, by its name.
    #[must_use]
    pub fn role_arn(&self, role: &str) -> String {
        self.region.iam_arn(&self.account, &format!("role/{role}"))
    }

    /// The DynamoDB table of root locks.
    #[must_use]
    pub fn lock_table(&self) -> String {
        names::lock_table(&self.name)
    }

    /// The name of its role in target accounts.
    #[must_use]
    pub fn assumed_role(&self) -> String {
        names::assumed_role(&self.name)
    }

    /// The name of the function's role, which the roles in target accounts trust.
    #[must_use]
    pub fn execution_role(&self) -> String {
        names::execution_role(&self.name)
    }

    /// The default bucket of releases.
    ///
    /// # Errors
    /// If the deployer's name does not make a valid bucket name.
    pub fn bucket(&self) -> Result<BucketName, InvalidName> {
        names::bucket(&self.name, self.account.as_str()).parse()
    }

    /// The bucket of the audit log, which all deployers with the same prefix share:
    /// `<prefix>audit-<account>-<region>`.
    #[must_use]
    pub fn audit_bucket(&self) -> String {
        names::audit_bucket(&self.name, self.account.as_str(), self.region.as_str())
    }

    /// The DynamoDB table of the audit log: `<prefix>audit`.
    #[must_use]
    pub fn audit_table(&self) -> String {
        names::audit_log(&self.name)
    }

    /// The name of the audit log, which its checkpoints carry: `<prefix>audit/<account>/<region>`.
    #[must_use]
    pub fn audit_origin(&self) -> String {
        format!("{}/{}/{}", names::audit_log(&self.name), self.account, self.region)
    }

    /// The name of the function that records acts of people: `<deployer>-audit`.
    #[must_use]
    pub fn audit_function(&self) -> String {
        names::audit_function(&self.name)
    }

    /// ARN of the function that records acts of people.
    #[must_use]
    pub fn audit_function_arn(&self) -> String {
        self.arn("lambda", &format!("function:{}", self.audit_function()))
    }

    /// The team's prefix, such as `coinbase-`: see [`names::prefix`].
    #[must_use]
    pub fn prefix(&self) -> &str {
        names::prefix(&self.name)
    }

    /// Defaults of fields that a release leaves out.
    ///
    /// # Errors
    /// If the deployer's name does not make a valid bucket name.
    pub fn defaults(&self, timeout_seconds: u32) -> Result<Defaults, InvalidName> {
        Ok(Defaults {
            account: self.account.clone(),
            region: self.region.clone(),
            bucket: self.bucket()?,
            allowed_buckets: BTreeSet::new(),
            timeout_seconds,
        })
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        self.region.arn(service, &self.account, resource)
    }
}

/// The names that a deployer uses in AWS (contract §4 and §6), for code that knows only the deployer's name, such as
/// templates.
pub mod names {
    /// The DynamoDB table of root locks: `<lambda function name, lower case>-locks`.
    #[must_use]
    pub fn lock_table(deployer: &str) -> String {
        format!("{}-locks", deployer.to_lowercase())
    }

    /// What the name of the function that records acts of people has after that of the deployer.
    pub const AUDIT_FUNCTION_SUFFIX: &str = "-audit";

    /// The function that records acts of people.
    #[must_use]
    pub fn audit_function(deployer: &str) -> String {
        format!("{deployer}{AUDIT_FUNCTION_SUFFIX}")
    }

    /// The deployer's role in target accounts.
    #[must_use]
    pub fn assumed_role(deployer: &str) -> String {
        format!("{deployer}-assumed")
    }

    /// The role of the Lambda function.
    #[must_use]
    pub fn execution_role(deployer: &str) -> String {
        format!("{deployer}-lambda")
    }

    /// The bucket of releases: `<deployer>-<deployer account id>`.
    #[must_use]
    pub fn bucket(deployer: &str, account: &str) -> String {
        format!("{}-{account}", deployer.to_lowercase())
    }

    /// The team's prefix, such as `coinbase-`: the name of the deployer up to its first `-`. What follows may have more of them, as in
    /// `coinbase-step-deployer` or `acme-odin-eu`, and all deployers of a team write one audit log.
    #[must_use]
    pub fn prefix(deployer: &str) -> &str {
        deployer.split_inclusive('-').next().filter(|first| first.ends_with('-')).unwrap_or_default()
    }

    /// The audit log of all deployers with the same prefix: `<prefix>audit`. Its stack and its table have this name, too.
    #[must_use]
    pub fn audit_log(deployer: &str) -> String {
        format!("{}audit", prefix(deployer))
    }

    /// The bucket of the audit log: `<prefix>audit-<deployer account id>-<region>`.
    #[must_use]
    pub fn audit_bucket(deployer: &str, account: &str, region: &str) -> String {
        format!("{}-{account}-{region}", audit_log(deployer).to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_have_the_partition_of_the_region() {
        let odin = |region: &str| Identity {
            name: "coinbase-odin".into(),
            account: "111111111111".parse().unwrap(),
            region: region.parse().unwrap(),
        };
        let china = odin("cn-north-1");
        assert_eq!(china.function_arn(), "arn:aws-cn:lambda:cn-north-1:111111111111:function:coinbase-odin");
        assert_eq!(china.execution_arn("e"), "arn:aws-cn:states:cn-north-1:111111111111:execution:coinbase-odin:e");
        let government = odin("us-gov-west-1");
        let machine = "arn:aws-us-gov:states:us-gov-west-1:111111111111:stateMachine:coinbase-odin";
        assert_eq!(government.state_machine_arn(), machine);
        assert_eq!(government.role_arn("r"), "arn:aws-us-gov:iam::111111111111:role/r");
    }

    #[test]
    fn deployers_of_a_team_share_a_log() {
        let parts = |name: &str| {
            let identity = Identity {
                name: name.into(),
                account: "111111111111".parse().unwrap(),
                region: "us-east-1".parse().unwrap(),
            };
            [identity.prefix(), identity.command(), &identity.audit_table()].map(ToOwned::to_owned)
        };
        assert_eq!(parts("coinbase-odin"), ["coinbase-", "odin", "coinbase-audit"]);
        assert_eq!(parts("coinbase-fenrir"), ["coinbase-", "fenrir", "coinbase-audit"]);
        assert_eq!(parts("coinbase-step-deployer"), ["coinbase-", "step-deployer", "coinbase-audit"]);
        assert_eq!(parts("acme-odin-eu"), ["acme-", "odin-eu", "acme-audit"]);
        assert_eq!(parts("odin"), ["", "odin", "audit"]);
        // Commands for auditors know only the prefix of the client, which may have more than one `-`.
        assert_eq!(names::audit_log("acme-shop-"), names::audit_log("acme-shop-odin"));
    }
}
