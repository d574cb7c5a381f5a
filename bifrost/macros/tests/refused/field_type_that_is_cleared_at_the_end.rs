#[bifrost::field_type]
struct Item {
    #[set_by_deployer(cleared_at_end)]
    id: Option<String>,
}

fn main() {}
