#[derive(Debug, thiserror::Error, bifrost::error_code::Coded)]
enum Failure {
    /// It is lost.
    #[error("lost")]
    #[code("parcel/lost", "send it again")]
    Lost,
    /// It is late.
    #[error("late")]
    #[code("parcel/lost", "wait")]
    Late,
}

fn main() {}
