//! Checks that product code has no literal of an AWS partition, or of the end of its host names, except in the module
//! for partitions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The module of partitions and service principals, and the placeholder of the contract.
const EXCEPTIONS: [&str; 2] = ["bifrost/core/src/release/partition.rs", "bifrost/cli/src/commands/json.rs"];

/// The Rust files below a folder, except test modules.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !matches!(name, "tests" | "vectors") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !name.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The lines with a literal of a partition, with their numbers. Skips comments and the test module at the end.
fn literals(text: &str) -> Vec<(usize, &str)> {
    let product = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = product.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let code = lines.filter(|(_, line)| !line.starts_with("//"));
    code.filter(|(_, line)| line.contains("arn:aws") || line.contains("amazonaws.")).collect()
}

#[test]
fn product_code_has_no_partition_literal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut files = Vec::new();
    sources(&root.join("bifrost/src"), &mut files);
    for group in ["bifrost", "deployers"] {
        let members = fs::read_dir(root.join(group)).unwrap().map(|entry| entry.unwrap().path().join("src"));
        members.filter(|source| source.is_dir()).for_each(|source| sources(&source, &mut files));
    }
    assert!(files.len() > 200, "found only {} files", files.len());

    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if !EXCEPTIONS.contains(&path.as_str()) {
            let text = fs::read_to_string(&file).unwrap();
            found.extend(literals(&text).into_iter().map(|(number, line)| format!("{path}:{number}: {line}")));
        }
    }
    assert!(found.is_empty(), "use Region::arn, Partition and service_principal:\n{}", found.join("\n"));
}

#[test]
fn literal_is_found_only_in_code() {
    let text = "/// arn:aws:sns\nlet arn = \"arn:aws:sns\";\nlet host = \"s3.amazonaws.com\";\n\n#[cfg(test)]\nmod tests {\n\"arn:aws:s3\"";
    assert_eq!(literals(text).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 3]);
}
