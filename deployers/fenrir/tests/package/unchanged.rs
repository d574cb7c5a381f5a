//! Which artifacts are rebuilt, and which are not.

use crate::fixture::{TemplateFolder, built_by, failures, function, sha256};
use bifrost::error_code::Coded;
use fenrir::package::Origin::{Built, Cached};
use std::fs::{self, File};
use std::time::SystemTime;

fn folder() -> TemplateFolder {
    TemplateFolder::with(&[("a/app.py", "a"), ("b/app.py", "b")])
}

#[test]
fn only_changed_artifacts_are_rebuilt() {
    let folder = folder();
    let artifacts = [function("a", "a"), function("b", "b")];
    assert_eq!(folder.origins(&artifacts), [Built, Built]);
    assert_eq!(folder.origins(&artifacts), [Cached, Cached]);
    folder.write("b/app.py", "b2");
    assert_eq!(folder.origins(&artifacts), [Cached, Built]);
    folder.write("a/new.py", "");
    fs::remove_file(folder.path("b/app.py")).unwrap();
    folder.write("b/renamed.py", "b2");
    assert_eq!(folder.origins(&artifacts), [Built, Built]);
}

#[test]
fn content_is_compared_not_time() {
    let folder = folder();
    folder.one(&function("a", "a"));
    let file = File::options().write(true).open(folder.path("a/app.py")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(folder.one(&function("a", "a")).origin, Cached);
    let time = file.metadata().unwrap().modified().unwrap();
    fs::write(folder.path("a/app.py"), "b").unwrap();
    file.set_modified(time).unwrap();
    assert_eq!(folder.one(&function("a", "a")).origin, Built, "same size, same time, other content");
}

#[test]
fn modified_or_deleted_zip_is_rebuilt() {
    let folder = folder();
    let file = folder.one(&function("a", "a"));
    fs::write(&file.path, "altered").unwrap();
    assert_eq!(folder.one(&function("a", "a")), file);
    assert_eq!(sha256(&file.path), file.sha256);
    fs::remove_file(&file.path).unwrap();
    assert_eq!(folder.one(&function("a", "a")), file);
}

#[test]
fn invalid_cache_is_replaced() {
    for wrong in ["", "{", "[]", r#"{"a": {"inputs": "no hash", "output": 1}}"#, "\u{0}"] {
        let folder = folder();
        folder.one(&function("a", "a"));
        folder.write(".bifrost/package/template.yml.json", wrong);
        assert_eq!(folder.one(&function("a", "a")).origin, Built, "{wrong}");
        assert_eq!(folder.one(&function("a", "a")).origin, Cached, "{wrong}");
    }
}

#[test]
fn cache_that_cannot_be_written_is_a_warning() {
    let folder = folder();
    folder.write(".bifrost/package", "a file instead of a folder");
    assert_eq!(folder.one(&function("a", "a")).origin, Built);
    assert!(folder.progress.warnings.lock().unwrap()[0].contains(".bifrost/package/template.yml.json"));
}

#[test]
fn force_rebuilds() {
    let mut folder = folder();
    let before = folder.one(&function("a", "a"));
    folder.options.force = true;
    assert_eq!(folder.one(&function("a", "a")), before);
}

#[test]
fn failure_does_not_stop_other_builds() {
    let folder = folder();
    let artifacts = [function("gone", "gone"), function("a", "a"), function("alsoGone", "gone"), function("b", "b")];
    let error = folder.run(&artifacts).unwrap_err();
    assert_eq!(error.code(), "package/missing-source");
    let failures = failures(error);
    let failed: Vec<_> = failures.failures.iter().map(|failure| failure.logical_id.as_str()).collect();
    assert_eq!((failed, failures.total), (vec!["gone", "alsoGone"], 4));
    assert!(failures.to_string().contains("gone, alsoGone [package/missing-source]: "), "{failures}");
    assert_eq!(folder.origins(&[function("a", "a"), function("b", "b")]), [Cached, Cached]);
}

#[test]
fn progress_reports_start_and_end() {
    let folder = folder();
    folder.run(&[function("a", "a"), function("gone", "gone")]).unwrap_err();
    for calls in [&folder.progress.started, &folder.progress.finished] {
        let mut calls = calls.lock().unwrap().clone();
        calls.sort();
        assert_eq!(calls, ["a", "gone"]);
    }
}

#[test]
fn each_template_has_its_own_cache() {
    let folder = folder();
    let one = folder.one(&function("a", "a"));
    let artifacts = [function("a", "b")];
    let other = fenrir::package::run(&folder.path("other.yml"), &artifacts, &folder.options, &folder.progress).unwrap();
    assert_eq!((&other[0].path, other[0].origin), (&folder.path("other.yml.a.zip"), Built));
    assert_eq!(folder.origins(&[function("a", "a")]), [Cached]);
    assert_ne!(one.sha256, other[0].sha256);
}

#[test]
fn change_during_the_build_is_rebuilt() {
    let mut folder =
        TemplateFolder::with(&[("code/Makefile", "build-a:\n\tcp app.py $(ARTIFACTS_DIR)\n\techo b > $(ORIGINAL)\n")]);
    folder.set("ORIGINAL", folder.path("code/app.py"));
    for _ in 0..2 {
        folder.write("code/app.py", "a");
        assert_eq!(folder.one(&built_by("makefile", "a", "code")).origin, Built);
    }
}

#[test]
fn only_zip_and_cache_are_left() {
    let folder = folder();
    folder.run(&[function("a", "a"), function("gone", "gone")]).unwrap_err();
    let names = |path: &str| {
        let entries = fs::read_dir(folder.path(path)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(""), [".bifrost", "a", "b", "template.yml.a.zip"]);
    assert_eq!(names(".bifrost/package"), ["template.yml.json"]);
}
