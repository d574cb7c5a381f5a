//! The log of the function: a JSON object per line.
//!
//! JSON escapes control characters. Only names and outcomes are logged: no release, no user data, no credentials.

use tracing::level_filters::LevelFilter;

/// Starts logging. `AWS_LAMBDA_LOG_LEVEL`, which comes from the function's logging configuration, sets the level; the
/// default is `info`.
pub(super) fn begin() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse::<LevelFilter>().ok());
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .finish();
    // An error means that a subscriber exists already: it was set up on purpose, and is kept.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
