//! The engine: executions run to their end whatever happens to tasks and to the engine itself.
