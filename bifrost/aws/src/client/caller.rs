//! Who asks: whether there are credentials, whether AWS takes them, and whose they are. Each that is not as it should be
//! says what to do.

use super::clock::{Clock, TOO_FAR_OFF};
use crate::cloud_error;
use crate::error::in_full;
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use bifrost_core::cloud::{CloudError, ErrorKind};
use bifrost_core::deployer::ConnectError;
use bifrost_core::release::AccountId;
use chrono::TimeDelta;

/// The account that the credentials belong to, if that is where the deployer is said to be.
pub(super) async fn account_of_caller(
    config: &SdkConfig,
    asked: Option<&AccountId>,
) -> Result<AccountId, ConnectError> {
    check_credentials(config).await?;
    let caller = caller(config).await?;
    let account: Option<AccountId> = caller.account().and_then(|account| account.parse().ok());
    let account = account.ok_or_else(|| ConnectError {
        problem: "AWS does not say which account the credentials belong to".into(),
        next_step: "try `aws sts get-caller-identity`".into(),
    })?;
    match asked {
        Some(asked) if *asked != account => Err(ConnectError {
            problem: format!(
                "the credentials are of account {account} ({}), and the deployer is said to be in {asked}",
                caller.arn().unwrap_or("an unknown principal")
            ),
            next_step: "choose a profile of that account with AWS_PROFILE, or another --deployer-account".into(),
        }),
        _ => Ok(account),
    }
}

/// Refuses to go on without credentials, before a request fails for lack of them.
async fn check_credentials(config: &SdkConfig) -> Result<(), ConnectError> {
    let provider = config.credentials_provider();
    let loaded = match &provider {
        Some(provider) => provider.provide_credentials().await.map(drop),
        None => Err(CredentialsError::not_loaded_no_source()),
    };
    loaded.map_err(|error| ConnectError {
        problem: match &error {
            CredentialsError::CredentialsNotLoaded(_) => "there are no AWS credentials".into(),
            _ => format!("the AWS credentials cannot be loaded: {}", in_full(&error)),
        },
        next_step: "log in, such as with `aws sso login`, or choose a profile with AWS_PROFILE; --local needs none"
            .into(),
    })
}

/// Whose the credentials are, as STS says by a clock that agrees with ours.
async fn caller(config: &SdkConfig) -> Result<GetCallerIdentityOutput, ConnectError> {
    let clock = Clock::default();
    let sts = aws_sdk_sts::Client::new(config);
    let answer = sts.get_caller_identity().customize().interceptor(clock.clone()).send().await;
    // First: AWS refuses requests of another time by many names, if the SDK does not correct that.
    check_clock(clock.skew())?;
    answer.map_err(|error| refused(&cloud_error("sts:GetCallerIdentity", "", &error)))
}

fn check_clock(skew: Option<TimeDelta>) -> Result<(), ConnectError> {
    let Some(skew) = skew.filter(|skew| skew.abs() > TOO_FAR_OFF) else { return Ok(()) };
    let (minutes, way) = (
        (skew.abs() + TimeDelta::seconds(30)).num_minutes(),
        if skew > TimeDelta::zero() { "ahead of" } else { "behind" },
    );
    Err(ConnectError {
        problem: format!(
            "the clock of this machine is {minutes} minutes {way} AWS's, and deployers refuse releases of another time"
        ),
        next_step: "set it, such as by `timedatectl set-ntp true`".into(),
    })
}

/// Why AWS does not take the credentials, and what to do.
fn refused(error: &CloudError) -> ConnectError {
    let (problem, next_step) = match (error.kind, error.code.as_str()) {
        (_, "ExpiredToken" | "ExpiredTokenException" | "RequestExpired") => {
            ("the AWS credentials have expired", "log in anew, such as with `aws sso login`")
        }
        (ErrorKind::NotAuthenticated, _) => {
            ("AWS does not know these credentials", "choose others with AWS_PROFILE, or log in anew")
        }
        (_, "ConnectionFailure" | "RequestTimeout") => {
            ("AWS cannot be reached", "is there a way to AWS from here, and is AWS_ENDPOINT_URL right?")
        }
        _ => ("AWS does not say whose the credentials are", "try `aws sts get-caller-identity`"),
    };
    ConnectError { problem: format!("{problem}: {error}"), next_step: next_step.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_off_by_as_much_as_a_release_may_come_from_the_future() {
        let told = |minutes| check_clock(Some(TimeDelta::minutes(minutes))).map_err(|error| error.to_string());
        assert_eq!((told(2), told(-2)), (Ok(()), Ok(())));
        assert!(told(10).is_err_and(|told| told.contains("10 minutes ahead of AWS's")));
        assert!(told(-10).is_err_and(|told| told.contains("10 minutes behind AWS's")));
        assert!(check_clock(None).is_ok(), "an answer need not have a time");
    }

    #[test]
    fn a_refusal_says_what_is_wrong_with_the_credentials() {
        let told = |code: &str| {
            let error = CloudError {
                operation: "sts:GetCallerIdentity",
                resource: String::new(),
                kind: ErrorKind::of(code, ""),
                code: code.into(),
                message: "no".into(),
                request_id: None,
            };
            refused(&error).to_string()
        };
        assert!(told("ExpiredToken").starts_with("the AWS credentials have expired: sts:GetCallerIdentity failed"));
        assert!(told("InvalidClientTokenId").starts_with("AWS does not know these credentials"));
        assert!(told("ConnectionFailure").ends_with("is AWS_ENDPOINT_URL right?"));
        assert!(told("InternalFailure").ends_with("try `aws sts get-caller-identity`"));
    }
}
