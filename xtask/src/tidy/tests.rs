//! Each rule finds what it is for, and this repository keeps them all.

use super::lexer::{self, Part};
use super::tree::{File, Tree};
use super::{Finding, findings};
use crate::run;

/// A tree that keeps every rule, and these files.
fn tree(files: &[(&str, &str)]) -> Tree {
    let good = [
        ("CHANGELOG.md", "# Changes\n\n## Unreleased\n\n### New\n- It.\n"),
        ("crates/keywright/Cargo.toml", "[dependencies]\nkeywright-web.workspace = true\n"),
        ("crates/keywright/src/lib.rs", "use keywright as _;\nuse keywright_web as _;\n"),
        ("crates/keywright/tests/it/main.rs", "use tokio_postgres as _;\n"),
    ];
    let both = good.iter().chain(files);
    Tree { files: both.map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect() }
}

fn said(files: &[(&str, &str)]) -> Vec<String> {
    findings(&tree(files)).iter().map(|f| format!("{}:{} {}", f.path, f.line, f.rule)).collect()
}

#[test]
fn the_repository_is_tidy() {
    let found: Vec<String> = findings(&Tree::read(&run::root()).unwrap()).iter().map(Finding::to_string).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

const UNUSED: &str = "crates/verifier/Cargo.toml:2 unused dependency";

#[test]
fn each_rule_finds_what_it_is_for() {
    let sql = concat!("fn f() {\n    q(\"SEL", "ECT id\n FROM credential\");\n}\n");
    let long = "// a line\n".repeat(451);
    let cases: [(&str, &str, &[&str]); 23] = [
        ("crates/web/src/list.rs", sql, &["crates/web/src/list.rs:2 sql"]),
        ("crates/web/src/list.rs", "use aws_lc_rs::hmac;\n", &["crates/web/src/list.rs:1 cryptography"]),
        ("crates/web/src/list.rs", "\nuse tokio::net::TcpStream;\nfn f() { TcpStream::connect(x); }", &["crates/web/src/list.rs:3 connections"]),
        ("crates/domain/src/ids.rs", "#[derive(Serialize)]\nstruct X;", &["crates/domain/src/ids.rs:1 serialised forms"]),
        ("crates/verifier/src/lease.rs", "fn f() { Instant::now(); }", &["crates/verifier/src/lease.rs:1 inputs"]),
        ("crates/web/src/hub/page.rs", "use crate::verify::json;", &["crates/web/src/hub/page.rs:1 folders of web"]),
        ("crates/web/src/hub/page.rs", "fn f(kind: Kind) -> bool {\n    kind == Kind::Hmac\n}\n", &["crates/web/src/hub/page.rs:2 kinds"]),
        ("crates/web/templates/page.html", "{% if kind == Kind::KeyPair %}yes{% endif %}\n", &["crates/web/templates/page.html:1 kinds"]),
        ("crates/verifier/Cargo.toml", "[dependencies]\nkeywright-store.workspace = true\n", &["crates/verifier/Cargo.toml:2 imports", UNUSED]),
        ("crates/verifier/Cargo.toml", "[dev-dependencies]\ntokio = \"1\"\n", &["crates/verifier/Cargo.toml:2 imports", UNUSED]),
        ("crates/verifier/Cargo.toml", "[dependencies]\nhex = \"1\"\n", &[UNUSED]),
        ("Cargo.toml", "[workspace.dependencies]\nhex = \"1\"\n", &["Cargo.toml:2 unused dependency"]),
        ("crates/misc/Cargo.toml", "[package]\n", &["crates/misc/Cargo.toml:1 imports"]),
        ("README.md", concat!("later: TO", "DO\n"), &["README.md:1 unfinished"]),
        ("crates/store/tests/it/x.rs", concat!("#[test]\n#[ig", "nore]\nfn f() {}\n"), &["crates/store/tests/it/x.rs:2 ignored test"]),
        ("README.md", concat!("from crates", ".io\n"), &["README.md:1 places"]),
        ("xtask/src/long.rs", &long, &["xtask/src/long.rs:451 length"]),
        ("README.md", "see [it](docs/none.md) and [here](#nowhere)", &["README.md:1 links", "README.md:1 links"]),
        ("README.md", "by `nothing_like_this_is_there`\n", &["README.md:1 named tests"]),
        ("README.md", "| a |\n| --- |\n| 1 |\n\n| 2 |\n", &["README.md:5 tables"]),
        ("docs/lonely.md", "# Lonely\n", &["docs/lonely.md:1 dead file"]),
        ("crates/store/src/migrations/0001.sql", concat!("CREATE", " TABLE x;\n"), &["crates/store/src/migrations/0001.sql:1 migrations"]),
        ("a/snapshots/it__gone.snap", "---\nsource: a/it.rs\n---\n", &["a/snapshots/it__gone.snap:1 snapshots"]),
    ];
    for (path, text, expected) in cases {
        assert_eq!(said(&[(path, text)]), expected, "{path}: {text}");
    }
}

#[test]
fn what_only_looks_like_a_breach_is_let_through() {
    let tests = "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use reqwest::get;\n}\n";
    let tests_with_kit = "fn f() {}\n\n#[cfg(test)]\npub(crate) mod tests {\n    use reqwest::get;\n}\n";
    let cases = [
        ("crates/store/src/list.rs", concat!("fn f() { q(\"SEL", "ECT 1 FROM x\") }")),
        ("crates/web/src/list.rs", "// reqwest would be wrong here\nfn f() { g(\"reqwest\"); let x: string::String; }"),
        ("crates/web/src/list.rs", tests),
        ("crates/web/src/list.rs", tests_with_kit),
        ("crates/store/src/tls.rs", "use rustls::crypto::aws_lc_rs as provider;"),
        ("crates/keywright/Cargo.toml", "[dependencies]\nkeywright-web.workspace = true\nkeywright = \"1\"\n[dev-dependencies]\ntokio-postgres = \"1\"\n"),
        ("Cargo.toml", "[workspace.dependencies]\nkeywright-web = \"1\"\n"),
        ("README.md", "see [it](CHANGELOG.md#unreleased), [there](https://example.com) and `[no](link)`\n```\n[no](link)\n```\n"),
    ];
    for (path, text) in cases {
        assert_eq!(said(&[(path, text)]), [] as [String; 0], "{path}: {text}");
    }
}

#[test]
fn the_change_log_has_its_sections() {
    let of = |text: &str| findings(&Tree { files: vec![File { path: "CHANGELOG.md".into(), text: text.into() }] }).len();
    assert_eq!(of("# Changes\n\n## 1.0\n"), 1);
    assert_eq!(of("# Changes\n\n## Unreleased\n\n### Misc\n"), 1);
    assert_eq!(of("# Changes\n\n## Unreleased\n\n### Upgrade notes\n\n### Security\n\n### New\n\n### Fixed\n"), 0);
}

#[test]
fn source_is_split_into_code_texts_and_comments() {
    let source = "let a = 'x'; // one \"no\"\nlet b = r#\"two \"quoted\" // no\"#; /* three /* inner */ */ let c: &'a str = b\"four\\\"\";\nlet d = '\"'; let e = '\\'';";
    let parts = |part: Part| -> Vec<(usize, &str)> { lexer::pieces(source).into_iter().filter(|p| p.part == part).map(|p| (p.line, p.text)).collect() };
    assert_eq!(parts(Part::Text), [(2, "r#\"two \"quoted\" // no\"#"), (2, "b\"four\\\"\"")]);
    assert_eq!(parts(Part::Comment), [(1, "// one \"no\""), (2, "/* three /* inner */ */")]);
    let whole: String = lexer::pieces(source).iter().map(|p| p.text).collect();
    assert_eq!(whole, source);
}
