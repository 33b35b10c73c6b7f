//! Components that cannot be covered, or not like this.

use super::*;

fn why(story: &Story) -> &'static str {
    match story.fault() {
        Fault::Component { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_covered_is_refused_by_name() {
    for (list, part) in [
        (r#"("@status")"#, "has no status"),
        (r#"("@signature-params")"#, "by itself"),
        (r#"("@made-up")"#, "no derived component"),
        (r#"("@method";req)"#, "responses"),
        (r#"("date";tr)"#, "trailers"),
        (r#"("date";odd)"#, "does not define"),
        (r#"("date";sf=?0)"#, "wrong type"),
        (r#"("date";key=1)"#, "wrong type"),
        (r#"("date";bs;sf)"#, "cannot stand with"),
        (r#"("date";key="a";bs)"#, "cannot stand with"),
        (r#"("@method";bs)"#, "for fields"),
        (r#"("date";name="a")"#, "for @query-param"),
        (r#"("@query-param")"#, "needs the parameter"),
        (r#"("Date")"#, "lower case"),
        (r#"(":method")"#, "pseudo-header"),
        (r#"(":path")"#, "pseudo-header"),
        (r#"("")"#, "can have this name"),
        (r#"("a b")"#, "can have this name"),
        (r#"("a\"b")"#, "can have this name"),
        (r#"("date";sf)"#, "which kind"),
    ] {
        let story = story().header("Date", "x").covering(list);
        assert!(why(&story).contains(part), "{list}: {}", why(&story));
    }
}

#[test]
fn a_component_that_comes_twice_is_refused_and_distinct_ones_are_not() {
    for list in [
        r#"("date" "date")"#,
        r#"("@method" "@path" "@method")"#,
        r#"("date";key="a" "date";key="a")"#,
        r#"("priority";sf;key="a" "priority";key="a";sf)"#,
        r#"("@query-param";name="a" "@query-param";name="a")"#,
    ] {
        let story = story().header("Date", "a=1").header("Priority", "a=1").target("/?a=1").covering(list);
        assert_eq!(why(&story), "it is covered twice; name it once", "{list}");
    }
    let story = story().header("Date", "a=1, b").target("/?a=1&b=2");
    let list = r#"("date" "date";key="a" "date";key="b" "date";bs "@query-param";name="a" "@query-param";name="b")"#;
    assert!(story.covering(list).lines().is_ok());
}

#[test]
fn what_the_request_does_not_have_is_named() {
    for (list, component) in [
        (r#"("date")"#, r#""date""#),
        (r#"("@query-param";name="b")"#, r#""@query-param";name="b""#),
        (r#"("priority";key="b")"#, r#""priority";key="b""#),
        (r#"("x";bs)"#, r#""x";bs"#),
        (r#"("content-type";sf)"#, r#""content-type";sf"#),
    ] {
        let story = story().header("Priority", "a").target("/?a=1").covering(list);
        assert_eq!(story.fault(), Fault::ComponentAbsent { component: component.into() }, "{list}");
    }
}

#[test]
fn a_value_that_could_be_read_in_two_ways_is_refused() {
    let field = |value: &[u8], list: &str| why(&story().header("X", value).header("Priority", value).covering(list));
    for value in [b"a\nb".as_slice(), b"a\r\nb: c", b"a\rb", b"a\0b", b"a\r b"] {
        assert!(field(value, r#"("x")"#).contains("line end"), "{value:?}");
        assert!(field(value, r#"("x";bs)"#).contains("line end"), "{value:?}");
    }
    assert!(field("é".as_bytes(), r#"("x")"#).contains("`bs`"));
    assert!(field(b"\x7f", r#"("x")"#).contains("`bs`"));
    assert!(field(b"a=", r#"("priority";sf)"#).contains("structured field"));
    assert!(field(b"a=,", r#"("x";key="a")"#).contains("dictionary"));
    assert_eq!(story().header("X", "é").covering(r#"("x";bs)"#).lines().unwrap(), "\"x\";bs: :w6k=:");
}

#[test]
fn what_is_read_as_a_structured_field_before_proof_has_bounds() {
    let field = |bytes: usize| format!("a=1, b=\"{}\"", "x".repeat(bytes - 9));
    let members = r#"("x";key="a" "x";key="b" "x";sf;key="b")"#;
    let once = story().header("X", field(8_192)).covering(r#"("x";key="a" "x";key="b")"#);
    assert!(once.lines().is_ok_and(|lines| lines.len() < 8_300), "it is read once");
    assert!(why(&story().header("X", field(8_193)).covering(members)).contains("8192"));
    let several = story().header("X", field(5_000)).header("Priority", field(5_000)).covering(r#"("x";key="a" "priority";sf)"#);
    assert!(why(&several).contains("8192"), "together");
}

#[test]
fn query_parameters_that_come_twice_however_they_are_written_are_refused() {
    for query in ["a=1&a=2", "a=1&%61=2", "%61=1&a=1", "a&a=", "x=1&a=&b&a"] {
        let story = story().target(&format!("/?{query}")).covering(r#"("@query-param";name="a")"#);
        assert!(why(&story).contains("more than once"), "{query}");
    }
    for query in ["a=%ff", "%ff=1&a=1", "a=%C3"] {
        let story = story().target(&format!("/?{query}")).covering(r#"("@query-param";name="a")"#);
        assert!(why(&story).contains("UTF-8"), "{query}");
    }
}

#[test]
fn percent_encoding_is_undone_once_and_written_in_one_way() {
    for (query, value) in [
        ("a=%7e", "%7E"),
        ("a=~", "%7E"),
        ("a=%2561", "%2561"),
        ("a=%zz%", "%25zz%25"),
        ("a=1+2", "1%202"),
        ("a=1%2b2", "1%2B2"),
        ("a=b=c", "b%3Dc"),
        ("&&a=%41-_.*", "A-_.*"),
        ("a", ""),
    ] {
        let story = story().target(&format!("/?{query}")).covering(r#"("@query-param";name="a")"#);
        assert_eq!(story.lines().unwrap(), format!("\"@query-param\";name=\"a\": {value}"), "{query}");
    }
}

#[test]
fn a_method_that_is_none_cannot_add_lines_to_the_base() {
    for method in ["", "GET\n\"@path\": /other", "GE T"] {
        let story = Story { method, ..story().covering(r#"("@method")"#) };
        assert!(why(&story).contains("method"));
    }
}
