//! Compares numbers by their exact decimal value.

use serde_json::Number;

/// Whether two numbers have the same value: `1`, `1.0` and `10e-1` have, `9007199254740993` and `9007199254740992` have
/// not. Numbers whose exponents do not fit into 64 bits are equal only if they are written the same.
pub(super) fn same_number(old: &Number, new: &Number) -> bool {
    let (old, new) = (old.to_string(), new.to_string());
    if old == new {
        return true;
    }
    let (old, new) = (decimal(&old), decimal(&new));
    old.is_some() && old == new
}

/// The sign, the digits without zeros at either end, and the exponent of the last digit.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let exponent = exponent.parse::<i64>().ok()?;
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    Some((is_negative, significant.trim_start_matches('0').to_owned(), exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(old: &str, new: &str) -> bool {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        same_number(&number(old), &number(new))
    }

    #[test]
    fn spelling_of_a_number_does_not_matter() {
        for (old, new) in [("1", "1.0"), ("1", "10e-1"), ("0", "-0.0"), ("1200", "1.2E+3"), ("-0.001", "-1e-3")] {
            assert!(same(old, new), "{old} {new}");
        }
    }

    #[test]
    fn every_digit_matters() {
        for (old, new) in [
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.10000000000000001"),
            ("1", "-1"),
            ("10", "1"),
            ("1e99999999999999999999", "1e99999999999999999998"),
        ] {
            assert!(!same(old, new), "{old} {new}");
        }
        assert!(same("1e99999999999999999999", "1e99999999999999999999"));
    }
}
