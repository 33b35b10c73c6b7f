//! Days as forms ask for them, in UTC: the last day of something, the day on which it ends, and lengths to choose from.

use keywright_domain::time::{Span, Timestamp};

use crate::hub::words::When;

/// The beginning of a day that was picked; none: it is no day.
fn begin_of(day: &str) -> Option<Timestamp> {
    let plain = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    plain.then(|| format!("{day}T00:00:00Z").parse().ok()).flatten()
}

/// What is wrong with a day with whose beginning something ends; none: it is still to come.
pub(in crate::hub) fn not_to_come(day: &str, now: Timestamp) -> Option<String> {
    match begin_of(day) {
        None => Some("Expires on is not a day: write year, month and day, such as 2027-03-31.".to_owned()),
        Some(begin) if begin <= now => Some(format!("{} has begun: choose a later day (in UTC).", When::new(begin, now).date())),
        Some(_) => None,
    }
}

/// The moment at which a day that was picked is over, in UTC; none: it is no day.
pub(in crate::hub) fn end_of(day: &str) -> Option<Timestamp> {
    begin_of(day).map(|begin| begin.plus(Span::from_d(1)))
}

/// The end of the last day that was picked, where it is still to come.
///
/// # Errors
/// A sentence that says what to pick.
pub(in crate::hub) fn end_to_come(day: &str, now: Timestamp) -> Result<Timestamp, String> {
    let end = end_of(day).ok_or("Last day is not a day: write year, month and day, such as 2027-03-31.")?;
    if end > now { Ok(end) } else { Err(format!("{} is over: choose today (in UTC) or a later day.", When::end(end, now).date())) }
}

/// The day on which a moment is, as a date field has it.
pub(in crate::hub) fn day_of(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// The last day before a moment, which [`end_of`] leads back to.
pub(in crate::hub) fn last_day(at: Timestamp) -> String {
    day_of(Timestamp::from_us(at.us() - 1))
}

/// What a choice of a length comes to.
pub(in crate::hub) fn after(choice: &str, now: Timestamp) -> Option<Timestamp> {
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

    #[test]
    fn a_day_that_is_over_is_named_as_it_was_picked() {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(end_to_come("2026-11-20", now), Err("20 November 2026 is over: choose today (in UTC) or a later day.".to_owned()));
        assert_eq!(end_to_come("2026-11-21", now).map(|end| end.to_string()), Ok("2026-11-22T00:00:00Z".to_owned()));
        assert_eq!(not_to_come("2026-11-21", now).as_deref(), Some("21 November 2026 has begun: choose a later day (in UTC)."));
        assert!(not_to_come("2026-11-22", now).is_none() && not_to_come("soon", now).is_some());
        assert!(end_to_come("20.11.2026", now).is_err_and(|why| why.contains("not a day")));
    }
}
