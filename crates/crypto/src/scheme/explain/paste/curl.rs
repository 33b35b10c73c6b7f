//! A command line of curl, read as curl reads it, up to what it would send.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{PasteFault, Pasted, absolute, shell};
use crate::scheme::fault::shown;

/// What an option does here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Method,
    Header,
    Data,
    DataRaw,
    DataEncoded,
    Json,
    Get,
    Head,
    Url,
    User,
    Agent,
    Referer,
    Cookie,
    PathAsIs,
    Compressed,
    /// Changes nothing about the request.
    Nothing,
    /// Changes nothing about the request, and has a value.
    NothingWithValue,
    /// Sends something that is not on the command line, or that curl makes up.
    Refused(&'static str),
}

use Does::{
    Agent, Compressed, Cookie, Data, DataEncoded, DataRaw, Get, Head, Header, Json, Method, Nothing, NothingWithValue, PathAsIs, Referer, Refused, Url, User,
};

const MULTIPART: &str = "curl makes up a boundary each time, so the body is not known here; paste the request as it was sent";
const UPLOAD: &str = "the file is not here; paste the request as it was sent, or use --data-binary with its content";

const OPTIONS: [(&str, &str, Does); 49] = [
    ("-X", "--request", Method),
    ("-H", "--header", Header),
    ("-d", "--data", Data),
    ("", "--data-ascii", Data),
    ("", "--data-binary", Data),
    ("", "--data-raw", DataRaw),
    ("", "--data-urlencode", DataEncoded),
    ("", "--json", Json),
    ("-G", "--get", Get),
    ("-I", "--head", Head),
    ("", "--url", Url),
    ("-u", "--user", User),
    ("-A", "--user-agent", Agent),
    ("-e", "--referer", Referer),
    ("-b", "--cookie", Cookie),
    ("", "--path-as-is", PathAsIs),
    ("", "--compressed", Compressed),
    ("-F", "--form", Refused(MULTIPART)),
    ("", "--form-string", Refused(MULTIPART)),
    ("-T", "--upload-file", Refused(UPLOAD)),
    ("-K", "--config", Refused("the file is not here; write its options out")),
    ("", "--aws-sigv4", Refused("it signs in a way of its own, which is not one of the server's")),
    ("-s", "--silent", Nothing),
    ("-S", "--show-error", Nothing),
    ("-v", "--verbose", Nothing),
    ("-i", "--include", Nothing),
    ("", "--show-headers", Nothing),
    ("-L", "--location", Nothing),
    ("-k", "--insecure", Nothing),
    ("-f", "--fail", Nothing),
    ("", "--fail-with-body", Nothing),
    ("-g", "--globoff", Nothing),
    ("-N", "--no-buffer", Nothing),
    ("-4", "--ipv4", Nothing),
    ("-6", "--ipv6", Nothing),
    ("-0", "--http1.0", Nothing),
    ("", "--http1.1", Nothing),
    ("", "--http2", Nothing),
    ("-#", "--progress-bar", Nothing),
    ("-o", "--output", NothingWithValue),
    ("-D", "--dump-header", NothingWithValue),
    ("-w", "--write-out", NothingWithValue),
    ("-m", "--max-time", NothingWithValue),
    ("", "--connect-timeout", NothingWithValue),
    ("", "--retry", NothingWithValue),
    ("", "--cacert", NothingWithValue),
    ("-E", "--cert", NothingWithValue),
    ("", "--key", NothingWithValue),
    ("", "--resolve", NothingWithValue),
];

/// What the options say so far.
#[derive(Default)]
struct Command {
    method: Option<String>,
    headers: Vec<(String, Option<Vec<u8>>)>,
    data: Option<Vec<u8>>,
    json: bool,
    get: bool,
    head: bool,
    path_as_is: bool,
    url: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Pasted, PasteFault> {
    let mut command = Command::default();
    let mut words = shell::words(text)?.into_iter().skip(1);
    while let Some(word) = words.next() {
        let word = utf8(word)?;
        if !word.starts_with('-') || word == "-" {
            command.url(word)?;
        } else if word.starts_with("--") {
            let does = OPTIONS.iter().find(|(_, long, _)| *long == word).map(|(.., does)| *does);
            let value = if does.is_some_and(has_value) { Some(words.next()) } else { None };
            command.follow(&word, does, value)?;
        } else {
            command.follow_short(&word, &mut words)?;
        }
    }
    command.finish()
}

const fn has_value(does: Does) -> bool {
    !matches!(does, Get | Head | PathAsIs | Compressed | Nothing | Refused(_))
}

fn utf8(word: Vec<u8>) -> Result<String, PasteFault> {
    String::from_utf8(word).map_err(|_| PasteFault::Command("an option or the URL is not UTF-8"))
}

impl Command {
    /// Short options may stand together, and the last one's value may follow at once.
    fn follow_short(&mut self, word: &str, words: &mut impl Iterator<Item = Vec<u8>>) -> Result<(), PasteFault> {
        for (at, letter) in word[1..].char_indices() {
            let option = format!("-{letter}");
            let does = OPTIONS.iter().find(|(short, ..)| *short == option).map(|(.., does)| *does);
            if does.is_some_and(has_value) {
                let attached = &word[1 + at + letter.len_utf8()..];
                let value = if attached.is_empty() { words.next() } else { Some(attached.as_bytes().to_vec()) };
                return self.follow(&option, does, Some(value));
            }
            self.follow(&option, does, None)?;
        }
        Ok(())
    }

    fn follow(&mut self, option: &str, does: Option<Does>, value: Option<Option<Vec<u8>>>) -> Result<(), PasteFault> {
        let refused = |why| PasteFault::Option { option: shown(option), why };
        let value = match value {
            Some(None) => return Err(refused("its value is missing")),
            Some(Some(value)) => value,
            None => Vec::new(),
        };
        match does.ok_or(refused("it is not known here; leave it out if it does not change the request"))? {
            Method => self.method = Some(utf8(value)?),
            Header => self.header(value).map_err(refused)?,
            Data => self.data(&value, true).map_err(refused)?,
            DataRaw => self.data(&value, false).map_err(refused)?,
            DataEncoded => self.data(&encoded(&value).map_err(refused)?, false).map_err(refused)?,
            Json => {
                if value.starts_with(b"@") {
                    return Err(refused(UPLOAD));
                }
                self.json = true;
                self.data.get_or_insert_default().extend_from_slice(&value);
            }
            Get => self.get = true,
            Head => self.head = true,
            Url => self.url(utf8(value)?)?,
            User => {
                if !value.contains(&b':') {
                    return Err(refused("curl asks for the password, which is not here"));
                }
                self.set("Authorization", format!("Basic {}", BASE64_STANDARD.encode(value)).into_bytes());
            }
            Agent => self.set("User-Agent", value),
            Referer => self.set("Referer", value),
            Cookie if value.contains(&b'=') => self.set("Cookie", value),
            Cookie => return Err(refused("the file is not here; write the cookies out")),
            Compressed => self.set("Accept-Encoding", b"deflate, gzip".to_vec()),
            PathAsIs => self.path_as_is = true,
            Nothing | NothingWithValue => {}
            Refused(why) => return Err(refused(why)),
        }
        Ok(())
    }

    fn url(&mut self, url: String) -> Result<(), PasteFault> {
        if self.url.replace(url).is_some() { Err(PasteFault::Command("it has two URLs; only one request can be explained")) } else { Ok(()) }
    }

    fn set(&mut self, name: &str, value: Vec<u8>) {
        self.headers.push((name.to_owned(), Some(value)));
    }

    /// `Name: value`; `Name:` takes one of curl's own away, `Name;` sends an empty one.
    fn header(&mut self, line: Vec<u8>) -> Result<(), &'static str> {
        if line.starts_with(b"@") {
            return Err("the file is not here; write its headers out");
        }
        let colon = line.iter().position(|b| *b == b':');
        let (name, value) = match colon {
            Some(at) => {
                let value = crate::scheme::request::trim(&line[at + 1..]);
                (&line[..at], if value.is_empty() { None } else { Some(value.to_vec()) })
            }
            None => (line.strip_suffix(b";").ok_or("a header is a name, a colon and a value")?, Some(Vec::new())),
        };
        let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()));
        self.headers.push((name.ok_or("a header's name has no spaces")?.to_owned(), value));
        Ok(())
    }

    /// Several are joined with `&`.
    fn data(&mut self, value: &[u8], may_be_file: bool) -> Result<(), &'static str> {
        if may_be_file && value.starts_with(b"@") {
            return Err(UPLOAD);
        }
        if let Some(data) = &mut self.data {
            data.push(b'&');
        }
        self.data.get_or_insert_default().extend_from_slice(value);
        Ok(())
    }

    fn finish(mut self) -> Result<Pasted, PasteFault> {
        let url = self.url.take().ok_or(PasteFault::Command("it has no URL"))?;
        let with_scheme = if url.contains("://") { url } else { format!("http://{url}") };
        let (scheme, authority, rest) = absolute(&with_scheme).ok_or(PasteFault::Command("its URL is neither http nor https"))?;
        if authority.contains('@') {
            return Err(PasteFault::Command("its URL holds a user or a password; leave them out"));
        }
        let mut target = self.target(rest)?;
        let data = self.data.take();
        let body = if self.get { None } else { data.clone() };
        if let Some(data) = data.filter(|_| self.get) {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&utf8(data)?);
        }
        let implied = if self.head {
            "HEAD"
        } else if body.is_some() {
            "POST"
        } else {
            "GET"
        };
        let method = self.method.take().unwrap_or_else(|| implied.to_owned());
        let mut pasted = Pasted {
            method,
            scheme,
            scheme_known: true,
            authority: authority.to_owned(),
            target,
            headers: self.sent(authority, body.as_deref()),
            body,
            other_bodies: Vec::new(),
            answered_at_s: None,
            notes: Vec::new(),
        };
        if let Some(host) = pasted.header("host").map(|host| String::from_utf8_lossy(host).into_owned()) {
            pasted.authority = host;
        }
        if pasted.header("user-agent").is_none() {
            pasted.notes.push("curl sends a User-Agent with its version, which is not known here.");
        }
        Ok(pasted)
    }

    /// Path and query as curl sends them.
    fn target(&self, rest: &str) -> Result<String, PasteFault> {
        let rest = rest.split('#').next().unwrap_or(rest);
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        if !self.path_as_is && path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(PasteFault::Command("curl takes `.` and `..` out of the path before it sends it; write the path as it is sent, or add --path-as-is"));
        }
        Ok(format!("{}{query}", if path.is_empty() { "/" } else { path }))
    }

    /// The headers that are sent: curl's own, unless the command has or removes them, then the command's.
    fn sent(self, authority: &str, body: Option<&[u8]>) -> Vec<(String, Vec<u8>)> {
        let json = if self.json { "application/json" } else { "*/*" };
        let kind = if self.json { "application/json" } else { "application/x-www-form-urlencoded" };
        let length = body.map(|body| body.len().to_string());
        let own = [("Host", Some(authority)), ("Accept", Some(json)), ("Content-Type", body.map(|_| kind)), ("Content-Length", length.as_deref())];
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, value) in own {
            if let Some(value) = value.filter(|_| !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))) {
                headers.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
        headers.extend(self.headers.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
        headers
    }
}

/// `--data-urlencode`: `content`, `=content` or `name=content`.
fn encoded(value: &[u8]) -> Result<Vec<u8>, &'static str> {
    let split = value.iter().position(|b| matches!(b, b'=' | b'@'));
    let (name, content) = match split {
        Some(at) if value[at] == b'@' => return Err(UPLOAD),
        Some(at) => (&value[..at], &value[at + 1..]),
        None => (&value[..0], value),
    };
    let mut out = name.to_vec();
    if !name.is_empty() {
        out.push(b'=');
    }
    for byte in content {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    Ok(out)
}
