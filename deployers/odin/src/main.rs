//! The command `odin`, which is the Lambda function, too.

/// Tasks work on JSON: they make and drop small texts by the thousand, which this allocator does faster.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

bifrost::main!(odin::Odin, clouds: [local, aws]);
