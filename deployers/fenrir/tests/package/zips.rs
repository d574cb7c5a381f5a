//! The content of zips, and that it depends only on the files.

use crate::fixture::{TemplateFolder, content, function, names, sha256};
use fenrir::package::{Artifact, ArtifactError, Kind, Origin, TreeError};
use std::fs::{self, File, Permissions};
use std::io::Cursor;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};
use zip::ZipArchive;

#[test]
fn folder_becomes_a_zip_beside_the_template() {
    let folder = TemplateFolder::with(&[("code/app.py", "app"), ("code/lib/b.py", "b"), ("code/lib.py", "lib")]);
    let file = folder.one(&function("hello", "code/"));
    assert_eq!((file.path.as_path(), file.origin), (folder.path("template.yml.hello.zip").as_path(), Origin::Built));
    assert_eq!(file.sha256, sha256(&file.path));
    let expected = [("app.py", "app"), ("lib.py", "lib"), ("lib/b.py", "b")];
    assert_eq!(content(&file.path), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
}

#[test]
fn same_files_give_the_same_zip() {
    let files = [("code/a.py", "a"), ("code/b/c.py", "c"), ("code/run.sh", "run")];
    let (one, other) = (TemplateFolder::with(&files), TemplateFolder::new());
    for (path, text) in files.iter().rev() {
        other.write(path, text);
    }
    let set_mode = |folder: &TemplateFolder, path, mode| {
        fs::set_permissions(folder.path(path), Permissions::from_mode(mode)).unwrap();
    };
    set_mode(&one, "code/a.py", 0o644);
    set_mode(&other, "code/a.py", 0o600);
    set_mode(&one, "code/run.sh", 0o755);
    set_mode(&other, "code/run.sh", 0o700);
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options().write(true).open(other.path("code/b/c.py")).unwrap().set_modified(past).unwrap();
    fs::create_dir(other.path("code/empty")).unwrap();
    assert_eq!(one.one(&function("f", "code")).sha256, other.one(&function("f", "code")).sha256);
}

#[test]
fn entries_have_fixed_time_and_mode() {
    let folder = TemplateFolder::with(&[("code/app.py", "app"), ("code/run.sh", "run")]);
    fs::set_permissions(folder.path("code/app.py"), Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(folder.path("code/run.sh"), Permissions::from_mode(0o711)).unwrap();
    let zip = fs::read(folder.one(&function("f", "code")).path).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    for (name, mode) in [("app.py", 0o644), ("run.sh", 0o755)] {
        let file = archive.by_name(name).unwrap();
        assert_eq!(file.unix_mode().unwrap() & 0o7777, mode, "{name}");
        assert_eq!(file.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
        assert!(file.extra_data().unwrap_or_default().is_empty(), "{name}");
    }
}

#[test]
fn executable_bit_changes_the_zip() {
    let folder = TemplateFolder::with(&[("code/run.sh", "run")]);
    let before = folder.one(&function("f", "code"));
    fs::set_permissions(folder.path("code/run.sh"), Permissions::from_mode(0o755)).unwrap();
    let after = folder.one(&function("f", "code"));
    assert_eq!(after.origin, Origin::Built);
    assert_ne!(after.sha256, before.sha256);
}

#[test]
fn folders_without_sources_are_excluded() {
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n";
    let folder = TemplateFolder::with(&[
        ("app.py", "app"),
        ("node_modules/x/index.js", "x"),
        (".git/HEAD", "ref"),
        (".aws-sam/build.toml", ""),
        ("__pycache__/app.pyc", "time"),
        ("target/CACHEDIR.TAG", tag),
        ("target/debug/app", "app"),
        ("not-a-cache/CACHEDIR.TAG", "no signature"),
        ("template.yml", "Resources"),
        ("template.yml.other.zip", "packaged before"),
    ]);
    let expected = ["app.py", "node_modules/x/index.js", "not-a-cache/CACHEDIR.TAG", "template.yml"];
    assert_eq!(names(&folder.one(&function("f", ".")).path), expected);
    assert_eq!(folder.origins(&[function("f", ".")]), [Origin::Cached], "cache and zip are not inputs");
}

#[test]
fn link_inside_of_the_folder_is_followed() {
    let folder = TemplateFolder::with(&[("code/real/app.py", "app")]);
    symlink("real", folder.path("code/alias")).unwrap();
    symlink("real/app.py", folder.path("code/main.py")).unwrap();
    assert_eq!(names(&folder.one(&function("f", "code")).path), ["alias/app.py", "main.py", "real/app.py"]);
}

#[test]
fn invalid_link_is_refused() {
    for (leads_to, is_out) in [("/etc/hostname", true), ("../secret", true), (".", false), ("nothing", false)] {
        let folder = TemplateFolder::with(&[("code/app.py", "app"), ("secret", "key")]);
        symlink(leads_to, folder.path("code/link")).unwrap();
        let ArtifactError::Tree(error) = folder.refused(&function("f", "code")) else { panic!("{leads_to}") };
        assert_eq!(matches!(*error, TreeError::LinkOut(_)), is_out, "{error}");
        assert!(error.to_string().contains("code/link"), "{error}");
    }
}

#[test]
fn socket_is_refused() {
    let folder = TemplateFolder::with(&[("code/app.py", "app")]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("code/s")).unwrap();
    let ArtifactError::Tree(error) = folder.refused(&function("f", "code")) else { panic!() };
    assert!(matches!(&*error, TreeError::Special(path) if path.ends_with("code/s")), "{error}");
}

#[test]
fn single_file_is_zipped() {
    let folder = TemplateFolder::with(&[("code/app.py", "app"), ("code/other.py", "other")]);
    assert_eq!(names(&folder.one(&function("f", "code/app.py")).path), ["app.py"]);
}

#[test]
fn zip_and_api_definition_are_used_unchanged() {
    let folder = TemplateFolder::with(&[("code/app.py", "app"), ("api/openapi.yml", "openapi: 3.0.1")]);
    let zip = folder.one(&function("f", "code")).path;
    fs::rename(zip, folder.path("ready.zip")).unwrap();
    let definition =
        Artifact { kind: Kind::Definition, property: "DefinitionUri".into(), ..function("api", "api/openapi.yml") };
    let files = folder.run(&[function("f", "ready.zip"), definition]).unwrap();
    for (file, path) in files.iter().zip(["ready.zip", "api/openapi.yml"]) {
        assert_eq!((file.origin, &file.path), (Origin::AsIs, &folder.path(path)));
        assert_eq!(file.sha256, sha256(&folder.path(path)));
    }
    assert!(!folder.path("template.yml.f.zip").exists());
}

#[test]
fn layer_is_zipped_like_a_function() {
    let folder = TemplateFolder::with(&[("layer/python/lib.py", "lib")]);
    let layer =
        Artifact { kind: Kind::Layer, property: "ContentUri".into(), runtime: None, ..function("shared", "layer") };
    assert_eq!(names(&folder.one(&layer).path), ["python/lib.py"]);
}

#[test]
fn bootstrap_is_executable() {
    let folder = TemplateFolder::with(&[("code/bootstrap", "#!/bin/sh")]);
    let custom = Artifact { runtime: Some("provided.al2023".into()), ..function("f", "code") };
    let zip = fs::read(folder.one(&custom).path).unwrap();
    let mode = ZipArchive::new(Cursor::new(zip)).unwrap().by_name("bootstrap").unwrap().unix_mode();
    assert_eq!(mode.unwrap() & 0o777, 0o755);
}
