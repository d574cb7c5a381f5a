//! Checks a deployer in AWS and names the commands that fix its faults.
//!
//! All calls run at once and change nothing. Each check is a pure function of the answers and independent of the
//! others. If a call is denied, the finding names the missing permission. Only the deployer's function may assume the
//! roles in target accounts, so the function tries them (see [`self_check`](bifrost_core::self_check)).

mod accounts;
mod alarm;
mod answer;
mod audit_log;
mod audit_policy;
mod audit_trail;
mod bucket;
mod definition;
mod examine;
mod finding;
mod function;
mod machine;
mod remediation;
mod roles;
mod table;
#[cfg(test)]
mod tests;
mod tls;

pub use definition::differences;
pub use examine::examine;
pub use finding::{DoctorFinding, Status};
