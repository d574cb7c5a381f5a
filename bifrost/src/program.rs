//! [`main!`](crate::main): one `main` for the commands and for the Lambda function.

/// The `main` of a deployer's program: the Lambda function if Lambda started it, else its commands.
///
/// `clouds` says where the deployer runs: `local` if it is a `bifrost::local::LocalDeployer`, `aws` if it is a
/// `bifrost::aws::AwsDeployer`. `commands` are those that it has beside every deployer's, if any (`bifrost::cli::Extra`).
///
/// | feature of `bifrost` | what of it is built |
/// | --- | --- |
/// | `cli` | the commands |
/// | `local` | with `--local` they use the local cloud |
/// | `aws` | else they reach AWS |
/// | `lambda` | the Lambda function |
///
/// ```ignore
/// bifrost::main!(Fenrir, clouds: [local, aws], commands: [Validate, Package]);
/// ```
#[macro_export]
macro_rules! main {
    ($deployer:ty, clouds: [$($cloud:ident),+ $(,)?] $(, commands: [$($command:expr),* $(,)?])? $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $($crate::__serve!($cloud, $deployer);)+
            $crate::__run_command!($deployer, [$($cloud)+], [$($($command),*)?])
        }
    };
}

/// Serves the function, if this process is one.
#[cfg(feature = "lambda")]
#[doc(hidden)]
#[macro_export]
macro_rules! __serve {
    (aws, $deployer:ty) => {
        if $crate::aws::is_lambda() {
            return $crate::aws::serve::<$deployer>();
        }
    };
    ($cloud:ident, $deployer:ty) => {};
}

#[cfg(not(feature = "lambda"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serve {
    ($cloud:ident, $deployer:ty) => {};
}

#[cfg(feature = "cli")]
#[doc(hidden)]
#[macro_export]
macro_rules! __run_command {
    ($deployer:ty, [$($cloud:ident)+], [$($command:expr),*]) => {{
        let program = $crate::cli::Program::<$deployer>::new()$(.with($command))*;
        $(let program = $crate::__reach!($cloud, program);)+
        program.run()
    }};
}

#[cfg(not(feature = "cli"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __run_command {
    ($deployer:ty, [$($cloud:ident)+], [$($command:expr),*]) => {
        $crate::__private::without_commands::<$deployer>()
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __reach {
    (local, $program:ident) => {
        $crate::__reach_local!($program)
    };
    (aws, $program:ident) => {
        $crate::__reach_aws!($program)
    };
}

#[cfg(feature = "local")]
#[doc(hidden)]
#[macro_export]
macro_rules! __reach_local {
    ($program:ident) => {
        $program.local()
    };
}

#[cfg(not(feature = "local"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __reach_local {
    ($program:ident) => {
        $program
    };
}

#[cfg(feature = "aws")]
#[doc(hidden)]
#[macro_export]
macro_rules! __reach_aws {
    ($program:ident) => {
        $program.aws($crate::aws::Aws)
    };
}

#[cfg(not(feature = "aws"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __reach_aws {
    ($program:ident) => {
        $program
    };
}

/// A build without commands was not started by Lambda. If nobody reads why, the exit code still says so.
#[cfg(not(feature = "cli"))]
#[must_use]
pub fn without_commands<D: bifrost_core::deployer::Deployer>() -> std::process::ExitCode {
    use std::io::Write;
    let name = D::NAME;
    let message =
        format!("error: this is {name}'s Lambda function without its commands: build those with feature `cli`");
    let _ = writeln!(std::io::stderr(), "{message}");
    std::process::ExitCode::FAILURE
}
