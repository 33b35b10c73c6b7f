//! Queries as clients rewrite them by mistake.

/// With percent-encoding undone and `+` as a space; what is not UTF-8 then becomes a replacement character.
pub(super) fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match (byte, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = &after[2..];
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// With `%20` for each `+`, or the other way round where there is none.
pub(super) fn with_other_spaces(query: &str) -> String {
    if query.contains('+') { query.replace('+', "%20") } else { query.replace("%20", "+") }
}

/// With the digits of percent-encoding in capitals, or the other way round where they all are.
pub(super) fn with_other_case(text: &str) -> String {
    let escapes = |change: fn(&str) -> String| {
        let mut parts = text.split('%');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |done, part| match part.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(digits) => done + "%" + &change(digits) + &part[2..],
            None => done + "%" + part,
        })
    };
    let capitals = escapes(str::to_ascii_uppercase);
    if capitals == text { escapes(str::to_ascii_lowercase) } else { capitals }
}

/// A path with one `/` for each row of them.
pub(super) fn with_single_slashes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    out.extend(path.chars().scan(' ', |before, c| Some((std::mem::replace(before, c), c))).filter(|both| *both != ('/', '/')).map(|(_, c)| c));
    out
}

/// A path with all its characters percent-encoded that have no need to be, but may (RFC 3986 section 3.3).
pub(super) fn with_encoded_path(path: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
    path.chars().map(|c| if kept(c) || !c.is_ascii() { c.to_string() } else { format!("%{:02X}", u32::from(c)) }).collect()
}

/// With its parameters in alphabetical order.
pub(super) fn sorted(query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    pairs.join("&")
}

/// As one JSON object of texts.
pub(super) fn as_json(query: &str) -> String {
    let text = |part: &str| serde_json::Value::String(decoded(part)).to_string();
    let members: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            format!("{}:{}", text(name), text(value))
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_rewritten_as_clients_do() {
        assert_eq!(decoded("a=%20b+c%2&d=%C3%A9%zz"), "a= b c%2&d=é%zz");
        assert_eq!((with_other_spaces("a=b+c%20d").as_str(), with_other_spaces("a=b%20c").as_str()), ("a=b%20c%20d", "a=b+c"));
        assert_eq!((with_other_case("a%2f%c3é%g").as_str(), with_other_case("a%2F%C3%").as_str()), ("a%2F%C3é%g", "a%2f%c3%"));
        assert_eq!((with_single_slashes("//a///b/").as_str(), with_single_slashes("")), ("/a/b/", String::new()));
        assert_eq!(with_encoded_path("/a:b@c/d%20~!"), "/a%3Ab%40c/d%20~%21");
        assert_eq!(sorted("b=1&a=2&a=1"), "a=1&a=2&b=1");
        assert_eq!(as_json("orderId=1%22&x"), r#"{"orderId":"1\"","x":""}"#);
        assert_eq!(as_json(""), "{}");
    }
}
