//! Who gives and takes what, and what leaves with somebody.

use keywright_domain::caller::{Caller, Token};
use keywright_domain::ids::SessionId;
use keywright_operations::Rule;
use keywright_operations::management_tokens::NewManagementToken;
use keywright_operations::members::GrantsGiven;
use keywright_store::{args, on_both_engines};

use crate::world::{World, grants, id_of, is_forbidden, is_not_found, key, rule, words};

on_both_engines! {
    async fn the_last_admin_stays_even_when_two_leave_at_once(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let annes = world.member_of(&ann, acme).await;
        assert_eq!(rule(world.now.member_remove(&ann, annes).await), Rule::LastAdmin);
        assert_eq!(rule(world.now.member_change(&ann, annes, grants(&["manage_members"], &[])).await), Rule::LastAdmin);
        for round in 0..10 {
            let (bob, bobs) = world.joined(&ann, acme, &format!("bob{round}"), grants(&["admin"], &[])).await;
            let (one, two) = tokio::join!(world.now.member_remove(&ann, annes), world.now.member_remove(&bob, bobs));
            assert_eq!([&one, &two].iter().filter(|r| r.is_ok()).count(), 1, "{one:?} {two:?}");
            if one.is_ok() {
                return;
            }
        }
    }

    async fn two_admins_who_demote_each_other_leave_one(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let annes = world.member_of(&ann, acme).await;
        let (bob, bobs) = world.joined(&ann, acme, "bob", grants(&["admin"], &[])).await;
        let (one, two) = tokio::join!(world.now.member_change(&ann, bobs, grants(&[], &[])), world.now.member_change(&bob, annes, grants(&[], &[])));
        // Whoever comes second is no admin any more.
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }

    async fn a_manager_gives_what_they_hold_and_touches_no_admin(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let shop = world.application(&ann, acme, "Shop").await;
        let other = world.application(&ann, acme, "Other").await;
        let (max, _) = world.joined(&ann, acme, "max", grants(&["manage_members", "edit_settings"], &[(shop, &["edit"])])).await;
        let (_, evas) = world.joined(&max, acme, "eva", grants(&["edit_settings"], &[(shop, &["view"])])).await;
        for more in [grants(&["create_applications"], &[]), grants(&["admin"], &[]), grants(&[], &[(shop, &["admin"])]), grants(&[], &[(other, &["view"])])] {
            let refused = rule(world.now.member_change(&max, evas, more.clone()).await);
            assert!(matches!(refused, Rule::Giving(_)), "{refused}");
            assert!(matches!(rule(world.now.invitation_create(&max, acme, "x@example.com", more).await), Rule::Giving(_)));
        }
        let annes = world.member_of(&ann, acme).await;
        assert!(matches!(rule(world.now.member_change(&max, annes, grants(&[], &[])).await), Rule::Giving(_)));
        assert!(matches!(rule(world.now.member_remove(&max, annes).await), Rule::Giving(_)));
        let changed = world.now.member_change(&max, evas, GrantsGiven { applications: Some(vec![(shop.to_string(), words(&["edit"]))]), organisation: None }).await.unwrap();
        assert_eq!((changed.grants.organisation.to_string(), changed.grants.applications.on(shop).to_string()), ("edit_settings".into(), "edit".into()));
    }

    async fn a_member_without_the_grant_is_refused_and_a_stranger_finds_nothing(place: TestPlace) {
        let world = World::at(&place).await;
        let (ann, stranger) = (world.person("ann").await, world.person("stranger").await);
        let acme = world.organisation(&ann).await;
        let (bob, bobs) = world.joined(&ann, acme, "bob", grants(&[], &[])).await;
        is_forbidden(world.now.member_change(&bob, bobs, grants(&["admin"], &[])).await);
        is_forbidden(world.now.invitation_create(&bob, acme, "x@example.com", grants(&[], &[])).await);
        is_not_found(world.now.member_show(&stranger, bobs).await);
        is_not_found(world.now.member_remove(&stranger, bobs).await);
        is_not_found(world.now.member_list(&stranger, acme, None, 10).await);
        assert_eq!(world.now.member_list(&bob, acme, None, 10).await.unwrap().len(), 2);
    }

    async fn what_reached_in_through_a_member_leaves_with_them(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let (bob, bobs) = world.joined(&ann, acme, "bob", grants(&["admin"], &[])).await;
        let shop = world.application(&bob, acme, "Shop").await;
        let made = world.now.credential_create(&bob, shop, key("Back end")).await.unwrap();
        let token = NewManagementToken { name: "CI".into(), grants: words(&["admin"]), expires_at: None };
        let token = world.now.management_token_create(&bob, acme, token).await.unwrap().made;
        let as_token = Caller::Token(Token { id: token.id, organisation: acme, person: Some(id_of(&bob)), grants: token.grants });
        assert!(world.now.organisation_show(&as_token, acme).await.is_ok());
        let sql = "INSERT INTO session (id, digest, person_id, access_token, organisation_id, agent, signed_in_us, seen_us, until_us) \
                   VALUES ($1, $2, $3, $4, $5, '', 0, 0, 9000000000000000)";
        world.run(sql, args![SessionId::from_bits(1), [7_u8; 32], id_of(&bob), true, acme]).await;

        let removed = world.now.member_remove(&ann, bobs).await.unwrap();
        assert_eq!((removed.person, removed.tokens), (id_of(&bob), 1));
        is_not_found(world.now.application_show(&bob, shop).await);
        is_not_found(world.now.organisation_show(&as_token, acme).await);
        let listed = world.now.management_token_list(&ann, acme).await.unwrap();
        assert!(listed.iter().all(|t| t.revoked_at.is_some()));
        is_not_found(world.now.member_remove(&ann, bobs).await);
        let seen = world.now.credentials_possibly_seen(&ann, acme, id_of(&bob)).await.unwrap();
        assert_eq!(seen.iter().map(|s| (s.credential, s.version)).collect::<Vec<_>>(), [(made.id, 1)]);
        world.now.credential_revoke(&ann, made.id).await.unwrap();
        assert_eq!(world.now.credentials_possibly_seen(&ann, acme, id_of(&bob)).await.unwrap(), []);
    }

    async fn a_limited_token_of_an_admin_gives_no_more_than_it_holds(place: TestPlace) {
        let world = World::at(&place).await;
        let ann = world.person("ann").await;
        let acme = world.organisation(&ann).await;
        let token = NewManagementToken { name: "CI".into(), grants: words(&["manage_members"]), expires_at: None };
        let token = world.now.management_token_create(&ann, acme, token).await.unwrap().made;
        let token = Caller::Token(Token { id: token.id, organisation: acme, person: Some(id_of(&ann)), grants: token.grants });
        assert!(matches!(rule(world.now.invitation_create(&token, acme, "x@example.com", grants(&["admin"], &[])).await), Rule::Giving(_)));
        assert!(world.now.invitation_create(&token, acme, "x@example.com", grants(&["manage_members"], &[])).await.is_ok());
    }
}
