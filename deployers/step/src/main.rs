//! The command `step-deployer`, which is the Lambda function, too.

bifrost::main!(step::Step, clouds: [local, aws]);
