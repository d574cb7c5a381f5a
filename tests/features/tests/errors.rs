//! `docs/errors.md` lists every error code. `UPDATE_DOCS=1 cargo test -p bifrost-test-features --all-features --test errors` rewrites it.

#![cfg(feature = "errors")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bifrost::error_code::{ErrorCode, is_code};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Codes by area, each with its entry.
fn areas() -> BTreeMap<&'static str, BTreeMap<&'static str, ErrorCode>> {
    let lists = [bifrost::ERROR_CODES, odin::ERROR_CODES, fenrir::ERROR_CODES, step::ERROR_CODES];
    let mut areas = BTreeMap::<_, BTreeMap<_, _>>::new();
    for entry in lists.into_iter().flatten().copied().flatten() {
        assert!(is_code(entry.code), "`{}` is not a code", entry.code);
        assert!(entry.cause.ends_with('.'), "{}: the cause is not a sentence: {}", entry.code, entry.cause);
        assert!(!entry.remedy.is_empty() && !entry.remedy.ends_with('.'), "{}: {}", entry.code, entry.remedy);
        let (area, _) = entry.code.split_once('/').unwrap();
        let other = areas.entry(area).or_default().insert(entry.code, *entry);
        assert!(other.is_none_or(|other| other == *entry), "{} has two meanings", entry.code);
    }
    areas
}

fn markdown() -> String {
    let mut text = "# Error codes\n\nCommands print `error[<code>]: <message>`; messages of failed tasks begin with `[<code>]`. \
        A code never changes its\nmeaning. This page is generated from the code: see [architecture.md](architecture.md).\n"
        .to_owned();
    for (area, entries) in areas() {
        write!(text, "\n## {area}\n\n| code | cause | what to do |\n| --- | --- | --- |\n").unwrap();
        for ErrorCode { code, cause, remedy } in entries.values() {
            writeln!(text, "| `{code}` | {} | {} |", cell(cause), cell(remedy)).unwrap();
        }
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace("[`", "`").replace("`]", "`")
}

#[test]
fn page_lists_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let expected = markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == expected,
        "docs/errors.md is out of date: run UPDATE_DOCS=1 cargo test -p bifrost-test-features --all-features --test errors"
    );
}

#[test]
fn every_code_in_the_sources_is_listed() {
    let listed: Vec<_> = areas().into_values().flat_map(BTreeMap::into_keys).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders =
        ["asl", "audit", "aws", "cli", "core", "local"].map(|name| root.join("bifrost").join(name).join("src"));
    let deployers = ["fenrir", "odin", "step"].map(|name| root.join("deployers").join(name).join("src"));
    let sources = folders.into_iter().chain(deployers).flat_map(walkdir::WalkDir::new);
    let mut found = 0;
    for file in sources.map(Result::unwrap).filter(|file| file.path().extension().is_some_and(|it| it == "rs")) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let attributes = text.split("#[code(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        // The examples in the documentation of `Coded` are about uploads.
        for code in attributes.filter_map(|rest| rest.split('"').next()).filter(|code| !code.starts_with("upload/")) {
            assert!(listed.contains(&code), "{code} is not in any ERROR_CODES: {}", file.path().display());
            found += 1;
        }
    }
    assert!(found > 100, "only {found} codes found in the sources");
}
