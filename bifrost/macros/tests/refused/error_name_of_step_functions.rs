use bifrost::TaskError;

#[derive(Debug, thiserror::Error, TaskError)]
enum PackFailure {
    #[error("late")]
    #[task_error(name = "States.Timeout")]
    Late,
}

fn main() {}
