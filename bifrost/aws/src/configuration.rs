//! How the SDK is set up: one HTTP client for the process, and timeouts and retries that are set on purpose.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use bifrost_core::release::Region;
use std::sync::LazyLock;
use std::time::Duration;

/// The one HTTP client of the process, so that connections are kept between services and invocations.
static HTTP: LazyLock<SharedHttpClient> =
    LazyLock::new(|| Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https());

/// The SDK with these credentials, in that region; at another endpoint than AWS's own, if one is given.
#[must_use]
pub fn sdk_config(credentials: Credentials, region: &Region, endpoint: Option<String>) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(aws_types::region::Region::new(region.to_string()))
        .http_client(http())
        .timeout_config(timeouts())
        .retry_config(retries());
    config.set_endpoint_url(endpoint);
    config.build()
}

pub(crate) fn http() -> SharedHttpClient {
    HTTP.clone()
}

/// An attempt that takes longer than the slowest honest answer is given up, so that there is time for another: describing
/// hundreds of groups takes some seconds, connecting within AWS some milliseconds.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(15))
        .operation_attempt_timeout(Duration::from_secs(20))
        .operation_timeout(Duration::from_mins(1))
        .build()
}

/// The SDK's standard mode. One attempt more than its default, as a task's own retries wait far longer than these.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4).with_max_backoff(Duration::from_secs(5))
}
