//! REST and HTTP APIs.

use super::BY_STACKS;
use bifrost::Permission;

pub(super) const APIS: Permission = Permission {
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
};
