//! A definition as data, in the terms of the Amazon States Language specification.
//!
//! The types can only represent valid fields: a `Wait` for two things, or a transition that is both `Next` and `End`,
//! cannot be represented. Validation checks the rest, for example whether the target of a `Next` exists.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::path::{Path, ReferencePath};
use super::resource::Resource;
use super::template::{Expression, Template};

/// The name of a state; shared by the history, the context object and the checkpoints.
pub type StateName = Arc<str>;

/// A whole definition that has passed parsing and validation.
#[derive(Debug, Clone)]
pub struct StateMachine {
    /// `Comment`.
    pub comment: Option<String>,
    /// The version of the language; `1.0` is the only one.
    pub version: Option<String>,
    /// The longest duration of an execution, in seconds; unlimited if absent.
    pub timeout_seconds: Option<u64>,
    /// The states and the first one.
    pub flow: Flow,
}

/// A set of states with an entry: the machine itself, a branch of a `Parallel`, or the processor of a `Map`.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The first state.
    pub start_at: StateName,
    /// The states in the order of the definition.
    pub states: IndexMap<StateName, State>,
}

impl State {
    /// What happens when the work of a `Task`, `Parallel` or `Map` ends; `None` for other kinds.
    #[must_use]
    pub fn completion(&self) -> Option<&Completion> {
        match &self.kind {
            StateKind::Task(task) => Some(&task.completion),
            StateKind::Parallel(parallel) => Some(&parallel.completion),
            StateKind::Map(map) => Some(&map.completion),
            StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed
            | StateKind::Fail(_) => None,
        }
    }
}

/// One state: the fields of all kinds, and its kind.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name, unique in the machine.
    pub name: StateName,
    /// `Comment`.
    pub comment: Option<String>,
    /// The part of its input that the state uses.
    pub input_path: DataPath,
    /// The part of the result that becomes the output.
    pub output_path: DataPath,
    /// Its kind, with the fields of the kind.
    pub kind: StateKind,
    /// How much of the context object its expressions refer to.
    pub(crate) context_use: ContextUse,
}

/// How much of the context object a state refers to. It is built only as far as needed, because it holds a copy of the
/// execution's input, which may be large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum ContextUse {
    /// Nothing.
    #[default]
    Nothing,
    /// Anything except the execution's input.
    Facts,
    /// Possibly the execution's input, too.
    Whole,
}

/// The eight kinds of state.
#[derive(Debug, Clone)]
pub enum StateKind {
    /// Calls a resource outside of the machine.
    Task(Box<Task>),
    /// Passes its input or a fixed result on.
    Pass(Box<Pass>),
    /// Chooses the next state.
    Choice(Choice),
    /// Waits.
    Wait(Wait),
    /// Ends the flow with success.
    Succeed,
    /// Ends the execution with a failure.
    Fail(Fail),
    /// Runs branches concurrently.
    Parallel(Box<Parallel>),
    /// Runs one flow for each item of an array.
    Map(Box<Map>),
}

/// `InputPath` or `OutputPath`.
#[derive(Debug, Clone, Default)]
pub enum DataPath {
    /// Absent, or `$`: the whole data.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    /// The part that a path selects.
    Path(Path),
}

/// `ResultPath`: where the result is inserted.
#[derive(Debug, Clone, Default)]
pub enum ResultPath {
    /// Absent, or `$`: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the result is discarded, and the input is passed on.
    Discard,
    /// The result is inserted into the input at this place.
    At(ReferencePath),
}

/// The transition after a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// To another state of the same flow.
    Next(StateName),
    /// The flow ends here.
    End,
}

/// A setting with a value (`TimeoutSeconds`) or a path that is evaluated when the state is entered
/// (`TimeoutSecondsPath`).
#[derive(Debug, Clone)]
pub enum ValueOrPath<T> {
    /// The value.
    Value(T),
    /// The path of the value.
    Path(Path),
}

/// A string that is literal (`Cause`) or computed when the state is entered (`CausePath`).
#[derive(Debug, Clone)]
pub enum Text {
    /// A literal string.
    Literal(String),
    /// A path or an intrinsic function.
    Computed(Expression),
}

/// `Assign`: variables and the templates of their values.
#[derive(Debug, Clone, Default)]
pub struct Assign {
    /// A template whose value is an object with a field for each variable. `None` if `Assign` is absent.
    pub variables: Option<Template>,
}

/// What a `Task`, `Parallel` or `Map` does when its work ends.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The template that computes the result from the raw result; without one, they are the same.
    pub result_selector: Option<Template>,
    /// Where the result is inserted.
    pub result_path: ResultPath,
    /// Which errors are retried, and when.
    pub retry: Vec<Retrier>,
    /// The transitions for errors that are not retried.
    pub catch: Vec<Catcher>,
    /// Variables set on success.
    pub assign: Assign,
    /// The transition on success.
    pub transition: Transition,
}

/// A `Task` state.
#[derive(Debug, Clone)]
pub struct Task {
    /// The resource that does the work.
    pub resource: Resource,
    /// The payload, if it differs from the input.
    pub parameters: Option<Template>,
    /// The role to assume for the work.
    pub credentials: Option<Template>,
    /// The longest duration of the work, in seconds.
    pub timeout: Option<ValueOrPath<u64>>,
    /// The longest time between heartbeats, in seconds.
    pub heartbeat: Option<ValueOrPath<u64>>,
    /// What happens when the work ends.
    pub completion: Completion,
}

/// A `Pass` state.
#[derive(Debug, Clone)]
pub struct Pass {
    /// The template of the result, if it differs from the input.
    pub parameters: Option<Template>,
    /// A fixed result, instead of the input.
    pub result: Option<Arc<Value>>,
    /// Where the result is inserted.
    pub result_path: ResultPath,
    /// Variables set.
    pub assign: Assign,
    /// The transition.
    pub transition: Transition,
}

/// A `Choice` state.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The rules in order; the first one that is true applies.
    pub choices: Vec<ChoiceRule>,
    /// The next state if no rule is true.
    pub default: Option<StateName>,
    /// Variables set if no rule is true.
    pub assign: Assign,
}

/// One entry of `Choices`.
#[derive(Debug, Clone)]
pub struct ChoiceRule {
    /// The condition.
    pub condition: Condition,
    /// The next state if it is true.
    pub next: StateName,
    /// Variables set if it is true.
    pub assign: Assign,
}

/// A condition of a choice rule.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All of these are true.
    And(Vec<Condition>),
    /// One of these is true.
    Or(Vec<Condition>),
    /// This one is false.
    Not(Box<Condition>),
    /// A comparison of one value of the input.
    Test {
        /// The value.
        variable: Path,
        /// The comparison.
        comparison: Comparison,
    },
}

/// The comparison operators. A value whose type is not the operator's never matches.
#[derive(Debug, Clone)]
pub enum Comparison {
    /// `StringEquals`, `StringLessThan`, …
    String(Ordering, ValueOrPath<String>),
    /// `NumericEquals`, `NumericLessThan`, …
    Numeric(Ordering, ValueOrPath<Number>),
    /// `TimestampEquals`, `TimestampLessThan`, …
    Timestamp(Ordering, ValueOrPath<DateTime<Utc>>),
    /// `BooleanEquals`.
    Boolean(ValueOrPath<bool>),
    /// `StringMatches`: `*` matches any string, `\*` an asterisk, `\\` a backslash.
    StringMatches(String),
    /// `IsNull`, `IsPresent`, …: whether the value is, or is not, of this type.
    Is(Sort, bool),
}

/// How two values of an ordered type are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// `…Equals`
    Equals,
    /// `…LessThan`
    LessThan,
    /// `…LessThanEquals`
    LessThanEquals,
    /// `…GreaterThan`
    GreaterThan,
    /// `…GreaterThanEquals`
    GreaterThanEquals,
}

/// What the `Is…` operators test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// `IsNull`
    Null,
    /// `IsPresent`
    Present,
    /// `IsNumeric`
    Numeric,
    /// `IsString`
    String,
    /// `IsBoolean`
    Boolean,
    /// `IsTimestamp`
    Timestamp,
}

/// A `Wait` state.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The end of the wait.
    pub until: WaitUntil,
    /// Variables set.
    pub assign: Assign,
    /// The transition.
    pub transition: Transition,
}

/// The end of a wait.
#[derive(Debug, Clone)]
pub enum WaitUntil {
    /// This many seconds after the state was entered.
    Seconds(ValueOrPath<u64>),
    /// A point in time; one in the past ends the wait immediately.
    Timestamp(ValueOrPath<DateTime<Utc>>),
}

/// A `Fail` state.
#[derive(Debug, Clone)]
pub struct Fail {
    /// The name of the error.
    pub error: Option<Text>,
    /// The cause.
    pub cause: Option<Text>,
}

/// A `Parallel` state.
#[derive(Debug, Clone)]
pub struct Parallel {
    /// The branches, which run concurrently.
    pub branches: Vec<Flow>,
    /// The input of each branch, if it differs from the input.
    pub parameters: Option<Template>,
    /// What happens when the work ends.
    pub completion: Completion,
}

/// A `Map` state.
#[derive(Debug, Clone)]
pub struct Map {
    /// The path of the items, if no reader reads them.
    pub items_path: Option<Path>,
    /// Reads the items from S3 (distributed only).
    pub item_reader: Option<ItemReader>,
    /// The input of an iteration, if it is not the item itself. `Parameters` is its older name.
    pub item_selector: Option<Template>,
    /// Groups items into batches (distributed only).
    pub item_batcher: Option<ItemBatcher>,
    /// Writes the results to S3 (distributed only).
    pub result_writer: Option<ResultWriter>,
    /// Maximum number of concurrent iterations; 0 or absent: all.
    pub max_concurrency: Option<ValueOrPath<u64>>,
    /// Maximum number of failed iterations (distributed only).
    pub tolerated_failure_count: Option<ValueOrPath<u64>>,
    /// Maximum percentage of failed iterations (distributed only).
    pub tolerated_failure_percentage: Option<ValueOrPath<f64>>,
    /// The prefix of the names of the child executions (distributed only).
    pub label: Option<String>,
    /// The flow that processes each item.
    pub item_processor: ItemProcessor,
    /// What happens when the work ends.
    pub completion: Completion,
}

/// The flow of a `Map` that processes each item.
#[derive(Debug, Clone)]
pub struct ItemProcessor {
    /// Whether iterations run inside the execution, or as executions of their own.
    pub mode: ProcessorMode,
    /// The states.
    pub flow: Flow,
    /// Whether the definition has it as `Iterator`, its older name.
    pub is_iterator: bool,
}

/// `ProcessorConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProcessorMode {
    /// `INLINE`: iterations are part of the execution and of its history.
    #[default]
    Inline,
    /// `DISTRIBUTED`: each iteration is a child execution of this type.
    Distributed(MachineType),
}

/// The two types of state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MachineType {
    /// `STANDARD`: runs up to a year, each step exactly once.
    #[default]
    Standard,
    /// `EXPRESS`: runs up to five minutes.
    Express,
}

/// `ItemReader`.
#[derive(Debug, Clone)]
pub struct ItemReader {
    /// `arn:aws:states:::s3:getObject` or `…:listObjectsV2`.
    pub resource: Resource,
    /// `InputType`, `CSVHeaderLocation`, … as in the definition.
    pub config: Option<Value>,
    /// `MaxItems`: maximum number of items to read.
    pub max_items: Option<ValueOrPath<u64>>,
    /// The bucket and the key.
    pub parameters: Option<Template>,
}

/// `ItemBatcher`.
#[derive(Debug, Clone)]
pub struct ItemBatcher {
    /// Maximum number of items in a batch.
    pub max_items: Option<ValueOrPath<u64>>,
    /// Maximum number of bytes in a batch.
    pub max_bytes: Option<ValueOrPath<u64>>,
    /// Data that each batch has in addition to its items.
    pub batch_input: Option<Template>,
}

/// `ResultWriter`.
#[derive(Debug, Clone)]
pub struct ResultWriter {
    /// `arn:aws:states:::s3:putObject`, if the results are written to S3.
    pub resource: Option<Resource>,
    /// `OutputType`, `Transformation`, as in the definition.
    pub config: Option<Value>,
    /// The bucket and the prefix.
    pub parameters: Option<Template>,
}

/// One entry of `Retry`.
#[derive(Debug, Clone)]
pub struct Retrier {
    /// The names of the errors.
    pub error_equals: Vec<String>,
    /// Maximum number of retries; 3 if absent.
    pub max_attempts: u64,
    /// The first delay in seconds; 1 if absent.
    pub interval_seconds: u64,
    /// The factor from each delay to the next; 2 if absent.
    pub backoff_rate: f64,
    /// The longest delay, in seconds.
    pub max_delay_seconds: Option<u64>,
    /// Whether the delay is random between 0 and the computed one (`FULL`).
    pub full_jitter: bool,
}

/// One entry of `Catch`.
#[derive(Debug, Clone)]
pub struct Catcher {
    /// The names of the errors.
    pub error_equals: Vec<String>,
    /// Where `{"Error", "Cause"}` is inserted.
    pub result_path: ResultPath,
    /// Variables set.
    pub assign: Assign,
    /// The next state.
    pub next: StateName,
}
