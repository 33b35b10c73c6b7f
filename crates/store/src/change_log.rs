//! The change log: which things are not as they were. An entry names kind and id; a poll reads the current rows in the same snapshot.

use std::collections::HashSet;

use keywright_domain::change::{Change, Epoch, Page, Place, Poll, Position, Record, Report, Tag};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, ResourceServerId};
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_domain::token::TokenId;

use crate::engine::{Around, Engine, FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::records::{self, Which};
use crate::{Store, args};

const CREDENTIAL: &str = "credential";
const APPLICATION: &str = "application";
const ORGANISATION: &str = "organisation";
const RESOURCE_SERVER: &str = "resource_server";
const CATALOGUE: &str = "catalogue";
const SIGNING_KEYS: &str = "signing_keys";
const TOKEN: &str = "token";

/// Kind and subject of an entry, as they are stored.
pub(crate) fn words(change: Change) -> (&'static str, String) {
    match change {
        Change::Credential(id) => (CREDENTIAL, id.to_string()),
        Change::Application(id) => (APPLICATION, id.to_string()),
        Change::Organisation(id) => (ORGANISATION, id.to_string()),
        Change::ResourceServer(id) => (RESOURCE_SERVER, id.to_string()),
        Change::Catalogue => (CATALOGUE, String::new()),
        Change::SigningKeys => (SIGNING_KEYS, String::new()),
        Change::Token(id) => (TOKEN, id.to_string()),
    }
}

fn change(kind: &str, row: &RowRef<'_>, subject: usize) -> Result<Change, StoreError> {
    Ok(match kind {
        CREDENTIAL => Change::Credential(row.parse(subject)?),
        APPLICATION => Change::Application(row.parse(subject)?),
        ORGANISATION => Change::Organisation(row.parse(subject)?),
        RESOURCE_SERVER => Change::ResourceServer(row.parse(subject)?),
        CATALOGUE => Change::Catalogue,
        SIGNING_KEYS => Change::SigningKeys,
        TOKEN => Change::Token(row.parse(subject)?),
        other => return Err(StoreError::corrupt(format!("a log entry of kind {other:?}"))),
    })
}

pub(crate) fn position(row: &RowRef<'_>, column: usize) -> Result<Position, StoreError> {
    u64::try_from(row.int(column)?).map(Position).map_err(StoreError::corrupt)
}

struct Entry {
    position: Position,
    tag: Tag,
    change: Change,
}

impl FromRow for Entry {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { position: position(row, 0)?, tag: Tag(row.bits(1)?), change: change(row.text_ref(2)?, row, 3)? })
    }
}

/// Where the log ends, and what goes with every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) place: Place,
    pub(crate) lease_ms: u64,
    pub(crate) tag_after: Option<Tag>,
    /// The newest time of the store that could be trusted.
    pub(crate) seen: Timestamp,
}

impl FromRow for Head {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            place: Place { epoch: Epoch(row.bits(0)?), position: position(row, 1)?, tag: Tag(row.bits(2)?) },
            lease_ms: u64::try_from(row.int(3)?).map_err(StoreError::corrupt)?,
            tag_after: if row.opt_blob_ref(4)?.is_some() { Some(Tag(row.bits(4)?)) } else { None },
            seen: Timestamp::from_us(row.int(5)?),
        })
    }
}

/// Reads the head, and the tag that the log has at `after`.
pub(crate) async fn head(tx: &mut Tx<'_>, after: Position) -> Result<Head, StoreError> {
    tx.one(
        "SELECT i.epoch, h.position, h.tag, i.lease_ms, (SELECT l.tag FROM change_log l WHERE l.position = $1), i.seen_us FROM head h, installation i",
        args![after.0.cast_signed()],
    )
    .await
}

impl Store {
    /// Reads what is new after `poll.after`, in one snapshot of the primary, and writes the verifier's report where the engine must
    /// commit something to know that it *is* the primary. The page has no records when the store does not continue what the poll
    /// has applied: another epoch, another tag, a head behind it, or a log that no longer reaches back so far.
    ///
    /// # Errors
    /// [`StoreError`]; the lease must not be extended then.
    pub async fn poll(&self, poll: &Poll) -> Result<Page, StoreError> {
        let poll = *poll;
        self.read(Around::Poll, async move |tx: &mut Tx<'_>| page(tx, &poll).await).await
    }

    /// Writes how far a verifier is, where that is not part of the poll (SQLite). False: the store does not know this verifier.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn report(&self, report: &Report) -> Result<bool, StoreError> {
        match self.engine() {
            Engine::Sqlite(engine) => engine.report(*report).await,
            Engine::Postgres(_) => Ok(true),
        }
    }

    /// Where the log ends, and the tag that it has at `after`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn place(&self, after: Position) -> Result<(Place, Option<Tag>), StoreError> {
        let head = self.read(Around::Statement, async move |tx: &mut Tx<'_>| head(tx, after).await).await?;
        Ok((head.place, head.tag_after))
    }

    /// Removes entries older than [`limits::LOG_KEPT`], but none of the last [`limits::LOG_ENTRIES_KEPT`]. Gives how many, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn trim_log(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let before_us = now.us().saturating_sub(limits::LOG_KEPT.us());
        let trimmed = self
            .housekeep(crate::housekeeper("log")?, async move |tx: &mut Tx<'_>| {
                let gone = tx
                    .exec(
                        "DELETE FROM change_log WHERE at_us < $1 AND position <= (SELECT position FROM head) - $2 AND position < (SELECT min(position) FROM change_log) + $3",
                        args![before_us, limits::LOG_ENTRIES_KEPT, limit],
                    )
                    .await?;
                Ok::<_, StoreError>((gone, Vec::new()))
            })
            .await?;
        Ok(trimmed.value)
    }
}

async fn page(tx: &mut Tx<'_>, poll: &Poll) -> Result<Page, StoreError> {
    // First the write, where there is one: what comes after it is read on the primary.
    let registered = tx.heartbeat(&poll.report).await?;
    let store_now = tx.store_now().await?;
    let after = poll.after;
    let head = head(tx, after.position).await?;
    // A clock that was set back does not bring back what has expired.
    let store_now = store_now.max(head.seen);
    // The head's own tag counts: a rewind that was accepted gives it a new one.
    let tag_after = if after.position == head.place.position { Some(head.place.tag) } else { head.tag_after };
    let mut page = Page { head: head.place, tag_after, upto: after, records: Vec::new(), store_now, lease_ms: head.lease_ms, registered };
    let continues = after.epoch == head.place.epoch && tag_after == Some(after.tag) && after.position < head.place.position;
    if !continues {
        return Ok(page);
    }
    let entries = tx
        .all::<Entry>(
            "SELECT position, tag, kind, subject FROM change_log WHERE position > $1 ORDER BY position LIMIT $2",
            args![after.position.0.cast_signed(), i64::try_from(limits::PAGE_ENTRIES_MAX).map_err(StoreError::corrupt)?],
        )
        .await?;
    let Some(last) = entries.last() else { return Err(StoreError::corrupt("the head is ahead of the log")) };
    page.upto = Place { epoch: head.place.epoch, position: last.position, tag: last.tag };
    page.records = records(tx, after.position, last.position, &entries).await?;
    Ok(page)
}

/// The current state of everything that the entries name; each once, owners before what they own.
async fn records(tx: &mut Tx<'_>, after: Position, upto: Position, entries: &[Entry]) -> Result<Vec<Record>, StoreError> {
    let mut named = Named::default();
    for entry in entries {
        named.add(entry.change);
    }
    let mut records = Vec::with_capacity(named.len());
    let which = Which::Named { after, upto };
    if named.catalogue {
        records::catalogue(tx, &mut |r| records.push(r)).await?;
    }
    if named.signing_keys {
        records.push(records::signing_keys(tx).await?);
    }
    if !named.tokens.is_empty() {
        records::tokens(tx, which, &mut |r| {
            named.tokens.remove(&r.id);
            records.push(Record::TokenEnded(r));
        })
        .await?;
        records.extend(named.tokens.iter().copied().map(Record::TokenGone));
    }
    if !named.organisations.is_empty() {
        records::organisations(tx, which, &mut |r| records.push(Record::Organisation(r))).await?;
    }
    if !named.applications.is_empty() {
        records::applications(tx, which, &mut |r| {
            named.applications.remove(&r.id);
            records.push(Record::Application(r));
        })
        .await?;
        records.extend(named.applications.iter().copied().map(Record::ApplicationGone));
    }
    if !named.resource_servers.is_empty() {
        records::resource_servers(tx, which, &mut |r| {
            named.resource_servers.remove(&r.id);
            records.push(Record::ResourceServer(r));
        })
        .await?;
        records.extend(named.resource_servers.iter().copied().map(Record::ResourceServerGone));
    }
    if !named.credentials.is_empty() {
        records::credentials(tx, which, &mut |r| {
            named.credentials.remove(&r.id);
            records.push(Record::Credential(r));
        })
        .await?;
        records.extend(named.credentials.iter().copied().map(Record::CredentialGone));
    }
    Ok(records)
}

/// What some entries name, each thing once.
#[derive(Default)]
struct Named {
    catalogue: bool,
    signing_keys: bool,
    tokens: HashSet<TokenId>,
    organisations: HashSet<OrganisationId>,
    applications: HashSet<ApplicationId>,
    resource_servers: HashSet<ResourceServerId>,
    credentials: HashSet<CredentialId>,
}

impl Named {
    fn add(&mut self, change: Change) {
        match change {
            Change::Credential(id) => drop(self.credentials.insert(id)),
            Change::Application(id) => drop(self.applications.insert(id)),
            Change::Organisation(id) => drop(self.organisations.insert(id)),
            Change::ResourceServer(id) => drop(self.resource_servers.insert(id)),
            Change::Catalogue => self.catalogue = true,
            Change::SigningKeys => self.signing_keys = true,
            Change::Token(id) => drop(self.tokens.insert(id)),
        }
    }

    fn len(&self) -> usize {
        usize::from(self.catalogue)
            + usize::from(self.signing_keys)
            + self.tokens.len()
            + self.organisations.len()
            + self.applications.len()
            + self.resource_servers.len()
            + self.credentials.len()
    }
}
