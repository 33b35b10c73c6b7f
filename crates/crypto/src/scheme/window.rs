//! Whether a request was signed just now.

use super::fault::Fault;

/// Whether `signed_ms` lies at most `window_s` seconds before or after `now_ms` (both milliseconds since 1970, UTC).
///
/// # Errors
/// [`Fault::OutOfWindow`]
pub fn check(signed_ms: i64, now_ms: i64, window_s: u32) -> Result<(), Fault> {
    let ahead_ms = signed_ms.saturating_sub(now_ms);
    if ahead_ms.unsigned_abs() <= u64::from(window_s) * 1_000 {
        return Ok(());
    }
    // Away from zero: 300.2 s must not read as "300 s, and 300 s are allowed".
    let ahead_s = ahead_ms / 1_000 + if ahead_ms % 1_000 == 0 { 0 } else { ahead_ms.signum() };
    Err(Fault::OutOfWindow { ahead_s, window_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_beyond_the_window_is_too_much_on_either_side() {
        for (signed, ahead) in [(699_999, -301), (1_300_001, 301), (i64::MIN, -9_223_372_036_854_776), (i64::MAX, 9_223_372_036_853_776)] {
            assert_eq!(check(signed, 1_000_000, 300), Err(Fault::OutOfWindow { ahead_s: ahead, window_s: 300 }), "{signed}");
        }
        for signed in [700_000, 1_000_000, 1_300_000] {
            assert_eq!(check(signed, 1_000_000, 300), Ok(()));
        }
    }
}
