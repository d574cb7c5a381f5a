//! The command `odin`, which is the Lambda function, too.

bifrost::main!(
    odin::Odin,
    clouds: [local, aws],
    commands: [odin::commands::FleetCommand, odin::commands::ParityCommand],
);
