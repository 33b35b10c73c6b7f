//! Words that pages share: how long ago, how many, whose initials. Sentences stand in the templates.

use std::fmt;

use askama::filters::HtmlSafe;
use keywright_domain::time::{Span, Timestamp};

/// The name of the product, where the provider has given no other.
pub(crate) const BRAND: &str = "Keywright";

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;

/// A moment as people say it, with the exact time in UTC in `datetime` and `title`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct When {
    at: Timestamp,
    now: Timestamp,
    /// It is the end of something, so that midnight belongs to the day before.
    ends: bool,
}

impl When {
    /// `at`, seen from `now`.
    pub(crate) const fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now, ends: false }
    }

    /// For optional times.
    pub(crate) fn maybe(at: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        at.map(|at| Self::new(at, now))
    }

    /// The moment from which on something is over: in dates the last day on which it is not.
    pub(crate) const fn end(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now, ends: true }
    }

    /// `4 minutes ago`, `in 3 days`; beyond 30 days the date.
    pub(crate) fn words(self) -> String {
        let s = (self.now.us() - self.at.us()) / 1_000_000;
        let (count, unit) = match s.abs() {
            0..45 => return if self.at > self.now { "in a moment".into() } else { "just now".into() },
            s if s < 45 * MINUTE_S => ((s + MINUTE_S / 2) / MINUTE_S, "minute"),
            s if s < 22 * HOUR_S => ((s + HOUR_S / 2) / HOUR_S, "hour"),
            s if s < 30 * DAY_S => ((s + DAY_S / 2) / DAY_S, "day"),
            _ => return self.date(),
        };
        let (count, many) = (count.max(1), if count > 1 { "s" } else { "" });
        if s < 0 { format!("in {count} {unit}{many}") } else { format!("{count} {unit}{many} ago") }
    }

    /// `26 March 2026`.
    pub(crate) fn date(self) -> String {
        const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
        let text = if self.ends { Self::new(Timestamp::from_us(self.at.us() - 1), self.now).exact() } else { self.exact() };
        let mut parts = text.splitn(3, '-');
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let month = month.and_then(|m| m.parse::<usize>().ok()).and_then(|m| MONTHS.get(m.wrapping_sub(1)));
        match (year, month, day.and_then(|d| d.get(..2))) {
            (Some(year), Some(month), Some(day)) => format!("{} {month} {year}", day.trim_start_matches('0')),
            _ => text,
        }
    }

    /// The exact time, for beside the words.
    pub(crate) const fn exactly(self) -> Exact {
        Exact(self.at)
    }

    /// To the second: `2026-03-26T10:00:00Z`.
    pub(crate) fn exact(self) -> String {
        Timestamp::from_us(self.at.us() - self.at.us().rem_euclid(1_000_000)).to_string()
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = self.exact();
        let (date, time) = exact.split_once('T').unwrap_or((&exact, ""));
        write!(f, r#"<time datetime="{exact}" title="{date} {} UTC">{}</time>"#, time.trim_end_matches('Z'), self.words())
    }
}

/// Made of digits and of words of this file.
impl HtmlSafe for When {}

/// The same time, exact: for tables of events and for proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact(pub(crate) Timestamp);

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = When::new(self.0, self.0).exact();
        let (date, time) = exact.split_once('T').unwrap_or((&exact, ""));
        write!(f, r#"<time datetime="{exact}">{date} {} UTC</time>"#, time.trim_end_matches('Z'))
    }
}

/// Made of digits.
impl HtmlSafe for Exact {}

/// A length of time as people say it: `2 seconds`, `24 hours`, `7 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length(pub(crate) Span);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(2 * DAY_S, DAY_S, "day"), (HOUR_S, HOUR_S, "hour"), (MINUTE_S, MINUTE_S, "minute"), (1, 1, "second")];
        let (s, whole) = (self.0.us() / 1_000_000, self.0.us() % 1_000_000 == 0);
        match units.iter().find(|(from, unit, _)| whole && s >= *from && s % unit == 0) {
            Some((_, unit, word)) => write!(f, "{} {word}{}", s / unit, if s / unit == 1 { "" } else { "s" }),
            None => write!(f, "{} ms", self.0.us() / 1_000),
        }
    }
}

/// Made of digits and words of this file.
impl HtmlSafe for Length {}

/// A number with thin separators: `1 234 567`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u64);

impl Number {
    /// For templates, which pass references.
    pub(crate) const fn of(number: &u64) -> Self {
        Self(*number)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (i, digit) in digits.chars().enumerate() {
            // U+202F: narrow, and lines do not break there.
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str("\u{202f}")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// Digits and spaces.
impl HtmlSafe for Number {}

/// The first letters of the first two words, or the first two letters of the only one.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let letters: String = match (words.next(), words.next()) {
        (Some(first), Some(second)) => first.chars().take(1).chain(second.chars().take(1)).collect(),
        (Some(only), None) => only.chars().take(2).collect(),
        (None, _) => return "–".into(),
    };
    letters.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(at: &str, now: &str) -> String {
        When::new(at.parse().unwrap(), now.parse().unwrap()).words()
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let now = "2026-03-26T12:00:00Z";
        for (at, said) in [
            ("2026-03-26T11:59:58Z", "just now"),
            ("2026-03-26T12:00:09Z", "in a moment"),
            ("2026-03-26T11:59:00Z", "1 minute ago"),
            ("2026-03-26T11:56:00Z", "4 minutes ago"),
            ("2026-03-26T11:00:00Z", "1 hour ago"),
            ("2026-03-25T13:10:00Z", "1 day ago"),
            ("2026-03-27T12:00:00Z", "in 1 day"),
            ("2026-04-05T12:00:00Z", "in 10 days"),
            ("2027-01-02T12:00:00Z", "2 January 2027"),
            ("2025-03-26T12:00:00Z", "26 March 2025"),
        ] {
            assert_eq!(words(at, now), said, "{at}");
        }
    }

    #[test]
    fn what_ends_at_midnight_has_its_last_day_before() {
        let end = |at: &str| When::end(at.parse().unwrap(), "2026-03-26T12:00:00Z".parse().unwrap());
        assert_eq!(end("2026-12-25T00:00:00Z").words(), "24 December 2026");
        assert_eq!(end("2026-12-25T00:00:01Z").words(), "25 December 2026");
        assert!(end("2026-12-25T00:00:00Z").to_string().contains(r#"title="2026-12-25 00:00:00 UTC""#), "the exact time stays what it is");
    }

    #[test]
    fn the_exact_time_stands_in_the_element() {
        let when = When::new("2026-03-26T11:56:00.123Z".parse().unwrap(), "2026-03-26T12:00:00Z".parse().unwrap());
        assert_eq!(when.to_string(), r#"<time datetime="2026-03-26T11:56:00Z" title="2026-03-26 11:56:00 UTC">4 minutes ago</time>"#);
    }

    #[test]
    fn lengths_are_said_in_the_largest_unit_that_fits() {
        for (span, said) in
            [("2s", "2 seconds"), ("1m", "1 minute"), ("24h", "24 hours"), ("36h", "36 hours"), ("7d", "7 days"), ("90s", "90 seconds"), ("1500ms", "1500 ms")]
        {
            assert_eq!(Length(span.parse().unwrap()).to_string(), said);
        }
    }

    #[test]
    fn numbers_have_thin_separators() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (12_345_678, "12\u{202f}345\u{202f}678")] {
            assert_eq!(Number(number).to_string(), shown);
        }
    }

    #[test]
    fn initials_are_letters_of_any_script() {
        assert_eq!(initials("Acme Payments Ltd"), "AP");
        assert_eq!(initials("łódź"), "ŁÓ");
        assert_eq!(initials("<b>"), "B");
        assert_eq!(initials("💥"), "–");
    }
}
