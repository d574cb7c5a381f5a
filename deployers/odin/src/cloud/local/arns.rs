//! ARNs of the resources of an account and region.
//!
//! Those with random parts at AWS are digests of names in the local cloud, so that it does not have to store them.

use bifrost::local::RegionState;
use bifrost::release::{AccountId, Region};

/// The ARNs of the account and region of a call.
#[derive(Clone, Copy)]
pub(super) struct Arns<'a> {
    account: &'a AccountId,
    region: &'a Region,
}

impl<'a> Arns<'a> {
    pub(super) fn of<R>(region: &RegionState<'a, R>) -> Self {
        Self { account: region.account, region: region.region }
    }

    pub(super) fn target_group(self, name: &str) -> String {
        let id = digest(name);
        self.region.arn("elasticloadbalancing", self.account, &format!("targetgroup/{name}/{id:016x}"))
    }

    /// Of an auto-scaling group.
    pub(super) fn group(self, name: &str) -> String {
        self.auto_scaling("autoScalingGroup", name, "")
    }

    /// Of a group's scaling policy.
    pub(super) fn policy(self, group: &str, policy: &str) -> String {
        self.auto_scaling("scalingPolicy", group, &format!(":policyName/{policy}"))
    }

    fn auto_scaling(self, kind: &str, group: &str, rest: &str) -> String {
        let uuid = uuid(&format!("{group}{rest}"));
        self.region.arn("autoscaling", self.account, &format!("{kind}:{uuid}:autoScalingGroupName/{group}{rest}"))
    }

    pub(super) fn topic(self, name: &str) -> String {
        self.region.arn("sns", self.account, name)
    }

    /// Of an instance profile; its path begins and ends with `/`.
    pub(super) fn profile(self, path: &str, name: &str) -> String {
        self.region.iam_arn(self.account, &format!("instance-profile{path}{name}"))
    }

    /// Of a role; its path begins and ends with `/`.
    pub(super) fn role(self, path: &str, name: &str) -> String {
        self.region.iam_arn(self.account, &format!("role{path}{name}"))
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
