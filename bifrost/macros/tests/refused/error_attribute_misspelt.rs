use bifrost::TaskError;

#[derive(Debug, thiserror::Error, TaskError)]
enum PackFailure {
    #[error("late")]
    #[task_error(nam = "Late")]
    Late,
}

fn main() {}
