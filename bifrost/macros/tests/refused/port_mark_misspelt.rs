use bifrost::cloud::CloudError;

#[bifrost::port]
trait Services {
    #[cal("ecs:DescribeServices", name)]
    async fn count(&self, name: &str) -> Result<u32, CloudError>;
}

fn main() {}
