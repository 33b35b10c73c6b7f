//! Two kinds of time: the calendar's ([`Timestamp`]) and the machine's ([`Boot`]).
//!
//! Calendar time decides what people agreed on (expiry, the end of an overlap) and is the store's. Machine time decides
//! how fresh a replica is; it counts suspend and never goes back. The two are different types, so none is taken for the other.

use std::fmt;
use std::str::FromStr;

/// A moment of the calendar, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a time: write RFC 3339 with a zone, such as 2027-01-31T12:00:00Z or 2027-01-31T13:00:00+01:00")]
pub struct TimeError {
    given: String,
}

impl Timestamp {
    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn us(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970, as ids use them; times before 1970 count as 1970.
    #[must_use]
    pub fn ms(self) -> u64 {
        u64::try_from(self.0 / 1_000).unwrap_or(0)
    }

    /// This moment and `span` more; stays at the last representable moment.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.us))
    }

    /// How long after `earlier` this moment is; zero if it is not after.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        let us = self.0.saturating_sub(earlier.0);
        Span { us: if us < 0 { 0 } else { us } }
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with a `Z`, and no fraction where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => f.write_str(if self.0 < 0 { "-009999-01-02T01:59:59Z" } else { "9999-12-30T22:00:00Z" }),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    /// RFC 3339 with an offset; a time without a zone is refused, because nobody can know which was meant.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError { given: crate::text::repeated(text) };
        // jiff reads more than RFC 3339 (`[Europe/London]`, week dates); only the RFC's letters get to it.
        if !text.bytes().all(|b| b.is_ascii_digit() || b"-+:.TtZz ".contains(&b)) || text.len() > 40 {
            return Err(wrong());
        }
        let at: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        Ok(Self(at.as_microsecond()))
    }
}

/// A length of calendar time in microseconds, never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    us: i64,
}

/// Why a text is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a span of time: write a number and a unit (ms, s, m, h or d), such as 24h")]
pub struct SpanError {
    given: String,
}

impl Span {
    /// From whole microseconds; negative ones count as zero.
    #[must_use]
    pub const fn from_us(us: i64) -> Self {
        Self { us: if us < 0 { 0 } else { us } }
    }
    /// From whole seconds.
    #[must_use]
    pub const fn from_s(s: i64) -> Self {
        Self::from_us(s.saturating_mul(1_000_000))
    }
    /// From whole hours.
    #[must_use]
    pub const fn from_h(h: i64) -> Self {
        Self::from_s(h * 3_600)
    }
    /// From whole days of 24 hours.
    #[must_use]
    pub const fn from_d(d: i64) -> Self {
        Self::from_h(d * 24)
    }
    /// Microseconds.
    #[must_use]
    pub const fn us(self) -> i64 {
        self.us
    }
}

impl fmt::Display for Span {
    /// The largest unit that divides it: `24h` is `1d`, `90s` stays `90s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, us) in [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)] {
            if self.us >= us && self.us % us == 0 {
                return write!(f, "{}{unit}", self.us / us);
            }
        }
        if self.us == 0 { f.write_str("0s") } else { write!(f, "{}us", self.us) }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Span {
    type Err = SpanError;
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let wrong = || SpanError { given: crate::text::repeated(text) };
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let unit_us = match unit {
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return Err(wrong()),
        };
        number.checked_mul(unit_us).map(Self::from_us).ok_or_else(wrong)
    }
}

/// A reading of this machine's clock that counts suspend (`CLOCK_BOOTTIME`), in nanoseconds since it started.
/// Readings of two machines, or of one before and after a restart, have nothing to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Boot(u64);

impl Boot {
    /// From nanoseconds.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }
    /// Nanoseconds.
    #[must_use]
    pub const fn ns(self) -> u64 {
        self.0
    }
    /// This reading and `ms` milliseconds more.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
    /// Nanoseconds since `earlier`; zero if that is later.
    #[must_use]
    pub const fn ns_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_print_in_utc_and_offsets_are_understood() {
        let at: Timestamp = "2026-03-26T12:00:00+02:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-03-26T10:00:00Z");
    }

    #[test]
    fn a_time_without_a_zone_is_refused() {
        for text in ["2026-03-26T12:00:00", "2026-03-26", "tomorrow", "2026-03-26T12:00:00[Europe/London]", "", "1"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_survives_its_text(us in -62_000_000_000_000_000i64..250_000_000_000_000_000) {
            let at = Timestamp::from_us(us);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
        }
        #[test]
        fn a_span_of_whole_milliseconds_survives_its_text(ms in 0i64..10_000_000_000) {
            let span = Span::from_us(ms * 1_000);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
