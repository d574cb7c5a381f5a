//! `Globals` of a template, merged into its resources as SAM does it.
//!
//! As in SAM's `plugins/globals/globals.py`: mappings are merged; lists are concatenated, the global one first; any other
//! value of the resource replaces the global one. An intrinsic function is one value. Merged values keep their positions.
//! The template for CloudFormation has no globals: CloudFormation gets what was checked.

use super::rule_context::RuleContext;
use crate::template::{Content, Entry, FindingCode, Mapping, Node, nearest};

const PREFIX: &str = "AWS::Serverless::";

/// The properties that may be global, by section: SAM's lists for the types that Fenrir supports, in SAM's order, without the
/// properties that Fenrir refuses.
pub(super) const SECTIONS: [(&str, &[&str]); 5] = [
    (
        "Function",
        &[
            "Handler",
            "Runtime",
            "CodeUri",
            "DeadLetterQueue",
            "Description",
            "MemorySize",
            "Timeout",
            "VpcConfig",
            "Environment",
            "Tags",
            "PropagateTags",
            "Tracing",
            "KmsKeyArn",
            "AutoPublishAlias",
            "AutoPublishAliasAllProperties",
            "Layers",
            "DeploymentPreference",
            "PermissionsBoundary",
            "ReservedConcurrentExecutions",
            "ProvisionedConcurrencyConfig",
            "EventInvokeConfig",
            "FileSystemConfigs",
            "CodeSigningConfigArn",
            "Architectures",
            "SnapStart",
            "EphemeralStorage",
            "FunctionUrlConfig",
            "RuntimeManagementConfig",
            "LoggingConfig",
            "RecursiveLoop",
            "SourceKMSKeyArn",
            "TenancyConfig",
            "DurableConfig",
            "CapacityProviderConfig",
            "FunctionScalingConfig",
            "PublishToLatestPublished",
            "VersionDeletionPolicy",
        ],
    ),
    (
        "Api",
        &[
            "Auth",
            "DefinitionUri",
            "CacheClusterEnabled",
            "CacheClusterSize",
            "MergeDefinitions",
            "Variables",
            "EndpointConfiguration",
            "MethodSettings",
            "BinaryMediaTypes",
            "MinimumCompressionSize",
            "Cors",
            "GatewayResponses",
            "AccessLogSetting",
            "CanarySetting",
            "TracingEnabled",
            "OpenApiVersion",
            "Domain",
            "AlwaysDeploy",
            "PropagateTags",
            "SecurityPolicy",
            "EndpointAccessMode",
        ],
    ),
    (
        "HttpApi",
        &[
            "Auth",
            "AccessLogSettings",
            "StageVariables",
            "Tags",
            "CorsConfiguration",
            "DefaultRouteSettings",
            "Domain",
            "RouteSettings",
            "FailOnWarnings",
            "PropagateTags",
        ],
    ),
    ("SimpleTable", &["SSESpecification"]),
    ("LayerVersion", &["PublishLambdaVersion"]),
];

/// The resources of a template, with the globals merged into them.
pub(super) fn merged(template: &Node) -> Mapping {
    let globals = template.get("Globals");
    let resources = template.get("Resources").and_then(Node::as_mapping).into_iter().flatten();
    let merged = resources.map(|(logical_id, entry)| {
        let value = globals.map_or_else(|| entry.value.clone(), |globals| with_globals(globals, &entry.value));
        (logical_id.clone(), Entry { key_span: entry.key_span, value })
    });
    merged.collect()
}

/// Checks the names in the globals. Their values are checked in the resources that they are merged into.
pub(super) fn check(context: &mut RuleContext<'_, '_>, globals: &Node) {
    let names = SECTIONS.map(|(name, _)| name);
    for (name, entry) in entries(context, globals) {
        let mut context = context.within(name);
        match SECTIONS.iter().find(|(known, _)| known == name) {
            Some((_, known)) => check_section(&mut context, known, &entry.value),
            None => refuse(&mut context, entry, &names),
        }
    }
}

fn check_section(context: &mut RuleContext<'_, '_>, known: &[&str], section: &Node) {
    for (name, entry) in entries(context, section) {
        if !known.contains(&name.as_str()) {
            refuse(&mut context.within(name), entry, known);
        }
    }
}

fn entries<'n>(
    context: &mut RuleContext<'_, '_>,
    node: &'n Node,
) -> impl Iterator<Item = (&'n String, &'n Entry)> + use<'n> {
    if node.as_mapping().is_none() {
        let help = "write properties by resource type, such as `Function: {Timeout: 30}`";
        let message = format!("should be a mapping, but is {}", node.kind());
        context.refuse(FindingCode::WrongType, node.span, message, help);
    }
    node.as_mapping().into_iter().flatten()
}

fn refuse(context: &mut RuleContext<'_, '_>, entry: &Entry, known: &[&str]) {
    let name = context.name();
    let help = match nearest(name, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("these can be global: {}", known.join(", ")),
    };
    context.refuse(FindingCode::NotGlobal, entry.key_span, format!("`{name}` cannot be global"), help);
}

/// The value of a property of a resource: its own, or else the global one. Without the merge of mappings and lists.
pub(super) fn property<'n>(template: &'n Node, resource: &'n Node, name: &str) -> Option<&'n Node> {
    let own = resource.get("Properties").and_then(|properties| properties.get(name));
    own.or_else(|| section(template.get("Globals")?, resource)?.get(name).map(|entry| &entry.value))
        .filter(|_| own.is_some() || !is_ignored(resource, name))
}

/// The global properties of a resource's type.
fn section<'n>(globals: &'n Node, resource: &Node) -> Option<&'n Mapping> {
    let section = resource.get("Type")?.as_str()?.strip_prefix(PREFIX)?;
    globals.get(section)?.as_mapping()
}

/// Whether a resource does without a global property.
fn is_ignored(resource: &Node, name: &str) -> bool {
    match resource.get("IgnoreGlobals").map(|ignored| &ignored.content) {
        Some(Content::String(text)) => text == "*",
        Some(Content::Sequence(names)) => names.iter().any(|node| node.as_str() == Some(name)),
        _ => false,
    }
}

fn with_globals(globals: &Node, resource: &Node) -> Node {
    let (Some(global), Some(attributes)) = (section(globals, resource), resource.as_mapping()) else {
        return resource.clone();
    };
    let global: Mapping = global.iter().filter(|(name, _)| !is_ignored(resource, name)).map(cloned).collect();
    let merged = |(name, entry): (&String, &Entry)| match entry.value.as_mapping() {
        Some(own) if name == "Properties" => {
            let content = Content::Mapping(merge_mappings(&global, own, ""));
            (name.clone(), Entry { key_span: entry.key_span, value: Node { content, span: entry.value.span } })
        }
        _ => cloned((name, entry)),
    };
    let mut merged: Mapping = attributes.iter().map(merged).collect();
    let without_own =
        || Entry { key_span: None, value: Node { content: Content::Mapping(global), span: resource.span } };
    merged.entry("Properties".to_owned()).or_insert_with(without_own);
    Node { content: Content::Mapping(merged), span: resource.span }
}

fn cloned((name, entry): (&String, &Entry)) -> (String, Entry) {
    (name.clone(), entry.clone())
}

fn merge_mappings(global: &Mapping, local: &Mapping, path: &str) -> Mapping {
    let mut merged = global.clone();
    for (name, entry) in local {
        let value = match global.get(name) {
            Some(global) => merge(&global.value, &entry.value, &format!("{path}.{name}")),
            None => entry.value.clone(),
        };
        merged.insert(name.clone(), Entry { key_span: entry.key_span, value });
    }
    merged
}

fn merge(global: &Node, local: &Node, path: &str) -> Node {
    /// The only list that SAM does not concatenate: a function has one architecture.
    const REPLACED: &str = ".Architectures";
    let content = match (&global.content, &local.content) {
        (Content::Mapping(shared), Content::Mapping(own))
            if global.intrinsic().is_none() && local.intrinsic().is_none() =>
        {
            Content::Mapping(merge_mappings(shared, own, path))
        }
        (Content::Sequence(shared), Content::Sequence(own)) if path != REPLACED => {
            Content::Sequence(shared.iter().chain(own).cloned().collect())
        }
        _ => local.content.clone(),
    };
    Node { content, span: local.span }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn merged_properties(global: &Value, resource: &Value) -> Value {
        let template = json!({"Globals": {"Function": global}, "Resources": {"hello": resource}});
        let template = Node::from(&template);
        let resources = merged(&template);
        Value::from(&resources["hello"].value)["Properties"].take()
    }

    fn function(properties: &Value) -> Value {
        json!({"Type": "AWS::Serverless::Function", "Properties": properties})
    }

    #[test]
    fn mappings_and_lists_are_merged() {
        let global = json!({
            "Timeout": 30, "MemorySize": 128, "Layers": ["a"], "CodeUri": "src",
            "Environment": {"Variables": {"A": "1", "B": "2"}},
        });
        let own = json!({
            "Timeout": 5, "Layers": ["b"], "Environment": {"Variables": {"B": "3"}}, "CodeUri": {"Bucket": "b"},
        });
        assert_eq!(
            merged_properties(&global, &function(&own)),
            json!({
                "Timeout": 5, "MemorySize": 128, "Layers": ["a", "b"], "CodeUri": {"Bucket": "b"},
                "Environment": {"Variables": {"A": "1", "B": "3"}},
            })
        );
    }

    #[test]
    fn intrinsic_function_is_one_value() {
        let global = json!({"KmsKeyArn": {"Ref": "a"}, "Tags": {"Ref": "c"}});
        let own = json!({"KmsKeyArn": {"Fn::GetAtt": ["b", "Arn"]}, "Tags": {"x": "y"}});
        assert_eq!(merged_properties(&global, &function(&own)), own);
    }

    #[test]
    fn architectures_are_overridden() {
        let global = json!({"Architectures": ["x86_64"]});
        let own = json!({"Architectures": ["arm64"]});
        assert_eq!(merged_properties(&global, &function(&own)), own);
    }

    #[test]
    fn resource_may_ignore_globals() {
        let global = json!({"Timeout": 5, "MemorySize": 128});
        let ignoring = |what: Value| json!({"Type": "AWS::Serverless::Function", "IgnoreGlobals": what});
        assert_eq!(merged_properties(&global, &ignoring(json!("*"))), json!({}));
        assert_eq!(merged_properties(&global, &ignoring(json!(["Timeout"]))), json!({"MemorySize": 128}));
    }

    #[test]
    fn other_types_are_unchanged() {
        let table = json!({"Type": "AWS::Serverless::SimpleTable", "Properties": {}});
        assert_eq!(merged_properties(&json!({"Timeout": 5}), &table), json!({}));
    }

    #[test]
    fn property_is_the_own_one_or_the_global_one() {
        let template = json!({
            "Globals": {"Function": {"Runtime": "python3.13", "Timeout": 3}},
            "Resources": {
                "own": {"Type": "AWS::Serverless::Function", "Properties": {"Runtime": "nodejs22.x"}},
                "bare": {"Type": "AWS::Serverless::Function"},
                "ignoring": {"Type": "AWS::Serverless::Function", "IgnoreGlobals": ["Runtime"]},
                "queue": {"Type": "AWS::SQS::Queue"},
            },
        });
        let template = Node::from(&template);
        let runtime = |logical_id: &str| {
            let resource = template.get("Resources").unwrap().get(logical_id).unwrap();
            property(&template, resource, "Runtime").and_then(Node::as_str)
        };
        let found = ["own", "bare", "ignoring", "queue"].map(runtime);
        assert_eq!(found, [Some("nodejs22.x"), Some("python3.13"), None, None]);
    }
}
