//! `bifrost new` as users run it: a process, its output, and what it writes. `.ci/run` builds and tests a new deployer.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test that cannot continue panics")]

#[path = "../../tests/shell/mod.rs"]
mod shell;

use serde_json::json;
use shell::{Shell, error_code, text};
use std::fs;
use std::path::Path;

/// A folder with a repository of the framework, as far as the command looks at it.
fn shell(test: &str) -> Shell {
    let shell = Shell::new(env!("CARGO_BIN_EXE_bifrost"), test);
    for (folder, package) in [("framework/bifrost", "bifrost"), ("framework/tests/moto", "bifrost-moto")] {
        fs::create_dir_all(shell.folder.join(folder)).unwrap();
        shell.write(&format!("{folder}/Cargo.toml"), format!("[package]\nname = \"{package}\"\n"));
    }
    shell
}

fn read(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap()
}

fn refusal_code(shell: &Shell, line: &str) -> String {
    error_code(&shell.refused(line))
}

#[test]
fn output_as_text() {
    let shell = shell("new-text");
    let output = shell.run("new acme-cache --yes --bifrost framework --output text");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn output_as_json_lists_what_is_written() {
    let shell = shell("new-json");
    let [written] = shell.json("new acme-cache --yes --bifrost framework --output json").try_into().unwrap();
    let names = ["folder", "command", "prefix", "name_in_aws"].map(|name| written[name].as_str().unwrap());
    assert_eq!(names, ["acme-cache", "cache", "acme-", "acme-cache"]);
    assert_eq!(written["next"], json!(["cd acme-cache", "cargo test", "cargo demo"]));
    let files = written["files"].as_array().unwrap();
    assert!(files.len() > 10 && files.contains(&json!("src/aws.rs")), "{files:?}");
    for file in files {
        assert!(!read(&shell.folder.join("acme-cache"), file.as_str().unwrap()).is_empty(), "{file}");
    }
}

#[test]
fn arguments_choose_names_and_parts() {
    let shell = shell("new-arguments");
    shell.json("new queue-2 --prefix team- --service dynamodb --aws later --bifrost ./framework --output json");
    let folder = shell.folder.join("queue-2");
    let manifest = read(&folder, "Cargo.toml");
    assert!(manifest.contains("\nname = \"queue-2\"\n") && !manifest.contains("aws"), "{manifest}");
    assert!(manifest.contains("bifrost = { path = \"../framework/bifrost\""), "{manifest}");
    assert!(read(&folder, "src/main.rs").contains("\"team-\"") && !folder.join("src/aws.rs").exists());
}

#[test]
fn nothing_is_written_after_a_refusal() {
    let shell = shell("new-refused");
    fs::create_dir_all(shell.folder.join("taken/src")).unwrap();
    for (arguments, code) in [
        ("", "new/missing-arguments"),
        ("acme-cache --bifrost framework", "new/missing-arguments"),
        ("acme-cache --yes", "new/missing-arguments"),
        ("--yes --bifrost framework", "new/missing-arguments"),
        ("Acme --yes --bifrost framework", "new/invalid-name"),
        ("../acme --yes --bifrost framework", "new/invalid-name"),
        ("match --yes --bifrost framework", "new/reserved-name"),
        ("bifrost --yes --bifrost framework", "new/reserved-name"),
        ("taken --yes --bifrost framework", "new/folder-not-empty"),
        ("acme-cache --yes --bifrost framework --prefix acme", "deployer/invalid-prefix"),
        ("acme-cache --yes --bifrost framework/tests", "new/not-bifrost"),
    ] {
        assert_eq!(refusal_code(&shell, format!("new {arguments}").trim_end()), code, "{arguments}");
        assert_eq!(refusal_code(&shell, &format!("new {arguments} --output json")), code, "{arguments}");
    }
    let mut left: Vec<_> = fs::read_dir(&shell.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["framework", "taken"]);
}

#[test]
fn unknown_value_is_a_usage_error() {
    let shell = shell("new-usage");
    for wrong in ["--service s3", "--aws soon", "--unknown"] {
        let output = shell.run(&format!("new acme-cache --yes --output json --bifrost framework {wrong}"));
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert_eq!(error_code(&text(&output.stderr)), "cli/usage", "{wrong}");
    }
}
