//! `BuildMethod: go` and `BuildMethod: rust-cargolambda`.

use crate::stage::{Stage, built_by, content};
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Architecture, Unit, UnitError};

fn bootstrap(text: &str) -> Vec<(String, String)> {
    vec![("bootstrap".into(), text.into())]
}

#[test]
fn go_builds_for_lambda_without_cgo_and_traces() {
    let stage = Stage::with(&[("cmd/hello/main.go", "package main\n")]);
    for (architecture, name) in [(Architecture::X86_64, "amd64"), (Architecture::Arm64, "arm64")] {
        let unit = Unit { architecture, ..built_by("go1.x", "hello", "cmd/hello") };
        let expected = format!("linux {name} 0 build -trimpath -buildvcs=false -tags lambda.norpc .\npackage main\n");
        assert_eq!(content(&stage.one(&unit).path), bootstrap(&expected));
    }
}

#[test]
fn a_package_beside_the_function_is_an_input_and_git_is_not() {
    let stage = Stage::with(&[("cmd/hello/main.go", "package main\n"), ("shared/lib.go", "package shared\n")]);
    let unit = built_by("go", "hello", "cmd/hello");
    assert_eq!(stage.one(&unit).origin, Built);
    stage.write(".git/HEAD", "another commit");
    assert_eq!(stage.one(&unit).origin, Cached);
    stage.write("shared/lib.go", "package shared // changed\n");
    assert_eq!(stage.one(&unit).origin, Built);
}

#[test]
fn what_is_above_the_template_is_an_input_if_it_is_the_same_repository() {
    let repository = Stage::with(&[(".git/HEAD", ""), ("shared/lib.go", "package shared\n")]);
    repository.write("service/cmd/main.go", "package main\n");
    let units = [built_by("go", "hello", "cmd")];
    let template = repository.path("service/template.yml");
    let origin = || fenrir::package::run(&template, &units, &repository.options, &repository.heard).unwrap()[0].origin;
    assert_eq!([origin(), origin()], [Built, Cached]);
    repository.write("shared/lib.go", "package shared // changed\n");
    assert_eq!(origin(), Built);
}

#[test]
fn another_compiler_or_another_flag_builds_again() {
    let mut stage = Stage::with(&[("main.go", "package main\n")]);
    let unit = built_by("go", "hello", ".");
    for (name, value) in [("GO_STANDIN_VERSION", "go1.26.1"), ("GOFLAGS", "-race"), ("CGO_CFLAGS", "-O3")] {
        stage.set(name, value);
        assert_eq!([stage.one(&unit).origin, stage.one(&unit).origin], [Built, Cached], "{name}");
    }
    stage.set("LINES", "50");
    assert_eq!(stage.one(&unit).origin, Cached);
}

#[test]
fn cargo_lambda_builds_a_release_for_the_architecture() {
    let stage = Stage::with(&[("src/bin/hello.rs", "fn main() {}")]);
    for (architecture, flag) in [(Architecture::X86_64, "--x86-64"), (Architecture::Arm64, "--arm64")] {
        let unit = Unit { architecture, ..built_by("rust-cargolambda", "hello", ".") };
        let expected = format!("hello lambda build --release {flag}\n");
        assert_eq!(content(&stage.one(&unit).path), bootstrap(&expected));
    }
}

#[test]
fn of_several_executables_one_has_to_be_named() {
    let stage = Stage::with(&[("src/bin/one.rs", ""), ("src/bin/two.rs", "")]);
    let unit = built_by("rust-cargolambda", "hello", ".");
    let UnitError::Binary { found } = stage.refused(&unit) else { panic!() };
    assert_eq!(found, ["one", "two"]);
    let two = Unit { binary: Some("two".into()), ..unit.clone() };
    assert_eq!(content(&stage.one(&two).path), bootstrap("two lambda build --release --x86-64\n"));
    let three = Unit { binary: Some("three".into()), ..unit };
    assert!(matches!(stage.refused(&three), UnitError::Binary { found } if found.is_empty()));
}
