#[bifrost::fields]
pub struct Letter {
    #[serde(rename = "project_name")]
    pub project: String,
}

fn main() {}
