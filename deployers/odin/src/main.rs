//! The command `odin`, which is the Lambda function, too.

bifrost::main!(odin::Odin, clouds: [local, aws]);
