//! The permissions of Odin's role in a target account: the calls of its ports, and what AWS requires for these calls.
//!
//! Policies identify groups and launch templates by the tags that every release sets (Go Odin's releases, too),
//! placement groups and alarms by their names, and other resources by what AWS supports.

use bifrost::release::service_principal;
use bifrost::{Permission, PolicyCondition};

/// The tags that a group or template of a release has.
const HAS_TAGS: &[PolicyCondition] = &[
    ("Null", "aws:ResourceTag/ProjectName", &["false"]),
    ("Null", "aws:ResourceTag/ConfigName", &["false"]),
    ("Null", "aws:ResourceTag/ServiceName", &["false"]),
];

/// The tags that a group or template must be created with: without them Odin could not change it again.
const GETS_TAGS: &[PolicyCondition] = &[
    ("Null", "aws:RequestTag/ProjectName", &["false"]),
    ("Null", "aws:RequestTag/ConfigName", &["false"]),
    ("Null", "aws:RequestTag/ServiceName", &["false"]),
];

const GROUPS: &str = "arn:${AWS::Partition}:autoscaling:*:${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/*";
const TEMPLATES: &str = "arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:launch-template/*";
const PLACEMENT_GROUPS: &str = "arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:placement-group/odin/*";

/// All permissions, one for each statement of the policy.
pub(crate) const PERMISSIONS: &[Permission] = &[
    Permission {
        sid: "Read",
        why: "find the resources of a release, and read the state of its groups; AWS cannot limit these to some resources",
        actions: &[
            "autoscaling:DescribeAccountLimits",
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeLifecycleHooks",
            "autoscaling:DescribeLoadBalancerTargetGroups",
            "autoscaling:DescribeLoadBalancers",
            "autoscaling:DescribeScalingActivities",
            "cloudwatch:DescribeAlarms",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTypeOfferings",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribePlacementGroups",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "elasticloadbalancing:DescribeInstanceHealth",
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
        why: "find the instance profile of a service, and the role and topic of a lifecycle hook",
        actions: &["iam:GetInstanceProfile", "iam:GetRole", "sns:GetTopicAttributes"],
        resources: &[
            "arn:${AWS::Partition}:iam::${AWS::AccountId}:instance-profile/*",
            "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*",
            "arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*",
        ],
        conditions: &[],
    },
    Permission {
        sid: "CreateGroups",
        why: "create the group of a service, with the tags by which Odin finds it again",
        actions: &["autoscaling:CreateAutoScalingGroup"],
        resources: &[GROUPS],
        conditions: GETS_TAGS,
    },
    Permission {
        sid: "ChangeGroups",
        why: "resize, tag, detach and delete groups of releases, and no others",
        actions: &[
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:DeleteAutoScalingGroup",
            "autoscaling:DetachLoadBalancerTargetGroups",
            "autoscaling:DetachLoadBalancers",
            "autoscaling:EnableMetricsCollection",
            "autoscaling:PutScalingPolicy",
            "autoscaling:ResumeProcesses",
            "autoscaling:SuspendProcesses",
            "autoscaling:UpdateAutoScalingGroup",
        ],
        resources: &[GROUPS],
        conditions: HAS_TAGS,
    },
    Permission {
        sid: "CreateTemplates",
        why: "create the launch template of a group, with the tags by which Odin finds it again",
        actions: &["ec2:CreateLaunchTemplate"],
        resources: &[TEMPLATES],
        conditions: GETS_TAGS,
    },
    Permission {
        sid: "DeleteTemplates",
        why: "delete the launch template of a group that is deleted",
        actions: &["ec2:DeleteLaunchTemplate"],
        resources: &[TEMPLATES],
        conditions: HAS_TAGS,
    },
    Permission {
        sid: "DeleteLaunchConfigurations",
        why: "delete the launch configuration that Go Odin created for a group; launch configurations have no tags",
        actions: &["autoscaling:DeleteLaunchConfiguration"],
        resources: &["arn:${AWS::Partition}:autoscaling:*:${AWS::AccountId}:launchConfiguration:*"],
        conditions: &[],
    },
    Permission {
        sid: "PlacementGroups",
        why: "create and delete placement groups whose names begin with odin/",
        actions: &["ec2:CreatePlacementGroup", "ec2:DeletePlacementGroup"],
        resources: &[PLACEMENT_GROUPS],
        conditions: &[],
    },
    Permission {
        sid: "Launch",
        why: "Auto Scaling requires it to create a group with a launch template; it launches instances with its own role",
        actions: &["ec2:RunInstances"],
        resources: &["*"],
        conditions: &[("ArnLike", "ec2:LaunchTemplate", &[TEMPLATES])],
    },
    Permission {
        sid: "TagOnCreate",
        why: "EC2 requires it to create a template, a placement group, an instance or a volume with tags; Odin adds no tags later",
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
        why: "IAM requires it to give instances the role of a profile, and a lifecycle hook the role that it publishes with",
        actions: &["iam:PassRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"],
        conditions: &[(
            "StringEquals",
            "iam:PassedToService",
            &[service_principal::AUTO_SCALING, "ec2.${AWS::URLSuffix}"],
        )],
    },
    Permission {
        sid: "CreateServiceLinkedRoles",
        why: "an account's first group, and its first spot instance, need the service-linked role of that service",
        actions: &["iam:CreateServiceLinkedRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*"],
        conditions: &[(
            "StringEquals",
            "iam:AWSServiceName",
            &[service_principal::AUTO_SCALING, service_principal::SPOT],
        )],
    },
    Permission {
        sid: "CreateAlarms",
        why: "create the alarms of the scaling policies of a group; Auto Scaling deletes them with the group",
        actions: &["cloudwatch:PutMetricAlarm"],
        resources: &["arn:${AWS::Partition}:cloudwatch:*:${AWS::AccountId}:alarm:*-cpu_scale_*"],
        conditions: &[],
    },
];

#[cfg(feature = "cli")]
#[cfg(test)]
#[path = "permissions_tests.rs"]
mod tests;
