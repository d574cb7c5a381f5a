//! A definition as data: what a reader of the Amazon States Language sees, in the specification's own terms.
//!
//! The types hold only what a definition may say: a `Wait` that waits for two things, or a transition that is both
//! `Next` and `End`, cannot be written down. What they cannot tell (does the target of a `Next` exist?) is validation.

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
    /// What the author says about it.
    pub comment: Option<String>,
    /// The version of the language; `1.0` is the only one there is.
    pub version: Option<String>,
    /// How long an execution may take, in seconds; for ever if absent.
    pub timeout_seconds: Option<u64>,
    /// The states and where to begin.
    pub flow: Flow,
}

/// A set of states with an entry: the machine itself, a branch of a `Parallel`, or what a `Map` does to each item.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The state that is entered first.
    pub start_at: StateName,
    /// The states in the order of the definition.
    pub states: IndexMap<StateName, State>,
}

impl State {
    /// What happens when the work of a `Task`, `Parallel` or `Map` ends; `None` for the kinds that do no work.
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

/// One state: what all kinds share, and its kind.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name, unique in the machine.
    pub name: StateName,
    /// What the author says about it.
    pub comment: Option<String>,
    /// What of the state's input the state sees.
    pub input_path: DataPath,
    /// What of the result travels on.
    pub output_path: DataPath,
    /// What the state does.
    pub kind: StateKind,
    /// How much of the context object its expressions refer to.
    pub(crate) context_use: ContextUse,
}

/// How much of the context object is referred to. It is built only as far as needed: the execution's input, of which it
/// holds a copy, may be large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum ContextUse {
    /// Nothing.
    #[default]
    Nothing,
    /// Anything but the execution's input.
    Facts,
    /// Perhaps the execution's input, too.
    Whole,
}

/// The eight kinds of state.
#[derive(Debug, Clone)]
pub enum StateKind {
    /// Has work done outside the machine.
    Task(Box<Task>),
    /// Hands on its input or a fixed result.
    Pass(Box<Pass>),
    /// Picks the next state.
    Choice(Choice),
    /// Lets time pass.
    Wait(Wait),
    /// Ends the flow well.
    Succeed,
    /// Ends the execution badly.
    Fail(Fail),
    /// Runs branches side by side.
    Parallel(Box<Parallel>),
    /// Runs one flow for each item of an array.
    Map(Box<Map>),
}

/// `InputPath` or `OutputPath`.
#[derive(Debug, Clone, Default)]
pub enum DataPath {
    /// Absent, or `$`: all of it.
    #[default]
    Whole,
    /// `null`: an empty object instead.
    Nothing,
    /// What a path selects.
    Path(Path),
}

/// `ResultPath`: where the result goes.
#[derive(Debug, Clone, Default)]
pub enum ResultPath {
    /// Absent, or `$`: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the result is dropped and the input travels on.
    Discard,
    /// The result is put into the input at this place.
    At(ReferencePath),
}

/// Where the flow goes after a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// To another state of the same flow.
    Next(StateName),
    /// The flow ends here.
    End,
}

/// A setting that is written down (`TimeoutSeconds`) or looked up as the state is entered (`TimeoutSecondsPath`).
#[derive(Debug, Clone)]
pub enum ValueOrPath<T> {
    /// Written down.
    Value(T),
    /// Looked up.
    Path(Path),
}

/// A text that is written down (`Cause`) or computed as the state is entered (`CausePath`).
#[derive(Debug, Clone)]
pub enum Text {
    /// Written down.
    Literal(String),
    /// Looked up, or computed by an intrinsic function.
    Computed(Expression),
}

/// `Assign`: variables and the templates of their values. No entry means no variable.
#[derive(Debug, Clone, Default)]
pub struct Assign {
    /// A template whose value is an object: a variable a key. `None` if the field is absent.
    pub variables: Option<Template>,
}

/// What a `Task`, `Parallel` or `Map` state does when its work ends.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The template that turns the raw result into the result; without one, they are the same.
    pub result_selector: Option<Template>,
    /// Where the result goes.
    pub result_path: ResultPath,
    /// Which errors start another attempt, and when.
    pub retry: Vec<Retrier>,
    /// Where the errors lead that are not retried.
    pub catch: Vec<Catcher>,
    /// Variables set on success.
    pub assign: Assign,
    /// What comes next on success.
    pub transition: Transition,
}

/// A `Task` state.
#[derive(Debug, Clone)]
pub struct Task {
    /// What does the work.
    pub resource: Resource,
    /// What is sent, if not the input as it is.
    pub parameters: Option<Template>,
    /// The role to assume for the work.
    pub credentials: Option<Template>,
    /// How long the work may take, in seconds.
    pub timeout: Option<ValueOrPath<u64>>,
    /// How long the work may stay silent, in seconds.
    pub heartbeat: Option<ValueOrPath<u64>>,
    /// What happens when the work ends.
    pub completion: Completion,
}

/// A `Pass` state.
#[derive(Debug, Clone)]
pub struct Pass {
    /// What is made of the input.
    pub parameters: Option<Template>,
    /// A fixed result, which takes the place of the input.
    pub result: Option<Arc<Value>>,
    /// Where the result goes.
    pub result_path: ResultPath,
    /// Variables set.
    pub assign: Assign,
    /// What comes next.
    pub transition: Transition,
}

/// A `Choice` state.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Asked one after the other; the first that holds decides.
    pub choices: Vec<ChoiceRule>,
    /// Where to go if none holds.
    pub default: Option<StateName>,
    /// Variables set if none holds.
    pub assign: Assign,
}

/// One entry of `Choices`.
#[derive(Debug, Clone)]
pub struct ChoiceRule {
    /// What must hold.
    pub condition: Condition,
    /// Where to go then.
    pub next: StateName,
    /// Variables set then.
    pub assign: Assign,
}

/// A condition of a choice rule.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All of these hold.
    And(Vec<Condition>),
    /// One of these holds.
    Or(Vec<Condition>),
    /// This one does not hold.
    Not(Box<Condition>),
    /// A comparison of one value of the input.
    Test {
        /// The value.
        variable: Path,
        /// What it is compared with, and how.
        comparison: Comparison,
    },
}

/// The comparison operators. A value of another type than the operator's never fits.
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
    /// `StringMatches`: `*` stands for any text, `\*` for an asterisk, `\\` for a backslash.
    StringMatches(String),
    /// `IsNull`, `IsPresent`, …: whether the value is, or is not, of this sort.
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

/// What the `Is…` operators ask.
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
    /// How long, or until when.
    pub until: WaitUntil,
    /// Variables set.
    pub assign: Assign,
    /// What comes next.
    pub transition: Transition,
}

/// The end of a wait.
#[derive(Debug, Clone)]
pub enum WaitUntil {
    /// This many seconds after the state was entered.
    Seconds(ValueOrPath<u64>),
    /// A point in time; one that has passed does not wait.
    Timestamp(ValueOrPath<DateTime<Utc>>),
}

/// A `Fail` state.
#[derive(Debug, Clone)]
pub struct Fail {
    /// The name of the error.
    pub error: Option<Text>,
    /// What a person should know.
    pub cause: Option<Text>,
}

/// A `Parallel` state.
#[derive(Debug, Clone)]
pub struct Parallel {
    /// What runs side by side.
    pub branches: Vec<Flow>,
    /// The input of each branch, if not the input as it is.
    pub parameters: Option<Template>,
    /// What happens when the work ends.
    pub completion: Completion,
}

/// A `Map` state.
#[derive(Debug, Clone)]
pub struct Map {
    /// Where the items are, unless a reader brings them.
    pub items_path: Option<Path>,
    /// Brings the items from elsewhere (distributed only).
    pub item_reader: Option<ItemReader>,
    /// What an iteration gets, if not the item itself. `Parameters` is its older name.
    pub item_selector: Option<Template>,
    /// Bundles items (distributed only).
    pub item_batcher: Option<ItemBatcher>,
    /// Takes the results elsewhere (distributed only).
    pub result_writer: Option<ResultWriter>,
    /// How many iterations may run at a time; 0 or absent: all.
    pub max_concurrency: Option<ValueOrPath<u64>>,
    /// How many iterations may fail (distributed only).
    pub tolerated_failure_count: Option<ValueOrPath<u64>>,
    /// How many in a hundred may fail (distributed only).
    pub tolerated_failure_percentage: Option<ValueOrPath<f64>>,
    /// The prefix of the names of the child executions (distributed only).
    pub label: Option<String>,
    /// What is done to each item.
    pub item_processor: ItemProcessor,
    /// What happens when the work ends.
    pub completion: Completion,
}

/// What a `Map` does to each item.
#[derive(Debug, Clone)]
pub struct ItemProcessor {
    /// Inside the execution, or as executions of their own.
    pub mode: ProcessorMode,
    /// The states.
    pub flow: Flow,
    /// Whether it was written as `Iterator`, its older name.
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
    /// `STANDARD`: runs up to a year, each step once.
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
    /// `InputType`, `CSVHeaderLocation`, … as they stand in the definition.
    pub config: Option<Value>,
    /// `MaxItems`, if the reader stops early.
    pub max_items: Option<ValueOrPath<u64>>,
    /// The bucket and the key.
    pub parameters: Option<Template>,
}

/// `ItemBatcher`.
#[derive(Debug, Clone)]
pub struct ItemBatcher {
    /// At most this many items a batch.
    pub max_items: Option<ValueOrPath<u64>>,
    /// At most this many bytes a batch.
    pub max_bytes: Option<ValueOrPath<u64>>,
    /// What each batch gets beside its items.
    pub batch_input: Option<Template>,
}

/// `ResultWriter`.
#[derive(Debug, Clone)]
pub struct ResultWriter {
    /// `arn:aws:states:::s3:putObject`, if the results leave.
    pub resource: Option<Resource>,
    /// `OutputType`, `Transformation`, as they stand in the definition.
    pub config: Option<Value>,
    /// The bucket and the prefix.
    pub parameters: Option<Template>,
}

/// One entry of `Retry`.
#[derive(Debug, Clone)]
pub struct Retrier {
    /// The names of the errors.
    pub error_equals: Vec<String>,
    /// How often; 3 if absent, 0 for never.
    pub max_attempts: u64,
    /// The first delay in seconds; 1 if absent.
    pub interval_seconds: u64,
    /// What each delay is multiplied with for the next one; 2 if absent.
    pub backoff_rate: f64,
    /// No delay is longer, in seconds.
    pub max_delay_seconds: Option<u64>,
    /// Whether the delay is drawn between 0 and the computed one (`FULL`).
    pub full_jitter: bool,
}

/// One entry of `Catch`.
#[derive(Debug, Clone)]
pub struct Catcher {
    /// The names of the errors.
    pub error_equals: Vec<String>,
    /// Where `{"Error", "Cause"}` goes.
    pub result_path: ResultPath,
    /// Variables set.
    pub assign: Assign,
    /// The state that goes on.
    pub next: StateName,
}
