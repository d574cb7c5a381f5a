//! Grades the interpreter on files of recorded executions (JSON lines): a line a vector, and the totals.
//!
//! `cargo run -p bifrost --example asl_vectors -- FILE…` exits with 1 if a vector falls short of grade 3.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use std::collections::BTreeMap;
use std::process::ExitCode;

#[path = "../tests/vectors/mod.rs"]
mod vectors;

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: asl_vectors FILE…");
        return ExitCode::from(2);
    }
    let mut totals = BTreeMap::new();
    let mut all_suffice = true;
    for file in &files {
        match std::fs::read_to_string(file).map_err(|error| error.to_string()).and_then(|text| vectors::read(&text)) {
            Ok(vectors) => all_suffice &= grade_all(&vectors, &mut totals),
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        }
    }
    for (verdict, count) in &totals {
        println!("{count:5} {verdict}");
    }
    if all_suffice { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn grade_all(vectors: &[serde_json::Value], totals: &mut BTreeMap<String, usize>) -> bool {
    let mut all_suffice = true;
    for vector in vectors {
        let grade = vectors::grade(vector);
        let verdict = grade.verdict.name();
        println!("{verdict:16} {} {}", grade.id, grade.difference.unwrap_or_default());
        *totals.entry(verdict).or_default() += 1;
        all_suffice &= grade.verdict.suffices();
    }
    all_suffice
}
