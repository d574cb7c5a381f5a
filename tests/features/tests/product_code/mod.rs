//! The product code as text: what a test searches for words that it may not contain.

use std::fs;
use std::path::{Path, PathBuf};

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

/// The lines of a file that `is_found`, with their numbers. Skips comments and the test module at the end.
pub(crate) fn lines(text: &str, is_found: impl Fn(&str) -> bool) -> Vec<(usize, &str)> {
    let product = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = product.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines.filter(|(_, line)| !line.starts_with("//") && is_found(line)).collect()
}

/// The lines of the framework and the deployers that `is_found`, as `path:number: line`, except in the files `exceptions`.
pub(crate) fn search(exceptions: &[&str], is_found: impl Fn(&str) -> bool) -> Vec<String> {
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
        if !exceptions.contains(&path.as_str()) {
            let text = fs::read_to_string(&file).unwrap();
            found.extend(lines(&text, &is_found).into_iter().map(|(number, line)| format!("{path}:{number}: {line}")));
        }
    }
    found
}
