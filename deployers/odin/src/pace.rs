//! How often the health of a deploy is checked, and what that costs.

use crate::release::OdinFields;
use bifrost::Fields;

/// The shortest wait between two health checks, in seconds.
const SHORTEST_SECONDS: u32 = 5;

/// The longest wait between two health checks, in seconds (contract §7).
const LONGEST_SECONDS: u32 = 120;

/// The share of the time since the start that passes until the next check: a healthy deploy is noticed after at most 1/80 of
/// the time that it took.
const SHARE: u32 = 80;

/// State transitions of one check: `WaitForHealthy`, `CheckHealthy`, `Healthy?`.
const TRANSITIONS_PER_CHECK: u32 = 3;

/// State transitions of a successful deploy without its checks: `Validate`, `Lock`, `ValidateResources`, `Deploy`,
/// `WaitForDeploy`, `WaitForDetach`, `DetachForSuccess`, `WaitDetachForSuccess`, `CleanUpSuccess` and `Success`.
const OTHER_TRANSITIONS: u32 = 10;

/// The price of a state transition of a standard workflow in us-east-1, in millionths of a dollar: 0.025 dollars for 1,000
/// (<https://aws.amazon.com/step-functions/pricing/>). Other regions cost up to twice as much.
const TRANSITION_MICRODOLLARS: u32 = 25;

/// The wait until the next health check, in seconds: short while instances boot, and longer the longer the deploy has taken.
#[must_use]
pub fn seconds_until_next_check(elapsed_seconds: u32) -> u32 {
    (elapsed_seconds / SHARE).clamp(SHORTEST_SECONDS, LONGEST_SECONDS)
}

/// The number of health checks of a deploy whose instances are healthy after this time.
#[must_use]
pub fn checks_within(seconds: u32) -> u32 {
    // `WaitForDeploy` is a first wait without a check.
    let (mut elapsed, mut checks) = (seconds_until_next_check(0), 0);
    while elapsed <= seconds.min(OdinFields::MAX_TIMEOUT_SECONDS) {
        elapsed = elapsed.saturating_add(seconds_until_next_check(elapsed));
        checks += 1;
    }
    checks
}

/// The number of state transitions of such a deploy, and their price.
#[must_use]
pub fn transitions_within(seconds: u32) -> Transitions {
    Transitions(OTHER_TRANSITIONS + TRANSITIONS_PER_CHECK * checks_within(seconds))
}

/// A number of state transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transitions(u32);

impl std::fmt::Display for Transitions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let microdollars = u64::from(self.0) * u64::from(TRANSITION_MICRODOLLARS);
        // Rounded up to a tenth of a cent.
        let thousandths = microdollars.div_ceil(1_000);
        write!(f, "{} state transitions (${}.{:03})", self.0, thousandths / 1_000, thousandths % 1_000)
    }
}
