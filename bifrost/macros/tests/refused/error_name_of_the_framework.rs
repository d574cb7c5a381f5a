#[derive(Debug, thiserror::Error, bifrost::TaskError)]
enum Failure {
    #[error("lost")]
    Panic,
}

fn main() {}
