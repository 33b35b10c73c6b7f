//! What a page costs: statements in the store.

use std::collections::BTreeMap;

use keywright_domain::grants::{Held, OrganisationGrant, OrganisationGrants};
use keywright_web::routes::{Way, matrix};

use crate::rights::{Role, Things, call, signed_in, things};
use crate::support::{Server, stories};

/// Statements that a page may take.
const STATEMENTS_MAX: u64 = 10;
/// Pages that neither of the two sees as things stand: they lead elsewhere, or are for people who are in the midst of something.
const NOT_SEEN: [&str; 8] = [
    "/",
    "/sign-in",
    "/sign-in/sent",
    "/sign-in/link",
    "/provider/organisations/{organisation}/resume",
    "/organisations/{organisation}/settings/members/left",
    "/organisations/{organisation}/settings/tokens/revoke",
    "/applications/{application}/registration-tokens/revoke",
];
/// Doors through which nobody but pages goes while nothing else happens.
const DOORS: [&str; 4] = ["gate", "scope", "operator", "write"];

stories! {
    async fn no_page_takes_more_than_ten_statements(kw: Server) {
        let things = things(&kw).await;
        let admin = Held { organisation: OrganisationGrants::of(&[OrganisationGrant::Admin]), ..Held::default() };
        let owner = signed_in(&kw, "owner", false, Some(admin)).await;
        kw.done(&["operator", "add", "operator@example.com"]).await;
        let operator = signed_in(&kw, "operator", true, None).await;
        let mut dear = Vec::new();
        let mut unseen = Vec::new();
        for row in matrix().into_iter().filter(|row| row.way == Way::Page && row.method == "GET") {
            let mut answered = false;
            for role in [&owner, &operator] {
                let (status, statements) = statements_of(&kw, role, &row, &things).await;
                answered |= status == 200;
                if statements > STATEMENTS_MAX {
                    dear.push(format!("{} ({status}): {statements}", row.path));
                }
            }
            if !answered {
                unseen.push(row.path);
            }
        }
        assert!(dear.is_empty(), "{}", dear.join("\n"));
        assert_eq!(unseen, NOT_SEEN);
    }
}

/// The fewest of some tries: whatever else happened meanwhile only adds.
async fn statements_of(kw: &Server, role: &Role, row: &keywright_web::routes::MatrixRow, things: &Things) -> (u16, u64) {
    let (mut status, mut fewest) = (0, u64::MAX);
    for _ in 0..3 {
        let before = statements(kw).await;
        status = call(role, row, things, &BTreeMap::new()).await.status;
        fewest = fewest.min(statements(kw).await - before);
        if fewest <= STATEMENTS_MAX {
            break;
        }
    }
    (status, fewest)
}

async fn statements(kw: &Server) -> u64 {
    let metrics = kw.http.get(format!("{}/metrics", kw.address)).send().await.unwrap().text().await.unwrap();
    let of = |door: &str| {
        let line = metrics.lines().find(|line| line.starts_with("keywright_store_statements") && line.contains(&format!("door=\"{door}\"")));
        line.unwrap_or_else(|| panic!("no figure for {door}: {metrics}")).rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    DOORS.iter().map(|door| of(door)).sum()
}
