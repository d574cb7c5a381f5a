//! The program `bifrost`: what auditors use to read and verify the audit log.

use std::process::ExitCode;

fn main() -> ExitCode {
    let program = bifrost::cli::AuditProgram::new(bifrost::ERROR_CODES);
    #[cfg(feature = "aws")]
    let program = program.aws(bifrost::aws::Aws);
    program.run()
}
