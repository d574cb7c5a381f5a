fn check(_: &str) -> Result<(), bifrost::error_code::CodedError> {
    Ok(())
}

#[bifrost::fields(check = check)]
pub struct Letter {
    pub address: String,
}

fn main() {}
