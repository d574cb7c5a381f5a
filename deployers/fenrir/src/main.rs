//! The command `fenrir`, which is the Lambda function, too.

fn main() {}
