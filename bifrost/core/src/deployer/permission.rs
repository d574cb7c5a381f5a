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
    /// Conditions that must all hold. Values may have the variables of resources, and those of IAM, such as
    /// `${aws:PrincipalTag/ProjectName}`.
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

/// Whether it has letters and digits, and at least one.
pub(super) const fn is_sid(sid: &str) -> bool {
    let mut rest = sid.as_bytes();
    while let [byte, others @ ..] = rest {
        if !byte.is_ascii_alphanumeric() {
            return false;
        }
        rest = others;
    }
    !sid.is_empty()
}

/// Whether it is a service in lower case and a call, which begins with an upper-case letter; `*` at its end stands for all that begin so.
pub(super) const fn is_action(action: &str) -> bool {
    let mut rest = action.as_bytes();
    let mut has_service = false;
    while let [byte, others @ ..] = rest {
        match byte {
            b':' => return has_service && is_call(others),
            b'a'..=b'z' | b'0'..=b'9' | b'-' => has_service = true,
            _ => return false,
        }
        rest = others;
    }
    false
}

/// Whether it is the name of a call, or begins one and ends with `*`.
const fn is_call(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let [byte, others @ ..] = rest {
        if !byte.is_ascii_alphanumeric() {
            return matches!(rest, [b'*']);
        }
        rest = others;
    }
    matches!(bytes, [b'A'..=b'Z', ..])
}

/// Whether it is `*`, or an ARN with known placeholders.
pub(super) const fn is_resource(resource: &str) -> bool {
    let bytes = resource.as_bytes();
    if let [b'*'] = bytes {
        return true;
    }
    let [b'a', b'r', b'n', b':', body @ ..] = bytes else { return false };
    let mut rest = body;
    while let [_, others @ ..] = rest {
        let is_placeholder = matches!(rest, [b'$', b'{', ..]);
        let known =
            begins(rest, "${AWS::Partition}") || begins(rest, "${AWS::AccountId}") || begins(rest, DEPLOYERS_BUCKET);
        if is_placeholder && !known {
            return false;
        }
        rest = others;
    }
    true
}

const fn begins(bytes: &[u8], with: &str) -> bool {
    let (mut bytes, mut with) = (bytes, with.as_bytes());
    while let [expected, others @ ..] = with {
        match bytes {
            [byte, rest @ ..] if *byte == *expected => bytes = rest,
            _ => return false,
        }
        with = others;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_is_one_call_of_a_service() {
        for right in [
            "dynamodb:GetItem",
            "apigateway:GET",
            "s3:ListBucket",
            "ec2:DescribeVpcs",
            "application-autoscaling:PutScalingPolicy",
            "lambda:DisableReplication*",
            "lambda:*",
        ] {
            assert!(is_action(right), "{right}");
        }
        for wrong in [
            "",
            "*",
            "GetItem",
            "dynamodb:*Item",
            "dynamodb:",
            ":GetItem",
            "dynamodb:getItem",
            "DynamoDB:GetItem",
            "dynamodb: GetItem",
        ] {
            assert!(!is_action(wrong), "{wrong}");
        }
    }

    #[test]
    fn resource_is_an_arn_with_known_placeholders() {
        for right in ["*", "arn:${AWS::Partition}:s3:::${Bucket}/${AWS::AccountId}/*", "arn:aws:s3:::flags"] {
            assert!(is_resource(right), "{right}");
        }
        for wrong in ["", "table/flags", "arn:${AWS::Account}:s3:::flags", "arn:aws:s3:::${bucket}"] {
            assert!(!is_resource(wrong), "{wrong}");
        }
    }

    #[test]
    fn sid_has_letters_and_digits() {
        assert!(is_sid("Flags2"));
        for wrong in ["", "My Flags", "flags-2"] {
            assert!(!is_sid(wrong), "{wrong}");
        }
    }
}
