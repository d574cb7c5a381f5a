//! Rules for the whole workspace: allowed dependencies between crates, the dependencies of the Lambda function, no
//! cycles between the modules of a crate, and one build of the AWS SDK for every selection of packages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates of the framework, each with the crates of the framework that it may use.
const LAYERS: [(&str, &[&str]); 8] = [
    ("bifrost-asl", &[]),
    ("bifrost-macros", &[]),
    ("bifrost-core", &["bifrost-macros"]),
    ("bifrost-audit", &["bifrost-core", "bifrost-macros"]),
    ("bifrost-local", &["bifrost-asl", "bifrost-audit", "bifrost-core", "bifrost-macros"]),
    ("bifrost-cli", &["bifrost-asl", "bifrost-audit", "bifrost-core", "bifrost-local", "bifrost-macros"]),
    ("bifrost-aws", &["bifrost-audit", "bifrost-core", "bifrost-macros"]),
    (
        "bifrost",
        &[
            "bifrost-asl",
            "bifrost-audit",
            "bifrost-aws",
            "bifrost-cli",
            "bifrost-core",
            "bifrost-local",
            "bifrost-macros",
        ],
    ),
];

/// Crates that the Lambda function must not link: the interpreter, the client, and their own dependencies.
const NOT_IN_THE_FUNCTION: [&str; 10] = [
    "bifrost-asl",
    "bifrost-cli",
    "bifrost-local",
    "clap",
    "granit-parser",
    "indicatif",
    "libsqlite3-sys",
    "miette",
    "rusqlite",
    "zip",
];

/// More crates that the core must not link: hashes and regular expressions of the interpreter, and the formats of the audit log.
/// (The SDK or the function uses them, too.)
const NOT_IN_THE_CORE: [&str; 8] =
    ["base64", "ed25519-dalek", "md-5", "regex", "regex-lite", "sha1", "signed_note", "tlog_tiles"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of `cargo tree` with these arguments: packages and their features.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.current_dir(root()).args(["tree", "--locked", "--prefix", "none"]).args(arguments).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(" (*)").trim_end().to_owned()).collect()
}

/// The names of all linked crates.
fn linked(arguments: &[&str]) -> BTreeSet<String> {
    tree(&[&["--edges", "normal", "--format", "{lib}|{p}"], arguments].concat())
        .iter()
        .filter_map(|line| line.split_once('|')?.1.split(' ').next().map(ToOwned::to_owned))
        .collect()
}

#[test]
fn crate_uses_only_the_layers_below() {
    for (name, allowed) in LAYERS {
        let used = linked(&["--package", name, "--all-features"]);
        let framework = used.iter().filter(|used| used.starts_with("bifrost") && *used != name);
        let wrong: Vec<_> = framework.filter(|used| !allowed.contains(&used.as_str())).collect();
        assert!(wrong.is_empty(), "{name} uses {wrong:?}");
    }
}

#[test]
fn core_links_neither_commands_nor_interpreter() {
    let used = linked(&["--package", "bifrost-core", "--all-features"]);
    let unwanted = NOT_IN_THE_FUNCTION.iter().chain(&NOT_IN_THE_CORE);
    let wrong: Vec<_> = unwanted.filter(|name| used.contains(**name)).collect();
    assert!(wrong.is_empty(), "bifrost-core links {wrong:?}");
}

#[test]
fn function_links_neither_interpreter_nor_client() {
    // Step checks definitions and zip files.
    for (deployer, needed) in [("odin", &[][..]), ("fenrir", &[]), ("step", &["bifrost-asl", "zip"])] {
        let used = linked(&["--package", deployer, "--no-default-features", "--features", "lambda"]);
        assert!(used.contains("lambda_runtime"), "the function of {deployer} has no runtime: {used:?}");
        let wrong: Vec<_> =
            NOT_IN_THE_FUNCTION.iter().filter(|name| used.contains(**name) && !needed.contains(*name)).collect();
        assert!(wrong.is_empty(), "the function of {deployer} links {wrong:?}");
    }
}

/// A package whose tests need another set of features of a shared crate would build the SDK again.
#[test]
fn packages_with_the_sdk_have_equal_features() {
    let features = |arguments: &[&str]| tree(&[&["--all-features", "--format", "{p}|{f}"], arguments].concat());
    let all = features(&["--workspace"]);
    for package in ["bifrost-aws", "fenrir", "odin", "step"] {
        let own = features(&["--package", package]);
        // The crates of this workspace are quick to build.
        let other: Vec<_> = own.difference(&all).filter(|line| !line.contains("(/")).collect();
        assert!(other.is_empty(), "{package} alone builds {other:#?}; add the difference to tests/features/Cargo.toml");
    }
}

#[test]
fn default_tests_build_no_sdk() {
    let built = tree(&["--format", "{p}"]);
    let sdk: Vec<_> = built.iter().filter(|name| name.starts_with("aws-")).collect();
    assert!(sdk.is_empty(), "`cargo test` builds {sdk:?}");
}

#[test]
fn modules_of_a_crate_form_no_cycle() {
    let crates = [
        "bifrost/asl",
        "bifrost/audit",
        "bifrost/aws",
        "bifrost/cli",
        "bifrost/core",
        "bifrost/local",
        "bifrost/macros",
    ];
    for folder in crates {
        let uses = uses_of_modules(&root().join(folder).join("src"));
        let cycle = cycle(&uses);
        assert!(cycle.is_none(), "{folder}: modules use each other: {}", cycle.unwrap_or_default().join(" -> "));
    }
}

/// The top-level modules that each top-level module names in paths from the crate's root, without its tests. A name
/// that the root re-exports counts as its module.
fn uses_of_modules(src: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let library = fs::read_to_string(src.join("lib.rs")).unwrap();
    let exported = exports(&library);
    let modules: BTreeSet<_> = library.lines().filter_map(module).collect();
    let mut uses = BTreeMap::new();
    for module in &modules {
        let mut named = BTreeSet::new();
        for text in sources(src, module) {
            for name in names_from_the_root(&text) {
                let found = if modules.contains(&name) { Some(&name) } else { exported.get(&name) };
                named.extend(found.filter(|found| *found != module).cloned());
            }
        }
        uses.insert(module.clone(), named);
    }
    uses
}

fn module(line: &str) -> Option<String> {
    let rest = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?;
    rest.strip_suffix(';').map(ToOwned::to_owned)
}

/// The names that the root re-exports, with their modules.
fn exports(library: &str) -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    for part in library.split(';') {
        let Some((_, path)) = part.rsplit_once("use ") else { continue };
        let Some((module, names)) = path.split_once("::") else { continue };
        for name in names.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty()) {
            exported.insert(name.to_owned(), module.trim().to_owned());
        }
    }
    exported
}

/// The product code of a module: without tests and comments.
fn sources(src: &Path, module: &str) -> Vec<String> {
    let mut paths = vec![src.join(format!("{module}.rs")), src.join(module)];
    let mut texts = Vec::new();
    while let Some(path) = paths.pop() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains("test") && name != "testing" || name == "vectors" {
            continue;
        }
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(text) = fs::read_to_string(&path) {
            let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            texts.push(product.lines().map(|line| line.split("//").next().unwrap_or_default()).collect());
        }
    }
    texts
}

/// The first names of all paths that begin with `crate::`.
fn names_from_the_root(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in text.split("crate::").skip(1) {
        let Some(list) = path.strip_prefix('{') else {
            found.extend(path.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(ToOwned::to_owned));
            continue;
        };
        let (mut depth, mut name) = (0, String::new());
        for c in list.chars() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => found.push(std::mem::take(&mut name)),
                c if depth == 0 => name.push(c),
                _ => {}
            }
        }
        found.push(name);
    }
    let first = |path: &String| path.trim().split("::").next().unwrap_or_default().to_owned();
    found.iter().map(first).filter(|name| !name.is_empty()).collect()
}

fn cycle(uses: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn follow(
        uses: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        let last = path.last()?.clone();
        for next in uses.get(&last).into_iter().flatten() {
            if let Some(start) = path.iter().position(|name| name == next) {
                let mut found = path[start..].to_vec();
                found.push(next.clone());
                return Some(found);
            }
            if !done.contains(next) {
                path.push(next.clone());
                if let Some(found) = follow(uses, path, done) {
                    return Some(found);
                }
                path.pop();
            }
        }
        done.insert(last);
        None
    }
    let mut done = BTreeSet::new();
    uses.keys().find_map(|module| follow(uses, &mut vec![module.clone()], &mut done))
}

#[test]
fn cycle_is_found() {
    let uses = |edges: &[(&str, &str)]| {
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            uses.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        uses
    };
    assert_eq!(cycle(&uses(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    assert_eq!(cycle(&uses(&[("a", "b"), ("b", "c"), ("c", "b")])), Some(vec!["b".into(), "c".into(), "b".into()]));
    assert_eq!(names_from_the_root("use crate::{a, b::{C, D}, E};\ncrate::f::g()"), ["a", "b", "E", "f"]);
}
