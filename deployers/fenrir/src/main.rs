//! The command `fenrir`, which is the Lambda function, too.

bifrost::main!(
    fenrir::Fenrir,
    clouds: [local, aws],
    commands: [fenrir::commands::Validate, fenrir::commands::Package, fenrir::commands::Outputs],
);
