//! What the compiler refuses: one mistake a file, one error a mistake, at the author's own token.

use std::fs;
use std::path::PathBuf;

#[test]
fn mistakes_in_a_chart_are_refused_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}

#[test]
fn every_mistake_is_one_error() {
    let mut answers = 0;
    for path in answers_of_the_compiler() {
        let answer = fs::read_to_string(&path).unwrap();
        let errors = answer.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{}:\n{answer}", path.display());
        answers += 1;
    }
    assert!(answers > 0, "no fixture has an answer of the compiler beside it");
}

fn answers_of_the_compiler() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refused")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
}
