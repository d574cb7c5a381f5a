//! Scaling activities in responses of Auto Scaling.

use crate::cloud::ScalingActivity;
use aws_sdk_autoscaling::types::Activity;
use bifrost::aws::Request;
use bifrost::cloud::CloudError;
use bifrost::json;
use serde_json::Value;

/// Converts an activity of a response.
///
/// # Errors
/// If it lacks a field that AWS sets for every activity.
pub(super) fn activity(found: Activity, request: Request<'_>) -> Result<ScalingActivity, CloudError> {
    Ok(ScalingActivity {
        start_time: request.time("StartTime", found.start_time)?,
        status: request.field("StatusCode", found.status_code)?.as_str().to_owned(),
        // The model does not require it.
        description: found.description.unwrap_or_default(),
        status_message: found.status_message.filter(|message| !message.is_empty()),
        availability_zone: found.details.as_deref().and_then(availability_zone),
    })
}

/// The zone in the details of an activity, which are JSON: `{"Subnet ID":"subnet-1","Availability Zone":"us-east-1a"}`.
fn availability_zone(details: &str) -> Option<String> {
    let details: Value = json::from_slice(details.as_bytes()).ok()?;
    details.get("Availability Zone").and_then(Value::as_str).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_autoscaling::primitives::DateTime;
    use aws_sdk_autoscaling::types::ScalingActivityStatusCode;
    use aws_sdk_autoscaling::types::builders::ActivityBuilder;

    const REQUEST: &str = "autoscaling:DescribeScalingActivities";

    fn failed() -> ActivityBuilder {
        Activity::builder()
            .activity_id("d25597f4-007b-e8ad-2474-fb39d1b0e21b")
            .auto_scaling_group_name("web")
            .description("Launching a new EC2 instance.  Status Reason: no. Launching EC2 instance failed.")
            .cause("At 2018-09-21T16:39:26Z an instance was started in response to a difference")
            .start_time(DateTime::from_secs(7))
            .status_code(ScalingActivityStatusCode::Failed)
            .status_message("no. Launching EC2 instance failed.")
            .details(r#"{"Subnet ID":"subnet-0f77a91e1abb847ae","Availability Zone":"us-east-1a"}"#)
    }

    #[test]
    fn activity_is_converted_with_all_fields() {
        let expected = ScalingActivity {
            start_time: chrono::DateTime::from_timestamp(7, 0).unwrap(),
            status: "Failed".into(),
            description: "Launching a new EC2 instance.  Status Reason: no. Launching EC2 instance failed.".into(),
            status_message: Some("no. Launching EC2 instance failed.".into()),
            availability_zone: Some("us-east-1a".into()),
        };
        assert_eq!(activity(failed().build(), Request::new(REQUEST, "web")).unwrap(), expected);
    }

    #[test]
    fn details_are_optional() {
        for details in [None, Some("{}".to_owned()), Some("not JSON".to_owned())] {
            let found = activity(failed().set_details(details).build(), Request::new(REQUEST, "web")).unwrap();
            assert_eq!(found.availability_zone, None);
        }
    }

    #[test]
    fn activity_without_status_is_an_error() {
        let error = activity(failed().set_status_code(None).build(), Request::new(REQUEST, "web")).unwrap_err();
        assert!(error.message.contains("StatusCode"), "{error}");
    }
}
