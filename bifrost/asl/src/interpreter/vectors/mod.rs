//! Conformance tests: recordings of AWS, which the interpreter and the validation must reproduce.
//!
//! `cargo test -p bifrost-asl vectors -- --nocapture` prints the number of vectors with each grade.

mod compare;
mod execution;
mod replay;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::MachineType;

/// The folder of the vectors, which is outside of the repository.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/asl");

/// If it is `1`, missing vectors fail the tests; otherwise the tests skip them.
const REQUIRE: &str = "BIFROST_REQUIRE_VECTORS";

/// Vectors that cannot reach grade 3: their grade, and the reason.
const KNOWN_DIFFERENCES: [(&str, u8, &str); 1] = [(
    "localstack:v2/scenarios/test_base_scenarios.py::TestBaseScenarios::test_lambda_invoke_with_retry_extended_input#get_execution_history",
    2,
    "recorded in October 2023, before the context object had Execution.RedriveCount, which later recordings have",
)];

/// How well a vector matches its recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// 0: no match, 1: status, output and error, 2: also the cause, 3: also the events, 4: also their ids.
    Grade(u8),
    /// Accepted by validation, and not run: it uses JSONata.
    Jsonata,
    /// A definition that one linter accepts, and that another linter and this crate refuse: AWS's answer is unknown.
    Disputed,
}

/// The verdict on a vector, and the first difference that prevents a better one.
type Graded = (Verdict, Option<String>);

impl Verdict {
    fn suffices(self, id: &str) -> bool {
        match self {
            Self::Grade(grade) => {
                grade >= 3 || KNOWN_DIFFERENCES.iter().any(|(known, reached, _)| (*known, *reached) == (id, grade))
            }
            Self::Jsonata | Self::Disputed => true,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grade(grade) => write!(f, "grade {grade}"),
            Self::Jsonata => f.write_str("accepted, not run: JSONata"),
            Self::Disputed => f.write_str("disputed"),
        }
    }
}

/// Grades every vector of a file, prints totals and insufficient grades, and fails if there are any.
fn check(file: &str, grade: impl Fn(&Value) -> Graded) {
    let path = Path::new(FOLDER).join(file);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if std::env::var(REQUIRE).is_ok_and(|required| required == "1") => {
            panic!("cannot read {}, and {REQUIRE}=1 is set: {error}", path.display());
        }
        Err(_) => return println!("skipped: {} does not exist", path.display()),
    };
    let (mut totals, mut shortfalls) = (BTreeMap::<Verdict, usize>::new(), 0);
    for vector in text.lines() {
        let vector: Value = serde_json::from_str(vector).unwrap();
        let (verdict, difference) = grade(&vector);
        *totals.entry(verdict).or_default() += 1;
        let id = vector["id"].as_str().unwrap_or("(no id)");
        if !verdict.suffices(id) {
            shortfalls += 1;
            println!("{verdict} {id} {}", difference.unwrap_or_default());
        }
    }
    for (verdict, count) in &totals {
        println!("{file}: {count:4} {verdict}");
    }
    assert!(!totals.is_empty(), "{file} has no vectors");
    assert_eq!(shortfalls, 0, "vectors of {file} fall short");
}

/// Grades a definition that must be accepted or refused.
fn grade_definition(vector: &Value) -> Graded {
    let definition = match vector.get("definition_text").and_then(Value::as_str) {
        // Text that is not JSON is refused earlier.
        Some(text) => serde_json::from_str(text).ok(),
        None => vector.get("definition").cloned(),
    };
    let accepted = match definition.map(|definition| crate::validate(&definition, machine_type(vector))) {
        Some(accepted) => accepted.map_err(|invalid| invalid.to_string()),
        None => Err("not JSON".to_owned()),
    };
    match (vector["valid"] == true, accepted) {
        (true, Ok(())) | (false, Err(_)) => (Verdict::Grade(3), None),
        (true, Err(problems)) => {
            let by_aws = vector["source"]["authority"] == "aws-recorded";
            let is_disputed = vector["differ"].as_array().is_some_and(|differ| !differ.is_empty());
            let verdict = if is_disputed && !by_aws { Verdict::Disputed } else { Verdict::Grade(0) };
            (verdict, Some(format!("refused: {problems}")))
        }
        (false, Ok(())) => (Verdict::Grade(0), Some(format!("accepted, though {}", vector["why"]))),
    }
}

/// Grades a definition in JSONata that AWS ran: it is validated only.
fn grade_jsonata(definition: &Value, machine_type: MachineType) -> Graded {
    match crate::validate(definition, machine_type) {
        Ok(()) => (Verdict::Jsonata, None),
        Err(invalid) => (Verdict::Grade(0), Some(format!("refused: {invalid}"))),
    }
}

fn machine_type(vector: &Value) -> MachineType {
    if vector["type"] == "EXPRESS" { MachineType::Express } else { MachineType::Standard }
}

/// A short form of a value, for messages.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[test]
fn executions_without_tasks_match_aws() {
    check("exec_pure.jsonl", execution::grade);
}

#[test]
fn executions_with_tasks_match_aws() {
    check("exec_tasks.jsonl", execution::grade);
}

#[test]
fn single_states_match_aws() {
    check("test_state.jsonl", state::grade);
}

#[test]
fn accepted_definitions_match_aws() {
    check("validation.jsonl", grade_definition);
}
