//! Dependencies with the real pip and npm, without a network. Skipped where these are not installed, unless
//! `BIFROST_REQUIRE_PIP_AND_NPM` is set.

use crate::fixture::{TemplateFolder, built_by, content, names};
use bifrost::error_code::Coded;
use fenrir::package::{Architecture, Artifact};
use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Whether a tool can be run.
fn is_installed(tool: &str, arguments: &[&str]) -> bool {
    let ran = Command::new(tool).args(arguments).output();
    let is_installed = ran.is_ok_and(|output| output.status.success());
    assert!(is_installed || env::var_os("BIFROST_REQUIRE_PIP_AND_NPM").is_none(), "{tool} {arguments:?} cannot be run");
    is_installed
}

/// A folder with these files, for the tools of this machine.
fn folder(files: &[(&str, &str)]) -> TemplateFolder {
    let mut folder = TemplateFolder::with(files);
    folder.set("PATH", env::var_os("PATH").unwrap());
    folder
}

/// A wheel: a zip with a module and its metadata.
fn wheel(wheels: &Path, name: &str, tag: &str, requires: &[&str]) {
    let mut zip = ZipWriter::new(File::create(wheels.join(format!("{name}-1.0-{tag}.whl"))).unwrap());
    let requires: Vec<_> = requires.iter().map(|requirement| format!("Requires-Dist: {requirement}\n")).collect();
    let requires = requires.concat();
    for (path, text) in [
        (format!("{name}/__init__.py"), format!("TAG = '{tag}'\n")),
        (
            format!("{name}-1.0.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: ==3.13.*\n{requires}"),
        ),
        (format!("{name}-1.0.dist-info/WHEEL"), format!("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")),
        (format!("{name}-1.0.dist-info/entry_points.txt"), format!("[console_scripts]\n{name} = {name}:main\n")),
        (format!("{name}-1.0.dist-info/RECORD"), format!("{name}/__init__.py,,\n{name}-1.0.dist-info/RECORD,,\n")),
    ] {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

/// A function in Python with a requirement, and wheels for both architectures.
fn python(requirements: &str) -> TemplateFolder {
    let mut folder = folder(&[("code/app.py", "import greeting\n"), ("code/requirements.txt", requirements)]);
    let wheels = folder.path("wheels");
    fs::create_dir(&wheels).unwrap();
    let requires = [
        "native",
        "arm; platform_machine == 'aarch64'",
        "old; python_version < '3.13'",
        "windows; sys_platform == 'win32'",
    ];
    wheel(&wheels, "greeting", "py3-none-any", &requires);
    wheel(&wheels, "arm", "py3-none-any", &[]);
    for platform in ["manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_11_0_arm64", "musllinux_1_1_x86_64"] {
        wheel(&wheels, "native", &format!("cp313-cp313-{platform}"), &[]);
    }
    folder.set("PIP_NO_INDEX", "1");
    folder.set("PIP_FIND_LINKS", wheels);
    // Settings of some users, which must not matter.
    folder.set("PIP_REQUIRE_VIRTUALENV", "1");
    folder.set("PIP_USER", "1");
    folder
}

fn has_pip() -> bool {
    is_installed("python3", &["-m", "pip", "--version"])
}

#[test]
fn pip_installs_for_the_function() {
    if !has_pip() {
        return;
    }
    let folder = python("greeting==1.0\n");
    // A module of the function must not replace one that pip imports.
    folder.write("code/logging.py", "raise ImportError\n");
    let artifact = built_by("python", "f", "code");
    let x86_64 = content(&folder.one(&artifact).path);
    let arm64 = content(&folder.one(&Artifact { architecture: Architecture::Arm64, ..artifact }).path);
    let tag = |files: &[(String, String)], name: &str| {
        let file = files.iter().find(|(path, _)| *path == format!("{name}/__init__.py"));
        file.map(|(_, text)| text.trim().to_owned())
    };
    for (files, native, arm) in
        [(&x86_64, "manylinux_2_28_x86_64", None), (&arm64, "manylinux_2_28_aarch64", Some("py3-none-any"))]
    {
        assert_eq!(tag(files, "native"), Some(format!("TAG = 'cp313-cp313-{native}'")));
        assert_eq!(tag(files, "arm"), arm.map(|tag| format!("TAG = '{tag}'")));
        assert!(tag(files, "greeting").is_some() && files.iter().any(|(path, _)| path == "logging.py"));
        let is_local =
            |path: &str| path.starts_with("bin/") || path.contains("__pycache__") || path.ends_with("direct_url.json");
        assert!(files.iter().all(|(path, text)| !is_local(path) && !text.contains("bin/greeting")), "{files:?}");
    }
}

#[test]
fn pip_gives_the_same_zip_in_other_folders() {
    if !has_pip() {
        return;
    }
    let zip = || fs::read(python("greeting\n").one(&built_by("python3.13", "f", "code")).path).unwrap();
    assert!(zip() == zip());
}

#[test]
fn pip_checks_hashes() {
    if !has_pip() {
        return;
    }
    let folder = python(&format!("arm==1.0 --hash=sha256:{}\n", "0".repeat(64)));
    let error = folder.refused(&built_by("python3.13", "f", "code"));
    assert_eq!(error.code(), "package/tool-failed");
    assert!(error.to_string().contains("THESE PACKAGES DO NOT MATCH THE HASHES"), "{error}");
}

#[test]
fn package_without_a_wheel_for_the_function_is_refused() {
    if !has_pip() {
        return;
    }
    let twelve = Some("python3.12".to_owned());
    let artifact = Artifact { runtime: twelve, ..built_by("python3.12", "f", "code") };
    let error = python("native\n").refused(&artifact);
    assert_eq!(error.code(), "package/no-wheel", "{error}");
}

#[test]
fn wheels_in_the_project_are_inputs() {
    if !has_pip() {
        return;
    }
    let mut folder = python("--find-links ../wheels\ngreeting\n");
    folder.set("PIP_FIND_LINKS", "");
    let artifact = Artifact { build_inputs: vec!["wheels".into()], ..built_by("python3.13", "f", "code") };
    let names = names(&folder.one(&artifact).path);
    assert!(names.iter().any(|name| name == "greeting/__init__.py") && names.iter().all(|name| !name.contains(".whl")));
}

/// A build backend in the folder of its package, so that nothing has to be downloaded. It makes a wheel with a tag.
const BACKEND: &str = "
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = 'local-1.0-TAG.whl'
    with zipfile.ZipFile(folder + '/' + name, 'w') as wheel:
        wheel.writestr('local.py', 'local')
        wheel.writestr('local-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: local\\nVersion: 1.0\\n')
        wheel.writestr('local-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: TAG\\n')
        wheel.writestr('local-1.0.dist-info/RECORD', '')
    return name

build_editable = build_wheel
";

/// A function that requires the package in the folder `shared`, which has a wheel with this tag.
fn sharing(requirement: &str, tag: &str) -> (TemplateFolder, Artifact) {
    let folder = python(&format!("{requirement}\n"));
    let project = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";
    folder.write("shared/pyproject.toml", project);
    folder.write("shared/backend.py", &BACKEND.replace("TAG", tag));
    (folder, Artifact { build_inputs: vec!["shared".into()], ..built_by("python3.13", "f", "code") })
}

#[test]
fn package_in_a_folder_is_built_if_it_can_be_moved() {
    if !has_pip() {
        return;
    }
    let zip = || {
        let (folder, artifact) = sharing("../shared", "py3-none-any");
        fs::read(folder.one(&artifact).path).unwrap()
    };
    assert!(zip() == zip());
    for (requirement, tag, code) in [
        ("../shared", "cp39-cp39-linux_x86_64", "package/for-this-machine"),
        ("-e ../shared", "py3-none-any", "package/editable"),
    ] {
        let (folder, artifact) = sharing(requirement, tag);
        assert_eq!(folder.refused(&artifact).code(), code);
    }
}

#[test]
fn missing_input_is_explained() {
    if !has_pip() {
        return;
    }
    let (folder, artifact) = sharing("../shared", "py3-none-any");
    let error = folder.refused(&Artifact { build_inputs: Vec::new(), ..artifact }).to_string();
    assert!(
        error.contains("in a copy of code; if the list refers to other files, add them to Metadata.BuildInputs"),
        "{error}"
    );
}

/// A function in Node with a package in its folder, one as a file, and one for each architecture.
fn node() -> TemplateFolder {
    let mut folder = folder(&[("code/app.js", "require('linked')\n"), ("code/linked/index.js", "linked\n")]);
    folder.set("npm_config_cache", folder.path("cache"));
    folder.set("npm_config_offline", "true");
    let npm = |path: &str, arguments: &[&str]| {
        let mut command = Command::new("npm");
        command.args(arguments).current_dir(folder.path(path));
        command.env("npm_config_cache", folder.path("cache")).env("npm_config_offline", "true");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    for (name, rest) in [
        ("plain", r#""bin": "index.js", "scripts": {"install": "touch installed"}"#),
        ("intel", r#""os": ["linux"], "cpu": ["x64"]"#),
        ("arm", r#""os": ["linux"], "cpu": ["arm64"]"#),
        ("mac", r#""os": ["darwin"]"#),
        ("tester", r#""license": "MIT""#),
    ] {
        folder.write(&format!("{name}/package.json"), &format!(r#"{{"name": "{name}", "version": "1.0.0", {rest}}}"#));
        folder.write(&format!("{name}/index.js"), name);
    }
    npm("code", &["pack", "--silent", "../plain", "../intel", "../arm", "../mac", "../tester"]);
    folder.write("code/linked/package.json", r#"{"name": "linked", "version": "1.0.0"}"#);
    folder.write(
        "code/package.json",
        r#"{
            "name": "hello", "version": "1.0.0",
            "dependencies": {"plain": "file:plain-1.0.0.tgz", "linked": "file:linked"},
            "optionalDependencies": {"intel": "file:intel-1.0.0.tgz", "arm": "file:arm-1.0.0.tgz", "mac": "file:mac-1.0.0.tgz"},
            "devDependencies": {"tester": "file:tester-1.0.0.tgz"}
        }"#,
    );
    npm("code", &["install", "--package-lock-only", "--silent"]);
    folder
}

fn in_node() -> Artifact {
    Artifact { runtime: Some("nodejs22.x".into()), ..built_by("nodejs", "f", "code") }
}

/// The names of the files of packages in a zip.
fn installed(folder: &TemplateFolder, architecture: Architecture) -> Vec<String> {
    let file = folder.one(&Artifact { architecture, ..in_node() });
    let names = names(&file.path).into_iter();
    names.filter_map(|name| Some(name.strip_prefix("node_modules/")?.to_owned())).collect()
}

#[test]
fn npm_installs_for_the_function() {
    if !is_installed("npm", &["--version"]) {
        return;
    }
    let folder = node();
    for (architecture, native) in [(Architecture::X86_64, "intel"), (Architecture::Arm64, "arm")] {
        let expected =
            [native, "linked", "plain"].map(|name| [format!("{name}/index.js"), format!("{name}/package.json")]);
        assert_eq!(installed(&folder, architecture), expected.concat());
    }
    let warnings = folder.progress.warnings.lock().unwrap();
    assert!(warnings.iter().all(|warning| warning.contains("these have one: plain. ")), "{warnings:?}");
    assert_eq!(warnings.len(), 2);
}

#[test]
fn npm_gives_the_same_zip_in_other_folders() {
    if !is_installed("npm", &["--version"]) {
        return;
    }
    let (one, other) = (node(), node());
    for name in ["package-lock.json", "plain-1.0.0.tgz"] {
        assert!(
            fs::read(one.path(&format!("code/{name}"))).unwrap()
                == fs::read(other.path(&format!("code/{name}"))).unwrap()
        );
    }
    assert!(!installed(&one, Architecture::X86_64).is_empty() && !installed(&other, Architecture::X86_64).is_empty());
    let zip = |folder: &TemplateFolder| fs::read(folder.path("template.yml.f.zip")).unwrap();
    assert!(zip(&one) == zip(&other));
}

#[test]
fn linked_package_outside_of_the_code_is_an_input() {
    if !is_installed("npm", &["--version"]) {
        return;
    }
    let folder = node();
    folder.write("code/package.json", r#"{"name": "hello", "dependencies": {"shared": "file:../shared"}}"#);
    folder.write(
        "code/package-lock.json",
        r#"{
            "name": "hello", "lockfileVersion": 3, "packages": {
                "": {"name": "hello", "dependencies": {"shared": "file:../shared"}},
                "../shared": {"version": "1.0.0"},
                "node_modules/shared": {"resolved": "../shared", "link": true}
            }
        }"#,
    );
    folder.write("shared/package.json", r#"{"name": "shared", "version": "1.0.0"}"#);
    assert_eq!(folder.refused(&in_node()).code(), "package/linked-package");
    let file = folder.one(&Artifact { build_inputs: vec!["shared".into()], ..in_node() });
    assert!(names(&file.path).contains(&"node_modules/shared/package.json".to_owned()));
}
