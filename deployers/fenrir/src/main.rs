//! The command `fenrir`, which is the Lambda function, too.

/// Tasks work on JSON: they make and drop small texts by the thousand, which this allocator does faster.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

bifrost::main!(
    fenrir::Fenrir,
    clouds: [local, aws],
    commands: [fenrir::commands::Validate, fenrir::commands::Package, fenrir::commands::Outputs],
);
