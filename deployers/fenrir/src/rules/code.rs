//! Code of functions, contents of layers and definitions of APIs: files of the release, and nothing else.
//!
//! While nothing is uploaded, a template refers to files and folders beside it. Once it is, each is at an S3 URI whose
//! hash the release states. Code that has no such hash (`InlineCode`, images, other buckets) is refused.

use super::rule_context::RuleContext;
use super::{Facts, globals};
use crate::template::{Content, Node, Span};
use bifrost::release::ProjectDir;
use serde_json::{Value, json};

/// A file or folder that a template refers to, beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeReference {
    /// The resource.
    pub logical_id: String,
    /// Its property: `CodeUri`, `ContentUri` or `DefinitionUri`.
    pub property: &'static str,
    /// The path, relative to the template's folder. It does not lead out of it.
    pub path: String,
    /// Where it stands; for one that came by `Globals`, there.
    pub span: Option<Span>,
    /// A function's runtime, such as `provided.al2023`.
    pub runtime: Option<String>,
    /// A function's architecture: `x86_64` or `arm64`.
    pub architecture: Option<String>,
    /// How it is to be built, if the resource's `Metadata` says so.
    pub build_method: Option<String>,
    /// Which executable of a Cargo workspace it is, if the resource's `Metadata` says so (`BuildProperties.Binary`).
    pub binary: Option<String>,
    /// All that its Makefile reads, from the template's folder, if the resource's `Metadata` says so (`BuildInputs`).
    pub build_inputs: Vec<String>,
}

/// The property of each resource type that refers to a file.
const PROPERTIES: [(&str, &str); 3] = [
    ("AWS::Serverless::Function", "CodeUri"),
    ("AWS::Serverless::LayerVersion", "ContentUri"),
    ("AWS::Serverless::Api", "DefinitionUri"),
];

/// All files and folders that a template refers to, in its order. What [`apply`](super::apply) refuses is not among
/// them.
#[must_use]
pub fn code_references(template: &Node) -> Vec<CodeReference> {
    globals::merged(template).iter().filter_map(|(logical_id, entry)| reference(logical_id, &entry.value)).collect()
}

fn reference(logical_id: &str, resource: &Node) -> Option<CodeReference> {
    let kind = resource.get("Type")?.as_str()?;
    let (_, property) = PROPERTIES.iter().find(|(of, _)| *of == kind)?;
    let properties = resource.get("Properties")?;
    let uri = properties.get(property)?;
    let path = uri.as_str().filter(|path| fault(path).is_none())?;
    let text = |node: Option<&Node>| node.and_then(Node::as_str).map(str::to_owned);
    let metadata = |name| resource.get("Metadata").and_then(|metadata| metadata.get(name));
    let inputs = metadata("BuildInputs").and_then(Node::as_sequence).into_iter().flatten();
    let architectures = properties.get("Architectures").and_then(Node::as_sequence);
    Some(CodeReference {
        logical_id: logical_id.to_owned(),
        property,
        path: path.to_owned(),
        span: uri.span,
        runtime: text(properties.get("Runtime")),
        architecture: text(architectures.and_then(<[Node]>::first)),
        build_method: text(metadata("BuildMethod")),
        binary: text(metadata("BuildProperties").and_then(|properties| properties.get("Binary"))),
        build_inputs: inputs.filter_map(|path| text(Some(path))).collect(),
    })
}

/// The rule of a property that refers to a file.
pub(super) fn uri(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    match context.facts().files {
        Some(_) => uploaded(context, node),
        None => local(context, node),
    }
}

fn local(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    match node.as_str().map(fault) {
        None => {
            let message = format!("should be a path, but is {}", node.kind());
            context.refuse_with(
                node.span,
                message,
                "write the file or folder, relative to the template: it is uploaded",
            );
        }
        Some(Some((message, help))) => context.refuse_with(node.span, message, help),
        Some(None) => {}
    }
    node.into()
}

/// What is wrong with a path, and what to do about it.
fn fault(path: &str) -> Option<(String, &'static str)> {
    const SAME_FOLDER: &str = "what is deployed lies in the template's folder: name it from there";
    if path.contains("://") {
        let help = "write the file or folder beside the template: it is uploaded, and its hash kept in the release";
        return Some((format!("`{path}` is not a path"), help));
    }
    if path.is_empty() || path.chars().any(char::is_control) || path.contains('\\') {
        return Some((format!("{path:?} is not a path"), SAME_FOLDER));
    }
    let climbs = climbs_out(path);
    (climbs || path.starts_with(['/', '~']))
        .then(|| (format!("`{path}` leads out of the template's folder"), SAME_FOLDER))
}

fn climbs_out(path: &str) -> bool {
    let mut depth = 0_usize;
    path.split('/').any(|segment| {
        let below = match segment {
            "" | "." => Some(depth),
            ".." => depth.checked_sub(1),
            _ => depth.checked_add(1),
        };
        depth = below.unwrap_or_default();
        below.is_none()
    })
}

fn uploaded(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let facts = context.facts();
    let Some(uri) = s3_uri(context, node) else { return node.into() };
    if !facts.files.is_some_and(|files| files.contains_key(&uri)) {
        let help = "the release states the hash of all code: let `deploy` upload it";
        context.refuse_with(node.span, format!("`{uri}` is not in s3_uris_sha256s"), help);
    }
    let ours = folder(facts);
    if !uri.starts_with(&ours) {
        let help = "no other project's code can be deployed: let `deploy` upload it";
        context.refuse_with(node.span, format!("`{uri}` does not lie under {ours}"), help);
    }
    json!(uri)
}

/// Where all files of a project lie.
fn folder(facts: &Facts<'_>) -> String {
    format!("s3://{}/{}/", facts.bucket, ProjectDir::new(facts.account, facts.project))
}

/// The URI that is written, as one text or as bucket and key.
fn s3_uri(context: &mut RuleContext<'_, '_>, node: &Node) -> Option<String> {
    let part = |name| node.get(name).and_then(Node::as_str);
    match (&node.content, part("Bucket"), part("Key")) {
        (Content::String(uri), ..) if uri.starts_with("s3://") => Some(uri.clone()),
        (Content::Mapping(parts), Some(bucket), Some(key)) if parts.len() == 2 => Some(format!("s3://{bucket}/{key}")),
        _ => {
            let message = "should be a URI like s3://bucket/key, or a mapping of `Bucket` and `Key` alone";
            context.refuse_with(node.span, message, "let `deploy` upload the file and write its URI here");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::{RulesFixture, function};
    use serde_json::json;

    fn with_code(uri: &Value) -> Value {
        json!({"hello": function(json!({"CodeUri": uri}))})
    }

    #[test]
    fn before_the_upload_code_is_a_path_beside_the_template() {
        for path in [".", "./hello", "hello/main.zip", "a/../b", "..a/b..", "a b"] {
            RulesFixture::default().accepts(with_code(&json!(path)));
        }
        for path in ["..", "../x", "a/../../b", "/etc", "~/x", "", "s3://bucket/key", "https://x/y", "a\\..\\b", "a\nb"]
        {
            RulesFixture::default().refuses(with_code(&json!(path)), "hello.Properties.CodeUri", "path|folder");
        }
        RulesFixture::default().refuses(
            with_code(&json!({"Ref": "hello"})),
            "hello.Properties.CodeUri",
            "should be a path",
        );
    }

    #[test]
    fn after_it_code_is_a_file_of_the_release() {
        let key = "000000000000/org/shop/development/release-1/release/hello.zip";
        let uri = format!("s3://bucket/{key}");
        let fixture = RulesFixture::default().file(&uri);
        let emitted = fixture.accepts(with_code(&json!(uri)));
        assert_eq!(emitted["Resources"]["hello"]["Properties"]["CodeUri"], json!(uri));
        let emitted = fixture.accepts(with_code(&json!({"Bucket": "bucket", "Key": key})));
        assert_eq!(emitted["Resources"]["hello"]["Properties"]["CodeUri"], json!(uri));
        fixture.refuses(with_code(&json!(format!("{uri}2"))), "hello.Properties.CodeUri", "is not in s3_uris_sha256s");
        fixture.refuses(with_code(&json!(".")), "hello.Properties.CodeUri", "should be a URI");
        fixture.refuses(with_code(&json!({"Bucket": "b", "Key": "k", "Version": "1"})), "CodeUri", "should be a URI");
    }

    #[test]
    fn no_other_projects_code_can_be_deployed() {
        for uri in [
            "s3://bucket/000000000000/org/other/x.zip",
            "s3://other/000000000000/org/shop/x.zip",
            "s3://bucket/000000000000/org/shop2/x.zip",
            "s3://bucket/111111111111/org/shop/x.zip",
        ] {
            RulesFixture::default().file(uri).refuses(
                with_code(&json!(uri)),
                "hello.Properties.CodeUri",
                "does not lie under",
            );
        }
    }

    #[test]
    fn references_are_what_has_to_be_packaged() {
        let template = json!({
            "Globals": {"Function": {"CodeUri": "src", "Runtime": "provided.al2023", "Architectures": ["x86_64"]}},
            "Resources": {
                "hello": {
                    "Type": "AWS::Serverless::Function",
                    "Properties": {"Architectures": ["arm64"]},
                    "Metadata": {"BuildMethod": "rust-cargolambda"},
                },
                "shared": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer"}},
                "api": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionUri": "api.yml"}},
                "done": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "s3://bucket/key"}},
                "odd": 3,
            },
        });
        let references = code_references(&(&template).into());
        let found: Vec<_> = references.iter().map(|code| (&*code.logical_id, code.property, &*code.path)).collect();
        let expected =
            [("hello", "CodeUri", "src"), ("shared", "ContentUri", "layer"), ("api", "DefinitionUri", "api.yml")];
        assert_eq!(found, expected);
        let hello = &references[0];
        assert_eq!(hello.runtime.as_deref(), Some("provided.al2023"));
        assert_eq!(hello.architecture.as_deref(), Some("arm64"));
        assert_eq!(hello.build_method.as_deref(), Some("rust-cargolambda"));
    }
}
