//! `AWS::CloudFront::Distribution`: no origins in S3, because nothing shows which project owns the bucket.

use super::evaluate::{Piece, evaluate};
use super::hosts::is_bucket_domain;
use super::origins;
use super::reference_kinds as kinds;
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Boolean, Integer, List, Names, Number, Object, OneOf, Refused, Required, Rule, Text};
use super::table::Table;
use super::tags::{self, TAG};
use crate::template::{FindingCode, Node};
use bifrost::release::service_principal::EDGE_LAMBDA;
use serde_json::{Value, json};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::CloudFront::Distribution",
    table: PROPERTIES,
    named: None,
    finish: |context, node, properties| {
        origins::check(context, node);
        tags::add_to_list(context, node, properties);
    },
    deletion_policy: None,
};

const NO_TENANTS: &str = "remove it: Fenrir's role has no permissions for the tenants of a distribution";
const NO_S3: &str = "use a custom origin, such as an API: a bucket could belong to another project";

const NOT_TAGGED: &str = "remove it: nothing shows which project the resource that it names belongs to";

const PROPERTIES: Table =
    &[("DistributionConfig", Required(&Object(DISTRIBUTION_CONFIG))), ("Tags", List(&Object(TAG)))];
const DISTRIBUTION_CONFIG: Table = &[
    ("Aliases", List(&Text)),
    ("AnycastIpListId", Refused(NOT_TAGGED)),
    ("CNAMEs", List(&Text)),
    ("CacheBehaviors", List(&Object(CACHE_BEHAVIOR))),
    ("CacheTagConfig", Object(CACHE_TAG_CONFIG)),
    ("Comment", Text),
    ("ConnectionFunctionAssociation", Refused(NOT_TAGGED)),
    ("ConnectionMode", Rule(connection_mode)),
    ("ContinuousDeploymentPolicyId", Refused(NOT_TAGGED)),
    ("CustomErrorResponses", List(&Object(CUSTOM_ERROR_RESPONSE))),
    ("CustomOrigin", Refused("use `Origins`, which replaces it in CloudFormation")),
    ("DefaultCacheBehavior", Required(&Object(DEFAULT_CACHE_BEHAVIOR))),
    ("DefaultRootObject", Text),
    ("Enabled", Required(&Boolean)),
    ("HttpVersion", OneOf(&["http1.1", "http2", "http2and3", "http3"])),
    ("IPV6Enabled", Boolean),
    ("Logging", Object(LOGGING)),
    ("OriginGroups", Object(ORIGIN_GROUPS)),
    ("Origins", List(&Object(ORIGIN))),
    ("PriceClass", OneOf(&["None", "PriceClass_100", "PriceClass_200", "PriceClass_All"])),
    ("Restrictions", Object(RESTRICTIONS)),
    ("S3Origin", Refused(NO_S3)),
    ("Staging", Boolean),
    ("TenantConfig", Refused(NO_TENANTS)),
    ("ViewerCertificate", Object(VIEWER_CERTIFICATE)),
    ("ViewerMtlsConfig", Refused(NOT_TAGGED)),
    ("WebACLId", Names(&kinds::WEB_ACL)),
];
const CACHE_BEHAVIOR: Table = &[
    ("AllowedMethods", List(&Text)),
    ("CachePolicyId", Text),
    ("CachedMethods", List(&Text)),
    ("Compress", Boolean),
    ("DefaultTTL", Number),
    ("FieldLevelEncryptionId", Refused(NOT_TAGGED)),
    ("ForwardedValues", Object(FORWARDED_VALUES)),
    ("FunctionAssociations", List(&Object(FUNCTION_ASSOCIATION))),
    ("GrpcConfig", Object(GRPC_CONFIG)),
    ("LambdaFunctionAssociations", List(&Object(LAMBDA_FUNCTION_ASSOCIATION))),
    ("MaxTTL", Number),
    ("MinTTL", Number),
    ("OriginRequestPolicyId", Text),
    ("PathPattern", Required(&Text)),
    ("RealtimeLogConfigArn", Refused(NOT_TAGGED)),
    ("ResponseHeadersPolicyId", Text),
    ("SmoothStreaming", Boolean),
    ("TargetOriginId", Required(&Text)),
    ("TrustedKeyGroups", List(&Text)),
    ("TrustedSigners", List(&Text)),
    ("ViewerProtocolPolicy", Required(&Text)),
];
const FORWARDED_VALUES: Table = &[
    ("Cookies", Object(COOKIES)),
    ("Headers", List(&Text)),
    ("QueryString", Required(&Boolean)),
    ("QueryStringCacheKeys", List(&Text)),
];
const COOKIES: Table = &[("Forward", Required(&Text)), ("WhitelistedNames", List(&Text))];
const FUNCTION_ASSOCIATION: Table = &[("EventType", Text), ("FunctionARN", Refused(NOT_TAGGED))];
const GRPC_CONFIG: Table = &[("Enabled", Required(&Boolean))];
const LAMBDA_FUNCTION_ASSOCIATION: Table =
    &[("EventType", Text), ("IncludeBody", Boolean), ("LambdaFunctionARN", Rule(edge_function))];
const CACHE_TAG_CONFIG: Table = &[("HeaderName", Required(&Text))];
const CUSTOM_ERROR_RESPONSE: Table = &[
    ("ErrorCachingMinTTL", Number),
    ("ErrorCode", Required(&Integer)),
    ("ResponseCode", Integer),
    ("ResponsePagePath", Text),
];
const DEFAULT_CACHE_BEHAVIOR: Table = &[
    ("AllowedMethods", List(&Text)),
    ("CachePolicyId", Text),
    ("CachedMethods", List(&Text)),
    ("Compress", Boolean),
    ("DefaultTTL", Number),
    ("FieldLevelEncryptionId", Refused(NOT_TAGGED)),
    ("ForwardedValues", Object(FORWARDED_VALUES)),
    ("FunctionAssociations", List(&Object(FUNCTION_ASSOCIATION))),
    ("GrpcConfig", Object(GRPC_CONFIG)),
    ("LambdaFunctionAssociations", List(&Object(LAMBDA_FUNCTION_ASSOCIATION))),
    ("MaxTTL", Number),
    ("MinTTL", Number),
    ("OriginRequestPolicyId", Text),
    ("RealtimeLogConfigArn", Refused(NOT_TAGGED)),
    ("ResponseHeadersPolicyId", Text),
    ("SmoothStreaming", Boolean),
    ("TargetOriginId", Required(&Text)),
    ("TrustedKeyGroups", List(&Text)),
    ("TrustedSigners", List(&Text)),
    ("ViewerProtocolPolicy", Required(&OneOf(&["allow-all", "https-only", "redirect-to-https"]))),
];
const LOGGING: Table = &[("Bucket", Names(&kinds::LOG_BUCKET_DOMAIN)), ("IncludeCookies", Boolean), ("Prefix", Text)];
const ORIGIN_GROUPS: Table = &[("Items", List(&Object(ORIGIN_GROUP))), ("Quantity", Required(&Integer))];
const ORIGIN_GROUP: Table = &[
    ("FailoverCriteria", Required(&Object(ORIGIN_GROUP_FAILOVER_CRITERIA))),
    ("Id", Required(&Text)),
    ("Members", Required(&Object(ORIGIN_GROUP_MEMBERS))),
    ("SelectionCriteria", OneOf(&["default", "media-quality-based"])),
];
const ORIGIN_GROUP_FAILOVER_CRITERIA: Table = &[("StatusCodes", Required(&Object(STATUS_CODES)))];
const STATUS_CODES: Table = &[("Items", Required(&List(&Integer))), ("Quantity", Required(&Integer))];
const ORIGIN_GROUP_MEMBERS: Table =
    &[("Items", Required(&List(&Object(ORIGIN_GROUP_MEMBER)))), ("Quantity", Required(&Integer))];
const ORIGIN_GROUP_MEMBER: Table = &[("OriginId", Required(&Text))];
const ORIGIN: Table = &[
    ("ConnectionAttempts", Integer),
    ("ConnectionTimeout", Integer),
    ("CustomOriginConfig", Object(CUSTOM_ORIGIN_CONFIG)),
    ("DomainName", Required(&Rule(domain_name))),
    ("Id", Required(&Text)),
    ("OriginAccessControlId", Refused(NOT_TAGGED)),
    ("OriginCustomHeaders", List(&Object(ORIGIN_CUSTOM_HEADER))),
    ("OriginPath", Text),
    ("OriginShield", Object(ORIGIN_SHIELD)),
    ("ResponseCompletionTimeout", Integer),
    ("S3OriginConfig", Refused(NO_S3)),
    ("VpcOriginConfig", Refused(NOT_TAGGED)),
];
const CUSTOM_ORIGIN_CONFIG: Table = &[
    ("HTTPPort", Integer),
    ("HTTPSPort", Integer),
    ("IpAddressType", OneOf(&["ipv4", "ipv6", "dualstack"])),
    ("OriginKeepaliveTimeout", Integer),
    ("OriginMtlsConfig", Object(ORIGIN_MTLS_CONFIG)),
    ("OriginProtocolPolicy", Required(&Text)),
    ("OriginReadTimeout", Integer),
    ("OriginSSLProtocols", List(&Text)),
];
const ORIGIN_MTLS_CONFIG: Table = &[("ClientCertificateArn", Required(&Names(&kinds::CERTIFICATE)))];
const ORIGIN_CUSTOM_HEADER: Table = &[("HeaderName", Required(&Text)), ("HeaderValue", Required(&Text))];
const ORIGIN_SHIELD: Table = &[("Enabled", Boolean), ("OriginShieldRegion", Text)];
const RESTRICTIONS: Table = &[("GeoRestriction", Required(&Object(GEO_RESTRICTION)))];
const GEO_RESTRICTION: Table =
    &[("Locations", List(&Text)), ("RestrictionType", Required(&OneOf(&["blacklist", "none", "whitelist"])))];
const VIEWER_CERTIFICATE: Table = &[
    ("AcmCertificateArn", Names(&kinds::CERTIFICATE)),
    ("CloudFrontDefaultCertificate", Boolean),
    ("IamCertificateId", Refused("use `AcmCertificateArn`, whose tags Fenrir checks")),
    ("MinimumProtocolVersion", Text),
    ("SslSupportMethod", OneOf(&["sni-only", "static-ip", "vip"])),
];

fn connection_mode(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if node.as_str() != Some("direct") {
        context.refuse(FindingCode::NotAllowed, node.span, "only the mode `direct` is allowed", NO_TENANTS);
    }
    node.into()
}

/// Refuses a function of the template with the role that SAM creates: only `lambda.amazonaws.com` may assume that.
fn edge_function(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let argument = node.intrinsic().map(|call| call.argument);
    let first = || argument?.as_sequence()?.first()?.as_str();
    let name = argument.and_then(Node::as_str).or_else(first);
    let logical_id = name.and_then(|name| name.split('.').next()).unwrap_or_default();
    let function = context.check.resources.get(logical_id).map(|entry| &entry.value);
    let is_function = |node: &&Node| node.get("Type").and_then(Node::as_str) == Some("AWS::Serverless::Function");
    if function.filter(is_function).is_some_and(|node| node.get("Properties").and_then(|all| all.get("Role")).is_none())
    {
        let message = format!("{EDGE_LAMBDA} may not assume the role that SAM creates for `{logical_id}`");
        let help = format!("set `Role` of `{logical_id}` to a role that {EDGE_LAMBDA} may assume");
        context.refuse(FindingCode::NotAllowed, node.span, message, help);
    }
    Names(&kinds::FUNCTION).walk(context, node)
}

/// Plain text, or an attribute of a resource of the template. Refuses domains of buckets: a custom origin can reach a bucket by its
/// domain.
fn domain_name(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let facts = context.facts();
    let is_own = match evaluate(facts, node).as_slice() {
        [Piece::Text(name)] => {
            if is_bucket_domain(name) {
                let message = format!("`{name}` is the domain of an S3 bucket");
                context.refuse(FindingCode::NotAllowed, node.span, message, NO_S3);
            }
            return json!(name);
        }
        [Piece::Attribute(..)] => true,
        // The domain of an API of the template.
        [Piece::Ref(api), Piece::Text(rest)] => {
            let host = format!(".execute-api.{}.{}", facts.region, facts.region.partition().url_suffix());
            *rest == host && APIS.iter().any(|kind| context.check.type_of(api) == Some(kind))
        }
        _ => false,
    };
    if !is_own {
        let message =
            format!("should be a domain, or an attribute of a resource of this template, but is {}", node.kind());
        let help =
            "write the domain itself, or `!GetAtt <resource>.<attribute>`: a computed domain could be that of a bucket";
        context.refuse(FindingCode::NotAReference, node.span, message, help);
    }
    node.into()
}

const APIS: [&str; 2] = ["AWS::Serverless::Api", "AWS::Serverless::HttpApi"];

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn with_origin(origin: &Value) -> Value {
        let config = json!({
            "Enabled": true, "Origins": [origin],
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
        });
        json!({"cdn": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}})
    }

    #[test]
    fn distribution_gets_tags() {
        let custom = json!({"OriginProtocolPolicy": "https-only"});
        let origin = json!({"Id": "o", "DomainName": "example.com", "CustomOriginConfig": custom});
        let emitted = RulesFixture::default().accepts(with_origin(&origin));
        assert_eq!(
            emitted["Resources"]["cdn"]["Properties"]["Tags"],
            json!([
                {"Key": "ProjectName", "Value": "org/shop"},
                {"Key": "ConfigName", "Value": "development"},
                {"Key": "ServiceName", "Value": "cdn"},
            ])
        );
    }

    #[test]
    fn other_domain_with_an_s3_label_is_accepted() {
        RulesFixture::default().accepts(with_origin(&json!({"Id": "o", "DomainName": "files.s3.example.com"})));
        RulesFixture::default()
            .accepts(with_origin(&json!({"Id": "o", "DomainName": {"Fn::Sub": "${AWS::Region}.s3.example.com"}})));
    }

    #[test]
    fn computed_domain_belongs_to_the_template() {
        let with = |domain: Value| {
            let mut resources = with_origin(&json!({"Id": "o", "DomainName": domain}));
            resources["api"] = json!({"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live"}});
            resources["other"] = resources["cdn"].clone();
            resources["other"]["Properties"]["DistributionConfig"]["Origins"][0]["DomainName"] = json!("example.com");
            resources
        };
        let path = "cdn.Properties.DistributionConfig.Origins.0.DomainName";
        for own in [
            json!({"Fn::Sub": "${api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}),
            json!({"Fn::Join": [".", [{"Ref": "api"}, "execute-api.us-east-1.amazonaws.com"]]}),
            json!({"Fn::GetAtt": ["other", "DomainName"]}),
        ] {
            RulesFixture::default().accepts(with(own));
        }
        for other in [
            json!({"Fn::Sub": "${other}.example.com"}),
            json!({"Fn::Sub": "${api}.s3.${AWS::Region}.${AWS::URLSuffix}"}),
            json!({"Fn::ImportValue": "x"}),
        ] {
            RulesFixture::default().refuses(with(other), path, FindingCode::NotAReference);
        }
        let joined = json!({"Fn::Join": ["", ["victim.s", "3.amazonaws.com"]]});
        RulesFixture::default().refuses(with(joined), path, FindingCode::NotAllowed);
    }

    fn with_edge_function(function: &Value, arn: &Value) -> Value {
        let origin = json!({"Id": "o", "DomainName": "example.com", "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}});
        let mut resources = with_origin(&origin);
        let association = json!([{"EventType": "viewer-request", "LambdaFunctionARN": arn}]);
        let config = &mut resources["cdn"]["Properties"]["DistributionConfig"];
        config["DefaultCacheBehavior"]["LambdaFunctionAssociations"] = association;
        resources["hello"] = function.clone();
        resources
    }

    #[test]
    fn edge_function_has_its_own_role() {
        let path =
            "cdn.Properties.DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations.0.LambdaFunctionARN";
        let by_sam = function(json!({"AutoPublishAlias": "live"}));
        for arn in [json!({"Ref": "hello.Version"}), json!({"Fn::GetAtt": ["hello", "Arn"]})] {
            let resources = with_edge_function(&by_sam, &arn);
            RulesFixture::default().refuses(resources, path, FindingCode::NotAllowed);
        }
        let own = function(json!({"AutoPublishAlias": "live", "Role": "ours", "Policies": null}));
        RulesFixture::default().needs(with_edge_function(&own, &json!({"Ref": "hello.Version"})));
    }

    #[test]
    fn tenants_are_refused() {
        let config = "cdn.Properties.DistributionConfig";
        for (name, value) in [("ConnectionMode", json!("tenant-only")), ("TenantConfig", json!({}))] {
            let mut resources = with_origin(&json!({"Id": "o", "DomainName": "example.com"}));
            resources["cdn"]["Properties"]["DistributionConfig"][name] = value;
            RulesFixture::default().refuses(resources, &format!("{config}.{name}"), FindingCode::NotAllowed);
        }
    }

    #[test]
    fn every_form_of_s3_origin_is_refused() {
        let fixture = RulesFixture::default();
        let origins = "cdn.Properties.DistributionConfig.Origins.0";
        let s3 = json!({"Id": "o", "DomainName": "example.com", "S3OriginConfig": {}});
        fixture.refuses(with_origin(&s3), &format!("{origins}.S3OriginConfig"), FindingCode::NotAllowed);
        for domain in [
            json!("b.s3.amazonaws.com"),
            json!("b.s3.us-east-1.amazonaws.com"),
            json!("b.s3-website-us-east-1.amazonaws.com"),
            json!("B.S3.us-east-1.amazonaws.com."),
            json!("b.s3.cn-north-1.amazonaws.com.cn"),
            json!("b.s3.us-iso-east-1.c2s.ic.gov"),
            json!({"Fn::Sub": "${AWS::AccountId}.s3.${AWS::Region}.amazonaws.com"}),
        ] {
            let origin = json!({"Id": "o", "DomainName": domain});
            fixture.refuses(with_origin(&origin), &format!("{origins}.DomainName"), FindingCode::NotAllowed);
        }
        let mut legacy = with_origin(&json!({"Id": "o", "DomainName": "example.com"}));
        legacy["cdn"]["Properties"]["DistributionConfig"]["S3Origin"] = json!({"DNSName": "x"});
        fixture.refuses(legacy, "cdn.Properties.DistributionConfig.S3Origin", FindingCode::NotAllowed);
    }
}
