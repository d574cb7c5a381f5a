//! The permissions boundary of the roles that SAM creates for functions.
//!
//! The policies of a function are SAM policy templates, of which Fenrir allows few. The boundary allows what these need and
//! what every function needs, so that neither a template nor a bug in the rules grants more. It has no permissions for S3,
//! secrets or IAM. A team whose functions need more gives them its own role.

use bifrost::{Boundary, Permission};

/// The boundary. Its name is part of the contract (§8).
pub(crate) const BOUNDARY: Boundary = Boundary { name: "fenrir-permissions-boundary", permissions: PERMISSIONS };

const PERMISSIONS: &[Permission] = &[
    Permission {
        sid: "Logs",
        why: "every function writes logs",
        actions: &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        resources: &["arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:*"],
        conditions: &[],
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
        conditions: &[],
    },
    Permission {
        sid: "Tables",
        why: "`DynamoDBCrudPolicy`: items of the tables of releases",
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
        sid: "Streams",
        why: "events of tables and of Kinesis; the rules check which ones, because the role that SAM creates does not name them",
        actions: &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            "kinesis:ListStreams",
            "kinesis:SubscribeToShard",
        ],
        resources: &["*"],
        conditions: &[("StringEquals", "aws:ResourceAccount", &["${AWS::AccountId}"])],
    },
    Permission {
        sid: "Queues",
        why: "`SQSPollerPolicy` and events of queues; the rules check which ones",
        actions: &["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        resources: &["arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:*"],
        conditions: &[],
    },
    Permission {
        sid: "Failures",
        why: "destinations of failed events: a queue of a release, or a topic",
        actions: &["sns:Publish", "sqs:SendMessage"],
        resources: &[
            "arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*",
            "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:fenrir-*",
        ],
        conditions: &[],
    },
    Permission {
        sid: "Functions",
        why: "`LambdaInvokePolicy`: the functions of releases",
        actions: &["lambda:InvokeFunction"],
        resources: &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:fenrir-*"],
        conditions: &[],
    },
    Permission {
        sid: "Keys",
        why: "`KMSDecryptPolicy`: keys whose tags allow the project, which the rules check",
        actions: &["kms:Decrypt"],
        resources: &["arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"],
        conditions: &[],
    },
];
