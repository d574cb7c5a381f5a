use bifrost::TaskError;

#[derive(Debug, thiserror::Error, TaskError)]
enum PackFailure {
    #[error("lost")]
    Lost,
    #[error("gone")]
    #[task_error(name = "LostError")]
    Gone,
}

fn main() {}
