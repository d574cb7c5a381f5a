//! Measures reading a template of fifty functions, and applying all rules that need no AWS.
//! Run it with `cargo bench -p fenrir --bench templates`.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../tests/corpus/fifty_functions.rs"]
mod fifty_functions;

use divan::{Bencher, black_box};
use fenrir::rules::{self, Answers, Facts};
use fenrir::template::{Source, read};

fn main() {
    divan::main();
}

fn source() -> Source {
    Source::new("template.yml", fifty_functions::template())
}

#[divan::bench]
fn reading(bencher: Bencher<'_, '_>) {
    let source = source();
    bencher.bench(|| read(black_box(&source)));
}

#[divan::bench]
fn reading_and_all_rules(bencher: Bencher<'_, '_>) {
    let source = source();
    let facts = Facts {
        project: &"org/shop".parse().unwrap(),
        config: &"development".parse().unwrap(),
        account: &"000000000000".parse().unwrap(),
        region: &"us-east-1".parse().unwrap(),
        bucket: &"bucket".parse().unwrap(),
        files: None,
        today: "2026-11-29".parse().unwrap(),
    };
    let answers = Answers::new();
    bencher.bench(|| rules::apply(&read(black_box(&source)).unwrap(), &facts, &answers));
}
