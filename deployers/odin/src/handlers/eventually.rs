//! Repeats calls of Deploy that AWS refuses only because one of its services does not know yet what another has just created, or
//! because there were too many calls.

use bifrost::account::Env;
use bifrost::cloud::CloudError;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::OnceLock;
use std::time::Duration;

/// The first pause. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// For how long calls of one attempt of Deploy are repeated, from its first refused call on. eksctl saw 34 s between an instance
/// profile and the group that could use it (<https://github.com/eksctl-io/eksctl/issues/8039>), but that profile was new: those that a
/// release names were found by `ValidateResources`. Deploy has 310 s.
const MAX_SECONDS: i64 = 30;

/// For how long an invalid request is repeated whose message is not known: pauses of 1, 2 and 4 seconds.
const UNKNOWN_SECONDS: i64 = 7;

/// Parts of messages with which Auto Scaling refuses a request that succeeds a few seconds later. It has one code for all,
/// `ValidationError`, also for what EC2 and IAM answer when it tests a launch template. All parts of an entry must occur.
const NOT_KNOWN_YET: &[&[&str]] = &[
    // "You must use a valid fully-formed launch template. Value (…) for parameter iamInstanceProfile.name is invalid. Invalid IAM
    // Instance Profile name": https://github.com/hashicorp/terraform-provider-aws/pull/5633, and with an ARN:
    // https://github.com/hashicorp/terraform-provider-aws/issues/24910
    &["Invalid IAM Instance Profile"],
    // The spelling that the Terraform provider repeats, with the next entry, in
    // https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/autoscaling/launch_configuration.go
    &["Invalid IamInstanceProfile"],
    &["You are not authorized to perform this operation"],
    // "The specified launch template, with template name …, does not exist.": EC2's text of
    // `InvalidLaunchTemplateName.NotFoundException`.
    &["launch template", "does not exist"],
    // "The Placement Group '…' is unknown.": EC2's text of `InvalidPlacementGroup.Unknown`.
    &["Placement Group", "is unknown"],
    // "Unable to publish test message to notification target … using IAM role …": the Terraform provider repeats it for 5 minutes in
    // https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/autoscaling/lifecycle_hook.go
    &["Unable to publish test message to notification target"],
    // EC2's text of `RequestLimitExceeded`, as https://github.com/cloudfoundry/bosh-aws-cpi-release/issues/61 quotes it.
    &["Request limit exceeded"],
    &["Rate exceeded"],
];

/// Repeats the calls of one attempt of Deploy, for 30 seconds in all.
pub(super) struct Eventually<'a> {
    env: &'a dyn Env,
    /// When the last repetition ends; set by the first refused call.
    deadline: OnceLock<DateTime<Utc>>,
}

impl<'a> Eventually<'a> {
    pub(super) fn new(env: &'a dyn Env) -> Self {
        Self { env, deadline: OnceLock::new() }
    }

    /// Makes the call, and repeats it with growing pauses while AWS refuses it for a reason that passes. The call must be idempotent.
    ///
    /// # Errors
    /// The last error of the call.
    pub(super) async fn call<T>(&self, call: impl AsyncFn() -> Result<T, CloudError>) -> Result<T, CloudError> {
        let mut pause = FIRST_PAUSE;
        let mut refused_at = None;
        loop {
            let error = match call().await {
                Err(error) => error,
                answer => return answer,
            };
            let now = self.env.now();
            let refused_at = *refused_at.get_or_insert(now);
            let left = self.ends_at(&error, refused_at).signed_duration_since(now).to_std().unwrap_or_default();
            if left.is_zero() {
                return Err(error);
            }
            self.env.sleep(pause.min(left)).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// Until when the call is repeated that was first refused at that time.
    fn ends_at(&self, error: &CloudError, refused_at: DateTime<Utc>) -> DateTime<Utc> {
        let deadline = *self.deadline.get_or_init(|| refused_at + TimeDelta::seconds(MAX_SECONDS));
        match Outlook::of(error) {
            Outlook::Passes => deadline,
            Outlook::Unknown => deadline.min(refused_at + TimeDelta::seconds(UNKNOWN_SECONDS)),
            Outlook::Stays => refused_at,
        }
    }
}

/// Whether a call may succeed when it is repeated.
#[derive(Debug, PartialEq)]
enum Outlook {
    Passes,
    /// An invalid request, as far as its code says.
    Unknown,
    Stays,
}

impl Outlook {
    fn of(error: &CloudError) -> Self {
        let CloudError { kind, code, message, .. } = error;
        // Deploy has just created what its calls refer to, or `ValidateResources` has found it.
        let is_known = || NOT_KNOWN_YET.iter().any(|parts| parts.iter().all(|part| message.contains(part)));
        if kind.is_transient() || error.is_not_found() || is_known() {
            Self::Passes
        } else if code == "ValidationError" {
            Self::Unknown
        } else {
            Self::Stays
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use bifrost::cloud::ErrorKind;
    use std::cell::RefCell;
    use std::sync::Mutex;
    use uuid::Uuid;

    /// A clock that only `sleep` moves.
    struct Clock(Mutex<DateTime<Utc>>);

    #[async_trait]
    impl Env for Clock {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }

        fn new_uuid(&self) -> Uuid {
            Uuid::nil()
        }

        async fn sleep(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    fn clock() -> Clock {
        Clock(Mutex::new(DateTime::UNIX_EPOCH))
    }

    fn error(kind: ErrorKind, code: &str, message: &str) -> CloudError {
        CloudError {
            operation: "autoscaling:CreateAutoScalingGroup",
            resource: "web".into(),
            kind,
            code: code.into(),
            message: message.into(),
            request_id: None,
        }
    }

    fn validation_error(message: &str) -> CloudError {
        error(ErrorKind::Invalid, "ValidationError", message)
    }

    /// The seconds at which a call is made that fails with this error until `succeeds_at`, and whether it succeeded.
    async fn calls(
        clock: &Clock,
        eventually: &Eventually<'_>,
        error: &CloudError,
        succeeds_at: i64,
    ) -> (Vec<i64>, bool) {
        let made = RefCell::new(Vec::new());
        let answer = eventually.call(async || {
            let second = clock.now().timestamp();
            made.borrow_mut().push(second);
            if second < succeeds_at { Err(error.clone()) } else { Ok(()) }
        });
        let answer = answer.await;
        (made.into_inner(), answer.is_ok())
    }

    async fn first_calls(error: &CloudError, succeeds_at: i64) -> (Vec<i64>, bool) {
        let clock = clock();
        calls(&clock, &Eventually::new(&clock), error, succeeds_at).await
    }

    #[tokio::test]
    async fn pauses_grow_for_30_seconds() {
        let error = validation_error("The specified launch template, with template name web, does not exist.");
        assert_eq!(first_calls(&error, 4).await, (vec![0, 1, 3, 7], true));
        assert_eq!(first_calls(&error, 99).await, (vec![0, 1, 3, 7, 15, 30], false));
    }

    #[tokio::test]
    async fn all_calls_share_the_30_seconds() {
        let clock = clock();
        let eventually = Eventually::new(&clock);
        let error = validation_error("Request limit exceeded.");
        assert_eq!(calls(&clock, &eventually, &error, 6).await, (vec![0, 1, 3, 7], true));
        assert_eq!(calls(&clock, &eventually, &error, 99).await, (vec![7, 8, 10, 14, 22, 30], false));
        assert_eq!(calls(&clock, &eventually, &error, 99).await, (vec![30], false));
    }

    #[tokio::test]
    async fn unknown_validation_error_is_repeated_for_7_seconds() {
        assert_eq!(first_calls(&validation_error("injected"), 1).await, (vec![0, 1], true));
        assert_eq!(first_calls(&validation_error("Max bound must be greater"), 99).await, (vec![0, 1, 3, 7], false));
    }

    #[tokio::test]
    async fn denied_call_is_not_repeated() {
        assert_eq!(first_calls(&error(ErrorKind::AccessDenied, "AccessDenied", ""), 1).await, (vec![0], false));
    }

    #[test]
    fn messages_of_public_reports_pass() {
        let reported = [
            "You must use a valid fully-formed launch template. Value (tf-acc-test-6643732652421074386) for parameter \
             iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
            "You must use a valid fully-formed launch template. Value (arn:aws:iam::012345678901:instance-profile/node-xyz) \
             for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN",
            "Invalid IamInstanceProfile: web",
            "You must use a valid fully-formed launch template. The specified launch template, with template name web, does \
             not exist.",
            "You must use a valid fully-formed launch template. The Placement Group 'odin/web' is unknown.",
            "Unable to publish test message to notification target arn:aws:sns:us-east-1:0:hooks using IAM role \
             arn:aws:iam::0:role/hooks. Please check your target and role configuration and try to put lifecycle hook again.",
            "You are not authorized to perform this operation.",
            "You must use a valid fully-formed launch template. Request limit exceeded.",
            "Rate exceeded",
        ];
        for message in reported {
            assert_eq!(Outlook::of(&validation_error(message)), Outlook::Passes, "{message}");
        }
        for parts in NOT_KNOWN_YET {
            let has_all = |message: &&str| parts.iter().all(|part| message.contains(part));
            assert!(reported.iter().any(has_all), "{parts:?} has no example");
        }
    }

    #[test]
    fn missing_and_throttled_pass() {
        let cases = [
            (ErrorKind::NotFound, "ValidationError"),
            (ErrorKind::NotFound, "InvalidLaunchTemplateId.NotFound"),
            (ErrorKind::Throttled, "RequestLimitExceeded"),
            (ErrorKind::Unavailable, "ServiceUnavailable"),
        ];
        for (kind, code) in cases {
            assert_eq!(Outlook::of(&error(kind, code, "")), Outlook::Passes, "{code}");
        }
        let quota = "You have requested more instances (6) than your current instance limit of 4 allows";
        assert_eq!(Outlook::of(&validation_error(quota)), Outlook::Unknown);
        assert_eq!(Outlook::of(&error(ErrorKind::AlreadyExists, "AlreadyExists", "")), Outlook::Stays);
    }
}
