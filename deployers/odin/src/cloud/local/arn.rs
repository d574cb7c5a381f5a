//! ARNs of what a region holds. Those with random parts at AWS have the digest of a name here, so that a world needs to
//! keep none of them.

use super::Here;

impl Here<'_> {
    /// ARN of a target group.
    pub(super) fn target_group_arn(&self, name: &str) -> String {
        let id = digest(name);
        format!("arn:aws:elasticloadbalancing:{}:{}:targetgroup/{name}/{id:016x}", self.region, self.account)
    }

    /// ARN of an auto-scaling group.
    pub(super) fn group_arn(&self, name: &str) -> String {
        self.auto_scaling_arn("autoScalingGroup", name, "")
    }

    /// ARN of a group's scaling policy.
    pub(super) fn policy_arn(&self, group: &str, policy: &str) -> String {
        self.auto_scaling_arn("scalingPolicy", group, &format!(":policyName/{policy}"))
    }

    fn auto_scaling_arn(&self, kind: &str, group: &str, rest: &str) -> String {
        let uuid = uuid(&format!("{group}{rest}"));
        format!("arn:aws:autoscaling:{}:{}:{kind}:{uuid}:autoScalingGroupName/{group}{rest}", self.region, self.account)
    }

    /// ARN of a topic.
    pub(super) fn topic_arn(&self, name: &str) -> String {
        format!("arn:aws:sns:{}:{}:{name}", self.region, self.account)
    }
}

fn uuid(name: &str) -> String {
    let digest = digest(name);
    let (a, b, c) = (digest >> 32, digest >> 16 & 0xffff, digest & 0xffff);
    format!("{a:08x}-{b:04x}-{c:04x}-0000-000000000000")
}

/// FNV-1a: short, and the same in every build.
fn digest(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
