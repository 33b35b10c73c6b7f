//! Writing verdicts as JSON, by hand: the members and their order never change, and all but one value need no escaping.

use std::io::Write as _;

use keywright_domain::change::Position;
use keywright_domain::time::Timestamp;
use keywright_verifier::{Answer, Found, PermissionSet};

/// Bytes of a verdict with one short permission; longer ones grow the buffer once.
pub(crate) const VERDICT_BYTES: usize = 448;

/// Appends a verdict.
pub(crate) fn verdict(out: &mut Vec<u8>, answer: &Answer<'_>, stale_s: Option<u64>) {
    out.extend_from_slice(if answer.code == keywright_domain::verdict::Code::Valid { br#"{"valid":true,"code":""# } else { br#"{"valid":false,"code":""# });
    out.extend_from_slice(answer.code.as_str().as_bytes());
    out.push(b'"');
    if let Some(found) = &answer.found {
        credential(out, found, answer.permissions().unwrap_or(found.permissions));
    }
    if let Some(token) = &answer.token {
        out.extend_from_slice(br#","jti":""#);
        drop(write!(out, "{}", token.facts().id));
        out.extend_from_slice(br#"","scope":"#);
        // The narrower of what the token says and what its credential holds now, as in `permissions`.
        if token.is_narrowed() {
            string(out, &token.permissions().names().join(" "));
        } else {
            string(out, &token.facts().scope);
        }
    }
    if let Some(signed) = &answer.signed {
        out.extend_from_slice(br#","body":""#);
        out.extend_from_slice(signed.body.as_str().as_bytes());
        out.extend_from_slice(br#"","replay_scope":""#);
        out.extend_from_slice(signed.replay_scope.as_str().as_bytes());
        out.push(b'"');
    }
    if let Some(detail) = &answer.detail {
        out.extend_from_slice(br#","detail":"#);
        string(out, &detail.sentence);
        if let Some(accepted) = &detail.accept_signature {
            out.extend_from_slice(br#","accept_signature":"#);
            string(out, accepted);
        }
        if let Some(code) = detail.yoti_error {
            out.extend_from_slice(br#","yoti_error":""#);
            out.extend_from_slice(code.as_bytes());
            out.push(b'"');
        }
    }
    out.extend_from_slice(br#","position":"#);
    number(out, answer.position.0);
    if let Some(s) = stale_s {
        out.extend_from_slice(br#","stale_s":"#);
        number(out, s);
    }
    out.push(b'}');
}

/// Appends what stands in a batch for a verdict that nobody can give now: the credential is not to blame, and the question may be asked again.
pub(crate) fn unavailable(out: &mut Vec<u8>, why: &str, position: Position) {
    out.extend_from_slice(br#"{"valid":false,"code":"verification_unavailable","detail":"#);
    string(out, why);
    out.extend_from_slice(br#","position":"#);
    number(out, position.0);
    out.push(b'}');
}

fn credential(out: &mut Vec<u8>, found: &Found<'_>, permissions: &PermissionSet) {
    out.extend_from_slice(br#","credential_id":"key_"#);
    ulid(out, found.credential.bits());
    out.extend_from_slice(br#"","public_id":"#);
    match found.public_id {
        None => out.extend_from_slice(b"null"),
        Some(public_id) => string(out, public_id),
    }
    out.extend_from_slice(br#","version":"#);
    number(out, u64::from(found.version));
    out.extend_from_slice(br#","kind":""#);
    out.extend_from_slice(found.kind.as_str().as_bytes());
    out.extend_from_slice(br#"","service":"#);
    string(out, found.service);
    out.extend_from_slice(br#","environment":""#);
    out.extend_from_slice(found.environment.as_str().as_bytes());
    out.extend_from_slice(br#"","application_id":"app_"#);
    ulid(out, found.application.bits());
    out.extend_from_slice(br#"","organisation_id":"org_"#);
    ulid(out, found.organisation.bits());
    out.extend_from_slice(br#"","permissions":"#);
    out.extend_from_slice(permissions.json().as_bytes());
    match found.expires_at {
        None => out.extend_from_slice(br#","expires_at":null"#),
        Some(at) => {
            out.extend_from_slice(br#","expires_at":""#);
            time(out, at);
            out.push(b'"');
        }
    }
    match found.rate_limit {
        None => out.extend_from_slice(br#","rate_limit":null"#),
        Some(state) => {
            out.extend_from_slice(br#","rate_limit":{"limit":"#);
            number(out, u64::from(state.limit));
            out.extend_from_slice(br#","remaining":"#);
            number(out, u64::from(state.remaining));
            out.extend_from_slice(br#","reset_s":"#);
            number(out, state.reset_s);
            out.push(b'}');
        }
    }
}

/// A decimal number.
pub(crate) fn number(out: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// The 26 characters of a ULID (Crockford's base 32, most significant digit first).
pub(crate) fn ulid(out: &mut Vec<u8>, bits: u128) {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    // Two halves of 65 and 63 bits would cross words: three 10-digit, 10-digit and 6-digit parts stay inside 64 bits.
    let (low, middle, high) = (bits as u64, (bits >> 50) as u64, (bits >> 100) as u64);
    let mut text = [0; 26];
    for i in 0..10 {
        text[25 - i] = DIGITS[(low >> (5 * i)) as usize & 31];
        text[15 - i] = DIGITS[(middle >> (5 * i)) as usize & 31];
    }
    for i in 0..6 {
        text[5 - i] = DIGITS[(high >> (5 * i)) as usize & 31];
    }
    out.extend_from_slice(&text);
}

/// A string with its quotes (RFC 8259 section 7).
fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.extend_from_slice(text.as_bytes());
    } else {
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
                c if c < ' ' => drop(write!(out, "\\u{:04x}", c as u32)),
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
    out.push(b'"');
}

/// RFC 3339 in UTC, as [`Timestamp`] prints it.
fn time(out: &mut Vec<u8>, at: Timestamp) {
    let (days, us) = (at.us().div_euclid(86_400_000_000), at.us().rem_euclid(86_400_000_000));
    // Days to a date of the Gregorian calendar, counted in eras of 400 years that begin on 1 March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if !(0..=9_999).contains(&year) {
        drop(write!(out, "{at}"));
        return;
    }
    let two = |n: i64| [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
    let s = us / 1_000_000;
    for (before, n) in [(b"".as_slice(), year / 100), (b"", year % 100), (b"-", month), (b"-", day), (b"T", s / 3_600), (b":", s / 60 % 60), (b":", s % 60)] {
        out.extend_from_slice(before);
        out.extend_from_slice(&two(n));
    }
    let mut fraction = us % 1_000_000;
    if fraction > 0 {
        let mut digits = [0; 6];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (fraction % 10) as u8;
            fraction /= 10;
        }
        let end = digits.iter().rposition(|d| *d != b'0').map_or(0, |last| last + 1);
        out.push(b'.');
        out.extend_from_slice(&digits[..end]);
    }
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;
    use keywright_domain::ids::CredentialId;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn strings_are_read_back_by_serde_json(given in any::<String>()) {
            let written = text(|out| string(out, &given));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), given);
        }

        #[test]
        fn numbers_ids_and_times_are_written_as_they_print(n: u64, bits: u128, us in -70_000_000_000_000_000i64..260_000_000_000_000_000, whole: bool) {
            prop_assert_eq!(text(|out| number(out, n)), n.to_string());
            let id = CredentialId::from_bits(bits);
            prop_assert_eq!(format!("key_{}", text(|out| ulid(out, bits))), id.to_string());
            let at = Timestamp::from_us(if whole { us / 1_000_000 * 1_000_000 } else { us });
            prop_assert_eq!(text(|out| time(out, at)), at.to_string());
        }
    }

    #[test]
    fn the_edges_are_right_too() {
        assert_eq!(text(|out| number(out, 0)), "0");
        assert_eq!(text(|out| number(out, u64::MAX)), u64::MAX.to_string());
        for us in [i64::MIN, -62_167_219_200_000_001, -1, 0, 951_782_400_000_000, 951_868_799_999_999, 4_107_542_400_000_000, i64::MAX] {
            let at = Timestamp::from_us(us);
            assert_eq!(text(|out| time(out, at)), at.to_string());
        }
    }
}
