//! What Odin may do in a target account: what its ports call, and what AWS demands of who calls that.
//!
//! Groups and launch templates are told by the tags that every release puts on them, and the original's releases did;
//! placement groups and alarms by their names; the rest by what AWS lets a policy tell.

use bifrost::release::service_principal;
use bifrost::{Permission, PolicyCondition};

/// The tags that a group or template of a release has.
const HAS_TAGS: &[PolicyCondition] = &[
    ("Null", "aws:ResourceTag/ProjectName", &["false"]),
    ("Null", "aws:ResourceTag/ConfigName", &["false"]),
    ("Null", "aws:ResourceTag/ServiceName", &["false"]),
];

/// The tags that a group or template must be made with: without them it could not be changed again.
const GETS_TAGS: &[PolicyCondition] = &[
    ("Null", "aws:RequestTag/ProjectName", &["false"]),
    ("Null", "aws:RequestTag/ConfigName", &["false"]),
    ("Null", "aws:RequestTag/ServiceName", &["false"]),
];

const GROUPS: &str = "arn:${AWS::Partition}:autoscaling:*:${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/*";
const TEMPLATES: &str = "arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:launch-template/*";
const PLACEMENT_GROUPS: &str = "arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:placement-group/odin/*";

/// Everything, statement by statement.
pub(crate) const PERMISSIONS: &[Permission] = &[
    Permission {
        sid: "Look",
        why: "finds what a release names and sees how its groups are; AWS cannot limit these to some resources",
        actions: &[
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeLoadBalancerTargetGroups",
            "autoscaling:DescribeLoadBalancers",
            "autoscaling:DescribePolicies",
            "ec2:DescribeImages",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribePlacementGroups",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "elasticloadbalancing:DescribeInstanceHealth",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ],
        resources: &["*"],
        conditions: &[],
    },
    Permission {
        sid: "FindProfiles",
        why: "finds the instance profile of a service, and the role and topic of a lifecycle hook",
        actions: &["iam:GetInstanceProfile", "iam:GetRole", "sns:GetTopicAttributes"],
        resources: &[
            "arn:${AWS::Partition}:iam::${AWS::AccountId}:instance-profile/*",
            "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*",
            "arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*",
        ],
        conditions: &[],
    },
    Permission {
        sid: "MakeGroups",
        why: "makes the group of a service, with the tags by which it is found again",
        actions: &["autoscaling:CreateAutoScalingGroup"],
        resources: &[GROUPS],
        conditions: GETS_TAGS,
    },
    Permission {
        sid: "ChangeGroups",
        why: "sizes, detaches and deletes groups of releases, and no others",
        actions: &[
            "autoscaling:DeleteAutoScalingGroup",
            "autoscaling:DetachLoadBalancerTargetGroups",
            "autoscaling:DetachLoadBalancers",
            "autoscaling:EnableMetricsCollection",
            "autoscaling:PutScalingPolicy",
            "autoscaling:UpdateAutoScalingGroup",
        ],
        resources: &[GROUPS],
        conditions: HAS_TAGS,
    },
    Permission {
        sid: "MakeTemplates",
        why: "makes the launch template of a group, with the tags by which it is found again",
        actions: &["ec2:CreateLaunchTemplate"],
        resources: &[TEMPLATES],
        conditions: GETS_TAGS,
    },
    Permission {
        sid: "DeleteTemplates",
        why: "deletes the launch template of a group that goes",
        actions: &["ec2:DeleteLaunchTemplate"],
        resources: &[TEMPLATES],
        conditions: HAS_TAGS,
    },
    Permission {
        sid: "DeleteLaunchConfigurations",
        why: "deletes the launch configuration that the original Odin made for a group; these have no tags",
        actions: &["autoscaling:DeleteLaunchConfiguration"],
        resources: &["arn:${AWS::Partition}:autoscaling:*:${AWS::AccountId}:launchConfiguration:*"],
        conditions: &[],
    },
    Permission {
        sid: "PlacementGroups",
        why: "makes the placement group of a service and takes it back, if its name begins odin/",
        actions: &["ec2:CreatePlacementGroup", "ec2:DeletePlacementGroup"],
        resources: &[PLACEMENT_GROUPS],
        conditions: &[],
    },
    Permission {
        sid: "Launch",
        why: "EC2 Auto Scaling asks for it when a group is made of a launch template, and launches as itself then",
        actions: &["ec2:RunInstances"],
        resources: &["*"],
        conditions: &[("ArnLike", "ec2:LaunchTemplate", &[TEMPLATES])],
    },
    Permission {
        sid: "TagWhatIsMade",
        why: "EC2 asks for it when a template, a placement group or an instance is made with tags; none is tagged later",
        actions: &["ec2:CreateTags"],
        resources: &["arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:*"],
        conditions: &[(
            "StringEquals",
            "ec2:CreateAction",
            &["CreateLaunchTemplate", "CreatePlacementGroup", "RunInstances"],
        )],
    },
    Permission {
        sid: "PassRoles",
        why: "IAM asks for it when instances get a profile's role, and when a lifecycle hook gets the role it publishes with",
        actions: &["iam:PassRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"],
        conditions: &[(
            "StringEquals",
            "iam:PassedToService",
            &[service_principal::AUTO_SCALING, "ec2.${AWS::URLSuffix}"],
        )],
    },
    Permission {
        sid: "MakeServiceRoles",
        why: "the first group of an account, and its first spot instance, need the role that AWS's service itself works with",
        actions: &["iam:CreateServiceLinkedRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*"],
        conditions: &[(
            "StringEquals",
            "iam:AWSServiceName",
            &[service_principal::AUTO_SCALING, service_principal::SPOT],
        )],
    },
    Permission {
        sid: "MakeAlarms",
        why: "makes the alarms that drive the scaling policies of a group",
        actions: &["cloudwatch:PutMetricAlarm"],
        resources: &["arn:${AWS::Partition}:cloudwatch:*:${AWS::AccountId}:alarm:*-cpu_scale_*"],
        conditions: &[],
    },
    Permission {
        sid: "DeleteAlarms",
        why: "deletes the alarms that drive the policies of a group that goes, whoever made them",
        actions: &["cloudwatch:DeleteAlarms"],
        resources: &["arn:${AWS::Partition}:cloudwatch:*:${AWS::AccountId}:alarm:*"],
        conditions: &[],
    },
];

#[cfg(feature = "cli")]
#[cfg(test)]
#[path = "permissions_tests.rs"]
mod tests;
