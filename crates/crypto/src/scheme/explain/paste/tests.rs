use proptest::prelude::*;

use super::*;

fn command(line: &str) -> Pasted {
    read(line).unwrap_or_else(|fault| panic!("{line}: {fault}"))
}

fn value<'p>(pasted: &'p Pasted, name: &str) -> Option<&'p str> {
    pasted.header(name).map(|value| std::str::from_utf8(value).unwrap())
}

#[test]
fn what_is_no_request_is_refused_with_its_line() {
    for text in ["", "  \n\n ", "curl"] {
        assert!(read(text).is_err(), "{text:?}");
    }
    for (text, at) in [
        ("POST", 1),
        ("\n\nGET  /", 3),
        ("GET / HTTP/1.1 x\n", 1),
        ("GET / FTP/1\n", 1),
        ("GET /\nHost h\n", 2),
        ("GET /\n Host: h\n", 2),
        ("GET /\nHost: h\nA b: c\n", 3),
        ("GET /\n: h\n", 2),
    ] {
        assert!(matches!(read(text), Err(PasteFault::Line { line, .. }) if line == at), "{text:?}");
    }
    assert_eq!(read("GET / HTTP/1.1\n\n").err(), Some(PasteFault::NoHost));
    assert_eq!(read(&format!("GET / HTTP/1.1\n{}", "a: b\n".repeat(101))).err(), Some(PasteFault::NoHost));
    assert_eq!(read(&format!("GET / HTTP/1.1\nHost: h\n{}", "a: b\n".repeat(101))).err(), Some(PasteFault::TooManyHeaders));
    for (name, count) in [("a".repeat(40_000), 1), ("a".repeat(1_000), 33)] {
        let long = format!("GET / HTTP/1.1\nHost: h\n{}", format!("x: {name}\n").repeat(count));
        assert_eq!(read(&long).err(), Some(PasteFault::HeadTooLong));
        assert_eq!(read(&format!("curl https://h/?{name}{}", " -H 'a: b'".repeat(50))).is_err(), count == 1);
    }
    assert_eq!(read(&"x".repeat(TEXT_BYTES_MAX + 1)).err(), Some(PasteFault::TooLong));
}

#[test]
fn a_message_is_read_with_either_line_end_and_with_none_at_its_end() {
    for text in ["POST /a?b=%20 HTTP/1.1\r\nHost: h:8443\r\nX: 1\r\n\r\n{}", "\nPOST /a?b=%20\nHost:h:8443\nX:  1 \n\n{}\n"] {
        let pasted = read(text).unwrap();
        assert_eq!((pasted.method.as_str(), pasted.authority.as_str(), pasted.target.as_str()), ("POST", "h:8443", "/a?b=%20"));
        assert_eq!((value(&pasted, "x"), pasted.body.as_deref()), (Some("1"), Some(b"{}".as_slice())));
    }
    for text in ["GET / HTTP/1.1\nHost: h", "GET / HTTP/1.1\nHost: h\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"] {
        assert_eq!(read(text).unwrap().body, None, "{text:?}");
    }
    let absolute = read("GET http://h/p HTTP/1.1\n").unwrap();
    assert_eq!((absolute.scheme, absolute.authority.as_str()), (UriScheme::Http, "h"));
    let folded = read("GET / HTTP/1.1\nHost: h\nX: a\n  b\n").unwrap();
    assert_eq!(value(&folded, "x"), Some("a\r\n  b"));
}

#[test]
fn of_the_bodies_that_pasting_can_make_the_one_that_has_the_length_is_taken() {
    for (length, pasted, body, notes) in [
        (2, "{}\n", "{}", 0),
        (3, "{}\n", "{}\n", 0),
        (2, "{}\n\n\n", "{}", 0),
        (3, "a\r\nb\r\n", "a\nb", 1),
        (6, "a\nb\n", "a\r\nb\r\n", 1),
        (0, "", "", 0),
        (0, "\n", "", 0),
        (9, "{}\n", "{}", 1),
        (1, "{}", "{}", 1),
    ] {
        let read = read(&format!("POST / HTTP/1.1\nHost: h\nContent-Length: {length}\n\n{pasted}")).unwrap();
        assert_eq!(String::from_utf8(read.body.unwrap()).unwrap(), body, "{length} {pasted:?}");
        assert_eq!(read.notes.len(), notes, "{length} {pasted:?}");
    }
    assert_eq!(read("POST / HTTP/1.1\nHost: h\n\n{}\n").unwrap().notes.len(), 1);
}

#[test]
fn without_a_length_the_body_is_the_form_that_fits() {
    for (pasted, likely) in [("{\r\n}\r\n", "{\r\n}"), ("{\n}\n", "{\n}")] {
        for body in ["{\r\n}\r\n", "{\r\n}", "{\n}\n", "{\n}"] {
            let mut read = read(&format!("POST / HTTP/1.1\r\nHost: h\r\n\r\n{pasted}")).unwrap();
            assert_eq!(read.body.as_deref(), Some(likely.as_bytes()));
            read.settle(|request| request.body.bytes() == Ok(body.as_bytes()));
            assert_eq!((read.body.as_deref(), read.notes.len()), (Some(body.as_bytes()), 1), "{pasted:?} {body:?}");
        }
    }
    let mut other = read("POST / HTTP/1.1\nHost: h\n\n{\n}\n").unwrap();
    other.settle(|_| false);
    assert_eq!((other.body.as_deref(), other.notes.as_slice()), (Some(b"{\n}".as_slice()), [NO_LENGTH].as_slice()));
}

#[test]
fn what_curl_shows_of_a_request_is_read_and_asked_for_its_body() {
    let trace = "* Connected to h (127.0.0.1) port 443\n> POST /p?x=1 HTTP/2\n> Host: h\n> X: 1\n> Content-Length: 2\n>\n";
    let answered = "* upload completely sent off\n< HTTP/2 401\n< date: x\n<\n{\"no\":1}\n";
    assert_eq!(read(&format!("{trace}{answered}")).err(), Some(PasteFault::NoBody));
    for text in [format!("{trace}{{}}\n{answered}"), format!("{trace}{{}}").replace('\n', "\r\n"), format!("{trace}{{}}")] {
        let pasted = read(&text).unwrap();
        assert_eq!(
            (pasted.method.as_str(), pasted.target.as_str(), value(&pasted, "x"), pasted.body.as_deref()),
            ("POST", "/p?x=1", Some("1"), Some(b"{}".as_slice()))
        );
    }
    let get = read("> GET /p HTTP/1.1\n> Host: h\n> \n{ [5 bytes data]\n< HTTP/1.1 200 OK\n<\nhello\n").unwrap();
    assert_eq!((get.method.as_str(), get.body), ("GET", None));
    assert_eq!(read("> GET /p HTTP/1.1\n> Host: h").unwrap().authority, "h");
    let known = |told: &str| read(&format!("{told}> GET /p HTTP/1.1\n> Host: h\n>\n< HTTP/1.1 401\n< Date: Sun, 06 Nov 1994 08:49:37 GMT\n")).unwrap();
    for (told, scheme, is_known) in [
        ("* Connected to h (::1) port 443\n* SSL connection using TLSv1.3\n", UriScheme::Https, true),
        ("* Connected to h (::1) port 80 (#0)\n", UriScheme::Http, true),
        ("* Connected to h (::1) port 8443\n", UriScheme::Https, false),
    ] {
        let pasted = known(told);
        assert_eq!((pasted.scheme, pasted.scheme_known, pasted.answered_at_s), (scheme, is_known, Some(784_111_777)), "{told}");
    }
}

#[test]
fn a_program_is_told_as_such() {
    for text in [
        include_str!("../../../../../../clients/samples/hms-hmac-curl.sh"),
        include_str!("../../../../../../clients/samples/hms-hmac-node.mjs"),
        include_str!("../../../../../../clients/samples/hms-hmac-python.py"),
        include_str!("../../../../../../clients/samples/hms-hmac-rust.rs"),
        "#!/bin/sh\nurl=x\n",
        "# comment\nset -e\ncurl \"$url\"\n",
        "printf x | curl -K - h\n",
    ] {
        assert_eq!(read(text).err(), Some(PasteFault::Program), "{text}");
    }
    for text in ["POST /p\nHost: h\n\nimport x\n", "GET /p HTTP/1.1\nHost: h\n\n# x\ncurl y\n"] {
        assert!(read(text).is_ok(), "{text}");
    }
    assert!(matches!(read("anything"), Err(PasteFault::Line { .. })));
}

#[test]
fn command_lines_that_cannot_be_followed_are_refused_with_the_reason() {
    for (line, part) in [
        ("curl https://h/p?a=1&b=2", "outside of quotes"),
        ("curl https://h | jq .", "one simple command"),
        ("curl \"https://h/$ID\"", "variable"),
        ("curl https://h/$(id)", "variable"),
        ("curl https://h/`id`", "variable"),
        ("curl 'https://h", "not closed"),
        ("curl \"https://h", "not closed"),
        ("curl $'https://h", "not closed"),
        ("curl https://h $'\\xzz'", "hexadecimal"),
        ("curl https://h\n-d x", "line end"),
        ("curl -d x", "no URL"),
        ("curl https://a https://b", "two URLs"),
        ("curl ftp://a", "neither http"),
        ("curl https://u:p@h/", "user or a password"),
        ("curl https://h/a/../b", "--path-as-is"),
        ("curl https://h -d @body.json", "not here"),
        ("curl https://h --json @body.json", "not here"),
        ("curl https://h --data-urlencode a@f", "not here"),
        ("curl https://h -T f", "not here"),
        ("curl https://h -F a=b", "boundary"),
        ("curl https://h -u me", "password"),
        ("curl https://h -H", "missing"),
        ("curl https://h -H 'a b: c'", "no spaces"),
        ("curl https://h -H abc", "colon"),
        ("curl https://h --frobnicate", "not known"),
        ("curl https://h -sZ", "not known"),
    ] {
        let fault = read(line).map(|_| ()).unwrap_err().to_string();
        assert!(fault.contains(part), "{line}: {fault}");
    }
}

#[test]
fn a_command_line_becomes_what_curl_sends() {
    let get = command("$ curl -sS 'https://API.example.com:443/a%2Fb?x=1&y=%20#top' -H 'X-One: 1' \\\n  -H X-Two:2\n");
    assert_eq!((get.method.as_str(), get.authority.as_str(), get.target.as_str()), ("GET", "API.example.com:443", "/a%2Fb?x=1&y=%20"));
    assert_eq!((value(&get, "x-one"), value(&get, "x-two"), value(&get, "accept"), get.body.is_none()), (Some("1"), Some("2"), Some("*/*"), true));

    let post = command("curl -XPOST https://h/p -d 'a=1' --data-raw @b -H 'content-type: text/plain' -H 'Accept:' -H 'X-Empty;' --compressed");
    assert_eq!(post.body.as_deref(), Some(b"a=1&@b".as_slice()));
    assert_eq!((value(&post, "content-type"), value(&post, "accept"), value(&post, "x-empty")), (Some("text/plain"), None, Some("")));
    assert_eq!((value(&post, "content-length"), value(&post, "host")), (Some("6"), Some("h")));

    let json = command("curl h --json '{\"a\":' --json '1}' -u me:pass");
    assert_eq!((json.method.as_str(), json.scheme, json.target.as_str()), ("POST", UriScheme::Http, "/"));
    assert_eq!((value(&json, "content-type"), value(&json, "accept")), (Some("application/json"), Some("application/json")));
    assert_eq!((json.body.as_deref(), value(&json, "authorization")), (Some(b"{\"a\":1}".as_slice()), Some("Basic bWU6cGFzcw==")));

    let query = command("curl -G https://h/p?x=1 -d a=b --data-urlencode 'q=a b&c' --data-urlencode =%");
    assert_eq!((query.method.as_str(), query.target.as_str(), query.body.is_none()), ("GET", "/p?x=1&a=b&q=a%20b%26c&%25", true));

    assert_eq!(command("curl -I https://h").method, "HEAD");
    assert_eq!(command("curl --url https://h -X PUT -H 'Host: other'").authority, "other");
    assert_eq!(command("curl https://h?q").target, "/?q");
    // As a form of a browser sends it.
    assert_eq!(command("curl https://h \\\r\n -d 'a\r\nb'\r\n").body.as_deref(), Some(b"a\nb".as_slice()));
}

#[test]
fn quotes_are_read_as_a_shell_reads_them() {
    for (line, body) in [
        (r#"'a"$b\'"#, r#"a"$b\"#),
        (r#""a'\"\\\$\`\n$ ""#, r#"a'"\$`\n$ "#),
        (r#"a\ b"c"'d'"#, "a bcd"),
        (r#"$'a\n\t\x41\101\u00e9\\\'\q'"#, "a\n\tAAé\\'\\q"),
        ("'a\nb'", "a\nb"),
        ("\"a\\\nb\"", "ab"),
        ("''", ""),
    ] {
        assert_eq!(String::from_utf8(command(&format!("curl https://h -d {line} # and a comment")).body.unwrap()).unwrap(), body, "{line}");
    }
}

proptest! {
    #[test]
    fn whatever_is_pasted_is_read_or_refused(text in "(curl )?[ -~\n\r\té]{0,80}") {
        let _ = read(&text);
    }

    #[test]
    fn options_in_any_order_are_read_or_refused(words in proptest::collection::vec("(-[XHdGIueb]|--(data|json|get|url|header)|https://h/[a-z?&]{0,4}|'[ -&(-~]{0,6}'|\\$'[ -~]{0,5}'|[a-z:=@]{1,4})", 0..8)) {
        let _ = read(&format!("curl {}", words.join(" ")));
    }

    #[test]
    fn a_message_keeps_its_body_byte_for_byte(body in "[ -~\n]{0,40}", value in "[!-~]{0,12}") {
        let text = format!("POST /p HTTP/1.1\r\nHost: h\r\nX: {value}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let pasted = read(&text).unwrap();
        prop_assert_eq!(pasted.header("x"), Some(value.as_bytes()));
        prop_assert_eq!(pasted.body.unwrap(), body.into_bytes());
    }
}
