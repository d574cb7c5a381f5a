#[bifrost::port]
trait Services {
    #[call("ecs:DescribeServices", name)]
    async fn count(&self, name: &str) -> u32;
}

fn main() {}
