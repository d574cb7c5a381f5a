//! Examples of the resources that the stack of a release creates and uses, and the context of a request for one.

use crate::evaluation::{ACCOUNT, Context};
use crate::tables::TABLES;
use std::collections::BTreeSet;

/// The types whose requests CloudFormation makes for a resource of API Gateway: their ARNs are paths.
const REST: &[&str] = &["/restapis", "/restapis/a1", "/restapis/a1/stages/live", "/restapis/a1/deployments/d1"];
const KEYS: &[&str] = &["/apikeys", "/apikeys/k1", "/usageplans", "/usageplans/p1", "/usageplans/p1/keys/k1"];
const HTTP: &[&str] = &["/apis", "/apis/a1", "/apis/a1/stages", "/apis/a1/stages/live"];
const TAGS: &str = "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fa1";

/// The resource types of the reference, each with resources of a stack `sam-org-shop-development` in which Fenrir has named what
/// has a name.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("cloudfront:distribution", &["cloudfront::A:distribution/E1"]),
    ("cloudfront:vpcorigin", &["cloudfront::A:vpcorigin/vo1"]),
    ("cloudwatch:alarm", &["cloudwatch:us-east-1:A:alarm:fenrir-org-shop-development-errors"]),
    ("codedeploy:application", &["codedeploy:us-east-1:A:application:sam-org-shop-development-App-1"]),
    ("codedeploy:deploymentconfig", &["codedeploy:us-east-1:A:deploymentconfig:CodeDeployDefault.LambdaAllAtOnce"]),
    ("codedeploy:deploymentgroup", &["codedeploy:us-east-1:A:deploymentgroup:sam-org-shop-development-App-1/sam-g1"]),
    ("cognito-idp:userpool", &["cognito-idp:us-east-1:A:userpool/us-east-1_1"]),
    ("dynamodb:table", &["dynamodb:us-east-1:A:table/fenrir-org-shop-development-things"]),
    ("elasticfilesystem:access-point", &["elasticfilesystem:us-east-1:A:access-point/fsap-1"]),
    ("elasticfilesystem:file-system", &["elasticfilesystem:us-east-1:A:file-system/fs-1"]),
    (
        "elasticloadbalancing:listener-rule/app",
        &["elasticloadbalancing:us-east-1:A:listener-rule/app/fenrir-org-shop-1/1/2/3"],
    ),
    ("elasticloadbalancing:listener/app", &["elasticloadbalancing:us-east-1:A:listener/app/fenrir-org-shop-1/1/2"]),
    (
        "elasticloadbalancing:loadbalancer/app/",
        &["elasticloadbalancing:us-east-1:A:loadbalancer/app/fenrir-org-shop-1/1"],
    ),
    ("elasticloadbalancing:targetgroup", &["elasticloadbalancing:us-east-1:A:targetgroup/fenrir-org-shop-2/1"]),
    ("events:rule-on-custom-event-bus", &["events:us-east-1:A:rule/orders/sam-org-shop-development-r-1"]),
    ("events:rule-on-default-event-bus", &["events:us-east-1:A:rule/sam-org-shop-development-r-1"]),
    ("kms:key", &["kms:us-east-1:A:key/k1"]),
    ("lambda:capacityProvider", &["lambda:us-east-1:A:capacity-provider:ours"]),
    ("lambda:code signing config", &["lambda:us-east-1:A:code-signing-config:csc-1"]),
    ("lambda:eventSourceMapping", &["lambda:us-east-1:A:event-source-mapping:m1"]),
    ("lambda:function", &["lambda:us-east-1:A:function:fenrir-org-shop-development-hello"]),
    ("lambda:function alias", &["lambda:us-east-1:A:function:fenrir-org-shop-development-hello:live"]),
    ("lambda:function version", &["lambda:us-east-1:A:function:fenrir-org-shop-development-hello:1"]),
    ("lambda:layer", &["lambda:us-east-1:A:layer:layer-org-shop-development-shared"]),
    ("lambda:layerVersion", &["lambda:us-east-1:A:layer:layer-org-shop-development-shared:1"]),
    ("logs:log-group", &["logs:us-east-1:A:log-group:/org/shop"]),
    ("s3:object", &["s3:::coinbase-fenrir-000000000000/A/org/shop/development/release-1/release/hello.zip"]),
    ("sns:topic", &["sns:us-east-1:A:sam-org-shop-development-helloDestination-1"]),
    (
        "sqs:queue",
        &["sqs:us-east-1:A:fenrir-org-shop-development-jobs", "sqs:us-east-1:A:sam-org-shop-development-q-1"],
    ),
];

/// The resource types that stacks use but do not create, so that CloudFormation does not tag them.
const NOT_TAGGED: [&str; 3] = ["cloudfront:vpcorigin", "lambda:capacityProvider", "lambda:code signing config"];

/// The resources of requests that CloudFormation makes with an action for a type: `*` if the action has no resource types.
pub(crate) fn resources(action: &str, of_type: &str) -> BTreeSet<String> {
    let role = if of_type == "AWS::CodeDeploy::DeploymentGroup" { "CodeDeployServiceRole" } else { "helloRole" };
    let role = format!("iam::A:role/sam-org-shop-development-{role}-1");
    let gateway = of_type.split("::").nth(1).filter(|service| service.starts_with("ApiGateway"));
    let arns: Vec<String> = match (action.split_once(':').unwrap(), gateway) {
        (("iam", "CreateServiceLinkedRole"), _) => vec!["iam::A:role/aws-service-role/x".to_owned()],
        (("iam", _), _) => vec![role],
        (("apigateway", "UpdateRestApiPolicy"), _) => REST.iter().map(|path| path_arn(path)).collect(),
        (("apigateway", _), Some("ApiGateway")) => {
            REST.iter().chain(KEYS).chain([&TAGS]).map(|path| path_arn(path)).collect()
        }
        (("apigateway", _), _) => HTTP.iter().chain([&TAGS]).map(|path| path_arn(path)).collect(),
        _ => match TABLES.action(action) {
            Some(known) if known.resources.is_empty() => return BTreeSet::from(["*".to_owned()]),
            Some(known) => {
                let is_tagged = |kind: &&String| {
                    !action.to_ascii_lowercase().contains("tag") || !NOT_TAGGED.contains(&kind.as_str())
                };
                known.resources.iter().filter(is_tagged).flat_map(|kind| examples(kind)).collect()
            }
            None => Vec::new(),
        },
    };
    arns.iter()
        .map(|arn| {
            format!("arn:aws:{}", arn.replace(":A:", &format!(":{ACCOUNT}:")).replace("/A/", &format!("/{ACCOUNT}/")))
        })
        .collect()
}

fn path_arn(path: &str) -> String {
    format!("apigateway:us-east-1::{path}")
}

fn examples(kind: &str) -> impl Iterator<Item = String> {
    let examples = EXAMPLES.iter().filter(move |(known, _)| *known == kind);
    examples.flat_map(|(_, arns)| arns.iter().map(|arn| (*arn).to_owned()))
}

/// The context of a request that CloudFormation makes for a type, with the keys that the action has.
pub(crate) fn context(action: &str, of_type: &str) -> Context {
    let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:fenrir-org-shop-development-hello");
    let by_type = |for_type: &str, one: &str, other: &str| {
        if of_type.starts_with(for_type) { one.to_owned() } else { other.to_owned() }
    };
    let values = [
        ("aws:RequestTag/ProjectName", "org/shop".to_owned()),
        ("aws:RequestTag/ConfigName", "development".to_owned()),
        ("aws:ResourceTag/ProjectName", "org/shop".to_owned()),
        ("aws:ResourceTag/ConfigName", "development".to_owned()),
        ("iam:PassedToService", by_type("AWS::CodeDeploy::", "codedeploy.amazonaws.com", "lambda.amazonaws.com")),
        ("iam:PermissionsBoundary", format!("arn:aws:iam::{ACCOUNT}:policy/fenrir-permissions-boundary")),
        ("iam:PolicyARN", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole".to_owned()),
        (
            "kms:ViaService",
            by_type("AWS::DynamoDB::", "dynamodb.us-east-1.amazonaws.com", "lambda.us-east-1.amazonaws.com"),
        ),
        ("lambda:FunctionArn", function.clone()),
        ("sns:Endpoint", function),
    ];
    let action = TABLES.action(action);
    let has = |key: &str| action.is_some_and(|action| TABLES.has_key(action, key));
    let values = values.into_iter().filter(|(key, _)| has(key)).map(|(key, value)| (key.to_owned(), value));
    values.chain([("aws:CalledVia".to_owned(), "cloudformation.amazonaws.com".to_owned())]).collect()
}
