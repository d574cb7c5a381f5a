#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Loose {
    name: String,
}

#[bifrost::fields]
struct Order {
    items: Vec<Loose>,
}

fn main() {}
