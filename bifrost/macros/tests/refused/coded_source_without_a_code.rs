use bifrost::error_code::Coded;

#[derive(Debug, thiserror::Error, Coded)]
enum UploadError {
    #[error(transparent)]
    #[code(source)]
    Io(#[from] std::io::Error),
}

fn main() {}
