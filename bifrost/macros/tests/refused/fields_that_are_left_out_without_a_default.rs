#[bifrost::fields]
struct Order {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
}

fn main() {}
