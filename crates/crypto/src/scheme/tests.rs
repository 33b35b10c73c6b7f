//! Requests kept as files in `corpus/`, each named after what must be said first about it: a verdict's code, `clean`, or `unreadable`.

use super::explain::{self, Ask, paste};
use super::http_message_signatures::Coverage;

const NOW_MS: i64 = 1_763_700_000_000;

#[test]
fn each_request_of_the_corpus_is_answered_as_its_name_says() {
    let ask = Ask {
        scheme: None,
        keyid: Some("k1"),
        coverage: Coverage::STANDARD,
        base_paths: &["/api/v1", "/idverify/v1"],
        now_ms: Some(NOW_MS),
        window_s: 300,
        signed_text: None,
    };
    let mut count = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let wanted = name.split("--").next().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let found = match paste::read(&text) {
            Err(_) => "unreadable",
            Ok(pasted) => match explain::explain(&pasted, &ask) {
                Err(fault) => fault.kind().as_str(),
                Ok(explained) => {
                    assert!(explained.text.is_none() || explained.lines().count() > 0, "{name}");
                    explained.faults.first().map_or("clean", |fault| fault.kind().as_str())
                }
            },
        };
        assert_eq!(found, wanted, "{name}");
        count += 1;
    }
    assert!(count >= 50, "only {count} files were found");
}
