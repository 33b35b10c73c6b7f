//! Challenges to prove possession over: sealed, so that nobody has to remember which were given out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_domain::ids::ApplicationId;
use keywright_domain::time::Timestamp;

use crate::random::NoRandom;
use crate::seal::{MasterKey, Purpose};

/// Why a challenge does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeFault {
    /// Not one of ours, or for another application.
    #[error("this is not a challenge that was made for this application: ask for a new one, and give it as it stands")]
    Foreign,
    /// Its time is over.
    #[error("this challenge is over since {0}: ask for a new one, and sign that")]
    Over(Timestamp),
}

/// Characters of the longest text that is looked at; a challenge has 51.
const CHARS_MAX: usize = 128;

/// A new challenge for whoever makes credentials of this application. What is signed is [`challenge_text`](super::challenge_text) of it.
///
/// # Errors
/// [`NoRandom`]
pub fn challenge(master: &MasterKey, application: ApplicationId, until: Timestamp) -> Result<String, NoRandom> {
    let sealed = master.seal(Purpose::Possession, &application.to_string(), &until.us().to_be_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// Whether this is a challenge that was made for this application and is not over.
///
/// # Errors
/// [`ChallengeFault`]
pub fn check_challenge(master: &MasterKey, application: ApplicationId, challenge: &str, now: Timestamp) -> Result<(), ChallengeFault> {
    let sealed = if challenge.len() > CHARS_MAX { None } else { URL_SAFE_NO_PAD.decode(challenge).ok() };
    let until = sealed.and_then(|sealed| master.open(Purpose::Possession, &application.to_string(), &sealed).ok());
    let until = until.and_then(|until| until.as_slice().try_into().ok()).map(i64::from_be_bytes).ok_or(ChallengeFault::Foreign)?;
    let until = Timestamp::from_us(until);
    if now < until { Ok(()) } else { Err(ChallengeFault::Over(until)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_counts_for_its_application_and_its_time_only() {
        let (master, app) = (MasterKey::generate().unwrap(), ApplicationId::from_bits(1));
        let at = |s: i64| Timestamp::from_us(s * 1_000_000);
        let text = challenge(&master, app, at(100)).unwrap();
        assert_eq!((text.len(), check_challenge(&master, app, &text, at(99))), (51, Ok(())));
        assert_eq!(check_challenge(&master, app, &text, at(100)), Err(ChallengeFault::Over(at(100))));
        assert_eq!(check_challenge(&master, ApplicationId::from_bits(2), &text, at(1)), Err(ChallengeFault::Foreign));
        assert_eq!(check_challenge(&MasterKey::generate().unwrap(), app, &text, at(1)), Err(ChallengeFault::Foreign));
        for bad in ["", "!", &text[1..], &format!("{text}A"), &"A".repeat(51), &"A".repeat(9_999)] {
            assert_eq!(check_challenge(&master, app, bad, at(1)), Err(ChallengeFault::Foreign), "{bad}");
        }
    }
}
