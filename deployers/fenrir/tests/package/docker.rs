//! A Dockerfile beside the template.

use crate::fixture::{TemplateFolder, content, failures, function, names};
use bifrost::error_code::Coded;
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Artifact, ArtifactError, ToolError};
use std::fs;

/// A folder with a Dockerfile, and the content of its image.
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

    /// The calls of Docker since the last call of this function, with `<name>` for the random name. Sorted, because zips are copied
    /// in any order.
    fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.image.path("log")).unwrap_or_default();
        let _ = fs::remove_file(self.image.path("log"));
        let name = log.split_whitespace().find(|word| word.starts_with("fenrir-")).unwrap_or("fenrir-");
        let calls = log.replace(name, "<name>");
        // Without the target path of a copy.
        let call = |line: &str| line.split_once(".zip ").map_or(line.to_owned(), |(from, _)| format!("{from}.zip"));
        let mut calls: Vec<_> = calls.lines().map(call).collect();
        let verbs = ["build", "create", "cp", "rm", "rmi"];
        calls.sort_by_key(|call| (verbs.iter().position(|verb| call.split(' ').next() == Some(verb)), call.clone()));
        calls
    }
}

/// A function without `CodeUri`, whose zip is in the image.
fn in_image(logical_id: &str) -> Artifact {
    Artifact { source: None, ..function(logical_id, "") }
}

#[test]
fn image_is_built_once_for_all_functions() {
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
fn unchanged_folder_is_not_built() {
    let docker = Docker::holding(&["a"]);
    docker.folder.one(&in_image("a"));
    docker.log();
    assert_eq!(docker.folder.one(&in_image("a")).origin, Cached);
    assert!(docker.log().is_empty());
    docker.folder.write("main.go", "package main // changed");
    assert_eq!(docker.folder.one(&in_image("a")).origin, Built);
}

#[test]
fn ignored_files_are_not_inputs() {
    let docker = Docker::holding(&["a"]);
    let origin_after = |path: &str, content: &str| {
        docker.folder.write(path, content);
        docker.folder.one(&in_image("a")).origin
    };
    origin_after(".dockerignore", "# notes\nnotes/\nDockerfile\n*.md\n");
    assert_eq!(origin_after("notes/today", "1"), Cached);
    assert_eq!(origin_after("README.md", "patterns are not supported, so that this is an input"), Built);
    assert_eq!(origin_after("Dockerfile", "FROM rust"), Built);
    origin_after(".dockerignore", "notes\n!notes/today\n");
    assert_eq!(origin_after("notes/today", "2"), Built);
    origin_after(".dockerignore", "notes\n");
    origin_after("Dockerfile.dockerignore", "");
    assert_eq!(origin_after("notes/today", "3"), Built, "Docker reads the other file instead");
}

#[test]
fn failed_image_is_reported_once() {
    let docker = Docker::holding(&["a", "b"]);
    docker.folder.write("cannot-be-built", "");
    let error = docker.folder.run(&[in_image("a"), in_image("b")]).unwrap_err();
    assert_eq!(error.code(), "package/tool-failed");
    assert_eq!(error.to_string().matches("step 3 of the Dockerfile failed").count(), 1, "{error}");
    let failures = failures(error).failures;
    let is_build = |error: &ArtifactError| matches!(error, ArtifactError::Tool(error) if matches!(**error, ToolError::Failed { .. }));
    assert!(failures.len() == 2 && failures.iter().all(|failure| is_build(&failure.error)));
    assert_eq!(docker.log(), ["build -t <name> ."]);
}

#[test]
fn container_is_removed_after_a_failure() {
    let docker = Docker::holding(&["a"]);
    let failures = failures(docker.folder.run(&[in_image("a"), in_image("missing")]).unwrap_err()).failures;
    assert_eq!(failures.len(), 1);
    let ArtifactError::NotInImage { logical_id, .. } = &failures[0].error else { panic!("{}", failures[0].error) };
    assert_eq!(logical_id, "missing");
    assert_eq!(docker.log()[4..], ["rm <name>", "rmi --no-prune <name>"]);
    assert_eq!(names(&docker.folder.path("template.yml.a.zip")), ["app.py"]);
}

#[test]
fn image_is_removed_without_a_container() {
    let docker = Docker::holding(&["a"]);
    docker.folder.write("cannot-be-created", "");
    docker.folder.refused(&in_image("a"));
    assert_eq!(docker.log()[2..], ["rm <name>", "rmi --no-prune <name>"]);
}

#[test]
fn container_that_cannot_be_removed_is_a_warning() {
    let docker = Docker::holding(&["a"]);
    docker.folder.write("cannot-be-removed", "");
    docker.folder.one(&in_image("a"));
    let warnings = docker.folder.progress.warnings.lock().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(docker.log()[4..], ["rmi --no-prune <name>"], "the image is removed nevertheless");
}

#[test]
fn invalid_zip_in_the_image_is_refused() {
    let docker = Docker::holding(&[]);
    docker.image.write("a.zip", "not a zip");
    assert!(matches!(docker.folder.refused(&in_image("a")), ArtifactError::Archive(_)));
    assert!(!docker.folder.path("template.yml.a.zip").exists());
}
