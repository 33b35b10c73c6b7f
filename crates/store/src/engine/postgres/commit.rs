//! Writing on PostgreSQL: the job, then one statement that takes the position and fills the log, and the COMMIT right behind it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::Object;
use futures_util::{FutureExt, future};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, SimpleQueryMessage};

use keywright_crypto::random;
use keywright_domain::change::{Epoch, Place, Tag};

use super::connect::Pools;
use super::fault;
use crate::change_log::{position, words};
use crate::engine::{Effects, End, Job, RowRef, Tx};
use crate::error::StoreError;

/// Runs of one job, the first included.
const ATTEMPTS: u32 = 5;
/// A job that takes longer than this has lost its server.
const JOB: Duration = Duration::from_secs(30);
/// A COMMIT that takes longer is looked up.
const COMMIT: Duration = Duration::from_secs(15);
/// What became of a COMMIT is asked for so long.
const LOOK_UP: Duration = Duration::from_secs(10);

/// The position is taken here and nowhere else. The counter's row stays locked from here to the COMMIT, which is already on its way: so
/// positions have no gaps, and are the order of commit and of visibility.
macro_rules! finish {
    ($moved:literal, $answer:literal) => {
        concat!(
            "WITH at AS MATERIALIZED (SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS us), ",
            $moved,
            "entries AS MATERIALIZED (SELECT nextval(pg_get_serial_sequence('audit', 'id')) AS id, e.* \
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) \
                 AS e (organisation, application, action, subject, detail, personal, actor)), \
             audited AS (INSERT INTO audit (id, at_us, organisation_id, application_id, actor, action, subject, detail) \
               SELECT e.id, at.us, e.organisation, e.application, e.actor, e.action, e.subject, e.detail FROM entries e, at), \
             personal AS (INSERT INTO audit_personal (audit_id, value) SELECT e.id, e.personal FROM entries e WHERE e.personal IS NOT NULL) ",
            $answer
        )
    };
}
const FINISH_WITH_CHANGES: &str = finish!(
    "moved AS (UPDATE head SET position = position + cardinality($8::bytea[]), tag = $11 RETURNING position, tag), \
     logged AS (INSERT INTO change_log (position, tag, kind, subject, at_us) \
       SELECT m.position - cardinality($8::bytea[]) + c.n, c.tag, c.kind, c.subject, at.us \
       FROM moved m, at, unnest($8::bytea[], $9::text[], $10::text[]) WITH ORDINALITY AS c (tag, kind, subject, n)), ",
    "SELECT i.epoch, m.position, m.tag, pg_notify('keywright', '') FROM moved m, installation i"
);
const FINISH: &str = finish!("", "SELECT i.epoch, h.position, h.tag FROM head h, installation i");
/// Nothing for log and audit trail: a role that may only report and flush usage needs no rights on them.
const FINISH_BARE: &str = "SELECT i.epoch, h.position, h.tag FROM head h, installation i";

enum Outcome {
    End(End),
    /// Nothing was kept, for a reason that may be gone the next time.
    Again(StoreError),
}

/// Runs a job to its end. Whether there is news for followers.
pub(super) async fn write(pools: &Pools, queue: &AtomicUsize, mut job: Box<dyn Job>) -> bool {
    let mut failed = StoreError::Closed;
    let mut news = false;
    for attempt in 1..=ATTEMPTS {
        let client = pools.get(&pools.writers).await;
        if attempt == 1 {
            queue.fetch_sub(1, Ordering::Relaxed);
        }
        let outcome = match client {
            Ok(client) => once(pools, client, job.as_mut(), &mut news).await,
            Err(error) => Outcome::End(End::Failed(error)),
        };
        match outcome {
            Outcome::End(end) => {
                let news = news && matches!(end, End::Committed(_));
                job.end(end);
                return news;
            }
            Outcome::Again(error) => {
                tracing::debug!(%error, attempt, "a write runs again");
                failed = error;
            }
        }
        // Two that met in a deadlock must not meet again.
        let spread = random::bits().map_or(0, |bits| (bits % 8) as u64);
        tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 2 + spread)).await;
    }
    job.end(End::Failed(failed));
    false
}

async fn once(pools: &Pools, client: Object, job: &mut dyn Job, news: &mut bool) -> Outcome {
    let at = pools.connector.at.as_str();
    let xid = match begin(&client).await {
        Ok(xid) => xid,
        Err(error) => {
            drop(Object::take(client));
            let again = fault::is_transient(&error);
            let error = fault::store_error(&error, at);
            return if again { Outcome::Again(error) } else { Outcome::End(End::Failed(error)) };
        }
    };
    let mut tx = Tx::postgres(&client, at);
    let ran = tokio::time::timeout(JOB, AssertUnwindSafe(job.attempt(&mut tx)).catch_unwind()).await;
    let (failed, again) = (tx.failed().cloned(), tx.again());
    let end = match (ran, failed) {
        (Ok(Ok(Ok(effects))), None) => {
            *news = !effects.changes.is_empty();
            return finish(pools, client, &xid, &effects).await;
        }
        (Ok(Ok(_)), Some(error)) if again => {
            // A server that is away, or that has become a standby, is left for whoever is the primary now.
            if matches!(error, StoreError::Away { .. }) {
                drop(Object::take(client));
            } else {
                roll_back(client).await;
            }
            return Outcome::Again(error);
        }
        (Ok(Ok(Err(_))), _) => End::Refused,
        (Ok(Ok(Ok(_))), Some(error)) => End::Failed(error),
        (Ok(Err(_)), _) => End::Failed(StoreError::Panicked),
        (Err(_), _) => {
            drop(Object::take(client));
            let detail = format!("no answer within {} s", JOB.as_secs());
            return Outcome::End(End::Failed(StoreError::Away { at: at.to_owned(), detail }));
        }
    };
    roll_back(client).await;
    Outcome::End(end)
}

/// Begins, and learns the transaction's number in the same round trip.
async fn begin(client: &Object) -> Result<String, tokio_postgres::Error> {
    let messages = client.simple_query("BEGIN; SELECT pg_current_xact_id()").await?;
    let xid = messages.iter().find_map(|m| if let SimpleQueryMessage::Row(row) = m { row.get(0).map(str::to_owned) } else { None });
    Ok(xid.unwrap_or_default())
}

/// Undoes a transaction; a connection that cannot is thrown away, which undoes it too.
async fn roll_back(client: Object) {
    let done = tokio::time::timeout(Duration::from_secs(2), client.batch_execute("ROLLBACK")).await;
    if !matches!(done, Ok(Ok(()))) {
        drop(Object::take(client));
    }
}

async fn finish(pools: &Pools, client: Object, xid: &str, effects: &Effects) -> Outcome {
    let at = pools.connector.at.as_str();
    let mut tags = Vec::with_capacity(effects.changes.len());
    for _ in &effects.changes {
        match random::bytes::<16>() {
            Ok(tag) => tags.push(tag),
            Err(error) => {
                roll_back(client).await;
                return Outcome::End(End::Failed(error.into()));
            }
        }
    }
    let ended = tokio::time::timeout(COMMIT, log_and_commit(&client, effects, &tags)).await;
    let (error, committing) = match ended {
        Ok(Ended::Committed(place)) => return Outcome::End(place.map_or_else(End::Failed, End::Committed)),
        Ok(Ended::Failed(error)) => (Some(error), false),
        Ok(Ended::Unanswered(error)) => (Some(error), true),
        Err(_) => (None, true),
    };
    let lost = error.as_ref().is_none_or(fault::is_lost);
    drop(Object::take(client));
    if committing && lost {
        let why = error.as_ref().map_or_else(|| format!("no answer within {} s", COMMIT.as_secs()), fault::text);
        return look_up(pools, xid, tags.last(), why).await;
    }
    let again = error.as_ref().is_some_and(fault::is_transient);
    let error = error.map_or(StoreError::Closed, |e| fault::store_error(&e, at));
    if again { Outcome::Again(error) } else { Outcome::End(End::Failed(error)) }
}

enum Ended {
    Committed(Result<Place, StoreError>),
    /// Before the COMMIT was sent, or the server said no.
    Failed(tokio_postgres::Error),
    /// The COMMIT was sent, and its answer did not come.
    Unanswered(tokio_postgres::Error),
}

/// Both statements leave together, so that the counter's lock is held for no round trip. If the first one fails, the second one
/// undoes everything.
async fn log_and_commit(client: &Object, effects: &Effects, tags: &[[u8; 16]]) -> Ended {
    let sql = match (effects.audit.is_empty(), tags.is_empty()) {
        (true, true) => FINISH_BARE,
        (false, true) => FINISH,
        (_, false) => FINISH_WITH_CHANGES,
    };
    let statement = match client.prepare_cached(sql).await {
        Ok(statement) => statement,
        Err(error) => return Ended::Failed(error),
    };
    let audit = &effects.audit;
    let organisations: Vec<Option<String>> = audit.iter().map(|e| e.organisation.map(|o| o.to_string())).collect();
    let applications: Vec<Option<String>> = audit.iter().map(|e| e.application.map(|a| a.to_string())).collect();
    let actors: Vec<&str> = audit.iter().map(|e| e.actor.as_deref().unwrap_or(&effects.actor)).collect();
    let actions: Vec<&str> = audit.iter().map(|e| e.action).collect();
    let subjects: Vec<&str> = audit.iter().map(|e| e.subject.as_str()).collect();
    let details: Vec<String> = audit.iter().map(|e| e.detail.to_string()).collect();
    let personal: Vec<Option<String>> = audit.iter().map(|e| e.personal.as_ref().map(ToString::to_string)).collect();
    let mut args: Vec<&(dyn ToSql + Sync)> = Vec::new();
    if sql != FINISH_BARE {
        args.extend([&organisations as &(dyn ToSql + Sync), &applications, &actions, &subjects, &details, &personal, &actors]);
    }
    let tags: Vec<&[u8]> = tags.iter().map(<[u8; 16]>::as_slice).collect();
    let (kinds, changed): (Vec<&str>, Vec<String>) = effects.changes.iter().map(|c| words(*c)).unzip();
    if let Some(last) = tags.last() {
        args.extend([&tags as &(dyn ToSql + Sync), &kinds, &changed, last]);
    }
    match future::join(client.query_one(&statement, &args), client.batch_execute("COMMIT")).await {
        (Ok(row), Ok(())) => Ended::Committed(place(&row)),
        (Err(error), _) if !fault::is_lost(&error) => Ended::Failed(error),
        (Err(error), _) | (Ok(_), Err(error)) => Ended::Unanswered(error),
    }
}

fn place(row: &Row) -> Result<Place, StoreError> {
    let row = RowRef::Postgres(row);
    Ok(Place { epoch: Epoch(row.bits(0)?), position: position(&row, 1)?, tag: Tag(row.bits(2)?) })
}

/// Finds out what became of a COMMIT whose answer was lost: by the number of the transaction, and by the tag of its last entry, which
/// nobody else can have written, while a server that crashed may give the number to another transaction.
async fn look_up(pools: &Pools, xid: &str, tag: Option<&[u8; 16]>, why: String) -> Outcome {
    tracing::warn!(why, "the answer to a COMMIT was lost; looking it up");
    let start = Instant::now();
    let mut detail = why;
    while start.elapsed() < LOOK_UP {
        match status(pools, xid, tag).await {
            Ok(Status::Committed(place)) => return Outcome::End(End::Committed(place)),
            Ok(Status::Aborted) => return Outcome::Again(StoreError::Away { at: pools.connector.at.clone(), detail }),
            Ok(Status::Running) => {}
            Err(error) => detail = error.to_string(),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Outcome::End(End::Failed(StoreError::Unsure { detail }))
}

enum Status {
    Committed(Place),
    Aborted,
    Running,
}

async fn status(pools: &Pools, xid: &str, tag: Option<&[u8; 16]>) -> Result<Status, StoreError> {
    let at = pools.connector.at.as_str();
    let ask = async {
        let client = pools.connector.connect().await?;
        // A standby may not know the end of the transaction yet.
        if client.query_one("SELECT pg_is_in_recovery()", &[]).await?.get(0) {
            return Ok(None);
        }
        let status: Option<String> = match client.query_one("SELECT pg_xact_status($1::text::xid8)", &[&xid]).await {
            Ok(row) => row.get(0),
            // "transaction ID is in the future": a crash took it along, before it was on disk.
            Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::INVALID_PARAMETER_VALUE) => Some("aborted".into()),
            Err(error) => return Err(error),
        };
        let row = match tag {
            Some(tag) => {
                let sql = "SELECT i.epoch, l.position, l.tag FROM change_log l, installation i WHERE l.tag = $1";
                client.query_opt(sql, &[&tag.as_slice()]).await?
            }
            None => client.query_opt("SELECT i.epoch, h.position, h.tag FROM head h, installation i", &[]).await?,
        };
        Ok(Some((status, row)))
    };
    let Some((status, row)) = ask.await.map_err(|e| fault::store_error(&e, at))? else {
        return Err(StoreError::Away { at: at.to_owned(), detail: "it is a standby".into() });
    };
    match (status.as_deref(), row) {
        (Some("in progress"), _) => Ok(Status::Running),
        (_, Some(row)) if tag.is_some() => Ok(Status::Committed(place(&row)?)),
        (Some("committed"), Some(row)) => Ok(Status::Committed(place(&row)?)),
        (Some("committed" | "aborted"), _) => Ok(Status::Aborted),
        (other, _) => Err(StoreError::Unsure { detail: format!("the server knows nothing of the transaction ({other:?})") }),
    }
}
