//! Why an act was refused or failed, here and on the way from the function to the client.

use crate::cloud::CloudError;
use crate::error_code::{Coded, ErrorCode, full_message};
use crate::lifecycle::Freeze;
use crate::release::BucketName;
use serde::{Deserialize, Serialize};

/// The config is already frozen. The existing freeze is kept, because its reason may still hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[error("already frozen by {freeze}")]
#[code("freeze/exists", "agree with the person who froze it, lift the freeze with `unfreeze`, then freeze again")]
pub struct AlreadyFrozen {
    /// The existing freeze.
    pub freeze: Freeze,
}

/// An act was refused, or failed.
#[derive(Debug, Clone, thiserror::Error, Coded)]
pub enum ActError {
    /// The config is already frozen.
    #[error(transparent)]
    #[code(source)]
    Frozen(#[from] AlreadyFrozen),
    /// The execution to halt does not run.
    #[error("execution {0} is not running, so there is nothing to halt")]
    #[code("act/nothing-runs", "check with `status` what is running")]
    NotRunning(String),
    /// The execution deploys another project, config or account than the one named in the request.
    #[error("execution {0} does not deploy this config")]
    #[code("act/other-config", "check with `status` which execution deploys the config")]
    OtherConfig(String),
    /// The bucket is not one from which the deployer accepts releases.
    #[error("the deployer does not accept releases from bucket {bucket}")]
    #[code(
        "act/foreign-bucket",
        "correct `--bucket`; the variable `BIFROST_BUCKETS` of the function allows other buckets"
    )]
    ForeignBucket {
        /// The bucket.
        bucket: BucketName,
    },
    /// A text of the request is too long for a record.
    #[error("the {field} has {length} characters, but a record has room for {longest}")]
    #[code("act/text-too-long", "shorten the text, and put the rest into a ticket")]
    TooLong {
        /// Which text.
        field: &'static str,
        /// Its length.
        length: usize,
        /// The greatest length.
        longest: usize,
    },
    /// The request is not one that our client sends.
    #[error("malformed request: {0}")]
    #[code("act/malformed", "use the command of the same version as the function")]
    Malformed(String),
    /// The audit log cannot be written, so the act was not performed.
    #[error("nothing was done: the audit log cannot be written: {source}")]
    #[code(
        "act/not-recorded",
        "correct what the message names; `doctor` checks the audit log. `halt` works without it, because it only stops a deploy"
    )]
    NotRecorded {
        /// Why it cannot be written.
        source: Box<CloudError>,
    },
    /// A request can be used once, and this one was used before.
    #[error("this request was used before: it is act {0}")]
    #[code("act/repeated", "run the command again: it makes a new request")]
    Repeated(String),
    /// There is no audit log, so there is nothing to review or to complete.
    #[error("this deployer has no audit log")]
    #[code("act/no-log", "set one up with `bootstrap`; `doctor` shows what is missing")]
    NoLog,
    /// The log has no act with this id.
    #[error("the audit log has no act {0}")]
    #[code("act/unknown", "list the acts that wait for a review with `bifrost audit open`")]
    Unknown(String),
    /// The act went around no protection, so nobody needs to review it.
    #[error("act {act} is a {action}, which needs no review")]
    #[code("act/needs-no-review", "list the acts that wait for a review with `bifrost audit open`")]
    NeedsNoReview {
        /// The id of the act.
        act: String,
        /// What it was.
        action: String,
    },
    /// A person cannot review an act of their own.
    #[error("{reviewer} cannot review act {act}: it is, or may be, an act of the same person, {actor}")]
    #[code("act/own", "ask another person to review the act")]
    Own {
        /// The id of the act.
        act: String,
        /// Who wants to review it.
        reviewer: String,
        /// Whose act it is.
        actor: String,
    },
    /// The credentials of the reviewer name no person, but only a role or the whole account.
    #[error("{0} names no person, so it cannot review an act of another person")]
    #[code(
        "act/nameless",
        "use credentials whose session has your name: those of IAM Identity Center, or set `role_session_name`"
    )]
    Nameless(String),
    /// This person has reviewed the act already.
    #[error("{reviewer} has reviewed act {act} already")]
    #[code("act/reviewed", "ask another person if a second review is needed")]
    Reviewed {
        /// The id of the act.
        act: String,
        /// Who.
        reviewer: String,
    },
    /// A review says what the reviewer found.
    #[error("a review needs a note")]
    #[code("act/no-note", "say with `--note` what you found")]
    NoNote,
    /// The deployer has no function that records acts of people.
    #[error("function {0} does not exist")]
    #[code("act/no-function", "create it with `bootstrap --apply`; until then acts of people are not in the audit log")]
    NoFunction(String),
    /// These credentials may not invoke the function, or it does not exist: Lambda checks the permission first.
    #[error("function {function} does not exist, or these credentials may not invoke it: {source}")]
    #[code(
        "act/function-denied",
        "allow `lambda:InvokeFunction`, as the operator policy of `bootstrap` does, or create the function with `bootstrap --apply`; until then acts of these credentials are not in the audit log"
    )]
    MayNotInvoke {
        /// The function.
        function: String,
        /// Lambda's answer.
        source: Box<CloudError>,
    },
    /// AWS did not confirm who asks.
    #[error("cannot tell who asks: {0}")]
    #[code("act/identity", "log in again, check the clock of this machine, and repeat the command")]
    Identity(String),
    /// AWS refused a call or did not answer.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
    /// The function refused the act, or failed.
    #[error(transparent)]
    #[code(source)]
    Function(FunctionRefusal),
}

/// Why the function refused an act, as it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FunctionRefusal {
    code: &'static str,
    message: String,
}

impl Coded for FunctionRefusal {
    const CODES: &'static [ErrorCode] = &[ErrorCode {
        code: "act/function-failed",
        cause: "The function that records acts of people failed, or its answer cannot be read.",
        remedy: "read the log of the function `<deployer>-audit`, and run `doctor`",
    }];

    fn code(&self) -> &'static str {
        self.code
    }
}

impl FunctionRefusal {
    /// The function failed without an answer of its own.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self { code: "act/function-failed", message: message.into() }
    }
}

/// An error in the function's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireError {
    /// The stable code.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// The existing freeze, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Freeze>,
}

impl From<&ActError> for WireError {
    fn from(error: &ActError) -> Self {
        let freeze = if let ActError::Frozen(frozen) = error { Some(frozen.freeze.clone()) } else { None };
        Self { code: error.code().to_owned(), message: full_message(error), freeze }
    }
}

impl From<WireError> for ActError {
    /// The code is kept if this version knows it.
    fn from(WireError { code, message, freeze }: WireError) -> Self {
        if let Some(freeze) = freeze {
            return AlreadyFrozen { freeze }.into();
        }
        let known = [Self::CODES, <CloudError as Coded>::CODES].into_iter().flatten().find(|known| known.code == code);
        Self::Function(match known {
            Some(known) => FunctionRefusal { code: known.code, message },
            None => FunctionRefusal::failed(message),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_survives_the_way_to_the_client() {
        let error = ActError::Unknown("x".into());
        let read = ActError::from(WireError::from(&error));
        assert_eq!((read.code(), read.to_string()), (error.code(), error.to_string()));
        let later = WireError { code: "act/of-a-later-version".into(), message: "no".into(), freeze: None };
        assert_eq!(ActError::from(later).code(), "act/function-failed");
        let freeze = Freeze { user: "ada".into(), lock_reason: "incident".into() };
        let frozen = ActError::from(WireError::from(&ActError::from(AlreadyFrozen { freeze: freeze.clone() })));
        assert!(matches!(frozen, ActError::Frozen(found) if found.freeze == freeze));
    }
}
