//! Logs: on standard error, one line an event.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. A server says what happens, a command only what goes wrong; `KEYWRIGHT_LOG` says otherwise (`debug`, `keywright=trace`),
/// and `KEYWRIGHT_LOG_FORMAT=json` writes JSON.
pub fn start(server: bool) {
    // What the connection pool says of each lost connection, whoever needed it says in words that help.
    let default = if server { "info,deadpool.postgres=error" } else { "warn,deadpool.postgres=error" };
    let filter = EnvFilter::try_from_env("KEYWRIGHT_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).with_ansi(std::io::stderr().is_terminal());
    // A second start in one process, as tests do it, keeps the first.
    let _ = if std::env::var("KEYWRIGHT_LOG_FORMAT").is_ok_and(|f| f == "json") { lines.json().try_init() } else { lines.try_init() };
}
