//! What is wrong with a unit is told in words that say what to do.

use crate::stage::{Stage, built_by, failures, function};
use fenrir::package::{Kind, PackageError, Unit, UnitError};
use std::fs;
use std::path::Path;

fn stage() -> Stage {
    Stage::with(&[("code/app.py", "app"), ("app.py", "app")])
}

#[test]
fn a_path_out_of_the_templates_folder() {
    let stage = stage();
    for path in ["..", "../code", "code/../../code", "/", "/etc", "code/../.."] {
        let error = stage.refused(&function("f", path));
        assert!(matches!(error, UnitError::Outside { .. }), "{path}: {error}");
    }
    let text = stage.refused(&function("f", "../code")).to_string();
    assert!(text.starts_with("CodeUri \"../code\" leads out of the template's folder"), "{text}");
    let inputs = Unit { build_inputs: vec!["../x".into()], ..built_by("makefile", "f", "code") };
    stage.write("code/Makefile", "");
    assert!(matches!(stage.refused(&inputs), UnitError::Outside { property, .. } if property == "BuildInputs"));
}

#[test]
fn a_name_that_is_no_logical_id() {
    let stage = stage();
    for id in ["../x", "", "a.b", "a/b", "a b", "ä", "a\0"] {
        assert!(matches!(stage.refused(&function(id, "code")), UnitError::LogicalId), "{id}");
    }
    assert!(!stage.path("../x").exists());
}

#[test]
fn a_name_that_is_there_twice() {
    let units = [function("f", "code"), function("f", "app.py")];
    let failures = failures(stage().run(&units).unwrap_err());
    assert!(failures.iter().all(|failure| matches!(failure.error, UnitError::Twice)) && failures.len() == 2);
}

#[test]
fn a_source_that_is_missing_empty_or_no_zip() {
    let stage = stage();
    fs::create_dir(stage.path("empty")).unwrap();
    stage.write("broken.zip", "PK");
    let text = |unit: &Unit| stage.refused(unit).to_string();
    assert!(
        text(&function("f", "gone.zip"))
            .starts_with("CodeUri \"gone.zip\" cannot be read, seen from the template's folder: ")
    );
    assert!(text(&function("f", "gone")).starts_with("CodeUri \"gone\" cannot be read"));
    assert_eq!(text(&function("f", "empty")), "empty holds no file to package");
    assert!(text(&function("f", "broken.zip")).starts_with("it is no zip that Lambda could read"));
    let nothing = Unit { source: None, ..function("f", "") };
    assert_eq!(text(&nothing), "CodeUri is missing, and there is no Dockerfile beside the template");
}

#[test]
fn a_file_for_a_folder_and_a_folder_for_a_file() {
    let stage = stage();
    let definition = Unit { kind: Kind::Definition, property: "DefinitionUri".into(), ..function("api", "code") };
    assert_eq!(stage.refused(&definition).to_string(), "DefinitionUri \"code\" has to be a file");
    let go = stage.refused(&built_by("go", "f", "app.py")).to_string();
    assert_eq!(go, "CodeUri \"app.py\" has to be a folder, for its BuildMethod");
}

#[test]
fn a_build_method_that_nobody_knows() {
    let text = stage().refused(&built_by("Makefle", "f", "code")).to_string();
    let expected = "BuildMethod \"Makefle\" is not known: did you mean makefile? Known are go, go1.x, makefile, \
                    rust-cargolambda; a makefile may run anything";
    assert_eq!(text, expected);
}

#[test]
fn inputs_that_would_not_be_heeded() {
    let unit = Unit { build_inputs: vec!["code".into()], ..built_by("go", "f", "code") };
    assert!(matches!(stage().refused(&unit), UnitError::Inputs));
}

#[test]
fn a_custom_runtime_without_anything_to_start() {
    let unit = Unit { runtime: Some("provided.al2023".into()), ..function("f", "code") };
    let text = stage().refused(&unit).to_string();
    assert!(text.starts_with("code has no file bootstrap, which is what runtime provided.al2023 starts"), "{text}");
    assert!(text.contains("go, go1.x, makefile, rust-cargolambda"), "{text}");
}

#[test]
fn a_tool_that_is_missing() {
    let mut stage = stage();
    stage.write("code/Makefile", "build-make:\n\ttrue\n");
    stage.write("code/main.go", "");
    stage.set("PATH", "relative:/nowhere");
    for (method, program) in [("go", "go"), ("makefile", "make"), ("rust-cargolambda", "rustc")] {
        let text = stage.refused(&built_by(method, "make", "code")).to_string();
        assert!(text.starts_with(&format!("{program} is not on the PATH: install")), "{text}");
    }
    stage.write("Dockerfile", "FROM scratch");
    let text = stage.refused(&function("f", "code")).to_string();
    assert_eq!(text, "docker is not on the PATH: install Docker from https://docs.docker.com/get-docker");
}

#[test]
fn a_template_in_no_folder() {
    let stage = stage();
    let run = |path: &Path| fenrir::package::run(path, &[], &stage.options, &stage.heard);
    assert!(matches!(run(&stage.path("gone/template.yml")), Err(PackageError::Template { .. })));
    assert!(matches!(run(Path::new("..")), Err(PackageError::Template { .. })));
}
