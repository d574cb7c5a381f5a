#[bifrost::fields]
struct Order {
    flag: String,
    #[serde(skip)]
    name: String,
}

fn main() {}
