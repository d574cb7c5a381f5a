use bifrost::TaskError;

#[derive(Debug, thiserror::Error, TaskError)]
enum PackFailure {
    #[error("lost")]
    Lost,
    #[error("standard")]
    #[task_error(transparent)]
    Standard,
}

fn main() {}
