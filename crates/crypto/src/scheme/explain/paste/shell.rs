//! Words of a command line, as a POSIX shell reads them (Shell Command Language, sections 2.2 and 2.3), and `$'…'` as bash and POSIX 2024 do.
//!
//! Nothing is looked up or run: what would need that is refused.

use super::PasteFault;

const VARIABLE: PasteFault = PasteFault::Command("it holds a variable or a command in `$…` or backquotes, and their values are not known here; write them out");
const OPEN: PasteFault = PasteFault::Command("a quote is opened and not closed");

/// The words of one simple command.
pub(super) fn words(text: &str) -> Result<Vec<Vec<u8>>, PasteFault> {
    let mut reader = Reader { rest: text };
    let mut words = Vec::new();
    while let Some(word) = reader.word()? {
        words.push(word);
    }
    Ok(words)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn takes(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A line that goes on in the next one.
    fn continues(&mut self) -> bool {
        self.takes("\\\n") || self.takes("\\\r\n")
    }

    fn word(&mut self) -> Result<Option<Vec<u8>>, PasteFault> {
        loop {
            if self.continues() {
                continue;
            }
            match self.rest.chars().next() {
                Some(' ' | '\t' | '\r') => drop(self.next()),
                Some('\n') if self.rest.trim().is_empty() => self.rest = "",
                Some('\n') => return Err(PasteFault::Command("it goes on after a line end; end the line before with a backslash, and nothing after that")),
                Some('#') => self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest),
                Some(_) => break,
                None => return Ok(None),
            }
        }
        let mut word = Vec::new();
        while !self.rest.is_empty() {
            if self.continues() {
                continue;
            }
            if self.rest.starts_with([' ', '\t', '\n', '\r']) {
                break;
            }
            self.piece(&mut word)?;
        }
        Ok(Some(word))
    }

    /// A character or a quoted part.
    fn piece(&mut self, word: &mut Vec<u8>) -> Result<(), PasteFault> {
        if self.takes("$'") {
            return self.escaped(word);
        }
        match self.next() {
            Some('\'') => {
                let (inside, rest) = self.rest.split_once('\'').ok_or(OPEN)?;
                word.extend_from_slice(inside.as_bytes());
                self.rest = rest;
            }
            Some('"') => self.double_quoted(word)?,
            Some('\\') => push(word, self.next().unwrap_or('\\')),
            Some('$') => self.dollar(word)?,
            Some('`') => return Err(VARIABLE),
            Some('&') => {
                return Err(PasteFault::Command(
                    "an `&` outside of quotes ends the command, so what follows it in the URL was never sent; put the URL into quotes",
                ));
            }
            Some(';' | '|' | '<' | '>' | '(' | ')') => {
                return Err(PasteFault::Command("only one simple command is read; leave out `;`, `|`, `<`, `>` and what follows"));
            }
            Some(c) => push(word, c),
            None => {}
        }
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut Vec<u8>) -> Result<(), PasteFault> {
        loop {
            if self.continues() {
                continue;
            }
            match self.next().ok_or(OPEN)? {
                '"' => return Ok(()),
                '\\' if self.rest.starts_with(['$', '`', '"', '\\']) => push(word, self.next().unwrap_or('\\')),
                '$' => self.dollar(word)?,
                '`' => return Err(VARIABLE),
                c => push(word, c),
            }
        }
    }

    /// A dollar that begins nothing stays one.
    fn dollar(&self, word: &mut Vec<u8>) -> Result<(), PasteFault> {
        let begins = |c: char| c.is_ascii_alphanumeric() || "_({@*#?$!-".contains(c);
        if self.rest.chars().next().is_some_and(begins) {
            return Err(VARIABLE);
        }
        word.push(b'$');
        Ok(())
    }

    /// What follows `$'`.
    fn escaped(&mut self, word: &mut Vec<u8>) -> Result<(), PasteFault> {
        loop {
            match self.next().ok_or(OPEN)? {
                '\'' => return Ok(()),
                '\\' => self.escape(word)?,
                c => push(word, c),
            }
        }
    }

    fn escape(&mut self, word: &mut Vec<u8>) -> Result<(), PasteFault> {
        let c = self.next().ok_or(OPEN)?;
        let byte = match c {
            'a' => 7,
            'b' => 8,
            'e' | 'E' => 27,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' | '\'' | '"' | '?' => c as u8,
            'x' => match self.digits(16, 2) {
                Some(value) => value.to_le_bytes()[0],
                None => return Err(PasteFault::Command("`\\x` in `$'…'` has no hexadecimal digits after it")),
            },
            '0'..='7' => {
                let mut value = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(8)) else { break };
                    self.rest = &self.rest[1..];
                    value = value * 8 + digit;
                }
                value.to_le_bytes()[0]
            }
            'u' | 'U' => {
                let value = self.digits(16, if c == 'u' { 4 } else { 8 }).and_then(char::from_u32);
                push(word, value.ok_or(PasteFault::Command("`\\u` in `$'…'` is not followed by a character's number"))?);
                return Ok(());
            }
            other => {
                push(word, '\\');
                push(word, other);
                return Ok(());
            }
        };
        word.push(byte);
        Ok(())
    }

    fn digits(&mut self, radix: u32, max: usize) -> Option<u32> {
        let count = self.rest.chars().take(max).take_while(|c| c.is_digit(radix)).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        u32::from_str_radix(digits, radix).ok()
    }
}

fn push(word: &mut Vec<u8>, c: char) {
    word.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
