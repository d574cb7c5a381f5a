//! `BuildMethod: makefile`.

use crate::stage::{Stage, built_by, content, failures, names};
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Kind, Unit, UnitError};

/// A Makefile for functions that take shared code with them.
const MAKEFILE: &str = "build-%:\n\tcp app.py ../../shared/lib.py $(ARTIFACTS_DIR)\n";

fn sharing() -> (Stage, Vec<Unit>) {
    let stage = Stage::with(&[("shared/lib.py", "lib")]);
    let unit = |id: &str| {
        let folder = format!("functions/{id}");
        stage.write(&format!("{folder}/app.py"), id);
        stage.write(&format!("{folder}/Makefile"), MAKEFILE);
        Unit { build_inputs: vec![folder.clone(), "shared".into()], ..built_by("makefile", id, &folder) }
    };
    let units = ["a", "b", "c"].map(unit).into();
    (stage, units)
}

#[test]
fn make_is_called_as_sam_calls_it() {
    let stage = Stage::with(&[("code/Makefile", "build-hello:\n\techo $@ > $(ARTIFACTS_DIR)/app.py\n")]);
    let file = stage.one(&built_by("makefile", "hello", "code"));
    assert_eq!(content(&file.path), [("app.py".into(), "build-hello\n".into())]);
}

#[test]
fn a_layer_is_built_too() {
    let stage = Stage::with(&[(
        "code/Makefile",
        "build-libs:\n\tmkdir $(ARTIFACTS_DIR)/python\n\ttouch $(ARTIFACTS_DIR)/python/x\n",
    )]);
    let layer = Unit { kind: Kind::Layer, property: "ContentUri".into(), ..built_by("makefile", "libs", "code") };
    assert_eq!(names(&stage.one(&layer).path), ["python/x"]);
}

#[test]
fn a_change_of_its_own_builds_one_and_a_change_of_what_is_shared_builds_all() {
    let (stage, units) = sharing();
    assert_eq!(stage.origins(&units), [Built; 3]);
    assert_eq!(stage.origins(&units), [Cached; 3]);
    stage.write("functions/b/app.py", "b2");
    assert_eq!(stage.origins(&units), [Cached, Built, Cached]);
    stage.write("shared/lib.py", "lib2");
    assert_eq!(stage.origins(&units), [Built; 3]);
    assert_eq!(
        content(&stage.path("template.yml.b.zip")),
        [("app.py".into(), "b2".into()), ("lib.py".into(), "lib2".into())]
    );
}

#[test]
fn the_makefile_is_an_input_though_it_is_not_listed() {
    let stage = Stage::with(&[("Makefile", "build-%:\n\tcp a.py $(ARTIFACTS_DIR)\n"), ("a.py", "a"), ("b.py", "b")]);
    let unit = Unit { build_inputs: vec!["a.py".into()], ..built_by("makefile", "a", ".") };
    assert_eq!(names(&stage.one(&unit).path), ["a.py"]);
    stage.write("b.py", "b2");
    assert_eq!(stage.one(&unit).origin, Cached);
    stage.write("Makefile", "build-%:\n\tcp a.py $(ARTIFACTS_DIR)/renamed.py\n");
    assert_eq!(names(&stage.one(&unit).path), ["renamed.py"]);
}

#[test]
fn what_is_not_declared_is_not_seen_and_so_cannot_make_a_build_stale() {
    let (stage, units) = sharing();
    let undeclared = Unit { build_inputs: Vec::new(), ..units[0].clone() };
    let error = stage.refused(&undeclared);
    assert!(matches!(error, UnitError::Make { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("shared/lib.py") && text.contains("Metadata.BuildInputs"), "{text}");
    assert!(text.contains("a copy of functions/a:"), "{text}");
}

#[test]
fn a_build_leaves_its_folder_as_it_was() {
    let stage = Stage::with(&[("code/Makefile", "build-f:\n\ttouch litter\n\tcp litter $(ARTIFACTS_DIR)\n")]);
    stage.one(&built_by("makefile", "f", "code"));
    assert!(!stage.path("code/litter").exists());
}

#[test]
fn a_failed_build_shows_the_end_of_what_make_said() {
    let recipe = "\t@i=0; while [ $$i -lt 2000 ]; do echo line $$i; i=$$((i+1)); done\n\t@echo cannot find a thing >&2; exit 7\n";
    let stage = Stage::with(&[("code/Makefile", &format!("build-f:\n{recipe}"))]);
    let text = stage.refused(&built_by("makefile", "f", "code")).to_string();
    assert!(text.starts_with("make build-f failed, exit status: 2"), "{text}");
    assert!(text.contains("line 1999\ncannot find a thing\n"), "{text}");
    assert!(text.len() < 5000, "{}", text.len());
}

#[test]
fn a_missing_target_makefile_or_result_is_told() {
    let stage = Stage::with(&[("code/Makefile", "build-other:\n\ttrue\nbuild-empty:\n\ttrue\n"), ("bare/app.py", "")]);
    let units = [("f", "code"), ("f2", "bare"), ("empty", "code")].map(|(id, source)| built_by("makefile", id, source));
    let failures = failures(stage.run(&units).unwrap_err());
    let texts: Vec<_> = failures.iter().map(|failure| failure.error.to_string()).collect();
    assert!(texts[0].contains("No rule to make target 'build-f'"), "{}", texts[0]);
    assert_eq!(texts[1], "bare has no Makefile, which BuildMethod makefile asks for");
    assert_eq!(texts[2], "what build-empty left in ARTIFACTS_DIR holds no file to package");
}

#[test]
fn a_custom_runtime_needs_a_bootstrap() {
    let stage = Stage::with(&[("code/Makefile", "build-f:\n\ttouch $(ARTIFACTS_DIR)/main\n")]);
    let unit = Unit { runtime: Some("provided.al2023".into()), ..built_by("makefile", "f", "code") };
    let text = stage.refused(&unit).to_string();
    assert!(text.starts_with("what build-f left in ARTIFACTS_DIR has no file bootstrap"), "{text}");
}

#[test]
fn inputs_may_overlap() {
    let stage = Stage::with(&[("code/Makefile", "build-f:\n\tcp lib/a.py $(ARTIFACTS_DIR)\n"), ("code/lib/a.py", "a")]);
    let inputs = ["code", "code/lib", "code/lib/a.py", "."].map(String::from).into();
    let unit = Unit { build_inputs: inputs, ..built_by("makefile", "f", "code") };
    assert_eq!(names(&stage.one(&unit).path), ["a.py"]);
}
