//! Checks that somebody is notified of deploys that failed and may not have cleaned up.

use super::DoctorFinding;
use super::remediation::Remediation;
use bifrost_core::cloud::{CloudError, TopicSubscriptions};

const CHECK: &str = "alarm";

pub(super) fn check(
    topic: &Result<Option<TopicSubscriptions>, CloudError>,
    arn: &str,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    match topic {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("topic {arn} does not exist: nobody is notified of deploys that need intervention");
            DoctorFinding::warning(CHECK, message, remediation.restore())
        }
        Ok(Some(TopicSubscriptions { confirmed: 0, pending })) => {
            DoctorFinding::warning(CHECK, nobody(arn, *pending), subscribe(arn, *pending, remediation))
        }
        Ok(Some(TopicSubscriptions { confirmed: 1, .. })) => {
            DoctorFinding::good(CHECK, format!("1 subscription to {arn}"))
        }
        Ok(Some(TopicSubscriptions { confirmed, .. })) => {
            DoctorFinding::good(CHECK, format!("{confirmed} subscriptions to {arn}"))
        }
    }
}

fn nobody(arn: &str, pending: u32) -> String {
    let pending = match pending {
        0 => String::new(),
        count => format!(" ({count} not confirmed)"),
    };
    format!("nobody is subscribed to {arn}{pending}, so nobody is notified of deploys that need intervention")
}

/// A subscription by the AWS CLI is not reset by a later `bootstrap`, as one by `--alarm-email` is.
fn subscribe(arn: &str, pending: u32, remediation: &Remediation<'_>) -> String {
    let words = format!("sns subscribe --topic-arn {arn} --protocol email --notification-endpoint ADDRESS");
    let subscribe = format!("{}, where ADDRESS is the address of the operators", remediation.aws(&words));
    let confirm = "confirm the subscription with the link in the email that SNS sends";
    if pending == 0 {
        format!("{subscribe}; then {confirm}")
    } else {
        format!("{confirm}; or subscribe again with {subscribe}")
    }
}
