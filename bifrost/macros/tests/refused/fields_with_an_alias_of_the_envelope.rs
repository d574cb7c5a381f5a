#[bifrost::fields]
struct Order {
    #[serde(alias = "project_name")]
    name: String,
}

fn main() {}
