//! The permissions of a deployer in a target account.

/// A condition of a policy: operator, key and values, such as `("StringEquals", "iam:PassedToService", &["…"])`.
pub type PolicyCondition = (&'static str, &'static str, &'static [&'static str]);

/// A statement of the policy of the deployer's role in a target account: actions that its ports call, or that AWS requires
/// for these calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Its name in the policy: letters and digits.
    pub sid: &'static str,
    /// The reason for the statement. The template contains it, for reviewers of the policy.
    pub why: &'static str,
    /// AWS's names of the actions, such as `autoscaling:CreateAutoScalingGroup`.
    pub actions: &'static [&'static str],
    /// ARNs of resources, in which `${AWS::Partition}` and `${AWS::AccountId}` are of the target account, and
    /// [`DEPLOYERS_BUCKET`] is the deployer's bucket; or `*`, for actions that IAM cannot restrict to resources.
    pub resources: &'static [&'static str],
    /// Conditions that must all hold.
    pub conditions: &'static [PolicyCondition],
}

impl Permission {
    /// A statement without conditions. The `OPERATIONS` of a [port](macro@crate::port) are actions where IAM has the operations' names.
    #[must_use]
    pub const fn new(
        sid: &'static str,
        why: &'static str,
        actions: &'static [&'static str],
        resources: &'static [&'static str],
    ) -> Self {
        Self { sid, why, actions, resources, conditions: &[] }
    }
}

/// The placeholder for the name of the deployer's bucket in the resources of a [`Permission`]. The bucket's policy admits only
/// the principals that `bootstrap --reader` names.
pub const DEPLOYERS_BUCKET: &str = "${Bucket}";

/// The permissions boundary of roles that a deployer creates: a managed policy of the target account that limits them,
/// whatever their own policies allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// The policy's name.
    pub name: &'static str,
    /// Its statements.
    pub permissions: &'static [Permission],
}
