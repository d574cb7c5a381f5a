//! The spread: the share that is launched in addition, and that may be unhealthy.

use bifrost::Shape;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Number;
use std::fmt;

/// A share as an exact decimal: 0.15 is not 0.1499. It must be within 0…1, but reading accepts any number of up to 28
/// digits, so that a value out of range is reported together with other findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Number")]
pub struct Spread(Decimal);

/// The number has more digits than any group's capacity needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many digits: use at most 28, such as 0.8")]
pub struct TooManyDigits;

impl Shape for Spread {
    type Shape = Number;
}

impl Spread {
    /// Whether it is between 0 and 1.
    #[must_use]
    pub fn is_share(self) -> bool {
        (Decimal::ZERO..=Decimal::ONE).contains(&self.0)
    }

    /// `count × (1 + spread)`, rounded down.
    #[must_use]
    pub fn more_than(self, count: u32) -> u32 {
        count.saturating_add(self.of(count, false))
    }

    /// `count × (1 − spread)`, rounded down.
    #[must_use]
    pub fn less_than(self, count: u32) -> u32 {
        count.saturating_sub(self.of(count, true))
    }

    /// `count × spread`, computed in integers, so that no digit is lost.
    fn of(self, count: u32, round_up: bool) -> u32 {
        let share = self.0.clamp(Decimal::ZERO, Decimal::ONE);
        // At most 10^28 both, and a count has 10 digits: the product stays below 2^128.
        let (numerator, denominator) = (share.mantissa().unsigned_abs(), 10_u128.pow(share.scale()));
        let product = u128::from(count) * numerator;
        let rounded = if round_up { product.div_ceil(denominator) } else { product / denominator };
        u32::try_from(rounded).unwrap_or(count)
    }
}

impl TryFrom<Number> for Spread {
    type Error = TooManyDigits;

    fn try_from(number: Number) -> Result<Self, TooManyDigits> {
        let text = number.as_str();
        let exact =
            if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
        exact.map(|decimal| Self(decimal.normalize())).map_err(|_| TooManyDigits)
    }
}

impl Serialize for Spread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_string().parse::<Number>().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn spread(text: &str) -> Spread {
        text.parse::<Number>().unwrap().try_into().unwrap()
    }

    #[test]
    fn spread_is_exact() {
        // As a float, 100 × 1.15 is 114.99….
        assert_eq!(spread("0.15").more_than(100), 115);
        assert_eq!(spread("0.2").less_than(10), 8);
        assert_eq!(spread("0.8").less_than(5), 1);
        assert_eq!(spread("0.9999999999999999999999999999").less_than(4_000_000_000), 0);
        assert_eq!(spread("0.9999999999999999999999999999").more_than(100), 199);
    }

    #[test]
    fn every_spelling_of_a_number_is_read() {
        for same in ["0.8", "0.80", "8e-1", "0.08E1"] {
            assert_eq!(spread(same), spread("0.8"));
        }
        assert_eq!(json!(spread("0.80")).to_string(), "0.8");
        assert_eq!(json!(spread("0")).to_string(), "0");
    }

    #[test]
    fn hostile_number_is_refused() {
        for hostile in ["1e-999999999", "1e999999999", "0.00000000000000000000000000001", "1e999999999999999999999"] {
            let number: Number = hostile.parse().unwrap();
            assert!(Spread::try_from(number).is_err(), "{hostile}");
        }
    }

    #[test]
    fn share_is_between_0_and_1() {
        assert!(spread("0").is_share() && spread("1").is_share() && spread("1.0").is_share());
        assert!(!spread("1.5").is_share() && !spread("-0.1").is_share());
    }

    proptest! {
        #[test]
        fn rounding_down_is_exact(count in 0_u32..10_000, hundredths in 0_u32..=100) {
            let share = Spread(Decimal::new(hundredths.into(), 2));
            prop_assert_eq!(share.more_than(count), count * (100 + hundredths) / 100);
            prop_assert_eq!(share.less_than(count), count * (100 - hundredths) / 100);
        }
    }
}
