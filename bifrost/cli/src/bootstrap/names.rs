//! What the resources of a deployer are called, for a template: its account and region are those of the stack.

use bifrost_core::account::names;
use bifrost_core::name_type;
use bifrost_core::release::NameFault;

name_type! {
    /// The name of a deployer in AWS, such as `coinbase-odin`: a letter, then at most 49 letters, digits and `-`. All that
    /// is named after it can be then: its bucket, above all, whose name ends with the account.
    DeployerName, "name of a deployer", check_name
}

fn check_name(name: &str) -> Result<(), NameFault> {
    const MAX_LEN: usize = 50;
    if name.len() > MAX_LEN {
        return Err(NameFault::TooLong(MAX_LEN));
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        return Err(NameFault::Character(c, "letters, digits and `-`"));
    }
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { Ok(()) } else { Err(NameFault::Form("a letter first")) }
}

/// The condition under which there is code to run. The bucket that holds the code is made by the same stack, before.
pub(super) const HAS_CODE: &str = "HasCode";

/// Who a deployer is, without account and region.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'n>(pub(super) &'n DeployerName);

impl Names<'_> {
    pub(super) fn lock_table(self) -> String {
        names::lock_table(self.0.as_str())
    }

    pub(super) fn bucket(self) -> String {
        names::bucket(self.0.as_str(), "${AWS::AccountId}")
    }

    pub(super) fn execution_role(self) -> String {
        names::execution_role(self.0.as_str())
    }

    pub(super) fn assumed_role(self) -> String {
        names::assumed_role(self.0.as_str())
    }

    /// The role of the state machine.
    pub(super) fn machine_role(self) -> String {
        format!("{}-states", self.0)
    }

    pub(super) fn function_log(self) -> String {
        format!("/aws/lambda/{}", self.0)
    }

    /// Under this prefix AWS's services may write without a policy of the log group's for each.
    pub(super) fn machine_log(self) -> String {
        format!("/aws/vendedlogs/states/{}", self.0)
    }

    pub(super) fn function_arn(self) -> String {
        format!("arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{}", self.0)
    }

    pub(super) fn machine_arn(self) -> String {
        format!("arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{}", self.0)
    }

    pub(super) fn executions_arn(self) -> String {
        format!("arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:execution:{}:*", self.0)
    }

    pub(super) fn table_arn(self) -> String {
        let table = self.lock_table();
        format!("arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{table}")
    }

    pub(super) fn bucket_arn(self) -> String {
        format!("arn:${{AWS::Partition}}:s3:::{}", self.bucket())
    }

    /// Objects of the bucket, by a pattern of their keys.
    pub(super) fn objects_arn(self, keys: &str) -> String {
        format!("{}/{keys}", self.bucket_arn())
    }
}
