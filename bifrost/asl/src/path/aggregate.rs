//! The functions at the end of a path, such as `$.services.length()`.

use serde_json::{Number, Value};

use super::PathFailure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Length,
    Min,
    Max,
    Sum,
    Average,
    StandardDeviation,
    Keys,
    First,
    Last,
}

impl Aggregate {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "length" | "size" => Self::Length,
            "min" => Self::Min,
            "max" => Self::Max,
            "sum" => Self::Sum,
            "avg" => Self::Average,
            "stddev" => Self::StandardDeviation,
            "keys" => Self::Keys,
            "first" => Self::First,
            "last" => Self::Last,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::StandardDeviation => "stddev",
            Self::Keys => "keys",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    pub(super) fn apply(self, value: &Value) -> Result<Value, PathFailure> {
        let result = match (self, value) {
            (Self::Length, Value::Array(items)) => Some(items.len().into()),
            (Self::Length, Value::Object(fields)) => Some(fields.len().into()),
            (Self::Keys, Value::Object(fields)) => Some(fields.keys().cloned().collect()),
            (Self::First, Value::Array(items)) => items.first().cloned(),
            (Self::Last, Value::Array(items)) => items.last().cloned(),
            (_, Value::Array(items)) => self.of_numbers(items),
            _ => None,
        };
        result.ok_or_else(|| PathFailure::Aggregation { function: self.name(), found: value.to_string() })
    }

    /// As in Jayway, values other than numbers are skipped, and the result is a floating-point number.
    fn of_numbers(self, items: &[Value]) -> Option<Value> {
        let numbers: Vec<f64> = items.iter().filter_map(Value::as_f64).collect();
        if numbers.is_empty() {
            return None;
        }
        let sum: f64 = numbers.iter().sum();
        let count = f64::from(u32::try_from(numbers.len()).ok()?);
        let result = match self {
            Self::Min => numbers.iter().copied().reduce(f64::min)?,
            Self::Max => numbers.iter().copied().reduce(f64::max)?,
            Self::Sum => sum,
            Self::Average => sum / count,
            Self::StandardDeviation => {
                let squares: f64 = numbers.iter().map(|number| number * number).sum();
                (squares / count - (sum / count).powi(2)).max(0.0).sqrt()
            }
            Self::Length | Self::Keys | Self::First | Self::Last => return None,
        };
        Number::from_f64(result).map(Value::Number)
    }
}
