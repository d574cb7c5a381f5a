#[bifrost::fields]
#[serde(rename_all = "camelcase")]
struct Order {
    name: String,
}

fn main() {}
