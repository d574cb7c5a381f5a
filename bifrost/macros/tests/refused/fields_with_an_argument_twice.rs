#[bifrost::fields(max_timeout_seconds = 60, max_timeout_seconds = 70)]
struct Order {
    name: String,
}

fn main() {}
