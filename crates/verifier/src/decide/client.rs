//! Who asks the OAuth 2 server for something: a client proves itself by its secret (RFC 6749 section 2.3.1) or by an assertion that it has
//! signed (RFC 7523 section 3).

use std::net::IpAddr;

use keywright_crypto::digest;
use keywright_crypto::jwt::{self, Unverified};
use keywright_domain::catalogue::Tokens;
use keywright_domain::credential::secret_form::Brand;
use keywright_domain::credential::{Environment, TokenForm, VersionState};
use keywright_domain::limits;
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;

use super::signature::{Unused, use_up};
use super::standing;
use crate::nonces::{NonceAnswer, NonceClaim};
use crate::replica::{Owner, Prover, Row};
use crate::verdict::{Answer, Unavailable, Verdict};
use crate::verifier::Reading;

/// How a client proves itself. It has no `Debug`: it holds a secret.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    /// By its secret.
    Secret {
        /// The client id.
        client_id: &'a str,
        /// The secret.
        secret: &'a str,
    },
    /// By a JWT that it has signed.
    Assertion {
        /// The JWT.
        assertion: &'a str,
        /// The client id, where the request names it beside.
        client_id: Option<&'a str>,
        /// The issuer identifier of this server, which the assertion must be for.
        issuer: &'a str,
        /// The URL that it is for where it is in Yoti's form.
        url: &'a str,
    },
}

/// A client that wants to prove itself.
#[derive(Clone, Copy)]
pub struct ClientAttempt<'a> {
    /// How.
    pub presented: Presented<'a>,
    /// Where it calls from.
    pub source_ip: Option<IpAddr>,
    /// What the memory that all nodes share says of the assertion's id.
    pub nonce: Option<(NonceClaim, NonceAnswer)>,
}

/// What becomes of an attempt.
pub enum ClientStep<'r> {
    /// It has proved itself. The verdict says whether it may have tokens, and counts once it is confirmed.
    Proved(Box<(Verdict<'r>, Client<'r>)>),
    /// It has not; why is for the log and for a developer, and tells nothing about what there is.
    Refused(&'static str),
    /// Too many attempts from there for this client have failed.
    TooOften,
    /// As [`Step::Need`](crate::Step::Need).
    Need(NonceClaim),
    /// As [`Step::Unavailable`](crate::Step::Unavailable).
    Unavailable(Unavailable),
}

/// What its tokens depend on, beside what the verdict says.
pub struct Client<'r> {
    /// What its service says of tokens.
    pub tokens: Tokens,
    /// The form of its tokens.
    pub form: TokenForm,
    /// Tokens that were issued before have ended.
    pub tokens_not_before: Timestamp,
    /// The brand of this installation.
    pub brand: Option<&'r Brand>,
    /// The service that its tokens are for.
    pub service: &'r str,
    /// The environment that its tokens are for.
    pub environment: Environment,
}

/// What is compared with where nobody is of that name, so that it takes as long.
const NOBODYS: [u8; 32] = [0; 32];

/// Yoti's clients put this before their id.
const YOTI: &str = "sdk:";

enum Refusal {
    Because(&'static str),
    Need(NonceClaim),
    Unavailable(Unavailable),
}

impl From<&'static str> for Refusal {
    fn from(why: &'static str) -> Self {
        Self::Because(why)
    }
}

struct Asked<'c, 'r> {
    reading: &'r Reading<'r>,
    attempt: &'c ClientAttempt<'c>,
    now: Timestamp,
}

/// Finds out whether a client is who it says. `now` is [`Reading::calendar`] at `boot`.
pub fn authenticate<'r>(reading: &'r Reading<'_>, attempt: &ClientAttempt<'_>, now: Timestamp, boot: Boot) -> ClientStep<'r> {
    match attempt.presented {
        Presented::Secret { client_id, secret } => guarded(reading, attempt, client_id, (now, boot), |asked| asked.by_secret(client_id, secret)),
        Presented::Assertion { assertion, client_id, issuer, url } => {
            let Ok(token) = jwt::read(assertion) else { return ClientStep::Refused("the assertion is not a JWT as RFC 7523 wants it") };
            let subject = token.unproved().subject().unwrap_or_default().to_owned();
            let (id, aud) = subject.strip_prefix(YOTI).map_or((subject.as_str(), [issuer, issuer]), |id| (id, [issuer, url]));
            if token.unproved().issuer() != Some(&*subject) || client_id.is_some_and(|named| named != subject && named != id) {
                return ClientStep::Refused("iss and sub of the assertion must both be the client id");
            }
            guarded(reading, attempt, id, (now, boot), |asked| asked.by_assertion(id, token, aud))
        }
    }
}

/// Failed attempts are counted by what calls itself a client and by where it calls from, together: whoever fails too often is told to wait. Nobody
/// locks a client out, and it does not show which clients there are.
fn guarded<'r>(
    reading: &'r Reading<'_>,
    attempt: &ClientAttempt<'_>,
    client_id: &str,
    (now, boot): (Timestamp, Boot),
    prove: impl FnOnce(&Asked<'_, 'r>) -> Result<(&'r Row, Owner), Refusal>,
) -> ClientStep<'r> {
    // A UUID is the same client in any case.
    let (who, budget) = ((client_id.to_ascii_lowercase(), attempt.source_ip), reading.verifier.budget());
    // A secret is compared in no time: the right one is never refused.
    if matches!(attempt.presented, Presented::Assertion { .. }) && budget.stops(&who, attempt.source_ip, boot) {
        return ClientStep::TooOften;
    }
    match prove(&Asked { reading, attempt, now }) {
        Ok((row, owner)) => proved(reading, attempt, row, owner, (now, boot)),
        Err(Refusal::Because(why)) if !budget.failed(&who, attempt.source_ip, boot) => ClientStep::Refused(why),
        Err(Refusal::Because(_)) => ClientStep::TooOften,
        Err(Refusal::Need(claim)) => ClientStep::Need(claim),
        Err(Refusal::Unavailable(why)) => ClientStep::Unavailable(why),
    }
}

const UNKNOWN: &str = "the client is unknown, or its secret is not this one";

impl<'r> Asked<'_, 'r> {
    /// The first version of the client of this name, with its owner.
    fn named(&self, client_id: &str) -> Option<(&'r Row, Owner)> {
        let view = &self.reading.snapshot.view;
        let home = view.named(client_id.to_ascii_lowercase().as_bytes()).or_else(|| view.named(client_id.as_bytes()))?;
        let client = home.kind().gets_tokens() && !home.credential_forgotten(self.now);
        Some((home, view.owner(home)?)).filter(|_| client)
    }

    fn by_secret(&self, client_id: &str, secret: &str) -> Result<(&'r Row, Owner), Refusal> {
        let (view, shown) = (&self.reading.snapshot.view, digest::sha256(secret.as_bytes()));
        let Some((home, owner)) = self.named(client_id) else {
            let _ = digest::equal(&NOBODYS, &shown);
            return Err(UNKNOWN.into());
        };
        let fits = |row: &&Row| matches!(view.material(row).map(|material| &material.prover), Some(Prover::Secret(known)) if digest::equal(known, &shown));
        let found = view.versions(home).filter(|row| !row.forgotten(self.now)).find(fits);
        found.map(|row| (row, owner)).ok_or(Refusal::Because(UNKNOWN))
    }

    fn by_assertion(&self, id: &str, token: Unverified<'_>, audiences: [&str; 2]) -> Result<(&'r Row, Owner), Refusal> {
        let view = &self.reading.snapshot.view;
        // Before it is looked who that is: without proof nothing is told of it.
        if token.has_typ() && !token.typ_is("JWT") && !token.typ_is("client-authentication+jwt") {
            return Err("the typ of the assertion is not JWT".into());
        }
        let mut tried = false;
        let mut signed_by = |row: &&Row| match view.material(row).map(|material| &material.prover) {
            Some(Prover::PublicKey(key)) if key.key_type().allows(token.algorithm()) => {
                tried = true;
                count_check();
                token.verified_by(key)
            }
            _ => false,
        };
        let found = self.named(id).and_then(|(home, owner)| {
            let row = view.versions(home).filter(|row| !row.forgotten(self.now)).find(&mut signed_by)?;
            Some((row, owner))
        });
        if !tried {
            count_check();
            token.check_in_vain();
        }
        let (row, owner) = found.ok_or("the client is unknown, or the assertion is not signed by its key")?;
        // From here on they are proved.
        let claims = token.unproved();
        let mut given = claims.audiences();
        match (given.next(), given.next()) {
            (Some(one), None) if audiences.contains(&one) => {}
            _ => return Err("the aud of the assertion must be this server's issuer identifier, and nothing else".into()),
        }
        let us = |s: i64| Timestamp::from_us(s.saturating_mul(1_000_000));
        let expires = claims.expires_at_s().map(us).ok_or("the assertion has no exp")?;
        if expires <= self.now {
            return Err("the assertion has expired".into());
        }
        if expires > self.now.plus(limits::ASSERTION_LIFE).plus(limits::ASSERTION_SKEW) {
            return Err("the assertion expires more than five minutes ahead".into());
        }
        let latest = self.now.plus(limits::ASSERTION_SKEW);
        if claims.not_before_s().is_some_and(|s| us(s) > latest) || claims.issued_at_s().is_some_and(|s| us(s) > latest) {
            return Err("the assertion is of the future: set the clock of the client".into());
        }
        let jti = claims.token_id().filter(|jti| !jti.is_empty()).ok_or("the assertion has no jti")?;
        let earliest = Timestamp::from_us(expires.us() - limits::ASSERTION_LIFE.us() - limits::ASSERTION_SKEW.us());
        // Without `iat`, which is optional (RFC 7523 section 3), it may be of any time: as what is signed ahead, it is put on disk before it counts, and
        // no restart has to refuse it.
        let signed = claims.issued_at_s().map_or(expires, |s| us(s).max(earliest));
        self.once(NonceClaim::assertion(row.credential(), jti.as_bytes(), signed, expires))?;
        Ok((row, owner))
    }

    /// An assertion counts once.
    fn once(&self, claim: NonceClaim) -> Result<(), Refusal> {
        use_up(self.reading.verifier, self.attempt.nonce, claim, self.now).map_err(|why| match why {
            Unused::Reused => "the assertion was used before: sign a new one, with another jti".into(),
            Unused::Need(claim) => Refusal::Need(claim),
            Unused::Unavailable(why) => Refusal::Unavailable(why),
        })
    }
}

#[cfg(test)]
thread_local! {
    /// Signatures of assertions that were checked, whoever they name.
    pub(super) static CHECKS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

fn count_check() {
    #[cfg(test)]
    CHECKS.set(CHECKS.get() + 1);
}

fn proved<'r>(reading: &'r Reading<'_>, attempt: &ClientAttempt<'_>, row: &'r Row, owner: Owner, (now, boot): (Timestamp, Boot)) -> ClientStep<'r> {
    let view = &reading.snapshot.view;
    let permissions = view.permissions(row);
    let service = view.services.get(row.service);
    let code = standing::at_rest(view, row, owner, attempt.source_ip, now).err().unwrap_or(Code::Valid);
    let found = super::found(view, row, owner, permissions);
    let verdict = Verdict {
        answer: Answer { code, found: Some(found), position: reading.position(), signed: None, token: None, detail: None },
        snapshot: &reading.snapshot,
        service: Some(row.service),
        serves_stale: false,
        pending: matches!(row.version(now), VersionState::Pending { .. }),
        source_ip: attempt.source_ip,
        calendar: now,
        asked: boot,
    };
    let tokens = service.map(|service| service.token).unwrap_or_default();
    let client = Client {
        tokens,
        form: row.token_form().unwrap_or(tokens.form),
        tokens_not_before: view.material(row).map_or(now, |material| material.tokens_not_before),
        brand: view.services.brands().first(),
        service: service.map_or("", |service| service.slug.as_ref()),
        environment: row.environment(),
    };
    ClientStep::Proved(Box::new((verdict, client)))
}
