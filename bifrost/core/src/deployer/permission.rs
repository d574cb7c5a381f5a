//! What a deployer may do in a target account.

/// A condition of a policy: operator, key and values, such as `("StringEquals", "iam:PassedToService", &["…"])`.
pub type PolicyCondition = (&'static str, &'static str, &'static [&'static str]);

/// A statement of the policy of the one role in a target account: actions that the deployer's ports call there, or that
/// AWS demands of who calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Its name in the policy: letters and digits.
    pub sid: &'static str,
    /// Why it is needed; the template carries it for who reviews the policy.
    pub why: &'static str,
    /// AWS's names of the actions, such as `autoscaling:CreateAutoScalingGroup`.
    pub actions: &'static [&'static str],
    /// What they are allowed on: ARNs, in which `${AWS::Partition}` and `${AWS::AccountId}` are those of the target
    /// account, and [`DEPLOYERS_BUCKET`] stands for the deployer's; or `*`, where IAM cannot tell one resource from another.
    pub resources: &'static [&'static str],
    /// What must hold beside: all of these.
    pub conditions: &'static [PolicyCondition],
}

/// What stands for the name of the deployer's bucket in the resources of a [`Permission`]. That account's bucket lets in
/// only whom `bootstrap --reader` names.
pub const DEPLOYERS_BUCKET: &str = "${Bucket}";

/// What roles that a deployer makes may ever do, whatever their own policies say: a managed policy of the target account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// The policy's name.
    pub name: &'static str,
    /// Its statements.
    pub permissions: &'static [Permission],
}
