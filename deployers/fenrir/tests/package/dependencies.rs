//! `BuildMethod: python3.13` and `BuildMethod: nodejs22.x`, with stand-ins for pip and npm.

use crate::fixture::{TemplateFolder, built_by, content, names, sha256};
use bifrost::error_code::Coded;
use fenrir::package::Origin::{Built, Cached};
use fenrir::package::{Architecture, Artifact, Kind};
use std::fs;
use std::ops::{Deref, DerefMut};

/// A folder with functions, and the calls of pip and npm.
struct Functions {
    folder: TemplateFolder,
    log: TemplateFolder,
}

impl Deref for Functions {
    type Target = TemplateFolder;

    fn deref(&self) -> &TemplateFolder {
        &self.folder
    }
}

impl DerefMut for Functions {
    fn deref_mut(&mut self) -> &mut TemplateFolder {
        &mut self.folder
    }
}

impl Functions {
    fn with(files: &[(&str, &str)]) -> Self {
        let (mut folder, log) = (TemplateFolder::with(files), TemplateFolder::new());
        folder.set("PIP_LOG", log.path("pip"));
        folder.set("NPM_LOG", log.path("npm"));
        Self { folder, log }
    }

    /// The installations since the last call of this function.
    fn installations(&self, tool: &str) -> Vec<String> {
        let log = self.log.path(tool);
        let lines = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        lines.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// The zips of installed packages.
    fn zips(&self) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(self.path(".bifrost/package/template.yml.packages")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn python() -> Functions {
    Functions::with(&[("code/app.py", "import six"), ("code/requirements.txt", "six==1.0\n")])
}

fn node() -> Functions {
    let lock = r#"{"packages": {"": {}, "node_modules/left": {}, "node_modules/right": {"hasInstallScript": true}}}"#;
    Functions::with(&[("code/app.js", ""), ("code/package.json", "{}"), ("code/package-lock.json", lock)])
}

fn in_python(logical_id: &str, source: &str) -> Artifact {
    built_by("python3.13", logical_id, source)
}

fn in_node(logical_id: &str, source: &str) -> Artifact {
    Artifact { runtime: Some("nodejs22.x".into()), ..built_by("nodejs22.x", logical_id, source) }
}

fn layer(artifact: Artifact) -> Artifact {
    Artifact { kind: Kind::Layer, property: "ContentUri".into(), runtime: None, ..artifact }
}

#[test]
fn python_packages_are_beside_the_code() {
    let folder = python();
    let file = folder.one(&in_python("f", "code"));
    let expected = [
        ("app.py", "import six"),
        ("requirements.txt", "six==1.0\n"),
        ("six-1.0.dist-info/RECORD", "six/__init__.py,,\n"),
        ("six/__init__.py", "1.0 for 13 x86_64 34\n"),
    ];
    assert_eq!(content(&file.path), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    assert_eq!(file.sha256, sha256(&file.path));
}

#[test]
fn packages_are_for_the_runtime_and_architecture() {
    for (method, runtime, architecture, expected) in [
        ("python", "python3.12", Architecture::Arm64, "12 aarch64 34: requirements.txt"),
        ("python3.11", "python3.11", Architecture::X86_64, "11 x86_64 26: requirements.txt"),
    ] {
        let folder = python();
        let runtime = Some(runtime.to_owned());
        folder.one(&Artifact { runtime, architecture, build_method: Some(method.into()), ..in_python("f", "code") });
        assert_eq!(folder.installations("pip"), [expected]);
    }
    for (architecture, cpu) in [(Architecture::X86_64, "--cpu=x64"), (Architecture::Arm64, "--cpu=arm64")] {
        let folder = node();
        let file = folder.one(&Artifact { architecture, ..in_node("f", "code") });
        let (_, call) = content(&file.path).into_iter().find(|(name, _)| name == "node_modules/left/index.js").unwrap();
        let expected = format!("ci --omit=dev --ignore-scripts --os=linux {cpu} --libc=glibc --bin-links=false ");
        assert!(call.starts_with(&expected), "{call}");
    }
}

#[test]
fn node_packages_are_beside_the_code() {
    let folder = node();
    let expected =
        ["app.js", "package-lock.json", "package.json", "node_modules/left/index.js", "node_modules/right/index.js"];
    assert_eq!(names(&folder.one(&in_node("f", "code")).path), expected);
    assert!(!folder.path("code/node_modules").exists(), "the folder of the code is not changed");
}

#[test]
fn layer_has_the_folders_of_lambda() {
    let expected =
        ["python/app.py", "python/requirements.txt", "python/six-1.0.dist-info/RECORD", "python/six/__init__.py"];
    assert_eq!(names(&python().one(&layer(in_python("f", "code"))).path), expected);
    let folder = node();
    let file = folder.one(&layer(built_by("nodejs", "f", "code")));
    assert_eq!(names(&file.path)[2..4], ["nodejs/package.json", "nodejs/node_modules/left/index.js"]);
}

#[test]
fn same_inputs_give_the_same_zip() {
    let zip = |folder: &Functions, artifact: &Artifact| fs::read(folder.one(artifact).path).unwrap();
    assert!(zip(&python(), &in_python("f", "code")) == zip(&python(), &in_python("f", "code")));
    assert!(zip(&node(), &in_node("f", "code")) == zip(&node(), &in_node("f", "code")));
    let mut folder = python();
    let first = zip(&folder, &in_python("f", "code"));
    folder.options.force = true;
    assert!(zip(&folder, &in_python("f", "code")) == first);
    assert_eq!(folder.installations("pip").len(), 2, "--force installs again");
}

#[test]
fn code_is_not_replaced_by_a_package() {
    let folder = python();
    folder.write("code/six/__init__.py", "patched");
    let content = content(&folder.one(&in_python("f", "code")).path);
    let found: Vec<_> = content.iter().filter(|(name, _)| name == "six/__init__.py").collect();
    assert_eq!(found, [&("six/__init__.py".to_owned(), "patched".to_owned())]);
}

#[test]
fn packages_of_the_developer_are_not_shipped() {
    let folder = node();
    for path in ["node_modules/left/index.js", "lib/node_modules/x.js", "env/pyvenv.cfg", "env/lib/six.py"] {
        folder.write(&format!("code/{path}"), "for this machine");
    }
    let file = folder.one(&in_node("f", "code"));
    assert!(content(&file.path).iter().all(|(_, text)| text != "for this machine"), "{:?}", names(&file.path));
    folder.write("code/node_modules/left/index.js", "changed");
    assert_eq!(folder.one(&in_node("f", "code")).origin, Cached);
}

#[test]
fn change_of_the_code_installs_nothing() {
    for (folder, artifact, tool, code) in
        [(python(), in_python("f", "code"), "pip", "code/app.py"), (node(), in_node("f", "code"), "npm", "code/app.js")]
    {
        assert_eq!(folder.origins(std::slice::from_ref(&artifact)), [Built]);
        assert_eq!(folder.installations(tool).len(), 1);
        assert_eq!(folder.origins(std::slice::from_ref(&artifact)), [Cached]);
        folder.write(code, "changed");
        assert_eq!(folder.origins(std::slice::from_ref(&artifact)), [Built]);
        assert!(folder.installations(tool).is_empty());
        assert!(content(&folder.one(&artifact).path).iter().any(|(_, text)| text == "changed"));
    }
}

#[test]
fn other_list_tool_or_setting_installs_again() {
    let mut folder = python();
    let artifact = in_python("f", "code");
    let installed = |folder: &Functions| {
        folder.one(&artifact);
        (folder.installations("pip").len(), folder.zips().len())
    };
    assert_eq!(installed(&folder), (1, 1));
    folder.write("code/requirements.txt", "six==2.0\n");
    assert_eq!(installed(&folder), (1, 1), "packages that nothing needs are deleted");
    folder.set("PIP_STANDIN_VERSION", "26.1");
    assert_eq!(installed(&folder), (1, 1));
    folder.set("PIP_INDEX_URL", "https://example.com/simple");
    assert_eq!(installed(&folder), (1, 1));
    folder.set("LINES", "50");
    assert_eq!(installed(&folder), (0, 1));
}

#[test]
fn equal_lists_are_installed_once() {
    let folder = python();
    for id in ["a", "b"] {
        folder.write(&format!("{id}/app.py"), id);
        folder.write(&format!("{id}/requirements.txt"), "six==1.0\n");
    }
    let artifacts = [in_python("f", "code"), in_python("a", "a"), layer(in_python("b", "b"))];
    assert_eq!(folder.origins(&artifacts), [Built; 3]);
    assert_eq!((folder.installations("pip").len(), folder.zips().len()), (1, 1));
    let arm = Artifact { architecture: Architecture::Arm64, ..in_python("a", "a") };
    assert_eq!(folder.origins(&[in_python("f", "code"), arm]), [Cached, Built]);
    assert_eq!((folder.installations("pip").len(), folder.zips().len()), (1, 2));
}

#[test]
fn failed_installation_is_reported_once() {
    let folder = python();
    folder.write("code/requirements.txt", "six==1.0\ncompiled==1.0\n");
    let error = folder.run(&[in_python("a", "code"), in_python("b", "code")]).unwrap_err();
    assert_eq!(error.code(), "package/no-wheel");
    assert_eq!(error.to_string().matches("No matching distribution found for compiled==1.0").count(), 1, "{error}");
    assert_eq!(folder.installations("pip").len(), 1);
    let error = folder.refused(&in_python("a", "code")).to_string();
    assert!(error.contains("only wheels for Python 3.13 on Linux x86_64"), "{error}");
}

#[test]
fn modified_packages_are_installed_again() {
    let folder = python();
    let first = folder.one(&in_python("f", "code"));
    fs::write(&folder.zips()[0], "altered").unwrap();
    folder.write("code/app.py", "changed");
    folder.one(&in_python("f", "code"));
    folder.write("code/app.py", "import six");
    assert_eq!(folder.one(&in_python("f", "code")).sha256, first.sha256);
    assert_eq!(folder.installations("pip").len(), 2);
}

#[test]
fn list_that_refers_to_files_needs_them_as_inputs() {
    let folder = python();
    folder.write("code/requirements.txt", "-r ../shared/requirements.txt\nsix==1.0\n");
    folder.write("shared/requirements.txt", "idna==3.0\n");
    let artifact = Artifact { build_inputs: vec!["shared".into()], ..in_python("f", "code") };
    folder.one(&artifact);
    assert_eq!(folder.installations("pip"), ["13 x86_64 34: app.py requirements.txt"]);
    folder.write("shared/requirements.txt", "idna==3.1\n");
    assert_eq!(folder.one(&artifact).origin, Built);
    assert_eq!(folder.installations("pip").len(), 1);
    assert!(names(&folder.one(&artifact).path).iter().all(|name| !name.starts_with("shared/")));
}

#[test]
fn install_script_is_a_warning() {
    let folder = node();
    folder.one(&in_node("f", "code"));
    let warnings = folder.progress.warnings.lock().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("these have one: right. "), "{warnings:?}");
}

#[test]
fn missing_list_or_tool_is_refused() {
    let mut folder = Functions::with(&[("bare/app.py", ""), ("unlocked/package.json", "{}"), ("app.py", "")]);
    for (artifact, code) in [
        (in_python("f", "bare"), "package/no-requirements"),
        (in_node("f", "bare"), "package/no-package-json"),
        (in_node("f", "unlocked"), "package/no-lock-file"),
        (in_python("f", "app.py"), "package/wrong-kind"),
        (in_node("f", "app.py"), "package/wrong-kind"),
    ] {
        assert_eq!(folder.refused(&artifact).code(), code);
    }
    folder.write("unlocked/package-lock.json", "{}");
    for version in ["9.9.4", "10.2.0", "", "old"] {
        folder.set("NPM_STANDIN_VERSION", if version.is_empty() { "0" } else { version });
        assert_eq!(folder.refused(&in_node("f", "unlocked")).code(), "package/old-npm", "{version}");
    }
    folder.write("bare/requirements.txt", "");
    folder.set("PATH", "/nowhere");
    for artifact in [in_node("f", "unlocked"), in_python("f", "bare")] {
        assert_eq!(folder.refused(&artifact).code(), "package/tool-missing");
    }
}
