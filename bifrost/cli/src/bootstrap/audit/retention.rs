//! How long the objects of the audit log are kept: the default retention of its bucket.

use serde_json::{Value, json};
use std::str::FromStr;

/// The longest retention that S3 accepts, in years.
const MAX_YEARS: u32 = 100;

/// The longest retention that S3 accepts, in days.
const MAX_DAYS: u32 = 36_500;

/// For how long an object of the audit log can be neither overwritten nor deleted. S3 counts from its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// A number of days.
    Days(u32),
    /// A number of years.
    Years(u32),
}

/// Who can delete an object before its retention ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LockMode {
    /// Nobody, not even the root user: the retention of an existing object can never be shortened
    Compliance,
    /// Administrators who first change the bucket policy, and have `s3:BypassGovernanceRetention`
    Governance,
}

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || {
            format!(
                "`{text}` is not a retention: use a number of years or days, such as 7y or 400d, at most {MAX_YEARS}y or \
                 {MAX_DAYS}d"
            )
        };
        let unit = text.chars().last().ok_or_else(refused)?;
        let digits = text.strip_suffix(unit).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        match (digits.parse().map_err(|_| refused())?, unit) {
            (years @ 1..=MAX_YEARS, 'y') => Ok(Self::Years(years)),
            (days @ 1..=MAX_DAYS, 'd') => Ok(Self::Days(days)),
            _ => Err(refused()),
        }
    }
}

impl Retention {
    /// The fewest days for which a put that states its own retention may retain an object. One day less than the rule: S3 counts
    /// whole days that remain, so a day that has begun no longer counts.
    pub(super) fn fewest_days(self) -> u32 {
        match self {
            Self::Days(days) => days.saturating_sub(1),
            Self::Years(years) => years.saturating_mul(365).saturating_sub(1),
        }
    }

    /// The rule of the bucket.
    pub(super) fn rule(self, mode: LockMode) -> Value {
        let retention = match self {
            Self::Days(days) => json!({"Mode": mode.name(), "Days": days}),
            Self::Years(years) => json!({"Mode": mode.name(), "Years": years}),
        };
        json!({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}})
    }
}

impl LockMode {
    /// Its name in S3.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Compliance => "COMPLIANCE",
            Self::Governance => "GOVERNANCE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Retention;

    #[test]
    fn retention_is_a_number_of_years_or_days() {
        assert_eq!("7y".parse(), Ok(Retention::Years(7)));
        assert_eq!("100y".parse(), Ok(Retention::Years(100)));
        assert_eq!("36500d".parse(), Ok(Retention::Days(36_500)));
        for wrong in
            ["", "y", "7", "0y", "0d", "101y", "36501d", "7 y", "-7y", "+7y", "7Y", "7w", "99999999999y", "7é", "٧y"]
        {
            assert!(wrong.parse::<Retention>().is_err(), "{wrong}");
        }
    }
}
