#[derive(Debug, thiserror::Error, bifrost::error_code::Coded)]
enum Failure {
    /// It is lost.
    #[error("lost")]
    #[code("parcel/lost", "")]
    Lost,
}

fn main() {}
