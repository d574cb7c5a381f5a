//! What the roles of functions may ever do, whatever their policies say: the boundary that every one of them has.
//!
//! A function's policies are SAM's templates, of which Fenrir's rules let pass few. The boundary allows what those are for
//! and what AWS asks of every function's role, so that no template, and no fault of the rules, gives a function more. It
//! has nothing of S3, of secrets or of IAM. A team that wants its functions to do more gives them a role of its own.

use bifrost::{Boundary, Permission};

/// The policy. Its name is part of the contract (§8).
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
        why: "a function with `Tracing: Active` writes traces; X-Ray knows no resources here",
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
        why: "Lambda puts a function into a VPC with its role; EC2 knows no resources here before they are made",
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
        why: "`DynamoDBCrudPolicy`: items of the tables that releases make",
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
        why: "events of tables and of Kinesis; which of them, the rules have checked, as the role that SAM makes names none",
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
        why: "`SQSPollerPolicy` and events of queues; which of them, the rules have checked",
        actions: &["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        resources: &["arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:*"],
        conditions: &[],
    },
    Permission {
        sid: "Failures",
        why: "where a function that failed sends its event: a queue that a release made, or a topic",
        actions: &["sns:Publish", "sqs:SendMessage"],
        resources: &[
            "arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*",
            "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:fenrir-*",
        ],
        conditions: &[],
    },
    Permission {
        sid: "Functions",
        why: "`LambdaInvokePolicy`: the functions that releases make",
        actions: &["lambda:InvokeFunction"],
        resources: &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:fenrir-*"],
        conditions: &[],
    },
    Permission {
        sid: "Keys",
        why: "`KMSDecryptPolicy`: what a key encrypts that lets the project by its tags, which the rules have checked",
        actions: &["kms:Decrypt"],
        resources: &["arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"],
        conditions: &[],
    },
];
