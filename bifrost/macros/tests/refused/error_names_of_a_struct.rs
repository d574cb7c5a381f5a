use bifrost::TaskError;

#[derive(Debug, thiserror::Error, TaskError)]
#[error("lost")]
struct PackFailure;

fn main() {}
