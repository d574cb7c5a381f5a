use bifrost::TaskError;
use bifrost::lifecycle::TaskFailure;

#[derive(Debug, thiserror::Error, TaskError)]
enum PackFailure {
    #[error("stopped")]
    Halt,
    #[error(transparent)]
    #[task_error(transparent)]
    Standard(#[from] TaskFailure),
}

fn main() {}
