//! The failures of launches that are known, by the texts of EC2 and Auto Scaling: the messages of scaling activities have no codes.
//!
//! Sources of the texts, by their mark in the table:
//!
//! - [guide] "Troubleshoot Amazon EC2 Auto Scaling", pages on launch failures, AMIs and capacity:
//!   <https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html>, and their source in
//!   <https://github.com/awsdocs/amazon-ec2-auto-scaling-user-guide> (`doc_source/ts-as-*.md`)
//! - [codes] EC2's error codes: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
//! - public reports, by their address

/// A failure of launches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KnownFailure {
    /// EC2's error code. Where EC2 has none, a name in the same style.
    pub(super) code: &'static str,
    /// Parts of the message, all of which occur, whatever their case.
    parts: &'static [&'static str],
    /// Whether a later attempt may succeed although nobody changes anything.
    pub(super) may_pass: bool,
    /// Whether another zone may have another answer.
    pub(super) is_of_zone: bool,
}

/// May pass, in this zone or another.
const fn zone(code: &'static str, parts: &'static [&'static str]) -> KnownFailure {
    KnownFailure { code, parts, may_pass: true, is_of_zone: true }
}

/// May pass.
const fn passing(code: &'static str, parts: &'static [&'static str]) -> KnownFailure {
    KnownFailure { code, parts, may_pass: true, is_of_zone: false }
}

/// Does not pass in this zone.
const fn unsupported(code: &'static str, parts: &'static [&'static str]) -> KnownFailure {
    KnownFailure { code, parts, may_pass: false, is_of_zone: true }
}

/// Does not pass.
const fn lasting(code: &'static str, parts: &'static [&'static str]) -> KnownFailure {
    KnownFailure { code, parts, may_pass: false, is_of_zone: false }
}

/// The first entry that matches counts.
pub(super) static KNOWN: &[KnownFailure] = &[
    // Capacity of EC2. [guide]; the code before the text is in https://github.com/cortexlabs/cortex/issues/936 and others.
    zone("InsufficientInstanceCapacity", &["do not have sufficient", "capacity in the Availability Zone"]),
    zone("InsufficientInstanceCapacity", &["InsufficientInstanceCapacity"]),
    // Spot. [codes]
    zone("InsufficientInstanceCapacity", &["no Spot capacity available"]),
    zone("UnfulfillableCapacity", &["UnfulfillableCapacity"]),
    // The price follows the market. [guide]
    zone("SpotMaxPriceTooLow", &["lower than the minimum required Spot request fulfillment price"]),
    // Other instances give addresses back. [codes]
    zone("InsufficientFreeAddressesInSubnet", &["not enough free addresses in subnet"]),
    // Quotas of the account.
    // https://repost.aws/knowledge-center/ec2-on-demand-instance-vcpu-increase
    lasting("VcpuLimitExceeded", &["more vCPU capacity than your current vCPU limit"]),
    // https://github.com/kubernetes/autoscaler/issues/1263
    lasting("InstanceLimitExceeded", &["more instances", "than your current instance limit"]),
    // [codes]
    lasting("MaxSpotInstanceCountExceeded", &["Max spot instance count exceeded"]),
    // Auto Scaling terminates the instance: "Termination Reason: Client.VolumeLimitExceeded: Volume limit exceeded". [codes]
    lasting("VolumeLimitExceeded", &["Client.VolumeLimitExceeded"]),
    // What the launch template names does not exist any more. The first text is EC2's, the second that of [guide].
    lasting("InvalidAMIID.NotFound", &["image id '", "does not exist"]),
    lasting("InvalidAMIID.NotFound", &["AMI ID", "does not exist"]),
    // A snapshot may be under way. [guide]
    passing("InvalidAMIID.Unavailable", &["is pending, and cannot be run"]),
    // https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2639
    lasting("InvalidIamInstanceProfile", &["Invalid IAM Instance Profile"]),
    // [guide]
    lasting("InvalidGroup.NotFound", &["security group", "does not exist"]),
    lasting("InvalidKeyPair.NotFound", &["key pair", "does not exist"]),
    // [codes]
    lasting("InvalidSubnetID.NotFound", &["subnet", "does not exist"]),
    lasting("InvalidLaunchTemplateName.NotFoundException", &["launch template", "does not exist"]),
    lasting("InvalidPlacementGroup.Unknown", &["Placement Group", "is unknown"]),
    // The service-linked role may not use the key of an encrypted volume. [guide]
    lasting("InvalidKMSKey.InvalidState", &["Client.InvalidKMSKey.InvalidState"]),
    lasting("Client.InternalError", &["Client.InternalError"]),
    // What the instance type cannot do, here or at all. [guide]
    unsupported("Unsupported", &["instance type", "is not supported in your requested Availability Zone"]),
    unsupported("Unsupported", &["requested Availability Zone is no longer supported"]),
    unsupported("Unsupported", &["requested configuration is currently not supported"]),
    lasting("InvalidParameterValue", &["architecture", "does not match the architecture"]),
    lasting("InvalidParameterCombination", &["Placement groups may not be used with instances of type"]),
    lasting("InvalidBlockDeviceMapping", &["Invalid device name"]),
    lasting("InvalidBlockDeviceMapping", &["EBS block device mappings not supported"]),
    lasting("InvalidParameterCombination", &["is not eligible for Free Tier"]),
    // The account. [guide], [codes]
    lasting("OptInRequired", &["not subscribed to this service"]),
    lasting("Blocked", &["account is currently blocked"]),
    lasting("UnauthorizedOperation", &["not authorized to perform"]),
    // "While normally resolved within minutes": https://github.com/eksctl-io/eksctl/issues/1022
    passing("PendingVerification", &["Your request for accessing resources in this region is being validated"]),
    // The first group of an account: IAM has not propagated the service-linked role yet, and the next attempt succeeds.
    passing("AuthFailure", &["Authentication Failure"]),
    passing("RequestLimitExceeded", &["Request limit exceeded"]),
];

impl KnownFailure {
    /// The failure with that message.
    pub(super) fn of(message: &str) -> Option<&'static Self> {
        let message = message.to_lowercase();
        KNOWN.iter().find(|known| known.parts.iter().all(|part| message.contains(&part.to_lowercase())))
    }
}
