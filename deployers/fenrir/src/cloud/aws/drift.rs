//! Reads drift from CloudFormation's answers.

use crate::cloud::DriftedResource;
use aws_sdk_cloudformation::operation::describe_stack_drift_detection_status::DescribeStackDriftDetectionStatusOutput;
use aws_sdk_cloudformation::types::{PropertyDifference, StackDriftDetectionStatus, StackResourceDrift};
use bifrost::aws::Request;
use bifrost::cloud::{CloudError, ErrorKind};

/// The drift status of a stack; `None` while the detection runs.
///
/// # Errors
/// If the detection failed, or a field is missing that AWS always sets.
pub(super) fn found_status(
    answer: DescribeStackDriftDetectionStatusOutput,
    request: Request<'_>,
) -> Result<Option<String>, CloudError> {
    match request.field("DetectionStatus", answer.detection_status)? {
        StackDriftDetectionStatus::DetectionInProgress => Ok(None),
        StackDriftDetectionStatus::DetectionComplete => {
            let status = request.field("StackDriftStatus", answer.stack_drift_status)?;
            Ok(Some(status.as_str().to_owned()))
        }
        other => {
            let reason = answer.detection_status_reason.unwrap_or_else(|| "CloudFormation gave no reason".into());
            Err(request.refused(ErrorKind::Unavailable, other.as_str(), &reason))
        }
    }
}

/// Reads a resource that drifted.
///
/// # Errors
/// If a field is missing that AWS always sets.
pub(super) fn resource(resource: StackResourceDrift, request: Request<'_>) -> Result<DriftedResource, CloudError> {
    let difference = |found: PropertyDifference| {
        Ok((
            request.field("PropertyPath", found.property_path)?,
            request.field("ExpectedValue", found.expected_value)?,
            request.field("ActualValue", found.actual_value)?,
        ))
    };
    let differences = resource.property_differences.unwrap_or_default().into_iter().map(difference);
    Ok(DriftedResource {
        logical_id: request.field("LogicalResourceId", resource.logical_resource_id)?,
        resource_type: request.field("ResourceType", resource.resource_type)?,
        status: request.field("StackResourceDriftStatus", resource.stack_resource_drift_status)?.as_str().to_owned(),
        differences: differences.collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::{StackDriftStatus, StackResourceDriftStatus};

    fn request() -> Request<'static> {
        Request::new("cloudformation:DescribeStackDriftDetectionStatus", "sam-web")
    }

    fn detection(status: StackDriftDetectionStatus) -> DescribeStackDriftDetectionStatusOutput {
        DescribeStackDriftDetectionStatusOutput::builder()
            .detection_status(status)
            .stack_drift_status(StackDriftStatus::Drifted)
            .detection_status_reason("no access to the table")
            .build()
    }

    #[test]
    fn detection_runs_ends_or_fails() {
        let status = |status| found_status(detection(status), request());
        assert_eq!(status(StackDriftDetectionStatus::DetectionInProgress).unwrap(), None);
        assert_eq!(status(StackDriftDetectionStatus::DetectionComplete).unwrap().as_deref(), Some("DRIFTED"));
        let failed = status(StackDriftDetectionStatus::DetectionFailed).unwrap_err();
        assert_eq!((failed.code.as_str(), failed.message.as_str()), ("DETECTION_FAILED", "no access to the table"));
    }

    #[test]
    fn difference_has_expected_and_actual_value() {
        let difference = PropertyDifference::builder()
            .property_path("/Timeout")
            .expected_value("3")
            .actual_value("30")
            .difference_type("NOT_EQUAL".into());
        let drifted = StackResourceDrift::builder()
            .logical_resource_id("hello")
            .resource_type("AWS::Lambda::Function")
            .stack_resource_drift_status(StackResourceDriftStatus::Modified)
            .property_differences(difference.build());
        let drifted = resource(drifted.build(), request()).unwrap();
        assert_eq!(drifted.differences, [("/Timeout".into(), "3".into(), "30".into())]);
        assert_eq!((drifted.logical_id.as_str(), drifted.status.as_str()), ("hello", "MODIFIED"));
    }
}
