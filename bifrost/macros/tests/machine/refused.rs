//! Mistakes that the compiler refuses: one mistake per file, one error per mistake, at the author's token.

use std::fs;
use std::path::PathBuf;

#[test]
fn mistakes_are_refused_at_their_token() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}

#[test]
fn every_mistake_is_one_error() {
    let mut count = 0;
    for path in stderr_files() {
        let stderr = fs::read_to_string(&path).unwrap();
        let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{}:\n{stderr}", path.display());
        count += 1;
    }
    assert!(count > 0, "no fixture has a .stderr file");
}

fn stderr_files() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refused")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
}
