//! The loop that sends mails: by a mail server, or as files where none is set.

mod message;
mod outbox;
mod smtp;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keywright_operations::Operations;
use keywright_operations::mail::Outgoing;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::trouble::Trouble;
use crate::cli::Serve;
use crate::failure::Failure;
use crate::settings::Settings;

/// How often it looks for mails that nobody told it of: of other nodes, and those that are to be tried again.
const EVERY: Duration = Duration::from_secs(2);
/// A mail that is not sent in this time is tried again later; well below the lease on it.
const SENT_WITHIN: Duration = Duration::from_secs(45);

/// How mails leave.
pub(super) enum Post {
    /// By a mail server.
    Server(smtp::Smtp),
    /// As files in this directory.
    Outbox(PathBuf),
}

impl Post {
    /// By the mail server that is set, or into the outbox of the data directory.
    ///
    /// # Errors
    /// [`Failure`]: the address of the mail server cannot be used. It is not repeated, as it may hold a password.
    pub(super) fn new(settings: &Settings, serve: &Serve) -> Result<Self, Failure> {
        match &serve.smtp_url {
            Some(url) => smtp::Smtp::from_url(url).map(Self::Server).map_err(|why| Failure::usage(format!("--smtp-url: {why}"))),
            None => Ok(Self::Outbox(settings.data.join("outbox"))),
        }
    }

    /// The directory of the outbox; none: a mail server is set.
    pub(super) fn outbox(&self) -> Option<PathBuf> {
        match self {
            Self::Server(_) => None,
            Self::Outbox(directory) => Some(directory.clone()),
        }
    }

    /// Sends one mail.
    ///
    /// # Errors
    /// What went wrong, without addresses and secrets.
    async fn send(&self, mail: &Outgoing, base_url: &str) -> Result<(), String> {
        match self {
            Self::Server(server) => {
                let message = message::write(&mail.letter, mail.id, server.from(), base_url)?;
                tokio::time::timeout(SENT_WITHIN, server.send(message)).await.unwrap_or_else(|_| Err("the mail server takes too long".into()))
            }
            Self::Outbox(directory) => {
                let message = message::write(&mail.letter, mail.id, None, base_url)?;
                outbox::keep(directory, mail.id, &message.formatted())
            }
        }
    }
}

/// Sends mails until it is told to stop. What it has taken by then it still sends.
pub(super) async fn run(operations: Operations, post: Post, mut stopped: watch::Receiver<bool>) {
    let post = Arc::new(post);
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut reading, mut sending) = (Trouble::default(), Trouble::default());
    loop {
        let stop = async { stopped.wait_for(|stopped| *stopped).await.map(|_| ()) };
        tokio::select! {
            _ = stop => return,
            () = operations.mail_waits() => {}
            _ = tick.tick() => {}
        }
        // As long as there are more than one round takes.
        while round(&operations, &post, &mut reading, &mut sending).await {}
    }
}

/// One round: the mails that are due, side by side. True: there may be more.
async fn round(operations: &Operations, post: &Arc<Post>, reading: &mut Trouble, sending: &mut Trouble) -> bool {
    let taken = match operations.mails_take().await {
        Ok(taken) => taken,
        Err(error) => {
            reading.stands(&format!("mails wait, as the store cannot be read: {error}"));
            return false;
        }
    };
    reading.over("taking mails");
    for id in taken.over {
        tracing::warn!(mail = %id, "a mail could not be sent before what it says was over: it is dropped");
    }
    for id in taken.unreadable {
        tracing::error!(mail = %id, "a mail in the store does not open under this master key: it is dropped when it is over");
    }
    let more = !taken.outgoing.is_empty();
    let mut sent = JoinSet::new();
    for mail in taken.outgoing {
        let (operations, post) = (operations.clone(), Arc::clone(post));
        sent.spawn(async move {
            let went = post.send(&mail, operations.base_url()).await;
            let kept = match &went {
                Ok(()) => operations.mail_left(mail.id).await,
                Err(trouble) => operations.mail_stays(&mail, trouble).await,
            };
            (mail.id, went, kept)
        });
    }
    while let Some(done) = sent.join_next().await {
        let Ok((id, went, kept)) = done else { continue };
        match went {
            Ok(()) => {
                sending.over("sending mails");
                tracing::debug!(mail = %id, "a mail has left");
            }
            Err(trouble) => sending.stands(&format!("mail {id} waits and is tried again: {trouble}")),
        }
        if let Err(error) = kept {
            // Its lease passes, and then it is tried again: it may arrive twice.
            reading.stands(&format!("what came of mail {id} cannot be put down: {error}"));
        }
    }
    more
}
