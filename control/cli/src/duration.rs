//! `90s`, `10m`, `2h`, `1d`: a duration as one types it.

use std::time::Duration;

pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds_per_unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        // Seconds to one and minutes to another.
        "" if !digits.is_empty() => {
            return Err(format!("a number needs a unit: {text}s for seconds, {text}m for minutes"));
        }
        _ => return Err("the units are s, m, h and d, as in 10m".to_owned()),
    };
    digits
        .parse::<u64>()
        .ok()
        .filter(|count| *count > 0)
        .and_then(|count| count.checked_mul(seconds_per_unit))
        .map(Duration::from_secs)
        .ok_or_else(|| "write a number and a unit, as in 10m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(parse("90s").unwrap().as_secs(), 90);
        assert_eq!(parse("10m").unwrap().as_secs(), 600);
        assert_eq!(parse("2h").unwrap().as_secs(), 7200);
        assert_eq!(parse("1d").unwrap().as_secs(), 86_400);
        for bad in ["", "m", "0s", "-1s", "10ms", "1.5h", "99999999999999999999d", "10 m"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_without_a_unit_is_refused_with_two_to_choose_from() {
        let refusal = parse("10").unwrap_err();
        assert!(refusal.contains("10s") && refusal.contains("10m"), "{refusal}");
    }
}
