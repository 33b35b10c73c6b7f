//! What a verifier's report leads to: counts are put down, and a pending version that was used becomes active.

use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::change::Change;
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_store::usage::hours::Hours;
use keywright_store::usage::{Segment, UsageEntry, segment};
use keywright_store::{AuditEntry, Done, StoreError, Tx};
use serde_json::json;

use crate::{Error, Operations};

/// A flush of at most this many entries goes straight to the rows.
const DIRECT_ENTRIES_MAX: usize = 500;
/// Entries that are folded in one transaction: about ten milliseconds of the writer's time.
const FOLDED_AT_ONCE: usize = 2_000;
/// Segments that are merged at a time, once so many wait. More would take more memory than a busy node should need for this.
const MERGED_AT_ONCE: u32 = 4;

pub(crate) fn system(organisation: Option<keywright_domain::ids::OrganisationId>) -> Result<Allowed, Error> {
    Ok(allow(&Caller::System { job: "usage" }, Right::Housekeep, &Facts { organisation, member: None })?)
}

/// Adds entries to their rows, and to the hours of those whose credentials they are about.
async fn put_down(tx: &mut Tx<'_>, entries: &[UsageEntry]) -> Result<(), StoreError> {
    let mut hours = Hours::default();
    for entry in entries {
        if let Some(owner) = tx.usage_add(entry).await? {
            hours.add(owner, entry);
        }
    }
    tx.usage_hours_add(&hours).await
}

impl Operations {
    /// Puts a report down in one transaction. `first` are uses of pending versions, which go to the rows at once, so that whoever keeps
    /// house sees them; a verifier node itself may change no credential.
    ///
    /// # Errors
    /// [`Error::Store`]; the report can be put down later then, with what has come since.
    pub async fn usage_flush(&self, node: &str, first: &[UsageEntry], entries: &[UsageEntry]) -> Result<(), Error> {
        let (node, now) = (node.to_owned(), self.now());
        let direct = if entries.len() <= DIRECT_ENTRIES_MAX { entries } else { &[] };
        let direct: Vec<UsageEntry> = first.iter().chain(direct).copied().collect();
        let segment = (entries.len() > DIRECT_ENTRIES_MAX).then(|| segment::encode(entries));
        self.store
            .housekeep(system(None)?, async move |tx| {
                put_down(tx, &direct).await?;
                if let Some(segment) = &segment {
                    tx.usage_segment_insert(&node, segment, now).await?;
                }
                Ok::<_, Error>(((), vec![]))
            })
            .await?;
        Ok(())
    }

    /// Does a little of what waits: merges segments when several do, else folds a part of the oldest into the rows. Gives the number of
    /// entries that it handled: none when nothing waits. Several nodes may do this at once: whoever comes second does nothing.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn usage_fold(&self) -> Result<usize, Error> {
        let allowed = system(None)?;
        let door = self.store.as_system(&allowed)?;
        let waiting = door.usage_segments_waiting().await?;
        if waiting == 0 {
            return Ok(0);
        }
        let mut segments = door.usage_segments(if waiting >= MERGED_AT_ONCE { MERGED_AT_ONCE } else { 1 }).await?;
        match segments.len() {
            0 => Ok(0),
            1 => self.fold_one(segments.remove(0)).await,
            _ => self.merge(segments).await,
        }
    }

    async fn merge(&self, segments: Vec<Segment>) -> Result<usize, Error> {
        let taken: Vec<(i64, usize)> = segments.iter().map(|s| (s.id, s.folded)).collect();
        let joined = tokio::task::spawn_blocking(move || segment::join(&segments)).await;
        let (merged, count) = joined.unwrap_or(Err(StoreError::Panicked))?;
        let now = self.now();
        self.store
            .housekeep(system(None)?, async move |tx| {
                for (id, folded) in &taken {
                    if !tx.usage_segment_take(*id, *folded).await? {
                        return Err(Error::Store(StoreError::Busy { waited_ms: 0, detail: "another node folds usage".into() }));
                    }
                }
                tx.usage_segment_insert("merged", &merged, now).await?;
                Ok(((), vec![]))
            })
            .await?;
        Ok(count)
    }

    async fn fold_one(&self, segment: Segment) -> Result<usize, Error> {
        let from = segment.folded;
        let len = segment::len(&segment.data)?;
        let to = (from + FOLDED_AT_ONCE).min(len);
        let (id, whole) = (segment.id, to == len);
        let entries = segment::decode(&segment.data, from, to)?;
        self.store
            .housekeep(system(None)?, async move |tx| {
                let ours = if whole { tx.usage_segment_take(id, from).await? } else { tx.usage_segment_advance(id, from, to).await? };
                if ours {
                    put_down(tx, &entries).await?;
                }
                Ok::<_, Error>(((), vec![]))
            })
            .await?;
        Ok(to - from)
    }

    /// Activates pending versions that were used. Gives how many.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn versions_activate(&self) -> Result<usize, Error> {
        let mut activated = 0;
        for (id, version) in self.store.as_system(&system(None)?)?.versions_first_used().await? {
            activated += usize::from(self.version_first_used(id, version).await?);
        }
        Ok(activated)
    }

    /// A pending version was used: it becomes active, and the overlap of the one before begins at this commit. Repeated reports, and
    /// those that come after a revocation or replacement, change nothing; false then.
    ///
    /// # Errors
    /// [`Error::Store`]
    async fn version_first_used(&self, id: CredentialId, version: u32) -> Result<bool, Error> {
        let Some(organisation) = self.store.as_system(&system(None)?)?.credential_organisation(id).await? else { return Ok(false) };
        let now = self.now();
        let done = self
            .write(system(Some(organisation))?, async move |tx| {
                let nothing = Done { value: false, audit: vec![], changes: vec![] };
                let Some(mut stored) = tx.credential_for_update(organisation, id).await? else { return Ok(nothing) };
                let overlap = stored.pending_overlap.unwrap_or(limits::OVERLAP_DEFAULT);
                if !stored.credential.first_use(version, overlap, now) {
                    return Ok(nothing);
                }
                stored.pending_overlap = None;
                tx.credential_save(&stored).await?;
                let audit =
                    AuditEntry::new("credential.version_activated", id).of_application(stored.credential.application).with(json!({ "version": version }));
                Ok::<_, Error>(Done { value: true, audit: vec![audit], changes: vec![Change::Credential(id)] })
            })
            .await?;
        Ok(done.value)
    }
}
