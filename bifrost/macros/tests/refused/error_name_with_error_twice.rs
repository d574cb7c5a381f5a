#[derive(Debug, thiserror::Error, bifrost::TaskError)]
enum Failure {
    #[error("lost")]
    LostError,
}

fn main() {}
