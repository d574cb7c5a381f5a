//! The exact value of a JSON number, independent of its spelling.

/// A decimal number in its only normal form: `±d₁d₂…dₙ × 10^exponent`, without leading and trailing zeros.
///
/// Two numbers have the same value if and only if their `Decimal`s are equal. Exponents are never expanded, so `1e999999999`
/// costs no more than `1`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads the text of a JSON number. `None` if its exponent does not fit into 64 bits, or if it is not a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_matches('0');
        if digits.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let trailing = all.len() - all.trim_end_matches('0').len();
        let exponent = exponent
            .parse::<i64>()
            .ok()?
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(trailing).ok()?)?;
        Some(Self { negative, digits: digits.to_owned(), exponent })
    }

    /// The value as an integer, if it is one and fits.
    pub(super) fn to_integer(&self) -> Option<i128> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let magnitude =
            self.digits.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(self.exponent.try_into().ok()?)?)?;
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// Whether the value is a whole number, of any size.
    pub(super) fn is_whole(&self) -> bool {
        self.exponent >= 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_are_equal() {
        for (a, b) in [
            ("1", "1.0"),
            ("1", "1e0"),
            ("1", "10e-1"),
            ("0.8", "0.80"),
            ("0", "-0"),
            ("0", "0.000e999999999999999999999"),
            ("1200", "1.2E+3"),
            ("1e999999999", "10e999999998"),
            ("-0.001", "-1e-3"),
        ] {
            assert_eq!(Decimal::parse(a).map(|_| ()), Some(()), "{a}");
            assert_eq!(Decimal::parse(a), Decimal::parse(b), "{a} {b}");
        }
    }

    #[test]
    fn different_values_are_not_equal() {
        for (a, b) in [
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.10000000000000001"),
            ("1", "-1"),
            ("1e999999999", "1e999999998"),
            ("10", "1"),
        ] {
            assert_ne!(Decimal::parse(a), Decimal::parse(b), "{a} {b}");
        }
    }

    #[test]
    fn whole_numbers_become_integers() {
        for (text, integer) in [
            ("600", Some(600)),
            ("600.0", Some(600)),
            ("6e2", Some(600)),
            ("-6.00e2", Some(-600)),
            ("0.0", Some(0)),
            ("1.5", None),
            ("1e999999999", None),
            ("1e-3", None),
        ] {
            assert_eq!(Decimal::parse(text).and_then(|decimal| decimal.to_integer()), integer, "{text}");
        }
    }

    #[test]
    fn exponent_beyond_64_bits_is_refused() {
        assert_eq!(Decimal::parse("1e99999999999999999999"), None);
        assert_eq!(Decimal::parse("1.00e-9223372036854775808"), None);
        assert_eq!(Decimal::parse(""), None);
    }
}
