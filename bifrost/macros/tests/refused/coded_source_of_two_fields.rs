use bifrost::cloud::CloudError;
use bifrost::error_code::Coded;

#[derive(Debug, thiserror::Error, Coded)]
enum UploadError {
    #[error("{0}: {1}")]
    #[code(source)]
    Cloud(String, CloudError),
}

fn main() {}
