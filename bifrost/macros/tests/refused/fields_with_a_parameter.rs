#[bifrost::fields]
pub struct Letter<T> {
    pub content: T,
}

fn main() {}
