//! Distributions and load balancers, and alarms.

use super::BY_STACKS;
use bifrost::Permission;

const DISTRIBUTIONS: &[&str] = &["arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/*"];

pub(super) const ALARMS: Permission = Permission {
    sid: "Alarms",
    why: "alarms of the stack",
    actions: &[
        "cloudwatch:DeleteAlarms",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
    ],
    resources: &["arn:${AWS::Partition}:cloudwatch:*:${AWS::AccountId}:alarm:fenrir-*"],
    conditions: &[BY_STACKS],
};

pub(super) const MAKE_DISTRIBUTIONS: Permission = Permission {
    sid: "MakeDistributions",
    why: "creates CloudFront distributions with tags that identify them; AWS has no resource-level permissions for that",
    actions: &["cloudfront:CreateDistribution"],
    resources: &["*"],
    conditions: &[
        BY_STACKS,
        ("Null", "aws:RequestTag/ProjectName", &["false"]),
        ("Null", "aws:RequestTag/ConfigName", &["false"]),
    ],
};

pub(super) const TAG_DISTRIBUTIONS: Permission = Permission {
    sid: "TagDistributions",
    why: "reads distributions, and tags a new one",
    actions: &[
        "cloudfront:GetDistribution",
        "cloudfront:GetDistributionConfig",
        "cloudfront:ListTagsForResource",
        "cloudfront:TagResource",
    ],
    resources: DISTRIBUTIONS,
    conditions: &[BY_STACKS],
};

pub(super) const CHANGE_DISTRIBUTIONS: Permission = Permission {
    sid: "ChangeDistributions",
    why: "updates and deletes only distributions with these tags",
    actions: &[
        "cloudfront:DeleteDistribution",
        "cloudfront:UntagResource",
        "cloudfront:UpdateDistribution",
        "cloudfront:UpdateDistributionWithStagingConfig",
    ],
    resources: DISTRIBUTIONS,
    conditions: &[
        BY_STACKS,
        ("Null", "aws:ResourceTag/ProjectName", &["false"]),
        ("Null", "aws:ResourceTag/ConfigName", &["false"]),
    ],
};

pub(super) const BALANCERS: Permission = Permission {
    sid: "Balancers",
    why: "load balancers, their listeners and rules, and target groups",
    actions: &[
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyCapacityReservation",
        "elasticloadbalancing:ModifyIpPools",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetRulePriorities",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets",
    ],
    resources: &[
        "arn:${AWS::Partition}:elasticloadbalancing:*:${AWS::AccountId}:listener*/app/fenrir-*",
        "arn:${AWS::Partition}:elasticloadbalancing:*:${AWS::AccountId}:loadbalancer/app/fenrir-*",
        "arn:${AWS::Partition}:elasticloadbalancing:*:${AWS::AccountId}:targetgroup/fenrir-*",
    ],
    conditions: &[BY_STACKS],
};
