//! [`main!`](crate::main): one `main` for the commands and the Lambda function.

/// The `main` of a deployer's program: the Lambda function if Lambda started it, otherwise the commands.
///
/// `clouds` lists where the deployer runs: `local` if it is a `bifrost::local::LocalDeployer`, `aws` if it is a
/// `bifrost::aws::AwsDeployer`. `commands` lists its own commands (`bifrost::cli::CustomCommand`), if it has any.
///
/// The compiler refuses constants of the deployer that are not valid, such as its name, timeouts and permissions.
///
/// | feature of `bifrost` | what it builds |
/// | --- | --- |
/// | `cli` | the commands |
/// | `local` | commands with `--local` use the local cloud |
/// | `aws` | other commands use AWS |
/// | `lambda` | the Lambda function |
///
/// ```ignore
/// bifrost::main!(Fenrir, clouds: [local, aws], commands: [Validate, Package]);
/// ```
#[macro_export]
macro_rules! main {
    ($deployer:ty, clouds: [$($cloud:ident),+ $(,)?] $(, commands: [$($command:expr),* $(,)?])? $(,)?) => {
        #[cfg(panic = "abort")]
        ::std::compile_error!("panics must unwind, as each becomes a `PanicError`: remove `panic = \"abort\"` from the profile");

        const _: () = $crate::__private::check_deployer::<$deployer>();

        fn main() -> ::std::process::ExitCode {
            $crate::audit::set_version(env!("CARGO_PKG_VERSION"));
            $($crate::__serve!($cloud, $deployer);)+
            $crate::__run_command!($deployer, [$($cloud)+], [$($($command),*)?])
        }
    };
    ($($other:tt)*) => {
        ::std::compile_error!("write `bifrost::main!(YourDeployer, clouds: [local, aws]);`, with `commands: [Command]` after `clouds` if it has its own");
    };
}

/// Serves the Lambda function, if Lambda started this process.
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

/// Reports that this build has no commands, and that Lambda did not start it. The exit code reports it, too, if stderr is
/// closed.
#[cfg(not(feature = "cli"))]
#[must_use]
pub fn without_commands<D: bifrost_core::deployer::Deployer>() -> std::process::ExitCode {
    use std::io::Write;
    let name = D::NAME;
    let code = crate::codes::NO_COMMANDS.code;
    let message = format!(
        "error[{code}]: this build of {name} is only its Lambda function; for the commands, build it with --features cli"
    );
    let _ = writeln!(std::io::stderr(), "{message}");
    std::process::ExitCode::FAILURE
}

// `#[port]` passes the halves of a port through these: a half exists if its cloud does.

#[cfg(feature = "local")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_local {
    ($($half:tt)*) => { $($half)* };
}

#[cfg(not(feature = "local"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_local {
    ($($half:tt)*) => {};
}

#[cfg(any(feature = "aws", feature = "lambda"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_aws {
    ($($half:tt)*) => { $($half)* };
}

#[cfg(not(any(feature = "aws", feature = "lambda")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_aws {
    ($($half:tt)*) => {};
}
