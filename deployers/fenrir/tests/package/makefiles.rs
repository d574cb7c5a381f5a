//! `BuildMethod: makefile`.

use crate::fixture::{TemplateFolder, built_by, content, failures, names};
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Artifact, ArtifactError, Kind};

/// A Makefile for functions that take shared code with them.
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
fn make_is_called_as_sam_calls_it() {
    let folder = TemplateFolder::with(&[("code/Makefile", "build-hello:\n\techo $@ > $(ARTIFACTS_DIR)/app.py\n")]);
    let file = folder.one(&built_by("makefile", "hello", "code"));
    assert_eq!(content(&file.path), [("app.py".into(), "build-hello\n".into())]);
}

#[test]
fn a_layer_is_built_too() {
    let folder = TemplateFolder::with(&[(
        "code/Makefile",
        "build-libs:\n\tmkdir $(ARTIFACTS_DIR)/python\n\ttouch $(ARTIFACTS_DIR)/python/x\n",
    )]);
    let layer = Artifact { kind: Kind::Layer, property: "ContentUri".into(), ..built_by("makefile", "libs", "code") };
    assert_eq!(names(&folder.one(&layer).path), ["python/x"]);
}

#[test]
fn a_change_of_its_own_builds_one_and_a_change_of_what_is_shared_builds_all() {
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
fn the_makefile_is_an_input_though_it_is_not_listed() {
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
fn what_is_not_declared_is_not_seen_and_so_cannot_make_a_build_stale() {
    let (folder, artifacts) = sharing();
    let undeclared = Artifact { build_inputs: Vec::new(), ..artifacts[0].clone() };
    let error = folder.refused(&undeclared);
    assert!(matches!(error, ArtifactError::Make { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("shared/lib.py") && text.contains("Metadata.BuildInputs"), "{text}");
    assert!(text.contains("a copy of functions/a:"), "{text}");
}

#[test]
fn a_build_leaves_its_folder_as_it_was() {
    let folder = TemplateFolder::with(&[("code/Makefile", "build-f:\n\ttouch litter\n\tcp litter $(ARTIFACTS_DIR)\n")]);
    folder.one(&built_by("makefile", "f", "code"));
    assert!(!folder.path("code/litter").exists());
}

#[test]
fn a_failed_build_shows_the_end_of_what_make_said() {
    let recipe = "\t@i=0; while [ $$i -lt 2000 ]; do echo line $$i; i=$$((i+1)); done\n\t@echo cannot find a thing >&2; exit 7\n";
    let folder = TemplateFolder::with(&[("code/Makefile", &format!("build-f:\n{recipe}"))]);
    let text = folder.refused(&built_by("makefile", "f", "code")).to_string();
    assert!(text.starts_with("make build-f failed, exit status: 2"), "{text}");
    assert!(text.contains("line 1999\ncannot find a thing\n"), "{text}");
    assert!(text.len() < 5000, "{}", text.len());
}

#[test]
fn a_missing_target_makefile_or_result_is_told() {
    let folder =
        TemplateFolder::with(&[("code/Makefile", "build-other:\n\ttrue\nbuild-empty:\n\ttrue\n"), ("bare/app.py", "")]);
    let artifacts =
        [("f", "code"), ("f2", "bare"), ("empty", "code")].map(|(id, source)| built_by("makefile", id, source));
    let failures = failures(folder.run(&artifacts).unwrap_err());
    let texts: Vec<_> = failures.iter().map(|failure| failure.error.to_string()).collect();
    assert!(texts[0].contains("No rule to make target 'build-f'"), "{}", texts[0]);
    assert_eq!(texts[1], "bare has no Makefile, which BuildMethod makefile asks for");
    assert_eq!(texts[2], "what build-empty left in ARTIFACTS_DIR holds no file to package");
}

#[test]
fn a_custom_runtime_needs_a_bootstrap() {
    let folder = TemplateFolder::with(&[("code/Makefile", "build-f:\n\ttouch $(ARTIFACTS_DIR)/main\n")]);
    let artifact = Artifact { runtime: Some("provided.al2023".into()), ..built_by("makefile", "f", "code") };
    let text = folder.refused(&artifact).to_string();
    assert!(text.starts_with("what build-f left in ARTIFACTS_DIR has no file bootstrap"), "{text}");
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
