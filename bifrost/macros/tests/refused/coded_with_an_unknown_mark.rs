use bifrost::error_code::Coded;

#[derive(Debug, thiserror::Error, Coded)]
enum RolloutError {
    /// The rollout is not finished.
    #[error("1 of 3")]
    #[code("rollout/running", "nothing to do", wating)]
    Running,
}

fn main() {}
