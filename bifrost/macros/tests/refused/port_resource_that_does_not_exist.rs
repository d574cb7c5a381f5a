use bifrost::cloud::CloudError;

#[bifrost::port]
trait Services {
    #[call("ecs:DescribeServices", service)]
    async fn count(&self, name: &str) -> Result<u32, CloudError>;
}

fn main() {}
