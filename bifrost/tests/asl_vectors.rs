//! The interpreter against what AWS did: every recorded execution, state and definition of the shared vectors.

use std::path::{Path, PathBuf};

mod vectors;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/asl")
}

fn all_suffice(file: &str) {
    let path = folder().join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not here", path.display());
        return;
    };
    let graded = vectors::read(&text).unwrap().iter().map(vectors::grade).collect::<Vec<_>>();
    let short: Vec<_> = graded.iter().filter(|grade| !grade.verdict.suffices()).collect();
    for grade in &short {
        println!("{} {} {}", grade.verdict.name(), grade.id, grade.difference.as_deref().unwrap_or_default());
    }
    assert!(short.is_empty(), "{} of {} vectors of {file} fall short", short.len(), graded.len());
}

#[test]
fn executions_without_tasks_run_as_on_aws() {
    all_suffice("exec_pure.jsonl");
}

#[test]
fn executions_with_tasks_run_as_on_aws() {
    all_suffice("exec_tasks.jsonl");
}

#[test]
fn single_states_behave_as_on_aws() {
    all_suffice("test_state.jsonl");
}

#[test]
fn definitions_are_accepted_and_refused_as_on_aws() {
    all_suffice("validation.jsonl");
}
