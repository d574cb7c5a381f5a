//! Functions and what belongs to them.

use super::BY_STACKS;
use bifrost::Permission;

const NAMED: &str = "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:fenrir-*";

pub(super) const FUNCTIONS: Permission = Permission {
    sid: "Functions",
    why: "functions with their versions, aliases, URLs and permissions, and their copies at the edge; no statement allows calling one",
    actions: &[
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:CreateFunctionUrlConfig",
        "lambda:DeleteAlias",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionCodeSigningConfig",
        "lambda:DeleteFunctionConcurrency",
        "lambda:DeleteFunctionEventInvokeConfig",
        "lambda:DeleteFunctionUrlConfig",
        "lambda:DeleteProvisionedConcurrencyConfig",
        "lambda:DisableReplication*",
        "lambda:EnableReplication*",
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig",
        "lambda:GetFunctionRecursionConfig",
        "lambda:GetFunctionScalingConfig",
        "lambda:GetFunctionUrlConfig",
        "lambda:GetPolicy",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:GetRuntimeManagementConfig",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:PutFunctionCodeSigningConfig",
        "lambda:PutFunctionConcurrency",
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:PutFunctionRecursionConfig",
        "lambda:PutFunctionScalingConfig",
        "lambda:PutProvisionedConcurrencyConfig",
        "lambda:PutRuntimeManagementConfig",
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:UpdateFunctionEventInvokeConfig",
        "lambda:UpdateFunctionUrlConfig",
    ],
    resources: &[NAMED],
    conditions: &[BY_STACKS],
};

pub(super) const LAYERS: Permission = Permission {
    sid: "Layers",
    why: "layers; `LookForStacks` allows reading them",
    actions: &["lambda:DeleteLayerVersion", "lambda:PublishLayerVersion"],
    resources: &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:layer:layer-*"],
    conditions: &[BY_STACKS],
};

pub(super) const EVENT_SOURCES: Permission = Permission {
    sid: "EventSources",
    why: "event source mappings; AWS generates their names, so that they are limited by their function",
    actions: &[
        "lambda:CreateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
        "lambda:GetEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
    ],
    resources: &["*"],
    conditions: &[BY_STACKS, ("ArnLike", "lambda:FunctionArn", &[NAMED])],
};

pub(super) const TAG_EVENT_SOURCES: Permission = Permission {
    sid: "TagEventSources",
    why: "CloudFormation adds the tags of a stack to its event source mappings, too",
    actions: &["lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"],
    resources: &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:event-source-mapping:*"],
    conditions: &[BY_STACKS],
};

pub(super) const DEPLOYMENTS: Permission = Permission {
    sid: "Deployments",
    why: "CodeDeploy shifts the traffic of functions",
    actions: &[
        "codedeploy:CreateApplication",
        "codedeploy:CreateDeployment",
        "codedeploy:CreateDeploymentGroup",
        "codedeploy:DeleteApplication",
        "codedeploy:DeleteDeploymentGroup",
        "codedeploy:GetApplication",
        "codedeploy:GetApplicationRevision",
        "codedeploy:GetDeployment",
        "codedeploy:GetDeploymentGroup",
        "codedeploy:ListDeployments",
        "codedeploy:ListTagsForResource",
        "codedeploy:RegisterApplicationRevision",
        "codedeploy:TagResource",
        "codedeploy:UntagResource",
        "codedeploy:UpdateDeploymentGroup",
    ],
    resources: &[
        "arn:${AWS::Partition}:codedeploy:*:${AWS::AccountId}:application:sam-*",
        "arn:${AWS::Partition}:codedeploy:*:${AWS::AccountId}:deploymentgroup:sam-*",
    ],
    conditions: &[BY_STACKS],
};

pub(super) const STOP_DEPLOYMENTS: Permission = Permission {
    sid: "StopDeployments",
    why: "CloudFormation stops a shift of traffic when it rolls back; AWS has no resource-level permissions for that",
    actions: &["codedeploy:StopDeployment"],
    resources: &["*"],
    conditions: &[BY_STACKS],
};
