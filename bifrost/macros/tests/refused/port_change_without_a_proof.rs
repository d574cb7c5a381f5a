use bifrost::cloud::CloudError;

#[bifrost::port]
trait Services {
    #[change("ecs:UpdateService", name)]
    async fn set_count(&self, name: &str, count: u32) -> Result<(), CloudError>;
}

fn main() {}
