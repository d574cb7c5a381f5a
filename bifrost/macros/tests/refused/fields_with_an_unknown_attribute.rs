#[bifrost::fields]
struct Order {
    #[serde(renam = "flag")]
    name: String,
}

fn main() {}
