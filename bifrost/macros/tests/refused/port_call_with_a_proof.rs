use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;

#[bifrost::port]
trait Services {
    #[call("ecs:DescribeServices", name)]
    async fn count(&self, proof: &Proof, name: &str) -> Result<u32, CloudError>;
}

fn main() {}
