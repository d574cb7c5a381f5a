use bifrost::error_code::Coded;

#[derive(Debug, thiserror::Error, Coded)]
enum UploadError {
    /// The file is too large.
    #[error("too large")]
    #[code("upload/TooLarge", "split the file")]
    TooLarge,
}

fn main() {}
