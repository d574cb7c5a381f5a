#[derive(Debug, thiserror::Error, bifrost::TaskError)]
enum Failure {
    /// It is lost.
    #[error("lost")]
    #[code("parcel/lost", "send it again")]
    Lost,
}

fn main() {}
