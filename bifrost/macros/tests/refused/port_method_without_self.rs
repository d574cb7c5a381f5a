use bifrost::cloud::CloudError;

#[bifrost::port]
trait Services {
    #[call("ecs:DescribeServices", name)]
    async fn count(name: &str) -> Result<u32, CloudError>;
}

fn main() {}
