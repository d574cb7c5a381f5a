//! The names of a deployer's resources in a template. Their account and region are those of the stack.

use bifrost_core::account::names;
use bifrost_core::name_type;
use bifrost_core::release::NameFault;

name_type! {
    /// The name of a deployer in AWS, such as `coinbase-odin`: a letter, then at most 49 letters, digits and `-`. All
    /// names that contain it stay within AWS's limits. The tightest is that of its bucket, whose name ends with the
    /// account. It does not end with `audit`: such names are those of audit logs and audit functions.
    DeployerName, "deployer name", check_name
}

fn check_name(name: &str) -> Result<(), NameFault> {
    const MAX_LEN: usize = 50;
    if name.len() > MAX_LEN {
        return Err(NameFault::TooLong(MAX_LEN));
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        return Err(NameFault::Character(c, "letters, digits and `-`"));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(NameFault::Form("a letter at the beginning"));
    }
    // Its stack would replace that of the audit log, and its function the audit function of another deployer. IAM ignores the case of
    // names, and buckets have none.
    let lowercase = name.to_ascii_lowercase();
    if lowercase == "audit" || lowercase.ends_with(names::AUDIT_FUNCTION_SUFFIX) {
        return Err(NameFault::Form(
            "a name other than `audit` or `…-audit`: the audit log and the audit function of a deployer have such names",
        ));
    }
    Ok(())
}

/// The name of the topic that receives the deploys which failed and may not have cleaned up.
pub(crate) fn alarm_topic(deployer: &str) -> String {
    format!("{deployer}-alarm")
}

/// The ARN of a resource in the account and region of the stack.
pub(super) fn arn(service: &str, resource: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")
}

pub(super) fn bucket_arn(name: &str) -> String {
    format!("arn:${{AWS::Partition}}:s3:::{name}")
}

/// The condition of resources that need the function's code. The same stack creates the bucket for the code first.
pub(super) const HAS_CODE: &str = "HasCode";

/// Names of a deployer's resources, with pseudo parameters of CloudFormation for account and region.
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

    pub(super) fn machine_role(self) -> String {
        format!("{}-states", self.0)
    }

    /// The function for acts of people.
    pub(super) fn audit_function(self) -> String {
        names::audit_function(self.0.as_str())
    }

    pub(super) fn audit_function_arn(self) -> String {
        arn("lambda", &format!("function:{}", self.audit_function()))
    }

    pub(super) fn function_log(self) -> String {
        format!("/aws/lambda/{}", self.0)
    }

    /// AWS services may write to log groups with this prefix without an entry in the resource policy for each.
    pub(super) fn machine_log(self) -> String {
        format!("/aws/vendedlogs/states/{}", self.0)
    }

    pub(super) fn function_arn(self) -> String {
        arn("lambda", &format!("function:{}", self.0))
    }

    pub(super) fn machine_arn(self) -> String {
        arn("states", &format!("stateMachine:{}", self.0))
    }

    pub(super) fn executions_arn(self) -> String {
        arn("states", &format!("execution:{}:*", self.0))
    }

    pub(super) fn table_arn(self) -> String {
        arn("dynamodb", &format!("table/{}", self.lock_table()))
    }

    pub(super) fn execution_role_arn(self) -> String {
        format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{}", self.execution_role())
    }

    pub(super) fn bucket_arn(self) -> String {
        bucket_arn(&self.bucket())
    }

    /// Objects of the bucket whose keys match the pattern.
    pub(super) fn objects_arn(self, keys: &str) -> String {
        format!("{}/{keys}", self.bucket_arn())
    }
}
