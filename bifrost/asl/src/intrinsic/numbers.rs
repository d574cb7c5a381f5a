//! Arithmetic functions.

use serde_json::Value;

use super::Random;

/// An integer; as on AWS, decimals are truncated.
pub(super) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| integer(value.as_f64()?.trunc()))
}

/// AWS rounds here, halves up, and adds in 32 bits.
pub(super) fn add(left: &Value, right: &Value) -> Option<Value> {
    let rounded = |value: &Value| i32::try_from(integer((value.as_f64()? + 0.5).floor())?).ok();
    rounded(left)?.checked_add(rounded(right)?).map(Value::from)
}

/// An integer from `start` (inclusive) to `end` (exclusive).
pub(super) fn random(start: &Value, end: &Value, random: &dyn Random) -> Option<Value> {
    let (start, width) = interval(start, end)?;
    let at = integer((random.unit() * f64::from(width)).floor())?;
    Some((start + at.clamp(0, i64::from(width) - 1)).into())
}

/// [`random`] with a seed: the first number that `java.util.Random` returns for it.
pub(super) fn random_seeded(start: &Value, end: &Value, seed: &Value) -> Option<Value> {
    let (start, width) = interval(start, end)?;
    let mut bits = JavaRandom::new(whole(seed)?);
    let width = i64::from(width);
    loop {
        let number = bits.next_31();
        // Java draws again if the last, incomplete round of the interval would make its start more likely.
        if width & (width - 1) == 0 {
            return Some((start + ((width * number) >> 31)).into());
        }
        if number - number % width + (width - 1) <= i64::from(i32::MAX) {
            return Some((start + number % width).into());
        }
    }
}

fn interval(start: &Value, end: &Value) -> Option<(i64, i32)> {
    let (start, end) = (whole(start)?, whole(end)?);
    let width = i32::try_from(end.checked_sub(start)?).ok().filter(|width| *width > 0)?;
    Some((start, width))
}

/// A rounded float as an integer, if it fits 64 bits.
fn integer(value: f64) -> Option<i64> {
    // The digits are exact, and parsing checks the bounds.
    format!("{value:.0}").parse().ok()
}

/// The generator of `java.util.Random`: linear congruential, 48 bits.
struct JavaRandom(u64);

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ Self::MULTIPLIER) & Self::MASK)
    }

    fn next_31(&mut self) -> i64 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        (self.0 >> 17).cast_signed()
    }
}
