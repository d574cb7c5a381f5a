use bifrost::cloud::CloudError;

#[bifrost::port]
trait Services {
    #[call("ecs:DescribeServices", name)]
    async fn count(&self, name: &str) -> Result<u32, CloudError> {
        let _ = name;
        Ok(0)
    }
}

fn main() {}
