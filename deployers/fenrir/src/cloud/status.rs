//! The statuses of stacks and change sets, and what they mean for a deploy.

use bifrost::Shape;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An enum of texts that AWS defines. Texts without a variant are kept as [`Other`](StackStatus::Other), so that a
/// status that AWS adds later can still be logged and stored. The empty text is the status before the first check.
macro_rules! statuses {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$variant_doc])* #[doc = concat!("`", $text, "`.")] $variant,)+
            /// Any other text.
            Other(String),
        }

        impl $name {
            /// The text that AWS uses.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }

            /// Whether it is the empty text: nothing was checked yet.
            #[must_use]
            pub fn is_unset(&self) -> bool {
                self.as_str().is_empty()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                text.as_str().into()
            }
        }

        impl From<$name> for String {
            fn from(status: $name) -> Self {
                status.as_str().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Shape for $name {
            type Shape = String;
        }
    };
}

statuses! {
    /// `StackStatus`.
    StackStatus {
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateFailed = "CREATE_FAILED",
        CreateComplete = "CREATE_COMPLETE",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackFailed = "ROLLBACK_FAILED",
        RollbackComplete = "ROLLBACK_COMPLETE",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteFailed = "DELETE_FAILED",
        DeleteComplete = "DELETE_COMPLETE",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        UpdateCleanup = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateComplete = "UPDATE_COMPLETE",
        UpdateFailed = "UPDATE_FAILED",
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        UpdateRollbackCleanup = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        /// The stack waits for the execution of its first change set:
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        ImportInProgress = "IMPORT_IN_PROGRESS",
        ImportComplete = "IMPORT_COMPLETE",
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
    }
}

impl StackStatus {
    /// Whether CloudFormation is changing the stack, or waits for the execution of its first change set.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        self.as_str().ends_with("_IN_PROGRESS")
    }

    /// Whether the deploy succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::CreateComplete | Self::UpdateComplete)
    }

    /// Whether a rollback failed: nothing can be deployed until an operator has fixed the stack.
    #[must_use]
    pub fn is_failed_rollback(&self) -> bool {
        matches!(self, Self::RollbackFailed | Self::UpdateRollbackFailed)
    }

    /// Whether CloudFormation left an existing stack neither as it was before the deploy nor as the template says, without a
    /// rollback.
    #[must_use]
    pub fn is_not_restored(&self) -> bool {
        matches!(self, Self::UpdateFailed | Self::ImportRollbackFailed | Self::DeleteFailed)
    }

    /// Whether a change set can update the stack.
    #[must_use]
    pub fn can_be_updated(&self) -> bool {
        use StackStatus as S;
        matches!(
            self,
            S::CreateComplete
                | S::UpdateComplete
                | S::UpdateRollbackComplete
                | S::ImportComplete
                | S::ImportRollbackComplete
        )
    }

    /// Whether the stack is deleted, is being deleted, or could not be deleted completely.
    #[must_use]
    pub fn is_of_deletion(&self) -> bool {
        matches!(self, Self::DeleteInProgress | Self::DeleteComplete | Self::DeleteFailed)
    }

    /// Whether a deploy creates the stack although one exists: it was never completed, or is being deleted.
    #[must_use]
    pub fn needs_creation(&self) -> bool {
        matches!(self, Self::ReviewInProgress | Self::RollbackComplete | Self::DeleteInProgress)
    }
}

statuses! {
    /// `Status` of a change set.
    ChangeSetStatus {
        CreatePending = "CREATE_PENDING",
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateComplete = "CREATE_COMPLETE",
        DeletePending = "DELETE_PENDING",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteFailed = "DELETE_FAILED",
        Failed = "FAILED",
    }
}

impl ChangeSetStatus {
    /// Whether somebody has deleted the change set, or tried to.
    #[must_use]
    pub fn is_of_deletion(&self) -> bool {
        matches!(self, Self::DeletePending | Self::DeleteInProgress | Self::DeleteComplete | Self::DeleteFailed)
    }
}

statuses! {
    /// `ExecutionStatus` of a change set.
    ExecutionStatus {
        Unavailable = "UNAVAILABLE",
        Available = "AVAILABLE",
        ExecuteInProgress = "EXECUTE_IN_PROGRESS",
        ExecuteComplete = "EXECUTE_COMPLETE",
        ExecuteFailed = "EXECUTE_FAILED",
        /// The stack was changed after the change set was created:
        Obsolete = "OBSOLETE",
    }
}

impl ExecutionStatus {
    /// Whether the execution of the change set has started, whatever its result.
    #[must_use]
    pub fn is_executed(&self) -> bool {
        self.as_str().starts_with("EXECUTE_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_status_keeps_its_text() {
        for text in ["", "UPDATE_COMPLETE", "SOMETHING_NEW_IN_PROGRESS"] {
            let status: StackStatus = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(serde_json::to_value(&status).unwrap(), json!(text));
            assert_eq!(status, text.into());
        }
        assert!(StackStatus::from("SOMETHING_NEW_IN_PROGRESS").is_in_progress());
        assert_eq!(StackStatus::from("update_complete"), StackStatus::Other("update_complete".into()));
        assert!(StackStatus::default().is_unset());
    }
}
