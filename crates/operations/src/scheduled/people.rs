//! Forgetting what people left behind: sign-ins, sessions and repeats of requests that are over.

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};

use super::AT_ONCE;
use crate::{Error, Operations};

impl Operations {
    /// One round, by a clock that is trusted. What is over is refused already; this only erases it.
    pub(super) async fn forget_people(&self, now: Timestamp) -> Result<(), Error> {
        let allowed = allow(&Caller::System { job: "housekeeping" }, Right::Housekeep, &Facts::default())?;
        let before = |kept: Span| Timestamp::from_us(now.us().saturating_sub(kept.us()));
        let (sign_ins, idle, requests) = (before(limits::SIGN_IN_KEPT), before(limits::SESSION_IDLE), before(limits::IDEMPOTENCY_KEPT));
        self.store
            .housekeep(allowed, async move |tx| {
                tx.sign_ins_forget(sign_ins, AT_ONCE).await?;
                tx.sessions_forget(now, idle, AT_ONCE).await?;
                tx.idempotency_forget(requests, AT_ONCE).await?;
                tx.call_answers_unseal(now).await?;
                Ok::<_, Error>(((), vec![]))
            })
            .await?;
        Ok(())
    }
}
