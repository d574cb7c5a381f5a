//! Artifacts that cannot be packaged.

use crate::fixture::{TemplateFolder, built_by, failures, function};
use bifrost::error_code::Coded;
use fenrir::package::{Artifact, ArtifactError, Kind, PackageError};
use std::fs;
use std::path::Path;

fn folder() -> TemplateFolder {
    TemplateFolder::with(&[("code/app.py", "app"), ("app.py", "app")])
}

#[test]
fn path_out_of_the_folder() {
    let folder = folder();
    for path in ["..", "../code", "code/../../code", "/", "/etc", "code/../.."] {
        let error = folder.refused(&function("f", path));
        assert!(matches!(error, ArtifactError::Outside { .. }), "{path}: {error}");
    }
    let inputs = Artifact { build_inputs: vec!["../x".into()], ..built_by("makefile", "f", "code") };
    folder.write("code/Makefile", "");
    assert!(matches!(folder.refused(&inputs), ArtifactError::Outside { property, .. } if property == "BuildInputs"));
}

#[test]
fn invalid_logical_id() {
    let folder = folder();
    for id in ["../x", "", "a.b", "a/b", "a b", "ä", "a\0"] {
        assert!(matches!(folder.refused(&function(id, "code")), ArtifactError::LogicalId), "{id}");
    }
    assert!(!folder.path("../x").exists());
}

#[test]
fn duplicate_logical_id() {
    let artifacts = [function("f", "code"), function("f", "app.py")];
    let failures = failures(folder().run(&artifacts).unwrap_err()).failures;
    assert!(failures.iter().all(|failure| matches!(failure.error, ArtifactError::Twice)) && failures.len() == 2);
}

#[test]
fn missing_empty_or_invalid_source() {
    let folder = folder();
    fs::create_dir(folder.path("empty")).unwrap();
    folder.write("broken.zip", "PK");
    let nothing = Artifact { source: None, ..function("f", "") };
    for (artifact, code) in [
        (function("f", "gone.zip"), "package/missing-source"),
        (function("f", "gone"), "package/missing-source"),
        (function("f", "empty"), "package/empty"),
        (function("f", "broken.zip"), "package/invalid-zip"),
        (nothing, "package/no-source"),
    ] {
        assert_eq!(folder.refused(&artifact).code(), code);
    }
}

#[test]
fn file_instead_of_folder_and_vice_versa() {
    let folder = folder();
    let definition = Artifact { kind: Kind::Definition, property: "DefinitionUri".into(), ..function("api", "code") };
    assert_eq!(folder.refused(&definition).code(), "package/wrong-kind");
    assert_eq!(folder.refused(&built_by("go", "f", "app.py")).code(), "package/wrong-kind");
}

#[test]
fn unknown_build_method() {
    let error = folder().refused(&built_by("Makefle", "f", "code"));
    assert_eq!(error.code(), "package/unknown-build-method");
    assert!(matches!(error, ArtifactError::Method { nearest: "makefile", .. }), "{error}");
}

#[test]
fn build_inputs_without_makefile() {
    let artifact = Artifact { build_inputs: vec!["code".into()], ..built_by("go", "f", "code") };
    assert!(matches!(folder().refused(&artifact), ArtifactError::Inputs));
}

#[test]
fn custom_runtime_without_bootstrap() {
    let artifact = Artifact { runtime: Some("provided.al2023".into()), ..function("f", "code") };
    assert_eq!(folder().refused(&artifact).code(), "package/no-bootstrap");
}

#[test]
fn missing_tool() {
    let mut folder = folder();
    folder.write("code/Makefile", "build-make:\n\ttrue\n");
    folder.write("code/main.go", "");
    folder.set("PATH", "relative:/nowhere");
    for (method, program) in [("go", "go"), ("makefile", "make"), ("rust-cargolambda", "rustc")] {
        let error = folder.refused(&built_by(method, "make", "code"));
        assert_eq!(error.code(), "package/tool-missing");
        assert!(error.to_string().starts_with(&format!("{program} ")), "{error}");
    }
    folder.write("Dockerfile", "FROM scratch");
    assert_eq!(folder.refused(&function("f", "code")).code(), "package/tool-missing");
}

#[test]
fn template_without_a_folder() {
    let folder = folder();
    let run = |path: &Path| fenrir::package::run(path, &[], &folder.options, &folder.progress);
    assert!(matches!(run(&folder.path("gone/template.yml")), Err(PackageError::Template { .. })));
    assert!(matches!(run(Path::new("..")), Err(PackageError::Template { .. })));
}
