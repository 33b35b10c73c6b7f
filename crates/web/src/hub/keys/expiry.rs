//! Expiry as forms ask for it: a choice, and a day where the choice is a date.

use keywright_domain::time::{Span, Timestamp};

/// The moment at which a day that was picked is over, in UTC; none: it is no day.
pub(super) fn end_of(day: &str) -> Option<Timestamp> {
    let plain = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let begin: Timestamp = plain.then(|| format!("{day}T00:00:00Z").parse().ok()).flatten()?;
    Some(begin.plus(Span::from_d(1)))
}

/// The day on which a moment is, as a date field has it.
pub(super) fn day_of(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// The last day before a moment, which [`end_of`] leads back to.
pub(super) fn last_day(at: Timestamp) -> String {
    day_of(Timestamp::from_us(at.us() - 1))
}

/// What a choice of a length comes to.
pub(super) fn after(choice: &str, now: Timestamp) -> Option<Timestamp> {
    let days = match choice {
        "30d" => 30,
        "90d" => 90,
        "1y" => 365,
        _ => return None,
    };
    Some(now.plus(Span::from_d(days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_when_the_next_one_begins() {
        let end = end_of("2027-02-28").unwrap();
        assert_eq!(end.to_string(), "2027-03-01T00:00:00Z");
        assert_eq!(last_day(end), "2027-02-28");
        for no_day in ["", "2027-02-30", "28.02.2027", "2027-2-3", "2027-02-28T0", "００００-01-01"] {
            assert_eq!(end_of(no_day), None, "{no_day}");
        }
    }
}
