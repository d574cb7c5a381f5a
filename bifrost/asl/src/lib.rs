//! The Amazon States Language as data: definitions, their paths, intrinsic functions and payload templates.

mod diff;
mod graph;
pub mod interpreter;
mod intrinsic;
mod jsonata;
mod model;
mod outline;
mod parse;
mod path;
mod problem;
mod resource;
mod syntax;
mod template;
mod timestamp;
mod validate;

pub use diff::{DefinitionChange, DefinitionDiff, DefinitionEdge, EdgeReason};
pub use graph::{dot, mermaid};
pub use intrinsic::{Intrinsic, IntrinsicFailure, Random};
pub use model::{
    Assign, Catcher, Choice, ChoiceRule, Comparison, Completion, Condition, DataPath, Fail, Flow, ItemBatcher,
    ItemProcessor, ItemReader, MachineType, Map, Ordering, Parallel, Pass, ProcessorMode, ResultPath, ResultWriter,
    Retrier, Sort, State, StateKind, StateMachine, StateName, Task, Text, Transition, ValueOrPath, Wait, WaitUntil,
};
pub use path::{Path, PathFailure, ReferencePath, ResultPathFailure, Scope};
pub use problem::{InvalidDefinition, Problem};
pub use resource::{Pattern, Resource, ResourceKind};
pub use syntax::SyntaxError;
pub use template::{Expression, ExpressionFailure, Template, TemplateError};
pub use validate::validate;
