//! Roles: those that SAM creates for functions, only under the boundary, and SAM's role for gradual deployments.

use super::BY_STACKS;
use bifrost::release::service_principal;
use bifrost::{Permission, PolicyCondition};

/// Only for roles with the boundary.
const BOUNDED: PolicyCondition = (
    "ArnEquals",
    "iam:PermissionsBoundary",
    &["arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/fenrir-permissions-boundary"],
);

/// The roles of stacks, which CloudFormation names after the stack.
const NAMED: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/sam-*";

/// The role that SAM creates for gradual deployments. SAM sets no boundary on it, and it needs none: only AWS's own policy can
/// be attached to it.
const FOR_DEPLOYMENTS: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/sam-*-CodeDeployServiceRole-*";

pub(super) const MAKE: Permission = Permission {
    sid: "MakeRoles",
    why: "creates and changes the role of a function with policies, only under the boundary; no statement allows removing the boundary",
    actions: &["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
    resources: &[NAMED],
    conditions: &[BY_STACKS, BOUNDED],
};

pub(super) const ATTACH_POLICIES: Permission = Permission {
    sid: "AttachPolicies",
    why: "the managed policies that SAM attaches to roles of functions: logs, traces, VPC, polling",
    actions: &["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
    resources: &[NAMED],
    conditions: &[
        BY_STACKS,
        BOUNDED,
        (
            "ArnLike",
            "iam:PolicyARN",
            &[
                "arn:${AWS::Partition}:iam::aws:policy/AWSX*ay*",
                "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambda*",
            ],
        ),
    ],
};

pub(super) const MAKE_FOR_DEPLOYMENTS: Permission = Permission {
    sid: "MakeDeploymentRoles",
    why: "the role with which CodeDeploy shifts the traffic of the functions of a stack",
    actions: &["iam:CreateRole"],
    resources: &[FOR_DEPLOYMENTS],
    conditions: &[BY_STACKS],
};

pub(super) const ATTACH_DEPLOYMENT_POLICIES: Permission = Permission {
    sid: "AttachDeploymentPolicies",
    why: "attaches AWS's policy for that role, and no other",
    actions: &["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
    resources: &[FOR_DEPLOYMENTS],
    conditions: &[
        BY_STACKS,
        (
            "ArnLike",
            "iam:PolicyARN",
            &["arn:${AWS::Partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda*"],
        ),
    ],
};

pub(super) const KEEP: Permission = Permission {
    sid: "KeepRoles",
    why: "reads, tags and deletes the roles of stacks",
    actions: &[
        "iam:DeleteRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:ListRoleTags",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateRole",
    ],
    resources: &[NAMED],
    conditions: &[BY_STACKS],
};

pub(super) const PASS: Permission = Permission {
    sid: "PassRoles",
    why: "passes a function its role: one of its stack, or an existing one, whose tags Fenrir checks because IAM cannot check tags here",
    actions: &["iam:PassRole"],
    resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"],
    conditions: &[("StringEquals", "iam:PassedToService", &[service_principal::LAMBDA])],
};

pub(super) const PASS_FOR_DEPLOYMENTS: Permission = Permission {
    sid: "PassDeploymentRoles",
    why: "passes CodeDeploy the role of the stack",
    actions: &["iam:PassRole"],
    resources: &[FOR_DEPLOYMENTS],
    conditions: &[("StringEquals", "iam:PassedToService", &[service_principal::CODE_DEPLOY])],
};

pub(super) const MAKE_FOR_SERVICES: Permission = Permission {
    sid: "MakeServiceRoles",
    why: "the first load balancer of an account needs a service-linked role, and so does the first function at the edge",
    actions: &["iam:CreateServiceLinkedRole"],
    resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*"],
    conditions: &[
        BY_STACKS,
        (
            "StringEquals",
            "iam:AWSServiceName",
            &[
                service_principal::ELASTIC_LOAD_BALANCING,
                service_principal::LAMBDA_REPLICATOR,
                service_principal::CLOUD_FRONT_LOGGER,
            ],
        ),
    ],
};
