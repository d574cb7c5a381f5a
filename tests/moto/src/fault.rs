//! Faults to inject into calls.

use serde::Serialize;

/// A fault that is injected into calls of an operation. By default, it is injected into the next call only.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    kind: &'static str,
    service: String,
    action: String,
    times: u32,
    skip: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<f64>,
}

impl Fault {
    /// The call has no effect, and this error is its answer. Service and action are regular expressions for the whole
    /// name.
    #[must_use]
    pub fn error(service: &str, action: &str, status: u16, code: &str) -> Self {
        Self { status: Some(status), code: Some(code.to_owned()), ..Self::new("error", service, action) }
    }

    /// The connection is reset before the call has an effect.
    #[must_use]
    pub fn reset(service: &str, action: &str) -> Self {
        Self::new("reset", service, action)
    }

    /// The process of the calling Lambda function is killed before the call has an effect.
    #[must_use]
    pub fn kill(service: &str, action: &str) -> Self {
        Self::new("kill", service, action)
    }

    /// The answer is delayed by this many seconds.
    #[must_use]
    pub fn delay(service: &str, action: &str, seconds: f64) -> Self {
        Self { delay: Some(seconds), ..Self::new("delay", service, action) }
    }

    /// The `Date` of the answer is this many seconds ahead, as for a client whose clock is behind.
    #[must_use]
    pub fn clock(service: &str, action: &str, seconds: i32) -> Self {
        Self { seconds: Some(seconds), ..Self::new("clock", service, action) }
    }

    /// AWS's error for a client whose clock is behind by this many seconds.
    #[must_use]
    pub fn skewed(service: &str, action: &str, seconds: i32, code: &str) -> Self {
        Self { status: Some(403), code: Some(code.to_owned()), ..Self::clock(service, action, seconds) }
    }

    /// Injects the error, reset or kill after the call has had its effect, not before.
    #[must_use]
    pub fn after_the_effect(mut self) -> Self {
        self.kind = match self.kind {
            "error" => "error_after",
            "reset" => "reset_after",
            "kill" => "kill_after",
            other => other,
        };
        self
    }

    /// Injects the fault into this many calls.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Skips this many calls first.
    #[must_use]
    pub fn skip(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Injects the fault only into calls in this account.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Injects the fault only into calls of this Lambda function.
    #[must_use]
    pub fn function(mut self, function: &str) -> Self {
        self.function = Some(function.to_owned());
        self
    }

    fn new(kind: &'static str, service: &str, action: &str) -> Self {
        Self {
            kind,
            service: service.to_owned(),
            action: action.to_owned(),
            times: 1,
            skip: 0,
            status: None,
            code: None,
            account: None,
            function: None,
            seconds: None,
            delay: None,
        }
    }
}
