//! Whether the store's clock can be trusted with destroying what ended long ago.
//!
//! A clock that is wrong once would make live credentials look as if they had ended years ago, and what is forgotten does not come back.

use std::fmt;

use keywright_domain::limits;
use keywright_domain::time::{Boot, Span, Timestamp};

/// A store that was not kept house in for longer than this may as well have a wrong clock.
pub const AWAY_MAX: Span = Span::from_d(1);
/// A clock that is distrusted is trusted again once it has gone like the machine's for so long.
pub const PROBATION: Span = Span::from_h(24);

/// A time is put down as one that was seen once the clock has gone like the machine's for so long: what is put down is never taken back.
pub const PROVEN: Span = Span::from_s(600);

/// What the two clocks showed at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The machine's, which nobody sets.
    pub boot: Boot,
    /// The store's.
    pub store: Timestamp,
}

impl Reading {
    /// By how many microseconds the store's clock has gone ahead of the machine's since `earlier`.
    fn gained_us(self, earlier: Self) -> i64 {
        let passed_us = i64::try_from(self.boot.ns_since(earlier.boot) / 1_000).unwrap_or(i64::MAX);
        self.store.us().saturating_sub(earlier.store.us()).saturating_sub(passed_us)
    }

    /// Whether the store's clock has gone like the machine's since `earlier`.
    fn follows(self, earlier: Self) -> bool {
        self.gained_us(earlier).unsigned_abs() <= limits::CLOCK_ALARM.us().unsigned_abs()
    }
}

/// Why a clock is distrusted; its words say what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// When the server started, it was this many microseconds after the newest time that could be trusted; negative: before it.
    AtStart(i64),
    /// It was set by this many microseconds while the server ran.
    Jumped(i64),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::AtStart(by_us) | Self::Jumped(by_us)) = *self;
        let seconds = by_us.unsigned_abs() / 1_000_000;
        match self {
            Self::AtStart(..0) => write!(f, "the store's clock is {seconds} s before the last time that this store was in use")?,
            Self::AtStart(_) => write!(f, "the store's clock is {seconds} s after the last time that this store was in use")?,
            Self::Jumped(..0) => write!(f, "the store's clock was set back by {seconds} s")?,
            Self::Jumped(_) => write!(f, "the store's clock was set forward by {seconds} s")?,
        }
        if matches!(self, Self::AtStart(..0)) {
            return f.write_str(
                ", and expiry goes by that time until the clock has passed it. If the clock is wrong, set it (by NTP for example); if that time was wrong, \
                 stop every node, run `keywright restore --accept-rewind`, and start them again",
            );
        }
        write!(
            f,
            ", so nothing that ended is forgotten by it. If it is wrong, set it (by NTP for example), and it is trusted again; if it is right, do nothing: \
             it is trusted again in {} h",
            PROBATION.us() / Span::from_h(1).us()
        )
    }
}

/// What changed with a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The clock is distrusted from now on.
    Distrusted(Doubt),
    /// It is trusted again.
    TrustedAgain,
}

/// What a reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Data may be destroyed by it.
    pub trusted: bool,
    /// It has gone like the machine's clock since the reading before; false at the first one.
    pub steady: bool,
    /// It is trusted, and has gone like the machine's clock for [`PROVEN`].
    pub proven: bool,
}

/// How far one server trusts the store's clock.
#[derive(Debug, Default)]
pub struct Trust {
    last: Option<Reading>,
    /// Since when it has gone like the machine's clock.
    steady_since: Option<Boot>,
    doubted: Option<Doubted>,
    news: Option<News>,
}

#[derive(Debug, Clone, Copy)]
struct Doubted {
    /// Since when it has gone like the machine's clock.
    since: Boot,
    /// The last reading that could be trusted, where this server has made one.
    trusted: Option<Reading>,
}

impl Trust {
    /// Judges a reading; `seen` is the newest time in the store that could be trusted.
    pub fn judge(&mut self, now: Reading, seen: Timestamp) -> Judgement {
        let last = self.last.replace(now);
        let steady = last.is_some_and(|last| now.follows(last));
        self.steady_since = if steady { self.steady_since.or(last.map(|l| l.boot)) } else { None };
        let news = match (self.doubted, last) {
            (None, None) if plausible(now, seen) => None,
            (None, None) => Some(self.doubt(now, None, Doubt::AtStart(now.store.us().saturating_sub(seen.us())))),
            (None, Some(_)) if steady => None,
            (None, Some(last)) => Some(self.doubt(now, Some(last), Doubt::Jumped(now.gained_us(last)))),
            (Some(doubted), _) => {
                let waited_us = now.boot.ns_since(doubted.since) / 1_000;
                // It was set again: where it should be, or somewhere else.
                let mended = !steady && doubted.trusted.map_or_else(|| plausible(now, seen), |trusted| now.follows(trusted));
                if mended || (steady && waited_us >= PROBATION.us().unsigned_abs()) {
                    self.doubted = None;
                    Some(News::TrustedAgain)
                } else {
                    self.doubted = Some(Doubted { since: if steady { doubted.since } else { now.boot }, ..doubted });
                    None
                }
            }
        };
        self.news = news.or(self.news);
        let trusted = self.doubted.is_none();
        let steady_us = self.steady_since.map_or(0, |since| now.boot.ns_since(since) / 1_000);
        Judgement { trusted, steady, proven: trusted && steady_us >= PROVEN.us().unsigned_abs() }
    }

    /// What is to be told, once.
    pub fn news(&mut self) -> Option<News> {
        self.news.take()
    }

    fn doubt(&mut self, now: Reading, trusted: Option<Reading>, why: Doubt) -> News {
        self.doubted = Some(Doubted { since: now.boot, trusted });
        News::Distrusted(why)
    }
}

/// Whether the store may have stood still between `seen` and now.
fn plausible(now: Reading, seen: Timestamp) -> bool {
    let earliest_us = seen.us().saturating_sub(limits::CLOCK_ALARM.us());
    (earliest_us..=seen.plus(AWAY_MAX).us()).contains(&now.store.us())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Timestamp = Timestamp::from_us(1_700_000_000_000_000);
    const DAY_S: i64 = 86_400;
    const YEARS_S: i64 = 2 * 365 * DAY_S;

    /// Both clocks in seconds, the store's after `SEEN`.
    fn at(boot_s: i64, store_s: i64) -> Reading {
        Reading { boot: Boot::from_ns(boot_s.unsigned_abs() * 1_000_000_000), store: SEEN.plus_s(store_s) }
    }

    trait PlusS {
        fn plus_s(self, s: i64) -> Self;
    }
    impl PlusS for Timestamp {
        fn plus_s(self, s: i64) -> Self {
            Self::from_us(self.us() + s * 1_000_000)
        }
    }

    fn judged(trust: &mut Trust, boot_s: i64, store_s: i64) -> (bool, bool) {
        let Judgement { trusted, steady, .. } = trust.judge(at(boot_s, store_s), SEEN);
        (trusted, steady)
    }

    #[test]
    fn at_start_it_is_trusted_near_the_last_time_only() {
        for (store_s, trusted) in [(0, true), (-5, true), (-6, false), (DAY_S, true), (DAY_S + 1, false), (YEARS_S, false), (-YEARS_S, false)] {
            let mut trust = Trust::default();
            assert_eq!(judged(&mut trust, 100, store_s), (trusted, false), "{store_s}");
            assert_eq!(trust.news(), (!trusted).then_some(News::Distrusted(Doubt::AtStart(store_s * 1_000_000))));
        }
    }

    #[test]
    fn a_time_is_put_down_only_after_ten_steady_minutes() {
        let mut trust = Trust::default();
        let proven = |trust: &mut Trust, boot_s, store_s| trust.judge(at(boot_s, store_s), SEEN).proven;
        assert!(!proven(&mut trust, 100, 3_600));
        assert!(!proven(&mut trust, 699, 4_199));
        assert!(proven(&mut trust, 700, 4_200));
        assert!(!proven(&mut trust, 710, 8_000), "it was set");
    }

    #[test]
    fn it_stays_trusted_while_it_goes_like_the_machines() {
        let mut trust = Trust::default();
        assert_eq!(judged(&mut trust, 100, 0), (true, false));
        for (boot_s, store_s) in [(110, 10), (120, 25), (130, 30), (10_000_130, 10_000_030)] {
            assert_eq!(judged(&mut trust, boot_s, store_s), (true, true), "{boot_s}");
        }
    }

    #[test]
    fn a_jump_is_told_once_and_costs_a_day_of_consistency() {
        for jump_s in [6, YEARS_S, -6, -YEARS_S] {
            let mut trust = Trust::default();
            judged(&mut trust, 100, 0);
            assert_eq!(judged(&mut trust, 110, 10 + jump_s), (false, false));
            assert_eq!(trust.news(), Some(News::Distrusted(Doubt::Jumped(jump_s * 1_000_000))));
            assert_eq!(judged(&mut trust, 120, 20 + jump_s), (false, true));
            assert_eq!(judged(&mut trust, 109 + DAY_S, 9 + jump_s + DAY_S), (false, true));
            assert_eq!(trust.news(), None);
            assert_eq!(judged(&mut trust, 110 + DAY_S, 10 + jump_s + DAY_S), (true, true));
            assert_eq!(trust.news(), Some(News::TrustedAgain));
        }
    }

    #[test]
    fn another_jump_starts_the_day_anew() {
        let mut trust = Trust::default();
        judged(&mut trust, 100, 0);
        judged(&mut trust, 110, YEARS_S);
        assert_eq!(judged(&mut trust, 110 + DAY_S / 2, YEARS_S + DAY_S / 2 + 60), (false, false));
        assert_eq!(judged(&mut trust, 110 + DAY_S, YEARS_S + DAY_S + 60), (false, true));
        assert_eq!(judged(&mut trust, 110 + DAY_S * 3 / 2, YEARS_S + DAY_S * 3 / 2 + 60), (true, true));
    }

    #[test]
    fn a_clock_that_is_set_right_is_trusted_again_at_once() {
        let mut trust = Trust::default();
        judged(&mut trust, 100, 0);
        judged(&mut trust, 110, YEARS_S);
        assert_eq!(judged(&mut trust, 500, 400), (true, false), "where it would be without the jump");
        judged(&mut trust, 510, YEARS_S);
        assert_eq!(judged(&mut trust, 520, DAY_S / 2), (false, false), "near the last time is not enough while this server knows better");
        let mut trust = Trust::default();
        assert_eq!(judged(&mut trust, 1, -YEARS_S), (false, false), "a machine that does not know the time yet");
        assert_eq!(judged(&mut trust, 30, 300), (true, false));
    }

    #[test]
    fn a_doubt_says_by_how_much_and_what_to_do() {
        for (doubt, said, remedy) in [
            (Doubt::AtStart(-7_000_000), "7 s before", "restore --accept-rewind"),
            (Doubt::AtStart(90_000_000_000), "90000 s after", "24 h"),
            (Doubt::Jumped(-6_000_000), "back by 6 s", "24 h"),
            (Doubt::Jumped(8_000_000), "forward by 8 s", "24 h"),
        ] {
            let text = doubt.to_string();
            assert!(text.contains(said) && text.contains("NTP") && text.contains(remedy), "{text}");
        }
    }
}
