use bifrost::cloud::CloudError;

#[bifrost::port]
trait Services {
    #[call("ecs:DescribeServices", name)]
    #[call("ecs:DescribeTasks", name)]
    async fn count(&self, name: &str) -> Result<u32, CloudError>;
}

fn main() {}
