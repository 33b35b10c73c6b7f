//! Making RSA keys, which takes a processor for up to some seconds: one at a time, on a thread that gives way to whoever answers requests.

use std::time::Duration;

use keywright_crypto::random::NoRandom;
use keywright_domain::limits;
use keywright_store::StoreError;
use tokio::sync::{Semaphore, oneshot};

use crate::Error;

static MAKING: Semaphore = Semaphore::const_new(1);

/// Does `make`, which makes an RSA key, once no other one is being made.
///
/// The thread is a new one each time: its lowered priority could not be raised again, and a key takes a thousand times as long as a thread.
///
/// # Errors
/// [`Error::Random`]; [`Error::Store`] with [`StoreError::Busy`] where others' keys take longer than [`limits::KEY_MAKING_WAIT_MS`].
pub(crate) async fn apart<T: Send + 'static>(make: impl FnOnce() -> Result<T, NoRandom> + Send + 'static) -> Result<T, Error> {
    let wait = Duration::from_millis(limits::KEY_MAKING_WAIT_MS);
    let busy = || StoreError::Busy { waited_ms: limits::KEY_MAKING_WAIT_MS, detail: "many key pairs are being made".to_owned() };
    let place = tokio::time::timeout(wait, MAKING.acquire()).await.map_err(|_| busy())?;
    let (done, made) = oneshot::channel();
    let work = move || {
        // Held until the work is done, also where nobody waits for it any more.
        let _place = place;
        give_way();
        let _ = done.send(make());
    };
    std::thread::Builder::new().name("key-making".into()).spawn(work).map_err(|_| busy())?;
    // It is dropped without an answer by a panic only.
    Ok(made.await.map_err(|_| NoRandom)??)
}

/// Gives this thread the lowest priority, so that it runs where nobody else wants to. Linux has a priority for each thread; elsewhere it would be
/// that of the whole process.
#[cfg(target_os = "linux")]
fn give_way() {
    // Without it keys are made all the same.
    let _ = rustix::process::setpriority_process(None, 19);
}

#[cfg(not(target_os = "linux"))]
const fn give_way() {}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    /// All use the one place.
    static ONE_TEST: Mutex<()> = Mutex::new(());

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn keys_are_made_on_a_thread_that_gives_way_and_nobody_elses_priority_changes() {
        let _one = ONE_TEST.lock().unwrap();
        let priority = || rustix::process::getpriority_process(None).unwrap();
        runtime().block_on(async {
            let before = priority();
            assert_eq!(apart(move || Ok(priority())).await.ok(), Some(19));
            assert_eq!((priority(), tokio::spawn(async move { priority() }).await.unwrap()), (before, before));
        });
    }

    #[test]
    fn one_key_is_made_at_a_time_also_where_nobody_waits_for_it_any_more() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        let _one = ONE_TEST.lock().unwrap();
        let make = || {
            assert_eq!(RUNNING.fetch_add(1, SeqCst), 0);
            std::thread::sleep(Duration::from_millis(20));
            RUNNING.fetch_sub(1, SeqCst);
            Ok(())
        };
        runtime().block_on(async {
            assert!(tokio::time::timeout(Duration::from_millis(5), apart(make)).await.is_err());
            let all: Vec<_> = (0..4).map(|_| tokio::spawn(apart(make))).collect();
            for one in all {
                assert!(one.await.unwrap().is_ok());
            }
        });
    }

    #[test]
    fn a_panic_is_told_and_the_next_key_is_made() {
        let _one = ONE_TEST.lock().unwrap();
        runtime().block_on(async {
            let broken: Result<(), _> = apart(|| panic!("the library failed")).await;
            assert!(matches!(broken, Err(Error::Random(_))));
            assert!(apart(|| Ok(())).await.is_ok());
        });
    }
}
