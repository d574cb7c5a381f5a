//! What stacks read and use of the account, but do not create.

use super::BY_STACKS;
use bifrost::Permission;

pub(super) const LOOK_FOR_STACKS: Permission = Permission {
    sid: "LookForStacks",
    why: "CloudFormation and the services read the resources that a new resource depends on; layers may be of other accounts",
    actions: &[
        "cloudwatch:DescribeAlarms",
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeIpamPools",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DescribeCapacityReservation",
        "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "kms:ListAliases",
        "lambda:GetLayerVersion",
        "logs:DescribeSubscriptionFilters",
    ],
    resources: &["*"],
    conditions: &[BY_STACKS],
};

pub(super) const USE_EXISTING: Permission = Permission {
    sid: "UseExisting",
    why: "resources outside of the stack that a function, listener or origin uses; Fenrir checks which ones",
    actions: &[
        "cloudfront:GetVpcOrigin",
        "codedeploy:GetDeploymentConfig",
        "cognito-idp:DescribeUserPoolClient",
        "elasticfilesystem:DescribeMountTargets",
        "lambda:GetCodeSigningConfig",
        "lambda:PassCapacityProvider",
        "lambda:PutFunctionCodeSigningConfig",
    ],
    resources: &[
        "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:vpcorigin/*",
        "arn:${AWS::Partition}:codedeploy:*:${AWS::AccountId}:deploymentconfig:*",
        "arn:${AWS::Partition}:cognito-idp:*:${AWS::AccountId}:userpool/*",
        "arn:${AWS::Partition}:elasticfilesystem:*:${AWS::AccountId}:access-point/*",
        "arn:${AWS::Partition}:elasticfilesystem:*:${AWS::AccountId}:file-system/*",
        "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:capacity-provider:*",
        "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:code-signing-config:*",
    ],
    conditions: &[BY_STACKS],
};

pub(super) const USE_KEYS: Permission = Permission {
    sid: "UseKeys",
    why: "lets Lambda and DynamoDB use a team's own key; the policy of the key has to allow it, too",
    actions: &["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:RevokeGrant"],
    resources: &["arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"],
    conditions: &[
        BY_STACKS,
        ("StringLike", "kms:ViaService", &["dynamodb.*.${AWS::URLSuffix}", "lambda.*.${AWS::URLSuffix}"]),
    ],
};
