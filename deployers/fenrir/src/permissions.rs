//! The permissions of Fenrir in a target account: for the calls of its ports, and for what CloudFormation does on its behalf.
//!
//! CloudFormation creates resources with the permissions of the caller that executes the change set. Therefore Fenrir may
//! create them only through CloudFormation (`aws:CalledVia`), and only in stacks with its name prefix. Resources of stacks are
//! limited by name wherever IAM allows it. Roles can only be created under the boundary of `boundary.rs`.

use bifrost::release::service_principal;
use bifrost::{Permission, PolicyCondition};

/// Only through CloudFormation, when it creates, updates or deletes a stack.
const BY_STACKS: PolicyCondition = ("ForAnyValue:StringEquals", "aws:CalledVia", &[service_principal::CLOUD_FORMATION]);

/// Only for roles with the boundary.
const BOUNDED: PolicyCondition = (
    "ArnEquals",
    "iam:PermissionsBoundary",
    &["arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/fenrir-permissions-boundary"],
);

/// The roles of stacks, which CloudFormation names after the stack.
const ROLES: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/sam-*";

/// The role that SAM creates for gradual deployments. SAM sets no boundary on it, and it needs none: only AWS's own policy can
/// be attached to it.
const DEPLOYMENT_ROLES: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/sam-*-CodeDeployServiceRole-*";

/// The statements of the policy.
pub(crate) const PERMISSIONS: &[Permission] = &[
    Permission {
        sid: "Stacks",
        why: "creates, updates, observes and deletes the stacks of releases, and detects drift",
        actions: &[
            "cloudformation:CancelUpdateStack",
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeEvents",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DescribeStacks",
            "cloudformation:DetectStackDrift",
            "cloudformation:DetectStackResourceDrift",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplate",
        ],
        resources: &["arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stack/sam-*"],
        conditions: &[],
    },
    Permission {
        sid: "Transform",
        why: "lets CloudFormation run the SAM transform, and no other macro",
        actions: &["cloudformation:CreateChangeSet"],
        resources: &["arn:${AWS::Partition}:cloudformation:*:aws:transform/Serverless-2016-10-31"],
        conditions: &[],
    },
    Permission {
        sid: "ReadReleases",
        why: "CloudFormation and Lambda read a large template and the code with the permissions of the caller; only releases to this account",
        actions: &["s3:GetObject"],
        resources: &["arn:${AWS::Partition}:s3:::${Bucket}/${AWS::AccountId}/*"],
        conditions: &[],
    },
    Permission {
        sid: "Look",
        why: "finds the resources that a template refers to; AWS has no resource-level permissions for these calls",
        actions: &[
            "cloudformation:DescribeStackDriftDetectionStatus",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "tag:GetResources",
        ],
        resources: &["*"],
        conditions: &[],
    },
    Permission {
        sid: "LookAtOne",
        why: "reads the tags of the roles, keys and tables that a template refers to, and the stream of a table, but no data",
        actions: &["dynamodb:DescribeTable", "iam:GetRole", "kms:DescribeKey", "kms:ListResourceTags"],
        resources: &[
            "arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/*",
            "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*",
            "arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*",
        ],
        conditions: &[],
    },
    Permission {
        sid: "LookForStacks",
        why: "CloudFormation and the services read the resources that a new resource depends on",
        actions: &[
            "cloudwatch:DescribeAlarms",
            "codedeploy:GetDeploymentConfig",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeVpcs",
            "elasticloadbalancing:Describe*",
            "lambda:GetLayerVersion",
            "lambda:ListEventSourceMappings",
            "logs:DescribeLogGroups",
            "logs:DescribeSubscriptionFilters",
        ],
        resources: &["*"],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "Functions",
        why: "functions with their versions, aliases, URLs and permissions, and layers",
        actions: &["lambda:*"],
        resources: &[
            "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:fenrir-*",
            "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:layer:layer-*",
        ],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "EventSources",
        why: "event source mappings; AWS generates their names, so that they are limited by their function",
        actions: &[
            "lambda:CreateEventSourceMapping",
            "lambda:DeleteEventSourceMapping",
            "lambda:GetEventSourceMapping",
            "lambda:UpdateEventSourceMapping",
        ],
        resources: &["*"],
        conditions: &[
            BY_STACKS,
            ("ArnLike", "lambda:FunctionArn", &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:fenrir-*"]),
        ],
    },
    Permission {
        sid: "TagEventSources",
        why: "CloudFormation adds the tags of a stack to its event source mappings, too",
        actions: &["lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"],
        resources: &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:event-source-mapping:*"],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "MakeRoles",
        why: "creates and changes the role of a function with policies, only under the boundary; no statement allows removing the boundary",
        actions: &["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
        resources: &[ROLES],
        conditions: &[BY_STACKS, BOUNDED],
    },
    Permission {
        sid: "AttachPolicies",
        why: "the managed policies that SAM attaches to roles of functions: logs, traces, VPC, polling",
        actions: &["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        resources: &[ROLES],
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
    },
    Permission {
        sid: "MakeDeploymentRoles",
        why: "the role with which CodeDeploy shifts the traffic of the functions of a stack",
        actions: &["iam:CreateRole"],
        resources: &[DEPLOYMENT_ROLES],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "AttachDeploymentPolicies",
        why: "attaches AWS's policy for that role, and no other",
        actions: &["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        resources: &[DEPLOYMENT_ROLES],
        conditions: &[
            BY_STACKS,
            (
                "ArnLike",
                "iam:PolicyARN",
                &["arn:${AWS::Partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda*"],
            ),
        ],
    },
    Permission {
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
        resources: &[ROLES],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "PassRoles",
        why: "passes a function its role: one of its stack, or an existing one, whose tags Fenrir checks because IAM cannot check tags here",
        actions: &["iam:PassRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"],
        conditions: &[("StringEquals", "iam:PassedToService", &[service_principal::LAMBDA])],
    },
    Permission {
        sid: "PassDeploymentRoles",
        why: "passes CodeDeploy the role of the stack",
        actions: &["iam:PassRole"],
        resources: &[DEPLOYMENT_ROLES],
        conditions: &[("StringEquals", "iam:PassedToService", &[service_principal::CODE_DEPLOY])],
    },
    Permission {
        sid: "MakeServiceRoles",
        why: "the first load balancer of an account needs the service-linked role",
        actions: &["iam:CreateServiceLinkedRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*"],
        conditions: &[BY_STACKS, ("StringEquals", "iam:AWSServiceName", &[service_principal::ELASTIC_LOAD_BALANCING])],
    },
    Permission {
        sid: "Apis",
        why: "REST and HTTP APIs with their stages, keys and usage plans; AWS generates their ids, so that they cannot be limited by name",
        actions: &[
            "apigateway:DELETE",
            "apigateway:GET",
            "apigateway:PATCH",
            "apigateway:POST",
            "apigateway:PUT",
            "apigateway:UpdateRestApiPolicy",
        ],
        resources: &[
            "arn:${AWS::Partition}:apigateway:*::/apikeys*",
            "arn:${AWS::Partition}:apigateway:*::/apis*",
            "arn:${AWS::Partition}:apigateway:*::/restapis*",
            "arn:${AWS::Partition}:apigateway:*::/tags/*",
            "arn:${AWS::Partition}:apigateway:*::/usageplans*",
        ],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "Tables",
        why: "tables, but not their items",
        actions: &[
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:Describe*",
            "dynamodb:GetResourcePolicy",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
            "dynamodb:UpdateTimeToLive",
        ],
        resources: &["arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/fenrir-*"],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "Queues",
        why: "queues, but not their messages; SAM creates a queue between a topic and a function and names it after the stack",
        actions: &[
            "sqs:CreateQueue",
            "sqs:DeleteQueue",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListQueueTags",
            "sqs:SetQueueAttributes",
            "sqs:TagQueue",
            "sqs:UntagQueue",
        ],
        resources: &[
            "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:fenrir-*",
            "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:sam-*",
        ],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "Subscriptions",
        why: "subscriptions of functions to topics, whose tags Fenrir checks",
        actions: &[
            "sns:GetSubscriptionAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:SetSubscriptionAttributes",
            "sns:Subscribe",
            "sns:Unsubscribe",
        ],
        resources: &["arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*"],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "Rules",
        why: "schedules and events of functions",
        actions: &[
            "events:DeleteRule",
            "events:DescribeRule",
            "events:DisableRule",
            "events:EnableRule",
            "events:ListTagsForResource",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
        ],
        resources: &[
            "arn:${AWS::Partition}:events:*:${AWS::AccountId}:rule/*/sam-*",
            "arn:${AWS::Partition}:events:*:${AWS::AccountId}:rule/sam-*",
        ],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "LogFilters",
        why: "subscription filters of log groups, whose tags Fenrir checks",
        actions: &["logs:DeleteSubscriptionFilter", "logs:PutSubscriptionFilter"],
        resources: &["arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:*"],
        conditions: &[BY_STACKS],
    },
    Permission {
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
    },
    Permission {
        sid: "MakeDistributions",
        why: "creates CloudFront distributions, with tags that identify them",
        actions: &[
            "cloudfront:CreateDistribution",
            "cloudfront:GetDistribution",
            "cloudfront:GetDistributionConfig",
            "cloudfront:ListTagsForResource",
            "cloudfront:TagResource",
        ],
        resources: &["arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/*"],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "ChangeDistributions",
        why: "updates and deletes only distributions with these tags",
        actions: &["cloudfront:DeleteDistribution", "cloudfront:UntagResource", "cloudfront:UpdateDistribution"],
        resources: &["arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/*"],
        conditions: &[
            BY_STACKS,
            ("Null", "aws:ResourceTag/ProjectName", &["false"]),
            ("Null", "aws:ResourceTag/ConfigName", &["false"]),
        ],
    },
    Permission {
        sid: "Balancers",
        why: "load balancers, their listeners and rules, and target groups",
        actions: &["elasticloadbalancing:*"],
        resources: &[
            "arn:${AWS::Partition}:elasticloadbalancing:*:${AWS::AccountId}:listener*/app/fenrir-*",
            "arn:${AWS::Partition}:elasticloadbalancing:*:${AWS::AccountId}:loadbalancer/app/fenrir-*",
            "arn:${AWS::Partition}:elasticloadbalancing:*:${AWS::AccountId}:targetgroup/fenrir-*",
        ],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "Deployments",
        why: "CodeDeploy shifts the traffic of functions",
        actions: &["codedeploy:*"],
        resources: &[
            "arn:${AWS::Partition}:codedeploy:*:${AWS::AccountId}:application:sam-*",
            "arn:${AWS::Partition}:codedeploy:*:${AWS::AccountId}:deploymentgroup:sam-*",
        ],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "UseKeys",
        why: "lets Lambda and DynamoDB use a team's own key; the policy of the key has to allow it, too",
        actions: &["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"],
        resources: &["arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"],
        conditions: &[
            BY_STACKS,
            ("StringLike", "kms:ViaService", &["dynamodb.*.${AWS::URLSuffix}", "lambda.*.${AWS::URLSuffix}"]),
        ],
    },
];

#[cfg(feature = "cli")]
#[cfg(test)]
#[path = "permissions_tests.rs"]
mod tests;
