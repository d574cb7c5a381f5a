#[bifrost::fields]
struct Order {
    flag: String,
    #[serde(alias = "flag")]
    name: String,
}

fn main() {}
