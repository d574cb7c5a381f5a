//! Where the role differs from what CloudFormation's handlers list, with the reason.

/// The actions of a handler that the role lacks: the type, or `*` for all types, the actions, and why no stack needs them.
pub(crate) const NOT_NEEDED: &[(&str, &[&str], &str)] = &[
    (
        "*",
        &["s3:GetObjectVersion"],
        "a template names no version of a file; Fenrir checks hashes, and its client never overwrites a file",
    ),
    ("AWS::ApiGateway::RestApi", &["iam:PassRole"], "the rules refuse roles of authorizers and integrations"),
    ("AWS::ApiGatewayV2::Api", &["s3:getObject"], "the rules refuse `DefinitionUri`"),
    (
        "AWS::CloudFront::Distribution",
        &["cloudfront:CreateConnectionGroup", "cloudfront:GetConnectionGroup"],
        "the rules refuse `ConnectionMode: tenant-only`",
    ),
    ("AWS::CodeDeploy::DeploymentGroup", &["codedeploy:RegisterOnPremisesInstance"], "SAM deploys functions"),
    (
        "AWS::DynamoDB::Table",
        &[
            "dynamodb:AssociateTableReplica",
            "dynamodb:BatchWriteItem",
            "dynamodb:CreateTableReplica",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
            "iam:CreateServiceLinkedRole",
        ],
        "a `SimpleTable` has no replicas",
    ),
    (
        "AWS::DynamoDB::Table",
        &[
            "dynamodb:DescribeImport",
            "dynamodb:ImportTable",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            "logs:PutRetentionPolicy",
            "s3:GetObject",
            "s3:GetObjectMetadata",
            "s3:ListBucket",
        ],
        "a `SimpleTable` is not imported from S3",
    ),
    (
        "AWS::DynamoDB::Table",
        &[
            "dynamodb:DisableKinesisStreamingDestination",
            "dynamodb:EnableKinesisStreamingDestination",
            "dynamodb:UpdateKinesisStreamingDestination",
            "kinesis:DescribeStream",
            "kinesis:PutRecords",
        ],
        "a `SimpleTable` has no Kinesis stream",
    ),
    (
        "AWS::DynamoDB::Table",
        &["dynamodb:DeleteResourcePolicy", "dynamodb:PutResourcePolicy", "dynamodb:UpdateContributorInsights"],
        "a `SimpleTable` has neither a policy nor contributor insights",
    ),
    ("AWS::Events::Rule", &["iam:PassRole"], "targets are functions, which have policies"),
    (
        "AWS::IAM::Role",
        &["iam:DeleteRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy", "iam:UpdateRoleDescription"],
        "a role keeps its boundary and its trust policy, and SAM writes no description",
    ),
    ("AWS::Lambda::Function", &["s3files:ListMountTargets"], "the rules refuse S3 Files"),
    ("AWS::Logs::SubscriptionFilter", &["iam:PassRole"], "the target is a function, which has a policy"),
    ("AWS::SNS::Subscription", &["iam:PassRole"], "only a subscription of Firehose has a role"),
    (
        "AWS::SNS::Topic",
        &["iam:PassRole", "sns:PutDataProtectionPolicy"],
        "SAM's topic logs nothing and has no such policy",
    ),
];

/// The actions that stacks need although no handler lists them.
pub(crate) const NEEDED_BEYOND: &[(&str, &str)] = &[
    ("ec2:DescribeAccountAttributes", "Elastic Load Balancing reads it with the permissions of the caller"),
    ("ec2:DescribeInternetGateways", "Elastic Load Balancing reads them with the permissions of the caller"),
    ("iam:CreateServiceLinkedRole", "for the first load balancer, and the first function at the edge"),
    ("lambda:DisableReplication", "CloudFront copies functions to the edge with the permissions of the caller"),
    ("lambda:EnableReplication", "CloudFront copies functions to the edge with the permissions of the caller"),
];

/// What a handler lists although IAM has no such action: operations that other actions permit.
pub(crate) const NO_ACTIONS: [&str; 4] = [
    "apigateway:TagResource",
    "apigateway:UntagResource",
    "cloudfront:CreateDistributionWithTags",
    "lambda:AssociateRuntimeAlias",
];
