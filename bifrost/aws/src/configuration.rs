//! The configuration of the SDK: one HTTP client for the process, timeouts and retries.

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

/// The HTTP client of the process, so that services and invocations reuse connections.
static HTTP: LazyLock<SharedHttpClient> =
    LazyLock::new(|| Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https());

/// The SDK's configuration for these credentials and this region. `endpoint` replaces the endpoints of AWS.
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

/// An attempt ends after the slowest answer that is to be expected, so that there is time for a retry. Describing
/// hundreds of groups takes some seconds, connecting within AWS some milliseconds.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(15))
        .operation_attempt_timeout(Duration::from_secs(20))
        .operation_timeout(Duration::from_mins(1))
        .build()
}

/// The SDK's standard mode with one attempt more than its default, because a retry of the whole task waits much longer.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4).with_max_backoff(Duration::from_secs(5))
}
