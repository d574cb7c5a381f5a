//! The kinds of resources that a property can name, and which resources of each kind a project may use.
//!
//! This is the boundary between projects: a property that names a resource has one of these kinds in its table
//! (`Shape::Names`). `naming_tests` fails for a property that takes any text and is neither here nor in its list of reasons.

use super::reference::{Form, Kind, Local, Outside};

const ALARM_TYPE: &str = "AWS::CloudWatch::Alarm";
const FUNCTION_TYPE: &str = "AWS::Serverless::Function";
const LAYER_TYPE: &str = "AWS::Serverless::LayerVersion";
const QUEUE_TYPE: &str = "AWS::SQS::Queue";
const REST_API_TYPE: &str = "AWS::Serverless::Api";
const HTTP_API_TYPE: &str = "AWS::Serverless::HttpApi";
const TARGET_GROUP_TYPE: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

const QUEUE_ARN: Local = Local::of(QUEUE_TYPE, Form::Attribute("Arn"));
const FUNCTION_ARN: Local = Local::of(FUNCTION_TYPE, Form::Attribute("Arn"));
const FUNCTION_NAME: Local = Local::of(FUNCTION_TYPE, Form::Ref);
const FUNCTION_VERSION: Local = Local::generated(FUNCTION_TYPE, "AWS::Lambda::Version");
const FUNCTION_ALIAS: Local = Local::generated(FUNCTION_TYPE, "AWS::Lambda::Alias");
const FUNCTION_QUEUE: Local = Local::generated(FUNCTION_TYPE, "AWS::SQS::Queue");

const ANY_QUEUE: Outside = Outside::Arn { service: "sqs", prefix: "" };
const ANY_TOPIC: Outside = Outside::Arn { service: "sns", prefix: "" };
const ANY_FUNCTION: Outside = Outside::Arn { service: "lambda", prefix: "function:" };
const ANY_EVENT_BUS: Outside = Outside::Arn { service: "events", prefix: "event-bus/" };
const ANY_CERTIFICATE: Outside = Outside::Arn { service: "acm", prefix: "certificate/" };

/// Targets of `EventInvokeConfig`.
pub(super) const DESTINATION: Kind = Kind {
    what: "a queue, topic, function, event bus or bucket",
    local: &[QUEUE_ARN, FUNCTION_QUEUE, FUNCTION_ARN, FUNCTION_VERSION, FUNCTION_ALIAS],
    outside: &[ANY_QUEUE, ANY_TOPIC, ANY_FUNCTION, ANY_EVENT_BUS, Outside::BucketArn],
};
/// Targets for failed records of a stream.
pub(super) const FAILED_RECORDS: Kind = Kind {
    what: "a queue, topic or bucket",
    local: &[QUEUE_ARN, FUNCTION_QUEUE],
    outside: &[ANY_QUEUE, ANY_TOPIC, Outside::BucketArn],
};
pub(super) const DEAD_LETTERS: Kind =
    Kind { what: "a queue or topic", local: &[QUEUE_ARN, FUNCTION_QUEUE], outside: &[ANY_QUEUE, ANY_TOPIC] };
pub(super) const QUEUE: Kind = Kind { what: "a queue", local: &[QUEUE_ARN, FUNCTION_QUEUE], outside: &[ANY_QUEUE] };
pub(super) const TOPIC: Kind = Kind { what: "a topic", local: &[], outside: &[ANY_TOPIC] };
pub(super) const FUNCTION: Kind = Kind {
    what: "a function",
    local: &[FUNCTION_ARN, FUNCTION_NAME, FUNCTION_VERSION, FUNCTION_ALIAS],
    outside: &[ANY_FUNCTION],
};
pub(super) const ALARM_ACTION: Kind = Kind {
    what: "a topic or function",
    local: &[FUNCTION_ARN, FUNCTION_VERSION, FUNCTION_ALIAS],
    outside: &[ANY_TOPIC, ANY_FUNCTION],
};
pub(super) const ALARM: Kind = Kind {
    what: "an alarm",
    local: &[Local::of(ALARM_TYPE, Form::Ref)],
    outside: &[Outside::Name { service: "cloudwatch", prefix: "alarm:" }],
};
pub(super) const LAYER: Kind = Kind {
    // Layers have no tags.
    what: "a layer of this template",
    local: &[Local::of(LAYER_TYPE, Form::Ref)],
    outside: &[],
};
pub(super) const KEY: Kind = Kind { what: "a KMS key", local: &[], outside: &[Outside::Key] };
pub(super) const FILE_SYSTEM: Kind = Kind {
    what: "an access point of a file system",
    local: &[],
    outside: &[Outside::Arn { service: "elasticfilesystem", prefix: "access-point/" }],
};
pub(super) const LOG_GROUP: Kind =
    Kind { what: "a log group", local: &[], outside: &[Outside::Name { service: "logs", prefix: "log-group:" }] };
/// Where an API writes its access log.
pub(super) const ACCESS_LOG: Kind = Kind {
    what: "a log group or delivery stream",
    local: &[],
    outside: &[
        Outside::Arn { service: "logs", prefix: "log-group:" },
        Outside::Arn { service: "firehose", prefix: "deliverystream/" },
    ],
};
/// The default bus belongs to the whole account, and is what a rule without a bus uses.
pub(super) const EVENT_BUS: Kind = Kind {
    what: "an event bus",
    local: &[],
    outside: &[Outside::OneOf(&["default"]), ANY_EVENT_BUS, Outside::Name { service: "events", prefix: "event-bus/" }],
};
pub(super) const CODE_SIGNING_CONFIG: Kind = Kind {
    what: "a code signing configuration",
    local: &[],
    outside: &[Outside::Arn { service: "lambda", prefix: "code-signing-config:" }],
};
pub(super) const CAPACITY_PROVIDER: Kind = Kind {
    what: "a capacity provider",
    local: &[],
    outside: &[Outside::Arn { service: "lambda", prefix: "capacity-provider:" }],
};
pub(super) const RUNTIME_VERSION: Kind =
    Kind { what: "a version of a runtime", local: &[], outside: &[Outside::RuntimeVersion] };
pub(super) const USER_POOL: Kind =
    Kind { what: "a user pool", local: &[], outside: &[Outside::Arn { service: "cognito-idp", prefix: "userpool/" }] };
pub(super) const CERTIFICATE: Kind = Kind { what: "a certificate", local: &[], outside: &[ANY_CERTIFICATE] };
/// The trust store of a listener.
pub(super) const TRUST_STORE: Kind = Kind {
    what: "a trust store",
    local: &[],
    outside: &[Outside::Arn { service: "elasticloadbalancing", prefix: "truststore/" }],
};
pub(super) const VPC_ENDPOINT: Kind = Kind {
    what: "the id of a VPC endpoint",
    local: &[],
    outside: &[Outside::Name { service: "ec2", prefix: "vpc-endpoint/" }],
};
pub(super) const TARGET_GROUP: Kind =
    Kind { what: "a target group of this template", local: &[Local::of(TARGET_GROUP_TYPE, Form::Ref)], outside: &[] };
pub(super) const WEB_ACL: Kind =
    Kind { what: "a web ACL", local: &[], outside: &[Outside::Arn { service: "wafv2", prefix: "global/webacl/" }] };
/// The bucket of a load balancer's logs.
pub(super) const LOG_BUCKET: Kind =
    Kind { what: "a bucket", local: &[], outside: &[Outside::Name { service: "s3", prefix: "" }] };
/// The bucket of a distribution's logs.
pub(super) const LOG_BUCKET_DOMAIN: Kind =
    Kind { what: "the domain of a bucket", local: &[], outside: &[Outside::BucketDomain] };
/// What may call a function of this template. It reaches nobody else, but has to belong to the account.
pub(super) const CALLER: Kind = Kind {
    what: "the ARN of a resource of the target account",
    local: &[
        Local::of(TARGET_GROUP_TYPE, Form::Ref),
        Local::of(REST_API_TYPE, Form::Arn),
        Local::of(HTTP_API_TYPE, Form::Arn),
        Local::generated(FUNCTION_TYPE, "*"),
    ],
    outside: &[Outside::InAccount],
};
pub(super) const ACCOUNT: Kind = Kind { what: "the target account", local: &[], outside: &[Outside::Account] };
