//! What Fenrir itself does: it drives the stacks of releases, and looks up what their templates refer to.

use bifrost::Permission;

pub(super) const STACKS: Permission = Permission {
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
};

pub(super) const TRANSFORM: Permission = Permission {
    sid: "Transform",
    why: "lets CloudFormation run the SAM transform, and no other macro",
    actions: &["cloudformation:CreateChangeSet"],
    resources: &["arn:${AWS::Partition}:cloudformation:*:aws:transform/Serverless-2016-10-31"],
    conditions: &[],
};

pub(super) const READ_RELEASES: Permission = Permission {
    sid: "ReadReleases",
    why: "CloudFormation and Lambda read a large template and the code with the permissions of the caller; only releases to this account",
    actions: &["s3:GetObject"],
    resources: &["arn:${AWS::Partition}:s3:::${Bucket}/${AWS::AccountId}/*"],
    conditions: &[],
};

pub(super) const LOOK: Permission = Permission {
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
};

pub(super) const LOOK_AT_ONE: Permission = Permission {
    sid: "LookAtOne",
    why: "reads the tags of the roles, keys and tables that a template refers to, and the stream of a table, but no data",
    actions: &["dynamodb:DescribeTable", "iam:GetRole", "kms:DescribeKey", "kms:ListResourceTags"],
    resources: &[
        "arn:${AWS::Partition}:dynamodb:*:${AWS::AccountId}:table/*",
        "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*",
        "arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*",
    ],
    conditions: &[],
};
