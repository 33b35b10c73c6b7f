//! What people type: names, mail addresses, host names. Checked once, here, with a sentence that says what to write instead.

use crate::limits;

/// Why a text was refused. The message completes "`field`: …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(pub String);

/// Characters of a given text that a message repeats.
const REPEATED_CHARS_MAX: usize = 80;
/// Letters and digits in a row that a message repeats: an id has 26, every secret more.
const PLAIN_RUN_MAX: usize = 26;

/// As much of a given text as a message may repeat: people paste secrets where they do not belong, and messages end in logs.
#[must_use]
pub fn repeated(given: &str) -> String {
    without_secrets(given).chars().take(REPEATED_CHARS_MAX).collect()
}

/// The text with `…` in the place of whatever could be a secret: more than 26 letters and digits in a row, which no id has.
#[must_use]
pub fn without_secrets(given: &str) -> String {
    let mut shown = String::with_capacity(given.len());
    for piece in given.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let run = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        shown.push_str(if run.len() > PLAIN_RUN_MAX { "…" } else { run });
        shown.push_str(&piece[run.len()..]);
    }
    shown
}

/// A name as it will be stored: white space at the ends removed.
///
/// # Errors
/// Empty, longer than [`limits::NAME_CHARS_MAX`], with nothing to see in it, or with control or direction-changing characters, which could make one name look like another.
pub fn name(given: &str) -> Result<String, TextError> {
    let name = given.trim();
    if name.is_empty() {
        return Err(TextError("is empty: write a name of 1 to 100 characters".into()));
    }
    let chars = name.chars().count();
    if chars > limits::NAME_CHARS_MAX {
        return Err(TextError(format!("has {chars} characters: at most {} are kept", limits::NAME_CHARS_MAX)));
    }
    if let Some(bad) = hidden(name, &[]) {
        return Err(TextError(format!("contains U+{:04X}, which does not show: remove it", bad as u32)));
    }
    if !shows(name) {
        return Err(TextError("shows nothing: write a name of 1 to 100 characters".into()));
    }
    Ok(name.to_owned())
}

/// A text of several lines: white space at the ends removed, line ends made alike.
///
/// # Errors
/// Empty, longer than `max` characters, or with characters that do not show, beside line ends and tabs.
pub fn paragraph(given: &str, max: usize) -> Result<String, TextError> {
    let text = given.trim().replace("\r\n", "\n").replace('\r', "\n");
    let chars = text.chars().count();
    if text.is_empty() {
        return Err(TextError("is empty: write something, or leave it out".into()));
    }
    if chars > max {
        return Err(TextError(format!("has {chars} characters: at most {max} are kept")));
    }
    if let Some(bad) = hidden(&text, &['\n', '\t']) {
        return Err(TextError(format!("contains U+{:04X}, which does not show: remove it", bad as u32)));
    }
    Ok(text)
}

/// The address of a page that people are sent to: `https://`, a public host name, perhaps a path.
///
/// # Errors
/// Another scheme, no usable host, a user name in it, too long, or characters that no address has.
pub fn web_address(given: &str) -> Result<String, TextError> {
    let given = given.trim();
    let wrong = |why: &str| TextError(format!("{why}: write an address such as https://example.com/privacy"));
    if given.chars().count() > limits::URL_CHARS_MAX {
        return Err(wrong("is longer than 2,000 characters"));
    }
    let (scheme, rest) = given.split_once("://").ok_or_else(|| wrong("is not a whole address"))?;
    if !scheme.eq_ignore_ascii_case("https") {
        return Err(wrong("does not begin with https://"));
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = public_host(host).map_err(|why| TextError(format!("has a host that {why}")))?;
    if !path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`' | b'{' | b'}' | b'|' | b'^')) {
        return Err(wrong("contains a character that stands for itself in no address"));
    }
    Ok(format!("https://{host}{path}"))
}

/// Control characters, and those that change the direction of text or take no room (Unicode TR 36, bidirectional spoofing).
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
        // A hyphen that shows at line ends only, a joiner of nothing, marks of direction, fillers and blanks of single scripts.
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{FE00}'..='\u{FE0E}' | '\u{E0100}'..='\u{E01EF}')
}

/// What joins two emoji to one picture, and letters of some scripts; anywhere else it does not show.
const JOINER: char = '\u{200D}';
/// What keeps letters of some scripts apart.
const NON_JOINER: char = '\u{200C}';
/// What makes a sign a picture.
const AS_PICTURE: char = '\u{FE0F}';

/// Whether a picture can be joined to another: emoji, their skin tones and the mark that makes a sign one (Unicode TR 51).
const fn is_emoji(c: char) -> bool {
    matches!(c, '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{2049}' | '\u{2122}'..='\u{27BF}' | '\u{2900}'..='\u{2BFF}' | '\u{3030}'..='\u{3299}' | AS_PICTURE | '\u{1F000}'..='\u{1FAFF}')
}

/// Whether a letter is of a script in which joiners are part of correct spelling: Arabic, those of India and Sri Lanka (RFC 5892 appendix A.1 and A.2).
const fn is_joined(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{900}'..='\u{DFF}')
}

/// The first character that does not show, beside those of `lines`.
fn hidden(text: &str, lines: &[char]) -> Option<char> {
    let mut before: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let between = |of: fn(char) -> bool| before.is_some_and(of) && after.is_some_and(of);
        let shows = match c {
            JOINER => between(is_emoji) || between(is_joined),
            NON_JOINER => between(is_joined),
            AS_PICTURE => before.is_some_and(|b| (is_emoji(b) && b != AS_PICTURE) || matches!(b, '0'..='9' | '#' | '*')),
            c => !is_hidden(c) || lines.contains(&c),
        };
        if !shows {
            return Some(c);
        }
        before = Some(c);
    }
    None
}

/// Whether there is anything to see: more than blanks, and marks that change the look of the character before them.
fn shows(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && c != JOINER && !matches!(c, '\u{300}'..='\u{36F}' | '\u{FE00}'..='\u{FE0F}' | '\u{20D0}'..='\u{20FF}'))
}

/// A mail address in the form in which it is compared: lower case. The name before the `@` is a dot-string of RFC 5321 section 4.1.2: letters of
/// other scripts would let one address look like another.
///
/// # Errors
/// Not one `@` between a name and a host name with a dot, too long, with characters that no mail server takes unquoted, or with an IP address or a
/// port behind the `@`.
pub fn mail(given: &str) -> Result<String, TextError> {
    let mail = given.trim();
    let wrong = |why: &str| TextError(format!("{why}: write a mail address such as ann@example.com"));
    if mail.chars().count() > limits::MAIL_CHARS_MAX {
        return Err(wrong("is longer than 254 characters"));
    }
    let (local, host_part) = mail.rsplit_once('@').ok_or_else(|| wrong("has no @"))?;
    let local_ok = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() || local.chars().count() > 64 || !local.chars().all(local_ok) || local.starts_with('.') || local.ends_with('.') || local.contains("..")
    {
        return Err(wrong("has no usable name before the @"));
    }
    let host_part = host(host_part).map_err(|_| wrong("has no usable host after the @"))?;
    if host_part.contains(':') {
        return Err(wrong("has a port after the @"));
    }
    match host_part.rsplit_once('.') {
        None => Err(wrong("has no dot in the host after the @")),
        Some((_, last)) if last.bytes().all(|b| b.is_ascii_digit()) => Err(wrong("has a number in the place of a host after the @")),
        Some(_) => Ok(format!("{}@{host_part}", local.to_ascii_lowercase())),
    }
}

/// A host name in lower case, with its port if one was given. Whether it is a *public* one is another question.
///
/// # Errors
/// Empty labels, labels longer than 63, other characters than letters, digits and `-`, or a port out of range.
pub fn host(given: &str) -> Result<String, TextError> {
    let given = given.trim();
    let wrong = || TextError("is not a host name: write one such as app.example.com, without https:// and path".into());
    let (name, port) = match given.rsplit_once(':') {
        Some((name, port)) => (name, Some(port.parse::<u16>().ok().filter(|p| *p > 0).ok_or_else(wrong)?)),
        None => (given, None),
    };
    let label_ok =
        |l: &str| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-') && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if name.is_empty() || name.len() > limits::HOST_CHARS_MAX || !name.split('.').all(label_ok) {
        return Err(wrong());
    }
    let name = name.to_ascii_lowercase();
    Ok(port.map_or(name.clone(), |port| format!("{name}:{port}")))
}

/// The host under which an application's users meet it: one that the public can reach.
///
/// # Errors
/// As [`host`]; also IP addresses, reserved names (RFC 6761, RFC 6762), names under no known public suffix, and bare suffixes.
pub fn public_host(given: &str) -> Result<String, TextError> {
    let host = host(given)?;
    let name = host.split(':').next().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TextError("is an IP address: write a host name such as app.example.com".into()));
    }
    if ["test", "local", "example", "invalid", "localhost"].contains(&last) {
        return Err(TextError(format!("ends in .{last}, which is reserved and which no user can reach: write a public host name such as app.example.com")));
    }
    match psl::suffix(name.as_bytes()) {
        Some(suffix) if suffix.is_known() && suffix.as_bytes() == name.as_bytes() => {
            Err(TextError("is a public suffix, below which anybody can register: write your own name below it".into()))
        }
        Some(suffix) if suffix.is_known() => Ok(host),
        _ => Err(TextError(format!("ends in .{last}, which is no known public suffix: write a host name such as app.example.com"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_hidden_characters_refused() {
        assert_eq!(name("  Acme Ltd ").unwrap(), "Acme Ltd");
        for bad in ["", "   ", "a\u{202E}b", "a\0b", "a\nb", &"x".repeat(101)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        for hidden in "\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}\u{180E}\u{180F}\u{200C}\u{200D}\u{2800}\u{3164}\u{FFA0}".chars() {
            assert!(name(&format!("Ac{hidden}me")).is_err(), "U+{:04X}", u32::from(hidden));
        }
        for pictures in
            ["\u{1F469}\u{200D}\u{1F4BB}", "Team \u{1F468}\u{1F3FD}\u{200D}\u{1F33E} 1", "\u{2764}\u{FE0F}\u{200D}\u{1F525}", "e\u{301}", "1\u{FE0F}\u{20E3}"]
        {
            assert_eq!(name(pictures).unwrap(), pictures);
        }
        for bad in ["\u{1F469}\u{200D}", "\u{200D}\u{1F4BB}", "a\u{200D}\u{1F4BB}", "\u{FE0F}", "\u{301}"] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        // Persian and Sinhala are spelled with joiners.
        for joined in ["\u{645}\u{6CC}\u{200C}\u{62E}\u{648}\u{627}\u{647}\u{645}", "\u{DC1}\u{DCA}\u{200D}\u{DBB}\u{DD3}"] {
            assert_eq!(name(joined).unwrap(), joined);
        }
        for varied in ["a\u{FE0F}b", "a\u{FE00}", "a\u{E0100}", "\u{645}\u{200C}", "\u{2764}\u{FE0F}\u{FE0F}"] {
            assert!(name(varied).is_err(), "{varied:?}");
        }
        assert_eq!(name(&"é".repeat(100)).unwrap().chars().count(), 100);
    }

    #[test]
    fn paragraphs_keep_their_lines_and_nothing_that_does_not_show() {
        assert_eq!(paragraph(" a\r\nb\tc\r", 10).unwrap(), "a\nb\tc");
        for bad in ["", " \n ", "a\u{202E}b", "a\0b", "12345678901"] {
            assert!(paragraph(bad, 10).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn web_addresses_are_https_and_public() {
        assert_eq!(web_address(" HTTPS://Example.COM/a?b#c ").unwrap(), "https://example.com/a?b#c");
        let long = format!("https://example.com/{}", "x".repeat(2_000));
        for bad in [
            "",
            "example.com",
            "http://example.com",
            "javascript:alert(1)",
            "https://",
            "https://a@example.com",
            "https://10.0.0.1/",
            "https://example.com/<b>",
            &long,
        ] {
            assert!(web_address(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn messages_repeat_ids_and_words_but_no_secret() {
        for plain in ["", "key_01HX9KZMB3F7VNQP8R2WDGT4E5", "payouts:wirte", "10.0.0.1/8", "a b", "é…", "-x-"] {
            assert_eq!(repeated(plain), plain);
        }
        let body = "0123456789ABCDEFGHIJabcdefghijklmnop";
        assert_eq!(repeated(&format!("kw_live_{body}")), "kw_live_…");
        assert_eq!(without_secrets(&format!("'{body}' and postgres://a:{body}@b, é{body}")), "'…' and postgres://a:…@b, é…");
        assert_eq!(repeated(&"x ".repeat(100)).len(), 80);
    }

    #[test]
    fn mails_are_lower_cased_and_checked() {
        assert_eq!(mail("Ann.Lee+x@Example.COM").unwrap(), "ann.lee+x@example.com");
        for bad in ["ann", "@example.com", "ann@", "ann@localhost", "a b@example.com", "ann@exa mple.com", "ann@example..com", "<ann@example.com>"] {
            assert!(mail(bad).is_err(), "{bad:?}");
        }
        for bad in
            ["ann@example.com:25", "ann@192.0.2.1", "ann@1.2", "ann@[192.0.2.1]", "\u{430}nn@example.com", "ann@ex\u{430}mple.com", "ann..lee@example.com"]
        {
            assert!(mail(bad).is_err(), "{bad:?}");
        }
        assert_eq!(mail("o'neil/x=y{z}~@mail.1and1.example").unwrap(), "o'neil/x=y{z}~@mail.1and1.example");
    }

    #[test]
    fn public_hosts_are_below_a_known_suffix() {
        for good in ["app.example.com", "example.co.uk:8443", "EXAMPLE.com"] {
            assert!(public_host(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("10.0.0.1", "IP address"),
            ("shop.test", "reserved"),
            ("printer.local", "reserved"),
            ("localhost:3000", "reserved"),
            ("co.uk", "public suffix"),
            ("com", "public suffix"),
            ("app.nosuchsuffix", "no known public suffix"),
            ("https://example.com", "not a host name"),
        ] {
            assert!(public_host(bad).unwrap_err().to_string().contains(why), "{bad}");
        }
    }

    #[test]
    fn hosts_may_have_a_port_and_nothing_else() {
        assert_eq!(host("App.Example.com:8443").unwrap(), "app.example.com:8443");
        for bad in ["https://example.com", "example.com/x", "-a.com", "a..b", "", "example.com:0", "example.com:99999"] {
            assert!(host(bad).is_err(), "{bad:?}");
        }
    }
}
