//! What Fenrir may do in a target account: what its ports call, and what CloudFormation does in its name there.
//!
//! CloudFormation makes resources with the rights of who executes a change set, not with its own. Fenrir may therefore
//! make them only by way of CloudFormation (`aws:CalledVia`), and only in stacks that are named as its are; what is in a
//! stack is told by name wherever IAM can tell it so. A role is made under the [boundary](crate::boundary) alone.

use bifrost::release::service_principal;
use bifrost::{Permission, PolicyCondition};

/// Only CloudFormation does it, when a stack is made, changed or deleted.
const BY_STACKS: PolicyCondition = ("ForAnyValue:StringEquals", "aws:CalledVia", &[service_principal::CLOUD_FORMATION]);

/// Only under the boundary.
const BOUNDED: PolicyCondition = (
    "ArnEquals",
    "iam:PermissionsBoundary",
    &["arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/fenrir-permissions-boundary"],
);

/// The roles that CloudFormation names after their stack.
const ROLES: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/sam-*";

/// The role that SAM makes for the gradual deployments of a stack: it is given none to bound, and needs no boundary, as it
/// can get AWS's own policy alone.
const DEPLOYMENT_ROLES: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/sam-*-CodeDeployServiceRole-*";

/// Everything, statement by statement.
pub(crate) const PERMISSIONS: &[Permission] = &[
    Permission {
        sid: "Stacks",
        why: "makes, changes, follows and removes the stacks of releases, and looks for drift in them",
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
        why: "has CloudFormation turn SAM into resources, and no other macro run",
        actions: &["cloudformation:CreateChangeSet"],
        resources: &["arn:${AWS::Partition}:cloudformation:*:aws:transform/Serverless-2016-10-31"],
        conditions: &[],
    },
    Permission {
        sid: "ReadReleases",
        why: "CloudFormation and Lambda fetch a large template and the code with the rights of who hands them on; only what is released to this account",
        actions: &["s3:GetObject"],
        resources: &["arn:${AWS::Partition}:s3:::${Bucket}/${AWS::AccountId}/*"],
        conditions: &[],
    },
    Permission {
        sid: "Look",
        why: "finds what a template refers to by its name and tags; AWS cannot limit these to some resources",
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
        why: "finds the role, key or table that a template refers to, and its tags or stream; reads nothing in it",
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
        why: "CloudFormation and the services look at what a new resource is to stand beside",
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
        why: "what a function of a stack polls; AWS names these, so they are told by their function",
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
        why: "a stack's tags are put on what its functions poll, too",
        actions: &["lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"],
        resources: &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:event-source-mapping:*"],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "MakeRoles",
        why: "the role of a function that has policies: made, bounded and given AWS's policies for functions only under the boundary, which no other statement lets be taken away",
        actions: &["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
        resources: &[ROLES],
        conditions: &[BY_STACKS, BOUNDED],
    },
    Permission {
        sid: "AttachPolicies",
        why: "what SAM gives every function beside its own policies: logs, traces, a VPC, what it polls",
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
        why: "the role by which CodeDeploy shifts the traffic of a stack's functions",
        actions: &["iam:CreateRole"],
        resources: &[DEPLOYMENT_ROLES],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "AttachDeploymentPolicies",
        why: "that role gets AWS's policy for it, and can get no other",
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
        why: "looks at the roles of stacks, tags them and deletes them",
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
        why: "a function gets its role: one of its stack, or one that stood before, which Fenrir lets pass by its tags; IAM cannot tell a role that is passed by its tags",
        actions: &["iam:PassRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"],
        conditions: &[("StringEquals", "iam:PassedToService", &[service_principal::LAMBDA])],
    },
    Permission {
        sid: "PassDeploymentRoles",
        why: "CodeDeploy gets the role of the stack",
        actions: &["iam:PassRole"],
        resources: &[DEPLOYMENT_ROLES],
        conditions: &[("StringEquals", "iam:PassedToService", &[service_principal::CODE_DEPLOY])],
    },
    Permission {
        sid: "MakeServiceRoles",
        why: "the first load balancer of an account needs the role that the service itself works with",
        actions: &["iam:CreateServiceLinkedRole"],
        resources: &["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*"],
        conditions: &[BY_STACKS, ("StringEquals", "iam:AWSServiceName", &[service_principal::ELASTIC_LOAD_BALANCING])],
    },
    Permission {
        sid: "Apis",
        why: "REST and HTTP APIs, with their stages, keys and usage plans; AWS names these, so they cannot be told from others",
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
        why: "tables, and nothing in them",
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
        why: "queues, and nothing in them; SAM makes one between a topic and a function, which gets its stack's name",
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
        why: "what a function hears of a topic that lets it by its tags",
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
        why: "what a function hears of a log group that lets it by its tags",
        actions: &["logs:DeleteSubscriptionFilter", "logs:PutSubscriptionFilter"],
        resources: &["arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:*"],
        conditions: &[BY_STACKS],
    },
    Permission {
        sid: "Alarms",
        why: "alarms",
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
        why: "distributions of CloudFront, which get the tags that tell them from others",
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
        why: "changes and deletes those with these tags, and no others",
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
        why: "lets Lambda and DynamoDB keep what a team's own key encrypts; whether a key lets in, its own policy says, too",
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
