//! The lines that people paste: those of the README and those that `serve --demo` prints.

use std::path::Path;
use std::process::Stdio;

use keywright_store::testing::TestPlace;
use tokio::process::Command;

use crate::support::{PROGRAM, Place, Ran, stories};

/// The fenced blocks under a heading.
fn blocks<'t>(text: &'t str, heading: &str) -> Vec<&'t str> {
    let section = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}")).1;
    let section = section.split("\n## ").next().unwrap();
    section.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

/// The lines of a block; those that end in a backslash go on.
fn lines(block: &str) -> Vec<String> {
    block.replace("\\\n", " ").lines().map(str::to_owned).filter(|l| !l.is_empty()).collect()
}

/// A shell that finds the program by its name.
fn shell(place: &Place, script: &str) -> Command {
    let programs = Path::new(PROGRAM).parent().unwrap();
    let mut command = Command::new("sh");
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(["-c", script]).current_dir(place.directory()).env_clear().env("PATH", format!("{}:{path}", programs.display()));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

stories! {
    /// Everything under "Five lines", in one shell, as pasted; only the port is another.
    async fn the_lines_of_the_readme_do_what_it_says(kw: Server) {
        let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
        let blocks = blocks(&readme, "Five lines");
        assert_eq!(blocks.len(), 3, "the README has a block that no test knows");
        assert_eq!(lines(blocks[1]).len(), 5, "they are called five lines");
        let steps: Vec<String> = blocks.iter().flat_map(|block| lines(block)).collect();
        let address = kw.address.strip_prefix("http://").unwrap();
        let script: String = steps.iter().map(|line| format!("{}\nprintf '\\n=+=%s\\n' $?\n", line.replace("127.0.0.1:8080", address))).collect();

        let mut command = shell(kw.place(), &script);
        let flags = kw.store().flags();
        for pair in flags.chunks(2) {
            command.env(format!("KEYWRIGHT_{}", pair[0].trim_start_matches("--").replace('-', "_").to_uppercase()), &pair[1]);
        }
        if kw.store().is_postgres() {
            command.env("KEYWRIGHT_MASTER_KEY", kw.master_key());
        }
        // The lines leave it out, because they ask the default address.
        command.env("KEYWRIGHT_URL", &kw.address);
        let ran = kw.run(command, b"", &[]).await.exits(0);
        assert_eq!(ran.stderr, "");
        let said: Vec<(&str, &str)> = ran.stdout.split("=+=").map(|part| part.trim()).collect::<Vec<_>>().windows(2).map(|w| (w[0], w[1])).collect();
        let codes: Vec<&str> = said.iter().map(|(_, next)| next.lines().next().unwrap_or_default()).collect();
        let texts: Vec<&str> = said.iter().enumerate().map(|(i, (text, _))| if i == 0 { *text } else { text.split_once('\n').map_or("", |t| t.1).trim() }).collect();
        assert_eq!(codes, ["0", "0", "0", "0", "0", "0", "0", "0", "4", "0"], "{texts:?}");
        assert!(texts[5].starts_with("valid: key_"), "{texts:?}");
        assert!(texts[7].contains("is revoked") && texts[7].contains("proof: "), "{texts:?}");
        assert!(texts[8].starts_with("not valid: revoked"), "{texts:?}");
        assert!(texts[9].starts_with(r#"{"valid":false,"code":"revoked","#), "{texts:?}");
    }
}

#[tokio::test]
async fn each_line_that_the_demo_prints_works_as_pasted_and_nothing_of_it_stays() {
    let place = Place::given(TestPlace::sqlite()).await;
    let temporary = place.directory().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut kw = place.serve_as("data", &["--demo"], &[("TMPDIR", temporary.to_str().unwrap())]).await;
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 2, "the throw-away store and its place");
    let banner = kw.stdout();
    let mut outcomes = Vec::new();
    for line in banner.lines().filter(|l| l.starts_with("curl ") || l.starts_with("keywright ")) {
        let ran: Ran = kw.run(shell(&place, line), b"", &[]).await.exits(0);
        let outcome = match ran.stdout.split_once("\"code\":\"") {
            Some((_, rest)) => rest.split('"').next().unwrap().to_owned(),
            None => ran.stdout.lines().next().unwrap().trim().to_owned(),
        };
        if line.contains("/verify/forward") {
            assert!(ran.stdout.to_lowercase().contains("keywright-credential-id: key_"), "{ran:?}");
        }
        if line.starts_with("keywright ") {
            assert!(ran.stdout.contains("is revoked") && ran.stdout.contains("applied by 1 of 1 verifiers"), "{ran:?}");
            continue;
        }
        outcomes.push(outcome);
    }
    assert_eq!(outcomes, ["valid", "insufficient_permissions", "wrong_environment", "malformed", "HTTP/1.1 200 OK", "revoked"], "{banner}");
    assert!(kw.terminate().await.success());
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "the throw-away store stays");
    assert!(!place.directory().join("data").exists(), "the demo leaves the given store alone");
}
