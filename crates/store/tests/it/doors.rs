//! Who can read past an organisation's scope: a list that changes only with a reader's eyes on it.

use std::collections::BTreeSet;

/// Every public query behind the three doors that know no organisation.
const WITHOUT_ORGANISATION: &[&str] = &[
    "AsGate::facts_of_application",
    "AsGate::facts_of_credential",
    "AsGate::facts_of_organisation",
    "AsGate::has_operators",
    "AsGate::image",
    "AsGate::invitation",
    "AsGate::invitations_for",
    "AsGate::mail_of_sign_in",
    "AsGate::management_token",
    "AsGate::management_token_unseen",
    "AsGate::memberships",
    "AsGate::organisation_of_management_token",
    "AsGate::organisation_of_member",
    "AsGate::person_called",
    "AsGate::person_with_mail",
    "AsGate::registered_client_of",
    "AsGate::registration_token_of",
    "AsGate::session",
    "AsGate::session_list",
    "AsGate::sign_in",
    "AsGate::sign_in_of_link",
    "AsGate::sign_ins_of_browser",
    "AsOperator::audit",
    "AsOperator::catalogue_text",
    "AsOperator::credential_by_digest",
    "AsOperator::credential_by_id",
    "AsOperator::credential_by_public_id",
    "AsOperator::operator_list",
    "AsOperator::organisation",
    "AsOperator::organisation_list",
    "AsOperator::organisation_search",
    "AsOperator::resource_server_list",
    "AsOperator::token_is_ended",
    "AsSystem::credential_organisation",
    "AsSystem::mails_are_due",
    "AsSystem::usage_segments",
    "AsSystem::usage_segments_waiting",
    "AsSystem::versions_first_used",
];

#[test]
fn every_query_that_knows_no_organisation_is_listed_here() {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let mut door = None;
        for line in std::fs::read_to_string(path).unwrap().lines() {
            if line.starts_with("impl ") {
                door = ["AsGate", "AsOperator", "AsSystem"].into_iter().find(|d| line.starts_with(&format!("impl {d}<")));
            }
            if let (Some(door), Some(rest)) = (door, line.trim_start().strip_prefix("pub async fn ")) {
                found.insert(format!("{door}::{}", rest.split(['(', '<']).next().unwrap()));
            }
        }
    }
    let listed: BTreeSet<String> = WITHOUT_ORGANISATION.iter().map(|q| (*q).to_owned()).collect();
    assert_eq!(found, listed, "a query behind these doors sees every organisation: list it here if it must");
}
