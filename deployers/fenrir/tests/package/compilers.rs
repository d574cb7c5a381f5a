//! `BuildMethod: go` and `BuildMethod: rust-cargolambda`.

use crate::fixture::{TemplateFolder, built_by, content};
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Architecture, Artifact, ArtifactError};

fn bootstrap(text: &str) -> Vec<(String, String)> {
    vec![("bootstrap".into(), text.into())]
}

#[test]
fn go_is_called_for_lambda() {
    let folder = TemplateFolder::with(&[("cmd/hello/main.go", "package main\n")]);
    for (architecture, name) in [(Architecture::X86_64, "amd64"), (Architecture::Arm64, "arm64")] {
        let artifact = Artifact { architecture, ..built_by("go1.x", "hello", "cmd/hello") };
        let expected = format!("linux {name} 0 build -trimpath -buildvcs=false -tags lambda.norpc .\npackage main\n");
        assert_eq!(content(&folder.one(&artifact).path), bootstrap(&expected));
    }
}

#[test]
fn other_go_package_is_an_input() {
    let folder =
        TemplateFolder::with(&[("cmd/hello/main.go", "package main\n"), ("shared/lib.go", "package shared\n")]);
    let artifact = built_by("go", "hello", "cmd/hello");
    assert_eq!(folder.one(&artifact).origin, Built);
    folder.write(".git/HEAD", "another commit");
    assert_eq!(folder.one(&artifact).origin, Cached);
    folder.write("shared/lib.go", "package shared // changed\n");
    assert_eq!(folder.one(&artifact).origin, Built);
}

#[test]
fn whole_repository_is_an_input() {
    let repository = TemplateFolder::with(&[(".git/HEAD", ""), ("shared/lib.go", "package shared\n")]);
    repository.write("service/cmd/main.go", "package main\n");
    let artifacts = [built_by("go", "hello", "cmd")];
    let template = repository.path("service/template.yml");
    let origin =
        || fenrir::package::run(&template, &artifacts, &repository.options, &repository.progress).unwrap()[0].origin;
    assert_eq!([origin(), origin()], [Built, Cached]);
    repository.write("shared/lib.go", "package shared // changed\n");
    assert_eq!(origin(), Built);
}

#[test]
fn other_compiler_or_flag_builds_again() {
    let mut folder = TemplateFolder::with(&[("main.go", "package main\n")]);
    let artifact = built_by("go", "hello", ".");
    for (name, value) in [("GO_STANDIN_VERSION", "go1.26.1"), ("GOFLAGS", "-race"), ("CGO_CFLAGS", "-O3")] {
        folder.set(name, value);
        assert_eq!([folder.one(&artifact).origin, folder.one(&artifact).origin], [Built, Cached], "{name}");
    }
    folder.set("LINES", "50");
    assert_eq!(folder.one(&artifact).origin, Cached);
}

#[test]
fn cargo_lambda_builds_for_the_architecture() {
    let folder = TemplateFolder::with(&[("src/bin/hello.rs", "fn main() {}")]);
    for (architecture, flag) in [(Architecture::X86_64, "--x86-64"), (Architecture::Arm64, "--arm64")] {
        let artifact = Artifact { architecture, ..built_by("rust-cargolambda", "hello", ".") };
        let expected = format!("hello lambda build --release {flag}\n");
        assert_eq!(content(&folder.one(&artifact).path), bootstrap(&expected));
    }
}

#[test]
fn one_of_several_executables_is_selected() {
    let folder = TemplateFolder::with(&[("src/bin/one.rs", ""), ("src/bin/two.rs", "")]);
    let artifact = built_by("rust-cargolambda", "hello", ".");
    let ArtifactError::Binary { found } = folder.refused(&artifact) else { panic!() };
    assert_eq!(found, ["one", "two"]);
    let two = Artifact { binary: Some("two".into()), ..artifact.clone() };
    assert_eq!(content(&folder.one(&two).path), bootstrap("two lambda build --release --x86-64\n"));
    let three = Artifact { binary: Some("three".into()), ..artifact };
    assert!(matches!(folder.refused(&three), ArtifactError::Binary { found } if found.is_empty()));
}
