#[bifrost::fields]
#[set_by_deployer]
struct Order {
    name: String,
}

fn main() {}
