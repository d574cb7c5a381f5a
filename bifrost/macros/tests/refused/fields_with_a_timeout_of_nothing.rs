#[bifrost::fields(max_timeout_seconds = 0)]
struct Order {
    name: String,
}

fn main() {}
