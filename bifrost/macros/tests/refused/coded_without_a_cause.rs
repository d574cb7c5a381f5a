use bifrost::error_code::Coded;

#[derive(Debug, thiserror::Error, Coded)]
enum UploadError {
    #[error("too large")]
    #[code("upload/too-large", "split the file")]
    TooLarge,
}

fn main() {}
