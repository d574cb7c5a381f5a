//! What the function writes to its log: a JSON object a line.
//!
//! JSON escapes control characters, and only names and outcomes are logged: no release, no user data, no credentials.

use tracing::level_filters::LevelFilter;

/// Begins to log. The level is that of `AWS_LAMBDA_LOG_LEVEL`, which a function's logging configuration sets; `info` by
/// default.
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
    // There is one already only where somebody has set it up before us, and then theirs is meant.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
