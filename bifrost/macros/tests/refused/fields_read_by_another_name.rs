#[bifrost::fields]
struct Order {
    #[serde(rename(serialize = "flag", deserialize = "name"))]
    name: String,
}

fn main() {}
