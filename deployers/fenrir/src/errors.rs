//! The errors that Fenrir's tasks raise. `catch` and `retry` of the state machine match the name of a variant, followed by
//! `Error`.

use crate::cloud::StackStatus;
use crate::interference::Interference;
use crate::rules::Tags;
use crate::template::Findings;
use bifrost::cloud::CloudError;
use bifrost::error_code::{Coded, ErrorCode, full_message, with_code};
use bifrost::lifecycle::{BadRelease, TaskFailure};
use bifrost::release::InvalidName;
use std::fmt;

/// `CreateChangeSet`, `UpdateChangeSet` or `Execute` failed.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum ChangeSetFailure {
    /// `BadReleaseError`: the template, or a resource that it refers to, changed after it was validated.
    #[error(transparent)]
    #[task_error(transparent)]
    Standard(#[from] TaskFailure),
    /// There is no change set that can be executed.
    #[error(transparent)]
    #[code(source)]
    #[task_error(from(CloudError, Interference))]
    Deploy(#[from] ChangeSetError),
}

/// `UpdateStack` failed. CloudFormation may be changing the stack.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum StackFailure {
    /// It is not known how the operation of this deploy ends, or a call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    #[task_error(from(CloudError, Interference))]
    Deploy(#[from] StackCheckError),
}

/// `CleanUp` failed.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum CleanUpFailure {
    /// The stack needs manual intervention, or it or its change set could not be deleted.
    #[error(transparent)]
    #[code(source)]
    #[task_error(from(CloudError, Interference))]
    CleanUp(#[from] CleanUpError),
}

/// Why there is no change set that can be executed.
#[derive(Debug, thiserror::Error, Coded)]
pub enum ChangeSetError {
    /// The stack of this project and config belongs to another project or config.
    #[error(
        "stack {stack} has tags ProjectName={project:?} and ConfigName={config:?}, so it does not belong to this release; \
         change the project or config name, so that the stack gets another name"
    )]
    #[code("fenrir/foreign-stack", "change the project or config name, so that the stack gets another name")]
    ForeignStack {
        /// The stack's name.
        stack: String,
        /// Its tag `ProjectName`.
        project: String,
        /// Its tag `ConfigName`.
        config: String,
    },
    /// No change set can update the stack in its present status.
    #[error("stack {stack} is in {status} and cannot be updated: {remediation}")]
    #[code("fenrir/stack-not-updatable", "do what the message says about the status of the stack, then deploy again")]
    NotUpdatable {
        /// The stack's name.
        stack: String,
        /// The stack's status.
        status: StackStatus,
        /// What to do.
        remediation: String,
    },
    /// The stack was changed after the change set was created, so that CloudFormation does not execute it.
    #[error("stack {stack} was changed by another operation after its change set was created; deploy again")]
    #[code("fenrir/change-set-obsolete", "find out who changes the stack without Fenrir, then deploy again")]
    Obsolete {
        /// The stack's name.
        stack: String,
    },
    /// The change set is not available any more. `Execute` failed, so the deploy keeps its lock.
    #[error(
        "change set {change_set} of stack {stack} cannot be executed: it is {status}, and must be AVAILABLE; this deploy did \
         not change the stack: unlock, then deploy again"
    )]
    #[code(
        "fenrir/change-set-not-executable",
        "find out who changes the stack or deletes its change sets without Fenrir, then unlock and deploy again"
    )]
    NotExecutable {
        /// The stack's name.
        stack: String,
        /// The change set's name.
        change_set: String,
        /// Its `ExecutionStatus`, or how it was deleted.
        status: String,
    },
    /// CloudFormation refused to execute the change set. `Execute` failed, so the deploy keeps its lock.
    #[error(
        "CloudFormation refused to execute change set {change_set}, so this deploy did not change stack {stack}; wait until \
         other operations on the stack have ended, unlock, then deploy again"
    )]
    #[code(
        "fenrir/execution-refused",
        "find out who changes the stack without Fenrir, wait until that has ended, then unlock and deploy again"
    )]
    Refused {
        /// The stack's name.
        stack: String,
        /// The change set's name.
        change_set: String,
        /// What CloudFormation answered.
        source: Box<CloudError>,
    },
    /// Somebody else changed the change set or its stack.
    #[error(transparent)]
    #[code(source)]
    Interference(#[from] Interference),
    /// A call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

/// Why it is not known how the operation of this deploy on the stack ends.
#[derive(Debug, thiserror::Error, Coded)]
pub enum StackCheckError {
    /// Somebody else changed the stack, or CloudFormation did not finish.
    #[error(transparent)]
    #[code(source)]
    Interference(#[from] Interference),
    /// A call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

impl ChangeSetError {
    /// The error of a stack with the tags of another project or config.
    pub(crate) fn foreign_stack(stack: String, tags: &Tags) -> Self {
        let tag = |key: &str| tags.get(key).cloned().unwrap_or_default();
        Self::ForeignStack { stack, project: tag("ProjectName"), config: tag("ConfigName") }
    }
}

/// Why a failed deploy could not be cleaned up.
#[derive(Debug, thiserror::Error, Coded)]
pub enum CleanUpError {
    /// The deploy failed and CloudFormation did not restore the stack.
    #[error("stack {stack} is in {status} and not as it was before the deploy: {remediation}")]
    #[code("fenrir/stack-not-restored", "do what the message says about the status of the stack")]
    NotRestored {
        /// The stack's name.
        stack: String,
        /// The stack's status.
        status: StackStatus,
        /// What to do.
        remediation: String,
    },
    /// Somebody else changed the stack.
    #[error(transparent)]
    #[code(source)]
    Interference(#[from] Interference),
    /// A call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

/// Why CloudFormation did not do what the template says. A deploy that no task's error ended reports it as `DeployError`.
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum StackError {
    /// CloudFormation could not create, update or delete a resource of the stack.
    #[error("{0}")]
    #[code(
        "fenrir/resource-failed",
        "fix what the reason names, in the template or in the target account, then deploy again"
    )]
    Resource(String),
    /// CloudFormation could not create the change set.
    #[error("the change set failed: {0}")]
    #[code("fenrir/change-set-failed", "fix the template as the reason says, then deploy again")]
    ChangeSet(String),
    /// The operation on the stack failed, and no resource of it shows why.
    #[error("stack {status}: {reason}")]
    #[code("fenrir/stack-failed", "see the events of the stack in the target account, then deploy again")]
    Stack {
        /// The stack's status.
        status: StackStatus,
        /// CloudFormation's reason.
        reason: String,
    },
}

/// A rule that a release breaks, apart from those of its template.
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum ReleaseError {
    /// The release is larger than the input of a state may be.
    #[error(
        "the release has {size} bytes without white space, and at most {max} are allowed; shorten `metadata`, or refer to \
         fewer files"
    )]
    #[code("fenrir/release-too-large", "shorten `metadata`, or refer to fewer files")]
    TooLarge {
        /// The size of the release, in bytes of compact JSON.
        size: usize,
        /// The limit.
        max: usize,
    },
    /// The project and config names do not make a valid stack name.
    #[error(
        "project_name, config_name: {stack:?} is not a valid stack name: it may have 128 letters, digits and `-`; shorten \
         or change the names"
    )]
    #[code("fenrir/invalid-stack-name", "use letters, digits, `-`, `_` and `/` in project and config names, and fewer")]
    StackName {
        /// The name that the stack would have.
        stack: String,
    },
    /// The change set was not created from the template of the release.
    #[error(
        "change set {change_set} was not created from the template of the release, or a resource that the template refers \
         to has changed since; deploy again"
    )]
    #[code(
        "fenrir/change-set-differs",
        "deploy again; if it repeats, find out who else creates change sets or writes to the bucket"
    )]
    ChangeSetDiffers {
        /// The change set's name.
        change_set: String,
    },
    /// The change set was replaced after it had been checked. `Execute` failed, so the deploy keeps its lock.
    #[error(
        "change set {change_set} was replaced after it had been checked: it is another one, or no longer has the template of \
         the release; it was not executed: find out who else creates change sets, then unlock and deploy again"
    )]
    #[code("fenrir/change-set-replaced", "find out who else creates change sets, then unlock and deploy again")]
    ChangeSetReplaced {
        /// The change set's name.
        change_set: String,
    },
}

/// A template is refused. Its code is the code of the first error found.
#[derive(Debug, thiserror::Error)]
#[error("the template is refused:\n{0}")]
pub(crate) struct TemplateRefused(pub(crate) Findings);

impl Coded for TemplateRefused {
    const CODES: &'static [ErrorCode] = &[];

    fn code(&self) -> &'static str {
        self.0.code()
    }
}

/// A file of `s3_uris_sha256s` is not as the release states, or cannot be checked.
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum FileError {
    /// The release refers to an object outside of its project's directory.
    #[error("s3_uris_sha256s.{uri}: {source}")]
    #[code(source)]
    Uri {
        /// The URI in the release.
        uri: String,
        /// What is wrong with it.
        source: InvalidName,
    },
    /// S3 did not answer.
    #[error("s3_uris_sha256s.{uri}: cannot read the file")]
    #[code(source)]
    NotRead {
        /// The URI in the release.
        uri: String,
        /// What S3 answered.
        source: CloudError,
    },
    /// The file does not exist, or has other contents.
    #[error(transparent)]
    #[code(source)]
    BadRelease(#[from] BadRelease),
}

impl From<FileError> for BadRelease {
    fn from(error: FileError) -> Self {
        match error {
            FileError::BadRelease(error) => error,
            error => Self::rule(error),
        }
    }
}

/// Errors of several files of a release.
///
/// Printed as one line each. All lines but the first begin with their code: whatever prints an error prints the
/// [code](Coded::code) of the first.
#[derive(Debug, thiserror::Error)]
pub(crate) struct FileErrors {
    first: FileError,
    others: Vec<FileError>,
}

impl FileErrors {
    /// All of them as one error; `None` if there are none.
    pub(crate) fn join(errors: Vec<FileError>) -> Option<BadRelease> {
        // First those that AWS gave no answer about: in another try the files may be good.
        let (unanswered, wrong): (Vec<_>, Vec<_>) =
            errors.into_iter().partition(|error| matches!(error, FileError::NotRead { .. }));
        let mut errors = unanswered.into_iter().chain(wrong);
        let first = errors.next()?;
        let others: Vec<_> = errors.collect();
        Some(if others.is_empty() { first.into() } else { BadRelease::rule(Self { first, others }) })
    }
}

impl fmt::Display for FileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&full_message(&self.first))?;
        self.others.iter().try_for_each(|error| write!(f, "\n{}", with_code(error.code(), &full_message(error))))
    }
}

impl Coded for FileErrors {
    const CODES: &'static [ErrorCode] = &[];

    fn code(&self) -> &'static str {
        self.first.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost::cloud::ErrorKind;
    use bifrost::release::{AccountId, ProjectDir};

    fn no_answer() -> CloudError {
        CloudError {
            operation: "s3:GetObject",
            resource: "bucket/key".into(),
            kind: ErrorKind::Unavailable,
            code: "InternalError".into(),
            message: "try again".into(),
            request_id: None,
        }
    }

    #[test]
    fn file_errors_name_path_and_code() {
        let account: AccountId = "000000000000".parse().unwrap();
        let project = ProjectDir::new(&account, &"acme/web".parse().unwrap());
        let uri = |uri: &str| {
            let source = project.object(&"ours".parse().unwrap(), uri).unwrap_err();
            FileError::Uri { uri: uri.into(), source }
        };
        let not_read = FileError::NotRead { uri: "s3://ours/b".into(), source: no_answer() };
        let error = FileErrors::join(vec![uri("s3://theirs/a"), not_read, uri("s3://theirs/c")]).unwrap();
        assert_eq!(error.code(), no_answer().code());
        let message = full_message(&error);
        let lines: Vec<_> = message.lines().collect();
        let starts = [
            "s3_uris_sha256s.s3://ours/b: cannot read the file: s3:GetObject",
            "[release/invalid-name] s3_uris_sha256s.s3://theirs/a: ",
            "[release/invalid-name] s3_uris_sha256s.s3://theirs/c: ",
        ];
        assert_eq!(lines.len(), starts.len(), "{message}");
        for (line, start) in lines.into_iter().zip(starts) {
            assert!(line.starts_with(start), "{line}");
        }
    }
}
