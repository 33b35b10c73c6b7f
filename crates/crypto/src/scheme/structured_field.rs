//! A strict reader of structured fields (RFC 9651) that borrows from its text and copies nothing.
//!
//! Stricter than the RFC where leniency could make two readers differ: a key or parameter that comes twice is refused (the RFC takes the last).

/// A bare item (RFC 9651 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// Section 3.3.1.
    Integer(i64),
    /// Section 3.3.2. Nothing here asks for its value.
    Decimal,
    /// Section 3.3.3: what stands between the quotes, backslashes and all.
    Text(&'a str),
    /// Section 3.3.4.
    Token(&'a str),
    /// Section 3.3.5: what stands between the colons, of base64's characters.
    Bytes(&'a str),
    /// Section 3.3.6.
    Boolean(bool),
    /// Section 3.3.7: seconds since 1970.
    Date(i64),
    /// Section 3.3.8. Nothing here asks for its value.
    DisplayText,
}

/// What is wrong, as the end of a sentence about the header.
pub(super) type Why = &'static str;

use keywright_domain::limits::ITEM_PARAMETERS_MAX as PARAMETERS_MAX;

/// A place in a field's text.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether everything read so far is written as RFC 9651 section 4.1 would write it, so that it can be copied instead of being written again.
    pub(super) canonical: bool,
}

impl<'a> Reader<'a> {
    /// At the start of a field's value, which has no white space at its ends.
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, canonical: true }
    }

    /// Bytes read so far.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes `byte` if it is next.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn while_is(&mut self, is: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() && is(bytes[self.at]) {
            self.at += 1;
        }
        // Only ASCII is ever stepped over, so both ends lie between characters.
        &self.text[start..self.at]
    }

    /// Spaces inside a member; gives how many.
    pub(super) fn spaces(&mut self) -> usize {
        self.while_is(|b| b == b' ').len()
    }

    /// After a member: whether another one follows (section 4.2.2).
    pub(super) fn another(&mut self) -> Result<bool, Why> {
        self.while_is(|b| matches!(b, b' ' | b'\t'));
        if self.at == self.text.len() {
            return Ok(false);
        }
        if !self.takes(b',') {
            return Err("something stands between two members that is not a comma");
        }
        self.while_is(|b| matches!(b, b' ' | b'\t'));
        if self.at == self.text.len() { Err("it ends with a comma") } else { Ok(true) }
    }

    /// Section 4.2.3.3.
    pub(super) fn key(&mut self) -> Result<&'a str, Why> {
        if !self.peek().is_some_and(|b| b.is_ascii_lowercase() || b == b'*') {
            return Err("a name of a member or parameter must begin with a lower-case letter or `*`");
        }
        Ok(self.while_is(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b)))
    }

    /// Section 4.2.3.2. A parameter without a value is `true`.
    pub(super) fn parameters(&mut self, mut each: impl FnMut(&'a str, Item<'a>)) -> Result<(), Why> {
        if self.peek() != Some(b';') {
            return Ok(());
        }
        let mut seen: [&str; PARAMETERS_MAX] = [""; PARAMETERS_MAX];
        let mut count = 0;
        while self.takes(b';') {
            if self.spaces() > 0 {
                self.canonical = false;
            }
            let key = self.key()?;
            if seen[..count].contains(&key) {
                return Err("a parameter is there twice");
            }
            *seen.get_mut(count).ok_or("an item has more than 16 parameters")? = key;
            count += 1;
            let value = if self.takes(b'=') {
                let value = self.item()?;
                self.canonical &= value != Item::Boolean(true);
                value
            } else {
                Item::Boolean(true)
            };
            each(key, value);
        }
        Ok(())
    }

    /// Section 4.2.3.1.
    pub(super) fn item(&mut self) -> Result<Item<'a>, Why> {
        match self.peek().ok_or("it ends where a value should be")? {
            b'"' => self.string().map(Item::Text),
            b'-' | b'0'..=b'9' => self.number(),
            b':' => self.bytes().map(Item::Bytes),
            b'?' => {
                self.at += 1;
                if self.takes(b'1') {
                    Ok(Item::Boolean(true))
                } else if self.takes(b'0') {
                    Ok(Item::Boolean(false))
                } else {
                    Err("a boolean is neither `?0` nor `?1`")
                }
            }
            b'@' => {
                self.at += 1;
                match self.number()? {
                    Item::Integer(value) => Ok(Item::Date(value)),
                    _ => Err("a date is not a whole number of seconds"),
                }
            }
            b'%' => self.display_text(),
            b if b.is_ascii_alphabetic() || b == b'*' => Ok(Item::Token(self.while_is(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&b)))),
            _ => Err("a value begins with a character that no value begins with"),
        }
    }

    /// The text between two quotes, which is as long as possible where most is plain.
    pub(super) fn string(&mut self) -> Result<&'a str, Why> {
        if !self.takes(b'"') {
            return Err("a text does not begin with a double quote");
        }
        let start = self.at;
        loop {
            self.while_is(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\');
            match self.peek() {
                Some(b'"') => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    if !self.takes(b'"') && !self.takes(b'\\') {
                        return Err("a backslash stands before something else than a double quote or a backslash");
                    }
                }
                Some(_) => return Err("a text holds something that is not printable ASCII"),
                None => return Err("a text has no closing double quote"),
            }
        }
    }

    fn number(&mut self) -> Result<Item<'a>, Why> {
        const DIGITS: Why = "a number has no digits, or too many";
        let minus = self.takes(b'-');
        let whole = self.while_is(|b| b.is_ascii_digit());
        let padded = whole.len() > 1 && whole.starts_with('0');
        if !self.takes(b'.') {
            if whole.is_empty() || whole.len() > 15 {
                return Err(DIGITS);
            }
            let value: i64 = whole.parse().map_err(|_| DIGITS)?;
            self.canonical &= !(padded || minus && value == 0);
            return Ok(Item::Integer(if minus { -value } else { value }));
        }
        let fraction = self.while_is(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 12 || fraction.is_empty() || fraction.len() > 3 {
            return Err(DIGITS);
        }
        // `-0.0` has two readings; it is left to the slow way together with everything that is padded.
        self.canonical &= !padded && !minus && (fraction.len() == 1 || !fraction.ends_with('0'));
        Ok(Item::Decimal)
    }

    fn bytes(&mut self) -> Result<&'a str, Why> {
        self.at += 1;
        let base64 = self.while_is(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        // Base64 can be written in several ways, with and without padding.
        self.canonical = false;
        if self.takes(b':') { Ok(base64) } else { Err("a byte sequence is not base64 between two colons") }
    }

    fn display_text(&mut self) -> Result<Item<'a>, Why> {
        self.at += 1;
        self.canonical = false;
        if !self.takes(b'"') {
            return Err("a display text does not begin with `%\"`");
        }
        self.while_is(|b| matches!(b, b' '..=b'~') && b != b'"');
        if self.takes(b'"') { Ok(Item::DisplayText) } else { Err("a display text has no closing double quote") }
    }
}

/// A text without its backslashes, where it has any.
pub(super) fn unescape(raw: &str) -> std::borrow::Cow<'_, str> {
    if !raw.contains('\\') {
        return raw.into();
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sfv::FieldType;

    use super::*;

    fn item(text: &str) -> Result<(Item<'_>, bool), Why> {
        let mut reader = Reader::new(text);
        let item = reader.item()?;
        if reader.at() == text.len() { Ok((item, reader.canonical)) } else { Err("more follows") }
    }

    #[test]
    fn what_is_no_item_is_refused() {
        for text in [
            "",
            "-",
            "1.",
            ".5",
            "1.2345",
            "1234567890123456",
            "1234567890123.0",
            "--1",
            "\"a",
            "\"\\n\"",
            "\"\u{7f}\"",
            "\"é\"",
            ":a",
            ":a*:",
            "?",
            "?2",
            "?t",
            "@",
            "@1.5",
            "%a",
            "%\"",
            "(",
            ")",
            ";",
            "=",
            "a,b",
            "1a",
        ] {
            assert!(item(text).is_err(), "{text}");
        }
    }

    #[test]
    fn items_are_read_and_their_canonical_writing_is_known() {
        for (text, wanted, canonical) in [
            ("0", Item::Integer(0), true),
            ("-0", Item::Integer(0), false),
            ("007", Item::Integer(7), false),
            ("-999999999999999", Item::Integer(-999_999_999_999_999), true),
            ("1.5", Item::Decimal, true),
            ("1.50", Item::Decimal, false),
            ("1.0", Item::Decimal, true),
            ("\"a\\\"b\\\\\"", Item::Text("a\\\"b\\\\"), true),
            ("*a/b:c", Item::Token("*a/b:c"), true),
            (":YQ==:", Item::Bytes("YQ=="), false),
            ("?0", Item::Boolean(false), true),
            ("@1659578233", Item::Date(1_659_578_233), true),
            ("%\"f%c3%bc\"", Item::DisplayText, false),
        ] {
            assert_eq!(item(text), Ok((wanted, canonical)), "{text}");
        }
        assert_eq!(unescape("a\\\"b\\\\"), "a\"b\\");
    }

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        for (text, right) in [(";a;b=1", true), (";a;a", false), (";a=1;b;a=1", false), (";A", false), ("; a", true), (";a=", false)] {
            assert_eq!(Reader::new(text).parameters(|_, _| ()).is_ok(), right, "{text}");
        }
        let many: String = (0..17).map(|i| format!(";p{i}")).collect();
        assert!(Reader::new(&many).parameters(|_, _| ()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(text in ".{0,64}") {
            let mut reader = Reader::new(&text);
            let _ = reader.item().and_then(|_| reader.parameters(|_, _| ())).and_then(|()| reader.another());
        }

        #[test]
        fn what_the_other_reader_takes_is_taken_here_and_canonical_text_stays_the_same(text in "[-?@]?[0-9a-z\"\\\\:.%+/=*]{0,12}(;[a-c](=[0-9]{1,3})?){0,2}") {
            let theirs = sfv::Parser::new(&text).parse::<sfv::Item>();
            let mut reader = Reader::new(&text);
            let mine = reader.item().and_then(|_| reader.parameters(|_, _| ()));
            let whole = mine.is_ok() && reader.at() == text.len();
            if let Ok(theirs) = theirs {
                prop_assert!(whole || text.contains(";"), "{text}");
                if whole && reader.canonical {
                    prop_assert_eq!(theirs.serialize(), text);
                }
            }
        }
    }
}
