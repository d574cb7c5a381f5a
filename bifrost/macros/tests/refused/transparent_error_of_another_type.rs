use bifrost::TaskError;
use bifrost::lifecycle::LockFailure;

#[derive(Debug, thiserror::Error, TaskError)]
enum PackFailure {
    #[error("lost")]
    Lost,
    #[error(transparent)]
    #[task_error(transparent)]
    Standard(#[from] LockFailure),
}

fn main() {}
