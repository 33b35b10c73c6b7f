//! Dates of HTTP headers.

use keywright_domain::time::Timestamp;

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`: the form in which they are sent (IMF-fixdate, RFC 9110 section 5.6.7).
pub(super) fn seconds(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.trim().split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let at: Timestamp = format!("{year}-{month:02}-{day}T{time}Z").parse().ok()?;
    (words.next() == Some("GMT") && words.next().is_none()).then(|| at.us().div_euclid(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_the_rfc_is_read_and_nothing_else() {
        assert_eq!(seconds(" Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for bad in ["", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 25:49:37 GMT"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
