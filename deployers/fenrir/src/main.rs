//! The command `fenrir`, which is also the Lambda function.

bifrost::main!(
    fenrir::Fenrir,
    clouds: [local, aws],
    commands: [fenrir::commands::Validate, fenrir::commands::Package, fenrir::commands::Outputs],
);
