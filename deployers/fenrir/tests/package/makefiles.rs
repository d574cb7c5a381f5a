//! `BuildMethod: makefile`.

use crate::fixture::{TemplateFolder, built_by, content, failures, names};
use bifrost::error_code::Coded;
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Artifact, ArtifactError, Kind, ToolError};

/// A Makefile for functions that include shared code.
const MAKEFILE: &str = "build-%:\n\tcp app.py ../../shared/lib.py $(ARTIFACTS_DIR)\n";

fn sharing() -> (TemplateFolder, Vec<Artifact>) {
    let folder = TemplateFolder::with(&[("shared/lib.py", "lib")]);
    let artifact = |id: &str| {
        let source = format!("functions/{id}");
        folder.write(&format!("{source}/app.py"), id);
        folder.write(&format!("{source}/Makefile"), MAKEFILE);
        Artifact { build_inputs: vec![source.clone(), "shared".into()], ..built_by("makefile", id, &source) }
    };
    let artifacts = ["a", "b", "c"].map(artifact).into();
    (folder, artifacts)
}

#[test]
fn make_is_called_as_in_sam() {
    let folder = TemplateFolder::with(&[("code/Makefile", "build-hello:\n\techo $@ > $(ARTIFACTS_DIR)/app.py\n")]);
    let file = folder.one(&built_by("makefile", "hello", "code"));
    assert_eq!(content(&file.path), [("app.py".into(), "build-hello\n".into())]);
}

#[test]
fn layer_is_built() {
    let folder = TemplateFolder::with(&[(
        "code/Makefile",
        "build-libs:\n\tmkdir $(ARTIFACTS_DIR)/python\n\ttouch $(ARTIFACTS_DIR)/python/x\n",
    )]);
    let layer = Artifact { kind: Kind::Layer, property: "ContentUri".into(), ..built_by("makefile", "libs", "code") };
    assert_eq!(names(&folder.one(&layer).path), ["python/x"]);
}

#[test]
fn change_of_an_input_builds_its_artifacts() {
    let (folder, artifacts) = sharing();
    assert_eq!(folder.origins(&artifacts), [Built; 3]);
    assert_eq!(folder.origins(&artifacts), [Cached; 3]);
    folder.write("functions/b/app.py", "b2");
    assert_eq!(folder.origins(&artifacts), [Cached, Built, Cached]);
    folder.write("shared/lib.py", "lib2");
    assert_eq!(folder.origins(&artifacts), [Built; 3]);
    assert_eq!(
        content(&folder.path("template.yml.b.zip")),
        [("app.py".into(), "b2".into()), ("lib.py".into(), "lib2".into())]
    );
}

#[test]
fn makefile_is_always_an_input() {
    let folder =
        TemplateFolder::with(&[("Makefile", "build-%:\n\tcp a.py $(ARTIFACTS_DIR)\n"), ("a.py", "a"), ("b.py", "b")]);
    let artifact = Artifact { build_inputs: vec!["a.py".into()], ..built_by("makefile", "a", ".") };
    assert_eq!(names(&folder.one(&artifact).path), ["a.py"]);
    folder.write("b.py", "b2");
    assert_eq!(folder.one(&artifact).origin, Cached);
    folder.write("Makefile", "build-%:\n\tcp a.py $(ARTIFACTS_DIR)/renamed.py\n");
    assert_eq!(names(&folder.one(&artifact).path), ["renamed.py"]);
}

#[test]
fn undeclared_input_fails_the_build() {
    let (folder, artifacts) = sharing();
    let undeclared = Artifact { build_inputs: Vec::new(), ..artifacts[0].clone() };
    let error = folder.refused(&undeclared);
    let ArtifactError::Make { source, inputs } = &error else { panic!("{error}") };
    assert_eq!(inputs, "functions/a");
    assert!(source.to_string().contains("shared/lib.py"), "{source}");
}

#[test]
fn build_does_not_change_its_folder() {
    let folder = TemplateFolder::with(&[("code/Makefile", "build-f:\n\ttouch litter\n\tcp litter $(ARTIFACTS_DIR)\n")]);
    folder.one(&built_by("makefile", "f", "code"));
    assert!(!folder.path("code/litter").exists());
}

#[test]
fn failed_build_shows_the_end_of_the_output() {
    let recipe = "\t@i=0; while [ $$i -lt 2000 ]; do echo line $$i; i=$$((i+1)); done\n\t@echo cannot find a thing >&2; exit 7\n";
    let folder = TemplateFolder::with(&[("code/Makefile", &format!("build-f:\n{recipe}"))]);
    let error = folder.refused(&built_by("makefile", "f", "code"));
    let ArtifactError::Make { source: ToolError::Failed { command, status, tail }, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((command.as_str(), status.code()), ("make build-f", Some(2)));
    assert!(tail.contains("line 1999\ncannot find a thing\n"), "{tail}");
    assert!(tail.len() <= 4096, "{}", tail.len());
}

#[test]
fn missing_target_makefile_or_result_is_refused() {
    let folder =
        TemplateFolder::with(&[("code/Makefile", "build-other:\n\ttrue\nbuild-empty:\n\ttrue\n"), ("bare/app.py", "")]);
    let artifacts =
        [("f", "code"), ("f2", "bare"), ("empty", "code")].map(|(id, source)| built_by("makefile", id, source));
    let failures = failures(folder.run(&artifacts).unwrap_err()).failures;
    let codes: Vec<_> = failures.iter().map(|failure| failure.error.code()).collect();
    assert_eq!(codes, ["package/tool-failed", "package/no-makefile", "package/empty"]);
    assert!(failures[0].error.to_string().contains("No rule to make target 'build-f'"), "{}", failures[0].error);
}

#[test]
fn custom_runtime_needs_a_bootstrap() {
    let folder = TemplateFolder::with(&[("code/Makefile", "build-f:\n\ttouch $(ARTIFACTS_DIR)/main\n")]);
    let artifact = Artifact { runtime: Some("provided.al2023".into()), ..built_by("makefile", "f", "code") };
    assert_eq!(folder.refused(&artifact).code(), "package/no-bootstrap");
}

#[test]
fn inputs_may_overlap() {
    let folder = TemplateFolder::with(&[
        ("code/Makefile", "build-f:\n\tcp lib/a.py $(ARTIFACTS_DIR)\n"),
        ("code/lib/a.py", "a"),
    ]);
    let inputs = ["code", "code/lib", "code/lib/a.py", "."].map(String::from).into();
    let artifact = Artifact { build_inputs: inputs, ..built_by("makefile", "f", "code") };
    assert_eq!(names(&folder.one(&artifact).path), ["a.py"]);
}
