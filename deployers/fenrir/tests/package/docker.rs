//! A Dockerfile beside the template.

use crate::fixture::{TemplateFolder, content, failures, function, names};
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Artifact, ArtifactError};
use std::fs;

/// A folder with a Dockerfile, whose image holds zips of these functions.
struct Docker {
    folder: TemplateFolder,
    image: TemplateFolder,
}

impl Docker {
    fn holding(functions: &[&str]) -> Self {
        let image = TemplateFolder::new();
        for id in functions {
            image.write(&format!("{id}/app.py"), id);
            let zip = image.one(&function(id, id)).path;
            fs::rename(zip, image.path(&format!("{id}.zip"))).unwrap();
        }
        let mut folder = TemplateFolder::with(&[("Dockerfile", "FROM golang"), ("main.go", "package main")]);
        folder.set("DOCKER_LOG", image.path("log"));
        folder.set("DOCKER_IMAGE", image.path(""));
        Self { folder, image }
    }

    /// What Docker was asked for since the last call. Zips are copied in any order; the name that is made up is `<name>`.
    fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.image.path("log")).unwrap_or_default();
        let _ = fs::remove_file(self.image.path("log"));
        let name = log.split_whitespace().find(|word| word.starts_with("fenrir-")).unwrap_or("fenrir-");
        let calls = log.replace(name, "<name>");
        // Where a zip is copied to is nobody's business.
        let call = |line: &str| line.split_once(".zip ").map_or(line.to_owned(), |(from, _)| format!("{from}.zip"));
        let mut calls: Vec<_> = calls.lines().map(call).collect();
        let verbs = ["build", "create", "cp", "rm", "rmi"];
        calls.sort_by_key(|call| (verbs.iter().position(|verb| call.split(' ').next() == Some(verb)), call.clone()));
        calls
    }
}

/// A function that says nothing of its code, as the image holds it.
fn in_image(logical_id: &str) -> Artifact {
    Artifact { source: None, ..function(logical_id, "") }
}

#[test]
fn the_image_is_built_once_and_the_zip_of_each_function_copied_out_of_it() {
    let docker = Docker::holding(&["a", "b"]);
    assert_eq!(docker.folder.origins(&[in_image("a"), in_image("b")]), [Built; 2]);
    let expected = [
        "build -t <name> .",
        "create --name <name> <name> true",
        "cp <name>:/a.zip",
        "cp <name>:/b.zip",
        "rm <name>",
        "rmi --no-prune <name>",
    ];
    assert_eq!(docker.log(), expected);
    assert_eq!(content(&docker.folder.path("template.yml.b.zip")), [("app.py".into(), "b".into())]);
}

#[test]
fn nothing_is_built_while_the_folder_is_the_same() {
    let docker = Docker::holding(&["a"]);
    docker.folder.one(&in_image("a"));
    docker.log();
    assert_eq!(docker.folder.one(&in_image("a")).origin, Cached);
    assert!(docker.log().is_empty());
    docker.folder.write("main.go", "package main // changed");
    assert_eq!(docker.folder.one(&in_image("a")).origin, Built);
}

#[test]
fn what_dockerignore_plainly_names_is_no_input_but_for_what_docker_reads_still() {
    let docker = Docker::holding(&["a"]);
    let origin_after = |path: &str, content: &str| {
        docker.folder.write(path, content);
        docker.folder.one(&in_image("a")).origin
    };
    origin_after(".dockerignore", "# notes\nnotes/\nDockerfile\n*.md\n");
    assert_eq!(origin_after("notes/today", "1"), Cached);
    assert_eq!(origin_after("README.md", "a pattern is not understood: rather too much than too little"), Built);
    assert_eq!(origin_after("Dockerfile", "FROM rust"), Built);
    origin_after(".dockerignore", "notes\n!notes/today\n");
    assert_eq!(origin_after("notes/today", "2"), Built);
    origin_after(".dockerignore", "notes\n");
    origin_after("Dockerfile.dockerignore", "");
    assert_eq!(origin_after("notes/today", "3"), Built, "the other file is read in its place");
}

#[test]
fn an_image_that_cannot_be_built_fails_all_functions_with_one_reason() {
    let docker = Docker::holding(&["a", "b"]);
    docker.folder.write("cannot-be-built", "");
    let text = docker.folder.run(&[in_image("a"), in_image("b")]).unwrap_err().to_string();
    assert!(text.starts_with("2 of 2 could not be packaged\na, b: docker build -t fenrir-"), "{text}");
    assert!(text.ends_with("failed, exit status: 1:\nstep 3 of the Dockerfile failed"), "{text}");
    assert_eq!(docker.log(), ["build -t <name> ."]);
}

#[test]
fn the_container_is_removed_whatever_failed() {
    let docker = Docker::holding(&["a"]);
    let failures = failures(docker.folder.run(&[in_image("a"), in_image("missing")]).unwrap_err());
    assert!(matches!(&failures[..], [only] if matches!(only.error, ArtifactError::NotInImage { .. })));
    let text = failures[0].error.to_string();
    assert!(text.ends_with("the Dockerfile has to leave the function's zip at /missing.zip"), "{text}");
    assert_eq!(docker.log()[4..], ["rm <name>", "rmi --no-prune <name>"]);
    assert_eq!(names(&docker.folder.path("template.yml.a.zip")), ["app.py"]);
}

#[test]
fn the_image_is_removed_if_no_container_came_of_it() {
    let docker = Docker::holding(&["a"]);
    docker.folder.write("cannot-be-created", "");
    docker.folder.refused(&in_image("a"));
    assert_eq!(docker.log()[2..], ["rm <name>", "rmi --no-prune <name>"]);
}

#[test]
fn a_container_that_stays_is_a_warning() {
    let docker = Docker::holding(&["a"]);
    docker.folder.write("cannot-be-removed", "");
    docker.folder.one(&in_image("a"));
    let warnings = docker.folder.heard.warnings.lock().unwrap();
    assert!(warnings[0].starts_with("the container and image of the build could not be removed"), "{warnings:?}");
    assert_eq!(docker.log()[4..], ["rmi --no-prune <name>"], "the image is tried still");
}

#[test]
fn what_the_image_holds_has_to_be_a_zip() {
    let docker = Docker::holding(&[]);
    docker.image.write("a.zip", "not a zip");
    assert!(matches!(docker.folder.refused(&in_image("a")), ArtifactError::Archive(_)));
    assert!(!docker.folder.path("template.yml.a.zip").exists());
}
