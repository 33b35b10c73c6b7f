//! The store's time, as this node knows it.

use keywright_domain::limits;
use keywright_domain::time::{Boot, Span, Timestamp};

/// The store's time at the last poll, carried on by boot time alone until the next: what this machine's own calendar shows does not matter.
///
/// Small steps back, up to [`limits::CLOCK_ALARM`], it waits out, so that what has ended does not live again for a moment. The store is the
/// authority, though: when its clock goes back further, this one follows. Otherwise a clock that was wrong for a second would end whatever ends
/// within the error until the process is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calendar {
    store: Timestamp,
    /// When the poll was asked.
    at: Boot,
    /// When it was answered.
    answered: Boot,
    /// What was given before: until the store's time has caught up with it, this stands still.
    floor: Timestamp,
    /// By how much what is given may be ahead of the store although the store's clock went on evenly.
    ahead: Span,
}

impl Calendar {
    pub(crate) const fn unknown() -> Self {
        let never = Timestamp::from_us(i64::MIN);
        Self { store: never, at: Boot::from_ns(0), answered: Boot::from_ns(0), floor: never, ahead: Span::from_us(0) }
    }

    /// After the store said `store` to a poll that was asked at `asked` and answered at `now`. Counting from when it was asked, this time is
    /// never behind the store's: what ends at a time ends no later than it should.
    ///
    /// With it comes by how much the store's clock went back, if that was more than [`limits::CLOCK_ALARM`].
    pub(crate) fn next(self, store: Timestamp, asked: Boot, now: Boot) -> (Self, Option<Span>) {
        let given = self.at_boot(now);
        let ahead = elapsed(asked, now);
        let back = given.since(store.plus(ahead));
        if back > limits::CLOCK_ALARM {
            let followed = Self { store, at: asked, answered: now, floor: Timestamp::from_us(i64::MIN), ahead };
            // A slow answer makes this time run ahead; to take that back says nothing about the store's clock.
            let step = Span::from_us(back.us() - self.ahead.us());
            return (followed, (step > limits::CLOCK_ALARM).then_some(step));
        }
        let ahead = if back.us() > 0 { ahead.max(self.ahead) } else { ahead };
        (Self { store, at: asked, answered: now, floor: given, ahead }, None)
    }

    pub(crate) fn at_boot(self, now: Boot) -> Timestamp {
        self.store.plus(elapsed(self.at, now)).max(self.floor)
    }

    /// The same, counted from when the poll was answered, by a clock that may be faster than the store's by a hundredth: this time is not ahead of the
    /// store's, as long as that goes on evenly. What is issued at it was issued before anything that the store does next.
    pub(crate) fn earliest(&self, now: Boot) -> Timestamp {
        let since = elapsed(self.answered, now).us();
        self.store.plus(Span::from_us(since - since / 100))
    }
}

fn elapsed(from: Boot, to: Boot) -> Span {
    Span::from_us(i64::try_from(to.ns_since(from) / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, boot};

    /// Polls that take no time: at this second of the machine, the store's clock shows that one.
    fn polled(calendar: Calendar, boot_s: u64, store_s: i64) -> (Calendar, Option<i64>) {
        let (next, back) = calendar.next(at(store_s), boot(boot_s * 1_000), boot(boot_s * 1_000));
        (next, back.map(|span| span.us() / 1_000_000))
    }

    fn known(boot_s: u64, store_s: i64) -> Calendar {
        let (calendar, back) = polled(Calendar::unknown(), boot_s, store_s);
        assert_eq!(back, None, "the first time is no step");
        calendar
    }

    fn shows(calendar: Calendar, boot_s: u64) -> Timestamp {
        calendar.at_boot(boot(boot_s * 1_000))
    }

    #[test]
    fn between_polls_boot_time_alone_carries_it_on() {
        let calendar = known(1_000, 50);
        assert_eq!((shows(calendar, 1_000), shows(calendar, 1_002), shows(calendar, 90_000)), (at(50), at(52), at(89_050)));
        assert_eq!(shows(calendar, 900), at(50), "a reading from before the poll");
    }

    #[test]
    fn a_small_step_back_is_waited_out() {
        let (calendar, back) = polled(known(1_000, 50), 1_010, 55);
        assert_eq!(back, None);
        assert_eq!((shows(calendar, 1_010), shows(calendar, 1_015), shows(calendar, 1_016)), (at(60), at(60), at(61)));
        // Not even a further poll makes it go back.
        let (calendar, back) = polled(calendar, 1_012, 57);
        assert_eq!((back, shows(calendar, 1_012), shows(calendar, 1_020)), (None, at(60), at(65)));
    }

    #[test]
    fn a_large_step_back_is_followed_and_told_once() {
        let (calendar, back) = polled(known(1_000, 50), 1_010, 54);
        assert_eq!((back, shows(calendar, 1_010), shows(calendar, 1_011)), (Some(6), at(54), at(55)));
        assert_eq!(polled(calendar, 1_012, 56).1, None);
    }

    #[test]
    fn small_steps_back_that_add_up_are_followed() {
        let (calendar, back) = polled(known(1_000, 50), 1_001, 47);
        assert_eq!((back, shows(calendar, 1_001)), (None, at(51)));
        let (calendar, back) = polled(calendar, 1_002, 44);
        assert_eq!((back, shows(calendar, 1_002)), (Some(7), at(44)));
    }

    #[test]
    fn a_jump_forward_and_back_leaves_nothing_behind() {
        let jump = 60 * 86_400;
        let (calendar, back) = polled(known(1_000, 50), 1_001, 51 + jump);
        assert_eq!((back, shows(calendar, 1_001)), (None, at(51 + jump)));
        let (calendar, back) = polled(calendar, 1_003, 53);
        assert_eq!((back, shows(calendar, 1_003)), (Some(jump), at(53)));
    }

    #[test]
    fn a_slow_answer_is_corrected_by_the_next_and_blames_no_clock() {
        let (first, _) = polled(Calendar::unknown(), 1_000, 50);
        // Asked at 1,010; suspended for an hour; the store then said what its clock shows after that hour.
        let (slow, back) = first.next(at(3_660), boot(1_010_000), boot(4_610_000));
        assert_eq!((back, shows(slow, 4_610)), (None, at(7_260)));
        let later = at(3_660).plus(Span::from_us(1_980_000));
        assert_eq!((slow.earliest(boot(4_610_000)), slow.earliest(boot(4_612_000))), (at(3_660), later), "what is issued is no hour ahead");
        let (calendar, back) = polled(slow, 4_611, 3_661);
        assert_eq!((back, shows(calendar, 4_611)), (None, at(3_661)));
    }
}
