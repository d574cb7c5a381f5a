//! The codes of the rules that a release can break: one code for each kind of rule, whatever field it concerns.

bifrost::rules! {
    /// A field that the release needs is missing or empty.
    REQUIRED = "odin/required", "add the field that the path names";
    /// The release names the same thing twice.
    DUPLICATE = "odin/duplicate", "name it once, or rename one of the two";
    /// A duration is shorter or longer than the deployer or AWS accepts.
    DURATION = "odin/duration", "use a duration within the range that the message names";
    /// The release names more alarms than Odin reads.
    ALARMS = "odin/alarms", "name fewer alarms, or one composite alarm for several";
    /// A name that Odin derives from the release is longer than AWS accepts.
    NAME_TOO_LONG = "odin/name-too-long", "shorten the name of the project, config, service or policy";
    /// A name cannot be that of such a resource in AWS.
    INVALID_NAME = "odin/invalid-name", "use the name of the resource, without its path or ARN";
    /// The release names more than AWS accepts for one group or instance, whatever the quotas of the account are.
    TOO_MANY = "odin/too-many", "remove some, or divide the service";
    /// EC2 does not accept the instance type, the spot price or the hop limit.
    INSTANCE = "odin/instance", "use a value that the message names";
    /// AWS does not accept a tag of the service.
    TAG = "odin/tag", "rename or remove the tag";
    /// EC2 does not accept the EBS volume: its size, IOPS or throughput for its type, or its device name.
    VOLUME = "odin/volume", "use a value that the message names, or another `ebs_volume_type`";
    /// The settings of a placement group are incomplete or contradict each other.
    PLACEMENT = "odin/placement", "make strategy and partition count agree, with each other and between services";
    /// `min_size` is larger than `max_size`, or one of them than Auto Scaling accepts.
    SIZES = "odin/sizes", "lower `min_size` or raise `max_size`";
    /// `spread` is not a share between 0 and 1.
    SPREAD = "odin/spread", "use a number from 0 to 1, such as 0.2 for 20 %";
    /// Auto Scaling or CloudWatch does not accept a scaling policy.
    POLICY = "odin/policy", "correct the field of the policy that the path names";
    /// The user data of a service is larger than EC2 accepts.
    USER_DATA_TOO_LARGE = "odin/user-data-too-large", "download large files when the instance boots";

    /// An auto-scaling group of this release exists, and another execution created it.
    RELEASE_EXISTS = "odin/release-exists", "create a new release and deploy that: a release is deployed only once";
    /// An auto-scaling group of the project and config has no tag `ServiceName` or `ReleaseID`.
    GROUP_UNTAGGED = "odin/group-untagged",
        "add the tags only if the next deploy may replace and delete this group; otherwise change its `ProjectName` or \
         `ConfigName`";
    /// A service has more than one auto-scaling group, so Odin cannot know which one to replace.
    SEVERAL_GROUPS = "odin/several-groups",
        "wait if a deploy is running; otherwise find out which group serves, and delete only the others";
    /// AWS has no resource of the name that the release uses.
    NOT_FOUND = "odin/not-found", "correct the name, the account or the region, or create the resource";
    /// The name of the release matches more than one resource.
    AMBIGUOUS = "odin/ambiguous", "use an id where the release allows it, or a name that only one resource has";
    /// An alarm of the release fires before the deploy begins.
    ALARM_FIRES_BEFORE = "odin/alarm-fires-before",
        "wait until the alarm is OK, or set `ignore_firing_alarms` to deploy in spite of it";
    /// The tags or the path of a resource do not allow this service to use it.
    NOT_OPTED_IN = "odin/not-opted-in",
        "use another resource, or ask its owner to add the tag or path that the message names";
    /// The image exists, but is not available.
    IMAGE_UNAVAILABLE = "odin/image-unavailable", "wait until the image is available, or use another image";
    /// The target group is not for instances.
    TARGET_TYPE = "odin/target-type", "use a target group of type `instance`";
    /// EC2 does not have the instance type, or not for this image or in the zones of the subnets.
    INSTANCE_TYPE = "odin/instance-type", "use another instance type, image or subnets, so that they fit each other";
    /// The placement group does not exist, and Odin may not create one of that name.
    PLACEMENT_NAME = "odin/placement-name", "create the placement group, or use a name with the prefix of the project";
    /// The placement group exists with other settings than the service wants.
    PLACEMENT_MISMATCH = "odin/placement-mismatch", "use another placement group, or change the release to match it";

    /// `safe_release` is set, and the release differs from the deployed one in more than code.
    UNSAFE_CHANGE = "odin/unsafe-change", "undo the change, or remove `safe_release` to deploy it";
    /// `safe_release` is set, and the deployed release cannot be read to compare with it.
    DEPLOYED_UNREADABLE = "odin/deployed-unreadable", "remove `safe_release` for this deploy";
}
