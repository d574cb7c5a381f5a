//! What is wrong with a deployer in AWS, and what to run for it.
//!
//! Everything is asked for at once and nothing is changed. Each check is a pure function of the answers, and is made
//! whatever the others say; one that a person may not make says which permission it takes. The roles in target accounts
//! are tried by the deployer's function, as nobody else may assume them (see [`self_check`](bifrost_core::checkup)).

mod accounts;
mod answer;
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
