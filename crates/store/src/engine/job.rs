//! What the engines run: a job whose own types are hidden from them.

use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use keywright_domain::change::{Change, Place};

use super::Tx;
use crate::audit::AuditEntry;
use crate::error::StoreError;

/// What a job leaves behind beside its rows.
#[derive(Default)]
pub(crate) struct Effects {
    /// Who does it, as the audit trail names them.
    pub(crate) actor: String,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) changes: Vec<Change>,
}

/// A job's own error; it is kept in the job.
pub(crate) struct Refused;

/// How it ended.
pub(crate) enum End {
    /// It is on disk; the place of its last change, or of the head.
    Committed(Place),
    /// The job itself said no: its own error is the answer.
    Refused,
    /// The store could not.
    Failed(StoreError),
}

/// A job that the engines can run, again if they must.
pub(crate) trait Job: Send {
    fn attempt<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> LocalBoxFuture<'a, Result<Effects, Refused>>;
    fn end(self: Box<Self>, end: End);
}

/// What a job answers: its value with its place, or its own error.
type Answer<T, E> = Result<(T, Place), E>;

/// A job with its types, and where its answer goes.
pub(crate) struct Typed<F, T, E> {
    pub(crate) run: F,
    pub(crate) result: Option<Result<T, E>>,
    pub(crate) answer: oneshot::Sender<Answer<T, E>>,
}

impl<F, T, E> Typed<F, T, E>
where
    F: AsyncFn(&mut Tx<'_>) -> Result<(T, Effects), E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    /// The job, and where its answer comes from.
    pub(crate) fn boxed(run: F) -> (Box<dyn Job>, oneshot::Receiver<Answer<T, E>>) {
        let (answer, receiver) = oneshot::channel();
        (Box::new(Self { run, result: None, answer }), receiver)
    }
}

impl<F, T, E> Job for Typed<F, T, E>
where
    F: AsyncFn(&mut Tx<'_>) -> Result<(T, Effects), E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn attempt<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> LocalBoxFuture<'a, Result<Effects, Refused>> {
        Box::pin(async move {
            let (result, effects) = match (self.run)(tx).await {
                Ok((value, effects)) => (Ok(value), Ok(effects)),
                Err(error) => (Err(error), Err(Refused)),
            };
            self.result = Some(result);
            effects
        })
    }

    fn end(self: Box<Self>, end: End) {
        let answer = match (end, self.result) {
            (End::Committed(place), Some(Ok(value))) => Ok((value, place)),
            (End::Refused, Some(Err(own))) => Err(own),
            (End::Failed(error), _) => Err(error.into()),
            (End::Committed(_) | End::Refused, _) => Err(StoreError::Panicked.into()),
        };
        // Whoever asked may have gone away; what was done stays done.
        let _ = self.answer.send(answer);
    }
}
