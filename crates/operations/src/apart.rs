//! What takes a processor for long: on a thread of its own, which others go before.

use keywright_domain::limits;
use keywright_store::StoreError;
use tokio::sync::oneshot;

/// Does the work on a thread with this name; none in the place of a panic.
///
/// # Errors
/// [`StoreError::Busy`] where the system gives no thread.
pub(crate) async fn apart<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Result<Option<T>, StoreError> {
    let (sender, done) = oneshot::channel();
    let run = move || {
        give_way();
        // Whoever asked may have gone away.
        let _ = sender.send(work());
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| StoreError::Busy { waited_ms: 0, detail: error.to_string() })?;
    Ok(done.await.ok())
}

/// Lets other threads go before this one. Where that is not allowed, it is done all the same.
fn give_way() {
    // On Linux a thread has a niceness of its own; elsewhere this would be the whole process's.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, limits::KEY_MAKING_NICENESS);
}
