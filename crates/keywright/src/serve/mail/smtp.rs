//! The mail server, from its address: `smtp://user:password@mail.example.com:587?from=keys@example.com`.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use reqwest::Url;

/// How long the server may take for each of its answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// A mail server.
pub(in crate::serve) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Option<Mailbox>,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    /// TLS from the beginning (`smtps`, port 465).
    Tls,
    /// TLS before anything is said (`smtp`, port 587); a server that does not offer it gets no mail.
    StartTls,
    /// None (port 25): the server is on this machine, or the address says `tls=none`.
    None,
}

/// What an address says.
struct Address {
    host: String,
    port: u16,
    protection: Protection,
    login: Option<(String, String)>,
    from: Option<Mailbox>,
}

impl Address {
    fn read(url: &str) -> Result<Self, &'static str> {
        let form = "write smtp://user@mail.example.com?from=keys@example.com, or smtps://…";
        let url = Url::parse(url).map_err(|_| form)?;
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or(form)?.trim_matches(['[', ']']).to_owned();
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let mut protection = match url.scheme() {
            "smtps" => Protection::Tls,
            "smtp" if here => Protection::None,
            "smtp" => Protection::StartTls,
            _ => return Err(form),
        };
        if !matches!(url.path(), "" | "/") {
            return Err("a path after the host means nothing: leave it out");
        }
        let mut from = None;
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("from", address) => from = Some(address.parse().map_err(|_| "from= is no mail address: write from=keys@example.com")?),
                ("tls", "none") if url.scheme() == "smtp" => protection = Protection::None,
                ("tls", "starttls") if url.scheme() == "smtp" => protection = Protection::StartTls,
                ("tls", _) => return Err("tls= may be starttls or none, with smtp:// only"),
                _ => return Err("after the host, from= and tls= may be said, and nothing else"),
            }
        }
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user)?, decoded(password.unwrap_or_default())?)),
        };
        if login.is_some() && protection == Protection::None && !here {
            return Err("a password would be readable on its way: use smtps://, or leave tls=none out");
        }
        let usual = match protection {
            Protection::Tls => 465,
            Protection::StartTls => 587,
            Protection::None => 25,
        };
        Ok(Self { host, port: url.port().unwrap_or(usual), protection, login, from })
    }
}

/// A name or password as it was before it was put into an address.
fn decoded(text: &str) -> Result<String, &'static str> {
    let wrong = "name or password are not encoded as an address needs it: write %40 for @, %3A for :, %25 for %";
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let (digits, after) = after.split_at_checked(2).ok_or(wrong)?;
            bytes.extend(hex::decode(digits).map_err(|_| wrong)?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong)
}

impl Smtp {
    /// The server of this address.
    ///
    /// # Errors
    /// What is wrong with the address, without repeating it.
    pub(super) fn from_url(url: &str) -> Result<Self, &'static str> {
        let Address { host, port, protection, login, from } = Address::read(url)?;
        let tls = || TlsParameters::new(host.clone()).map_err(|_| "the host cannot be asked for a certificate");
        let tls = match protection {
            Protection::Tls => Tls::Wrapper(tls()?),
            Protection::StartTls => Tls::Required(tls()?),
            Protection::None => Tls::None,
        };
        // Not dangerous with what is said right after: the builder's own default would be without TLS.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port).tls(tls).timeout(Some(ANSWER_WITHIN));
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Who the mails are from, if the address says it.
    pub(super) const fn from(&self) -> Option<&Mailbox> {
        self.from.as_ref()
    }

    /// Sends a message.
    ///
    /// # Errors
    /// What went wrong. What the server said may repeat the address of the mail, so only its code is told.
    pub(super) async fn send(&self, message: Message) -> Result<(), String> {
        let error = match self.transport.send(message).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        Err(match error.status() {
            Some(code) => format!("the mail server answers {code}"),
            None if error.is_timeout() => "the mail server does not answer in time".into(),
            None if error.is_response() || error.is_client() => "the mail server and this program do not understand each other".into(),
            None => {
                let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                format!("the mail server cannot be reached: {}", keywright_domain::text::without_secrets(&cause))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_to_reach_the_server() {
        let read = |url| Address::read(url).map(|a| (a.host, a.port, a.protection)).unwrap();
        assert_eq!(read("smtp://mail.example.com"), ("mail.example.com".into(), 587, Protection::StartTls));
        assert_eq!(read("smtp://mail.example.com:2525?tls=none"), ("mail.example.com".into(), 2525, Protection::None));
        assert_eq!(read("smtps://mail.example.com/"), ("mail.example.com".into(), 465, Protection::Tls));
        assert_eq!(read("smtp://127.0.0.1:1025"), ("127.0.0.1".into(), 1025, Protection::None));
        assert_eq!(read("smtp://[::1]:1025?tls=starttls"), ("::1".into(), 1025, Protection::StartTls));
        let full = Address::read("smtp://keys%40example.com:p%3Aa%25ss@mail.example.com?from=Keys%20%3Ckeys@example.com%3E").unwrap();
        assert_eq!(full.login, Some(("keys@example.com".into(), "p:a%ss".into())));
        assert_eq!(full.from.unwrap().to_string(), "Keys <keys@example.com>");
    }

    #[test]
    fn a_wrong_address_is_refused_and_not_repeated() {
        let bad = [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp:///x",
            "smtp://hunter2:hunter2@/",
            "smtp://u:hunter2@mail.example.com/path",
            "smtp://u:hunter2@mail.example.com?tls=none",
            "smtps://u:hunter2@mail.example.com?tls=starttls",
            "smtp://mail.example.com?from=hunter2",
            "smtp://mail.example.com?password=hunter2",
            "smtp://u:hunter2%zz@mail.example.com",
            "smtp://u:hunter2@mail.example.com:99999",
        ];
        for url in bad {
            let why = Smtp::from_url(url).err().unwrap_or_else(|| panic!("{url} is taken"));
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
