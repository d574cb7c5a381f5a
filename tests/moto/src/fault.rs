//! Rules by which calls fail.

use serde::Serialize;

/// A rule that strikes calls of an operation: the next one, unless told otherwise.
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
    /// The call has no effect and this answer. Service and action are regular expressions for the whole name.
    #[must_use]
    pub fn error(service: &str, action: &str, status: u16, code: &str) -> Self {
        Self { status: Some(status), code: Some(code.to_owned()), ..Self::new("error", service, action) }
    }

    /// The connection dies before the call has an effect.
    #[must_use]
    pub fn reset(service: &str, action: &str) -> Self {
        Self::new("reset", service, action)
    }

    /// The process of the Lambda function that the call comes from is killed before the call has an effect.
    #[must_use]
    pub fn kill(service: &str, action: &str) -> Self {
        Self::new("kill", service, action)
    }

    /// The call is answered after this many seconds.
    #[must_use]
    pub fn delay(service: &str, action: &str, seconds: f64) -> Self {
        Self { delay: Some(seconds), ..Self::new("delay", service, action) }
    }

    /// The answer's `Date` is this many seconds ahead, as a client sees it whose clock is behind.
    #[must_use]
    pub fn clock(service: &str, action: &str, seconds: i32) -> Self {
        Self { seconds: Some(seconds), ..Self::new("clock", service, action) }
    }

    /// AWS's refusal of a client whose clock is behind by this many seconds.
    #[must_use]
    pub fn skewed(service: &str, action: &str, seconds: i32, code: &str) -> Self {
        Self { status: Some(403), code: Some(code.to_owned()), ..Self::clock(service, action, seconds) }
    }

    /// What was to happen before the call's effect happens after it: an error, a reset or a kill.
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

    /// Strikes this many calls.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Passes over this many calls first.
    #[must_use]
    pub fn skip(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Strikes in one account alone.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Strikes the calls of one Lambda function alone.
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
