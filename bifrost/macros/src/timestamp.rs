//! Timestamps that Step Functions accepts: RFC 3339 with a capital `T`, and `Z` for UTC.

pub(crate) fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return false;
    };
    is_date(date) && is_time(time)
}

fn is_date(date: &str) -> bool {
    let [year, month, day] = *date.split('-').collect::<Vec<_>>() else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn is_time(time: &str) -> bool {
    let Some(zone) = time.find(['Z', '+', '-']) else {
        return false;
    };
    let (clock, zone) = time.split_at(zone);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = *clock.split(':').collect::<Vec<_>>() else {
        return false;
    };
    let fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    fraction && is_zone(zone) && below(hour, 24) && below(minute, 60) && below(second, 60)
}

fn is_zone(zone: &str) -> bool {
    let offset = zone.strip_prefix(['+', '-']).and_then(|offset| offset.split_once(':'));
    zone == "Z" || offset.is_some_and(|(hours, minutes)| below(hours, 24) && below(minutes, 60))
}

fn below(text: &str, limit: u32) -> bool {
    digits(text, 2).is_some_and(|number| number < limit)
}

fn digits(text: &str, length: usize) -> Option<u32> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn valid_timestamps_are_accepted() {
        for text in ["2026-01-01T00:00:00Z", "2024-02-29T23:59:59.125Z", "2026-01-01T00:00:00+01:30"] {
            assert!(is_timestamp(text), "{text}");
        }
    }

    #[test]
    fn invalid_timestamps_are_refused() {
        let wrong = ["", "2026-01-01", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2025-02-29T00:00:00Z"];
        let wrong = wrong.into_iter().chain(["2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-1-1T00:00:00Z"]);
        for text in wrong.chain(["2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z01:30", "2026-01-01T00:00:00é"]) {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
