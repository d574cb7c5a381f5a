#[bifrost::fields]
#[bifrost::fields]
struct Order {
    name: String,
}

fn main() {}
