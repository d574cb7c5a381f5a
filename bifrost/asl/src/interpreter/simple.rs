//! The states without work: `Pass`, `Wait`, `Succeed`, `Fail`.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::failure::{FailureKind, StateError, Stop};
use super::frame::{Frame, Visit};
use super::run::{Run, Step};
use super::settings::number;
use crate::{Assign, Fail, Pass, Path, Text, Transition, ValueOrPath, Wait, WaitUntil, timestamp};

impl Visit<'_> {
    fn seconds(&self, frame: &mut Frame<'_>, seconds: &ValueOrPath<u64>, input: &Value) -> Result<u64, StateError> {
        let path = match seconds {
            ValueOrPath::Value(seconds) => return Ok(*seconds),
            ValueOrPath::Path(path) => path,
        };
        let text = path.as_str();
        let found = path.evaluate(&frame.scope(self.state, input));
        let value = found.map_err(|_| self.runtime(no_value("SecondsPath", text)))?;
        let number = number(&value);
        match number.as_ref().map(|number| (number.as_u64(), number.as_i64())) {
            Some((Some(seconds), _)) => Ok(seconds),
            Some((None, Some(seconds))) => {
                Err(self.runtime(format!("The SecondsPath parameter references a negative value: {text} == {seconds}")))
            }
            Some((None, None)) | None => {
                let problem = "The SecondsPath parameter cannot be parsed as a long value";
                Err(self.runtime(format!("{problem}: {text} == {}", plain(&value))))
            }
        }
    }

    fn timestamp(&self, frame: &mut Frame<'_>, path: &Path, input: &Value) -> Result<DateTime<Utc>, StateError> {
        let text = path.as_str();
        let found = path.evaluate(&frame.scope(self.state, input));
        let value = found.map_err(|_| self.runtime(no_value("TimestampPath", text)))?;
        value.as_str().and_then(timestamp::parse).ok_or_else(|| {
            let format = "does not reference a valid ISO-8601 extended offset date-time format string";
            self.runtime(format!("The TimestampPath parameter {format}: {text} == {}", plain(&value)))
        })
    }
}

impl Run<'_> {
    pub(super) fn pass(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, pass: &Pass) -> Result<Step, StateError> {
        let result = if let Some(result) = &pass.result {
            frame.inspect("result", result);
            Arc::clone(result)
        } else {
            let input = visit.effective_input(frame)?;
            let payload = self.payload(visit, frame, pass.parameters.as_ref(), &input)?;
            frame.inspect("afterParameters", &payload);
            payload
        };
        frame.inspect("afterResultSelector", &result);
        let output = self.output(visit, frame, result, &pass.result_path, &pass.assign)?;
        Ok(Step { output, transition: pass.transition.clone() })
    }

    pub(super) fn succeed(&self, visit: &Visit<'_>, frame: &mut Frame<'_>) -> Result<Step, StateError> {
        let input = visit.effective_input(frame)?;
        let output = self.input_as_output(visit, frame, &input, &Assign::default())?;
        Ok(Step { output, transition: Transition::End })
    }

    /// The error of a `Fail` state, or the error of evaluating it.
    pub(super) fn fail(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, fail: &Fail) -> StateError {
        frame.inspect("afterInputPath", &visit.input);
        let mut text =
            |text: &Option<Text>, field| match text {
                None => Ok(None),
                Some(Text::Literal(literal)) => Ok(Some(Arc::from(literal.as_str()))),
                Some(Text::Computed(expression)) => {
                    match expression.evaluate(field, &frame.scope(visit.state, &visit.input), self.random) {
                        Ok(value) => match value.as_ref() {
                            Value::String(text) => Ok(Some(Arc::from(text.as_str()))),
                            other => Err(visit
                                .runtime(format!("The value for the field '{field}' must be a STRING, not {other}."))),
                        },
                        Err(failure) => Err(visit.failure(failure.error_name(), failure)),
                    }
                }
            };
        let error = text(&fail.error, "ErrorPath");
        match error.and_then(|error| Ok((error, text(&fail.cause, "CausePath")?))) {
            Ok((error, cause)) => StateError { error, cause, kind: FailureKind::Plain },
            Err(failure) => failure,
        }
    }

    pub(super) async fn wait(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, wait: &Wait) -> Result<Step, Stop> {
        let input = visit.effective_input(frame)?;
        let until = match &wait.until {
            WaitUntil::Seconds(seconds) => after(visit, visit.seconds(frame, seconds, &input)?),
            WaitUntil::Timestamp(ValueOrPath::Value(at)) => *at,
            WaitUntil::Timestamp(ValueOrPath::Path(path)) => visit.timestamp(frame, path, &input)?,
        };
        self.clock.sleep_until(until).await;
        let output = self.input_as_output(visit, frame, &input, &wait.assign)?;
        Ok(Step { output, transition: wait.transition.clone() })
    }
}

fn no_value(field: &str, path: &str) -> String {
    format!("The {field} parameter does not reference an input value: {path}")
}

/// A value as AWS prints it in causes: a string without its quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The time this many seconds after the state was entered. Out of range means the end of time: executions last a year.
fn after(visit: &Visit<'_>, seconds: u64) -> DateTime<Utc> {
    let delta = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
    delta.and_then(|delta| visit.entered_at.checked_add_signed(delta)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
