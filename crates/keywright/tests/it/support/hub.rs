//! Somebody at a browser: it keeps cookies, reads pages, fills in their forms and sends them, and reads the mails of the outbox.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder};

use super::{Place, Server, wait_for};

/// The cookie of a session on plain http, and its twin behind https.
const SESSIONS: [&str; 2] = ["keywright", "__Host-keywright"];

/// A browser with cookies of its own.
pub(crate) struct Browser {
    http: reqwest::Client,
    /// Where the server listens.
    address: String,
    /// What the browser shows as origin: the address, or the public URL.
    pub(crate) origin: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// A page, or the way to another one, as it came.
#[derive(Debug)]
pub(crate) struct Page {
    /// Path and query that it was asked for with.
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    /// As HTML.
    pub(crate) body: String,
}

/// A form of a page, with what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) method: String,
    /// Names and values, in order; of radio buttons and boxes the ones that are on; of buttons none.
    pub(crate) fields: Vec<(String, String)>,
    /// Names and values of all its radio buttons, boxes, options and named buttons.
    pub(crate) choices: Vec<(String, String)>,
}

/// A mail as the outbox has it.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Browser {
    /// A browser without cookies.
    pub(crate) fn at(kw: &Server) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, address: kw.address.clone(), origin: kw.address.clone(), cookies: Mutex::default() }
    }

    /// The same server under its public URL.
    pub(crate) fn under(kw: &Server, public_url: &str) -> Self {
        Self { origin: public_url.to_owned(), ..Self::at(kw) }
    }

    /// Another browser that was given the same cookies.
    pub(crate) fn twin(&self) -> Self {
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Self { http: self.http.clone(), address: self.address.clone(), origin: self.origin.clone(), cookies }
    }

    /// Fetches this page and nothing else.
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(path, self.request(Method::GET, path)).await
    }

    /// Fetches a page and follows where it leads.
    pub(crate) async fn open(&self, path: &str) -> Page {
        self.follow(self.get(path).await).await
    }

    /// Sends fields as a form of our own page does, and follows nothing.
    pub(crate) async fn post<N: AsRef<str>, V: AsRef<str>>(&self, path: &str, fields: &[(N, V)]) -> Page {
        self.send(path, self.form_request(path, fields).header(ORIGIN, &self.origin).header("Sec-Fetch-Site", "same-origin")).await
    }

    /// The same with these headers instead of those that tell our own page.
    pub(crate) async fn post_from_elsewhere<N: AsRef<str>, V: AsRef<str>>(&self, path: &str, fields: &[(N, V)], headers: &[(&str, &str)]) -> Page {
        let request = headers.iter().fold(self.form_request(path, fields), |request, (name, value)| request.header(*name, *value));
        self.send(path, request).await
    }

    /// Sends a form and follows where it leads.
    pub(crate) async fn submit(&self, form: &Form) -> Page {
        self.follow(self.send_form(form).await).await
    }

    /// Sends a form and follows nothing.
    pub(crate) async fn send_form(&self, form: &Form) -> Page {
        if form.method == "get" {
            let query: Vec<String> = form.fields.iter().map(|(n, v)| format!("{}={}", escaped(n), escaped(v))).collect();
            return self.get(&format!("{}?{}", form.action, query.join("&"))).await;
        }
        self.post(&form.action, &form.fields).await
    }

    /// Follows redirects within the server.
    pub(crate) async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..5 {
            if !(300..400).contains(&page.status) {
                return page;
            }
            let to = page.leads_to().unwrap_or_else(|| panic!("a redirect without a way: {page:?}"));
            page = self.get(&to).await;
        }
        panic!("redirects without end: {page:?}")
    }

    /// Signs in by the code of the mail, and gives the page that this leads to.
    pub(crate) async fn sign_in(&self, kw: &Place, mail: &str) -> Page {
        let sent = self.submit(&self.get("/sign-in").await.form("/sign-in").with("mail", mail)).await;
        let code = kw.mail(mail).await.code();
        let page = self.submit(&sent.form("/sign-in/code").with("code", &code)).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(self.session().is_some(), "{page:?}");
        page
    }

    /// Registers an organisation and gives its id.
    pub(crate) async fn register(&self, name: &str) -> String {
        let page = self.submit(&self.get("/organisations/new").await.form("/organisations/new").with("name", name)).await;
        let id = page.path.strip_prefix("/organisations/").unwrap_or_else(|| panic!("no organisation was made: {page:?}"));
        id.split(['/', '?']).next().unwrap().to_owned()
    }

    /// The value of the session's cookie.
    pub(crate) fn session(&self) -> Option<String> {
        SESSIONS.iter().find_map(|name| self.cookie(name))
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Gives the browser a cookie, or takes it away.
    pub(crate) fn keep(&self, name: &str, value: Option<&str>) {
        let mut cookies = self.cookies.lock().unwrap();
        match value {
            Some(value) => cookies.insert(name.to_owned(), value.to_owned()),
            None => cookies.remove(name),
        };
    }

    /// A request with the browser's cookies.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.address));
        if self.origin != self.address {
            request = request.header(HOST, self.origin.split_once("://").unwrap().1);
        }
        let cookies: Vec<String> = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    fn form_request<N: AsRef<str>, V: AsRef<str>>(&self, path: &str, fields: &[(N, V)]) -> RequestBuilder {
        let pairs: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", escaped(n.as_ref()), escaped(v.as_ref()))).collect();
        self.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(pairs.join("&"))
    }

    /// Sends a request and keeps the cookies that come back.
    pub(crate) async fn send(&self, path: &str, request: RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let over = value.is_empty() || rest.to_ascii_lowercase().contains("max-age=0");
            self.keep(name.trim(), (!over).then_some(value));
        }
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Page { path: path.to_owned(), status, headers, body: answer.text().await.unwrap() }
    }
}

impl Page {
    /// A header, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    /// Where it leads, as path and query; none: it is no redirect, or one to another host.
    pub(crate) fn leads_to(&self) -> Option<String> {
        let to = self.headers.get(LOCATION)?.to_str().unwrap();
        (to.starts_with('/') && !to.starts_with("//")).then(|| to.to_owned())
    }

    /// What a person reads: the text without markup, spaces put together.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for part in self.body.split('<') {
            text.push(' ');
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        let words: Vec<String> = text.split_whitespace().map(unescaped).collect();
        words.join(" ")
    }

    /// Whether a person reads these words on it.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "{words:?} is not on {} ({}): {}", self.path, self.status, self.text());
        self
    }

    /// The opposite.
    #[track_caller]
    pub(crate) fn says_not(&self, words: &str) -> &Self {
        assert!(!self.text().contains(words), "{words:?} is on {} ({}): {}", self.path, self.status, self.text());
        self
    }

    /// It has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.path, self.text());
        self
    }

    /// All its forms.
    pub(crate) fn forms(&self) -> Vec<Form> {
        let forms = self.body.split("<form").skip(1);
        forms.map(|text| Form::read(text.split("</form>").next().unwrap_or_default(), &self.path)).collect()
    }

    /// The first form that is sent to this path.
    #[track_caller]
    pub(crate) fn form(&self, action: &str) -> Form {
        let found = self.forms().into_iter().find(|form| form.action.split('?').next() == Some(action));
        found.unwrap_or_else(|| panic!("no form for {action} on {} ({}): {}", self.path, self.status, self.text()))
    }

    /// The links of the page, in order.
    pub(crate) fn links(&self) -> Vec<String> {
        // What follows is ` href="…"`, or the rest of another element's name, which has none.
        let links = self.body.split("<a").skip(1);
        links.filter_map(|text| attribute(text.split('>').next().filter(|tag| tag.starts_with(' '))?, "href")).collect()
    }
}

impl Form {
    fn read(text: &str, path: &str) -> Self {
        let (head, inside) = text.split_once('>').unwrap_or((text, ""));
        let action = attribute(head, "action").unwrap_or_else(|| path.to_owned());
        let method = attribute(head, "method").unwrap_or_else(|| "get".into()).to_ascii_lowercase();
        let mut form = Self { action, method, fields: Vec::new(), choices: Vec::new() };
        let mut select = None;
        for element in inside.split('<').skip(1) {
            let (tag, content) = element.split_once('>').unwrap_or((element, ""));
            let kind = tag.split([' ', '/']).next().unwrap_or_default();
            let name = attribute(tag, "name");
            let value = attribute(tag, "value");
            match (kind, name) {
                ("input", Some(name)) => {
                    let chosen_kind = matches!(attribute(tag, "type").as_deref(), Some("radio" | "checkbox"));
                    let value = value.unwrap_or_else(|| if chosen_kind { "on".into() } else { String::new() });
                    if chosen_kind {
                        form.choices.push((name.clone(), value.clone()));
                    }
                    if !chosen_kind || has(tag, "checked") {
                        form.fields.push((name, value));
                    }
                }
                ("textarea", Some(name)) => form.fields.push((name, unescaped(content.strip_prefix('\n').unwrap_or(content)))),
                ("select", Some(name)) => {
                    form.fields.push((name.clone(), String::new()));
                    select = Some((name, true));
                }
                ("option", _) => {
                    let value = value.unwrap_or_else(|| unescaped(content.trim()));
                    if let Some((name, first)) = &mut select {
                        if *first || has(tag, "selected") {
                            form.fields.last_mut().unwrap().1.clone_from(&value);
                        }
                        *first = false;
                        form.choices.push((name.clone(), value));
                    }
                }
                ("button", Some(name)) => form.choices.push((name, value.unwrap_or_default())),
                _ => {}
            }
        }
        form
    }

    /// With this in a field, which is there.
    #[track_caller]
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let known = self.fields.iter().chain(&self.choices).any(|(n, _)| n == name);
        assert!(known, "the form has no field {name}: {self:?}");
        self.put(name, value)
    }

    /// With this in a field, whether the form has it or not.
    pub(crate) fn put(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With one more value of a field that may have several.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a field.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self
    }

    /// What stands in a field.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// ` name="value"` of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    Some(unescaped(&tag[start..start + tag[start..].find('"')?]))
}

fn has(tag: &str, name: &str) -> bool {
    tag.split([' ', '/']).any(|word| word == name)
}

/// References to characters, as our templates write them.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((reference, rest)) = part.split_once(';') else {
            all.push('&');
            all.push_str(part);
            continue;
        };
        let number = reference.strip_prefix('#').and_then(|n| n.strip_prefix('x').map_or_else(|| n.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok()));
        all.push(match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => number.and_then(char::from_u32).unwrap_or('?'),
        });
        all.push_str(rest);
    }
    all
}

fn escaped(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

impl Mail {
    /// The link in it, as path and query.
    #[track_caller]
    pub(crate) fn link(&self) -> String {
        let link = self.text.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("no link in the mail {:?}", self.subject));
        let (_, rest) = link.split_once("://").unwrap();
        rest[rest.find('/').unwrap()..].to_owned()
    }

    /// The code in it: two groups of four.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let is_code =
            |word: &&str| word.len() == 9 && word.as_bytes()[4] == b'-' && word.bytes().all(|b| b == b'-' || b.is_ascii_uppercase() || b.is_ascii_digit());
        self.text.split_whitespace().find(is_code).unwrap_or_else(|| panic!("no code in the mail {:?}", self.subject)).to_owned()
    }
}

impl Place {
    /// Where mails are files.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.directory().join("data/outbox")
    }

    /// The oldest mail to this address that is still in the outbox, which it leaves by this.
    pub(crate) async fn mail(&self, address: &str) -> Mail {
        wait_for(&format!("a mail to {address}"), async || self.mails(address).into_iter().next().inspect(|(file, _)| std::fs::remove_file(file).unwrap()))
            .await
            .1
    }

    /// The mails to this address that are in the outbox, oldest first.
    pub(crate) fn mails(&self, address: &str) -> Vec<(PathBuf, Mail)> {
        let Ok(files) = std::fs::read_dir(self.outbox()) else { return Vec::new() };
        let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "eml")).collect();
        // Names begin with an id, whose order is that of time.
        files.sort();
        let read = |file: PathBuf| std::fs::read_to_string(&file).ok().map(|text| (file, text));
        files.into_iter().filter_map(read).filter_map(|(file, text)| letter(address, &text).map(|mail| (file, mail))).collect()
    }
}

/// A message (RFC 5322) to this address.
fn letter(address: &str, message: &str) -> Option<Mail> {
    let message = message.replace("\r\n", "\n");
    let (head, body) = message.split_once("\n\n")?;
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
    field("To:").filter(|to| to.contains(address))?;
    let text = if head.to_ascii_lowercase().contains("quoted-printable") { quoted_printable(body) } else { body.to_owned() };
    Some(Mail { subject: field("Subject:").unwrap_or_default(), text })
}

/// RFC 2045 section 6.7.
fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'=').and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}
