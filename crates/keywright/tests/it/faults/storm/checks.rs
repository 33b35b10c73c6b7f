//! What must hold after each restart.

use std::collections::BTreeMap;

use keywright_store::Purpose;

use super::known::Known;
use crate::faults::kit::{codes, count};
use crate::support::{Place, Server};

/// Every acknowledged key has the code that it must have, and what was in limbo has happened whole or not at all.
pub(super) async fn acknowledged(server: &Server, token: &str, known: &Known, what: &str) {
    let expected = known.expected();
    let secrets: Vec<&str> = expected.iter().flat_map(|key| key.secrets.iter().map(String::as_str)).collect();
    let codes = codes(server, token, &secrets).await;
    let mut rest = &codes[..];
    let mut wrong = BTreeMap::new();
    for key in &expected {
        let (found, others) = rest.split_at(key.secrets.len());
        rest = others;
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        if key.codes.contains(&found) {
            known.settle(&key.id, &found);
        } else {
            wrong.insert(&key.id, (found, &key.codes));
        }
    }
    assert!(wrong.is_empty(), "{what}: of {} keys these are not as they must be (found, allowed): {wrong:#?}", expected.len());
}

/// Each statement counts what must not be.
const NEVER: [(&str, &str); 10] = [
    ("a credential without a version", "SELECT count(*) FROM credential c WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.credential_id = c.id)"),
    ("a version without a credential", "SELECT count(*) FROM version v WHERE NOT EXISTS (SELECT 1 FROM credential c WHERE c.id = v.credential_id)"),
    (
        "versions with a gap",
        "SELECT count(*) FROM (SELECT credential_id FROM version GROUP BY credential_id HAVING max(number) <> count(*) OR min(number) <> 1) g",
    ),
    (
        "a credential with more or fewer than one active version",
        "SELECT count(*) FROM (SELECT credential_id FROM version GROUP BY credential_id HAVING sum(CASE WHEN state = 'active' THEN 1 ELSE 0 END) <> 1) g",
    ),
    ("a gap in the log", "SELECT abs(count(*) - max(position)) FROM change_log WHERE position > 0"),
    (
        "a head that is not the log's end",
        "SELECT count(*) FROM head h WHERE NOT EXISTS (SELECT 1 FROM change_log l WHERE l.position = h.position AND l.tag = h.tag AND l.position = (SELECT max(position) FROM change_log))",
    ),
    (
        "a credential whose audit entries and log entries differ in number",
        "SELECT count(*) FROM credential c LEFT JOIN (SELECT subject, count(*) AS n FROM audit GROUP BY subject) a ON a.subject = c.id \
         LEFT JOIN (SELECT subject, count(*) AS n FROM change_log WHERE kind = 'credential' GROUP BY subject) l ON l.subject = c.id \
         WHERE a.n IS NULL OR l.n IS NULL OR a.n <> l.n",
    ),
    (
        "a log entry of a credential that is not there",
        "SELECT count(*) FROM change_log l WHERE l.kind = 'credential' AND NOT EXISTS (SELECT 1 FROM credential c WHERE c.id = l.subject)",
    ),
    (
        "a credential that was not made, rotated and revoked as often as the audit trail says",
        "SELECT count(*) FROM credential c JOIN (SELECT credential_id, max(number) AS n FROM version GROUP BY credential_id) v ON v.credential_id = c.id \
         LEFT JOIN (SELECT subject, sum(CASE WHEN action = 'credential.created' THEN 1 ELSE 0 END) AS made, \
                           sum(CASE WHEN action = 'credential.rotated' THEN 1 ELSE 0 END) AS rotated, \
                           sum(CASE WHEN action = 'credential.revoked' THEN 1 ELSE 0 END) AS revoked FROM audit GROUP BY subject) a ON a.subject = c.id \
         WHERE a.made IS NULL OR a.made <> 1 OR a.rotated <> v.n - 1 OR a.revoked <> (CASE WHEN c.revoked_us IS NULL THEN 0 ELSE 1 END)",
    ),
    (
        "an audit entry of a credential that is not there",
        "SELECT count(*) FROM audit a WHERE a.action = 'credential.created' AND NOT EXISTS (SELECT 1 FROM credential c WHERE c.id = a.subject)",
    ),
];

/// The store holds whole things only.
pub(super) async fn nothing_half_made(kw: &Place, what: &str) {
    let store = kw.store().open_for(Purpose::Command).await;
    for (never, sql) in NEVER {
        let found = count(&store, sql).await;
        assert_eq!(found, 0, "{what}: {never}");
    }
}
