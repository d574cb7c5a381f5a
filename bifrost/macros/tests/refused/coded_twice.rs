#[derive(Debug, thiserror::Error, bifrost::error_code::Coded)]
enum Failure {
    /// It is lost.
    #[error("lost")]
    #[code("parcel/lost", "send it again")]
    #[code("parcel/gone", "send it again")]
    Lost,
}

fn main() {}
