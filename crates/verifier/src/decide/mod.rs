//! The order of the codes.

use keywright_domain::time::{Boot, Timestamp};

use crate::question::{Beyond, Question};
use crate::replica::Asker;
use crate::verdict::Verdict;
use crate::verifier::Reading;

/// The verdict on a question, by the state that `reading` pins.
///
/// `now` is [`Reading::calendar`] at `boot`, and `boot` a clock reading that was made after the request was read. A request that is otherwise
/// valid takes from the credential's rate limit.
///
/// # Errors
/// [`Beyond`]: the resource server may not ask this.
pub fn decide<'r>(reading: &'r Reading<'_>, asker: &Asker<'r>, question: &Question<'_>, now: Timestamp, boot: Boot) -> Result<Verdict<'r>, Beyond> {
    let _ = (reading, asker, question, now, boot);
    Err(Beyond::Service { asked: String::new(), may: Vec::new() })
}
