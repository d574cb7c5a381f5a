use super::known::KNOWN;
use super::*;

/// Messages of AWS, by the code that is shown, and whether they may pass.
const MESSAGES: &[(&str, bool, &str)] = &[
    (
        "InsufficientInstanceCapacity",
        true,
        "We currently do not have sufficient t3.nano capacity in the Availability Zone you requested (us-east-1a). Our system \
         will be working on provisioning additional capacity. You can currently get t3.nano capacity by not specifying an \
         Availability Zone in your request or choosing us-east-1b. Launching EC2 instance failed.",
    ),
    (
        "InsufficientInstanceCapacity",
        true,
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - none.",
    ),
    ("InsufficientInstanceCapacity", true, "There is no Spot capacity available that matches your request."),
    (
        "UnfulfillableCapacity",
        true,
        "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity.",
    ),
    (
        "SpotMaxPriceTooLow",
        true,
        "Your Spot request price of 0.001 is lower than the minimum required Spot request fulfillment price of 0.0031. \
         Launching EC2 instance failed.",
    ),
    (
        "InsufficientFreeAddressesInSubnet",
        true,
        "There are not enough free addresses in subnet 'subnet-1' to satisfy the requested number of instances. Launching EC2 \
         instance failed.",
    ),
    (
        "VcpuLimitExceeded",
        false,
        "You have requested more vCPU capacity than your current vCPU limit of 8 allows for the instance bucket that the \
         specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an \
         adjustment to this limit. Launching EC2 instance failed.",
    ),
    (
        "InstanceLimitExceeded",
        false,
        "You have requested more instances (7) than your current instance limit of 6 allows for the specified instance type. \
         Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit. Launching EC2 \
         instance failed.",
    ),
    ("MaxSpotInstanceCountExceeded", false, "Max spot instance count exceeded. Placing Spot instance request failed."),
    (
        "VolumeLimitExceeded",
        false,
        "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: \
         Client.VolumeLimitExceeded: Volume limit exceeded",
    ),
    (
        "InvalidAMIID.NotFound",
        false,
        "The image id '[ami-02c7e84c65fcfecee]' does not exist. Launching EC2 instance failed.",
    ),
    ("InvalidAMIID.NotFound", false, "The AMI ID ami-1 does not exist. Launching EC2 instance failed."),
    ("InvalidAMIID.Unavailable", true, "AMI ami-1 is pending, and cannot be run. Launching EC2 instance failed."),
    (
        "InvalidIamInstanceProfile",
        false,
        "Value (web) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name. Launching EC2 instance \
         failed.",
    ),
    ("InvalidGroup.NotFound", false, "The security group 'sg-1' does not exist. Launching EC2 instance failed."),
    ("InvalidKeyPair.NotFound", false, "The key pair 'ops' does not exist. Launching EC2 instance failed."),
    ("InvalidSubnetID.NotFound", false, "The subnet ID 'subnet-1' does not exist. Launching EC2 instance failed."),
    (
        "InvalidLaunchTemplateName.NotFoundException",
        false,
        "The specified launch template, with template name web, does not exist. Launching EC2 instance failed.",
    ),
    (
        "InvalidPlacementGroup.Unknown",
        false,
        "The Placement Group 'odin/web' is unknown. Launching EC2 instance failed.",
    ),
    (
        "InvalidKMSKey.InvalidState",
        false,
        "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: \
         Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state",
    ),
    (
        "Client.InternalError",
        false,
        "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: \
         Client.InternalError: Client error on launch",
    ),
    (
        "Unsupported",
        false,
        "Your requested instance type (m5.large) is not supported in your requested Availability Zone (us-east-1e). Please \
         retry your request by not specifying an Availability Zone or choosing us-east-1a. Launching EC2 instance failed.",
    ),
    (
        "Unsupported",
        false,
        "The requested Availability Zone is no longer supported. Please retry your request by not specifying an Availability \
         Zone or choosing us-east-1a. Launching EC2 instance failed.",
    ),
    (
        "Unsupported",
        false,
        "The requested configuration is currently not supported. Please check the documentation for supported configurations. \
         Launching EC2 instance failed.",
    ),
    (
        "InvalidParameterValue",
        false,
        "The requested instance type's architecture (i386) does not match the architecture in the manifest for ami-6622f00f \
         (x86_64). Launching ec2 instance failed.",
    ),
    (
        "InvalidParameterCombination",
        false,
        "Placement groups may not be used with instances of type 'm1.large'. Launching EC2 instance failed.",
    ),
    ("InvalidBlockDeviceMapping", false, "Invalid device name upload. Launching EC2 instance failed."),
    ("InvalidBlockDeviceMapping", false, "EBS block device mappings not supported for instance-store AMIs."),
    (
        "InvalidParameterCombination",
        false,
        "Could not launch On-Demand Instances. InvalidParameterCombination - The specified instance type is not eligible for \
         Free Tier. Launching EC2 instance failed.",
    ),
    ("OptInRequired", false, "You are not subscribed to this service. Please see https://aws.amazon.com/."),
    (
        "Blocked",
        false,
        "This account is currently blocked and not recognized as a valid account. Launching EC2 instance failed.",
    ),
    (
        "UnauthorizedOperation",
        false,
        "You are not authorized to perform this operation. Encoded authorization failure message: JUmM. Launching EC2 instance \
         failed.",
    ),
    (
        "PendingVerification",
        true,
        "Your request for accessing resources in this region is being validated, and you will not be able to launch additional \
         resources in this region until the validation is complete. Launching EC2 instance failed.",
    ),
    ("AuthFailure", true, "Authentication Failure. Launching EC2 instance failed."),
    ("RequestLimitExceeded", true, "Request limit exceeded. Launching EC2 instance failed."),
];

const QUOTA: &str =
    "You have requested more instances (7) than your current instance limit of 6 allows for the specified type.";
const NO_ROOM: &str =
    "We currently do not have sufficient t3.nano capacity in the Availability Zone you requested (us-east-1a).";

/// A launch that began at that second.
fn launch(second: i64, status: &str, message: Option<&str>) -> ScalingActivity {
    ScalingActivity {
        start_time: DateTime::from_timestamp(second, 0).unwrap(),
        status: status.into(),
        description: "Launching a new EC2 instance: i-1".into(),
        status_message: message.map(ToOwned::to_owned),
        availability_zone: Some("us-east-1a".into()),
    }
}

fn failed(second: i64, message: &str) -> ScalingActivity {
    launch(second, "Failed", Some(message))
}

fn in_zone(zone: &str, activity: ScalingActivity) -> ScalingActivity {
    ScalingActivity { availability_zone: Some(zone.into()), ..activity }
}

/// Whether these launches are hopeless; the first began last.
fn is_hopeless(activities: &[ScalingActivity]) -> bool {
    LaunchFailures::of(activities).is_hopeless()
}

#[test]
fn every_known_failure_has_a_message_of_aws() {
    let mut matched = BTreeSet::new();
    for (code, may_pass, message) in MESSAGES {
        let known = KnownFailure::of(message).unwrap_or_else(|| panic!("{message}"));
        assert_eq!((known.code, known.may_pass), (*code, *may_pass), "{message}");
        matched.insert(KNOWN.iter().position(|entry| std::ptr::eq(entry, known)));
        let twice = [failed(60, message), failed(0, message)];
        assert_eq!(is_hopeless(&twice), !may_pass, "{message}");
        let failures = LaunchFailures::of(&twice);
        let [reason] = failures.reasons() else { panic!("{failures:?}") };
        assert!(reason.text.starts_with(code) && reason.code.starts_with(code), "{reason:?}");
        assert!(reason.code.len() <= code.len() + " in us-east-1a".len(), "text of AWS: {reason:?}");
    }
    assert_eq!(matched.len(), KNOWN.len(), "a failure without a message, or hidden behind another");
}

#[test]
fn reasons_are_short_and_name_zones() {
    let activities = [
        failed(3, "Some new text. More of it. Launching EC2 instance failed."),
        in_zone("us-east-1b", failed(2, NO_ROOM)),
        failed(1, NO_ROOM),
        failed(0, "The image id '[ami-1]' does not exist. Launching EC2 instance failed."),
    ];
    let failures = LaunchFailures::of(&activities);
    let reasons: Vec<_> = failures.reasons().iter().map(|found| (found.code.as_str(), found.text.as_str())).collect();
    let no_room = "InsufficientInstanceCapacity in us-east-1a, us-east-1b";
    let no_image = "InvalidAMIID.NotFound: The image id '[ami-1]' does not exist";
    assert_eq!(reasons, [("launches fail", "Some new text"), (no_room, no_room), ("InvalidAMIID.NotFound", no_image)]);
    let long = "ü".repeat(500);
    assert_eq!(LaunchFailures::of(&[failed(0, &long)]).reasons()[0].text.chars().count(), MAX_CHARS + 1);
}

#[test]
fn failures_before_a_successful_launch_do_not_count() {
    let recovered = [launch(90, "Successful", None), failed(60, QUOTA), failed(0, QUOTA)];
    assert_eq!(LaunchFailures::of(&recovered), LaunchFailures::default());
    let stuck_again = [failed(180, QUOTA), failed(120, QUOTA), launch(90, "Successful", None), failed(60, NO_ROOM)];
    assert!(is_hopeless(&stuck_again));
    // Auto Scaling begins some launches at the same time.
    let together = [launch(0, "Successful", None), failed(0, NO_ROOM)];
    assert_eq!(LaunchFailures::of(&together).reasons().len(), 1);
}

#[test]
fn one_failure_is_not_certain() {
    assert!(!is_hopeless(&[failed(0, QUOTA)]));
    assert!(!is_hopeless(&[failed(44, QUOTA), failed(0, QUOTA)]));
    assert!(is_hopeless(&[failed(45, QUOTA), failed(0, QUOTA)]));
}

#[test]
fn one_reason_that_may_pass_is_hope() {
    for message in [NO_ROOM, "Some new text."] {
        assert!(!is_hopeless(&[failed(120, QUOTA), failed(60, message), failed(0, QUOTA)]), "{message}");
    }
}

#[test]
fn later_launch_in_progress_is_hope() {
    assert!(!is_hopeless(&[launch(90, "InProgress", None), failed(60, QUOTA), failed(0, QUOTA)]));
    assert!(is_hopeless(&[failed(60, QUOTA), launch(30, "InProgress", None), failed(0, QUOTA)]));
}

#[test]
fn unsupported_type_is_hopeless_only_in_all_zones() {
    let unsupported =
        "Your requested instance type (m5.large) is not supported in your requested Availability Zone (us-east-1e).";
    let here = |second| in_zone("us-east-1e", failed(second, unsupported));
    assert!(!is_hopeless(&[here(120), failed(60, NO_ROOM), here(0)]));
    assert!(is_hopeless(&[here(120), failed(60, unsupported), here(0)]));
}

#[test]
fn terminations_are_not_launches() {
    let terminated = ScalingActivity { description: "Terminating EC2 instance: i-1".into(), ..failed(0, QUOTA) };
    assert_eq!(LaunchFailures::of(&[terminated]), LaunchFailures::default());
}
