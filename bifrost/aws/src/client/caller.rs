//! Checks the credentials: that there are some, that AWS accepts them, and to which account they belong. Each error has
//! a remedy.

use super::clock::{ClockSkew, MAX_SKEW};
use crate::{Incomplete, cloud_error};
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use bifrost_core::cloud::{CloudError, ErrorKind, ErrorKinds};
use bifrost_core::deployer::{ConnectError, ConnectErrorKind};
use bifrost_core::error_code::full_message;
use bifrost_core::release::AccountId;
use chrono::TimeDelta;

const OPERATION: &str = "sts:GetCallerIdentity";

/// The account of the credentials. It must be the expected one, if there is one.
pub(super) async fn account_of_caller(
    config: &SdkConfig,
    expected: Option<&AccountId>,
) -> Result<AccountId, ConnectError> {
    check_credentials(config).await?;
    let caller = caller(config).await?;
    let account: Option<AccountId> = caller.account().and_then(|account| account.parse().ok());
    let account = account.present(OPERATION, "", "Account").map_err(sts_error)?;
    match expected {
        Some(expected) if *expected != account => Err(ConnectError {
            kind: ConnectErrorKind::WrongAccount,
            problem: format!(
                "credentials are for account {account} ({}), but the deployer is in account {expected}",
                caller.arn().unwrap_or("unknown principal")
            ),
            next_step: "choose a profile of that account with AWS_PROFILE, or correct --deployer-account".into(),
        }),
        _ => Ok(account),
    }
}

/// Checks that there are credentials, before a request fails for lack of them.
async fn check_credentials(config: &SdkConfig) -> Result<(), ConnectError> {
    let provider = config.credentials_provider();
    let loaded = match &provider {
        Some(provider) => provider.provide_credentials().await.map(drop),
        None => Err(CredentialsError::not_loaded_no_source()),
    };
    loaded.map_err(|error| ConnectError {
        kind: ConnectErrorKind::NoCredentials,
        problem: match &error {
            CredentialsError::CredentialsNotLoaded(_) => "no AWS credentials found".into(),
            _ => format!("cannot load the AWS credentials: {}", full_message(&error)),
        },
        next_step: "log in, for example with `aws sso login`, or choose a profile with AWS_PROFILE; --local needs no \
                    credentials"
            .into(),
    })
}

/// The identity of the credentials, by STS. Also compares the clocks.
async fn caller(config: &SdkConfig) -> Result<GetCallerIdentityOutput, ConnectError> {
    let clock = ClockSkew::default();
    let sts = aws_sdk_sts::Client::new(config);
    let answer = sts.get_caller_identity().customize().interceptor(clock.clone()).send().await;
    // Before the answer: AWS has several errors for a request with a wrong time, unless the SDK corrects it.
    check_clock(clock.get())?;
    answer.map_err(|error| sts_error(cloud_error(ErrorKinds::default(), OPERATION, "", &error)))
}

fn check_clock(skew: Option<TimeDelta>) -> Result<(), ConnectError> {
    let Some(skew) = skew.filter(|skew| skew.abs() > MAX_SKEW) else { return Ok(()) };
    let (minutes, direction) = (
        (skew.abs() + TimeDelta::seconds(30)).num_minutes(),
        if skew > TimeDelta::zero() { "ahead of" } else { "behind" },
    );
    Err(ConnectError {
        kind: ConnectErrorKind::ClockSkew,
        problem: format!(
            "the clock of this machine is {minutes} minutes {direction} the clock of AWS, and deployers refuse \
             releases from the future"
        ),
        next_step: "set the clock, for example with `timedatectl set-ntp true`".into(),
    })
}

fn sts_error(error: CloudError) -> ConnectError {
    let (problem, next_step) = match (error.kind, error.code.as_str()) {
        (_, "ExpiredToken" | "ExpiredTokenException" | "RequestExpired") => {
            ("the AWS credentials have expired", "log in again, for example with `aws sso login`")
        }
        (ErrorKind::NotAuthenticated, _) => {
            ("AWS does not accept the credentials", "choose a profile with AWS_PROFILE, or log in again")
        }
        (_, "ConnectionFailure" | "RequestTimeout") => {
            ("cannot connect to AWS", "check the network, the proxy and AWS_ENDPOINT_URL")
        }
        _ => ("cannot determine the account of the credentials", "compare with `aws sts get-caller-identity`"),
    };
    ConnectError {
        problem: format!("{problem}: {error}"),
        next_step: next_step.into(),
        kind: ConnectErrorKind::Cloud(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::error_code::Coded;

    #[test]
    fn clock_may_be_off_by_two_minutes() {
        let check = |minutes| check_clock(Some(TimeDelta::minutes(minutes)));
        assert!(check(2).is_ok() && check(-2).is_ok());
        for (minutes, direction) in [(10, "10 minutes ahead of"), (-10, "10 minutes behind")] {
            let error = check(minutes).unwrap_err();
            assert_eq!(error.code(), "aws/clock-skew");
            assert!(error.problem.contains(direction), "{error}");
        }
        assert!(check_clock(None).is_ok(), "an answer need not have a time");
    }

    #[test]
    fn sts_error_keeps_its_code() {
        for (code, expected) in [
            ("ExpiredToken", "aws/not-authenticated"),
            ("InvalidClientTokenId", "aws/not-authenticated"),
            ("ConnectionFailure", "aws/unavailable"),
            ("InternalFailure", "aws/unavailable"),
            ("Throttling", "aws/throttled"),
        ] {
            let error = CloudError {
                operation: OPERATION,
                resource: String::new(),
                kind: ErrorKinds::default().of_server_fault(code, ""),
                code: code.into(),
                message: "no".into(),
                request_id: None,
            };
            assert_eq!(sts_error(error).code(), expected);
        }
    }
}
