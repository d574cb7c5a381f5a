//! What is built again, and what is not.

use crate::fixture::{TemplateFolder, built_by, failures, function, sha256};
use fenrir::package::Origin::{Built, Cached};
use std::fs::{self, File};
use std::time::SystemTime;

fn folder() -> TemplateFolder {
    TemplateFolder::with(&[("a/app.py", "a"), ("b/app.py", "b")])
}

#[test]
fn only_what_changed_is_built_again() {
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
fn content_counts_and_not_the_time() {
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
fn a_zip_that_was_altered_or_deleted_is_built_again() {
    let folder = folder();
    let file = folder.one(&function("a", "a"));
    fs::write(&file.path, "altered").unwrap();
    assert_eq!(folder.one(&function("a", "a")), file);
    assert_eq!(sha256(&file.path), file.sha256);
    fs::remove_file(&file.path).unwrap();
    assert_eq!(folder.one(&function("a", "a")), file);
}

#[test]
fn a_cache_that_cannot_be_read_is_made_anew() {
    for wrong in ["", "{", "[]", r#"{"a": {"inputs": "no hash", "output": 1}}"#, "\u{0}"] {
        let folder = folder();
        folder.one(&function("a", "a"));
        folder.write(".bifrost/package/template.yml.json", wrong);
        assert_eq!(folder.one(&function("a", "a")).origin, Built, "{wrong}");
        assert_eq!(folder.one(&function("a", "a")).origin, Cached, "{wrong}");
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_a_warning() {
    let folder = folder();
    folder.write(".bifrost/package", "a file in the place of a folder");
    assert_eq!(folder.one(&function("a", "a")).origin, Built);
    assert!(folder.heard.warnings.lock().unwrap()[0].contains(".bifrost/package/template.yml.json"));
}

#[test]
fn by_force_all_is_built() {
    let mut folder = folder();
    let before = folder.one(&function("a", "a"));
    folder.options.force = true;
    assert_eq!(folder.one(&function("a", "a")), before);
}

#[test]
fn a_failure_stops_no_other_and_all_are_told() {
    let folder = folder();
    let artifacts = [function("gone", "gone"), function("a", "a"), function("alsoGone", "gone"), function("b", "b")];
    let error = folder.run(&artifacts).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("2 of 4 could not be packaged\ngone, alsoGone: CodeUri \"gone\" cannot be read"),
        "{text}"
    );
    assert_eq!(
        failures(error).iter().map(|failure| failure.logical_id.as_str()).collect::<Vec<_>>(),
        ["gone", "alsoGone"]
    );
    assert_eq!(folder.origins(&[function("a", "a"), function("b", "b")]), [Cached, Cached]);
}

#[test]
fn each_unit_is_told_of_twice() {
    let folder = folder();
    folder.run(&[function("a", "a"), function("gone", "gone")]).unwrap_err();
    for heard in [&folder.heard.started, &folder.heard.finished] {
        let mut heard = heard.lock().unwrap().clone();
        heard.sort();
        assert_eq!(heard, ["a", "gone"]);
    }
}

#[test]
fn another_template_in_the_same_folder_has_a_cache_of_its_own() {
    let folder = folder();
    let one = folder.one(&function("a", "a"));
    let artifacts = [function("a", "b")];
    let other = fenrir::package::run(&folder.path("other.yml"), &artifacts, &folder.options, &folder.heard).unwrap();
    assert_eq!((&other[0].path, other[0].origin), (&folder.path("other.yml.a.zip"), Built));
    assert_eq!(folder.origins(&[function("a", "a")]), [Cached]);
    assert_ne!(one.sha256, other[0].sha256);
}

#[test]
fn what_changed_while_it_was_built_is_built_again_though_it_changes_back() {
    let mut folder =
        TemplateFolder::with(&[("code/Makefile", "build-a:\n\tcp app.py $(ARTIFACTS_DIR)\n\techo b > $(ORIGINAL)\n")]);
    folder.set("ORIGINAL", folder.path("code/app.py"));
    for _ in 0..2 {
        folder.write("code/app.py", "a");
        assert_eq!(folder.one(&built_by("makefile", "a", "code")).origin, Built);
    }
}

#[test]
fn nothing_is_left_but_the_zip_and_the_cache() {
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
