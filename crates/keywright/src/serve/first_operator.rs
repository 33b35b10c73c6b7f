//! The way in for the first operator: a link, for whoever can see the terminal or read the data directory.

use std::io::IsTerminal;

use super::Running;
use crate::cli::Role;
use crate::commands::machine;
use crate::failure::Failure;
use crate::output::note;
use crate::settings::Settings;
use crate::sign_in_file;

/// Makes a link while there is no operator, and shows it on a terminal; without one it goes to a file whose path is shown.
///
/// # Errors
/// [`Failure`]: the store, or the file cannot be written.
pub(super) async fn offer(running: &Running, settings: &Settings, mail: Option<&str>) -> Result<(), Failure> {
    if running.role == Role::Verifier || running.operations.has_operators().await? {
        return Ok(());
    }
    let made = running.operations.first_operator_link(&machine(), mail).await?;
    let link = made.link.reveal();
    if std::io::stderr().is_terminal() {
        note(&format!("Open this link to sign in as the first operator (15 minutes, once):\n  {link}"));
    } else {
        let path = sign_in_file::keep(settings, sign_in_file::FIRST_OPERATOR, link)?;
        note(&format!("To sign in as the first operator, open the link in {} (15 minutes, once).", path.display()));
    }
    Ok(())
}
