//! Data flow of a state: `InputPath`, `Parameters`, `ResultSelector`, `ResultPath`, `Assign`, `OutputPath`.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::failure::{StateError, names};
use super::frame::{Frame, Visit};
use super::run::Run;
use super::size;
use crate::{Assign, Completion, DataPath, Path, ResultPath, Template};

/// The output of a state.
pub(super) struct Output {
    pub(super) value: Arc<Value>,
    pub(super) assigned: Arc<Map<String, Value>>,
}

impl Visit<'_> {
    /// The state's input after `InputPath`.
    pub(super) fn effective_input(&self, frame: &mut Frame<'_>) -> Result<Arc<Value>, StateError> {
        let input = select(self, frame, &self.state.input_path, &self.input)?;
        frame.inspect("afterInputPath", &input);
        Ok(input)
    }

    /// The value at the path of a field that is not a template.
    pub(super) fn look_up<'v>(
        &self,
        frame: &'v mut Frame<'_>,
        path: &Path,
        input: &'v Value,
    ) -> Result<Cow<'v, Value>, StateError> {
        let found = path.evaluate(&frame.scope(self.state, input));
        found.map_err(|failure| invalid_path(self, path, failure))
    }
}

impl Run<'_> {
    /// The value of a payload template; without a template, `input` itself.
    pub(super) fn payload(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        template: Option<&Template>,
        input: &Arc<Value>,
    ) -> Result<Arc<Value>, StateError> {
        self.filled(visit, frame, template, input)?.ok_or_else(|| too_large(&visit.state.name))
    }

    /// The value of a state's `Parameters` for its work, which does not start if it is over the limit.
    pub(super) fn parameters(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        template: Option<&Template>,
        input: &Arc<Value>,
    ) -> Result<Arc<Value>, StateError> {
        let cause = "The parameters exceed the maximum number of bytes service limit.";
        let parameters = self.filled(visit, frame, template, input)?;
        parameters.ok_or_else(|| visit.failure(names::DATA_LIMIT_EXCEEDED, cause))
    }

    /// The value of a template; `None` if it is over the size limit.
    fn filled(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        template: Option<&Template>,
        input: &Arc<Value>,
    ) -> Result<Option<Arc<Value>>, StateError> {
        // An unchanged input was measured when it was created.
        let Some(template) = template else { return Ok(Some(Arc::clone(input))) };
        let value = template.evaluate(&frame.scope(visit.state, input), self.random);
        let value = value.map_err(|failure| visit.failure(failure.error_name(), failure))?;
        Ok((!size::exceeds_limit(&value)).then(|| Arc::new(value)))
    }

    /// Computes a state's output from the raw result of its work: `ResultSelector`, then as [`output`](Self::output).
    pub(super) fn output_of_work(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        result: &Arc<Value>,
        completion: &Completion,
    ) -> Result<Output, StateError> {
        let selected = self.payload(visit, frame, completion.result_selector.as_ref(), result)?;
        frame.inspect("afterResultSelector", &selected);
        self.output(visit, frame, selected, &completion.result_path, &completion.assign)
    }

    /// Computes the output from a result: `ResultPath`, `Assign` and `OutputPath`.
    pub(super) fn output(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        result: Arc<Value>,
        result_path: &ResultPath,
        assign: &Assign,
    ) -> Result<Output, StateError> {
        let assigned = self.assigned(visit, frame, assign, &result)?;
        let combined = combine(visit, result, result_path)?;
        frame.inspect("afterResultPath", &combined);
        // `OutputPath` uses the variables before `Assign`.
        let value = select(visit, frame, &visit.state.output_path, &combined)?;
        within_limit(visit, value, assigned)
    }

    /// The output of a state without a result: its input, after `OutputPath`.
    pub(super) fn input_as_output(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        input: &Arc<Value>,
        assign: &Assign,
    ) -> Result<Output, StateError> {
        let assigned = self.assigned(visit, frame, assign, input)?;
        let value = select(visit, frame, &visit.state.output_path, input)?;
        within_limit(visit, value, assigned)
    }

    /// The output of a catcher: `{"Error", "Cause"}` in the state's input.
    pub(super) fn caught(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        error: Arc<Value>,
        result_path: &ResultPath,
        assign: &Assign,
    ) -> Result<Output, StateError> {
        let assigned = self.assigned(visit, frame, assign, &error)?;
        let value = combine(visit, error, result_path)?;
        within_limit(visit, value, assigned)
    }

    fn assigned(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        assign: &Assign,
        input: &Value,
    ) -> Result<Arc<Map<String, Value>>, StateError> {
        let Some(template) = &assign.variables else { return Ok(Arc::default()) };
        let variables = template.evaluate(&frame.scope(visit.state, input), self.random);
        let Value::Object(variables) = variables.map_err(|failure| visit.failure(failure.error_name(), failure))?
        else {
            return Err(visit.runtime("Assign must be an object."));
        };
        let kept = frame.variables.iter().filter(|(name, _)| !variables.contains_key(*name));
        if size::exceeds_assign_limit(variables.values()) {
            let cause = "The variables of Assign exceed the maximum number of bytes service limit.";
            return Err(visit.failure(names::DATA_LIMIT_EXCEEDED, cause));
        }
        if size::exceeds_variables_limit(kept.map(|(_, value)| value).chain(variables.values())) {
            let cause = "The variables of the execution exceed the maximum number of bytes service limit.";
            return Err(visit.failure(names::DATA_LIMIT_EXCEEDED, cause));
        }
        Ok(Arc::new(variables))
    }
}

fn within_limit(visit: &Visit<'_>, value: Arc<Value>, assigned: Arc<Map<String, Value>>) -> Result<Output, StateError> {
    // An unchanged input was measured when it was created.
    if !Arc::ptr_eq(&value, &visit.input) && size::exceeds_limit(&value) {
        return Err(too_large(&visit.state.name));
    }
    Ok(Output { value, assigned })
}

/// The error of a result over the size limit; `name` is the state's or the resource's.
pub(super) fn too_large(name: &str) -> StateError {
    let limit = "returned a result with a size exceeding the maximum number of bytes service limit.";
    StateError::new(names::DATA_LIMIT_EXCEEDED, format!("The state/task '{name}' {limit}"))
}

fn select(
    visit: &Visit<'_>,
    frame: &mut Frame<'_>,
    path: &DataPath,
    input: &Arc<Value>,
) -> Result<Arc<Value>, StateError> {
    match path {
        DataPath::Whole => Ok(Arc::clone(input)),
        DataPath::Nothing => Ok(Arc::new(Value::Object(Map::new()))),
        DataPath::Path(path) => match path.evaluate(&frame.scope(visit.state, input)) {
            Ok(found) => Ok(Arc::new(found.into_owned())),
            Err(failure) => Err(invalid_path(visit, path, failure)),
        },
    }
}

fn invalid_path(visit: &Visit<'_>, path: &Path, failure: impl std::fmt::Display) -> StateError {
    visit.runtime(format!("Invalid path '{}' : {failure}", path.as_str()))
}

/// Applies `ResultPath`.
fn combine(visit: &Visit<'_>, result: Arc<Value>, result_path: &ResultPath) -> Result<Arc<Value>, StateError> {
    match result_path {
        ResultPath::Replace => Ok(result),
        ResultPath::Discard => Ok(Arc::clone(&visit.input)),
        ResultPath::At(path) => {
            let mut combined = visit.input.as_ref().clone();
            let inserted = path.insert(&mut combined, Arc::unwrap_or_clone(result));
            inserted.map_err(|failure| visit.failure(names::RESULT_PATH_MATCH_FAILURE, failure))?;
            Ok(Arc::new(combined))
        }
    }
}
