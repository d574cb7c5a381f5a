use bifrost::lifecycle::TaskFailure;

#[derive(Debug, thiserror::Error, bifrost::TaskError)]
enum Failure {
    #[error(transparent)]
    Standard(#[from] TaskFailure),
}

fn main() {}
