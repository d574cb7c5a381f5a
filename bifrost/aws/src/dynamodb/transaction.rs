//! The writes of a transaction, and the reasons why DynamoDB cancels one.

use super::Attributes;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use bifrost_core::cloud::{CloudError, ErrorKind, ErrorKinds};
use std::collections::{BTreeMap, HashMap};

/// A condition on the item that a write finds.
pub(crate) struct Condition {
    pub(crate) expression: &'static str,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Option<HashMap<String, AttributeValue>>,
}

impl Condition {
    /// A condition. `#name` stands for the attribute `name`, as some of our names are reserved words of DynamoDB.
    pub(crate) fn new(expression: &'static str) -> Self {
        // DynamoDB refuses names that the expression does not use.
        let used = ["key", "id", "size"].into_iter().filter(|name| expression.contains(&format!("#{name}")));
        let names = used.map(|name| (format!("#{name}"), name.to_owned())).collect();
        Self { expression, names, values: None }
    }

    pub(crate) fn with(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.get_or_insert_default().insert(placeholder.to_owned(), value);
        self
    }
}

/// One write of a transaction.
pub(crate) enum Write {
    Put(Attributes, Option<Condition>),
    Delete(String, Condition),
    Check(String, Condition),
}

impl Write {
    pub(crate) fn build(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let write = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(item, None) => write.put(Put::builder().table_name(table).set_item(Some(item)).build()?),
            Self::Put(item, Some(Condition { expression, names, values })) => {
                let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(expression);
                let put = put.set_expression_attribute_names(Some(names)).set_expression_attribute_values(values);
                write.put(put.return_values_on_condition_check_failure(old).build()?)
            }
            Self::Delete(key, Condition { expression, names, values }) => {
                let delete = Delete::builder().table_name(table).key("key", AttributeValue::S(key));
                let delete = delete.condition_expression(expression);
                let delete = delete.set_expression_attribute_names(Some(names)).set_expression_attribute_values(values);
                write.delete(delete.return_values_on_condition_check_failure(old).build()?)
            }
            Self::Check(key, Condition { expression, names, values }) => {
                let check = ConditionCheck::builder().table_name(table).key("key", AttributeValue::S(key));
                let check = check.condition_expression(expression).set_expression_attribute_names(Some(names));
                let check = check.set_expression_attribute_values(values);
                write.condition_check(check.return_values_on_condition_check_failure(old).build()?)
            }
        }
        .build())
    }
}

pub(crate) fn not_built(operation: &'static str, key: &str, error: &BuildError) -> CloudError {
    CloudError {
        operation,
        resource: key.to_owned(),
        kind: ErrorKind::Invalid,
        code: "InvalidRequest".into(),
        message: error.to_string(),
        request_id: None,
    }
}

/// The writes whose conditions failed, by position, each with the item that it found.
pub(crate) type Refused = BTreeMap<usize, Option<Attributes>>;

/// Why DynamoDB cancelled a transaction. Nothing was written.
#[derive(Debug, PartialEq)]
pub(crate) enum Cancelled {
    /// Only conditions failed.
    Refused(Refused),
    /// Another write is in the way, or the table lacks capacity: the same transaction may succeed later. Conditions may have
    /// failed, too, but perhaps not all that would fail.
    Busy(Reason),
    /// The transaction cannot succeed.
    Failed(Reason),
}

/// A reason that is not a failed condition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    kind: ErrorKind,
    code: String,
    message: String,
}

impl Cancelled {
    pub(crate) fn read(error: TransactionCanceledException) -> Self {
        let (mut refused, mut reasons) = (Refused::new(), Vec::new());
        for (position, reason) in error.cancellation_reasons.unwrap_or_default().into_iter().enumerate() {
            match reason.code.as_deref() {
                // AWS writes `None` for a write that was not the reason.
                None | Some("None") => {}
                Some("ConditionalCheckFailed") => drop(refused.insert(position, reason.item)),
                Some(code) => reasons.push(Reason::new(code, reason.message.unwrap_or_default())),
            }
        }
        // A reason that is final comes before one that passes.
        match reasons.into_iter().max_by_key(|reason| !reason.is_busy()) {
            Some(reason) if reason.is_busy() => Self::Busy(reason),
            Some(reason) => Self::Failed(reason),
            None if refused.is_empty() => Self::Failed(Reason::new("IncompleteAnswer", "no reason is given".into())),
            None => Self::Refused(refused),
        }
    }
}

impl Reason {
    fn new(code: &str, message: String) -> Self {
        let kind = match code {
            "IncompleteAnswer" => ErrorKind::Unavailable,
            // DynamoDB's own `ValidationError` has no message that another kind would follow from.
            code => ErrorKinds::default().of(code, ""),
        };
        Self { kind, code: code.to_owned(), message }
    }

    fn is_busy(&self) -> bool {
        matches!(self.code.as_str(), "TransactionConflict" | "ProvisionedThroughputExceeded" | "ThrottlingError")
    }

    /// Adds the reason to the error of the transaction.
    pub(crate) fn explain(self, error: CloudError) -> CloudError {
        let message = format!("{} ({}: {})", error.message, self.code, self.message);
        CloudError { kind: self.kind, message, ..error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::CancellationReason;

    fn cancelled(codes: &[&str]) -> Cancelled {
        let reason =
            |code: &&str| CancellationReason::builder().code(*code).item("id", AttributeValue::S("a".into())).build();
        let reasons = codes.iter().map(reason).collect();
        Cancelled::read(TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build())
    }

    #[test]
    fn failed_conditions_have_positions_and_items() {
        let Cancelled::Refused(refused) = cancelled(&["None", "ConditionalCheckFailed", "ConditionalCheckFailed"])
        else {
            panic!("not refused");
        };
        assert_eq!(refused.keys().collect::<Vec<_>>(), [&1, &2]);
        assert!(refused.values().all(|seen| seen.as_ref().is_some_and(|seen| seen.contains_key("id"))));
    }

    #[test]
    fn other_reasons_come_before_conditions() {
        for (codes, kind, is_busy) in [
            (["ConditionalCheckFailed", "TransactionConflict"], ErrorKind::Conflict, true),
            (["ThrottlingError", "None"], ErrorKind::Throttled, true),
            (["ProvisionedThroughputExceeded", "ConditionalCheckFailed"], ErrorKind::Throttled, true),
            (["TransactionConflict", "ValidationError"], ErrorKind::Invalid, false),
            (["ValidationError", "TransactionConflict"], ErrorKind::Invalid, false),
            (["ItemCollectionSizeLimitExceeded", "None"], ErrorKind::Conflict, false),
            (["None", "None"], ErrorKind::Unavailable, false),
        ] {
            let (reason, busy) = match cancelled(&codes) {
                Cancelled::Busy(reason) => (reason, true),
                Cancelled::Failed(reason) => (reason, false),
                Cancelled::Refused(_) => panic!("{codes:?}"),
            };
            assert_eq!((reason.kind, busy), (kind, is_busy), "{codes:?}");
        }
    }

    #[test]
    fn condition_names_only_what_it_uses() {
        assert_eq!(Condition::new("#id = :id").names, HashMap::from([("#id".into(), "id".into())]));
        assert_eq!(Condition::new("attribute_not_exists(#key) OR #id = :id").names.len(), 2);
    }
}
