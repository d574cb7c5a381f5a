//! The error codes of all crates of the framework, from which `docs/errors.md` is generated.

use bifrost_core::error_code::{ErrorCode, concat, count};

/// A build without the feature `cli` was started outside of Lambda.
pub(crate) const NO_COMMANDS: ErrorCode = ErrorCode {
    code: "cli/no-commands",
    cause: "The program was built as a Lambda function only, without the commands.",
    remedy: "build it with the feature `cli`",
};

const CRATES: &[&[&[ErrorCode]]] = &[
    &[&[NO_COMMANDS]],
    bifrost_core::ERROR_CODES,
    bifrost_audit::ERROR_CODES,
    #[cfg(feature = "local")]
    bifrost_local::ERROR_CODES,
    #[cfg(feature = "cli")]
    bifrost_cli::ERROR_CODES,
    #[cfg(any(feature = "aws", feature = "lambda"))]
    bifrost_aws::ERROR_CODES,
];

/// The codes of each type of error, of all crates that these features include.
pub const ERROR_CODES: &[&[ErrorCode]] = &concat::<{ count(CRATES) }>(CRATES);
