//! Somebody else's mail server: aiosmtpd, which keeps what it gets as files.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::{Place, wait_until};

/// A mail server; it ends with this value.
pub(crate) struct MailServer {
    _child: Child,
    /// A Maildir.
    mails: PathBuf,
}

impl MailServer {
    /// A port for one, on which nothing listens yet.
    pub(crate) fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    /// Starts one on this port.
    pub(crate) async fn start(place: &Place, port: u16) -> Self {
        let python = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("python/bin/python");
        assert!(python.is_file(), "aiosmtpd is not installed: `cargo xtask test` does it");
        let mails = place.directory().join("mails");
        let mut command = Command::new(python);
        command.args(["-m", "aiosmtpd", "--nosetuid", "--listen", &format!("127.0.0.1:{port}"), "--class", "aiosmtpd.handlers.Mailbox"]).arg(&mails);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(place.log_file("mail-server.err").1).kill_on_drop(true);
        let child = command.spawn().unwrap();
        wait_until("the mail server listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        Self { _child: child, mails }
    }

    /// Everything that it has got, as it came.
    pub(crate) fn got(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.mails.join("new")).into_iter().flatten().flatten();
        files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect()
    }
}
