//! A server: it opens the store, starts the loops that carry changes and reports between store and verifier, and listens.

mod banner;
mod demo;
mod first_operator;
mod follow;
mod images;
mod limits_of_process;
mod mail;
mod node;
mod report;
mod timers;
mod trouble;
mod wiring;

pub(crate) use wiring::LISTEN;
pub use wiring::{Running, start};

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Serve;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;

/// Serves until it is told to stop.
///
/// # Errors
/// [`Failure`]: it cannot start, or one of its loops has ended.
pub async fn run(settings: &Settings, given: &Serve) -> Result<(), Failure> {
    let no_signal = |e: std::io::Error| Failure::new(Exit::Internal, "internal", format!("signals cannot be heard: {e}"));
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt()).map_err(no_signal)?, signal(SignalKind::terminate()).map_err(no_signal)?);
    let demo = if given.demo { Some(demo::Demo::new(settings, given)?) } else { None };
    let settings = demo.as_ref().map_or(settings, demo::Demo::settings);
    let mut running = start(settings, given).await?;
    match &demo {
        Some(_) => banner::demo(&running, &demo::fill(&running).await?),
        None => {
            banner::started(&running);
            let operator = settings.serve(given)?.operator;
            first_operator::offer(&running, settings, operator.as_deref()).await?;
        }
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = running.ended() => {}
    }
    running.stop().await
}
