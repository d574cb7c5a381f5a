use bifrost::cloud::CloudError;

#[bifrost::port]
trait Services {
    async fn count(&self, name: &str) -> Result<u32, CloudError>;
}

fn main() {}
