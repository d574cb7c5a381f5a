#[bifrost::fields]
struct Order {
    flag: String,
    #[serde(rename = "flag")]
    name: String,
}

fn main() {}
