//! Code of functions, contents of layers and definitions of APIs: only files of the release.
//!
//! Before the upload a template refers to files and folders beside it. After the upload it refers to S3 URIs whose hashes
//! the release lists. Code without such a hash is refused: `InlineCode`, images, other buckets.

use super::rule_context::RuleContext;
use super::{Facts, globals};
use crate::template::{Content, FindingCode, Node, Span};
use bifrost::release::ProjectDir;
use serde_json::{Value, json};

/// A file or folder that a template refers to, beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeReference {
    /// The logical id of the resource.
    pub logical_id: String,
    /// The property: `CodeUri`, `ContentUri` or `DefinitionUri`.
    pub property: &'static str,
    /// The path from the template's folder, and inside of it.
    pub path: String,
    /// The position of the path, which may be in `Globals`.
    pub span: Option<Span>,
    /// The runtime of a function, such as `provided.al2023`.
    pub runtime: Option<String>,
    /// The architecture of a function, or the only one of a layer: `x86_64` or `arm64`.
    pub architecture: Option<String>,
    /// Whether a function has layers, which may contain its packages.
    pub has_layers: bool,
    /// `Metadata.BuildMethod`.
    pub build_method: Option<String>,
    /// `Metadata.BuildProperties.Binary`: the executable of a Cargo workspace.
    pub binary: Option<String>,
    /// `Metadata.BuildInputs`: the paths, from the template's folder, that the Makefile reads.
    pub build_inputs: Vec<String>,
}

/// The property of each resource type that refers to a file.
const PROPERTIES: [(&str, &str); 3] = [
    ("AWS::Serverless::Function", "CodeUri"),
    ("AWS::Serverless::LayerVersion", "ContentUri"),
    ("AWS::Serverless::Api", "DefinitionUri"),
];

/// The files and folders that a template refers to, in its order, without those that [`apply`](super::apply) refuses.
#[must_use]
pub fn code_references(template: &Node) -> Vec<CodeReference> {
    let resources = template.get("Resources").and_then(Node::as_mapping).into_iter().flatten();
    resources.filter_map(|(logical_id, entry)| reference(template, logical_id, &entry.value)).collect()
}

fn reference(template: &Node, logical_id: &str, resource: &Node) -> Option<CodeReference> {
    let kind = resource.get("Type")?.as_str()?;
    let (_, property) = PROPERTIES.iter().find(|(of, _)| *of == kind)?;
    let get = |name| globals::property(template, resource, name);
    let uri = get(property)?;
    let path = uri.as_str().filter(|path| path_fault(path).is_none())?;
    let text = |node: Option<&Node>| node.and_then(Node::as_str).map(str::to_owned);
    let metadata = |name| resource.get("Metadata").and_then(|metadata| metadata.get(name));
    let inputs = metadata("BuildInputs").and_then(Node::as_sequence).into_iter().flatten();
    let architectures = get("Architectures").or_else(|| get("CompatibleArchitectures"));
    let only = architectures.and_then(Node::as_sequence).filter(|several| several.len() == 1);
    // As in SAM, only for layers: those of both architectures are built for one of them.
    let of_build = metadata("BuildArchitecture").filter(|_| *property == "ContentUri");
    Some(CodeReference {
        logical_id: logical_id.to_owned(),
        property,
        path: path.to_owned(),
        span: uri.span,
        runtime: text(get("Runtime")),
        architecture: text(of_build.or_else(|| only?.first())),
        has_layers: get("Layers").is_some(),
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
    match node.as_str().map(path_fault) {
        None => {
            let message = format!("should be a path, but is {}", node.kind());
            let help = "write the path of the file or folder from the template's folder; `fenrir deploy` uploads it";
            context.refuse(FindingCode::WrongType, node.span, message, help);
        }
        Some(Some((message, help))) => context.refuse(FindingCode::InvalidPath, node.span, message, help),
        Some(None) => {}
    }
    node.into()
}

/// The fault of a path, and the remedy.
fn path_fault(path: &str) -> Option<(String, &'static str)> {
    const SAME_FOLDER: &str = "move the code into the template's folder, and write its path from there";
    if path.contains("://") {
        let help = "write the path of a file or folder in the template's folder; `fenrir deploy` uploads it";
        return Some((format!("`{path}` is a URI, not a path"), help));
    }
    if path.is_empty() || path.chars().any(char::is_control) || path.contains('\\') {
        return Some((format!("{path:?} is not a valid path"), SAME_FOLDER));
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

const UPLOAD: &str = "deploy with `fenrir deploy`, which uploads the code and lists its hash";

fn uploaded(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let facts = context.facts();
    let Some(uri) = s3_uri(context, node) else { return node.into() };
    if !facts.files.is_some_and(|files| files.contains_key(&uri)) {
        let message = format!("the release lists no hash for `{uri}` in s3_uris_sha256s");
        context.refuse(FindingCode::NotUploaded, node.span, message, UPLOAD);
    }
    let ours = folder(facts);
    if !uri.starts_with(&ours) {
        let message = format!("`{uri}` is not below {ours}, the project's folder");
        context.refuse(FindingCode::ForeignCode, node.span, message, UPLOAD);
    }
    json!(uri)
}

/// The S3 folder of all files of a project.
fn folder(facts: &Facts<'_>) -> String {
    format!("s3://{}/{}/", facts.bucket, ProjectDir::new(facts.account, facts.project))
}

/// The URI of the code, written as one string or as bucket and key.
fn s3_uri(context: &mut RuleContext<'_, '_>, node: &Node) -> Option<String> {
    let part = |name| node.get(name).and_then(Node::as_str);
    match (&node.content, part("Bucket"), part("Key")) {
        (Content::String(uri), ..) if uri.starts_with("s3://") => Some(uri.clone()),
        (Content::Mapping(parts), Some(bucket), Some(key)) if parts.len() == 2 => Some(format!("s3://{bucket}/{key}")),
        _ => {
            let message = "should be a URI like s3://bucket/key, or a mapping with only `Bucket` and `Key`";
            context.refuse(FindingCode::NotUploaded, node.span, message, UPLOAD);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::{RulesFixture, function};
    use serde_json::json;

    const CODE_URI: &str = "hello.Properties.CodeUri";

    fn with_code(uri: &Value) -> Value {
        json!({"hello": function(json!({"CodeUri": uri}))})
    }

    #[test]
    fn path_before_the_upload_stays_in_the_folder() {
        let fixture = RulesFixture::default();
        for path in [".", "./hello", "hello/main.zip", "a/../b", "..a/b..", "a b"] {
            fixture.accepts(with_code(&json!(path)));
        }
        for path in ["..", "../x", "a/../../b", "/etc", "~/x", "", "s3://bucket/key", "https://x/y", "a\\..\\b", "a\nb"]
        {
            fixture.refuses(with_code(&json!(path)), CODE_URI, FindingCode::InvalidPath);
        }
        fixture.refuses(with_code(&json!({"Ref": "hello"})), CODE_URI, FindingCode::WrongType);
    }

    #[test]
    fn code_after_the_upload_is_a_file_of_the_release() {
        let key = "000000000000/org/shop/development/release-1/release/hello.zip";
        let uri = format!("s3://bucket/{key}");
        let fixture = RulesFixture::default().file(&uri);
        for written in [json!(uri), json!({"Bucket": "bucket", "Key": key})] {
            let emitted = fixture.accepts(with_code(&written));
            assert_eq!(emitted["Resources"]["hello"]["Properties"]["CodeUri"], json!(uri));
        }
        for written in [json!(format!("{uri}2")), json!("."), json!({"Bucket": "b", "Key": "k", "Version": "1"})] {
            fixture.refuses(with_code(&written), CODE_URI, FindingCode::NotUploaded);
        }
    }

    #[test]
    fn code_of_another_project_is_refused() {
        for uri in [
            "s3://bucket/000000000000/org/other/x.zip",
            "s3://other/000000000000/org/shop/x.zip",
            "s3://bucket/000000000000/org/shop2/x.zip",
            "s3://bucket/111111111111/org/shop/x.zip",
        ] {
            let fixture = RulesFixture::default().file(uri);
            fixture.refuses(with_code(&json!(uri)), CODE_URI, FindingCode::ForeignCode);
        }
    }

    #[test]
    fn code_references_have_build_settings() {
        let template = json!({
            "Globals": {"Function": {"CodeUri": "src", "Runtime": "provided.al2023", "Architectures": ["x86_64"]}},
            "Resources": {
                "hello": {
                    "Type": "AWS::Serverless::Function",
                    "Properties": {"Architectures": ["arm64"]},
                    "Metadata": {"BuildMethod": "rust-cargolambda"},
                },
                "shared": {
                    "Type": "AWS::Serverless::LayerVersion",
                    "Properties": {"ContentUri": "layer", "CompatibleArchitectures": ["arm64"]},
                },
                "both": {
                    "Type": "AWS::Serverless::LayerVersion",
                    "Properties": {"ContentUri": "layer", "CompatibleArchitectures": ["x86_64", "arm64"]},
                    "Metadata": {"BuildMethod": "python3.13", "BuildArchitecture": "arm64"},
                },
                "api": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionUri": "api.yml"}},
                "done": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "s3://bucket/key"}},
                "odd": 3,
            },
        });
        let references = code_references(&(&template).into());
        let found: Vec<_> = references.iter().map(|code| (&*code.logical_id, code.property, &*code.path)).collect();
        let expected = [
            ("hello", "CodeUri", "src"),
            ("shared", "ContentUri", "layer"),
            ("both", "ContentUri", "layer"),
            ("api", "DefinitionUri", "api.yml"),
        ];
        assert_eq!(found, expected);
        assert!(references[1..3].iter().all(|layer| layer.architecture.as_deref() == Some("arm64")));
        let hello = &references[0];
        assert_eq!(hello.runtime.as_deref(), Some("provided.al2023"));
        assert_eq!(hello.architecture.as_deref(), Some("arm64"));
        assert_eq!(hello.build_method.as_deref(), Some("rust-cargolambda"));
    }
}
