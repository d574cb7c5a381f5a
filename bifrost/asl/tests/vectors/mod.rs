//! Grades the interpreter on recorded executions: `bifrost/tests/asl_vectors.rs` runs the shared folder, the example
//! `asl_vectors` any file of the same format.

#![allow(clippy::indexing_slicing, reason = "a JSON value gives null where it has nothing, and the slices are found")]

mod compare;
mod execution;
mod replay;
mod state;
mod validation;

use serde_json::Value;

/// How far one vector agrees with its recording.
pub(crate) struct Grade {
    /// The vector's id.
    pub(crate) id: String,
    /// How far.
    pub(crate) verdict: Verdict,
    /// The first difference beyond that.
    pub(crate) difference: Option<String>,
}

/// The grades of comparison: 0 nothing, 1 status, output and error, 2 and the cause, 3 and the events, 4 and their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The grade reached.
    Reached(u8),
    /// Not run: it is written in JSONata.
    Jsonata,
    /// A definition that one linter accepts, another refuses, and so do we: nobody asked AWS.
    Disputed,
}

impl Verdict {
    /// Its name in the example's output.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Reached(grade) => format!("grade {grade}"),
            Self::Jsonata => "refused: JSONata".to_owned(),
            Self::Disputed => "disputed".to_owned(),
        }
    }

    /// Whether the vector agrees in all that counts.
    pub(crate) fn suffices(self) -> bool {
        match self {
            Self::Reached(grade) => grade >= 3,
            Self::Jsonata | Self::Disputed => true,
        }
    }
}

/// Grades one vector, of whichever kind.
pub(crate) fn grade(vector: &Value) -> Grade {
    let id = vector["id"].as_str().unwrap_or("(no id)").to_owned();
    let (verdict, difference) = match vector["category"].as_str() {
        Some("test_state") => state::grade(vector),
        Some("valid" | "invalid") => validation::grade(vector),
        _ => execution::grade(vector),
    };
    Grade { id, verdict, difference }
}

/// The vectors of a file of JSON lines.
///
/// # Errors
/// With the number of the first line that is no JSON.
pub(crate) fn read(text: &str) -> Result<Vec<Value>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", index + 1)))
        .collect()
}

/// A short form of a value, for messages.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
