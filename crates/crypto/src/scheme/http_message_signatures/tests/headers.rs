//! The two headers as they come.

use proptest::prelude::*;

use super::*;

fn read_of(input: &str, signature: &str) -> Result<usize, Fault> {
    story().header("Signature-Input", input).header("Signature", signature).seen(|all| all.map(|all| all.iter().count()))
}

#[test]
fn a_missing_header_is_named() {
    for (story, header) in [(story(), INPUT), (story().header("Signature", "a=:AA==:"), INPUT), (story().header("signature-input", "a=()"), SIGNATURE)] {
        assert!(matches!(story.seen(|all| all.map(|_| ())), Err(Fault::SignatureMissing { header: given, .. }) if given == header));
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    for input in [
        "",
        "a",
        "a=",
        "a=(",
        "a=()x",
        "a=(),",
        "a=() b=()",
        "A=()",
        "a=(\"x)",
        "a=(\"x\"\"y\")",
        "a=(\"x\", \"y\")",
        "a=(x)",
        "a=(1)",
        "a=1",
        "a=\"x\"",
        "a=(\"x\\n\")",
        "a=();created",
        "a=();created=1;created=2",
        "a=();created=é",
        "a=(\"x\";bs;bs)",
        "a=(\t\"x\")",
        "=()",
        "1=()",
        "a=(());b",
    ] {
        let read = story().header("Signature-Input", input).header("Signature", "a=:AAAA:").seen(|all| all.and_then(|all| all.labelled("a").unwrap().base()));
        assert!(read.is_err(), "{input}");
    }
    for signature in ["", "a", "a=", "a=AAAA", "a=:AAAA", "a=:AA AA:", "a=\"AAAA\"", "a=(:AAAA:)", "a=:AAAA:,", "a=:é:", "a=?1"] {
        assert!(read_of("a=()", signature).is_err(), "{signature}");
    }
}

#[test]
fn labels_must_be_the_same_in_both_headers_and_once_in_each() {
    for (input, signature) in
        [("a=()", "b=:AAAA:"), ("a=(), b=()", "a=:AAAA:"), ("a=()", "a=:AAAA:, b=:AAAA:"), ("a=(), a=()", "a=:AAAA:"), ("a=()", "a=:AAAA:, a=:AAAA:")]
    {
        assert!(matches!(read_of(input, signature), Err(Fault::Label { .. })), "{input} {signature}");
    }
}

#[test]
fn too_much_is_refused_with_its_limit() {
    let many = |count: usize, one: &str| (0..count).map(|i| format!("s{i}={one}")).collect::<Vec<_>>().join(", ");
    assert_eq!(read_of(&many(8, "()"), &many(8, ":AAAA:")), Ok(8));
    assert_eq!(read_of(&many(200, "()"), &many(200, ":AAAA:")), Err(Fault::TooMany { what: "signatures", max: 8 }));
    let components = |count: usize| format!("a=({})", (0..count).map(|i| format!("\"h{i}\"")).collect::<Vec<_>>().join(" "));
    assert_eq!(read_of(&components(32), "a=:AAAA:"), Ok(1));
    assert_eq!(read_of(&components(33), "a=:AAAA:"), Err(Fault::TooMany { what: "covered components", max: 32 }));
    assert_eq!(read_of(&format!("a=();nonce=\"{}\"", "x".repeat(10_000)), "a=:AAAA:"), Err(Fault::HeaderTooLong { name: INPUT, max_bytes: 8_192 }));
    let half = format!("a=();tag=\"{}\"", "x".repeat(5_000));
    let lines = story().header("Signature-Input", &half).header("Signature-Input", &half).header("Signature", "a=:AAAA:");
    assert!(lines.seen(|all| matches!(all.map(|_| ()), Err(Fault::HeaderTooLong { .. }))));
}

#[test]
fn a_parameter_that_cannot_be_read_stops_its_own_signature_only() {
    let long = format!("();nonce=\"{}\"", "n".repeat(257));
    for list in [&*long, "();nonce=\"\"", "();nonce=n", "();keyid=1", "();created=\"1\"", "();created=1.5", "();expires=?1", "();alg=:AAAA:", "();tag=t"] {
        let story = story().header("Signature-Input", format!("bad={list}, good=();keyid=\"k\"")).header("Signature", "bad=:AAAA:, good=:AAAA:");
        story.seen(|all| {
            let all = all.unwrap();
            assert!(matches!(all.labelled("bad").unwrap().base(), Err(Fault::Parameter { .. })), "{list}");
            assert!(matches!(all.labelled("bad").unwrap().check(&Coverage::STANDARD), Err(Fault::Parameter { .. })), "{list}");
            assert!(all.of("k").unwrap().unwrap().base().is_ok());
        });
    }
}

#[test]
fn the_signature_of_a_key_is_found_and_two_of_them_are_refused() {
    let of = |input: &str, keyid: &str| {
        let story = story().header("Signature-Input", input).header("Signature", "a=:AAAA:").header("Signature", "b=:AQ==:");
        story.seen(|all| all.unwrap().of(keyid).map(|found| found.map(|one| one.label().to_owned())))
    };
    assert_eq!(of(r#"a=();keyid="one", b=();keyid="two""#, "two"), Ok(Some("b".into())));
    assert_eq!(of(r#"a=();keyid="one", b=();keyid="tw\"o\\""#, "tw\"o\\"), Ok(Some("b".into())));
    assert_eq!(of(r#"a=();keyid="one", b=()"#, "two"), Ok(None));
    assert_eq!(of(r#"a=();keyid="one", b=();keyid="one""#, "one"), Err(Fault::KeyTwice));
}

#[test]
fn parameters_are_given_back_as_they_were_sent() {
    let story = story().covering(r#"("@method");created=1618884473;expires=1618884773;nonce="n";keyid="k";alg="hmac-sha256";tag="t";odd=*x"#);
    story.seen(|all| {
        let all = all.unwrap();
        let one = all.labelled("sig").unwrap();
        assert_eq!((one.created_s(), one.expires_s()), (Some(1_618_884_473), Some(1_618_884_773)));
        let texts = [one.nonce(), one.keyid(), one.alg(), one.tag()].map(Option::unwrap);
        assert_eq!(texts, ["n", "k", "hmac-sha256", "t"]);
        assert_eq!(one.bytes(), Ok(vec![0, 0, 0]));
        assert!(one.base().unwrap().ends_with(b";tag=\"t\";odd=*x"));
        assert_eq!(one.components().collect::<Vec<_>>(), ["\"@method\""]);
    });
}

#[test]
fn a_list_that_is_written_loosely_has_the_base_of_the_strict_one() {
    for (loose, strict) in [
        (r#"(  "@method"   "@path" ); created=007;  nonce="n";flag=?1"#, r#"("@method" "@path");created=7;nonce="n";flag"#),
        (r#"("@method"  "@query-param"; name="a");x=1.50;y=-0"#, r#"("@method" "@query-param";name="a");x=1.5;y=0"#),
        (r#"("@method"  "@path");created=7"#, r#"("@method" "@path");created=7"#),
        (r#"( "@method");created=7"#, r#"("@method");created=7"#),
        (r"( );x=:YQ==:", r"();x=:YQ==:"),
    ] {
        let base = |list: &str| story().target("/?a=1").covering(list).seen(|all| all.unwrap().labelled("sig").unwrap().base().unwrap());
        assert_eq!(String::from_utf8(base(loose)).unwrap(), String::from_utf8(base(strict)).unwrap());
        assert!(base(loose).ends_with(strict.as_bytes()));
    }
}

#[test]
fn a_signature_is_told_apart_from_its_padding() {
    let bytes = |signature: &'static str| {
        story().header("Signature-Input", "a=()").header("Signature", signature).seen(|all| all.unwrap().labelled("a").unwrap().bytes())
    };
    assert_eq!(bytes("a=:AQ==:"), Ok(vec![1]));
    for signature in ["a=:AQ:", "a=:AR==:", "a=:A:", "a=:=:"] {
        assert!(matches!(bytes(signature), Err(Fault::Label { .. })), "{signature}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(input in "[ -~é]{0,60}", signature in "[ -~]{0,30}") {
        let _ = read_of(&input, &signature);
    }

    #[test]
    fn what_looks_like_a_list_is_read_or_refused(
        list in r#"\((("(@method|@query|date|@query-param|X)"(;(sf|bs|key="a"|name="a"|req))?) {0,2}){0,4}\)(;(created|nonce|keyid|a)=("?[a-z0-9"]{0,4}"?|[0-9]{0,4})){0,3}"#,
        date in "[ -~é\r\n]{0,8}",
        query in "[ -~]{0,8}",
    ) {
        let story = story().header("Date", date).target(&format!("/?{query}")).covering(&list);
        let _ = story.seen(|all| all.and_then(|all| {
            let one = all.labelled("sig").unwrap();
            let _ = (one.check(&Coverage::STANDARD), one.check_body(), one.check_time(0, 300));
            let base = one.base()?;
            // One line for each component and the last one: nothing of the request can add a line.
            assert_eq!(base.iter().filter(|b| **b == b'\n').count(), one.components().count());
            Ok(())
        }));
    }

    #[test]
    fn what_this_reader_takes_the_general_one_takes_too(list in r#"\(("[a-z]" {0,2}){0,3}\)(;[a-c]=("[a-z]"|-?[0-9]{1,3}(\.[0-9])?|\?[01]|[a-z])){0,2}"#) {
        let text = format!("sig={list}");
        let mine = list::read(&text);
        if let Ok(mine) = mine {
            let theirs = field::canonical_dictionary(&text);
            prop_assert!(theirs.is_some(), "{}", text);
            if mine.canonical {
                prop_assert_eq!(theirs.unwrap(), text);
            }
        }
    }
}
