//! The permissions boundary of the roles that SAM creates for functions.
//!
//! The policies of a function are SAM policy templates, of which Fenrir allows few, and AWS's own policies for event sources, which
//! allow reading every queue and stream. The boundary allows what these need and what every function needs, so that neither a
//! template nor a bug in the rules grants more. It has no permissions for secrets or IAM. A team whose functions need more gives
//! them its own role.
//!
//! All roles of an account have the same boundary. It distinguishes projects in three ways:
//!
//! - By tags. SAM copies the tags of a function to its role, so that the tags of the role (`aws:PrincipalTag`) can be compared with
//!   those of a resource. `DynamoDB` does that only in accounts that have enabled it, so that tables are limited by name.
//! - By caller. Lambda itself reads event sources and sends results, from and to the resources that the stack names and the rules
//!   have checked. Requests of a function's code have the key `lambda:SourceFunctionArn`, those of Lambda do not, except for logs
//!   and traces. A policy cannot compare tags there: the tag `FenrirAllowed:<project>:<config>` has the project in its key.
//! - By name, where the service supports neither.

use bifrost::{Boundary, Permission, PolicyCondition};

/// The boundary. Its name is part of the contract (§8).
pub(crate) const BOUNDARY: Boundary = Boundary { name: "fenrir-permissions-boundary", permissions: PERMISSIONS };

/// Only resources of the project and config of the role.
const OF_PROJECT: PolicyCondition =
    ("StringEquals", "aws:ResourceTag/ProjectName", &["${aws:PrincipalTag/ProjectName}"]);
const OF_CONFIG: PolicyCondition = ("StringEquals", "aws:ResourceTag/ConfigName", &["${aws:PrincipalTag/ConfigName}"]);

/// Only resources that all projects may use.
const OF_ALL: PolicyCondition = ("StringEquals", "aws:ResourceTag/FenrirAllAllowed", &["true"]);

/// Only Lambda itself, not the code of the function.
const BY_LAMBDA: PolicyCondition = ("Null", "lambda:SourceFunctionArn", &["true"]);

const IN_ACCOUNT: PolicyCondition = ("StringEquals", "aws:ResourceAccount", &["${AWS::AccountId}"]);

const FUNCTIONS: &str = "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:fenrir-*";
const LOG_GROUPS: &str = "arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:*";
const QUEUES: &str = "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:*";

const READ_QUEUE: &[&str] =
    &["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
const WRITE_LOG: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];

const PERMISSIONS: &[Permission] = &[
    Permission {
        sid: "Logs",
        why: "every function writes logs, by default to a log group that Lambda names after the function",
        actions: &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        resources: &["arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:/aws/lambda/fenrir-*"],
        conditions: &[],
    },
    Permission {
        sid: "OwnLogs",
        why: "`LoggingConfig.LogGroup`: a log group of the project",
        actions: WRITE_LOG,
        resources: &[LOG_GROUPS],
        conditions: &[OF_PROJECT, OF_CONFIG],
    },
    Permission {
        sid: "SharedLogs",
        why: "`LoggingConfig.LogGroup`: a log group that all projects may use",
        actions: WRITE_LOG,
        resources: &[LOG_GROUPS],
        conditions: &[OF_ALL],
    },
    Permission {
        sid: "Traces",
        why: "a function with `Tracing: Active` writes traces; X-Ray has no resource-level permissions for that",
        actions: &[
            "xray:GetSamplingRules",
            "xray:GetSamplingStatisticSummaries",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ],
        resources: &["*"],
        conditions: &[],
    },
    Permission {
        sid: "Networks",
        why: "Lambda attaches a function to a VPC with its role; the network interfaces do not exist yet",
        actions: &[
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "ec2:DetachNetworkInterface",
            "ec2:UnassignPrivateIpAddresses",
        ],
        resources: &["*"],
        conditions: &[BY_LAMBDA],
    },
    Permission {
        sid: "Tables",
        why: "`DynamoDBCrudPolicy`: items of the tables of releases; the role that SAM creates names the table",
        actions: &[
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        ],
        resources: &["arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/fenrir-*"],
        conditions: &[],
    },
    Permission {
        sid: "StreamEvents",
        why: "events of tables and of Kinesis; the rules check which streams the stack names",
        actions: &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            "kinesis:SubscribeToShard",
        ],
        resources: &[
            "arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/*/stream/*",
            "arn:${AWS::Partition}:kinesis:*:${AWS::AccountId}:stream/*",
        ],
        conditions: &[BY_LAMBDA],
    },
    Permission {
        sid: "ListStreams",
        why: "events of tables and of Kinesis; AWS has no resource-level permissions for these calls",
        actions: &["dynamodb:ListStreams", "kinesis:ListStreams"],
        resources: &["*"],
        conditions: &[BY_LAMBDA],
    },
    Permission {
        sid: "QueueEvents",
        why: "events of queues; the rules check which queues the stack names",
        actions: READ_QUEUE,
        resources: &[QUEUES],
        conditions: &[BY_LAMBDA],
    },
    Permission {
        sid: "Queues",
        why: "`SQSPollerPolicy`: queues of the project",
        actions: READ_QUEUE,
        resources: &[QUEUES],
        conditions: &[OF_PROJECT, OF_CONFIG],
    },
    Permission {
        sid: "Results",
        why: "destinations and dead-letter queues; the rules check which ones the stack names",
        actions: &["events:PutEvents", "lambda:InvokeFunction", "sns:Publish", "sqs:SendMessage"],
        resources: &[
            "arn:${AWS::Partition}:events:*:${AWS::AccountId}:event-bus/*",
            "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:*",
            "arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*",
            QUEUES,
        ],
        conditions: &[BY_LAMBDA],
    },
    Permission {
        sid: "ResultsInBuckets",
        why: "destinations that are buckets; their ARNs do not name the account",
        actions: &["s3:ListBucket", "s3:PutObject"],
        resources: &["arn:${AWS::Partition}:s3:::*"],
        conditions: &[BY_LAMBDA, IN_ACCOUNT],
    },
    Permission {
        sid: "Functions",
        why: "`LambdaInvokePolicy`: functions of the project",
        actions: &["lambda:InvokeFunction"],
        resources: &[FUNCTIONS],
        conditions: &[OF_PROJECT, OF_CONFIG],
    },
    Permission {
        sid: "DurableExecutions",
        why: "`DurableConfig`: the code saves and restores its progress; executions have no tags",
        actions: &["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
        resources: &[FUNCTIONS],
        conditions: &[],
    },
    Permission {
        sid: "Keys",
        why: "`KMSDecryptPolicy`: the role that SAM creates names the key, whose tags the rules check, and the policy of the key has to \
              allow it, too",
        actions: &["kms:Decrypt"],
        resources: &["arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"],
        conditions: &[],
    },
];
