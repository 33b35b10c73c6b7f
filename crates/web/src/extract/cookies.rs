//! Cookies that we set: for this host and every path of it, unseen by scripts, and not sent along when another site's page sends a form.

use crate::app::Hub;

/// The line that keeps a cookie for so many seconds. The value is digits and letters.
pub(crate) fn keep(hub: &Hub, name: &str, value: &str, max_age_s: u64) -> String {
    let secure = if hub.secure_cookies { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}")
}

/// The line that takes it away.
pub(crate) fn forget(hub: &Hub, name: &str) -> String {
    keep(hub, name, "", 0)
}
