//! Which crate may do what: SQL, cryptography, connections, clocks and files.

use super::Finding;
use super::lexer::{self, Part};
use super::tree::{File, Tree};

/// Tests look into stores and talk to servers; the benchmark measures bare engines beside the product; clients are other people's programs.
const TESTS_AND_BENCH: [&str; 4] = ["crates/keywright/tests/", "bench/", "fuzz/", "clients/"];

/// Two words of one statement, apart so that this file is not found by its own rule.
const STATEMENTS: [(&str, &str); 9] = [
    ("SELECT ", " FROM "),
    ("INSERT", " INTO "),
    ("UPDATE ", " SET "),
    ("DELETE", " FROM "),
    ("CREATE", " TABLE "),
    ("ALTER", " TABLE "),
    ("DROP", " TABLE "),
    ("BEGIN", " IMMEDIATE"),
    ("PRAGMA", " "),
];

/// SQL stands in `crates/store` only; the stories of housekeeping move the store's past about, which no query of the product does.
pub(super) fn sql(tree: &Tree) -> Vec<Finding> {
    let outside = tree.rust().filter(|f| !f.lies_in(&["crates/store/", "crates/operations/tests/"]) && !f.lies_in(&TESTS_AND_BENCH));
    let mut found = Vec::new();
    for file in outside {
        for piece in lexer::pieces(&file.text).iter().filter(|p| p.part == Part::Text) {
            let is_statement =
                STATEMENTS.iter().any(|(first, second)| piece.text.split_once(first).is_some_and(|(_, rest)| format!(" {rest}").contains(second)));
            if is_statement && !piece.text.trim_matches('"').trim().is_empty() && piece.text.len() > 12 {
                found.push(finding(file, piece.line, "sql", "SQL outside crates/store: add a query there and call it"));
            }
        }
    }
    found
}

/// Libraries of cryptography are named in `crates/crypto` only. TLS is told which provider to use by the crates that open connections.
pub(super) fn cryptography(tree: &Tree) -> Vec<Finding> {
    let libraries = ["aws_lc_rs", "ring::", "sha2::", "sha1::", "md5::", "hmac::", "rsa::", "openssl::", "subtle::", "ed25519_dalek::"];
    in_code(tree, &["crates/crypto/"], &libraries, "cryptography", "cryptography outside crates/crypto: add a function there and call it", |line| {
        line.contains("rustls::crypto::aws_lc_rs") || line.contains("crypto::aws_lc_rs::default_provider")
    })
}

/// Connections are opened by the store's engine, whoever sends mails and the command line's own client only.
pub(super) fn connections(tree: &Tree) -> Vec<Finding> {
    let ways = [
        "TcpStream::connect",
        "UnixStream::connect",
        "TcpSocket",
        "UdpSocket",
        "reqwest",
        "tokio_postgres",
        "deadpool_postgres",
        "hyper_util::client",
        "hyper::client",
        "ureq",
        "lettre",
    ];
    let allowed = ["crates/store/src/engine/", "crates/keywright/src/client.rs", "crates/keywright/src/commands/verify.rs", "crates/keywright/src/serve/mail/"];
    in_code(
        tree,
        &allowed,
        &ways,
        "connections",
        "a connection outside store/engine/, serve/mail/ and the command line's client: pass in what is needed",
        |_| false,
    )
}

/// A serialised type is a promise to somebody: to callers of the API (web) or to the next release (store).
pub(super) fn serialised_forms(tree: &Tree) -> Vec<Finding> {
    let what = "a serialised type outside web and store: give web a shape of its own for it";
    in_code(tree, &["crates/web/", "crates/store/"], &["Serialize"], "serialised forms", what, |_| false)
}

/// Domain, crypto and verifier take time and data as arguments, so that tests can give them any.
pub(super) fn inputs_are_passed_in(tree: &Tree) -> Vec<Finding> {
    let ways = ["SystemTime::now", "Instant::now", "Timestamp::now", "std::fs", "std::env", "std::net::Tcp", "tokio::", "println!", "tracing::"];
    let mut found = Vec::new();
    for file in tree.rust().filter(|f| f.lies_in(&["crates/domain/src/", "crates/crypto/src/", "crates/verifier/src/"]) && !f.is_test()) {
        found.extend(code_lines(file).into_iter().filter(|(_, line)| ways.iter().any(|way| line.contains(way))).map(|(number, _)| {
            finding(file, number, "inputs", "a clock, file, environment, runtime or log in a crate that has none: take what is needed as an argument")
        }));
    }
    found
}

/// The protocols in `crates/web` do not import each other.
pub(super) fn folders_of_web(tree: &Tree) -> Vec<Finding> {
    let folders = ["api", "hub", "oauth2", "verify", "yoti"];
    let mut found = Vec::new();
    for file in tree.rust() {
        let Some(own) = file.path.strip_prefix("crates/web/src/").and_then(|rest| rest.split('/').next()).filter(|own| folders.contains(own)) else { continue };
        for (number, line) in code_lines(file) {
            if let Some(other) = folders.iter().find(|f| **f != own && line.contains(&format!("crate::{f}::"))) {
                found.push(finding(file, number, "folders of web", &format!("{own} imports {other}: move what both need beside them")));
            }
        }
    }
    found
}

/// One module of each layer names the kinds of credential; the others ask what a kind can do.
pub(super) fn kinds(tree: &Tree) -> Vec<Finding> {
    let modules = [
        "crates/domain/src/credential/kind.rs",
        "crates/verifier/src/replica/materials.rs",
        "crates/operations/src/credentials/coin.rs",
        "crates/web/src/kinds/",
        // What the verifier is tested and measured with.
        "crates/verifier/examples/",
        "crates/verifier/src/fixture.rs",
        "crates/verifier/src/replica/model_test.rs",
    ];
    let names = ["ApiKey", "Hmac", "OauthClient", "KeyPair"].map(|kind| format!("Kind::{kind}"));
    let what = "a kind of credential outside the module that names them in this layer: ask crates/domain/src/credential/kind.rs what the kind can do";
    let mut found = in_code(tree, &modules, &names.each_ref().map(String::as_str), "kinds", what, |_| false);
    for page in tree.files.iter().filter(|f| f.path.ends_with(".html")) {
        let naming = page.text.lines().enumerate().filter(|(_, line)| names.iter().any(|name| line.contains(name)));
        found.extend(naming.map(|(i, _)| finding(page, i + 1, "kinds", what)));
    }
    found
}

/// Findings for lines of code, outside tests and `allowed`, that contain one of `words`.
fn in_code(tree: &Tree, allowed: &[&str], words: &[&str], rule: &'static str, what: &str, excused: fn(&str) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|f| !f.lies_in(allowed) && !f.lies_in(&TESTS_AND_BENCH) && !f.is_test()) {
        for (number, line) in code_lines(file) {
            if words.iter().any(|word| contains_path(&line, word)) && !excused(&line) {
                found.push(finding(file, number, rule, what));
            }
        }
    }
    found
}

/// Whether the word stands in the line and is not the end of a longer one (`string::` is not `ring::`).
fn contains_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The lines of code of a file, without texts, comments and tests.
fn code_lines(file: &File) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for piece in lexer::pieces(lexer::without_tests(&file.text)) {
        for (i, text) in piece.text.split('\n').enumerate() {
            let text = if piece.part == Part::Code { text } else { "" };
            match lines.last_mut() {
                Some((number, line)) if *number == piece.line + i => line.push_str(text),
                _ => lines.push((piece.line + i, text.to_owned())),
            }
        }
    }
    lines
}

fn finding(file: &File, line: usize, rule: &'static str, what: &str) -> Finding {
    Finding { path: file.path.clone(), line, rule, what: what.to_owned() }
}
