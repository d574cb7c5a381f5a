//! Tables, queues and topics, and what sends events to functions.

use super::BY_STACKS;
use bifrost::Permission;

pub(super) const TABLES: Permission = Permission {
    sid: "Tables",
    why: "tables, but not their items",
    actions: &[
        "dynamodb:CreateTable",
        "dynamodb:DeleteTable",
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeContributorInsights",
        "dynamodb:DescribeKinesisStreamingDestination",
        "dynamodb:DescribeTimeToLive",
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
};

pub(super) const QUEUES: Permission = Permission {
    sid: "Queues",
    why: "queues, but not their messages; SAM creates queues between a topic and a function and for failed events, named after the stack",
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
};

pub(super) const TOPICS: Permission = Permission {
    sid: "Topics",
    why: "topics that SAM creates for the results of a function, named after the stack",
    actions: &[
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:GetDataProtectionPolicy",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:ListTagsForResource",
        "sns:SetTopicAttributes",
        "sns:TagResource",
        "sns:UntagResource",
    ],
    resources: &["arn:${AWS::Partition}:sns:*:${AWS::AccountId}:sam-*"],
    conditions: &[BY_STACKS],
};

pub(super) const SUBSCRIBE: Permission = Permission {
    sid: "Subscribe",
    why: "subscribes functions and queues of stacks to topics, whose tags Fenrir checks",
    actions: &["sns:Subscribe"],
    resources: &["arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*"],
    conditions: &[
        BY_STACKS,
        (
            "StringLike",
            "sns:Endpoint",
            &[
                "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:fenrir-*",
                "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:fenrir-*",
                "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:sam-*",
            ],
        ),
    ],
};

pub(super) const SUBSCRIPTIONS: Permission = Permission {
    sid: "Subscriptions",
    why: "reads, changes and ends subscriptions; AWS has no resource-level permissions for these calls",
    actions: &["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"],
    resources: &["*"],
    conditions: &[BY_STACKS],
};

pub(super) const RULES: Permission = Permission {
    sid: "Rules",
    why: "schedules and events of functions",
    actions: &[
        "events:DeleteRule",
        "events:DescribeRule",
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
};

pub(super) const LOG_FILTERS: Permission = Permission {
    sid: "LogFilters",
    why: "subscription filters of log groups, whose tags Fenrir checks",
    actions: &["logs:DeleteSubscriptionFilter", "logs:PutSubscriptionFilter"],
    resources: &["arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:*"],
    conditions: &[BY_STACKS],
};
