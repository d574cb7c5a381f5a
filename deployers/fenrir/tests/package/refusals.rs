//! What is wrong with a unit is told in words that say what to do.

use crate::fixture::{TemplateFolder, built_by, failures, function};
use fenrir::package::{Artifact, ArtifactError, Kind, PackageError};
use std::fs;
use std::path::Path;

fn folder() -> TemplateFolder {
    TemplateFolder::with(&[("code/app.py", "app"), ("app.py", "app")])
}

#[test]
fn a_path_out_of_the_templates_folder() {
    let folder = folder();
    for path in ["..", "../code", "code/../../code", "/", "/etc", "code/../.."] {
        let error = folder.refused(&function("f", path));
        assert!(matches!(error, ArtifactError::Outside { .. }), "{path}: {error}");
    }
    let text = folder.refused(&function("f", "../code")).to_string();
    assert!(text.starts_with("CodeUri \"../code\" leads out of the template's folder"), "{text}");
    let inputs = Artifact { build_inputs: vec!["../x".into()], ..built_by("makefile", "f", "code") };
    folder.write("code/Makefile", "");
    assert!(matches!(folder.refused(&inputs), ArtifactError::Outside { property, .. } if property == "BuildInputs"));
}

#[test]
fn a_name_that_is_no_logical_id() {
    let folder = folder();
    for id in ["../x", "", "a.b", "a/b", "a b", "ä", "a\0"] {
        assert!(matches!(folder.refused(&function(id, "code")), ArtifactError::LogicalId), "{id}");
    }
    assert!(!folder.path("../x").exists());
}

#[test]
fn a_name_that_is_there_twice() {
    let artifacts = [function("f", "code"), function("f", "app.py")];
    let failures = failures(folder().run(&artifacts).unwrap_err());
    assert!(failures.iter().all(|failure| matches!(failure.error, ArtifactError::Twice)) && failures.len() == 2);
}

#[test]
fn a_source_that_is_missing_empty_or_no_zip() {
    let folder = folder();
    fs::create_dir(folder.path("empty")).unwrap();
    folder.write("broken.zip", "PK");
    let text = |artifact: &Artifact| folder.refused(artifact).to_string();
    assert!(
        text(&function("f", "gone.zip"))
            .starts_with("CodeUri \"gone.zip\" cannot be read, seen from the template's folder: ")
    );
    assert!(text(&function("f", "gone")).starts_with("CodeUri \"gone\" cannot be read"));
    assert_eq!(text(&function("f", "empty")), "empty holds no file to package");
    assert!(text(&function("f", "broken.zip")).starts_with("it is no zip that Lambda could read"));
    let nothing = Artifact { source: None, ..function("f", "") };
    assert_eq!(text(&nothing), "CodeUri is missing, and there is no Dockerfile beside the template");
}

#[test]
fn a_file_for_a_folder_and_a_folder_for_a_file() {
    let folder = folder();
    let definition = Artifact { kind: Kind::Definition, property: "DefinitionUri".into(), ..function("api", "code") };
    assert_eq!(folder.refused(&definition).to_string(), "DefinitionUri \"code\" has to be a file");
    let go = folder.refused(&built_by("go", "f", "app.py")).to_string();
    assert_eq!(go, "CodeUri \"app.py\" has to be a folder, for its BuildMethod");
}

#[test]
fn a_build_method_that_nobody_knows() {
    let text = folder().refused(&built_by("Makefle", "f", "code")).to_string();
    let expected = "BuildMethod \"Makefle\" is not known: did you mean makefile? Known are go, go1.x, makefile, \
                    rust-cargolambda; a makefile may run anything";
    assert_eq!(text, expected);
}

#[test]
fn inputs_that_would_not_be_heeded() {
    let artifact = Artifact { build_inputs: vec!["code".into()], ..built_by("go", "f", "code") };
    assert!(matches!(folder().refused(&artifact), ArtifactError::Inputs));
}

#[test]
fn a_custom_runtime_without_anything_to_start() {
    let artifact = Artifact { runtime: Some("provided.al2023".into()), ..function("f", "code") };
    let text = folder().refused(&artifact).to_string();
    assert!(text.starts_with("code has no file bootstrap, which is what runtime provided.al2023 starts"), "{text}");
    assert!(text.contains("go, go1.x, makefile, rust-cargolambda"), "{text}");
}

#[test]
fn a_tool_that_is_missing() {
    let mut folder = folder();
    folder.write("code/Makefile", "build-make:\n\ttrue\n");
    folder.write("code/main.go", "");
    folder.set("PATH", "relative:/nowhere");
    for (method, program) in [("go", "go"), ("makefile", "make"), ("rust-cargolambda", "rustc")] {
        let text = folder.refused(&built_by(method, "make", "code")).to_string();
        assert!(text.starts_with(&format!("{program} is not on the PATH: install")), "{text}");
    }
    folder.write("Dockerfile", "FROM scratch");
    let text = folder.refused(&function("f", "code")).to_string();
    assert_eq!(text, "docker is not on the PATH: install Docker from https://docs.docker.com/get-docker");
}

#[test]
fn a_template_in_no_folder() {
    let folder = folder();
    let run = |path: &Path| fenrir::package::run(path, &[], &folder.options, &folder.heard);
    assert!(matches!(run(&folder.path("gone/template.yml")), Err(PackageError::Template { .. })));
    assert!(matches!(run(Path::new("..")), Err(PackageError::Template { .. })));
}
