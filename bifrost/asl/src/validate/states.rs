//! Rules for single states, beyond the types of their fields.

use super::outline::join;
use crate::model::{
    Assign, Completion, Fail, Flow, MachineType, Map, ProcessorMode, ResultPath, State, StateKind, Text,
};
use crate::path::ReferencePath;
use crate::problem::Problem;
use crate::resource::{Pattern, Resource, ResourceKind};
use crate::template::{Expression, Template};

/// The names of AWS's own errors. Any other name that begins with `States.` is a mistake.
const STATES_ERRORS: [&str; 16] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

/// Checks the states of a flow and of the flows in it.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) machine_type: MachineType,
    pub(super) problems: Vec<Problem>,
}

impl Walk {
    pub(super) fn flow(&mut self, flow: &Flow, location: &str) {
        let states = join(location, "States");
        for (name, state) in &flow.states {
            self.state(state, &join(&states, name));
        }
    }

    fn report(&mut self, location: String, message: impl Into<String>) {
        self.problems.push(Problem { location, message: message.into() });
    }

    fn state(&mut self, state: &State, location: &str) {
        match &state.kind {
            StateKind::Task(task) => {
                self.resource(&task.resource, location);
                self.credentials(task.credentials.as_ref(), location);
                self.completion(&task.completion, location);
            }
            StateKind::Pass(pass) => {
                self.result(&pass.result_path, location);
                self.assign(&pass.assign, location);
            }
            StateKind::Choice(choice) => {
                self.assign(&choice.assign, location);
                for (at, rule) in choice.choices.iter().enumerate() {
                    self.assign(&rule.assign, &format!("{location}.Choices[{at}]"));
                }
            }
            StateKind::Wait(wait) => self.assign(&wait.assign, location),
            StateKind::Succeed => {}
            StateKind::Fail(fail) => self.fail(fail, location),
            StateKind::Parallel(parallel) => {
                self.completion(&parallel.completion, location);
                for (at, branch) in parallel.branches.iter().enumerate() {
                    self.flow(branch, &format!("{location}.Branches[{at}]"));
                }
            }
            StateKind::Map(map) => {
                self.completion(&map.completion, location);
                self.map(map, location);
            }
        }
    }

    fn map(&mut self, map: &Map, location: &str) {
        let processor = &map.item_processor;
        let field = if processor.is_iterator { "Iterator" } else { "ItemProcessor" };
        let outer = self.machine_type;
        match processor.mode {
            ProcessorMode::Distributed(_) if outer == MachineType::Express => {
                let message =
                    "is not supported in an express state machine, which runs its items inline; remove ProcessorConfig";
                self.report(format!("{location}.{field}.ProcessorConfig"), message);
            }
            // The items are executions of their own, of the type that the state sets.
            ProcessorMode::Distributed(inner) => self.machine_type = inner,
            ProcessorMode::Inline => {}
        }
        self.flow(&processor.flow, &join(location, field));
        self.machine_type = outer;
    }

    fn resource(&mut self, resource: &Resource, location: &str) {
        if self.machine_type != MachineType::Express {
            return;
        }
        let unsupported = match resource.kind() {
            ResourceKind::Activity => "activities",
            ResourceKind::Service { pattern: Pattern::WaitForTaskToken, .. } => "`.waitForTaskToken`",
            ResourceKind::Service { pattern: Pattern::Sync, .. } => "`.sync`",
            ResourceKind::Service { pattern: Pattern::RequestResponse, .. } | ResourceKind::LambdaFunction => return,
        };
        let message = format!(
            "an express state machine does not support {unsupported}; use a standard one, or call the service directly"
        );
        self.report(join(location, "Resource"), message);
    }

    fn credentials(&mut self, credentials: Option<&Template>, location: &str) {
        if credentials.is_some_and(|credentials| !credentials.names().contains(&"RoleArn")) {
            let message = "RoleArn is missing; write the ARN of the role to assume, or a path to it as `RoleArn.$`";
            self.report(join(location, "Credentials"), message);
        }
    }

    fn completion(&mut self, completion: &Completion, location: &str) {
        let Completion { retry, catch, .. } = completion;
        let retried = retry.iter().map(|retrier| retrier.error_equals.as_slice()).collect();
        self.error_names(retried, &join(location, "Retry"));
        let caught = catch.iter().map(|catcher| catcher.error_equals.as_slice()).collect();
        self.error_names(caught, &join(location, "Catch"));
        for (at, catcher) in catch.iter().enumerate() {
            let location = format!("{location}.Catch[{at}]");
            self.result(&catcher.result_path, &location);
            self.assign(&catcher.assign, &location);
        }
        self.result(&completion.result_path, location);
        self.assign(&completion.assign, location);
    }

    fn error_names(&mut self, entries: Vec<&[String]>, location: &str) {
        let count = entries.len();
        for (at, names) in entries.into_iter().enumerate() {
            let location = format!("{location}[{at}].ErrorEquals");
            let all = names.iter().any(|name| name == "States.ALL");
            if all && names.len() > 1 {
                self.report(location.clone(), "\"States.ALL\" matches every error; write it without other names");
            }
            if all && at + 1 < count {
                self.report(
                    location.clone(),
                    "\"States.ALL\" matches every error, so that the entries after it never apply; make it the last one",
                );
            }
            for name in names.iter().filter(|name| is_unknown_error(name)) {
                let message = format!(
                    "{name:?} is not an error of Step Functions, and names that begin with `States.` are reserved; use \
                     another name, or one of {}",
                    STATES_ERRORS.join(", ")
                );
                self.report(location.clone(), message);
            }
        }
    }

    fn result(&mut self, path: &ResultPath, location: &str) {
        if let ResultPath::At(path) = path
            && !ReferencePath::is_in_input(path)
        {
            let message =
                format!("`{path}` is read-only; write a path that begins with `$.`, or use Assign for a variable");
            self.report(join(location, "ResultPath"), message);
        }
    }

    fn assign(&mut self, assign: &Assign, location: &str) {
        let names = assign.variables.iter().flat_map(|template| template.names());
        for name in names.filter(|name| !is_variable_name(name)) {
            let message = format!(
                "{name:?} is not a valid variable name; use up to 80 letters, digits and `_`, no digit first, and not `states`"
            );
            self.report(format!("{location}.Assign.{name}"), message);
        }
    }

    fn fail(&mut self, fail: &Fail, location: &str) {
        for (field, text) in [("ErrorPath", &fail.error), ("CausePath", &fail.cause)] {
            if let Some(Text::Computed(Expression::Intrinsic(intrinsic))) = text
                && !intrinsic.may_give_text()
            {
                let message = format!(
                    "`{intrinsic}` does not return a string; write a path, or one of States.ArrayGetItem, States.Base64Encode, \
                     States.Base64Decode, States.Format, States.JsonToString, States.Hash, States.UUID"
                );
                self.report(join(location, field), message);
            }
        }
    }
}

fn is_unknown_error(name: &str) -> bool {
    // The HTTP task names its errors after status codes.
    name.starts_with("States.") && !name.starts_with("States.Http.") && !STATES_ERRORS.contains(&name)
}

fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    name != "states"
        && name.chars().count() <= 80
        && characters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
}
