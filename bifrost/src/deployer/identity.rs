//! Who a deployer is in AWS.

use crate::release::{AccountId, BucketName, Defaults, InvalidName, Region};

/// Who a deployer is in AWS. Every name it uses there is made of these three.
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
    /// The command that drives it: its name without the prefix that the team gives its deployers.
    #[must_use]
    pub fn command(&self) -> &str {
        self.name.rsplit_once('-').map_or(self.name.as_str(), |(_, command)| command)
    }

    /// ARN of the Lambda function that runs every task.
    #[must_use]
    pub fn function_arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)
    }

    /// ARN of the state machine.
    #[must_use]
    pub fn state_machine_arn(&self) -> String {
        format!("arn:aws:states:{}:{}:stateMachine:{}", self.region, self.account, self.name)
    }

    /// ARN of the execution of that name.
    #[must_use]
    pub fn execution_arn(&self, execution: &str) -> String {
        format!("arn:aws:states:{}:{}:execution:{}:{execution}", self.region, self.account, self.name)
    }

    /// The DynamoDB table of root locks: `<lambda function name, lower case>-locks`.
    #[must_use]
    pub fn lock_table(&self) -> String {
        lock_table(&self.name)
    }

    /// The one role that a target account needs.
    #[must_use]
    pub fn assumed_role(&self) -> String {
        assumed_role(&self.name)
    }

    /// The role of the Lambda function: whom the roles in target accounts trust.
    #[must_use]
    pub fn execution_role(&self) -> String {
        execution_role(&self.name)
    }

    /// The bucket of releases, `<deployer>-<deployer account id>`, unless a release names another.
    ///
    /// # Errors
    /// If the deployer's name makes no name of a bucket.
    pub fn bucket(&self) -> Result<BucketName, InvalidName> {
        bucket(&self.name, self.account.as_str()).parse()
    }

    /// What a release leaves out.
    ///
    /// # Errors
    /// If the deployer's name makes no name of a bucket.
    pub fn defaults(&self, timeout_seconds: u32) -> Result<Defaults, InvalidName> {
        Ok(Defaults {
            account: self.account.clone(),
            region: self.region.clone(),
            bucket: self.bucket()?,
            timeout_seconds,
        })
    }
}

// The same names for who knows the deployer's name alone, as a template does.

pub(crate) fn lock_table(name: &str) -> String {
    format!("{}-locks", name.to_lowercase())
}

pub(crate) fn assumed_role(name: &str) -> String {
    format!("{name}-assumed")
}

pub(crate) fn execution_role(name: &str) -> String {
    format!("{name}-lambda")
}

pub(crate) fn bucket(name: &str, account: &str) -> String {
    format!("{}-{account}", name.to_lowercase())
}
